/** Keys, certificates and revocation lists, made by the openssl command for one test file each: none of them outlives it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { skipWithout } from './peers-required.js';

export function skipWithoutOpenssl(): string | false {
  return skipWithout(['openssl'], 'openssl');
}

/** Files and what is in them. */
export interface Identity {
  readonly keyFile: string;
  readonly certFile: string;
  readonly key: Buffer;
  readonly cert: Buffer;
}

export interface IdentityOptions {
  /** Default: the name of the files. */
  readonly commonName?: string;
  readonly altNames?: string;
  readonly algorithm?: 'ec' | 'rsa';
  /** When it is valid: before, around or after the time of the test. */
  readonly valid?: 'past' | 'now' | 'future';
  /** Encrypts the key. */
  readonly passphrase?: string;
}

const DAY_MS = 86_400_000;
const VALID_DAYS = { past: [-20, -10], now: [-1, 10], future: [10, 20] } as const;

/** What `openssl ca` wants to be told. */
const configuration = (folder: string) => `
[ca]
default_ca = only
[only]
database = ${folder}/index.txt
new_certs_dir = ${folder}
rand_serial = yes
certificate = ${folder}/ca.pem
private_key = ${folder}/ca.key
default_md = sha256
default_days = 10
default_crl_days = 10
policy = any
unique_subject = no
copy_extensions = copy
[any]
organizationName = optional
commonName = supplied
`;

/** A certification authority in a folder of its own, which is removed in the end. */
export class Authority implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'netdicom-ca-'));
  readonly certFile = join(this.#folder, 'ca.pem');
  readonly cert: Buffer;

  constructor(name: string) {
    writeFileSync(join(this.#folder, 'index.txt'), '');
    writeFileSync(join(this.#folder, 'ca.cnf'), configuration(this.#folder));
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '10', '-subj', `/CN=${name}`];
    this.#openssl([...request, '-keyout', 'ca.key', '-out', 'ca.pem']);
    this.cert = readFileSync(this.certFile);
  }

  /** A key, and a certificate of it for this machine, if nothing else is said. */
  issue(name: string, options: IdentityOptions = {}): Identity {
    const { commonName = name, altNames = 'DNS:localhost,IP:127.0.0.1', algorithm = 'ec' } = options;
    const { valid = 'now', passphrase } = options;
    const [keyName, certName] = [`${name}.key`, `${name}.pem`];
    this.#openssl([
      ...['req', '-new', '-keyout', keyName, '-out', 'request.pem', '-subj', `/O=Test/CN=${commonName}`],
      ...['-addext', `subjectAltName=${altNames}`],
      ...(algorithm === 'rsa' ? ['-newkey', 'rsa:2048'] : ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']),
      ...(passphrase === undefined ? ['-nodes'] : ['-passout', `pass:${passphrase}`]),
    ]);
    const [from, to] = VALID_DAYS[valid].map((days) => asn1Time(Date.now() + days * DAY_MS));
    const dates = ['-startdate', from ?? '', '-enddate', to ?? ''];
    this.#openssl(['ca', '-config', 'ca.cnf', '-batch', '-notext', '-in', 'request.pem', '-out', certName, ...dates]);
    const [keyFile, certFile] = [join(this.#folder, keyName), join(this.#folder, certName)];
    return { keyFile, certFile, key: readFileSync(keyFile), cert: readFileSync(certFile) };
  }

  /** The list of all certificates that are revoked by now. */
  revocationList(revoked: readonly Identity[]): { readonly file: string; readonly pem: Buffer } {
    for (const { certFile } of revoked) this.#openssl(['ca', '-config', 'ca.cnf', '-revoke', certFile]);
    this.#openssl(['ca', '-config', 'ca.cnf', '-gencrl', '-out', 'crl.pem']);
    const file = join(this.#folder, 'crl.pem');
    return { file, pem: readFileSync(file) };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #openssl(args: readonly string[]): void {
    const { status, stderr } = spawnSync('openssl', args, { cwd: this.#folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`openssl ${args.join(' ')}:\n${stderr}`);
  }
}

/** One key and certificate that both sides show, for tests to which it is all one: they are skipped where there is none. */
export interface Shared {
  readonly skip: string | false;
  credentials(): { readonly key: Buffer; readonly cert: Buffer; readonly ca: Buffer[] };
  /** The same for the applications. */
  options(): readonly string[];
}

/** For a whole file of tests, at its beginning. */
export function sharedIdentity(): Shared {
  const skip = skipWithoutOpenssl();
  const authority = skip ? undefined : new Authority('CA');
  after(() => authority?.[Symbol.dispose]());
  const identity = authority?.issue('both');
  const made = () => {
    if (authority === undefined || identity === undefined) throw new Error('there are no certificates');
    return { authority, identity };
  };
  return {
    skip,
    credentials() {
      const { authority, identity } = made();
      return { key: identity.key, cert: identity.cert, ca: [authority.cert] };
    },
    options() {
      const { authority, identity } = made();
      const { keyFile, certFile } = identity;
      return ['--tls', '--tls-key', keyFile, '--tls-cert', certFile, '--tls-ca', authority.certFile];
    },
  };
}

/** YYYYMMDDHHMMSSZ. */
function asn1Time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
}
