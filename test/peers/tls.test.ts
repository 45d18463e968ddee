/** TLS with strangers: DCMTK both ways, and openssl for every version and suite. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, describe, test } from 'node:test';
import { dcmtk, dcmtkStorescp, fromDcmtkStorescu, skipWithoutDcmtk } from '../support/peers-dcmtk.js';
import { testMatrix } from '../support/peers-matrix.js';
import { fromStorescu, ourStorescp } from '../support/peers-ours.js';
import { Running, storescu } from '../support/processes.js';
import { Authority, type Identity, skipWithoutOpenssl } from '../support/tls-certificates.js';

const skip = skipWithoutOpenssl();
const skipDcmtk = skip || skipWithoutDcmtk();

const authorities = skip ? [] : [new Authority('Clinic CA'), new Authority('Foreign CA')];
after(() => {
  for (const authority of authorities) authority[Symbol.dispose]();
});

function makeAll(clinic: Authority, foreign: Authority) {
  return {
    // The profiles of DCMTK 3.6.7 have suites for RSA only.
    scu: clinic.issue('scu', { algorithm: 'rsa' }),
    scp: clinic.issue('scp', { algorithm: 'rsa' }),
    ec: clinic.issue('ec'),
    foreign: foreign.issue('foreign', { algorithm: 'rsa' }),
    ca: clinic.certFile,
  };
}
const [clinic, foreign] = authorities;
const all = clinic === undefined || foreign === undefined ? undefined : makeAll(clinic, foreign);

function made(): NonNullable<typeof all> {
  if (all === undefined) throw new Error('there are no certificates');
  return all;
}

type Name = 'scu' | 'scp' | 'ec' | 'foreign';

function ours(name: Name): readonly string[] {
  const { keyFile, certFile }: Identity = made()[name];
  return ['--tls', '--tls-key', keyFile, '--tls-cert', certFile, '--tls-ca', made().ca];
}

function dcmtks(name: Name): readonly string[] {
  const { keyFile, certFile }: Identity = made()[name];
  return ['+tls', keyFile, certFile, '+cf', made().ca];
}

// Profiles down and across: DCMTK's are PS3.15 B.10 (+py), B.9 (+px) and B.11 (+pz). Cells: the syntaxes that are stored.
const TO_OURS = `
  |         | default | --tls-profile bcp195-extended |
  | default | ee      | ee                            |
  | +py     | ee      | ee                            |
  | +px     | ee      | ee                            |
  | +pz     | ee      | ee                            |
`;
const TO_DCMTK = `
  |                               | default | +py | +px | +pz |
  | default                       | ii      | ii  | ii  | ii  |
  | --tls-profile bcp195-extended | ii      | ii  | ii  | ii  |
`;

describe("DCMTK's storescu over TLS to our storescp", { skip: skipDcmtk }, () => {
  testMatrix({
    ...fromDcmtkStorescu,
    table: TO_OURS,
    samples: 'ie',
    receive: (options) => ourStorescp([...ours('scp'), ...options]),
    send: (given, folder) => dcmtk('storescu', [...dcmtks('scu'), ...given, '+sd', folder]),
  });
});

describe("our storescu over TLS to DCMTK's storescp", { skip: skipDcmtk }, () => {
  testMatrix({
    ...fromStorescu,
    table: TO_DCMTK,
    samples: 'ie',
    receive: (options) => dcmtkStorescp([...dcmtks('scp'), ...options]),
    send: (given, folder) => storescu([...ours('scu'), ...given, folder]),
  });
});

describe('certificates of peers, with DCMTK', { skip: skipDcmtk }, () => {
  test("our storescp lets DCMTK's echoscu in without one, if none is required", async () => {
    for (const how of ['request', 'none']) {
      await using receiver = await ourStorescp([...ours('scp'), '--tls-client-auth', how]);
      const { code, stderr } = await dcmtk('echoscu', ['+tla', '+cf', made().ca, ...receiver.address]);
      assert.deepEqual([code, stderr], [0, '']);
    }
  });

  test("our storescp keeps DCMTK's echoscu out without one, or with one of another CA", async () => {
    await using receiver = await ourStorescp(ours('scp'));
    assert.notEqual((await dcmtk('echoscu', ['+tla', '+cf', made().ca, ...receiver.address])).code, 0);
    await receiver.logged(
      /^W: No association request \(\S+\): the peer has shown no certificate, which is required here$/m,
    );
    assert.notEqual((await dcmtk('echoscu', [...dcmtks('foreign'), ...receiver.address])).code, 0);
    await receiver.logged(/^W: .*: the peer's certificate comes from no CA that is trusted here$/m);
    assert.equal((await dcmtk('echoscu', [...dcmtks('scu'), ...receiver.address])).code, 0);
  });

  test("DCMTK's storescp takes our storescu without one, if none is required", async () => {
    for (const option of ['-vc', '-ic']) {
      await using receiver = await dcmtkStorescp([...dcmtks('scp'), option]);
      const { code, stderr } = await storescu(['--echo', '--tls', '--tls-ca', made().ca, ...receiver.address]);
      assert.deepEqual([code, stderr], [0, '']);
    }
  });

  test("DCMTK's storescp keeps our storescu out, which says why", async () => {
    await using receiver = await dcmtkStorescp(dcmtks('scp'));
    // What was sent meanwhile may make the system forget the alert.
    const lost = 'connection (?:reset|closed) by the peer|closed the connection without an answer.*';
    const without = await storescu(['--echo', '--tls', '--tls-ca', made().ca, ...receiver.address]);
    assert.equal(without.code, 1);
    assert.match(
      without.stderr,
      new RegExp(`^E: Association Failed: .*(?:the peer requires a certificate|${lost})\n$`),
    );
    const other = await storescu(['--echo', ...ours('foreign'), ...receiver.address]);
    assert.equal(other.code, 1);
    const refused = 'the peer does not accept our certificate: not from a CA that it trusts';
    assert.match(other.stderr, new RegExp(`^E: Association Failed: .*(?:${refused}|${lost})\n$`));
    assert.equal((await storescu(['--echo', ...ours('scu'), ...receiver.address])).code, 0);
  });

  test("our storescu does not talk to DCMTK's storescp whose certificate is of another CA", async () => {
    await using receiver = await dcmtkStorescp(dcmtks('foreign'));
    const { code, stderr } = await storescu(['--echo', ...ours('scu'), ...receiver.address]);
    const why = "the peer's certificate comes from no CA that is trusted here";
    assert.deepEqual([code, stderr], [1, `E: Association Failed: no TLS with ${receiver.address.join(':')}: ${why}\n`]);
  });
});

const TLS_1_3 = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'];
const ECDHE_GCM = ['AES256-GCM-SHA384', 'AES128-GCM-SHA256'];
/** By profile and kind of key. */
const TAKEN = {
  bcp195: {
    scp: [...TLS_1_3, ...ECDHE_GCM.map((name) => `ECDHE-RSA-${name}`)],
    ec: [...TLS_1_3, ...ECDHE_GCM.map((name) => `ECDHE-ECDSA-${name}`)],
  },
  'bcp195-extended': {
    scp: [
      ...[...TLS_1_3, 'TLS_AES_128_CCM_SHA256', ...ECDHE_GCM.map((name) => `ECDHE-RSA-${name}`)],
      ...['ECDHE-RSA-CHACHA20-POLY1305', 'DHE-RSA-AES256-GCM-SHA384', 'DHE-RSA-AES128-GCM-SHA256'],
    ],
    ec: [
      ...[...TLS_1_3, 'TLS_AES_128_CCM_SHA256', ...ECDHE_GCM.map((name) => `ECDHE-ECDSA-${name}`)],
      'ECDHE-ECDSA-CHACHA20-POLY1305',
    ],
  },
} as const;
const REFUSED = [
  ...['AES256-GCM-SHA384', 'AES128-SHA', 'ECDHE-RSA-AES128-SHA', 'ECDHE-ECDSA-AES128-SHA', 'ECDHE-RSA-AES256-SHA384'],
  ...['DHE-RSA-AES128-SHA256', 'ECDHE-RSA-CAMELLIA256-SHA384', 'NULL-SHA256', 'AECDH-AES128-SHA'],
];

/** The options of openssl that leave one suite, weak ones too. */
function only(suite: string): readonly string[] {
  return suite.startsWith('TLS_')
    ? ['-tls1_3', '-ciphersuites', suite]
    : ['-tls1_2', '-cipher', `${suite}:@SECLEVEL=0`];
}

function sClient(address: readonly string[], args: readonly string[], input = '') {
  const { keyFile, certFile } = made().scu;
  const own = ['-key', keyFile, '-cert', certFile, '-CAfile', made().ca, '-verify_return_error'];
  const { status, stdout, stderr } = spawnSync(
    'openssl',
    ['s_client', '-connect', address.join(':'), ...own, ...args],
    { input, encoding: 'utf8', timeout: 20_000 },
  );
  return { status, output: `${stdout}${stderr}` };
}

describe('our storescp and openssl s_client', { skip }, () => {
  for (const profile of ['bcp195', 'bcp195-extended'] as const)
    for (const name of ['scp', 'ec'] as const)
      test(`agree on the suites of ${profile} with a key of kind ${name === 'ec' ? 'ECDSA' : 'RSA'}, and no other`, async () => {
        await using receiver = await ourStorescp([...ours(name), '--tls-profile', profile, '-q']);
        const taken: readonly string[] = TAKEN[profile][name];
        const allSuites = new Set([...TAKEN['bcp195-extended'].scp, ...TAKEN['bcp195-extended'].ec, ...REFUSED]);
        for (const suite of allSuites) {
          const { status, output } = sClient(receiver.address, ['-brief', ...only(suite)]);
          assert.equal(status === 0, taken.includes(suite), `${suite}:\n${output}`);
          if (taken.includes(suite)) assert.match(output, new RegExp(`^Ciphersuite: ${suite}$`, 'm'));
        }
      });

  test('agree on TLS 1.3 and 1.2, the newer first, and no older one', async () => {
    await using receiver = await ourStorescp(ours('scp'));
    const versions: readonly (readonly [string, string | undefined])[] = [
      ['-no_ssl3', 'TLSv1.3'],
      ['-tls1_3', 'TLSv1.3'],
      ['-tls1_2', 'TLSv1.2'],
      ['-tls1_1', undefined],
      ['-tls1', undefined],
    ];
    for (const [option, version] of versions) {
      const { status, output } = sClient(receiver.address, ['-brief', option, '-cipher', 'DEFAULT:@SECLEVEL=0']);
      assert.equal(status === 0, version !== undefined, `${option}:\n${output}`);
      if (version !== undefined) assert.match(output, new RegExp(`^Protocol version: ${version}$`, 'm'));
    }
    await receiver.logged(/^W: No association request \(\S+\): no TLS version in common$/m);
  });

  test('resume no session and negotiate nothing anew', async () => {
    await using receiver = await ourStorescp(ours('scp'));
    for (const version of ['-tls1_2', '-tls1_3']) {
      const { output } = sClient(receiver.address, [version, '-reconnect']);
      assert.equal(output.match(/^New, /gm)?.length, 6, output);
      assert.doesNotMatch(output, /^Reused/m);
    }
    assert.match(sClient(receiver.address, ['-tls1_2'], 'R\n').output, /RENEGOTIATING.*no renegotiation/s);
  });
});

/** An acceptor that knows no DICOM: what it is sent comes back line by line, backwards. */
async function sServer(name: Name, args: readonly string[]): Promise<{ server: Running; port: string }> {
  const { keyFile, certFile } = made()[name];
  const own = ['-key', keyFile, '-cert', certFile, '-CAfile', made().ca, '-Verify', '2', '-verify_return_error'];
  const server = new Running('openssl', [
    's_server',
    '-rev',
    '-accept',
    '127.0.0.1:0',
    '-naccept',
    '1',
    ...own,
    ...args,
  ]);
  const [, port = ''] = await server.output('stdout', /^ACCEPT 127\.0\.0\.1:(\d+)$/m);
  return { server, port };
}

describe('our storescu and openssl s_server', { skip }, () => {
  for (const [args, agreed] of [
    [[], 'TLSv1.3, TLS_AES_256_GCM_SHA384'],
    [only('TLS_AES_128_GCM_SHA256'), 'TLSv1.3, TLS_AES_128_GCM_SHA256'],
    [only('ECDHE-RSA-AES256-GCM-SHA384'), 'TLSv1.2, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'],
    [only('ECDHE-RSA-AES128-GCM-SHA256'), 'TLSv1.2, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
  ] as const)
    test(`agree on ${agreed}`, async () => {
      const { server, port } = await sServer('scp', args);
      await using _ = server;
      const { code, stderr } = await storescu(['127.0.0.1', port, '--echo', '-v', '-ta', '0.2', ...ours('scu')]);
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`^I: TLS Connection Established \\(${agreed}, peer O=Test, CN=scp\\)$`, 'm'));
    });

  for (const suite of ['ECDHE-RSA-AES128-SHA', 'AES128-GCM-SHA256', 'DHE-RSA-AES128-GCM-SHA256'])
    test(`do not agree on ${suite}`, async () => {
      const { server, port } = await sServer('scp', only(suite));
      await using _ = server;
      const { code, stderr } = await storescu(['127.0.0.1', port, '--echo', ...ours('scu')]);
      const why = 'the peer finds no cipher suite in common, or requires a certificate';
      assert.deepEqual([code, stderr], [1, `E: Association Failed: no TLS with 127.0.0.1:${port}: ${why}\n`]);
    });

  test('do not agree on TLS 1.1', async () => {
    const { server, port } = await sServer('scp', ['-tls1_1', '-cipher', 'DEFAULT:@SECLEVEL=0']);
    await using _ = server;
    const { code, stderr } = await storescu(['127.0.0.1', port, '--echo', ...ours('scu')]);
    const why = 'no TLS version in common';
    assert.deepEqual([code, stderr], [1, `E: Association Failed: no TLS with 127.0.0.1:${port}: ${why}\n`]);
  });
});
