/** The built applications over TLS: every option, every message, every exit code. */
import assert from 'node:assert/strict';
import { copyFile, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CT_INSTANCE, type Folder, sampleFolder, temporaryFolder, writeBigImage } from '../support/apps-files.js';
import { anonymous, listeningStorescp, runStorescp, runStorescu, words } from '../support/apps-run.js';
import { applicationPath } from '../support/paths.js';
import { type Ended, Running, run } from '../support/processes.js';
import { readPart10 } from '../support/sample-instance.js';
import { Authority, type Identity, skipWithoutOpenssl } from '../support/tls-certificates.js';

const limits = { concurrency: 4, timeout: 60_000 };
const skip = skipWithoutOpenssl();
const PASSPHRASE = 'open sesame';

let folder: Folder;
before(async () => {
  folder = await sampleFolder();
});
after(() => folder[Symbol.asyncDispose]());

const authorities = skip ? [] : [new Authority('Clinic CA'), new Authority('Foreign CA')];
after(() => {
  for (const authority of authorities) authority[Symbol.dispose]();
});

function makeAll(clinic: Authority, foreign: Authority) {
  const identities = {
    scu: clinic.issue('scu'),
    scp: clinic.issue('scp'),
    secret: clinic.issue('secret', { passphrase: PASSPHRASE }),
    elsewhere: clinic.issue('elsewhere', { altNames: 'DNS:pacs.example' }),
    expired: clinic.issue('expired', { valid: 'past' }),
    future: clinic.issue('future', { valid: 'future' }),
    revoked: clinic.issue('revoked'),
    foreign: foreign.issue('foreign'),
  };
  return { ...identities, ca: clinic.certFile, crl: clinic.revocationList([identities.revoked]).file };
}
const [clinic, foreign] = authorities;
const all = clinic === undefined || foreign === undefined ? undefined : makeAll(clinic, foreign);

function made(): NonNullable<typeof all> {
  if (all === undefined) throw new Error('there are no certificates');
  return all;
}

type Name = Exclude<keyof ReturnType<typeof made>, 'ca' | 'crl'>;

function own({ keyFile, certFile }: Pick<Identity, 'keyFile' | 'certFile'>): readonly string[] {
  return ['--tls', '--tls-key', keyFile, '--tls-cert', certFile];
}

function tls(name: Name): readonly string[] {
  return [...own(made()[name]), '--tls-ca', made().ca];
}

function failure(error: string): Ended {
  return { code: 1, signal: null, stdout: '', stderr: `E: ${error}\n` };
}

const WRONG: readonly (readonly [application: 'storescu' | 'storescp', line: string, error: string])[] = [
  ['storescu', '127.0.0.1 104 ct.dcm --tls-key k', '--tls-key: not without --tls'],
  ['storescu', '127.0.0.1 104 ct.dcm --tls-cert c', '--tls-cert: not without --tls'],
  ['storescu', '127.0.0.1 104 ct.dcm --tls-ca a', '--tls-ca: not without --tls'],
  ['storescu', '127.0.0.1 104 ct.dcm --tls-crl r', '--tls-crl: not without --tls'],
  ['storescu', '127.0.0.1 104 ct.dcm --tls-passphrase-file p', '--tls-passphrase-file: not without --tls'],
  ['storescu', '127.0.0.1 104 ct.dcm --tls-profile bcp195', '--tls-profile: not without --tls'],
  ['storescu', '127.0.0.1 104 ct.dcm --tls-server-name n', '--tls-server-name: not without --tls'],
  ['storescu', '127.0.0.1 104 ct.dcm --tls --tls-key k', '--tls-key: --tls-cert is missing'],
  ['storescu', '127.0.0.1 104 ct.dcm --tls --tls-cert c', '--tls-cert: --tls-key is missing'],
  ['storescu', '127.0.0.1 104 ct.dcm --tls --tls-passphrase-file p', '--tls-passphrase-file: --tls-key is missing'],
  ['storescu', '127.0.0.1 104 ct.dcm --tls --tls-client-auth none', 'unknown option --tls-client-auth'],
  ['storescp', '0 --tls-key k', '--tls-key: not without --tls'],
  ['storescp', '0 --tls-client-auth none', '--tls-client-auth: not without --tls'],
  ['storescp', '0 --tls', '--tls: --tls-key is missing'],
  ['storescp', '0 --tls --tls-key k', '--tls: --tls-cert is missing'],
  [
    'storescp',
    '0 --tls --tls-key k --tls-cert c',
    '--tls: --tls-ca is missing, to check certificates of peers (or --tls-client-auth none)',
  ],
  [
    'storescp',
    '0 --tls --tls-key k --tls-cert c --tls-client-auth none --tls-crl d',
    '--tls-crl: not with --tls-client-auth none, which looks at nobody',
  ],
];

describe('options of TLS that do not go together:', limits, () => {
  const runners = { storescu: runStorescu, storescp: runStorescp } as const;
  for (const [application, line, error] of WRONG)
    it(`${application} ${line}`, async (test) => {
      const ended = await runners[application](test, words(line), { cwd: folder.path });
      const help = `Try '${application} --help' for more information.`;
      assert.deepEqual(ended, { code: 2, signal: null, stdout: '', stderr: `${application}: ${error}\n${help}\n` });
    });
});

describe('files of TLS that cannot be used', { ...limits, skip }, () => {
  const cases: readonly (readonly [what: string, args: () => readonly string[], error: () => string])[] = [
    [
      'no such key',
      () => [...own({ keyFile: 'nowhere.key', certFile: made().scp.certFile }), '--tls-ca', made().ca],
      () => '--tls-key nowhere.key: no such file or directory',
    ],
    [
      'no key in the file',
      () => [...own({ keyFile: 'ct.dcm', certFile: made().scp.certFile }), '--tls-ca', made().ca],
      () => '--tls-key ct.dcm: no private key in PEM form',
    ],
    [
      'no certificate in the file',
      () => [...own({ keyFile: made().scp.keyFile, certFile: 'ct.dcm' }), '--tls-ca', made().ca],
      () => '--tls-cert ct.dcm: no certificate in PEM form',
    ],
    [
      'the certificate of another key',
      () => [...own({ keyFile: made().scp.keyFile, certFile: made().scu.certFile }), '--tls-ca', made().ca],
      () => `--tls-cert ${made().scu.certFile}: does not belong to the key`,
    ],
    [
      'no certificate in the second file of CAs',
      () => [...tls('scp'), '--tls-ca', 'ct.dcm'],
      () => '--tls-ca ct.dcm: no certificate in PEM form',
    ],
    [
      'a directory of CAs',
      () => [...tls('scp'), '--tls-ca', 'folder'],
      () => '--tls-ca folder: illegal operation on a directory',
    ],
    [
      'no revocation list in the file',
      () => [...tls('scp'), '--tls-crl', made().ca],
      () => `--tls-crl ${made().ca}: no revocation list in PEM form`,
    ],
    [
      'an encrypted key without a passphrase',
      () => tls('secret'),
      () => `--tls-key ${made().secret.keyFile}: is encrypted, and there is no passphrase`,
    ],
    [
      'an encrypted key with a wrong passphrase',
      () => [...tls('secret'), '--tls-passphrase-file', 'folder/notes.txt'],
      () => `--tls-key ${made().secret.keyFile}: cannot be decrypted with this passphrase`,
    ],
    [
      'no such file of a passphrase',
      () => [...tls('secret'), '--tls-passphrase-file', 'nowhere'],
      () => 'Cannot read passphrase file nowhere: no such file or directory',
    ],
  ];
  for (const [what, args, error] of cases)
    it(`are named in one line: ${what}`, async (test) => {
      const options = { cwd: folder.path };
      assert.deepEqual(await runStorescp(test, ['0', '--ignore', ...args()], options), failure(error()));
      const { code, stderr } = await runStorescu(test, ['127.0.0.1', '1', 'ct.dcm', ...args()], options);
      assert.deepEqual([code, stderr.replace('Association Failed: ', '')], [1, `E: ${error()}\n`]);
    });
});

describe('storescu and storescp over TLS', { ...limits, skip }, () => {
  it('tell version, suite and subject with -v, and nothing without', async (test) => {
    await using storescp = await listeningStorescp(['--ignore', '-v', ...tls('scp')]);
    const args = ['127.0.0.1', `${storescp.port}`, 'ct.dcm', ...tls('scu')];
    const quiet = await runStorescu(test, args, { cwd: folder.path });
    assert.deepEqual(quiet, { code: 0, signal: null, stdout: '', stderr: '' });
    const { code, stderr } = await runStorescu(test, [...args, '-v'], { cwd: folder.path });
    assert.equal(code, 0);
    const [first, second, third] = stderr.split('\n');
    assert.deepEqual(
      [first, second, third],
      [
        'I: Requesting Association',
        'I: TLS Connection Established (TLSv1.3, TLS_AES_256_GCM_SHA384, peer O=Test, CN=scp)',
        'I: Association Accepted',
      ],
    );
    await storescp.process.output('stderr', /^I: Association Released$/m);
    assert.match(
      storescp.process.stderr,
      /^I: TLS Connection Established \(TLSv1\.3, TLS_AES_256_GCM_SHA384, peer O=Test, CN=scu\)\nI: Association Received$/m,
    );
  });

  it('take the passphrase from a file or from the environment, and log nothing of it', async (test) => {
    await writeFile(join(folder.path, 'passphrase'), `${PASSPHRASE}\nsomething else\n`);
    const fromFile = [...tls('secret'), '--tls-passphrase-file', join(folder.path, 'passphrase')];
    await using storescp = await listeningStorescp(['--ignore', '-d', ...fromFile]);
    const args = ['localhost', `${storescp.port}`, '--echo', '-d', ...tls('secret')];
    const ended = await runStorescu(test, args, { env: { NETDICOM_TLS_PASSPHRASE: PASSPHRASE } });
    assert.equal(ended.code, 0, ended.stderr);
    const { stderr } = await storescp.process.stop();
    assert.doesNotMatch(`${ended.stderr}${stderr}`, /sesame|PRIVATE KEY/);
  });

  it('go on without a certificate of the peer where none is required', async (test) => {
    for (const how of ['request', 'none']) {
      await using storescp = await listeningStorescp(['--ignore', '-v', '--tls-client-auth', how, ...tls('scp')]);
      const { code, stderr } = await runStorescu(test, [
        ...['127.0.0.1', `${storescp.port}`, '--echo', '--tls', '--tls-ca', made().ca],
      ]);
      assert.deepEqual([code, stderr], [0, '']);
      await storescp.process.output('stderr', /^I: TLS Connection Established \(.*, peer without a certificate\)$/m);
    }
  });

  it('take either profile', async (test) => {
    for (const profile of ['bcp195', 'bcp195-extended']) {
      await using storescp = await listeningStorescp(['--ignore', '--tls-profile', profile, ...tls('scp')]);
      const args = ['127.0.0.1', `${storescp.port}`, '--echo', '--tls-profile', profile, ...tls('scu')];
      assert.deepEqual(await runStorescu(test, args), { code: 0, signal: null, stdout: '', stderr: '' });
    }
  });
});

const HUNG_UP = 'the peer closed the connection during the TLS handshake';
const NO_ANSWER = 'PEER closed the connection without an answer';

describe('storescu and storescp that do not get on: one line each, exit code 1', { ...limits, skip }, () => {
  const cases: readonly {
    readonly what: string;
    readonly scu?: () => readonly string[];
    readonly scp?: () => readonly string[];
    readonly error: string | RegExp;
    readonly warning: string;
  }[] = [
    { what: 'a plain storescu', scu: () => [], error: NO_ANSWER, warning: 'the peer does not speak TLS' },
    {
      what: 'a plain storescp',
      scp: () => [],
      error: 'no TLS with PEER: the peer does not speak TLS',
      warning: 'no PDU has the type 22: is it TLS? (at byte 0)',
    },
    {
      what: 'an expired certificate of storescp',
      scp: () => tls('expired'),
      error: "no TLS with PEER: the peer's certificate has expired",
      warning: HUNG_UP,
    },
    {
      what: 'a certificate of storescp that is not valid yet',
      scp: () => tls('future'),
      error: "no TLS with PEER: the peer's certificate is not valid yet",
      warning: HUNG_UP,
    },
    {
      what: 'a foreign certificate of storescp',
      scp: () => tls('foreign'),
      error: "no TLS with PEER: the peer's certificate comes from no CA that is trusted here",
      warning: HUNG_UP,
    },
    {
      what: 'a revoked certificate of storescp',
      scu: () => [...tls('scu'), '--tls-crl', made().crl],
      scp: () => tls('revoked'),
      error: "no TLS with PEER: the peer's certificate is revoked",
      warning: HUNG_UP,
    },
    {
      what: 'a certificate of another host',
      scp: () => tls('elsewhere'),
      error: "no TLS with PEER: the peer's certificate is for DNS:pacs.example, not for 127.0.0.1",
      warning: HUNG_UP,
    },
    {
      what: 'a certificate without the name that is asked for',
      scu: () => [...tls('scu'), '--tls-server-name', 'pacs.example'],
      error: /the peer's certificate is for DNS:localhost, IP Address:127\.0\.0\.1, not for pacs\.example$/,
      warning: HUNG_UP,
    },
    {
      what: 'no certificate of storescu',
      scu: () => ['--tls', '--tls-ca', made().ca],
      // What was sent meanwhile may make the system forget the alert.
      error: /the peer requires a certificate|connection (?:reset|closed) by the peer/,
      warning: 'the peer has shown no certificate, which is required here',
    },
    ...(
      [
        ['an expired certificate', 'expired', 'has expired'],
        ['a certificate that is not valid yet', 'future', 'is not valid yet'],
        ['a foreign certificate', 'foreign', 'comes from no CA that is trusted here'],
        ['a revoked certificate', 'revoked', 'is revoked'],
      ] as const
    ).map(([what, name, why]) => ({
      what: `${what} of storescu`,
      scu: () => tls(name),
      scp: () => [...tls('scp'), ...(name === 'revoked' ? ['--tls-crl', made().crl] : [])],
      error: /does it accept our certificate\?$|connection (?:reset|closed) by the peer$/,
      warning: `the peer's certificate ${why}`,
    })),
  ];
  for (const { what, scu = () => tls('scu'), scp = () => tls('scp'), error, warning } of cases)
    it(what, async (test) => {
      await using storescp = await listeningStorescp(['--ignore', ...scp()]);
      const { code, stdout, stderr } = await runStorescu(test, ['127.0.0.1', `${storescp.port}`, '--echo', ...scu()]);
      const line = /^E: Association Failed: (.*)\n$/.exec(anonymous(stderr))?.[1] ?? stderr;
      if (typeof error === 'string') assert.equal(line, error);
      else assert.match(line, error);
      assert.deepEqual([code, stdout], [1, '']);
      const [told = ''] = await storescp.process.output('stderr', /^.*\n/);
      assert.equal(anonymous(told), `W: No association request (PEER): ${warning}\n`);
    });

  it('storescu gives a handshake up that stalls', async (test) => {
    await using storescp = await listeningStorescp(['--ignore']);
    // A plain storescp waits for more than what a client says first, if what it says looks like the head of a PDU; so stop it.
    storescp.process.kill('SIGSTOP');
    const peer = ['127.0.0.1', `${storescp.port}`, '--echo', ...tls('scu')];
    const byTo = await runStorescu(test, [...peer, '-to', '0.2']);
    assert.deepEqual(
      [byTo.code, anonymous(byTo.stderr)],
      [1, 'E: Association Failed: no TLS connection to PEER within 0.2 s\n'],
    );
    const byTn = await runStorescu(test, [...peer, '-tn', '0.2']);
    assert.equal(byTn.code, 1);
    assert.equal(anonymous(byTn.stderr), 'E: Association Failed: no end of the TLS handshake with PEER within 0.2 s\n');
  });
});

describe('SIGHUP', { ...limits, skip }, () => {
  it('has storescp read its files anew, or keep what it has', async (test) => {
    await using place = await temporaryFolder();
    const [keyFile, certFile] = [join(place.path, 'key.pem'), join(place.path, 'cert.pem')];
    const install = async (name: Name) => {
      await copyFile(made()[name].keyFile, keyFile);
      await copyFile(made()[name].certFile, certFile);
    };
    const pings = async (port: number, ...more: readonly string[]) => {
      const { code } = await runStorescu(test, ['127.0.0.1', `${port}`, '--echo', ...tls('scu'), ...more]);
      return code === 0;
    };
    await install('scp');
    await using storescp = await listeningStorescp([
      ...['--ignore', '-v', ...own({ keyFile, certFile }), '--tls-ca', made().ca],
    ]);
    assert.equal(await pings(storescp.port), true);
    await install('elsewhere');
    assert.equal(await pings(storescp.port), true);
    storescp.process.kill('SIGHUP');
    await storescp.process.output('stderr', /^I: Certificates read anew$/m);
    assert.equal(await pings(storescp.port), false);
    assert.equal(await pings(storescp.port, '--tls-server-name', 'pacs.example'), true);
    await writeFile(certFile, 'rubbish');
    storescp.process.kill('SIGHUP');
    const [warning] = await storescp.process.output('stderr', /^W: Certificates not .*$/m);
    assert.equal(
      warning,
      `W: Certificates not read anew, the old ones stay: --tls-cert ${certFile}: no certificate in PEM form`,
    );
    assert.equal(await pings(storescp.port, '--tls-server-name', 'pacs.example'), true);
    assert.equal((await storescp.process.stop('SIGTERM')).code, 143);
  });
});

const REPORT_PEAK = fileURLToPath(new URL('../support/report-peak.js', import.meta.url));
const MIB = 1024 * 1024;
/** Much less than the object; what Node holds before it collects differs from run to run. */
const MAX_PEAK_KILOBYTES = 140_000;

describe('100 MiB over TLS', { timeout: 110_000, skip }, () => {
  it('pass byte for byte, through little memory on both sides', async () => {
    await using place = await temporaryFolder();
    const path = (name: string) => join(place.path, name);
    await writeBigImage(path('big.dcm'), 100 * MIB);
    // Not all of it is zeros.
    const file = await open(path('big.dcm'), 'r+');
    for (let at = 1; at <= 100; at++) await file.write(Buffer.from(`here is ${at}`), 0, undefined, at * MIB);
    await file.close();
    const application = (name: 'storescu' | 'storescp', args: readonly string[]) =>
      [...['--import', REPORT_PEAK, applicationPath(name)], ...args] as const;
    await using storescp = new Running(
      process.execPath,
      application('storescp', ['0', '-od', place.path, ...tls('scp')]),
      {
        env: { PEAK_FILE: path('scp.peak') },
      },
    );
    const [port = ''] = await storescp.output('stdout', /^\d+$/m);
    const sent = await run(
      process.execPath,
      application('storescu', ['127.0.0.1', port, path('big.dcm'), '-xe', ...tls('scu')]),
      {
        env: { PEAK_FILE: path('scu.peak') },
      },
    );
    assert.deepEqual([sent.code, sent.stderr], [0, '']);
    assert.equal((await storescp.stop('SIGTERM')).code, 143);
    assert.ok((await readdir(place.path)).includes(`CT.${CT_INSTANCE}`));
    const [given, stored] = await Promise.all([readFile(path('big.dcm')), readFile(path(`CT.${CT_INSTANCE}`))]);
    assert.ok(readPart10(stored).bytes.equals(readPart10(given).bytes));
    for (const name of ['scu.peak', 'scp.peak']) {
      const peak = Number(await readFile(path(name), 'utf8'));
      assert.ok(peak > 0 && peak < MAX_PEAK_KILOBYTES, `${name}: ${peak} kB`);
    }
  });
});
