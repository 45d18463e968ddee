/** From the options of TLS to keys and certificates: what must go together, files and the passphrase, reading them anew. */
import { readFileSync } from 'node:fs';
import {
  type AcceptorTls,
  CertificateError,
  type ClientAuthentication,
  type PemSource,
  type RequestorTls,
  type Server,
  type TlsProfileName,
} from '../index.js';
import { CommandLineError } from './command-line-error.js';
import { fileMessageOf } from './printable.js';
import { readSecretFile } from './secret-file.js';

const PASSPHRASE_VARIABLE = 'NETDICOM_TLS_PASSPHRASE';

/** What the rows of `tls-options.ts` make of a command line. */
interface TlsChoices {
  readonly tls: boolean;
  readonly tlsKey: string | undefined;
  readonly tlsCert: string | undefined;
  readonly tlsCa: readonly string[];
  readonly tlsCrl: readonly string[];
  readonly tlsPassphraseFile: string | undefined;
  readonly tlsProfile: TlsProfileName | undefined;
}

interface RequestorChoices extends TlsChoices {
  readonly tlsServerName: string | undefined;
}

interface AcceptorChoices extends TlsChoices {
  readonly tlsClientAuth: ClientAuthentication | undefined;
}

/**
 * Undefined without `--tls`.
 * @throws {CommandLineError} options that do not go together
 * @throws {Error} a file that cannot be read, in one line
 */
export function requestorTls(choices: RequestorChoices): RequestorTls | undefined {
  if (!isWanted(choices, { '--tls-server-name': choices.tlsServerName })) return undefined;
  const { tlsKey, tlsCert, tlsPassphraseFile } = choices;
  if (tlsKey !== undefined && tlsCert === undefined) throw new CommandLineError('--tls-key: --tls-cert is missing');
  if (tlsKey === undefined && tlsCert !== undefined) throw new CommandLineError('--tls-cert: --tls-key is missing');
  if (tlsKey === undefined && tlsPassphraseFile !== undefined)
    throw new CommandLineError('--tls-passphrase-file: --tls-key is missing');
  return {
    ...(tlsKey === undefined ? {} : { key: read('--tls-key', tlsKey), passphrase: passphrase(tlsPassphraseFile) }),
    ...(tlsCert === undefined ? {} : { cert: read('--tls-cert', tlsCert) }),
    ...readTrust(choices),
    serverName: choices.tlsServerName,
  };
}

/** As `requestorTls`. */
export function acceptorTls(choices: AcceptorChoices): AcceptorTls | undefined {
  if (!isWanted(choices, { '--tls-client-auth': choices.tlsClientAuth })) return undefined;
  const { tlsKey, tlsCert, tlsCa, tlsCrl, tlsClientAuth, tlsPassphraseFile } = choices;
  if (tlsKey === undefined) throw new CommandLineError('--tls: --tls-key is missing');
  if (tlsCert === undefined) throw new CommandLineError('--tls: --tls-cert is missing');
  if (tlsClientAuth !== 'none' && tlsCa.length === 0)
    throw new CommandLineError(
      '--tls: --tls-ca is missing, to check certificates of peers (or --tls-client-auth none)',
    );
  if (tlsClientAuth === 'none' && tlsCrl.length > 0)
    throw new CommandLineError('--tls-crl: not with --tls-client-auth none, which looks at nobody');
  return {
    key: read('--tls-key', tlsKey),
    passphrase: passphrase(tlsPassphraseFile),
    cert: read('--tls-cert', tlsCert),
    ...readTrust(choices),
    clientAuthentication: tlsClientAuth,
  };
}

/** The error in one line, with the file that is at fault instead of the library's option. */
export function inFiles({ source, detail }: CertificateError, choices: TlsChoices): string {
  return `${nameOf(source, choices)}: ${detail}`;
}

/** What `work` comes to; a `CertificateError` of it names the file. */
export async function namingFiles<T>(work: Promise<T>, choices: TlsChoices): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof CertificateError ? new Error(inFiles(error, choices), { cause: error }) : error;
  }
}

/** Reads all files anew. If one of them cannot be used, the server goes on with what it has. @throws {Error} in one line */
export async function renewTls(server: Server, choices: AcceptorChoices): Promise<void> {
  const tls = acceptorTls(choices);
  if (tls !== undefined) await namingFiles(server.renewTls(tls), choices);
}

/** @throws {CommandLineError} one of the options without `--tls` */
function isWanted(choices: TlsChoices, own: Readonly<Record<string, string | undefined>>): boolean {
  if (choices.tls) return true;
  const others = {
    '--tls-key': choices.tlsKey,
    '--tls-cert': choices.tlsCert,
    '--tls-ca': choices.tlsCa[0],
    '--tls-crl': choices.tlsCrl[0],
    '--tls-passphrase-file': choices.tlsPassphraseFile,
    '--tls-profile': choices.tlsProfile,
    ...own,
  };
  for (const [name, value] of Object.entries(others))
    if (value !== undefined) throw new CommandLineError(`${name}: not without --tls`);
  return false;
}

function readTrust({ tlsCa, tlsCrl, tlsProfile }: TlsChoices) {
  return {
    ca: tlsCa.map((file) => read('--tls-ca', file)),
    crl: tlsCrl.map((file) => read('--tls-crl', file)),
    profile: tlsProfile,
  };
}

function passphrase(file: string | undefined): string | undefined {
  if (file === undefined) return process.env[PASSPHRASE_VARIABLE] || undefined;
  return readSecretFile('passphrase file', file).toString().split(/\r?\n/, 1)[0];
}

function read(option: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Error(`${option} ${file}: ${fileMessageOf(error)}`, { cause: error });
  }
}

function nameOf({ kind, index }: PemSource, { tlsKey, tlsCert, tlsCa, tlsCrl }: TlsChoices): string {
  const files = { key: [tlsKey], cert: [tlsCert], ca: tlsCa, crl: tlsCrl }[kind];
  return `--tls-${kind} ${files[index] ?? ''}`;
}
