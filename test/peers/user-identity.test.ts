/** User identity negotiation with DCMTK: its storescu against our acceptors, our storescu against its storescp. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { formatHash, hashPassword } from '../../src/cli/scrypt-hash.js';
import { EXPLICIT_VR_LITTLE_ENDIAN } from '../../src/dataset/transfer-syntax.js';
import {
  type Authenticate,
  discardSink,
  serve,
  storageProvider,
  type UserIdentity,
  verificationProvider,
} from '../../src/index.js';
import { dcmtk, dcmtkStorescp, skipWithoutDcmtk } from '../support/peers-dcmtk.js';
import { assertStored, TemporaryFolder, writeSample } from '../support/peers-files.js';
import { ourStorescp } from '../support/peers-ours.js';
import { storescu } from '../support/processes.js';

const skip = skipWithoutDcmtk();

const SECRET = 's3cr3t';
const TOKEN = 'eyJhbGciOiJub25lIn0.e30.';
const USERS = `bob:${formatHash(await hashPassword(Buffer.from(SECRET)))}\n`;

/** A folder with an image, the users file, and files that prove an identity. */
function prepared() {
  const folder = new TemporaryFolder();
  const at = (name: string) => join(folder.path, name);
  const image = writeSample(at('image.dcm'), EXPLICIT_VR_LITTLE_ENDIAN);
  for (const [name, content] of [
    ['users', USERS],
    ['token', TOKEN],
    ['password', `${SECRET}\n`],
  ] as const)
    writeFileSync(at(name), content);
  return { at, image, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

// PS3.7 D.3.3.7: what DCMTK sends, and whether it may come in by name and password.
const CALLERS: readonly (readonly [options: string, isUser: boolean])[] = [
  ['-usr bob -pwd s3cr3t', true],
  ['-usr bob -pwd s3cr3t -rsp', true],
  ['-usr bob -pwd wrong', false],
  ['-usr bob -pwd wrong -rsp', false],
  ['-usr eve -pwd s3cr3t', false],
  ['-usr bob -epw', false],
  ['-usr bob', false],
  ['--jwt FILE', false],
  ['--saml FILE', false],
  ['-kt FILE -rsp', false],
  ['', false],
];

function argumentsOf(options: string, file: string): readonly string[] {
  return options === '' ? [] : options.replace('FILE', file).split(' ');
}

describe("DCMTK's storescu and our storescp", { skip }, () => {
  for (const [options, isUser] of CALLERS)
    test(`--users ${isUser ? 'stores' : 'rejects'} what comes with ${options || 'no identity'}`, async () => {
      using files = prepared();
      await using receiver = await ourStorescp(['--users', files.at('users')]);
      const args = [...argumentsOf(options, files.at('token')), ...receiver.address, files.image.path];
      const { code, stderr } = await dcmtk('storescu', args);
      if (isUser) {
        assert.equal(code, 0, stderr);
        assertStored([files.image], receiver.stored(), { expected: 'e' });
      } else {
        assert.notEqual(code, 0);
        assert.match(stderr, /Rejected Permanent, Source: Service Provider \(ACSE Related\)/);
        assert.deepEqual(receiver.stored(), []);
        await receiver.logged(/^W: Association Rejected .* \(1\/2\/1\)$/m);
      }
    });

  test('without --users takes any identity, and does not say that it has looked at it', async () => {
    using files = prepared();
    await using receiver = await ourStorescp();
    for (const [options] of CALLERS) {
      const args = [...argumentsOf(options, files.at('token')), ...receiver.address, files.image.path];
      const { code, stderr } = await dcmtk('storescu', args);
      // Of DCMTK's kinds only user names make it look for the response that it requests.
      const isMissed = options.startsWith('-usr') && options.endsWith('-rsp');
      assert.equal(code === 0, !isMissed, `${options}: ${stderr}`);
      if (isMissed) assert.match(stderr, /Positive response requested but none received/);
    }
  });
});

describe("DCMTK's storescu and a callback of ours", { skip }, () => {
  const token = Buffer.from(TOKEN);
  const KINDS: readonly (readonly [options: string, identity: UserIdentity | undefined])[] = [
    ['-usr J\u00fcrgen', { type: 'username', username: 'J\u00fcrgen' }],
    ['-usr bob -pwd s3cr3t', { type: 'username-and-passcode', username: 'bob', passcode: Buffer.from(SECRET) }],
    ['-usr bob -epw', { type: 'username-and-passcode', username: 'bob', passcode: Buffer.alloc(0) }],
    ['-kt FILE', { type: 'kerberos', serviceTicket: token }],
    ['--saml FILE', { type: 'saml', assertion: token }],
    ['--jwt FILE', { type: 'jwt', token }],
    ['', undefined],
  ];

  for (const [options, identity] of KINDS)
    for (const response of identity === undefined ? [''] : ['', ' -rsp'])
      test(`that is told of ${identity?.type ?? 'no identity'} with '${options}${response}'`, async () => {
        using files = prepared();
        const asked: (UserIdentity | undefined)[] = [];
        const authenticate: Authenticate = async (user) => {
          asked.push(user);
          // PS3.7 Table D.3-15: a response for a ticket or an assertion, none for a name.
          const hasResponse = user?.type === 'kerberos' || user?.type === 'saml';
          return { accepted: true, serverResponse: hasResponse ? Buffer.from('welcome') : undefined };
        };
        await using server = await serve({
          port: 0,
          host: '127.0.0.1',
          aeTitle: 'OURS',
          services: [verificationProvider(), storageProvider({ store: discardSink })],
          authenticate,
        });
        const given = argumentsOf(`${options}${response}`, files.at('token'));
        const { code, stderr } = await dcmtk('storescu', [...given, '127.0.0.1', `${server.port}`, files.image.path]);
        assert.equal(code, 0, stderr);
        assert.deepEqual(asked, [identity]);
      });
});

describe("our storescu and DCMTK's storescp", { skip }, () => {
  const IDENTITIES: readonly (readonly [options: readonly string[], shown: RegExp])[] = [
    [['--user', 'bob'], /Authentication mode 1: Username$/m],
    [['--user', 'bob', '--password-file', 'password'], /Authentication mode 2: /],
    [['--kerberos-file', 'token'], /Authentication mode 3: Kerberos/],
    [['--saml-file', 'token'], /Authentication mode 4: SAML/],
    [['--jwt-file', 'token'], /Authentication mode 5: JWT/],
  ];

  for (const [options, shown] of IDENTITIES)
    test(`that does not look stores what comes with ${options.join(' ')}, but not with --user-response`, async () => {
      using files = prepared();
      await using receiver = await dcmtkStorescp(['-d']);
      const [kind = '', value = '', ...more] = options;
      const given = [
        kind,
        kind === '--user' ? value : files.at(value),
        ...more.map((word) => (word === 'password' ? files.at(word) : word)),
      ];
      const { code, stderr } = await storescu(['-xe', ...given, ...receiver.address, files.image.path]);
      assert.deepEqual([stderr, code], ['', 0]);
      await receiver.logged(shown);
      assertStored([files.image], receiver.take(), { expected: 'e' });
      const unconfirmed = await storescu(['-xe', ...given, '--user-response', ...receiver.address, files.image.path]);
      assert.match(unconfirmed.stderr, /^E: Association Failed: the peer accepts .* without confirming .*\n$/);
      assert.equal(unconfirmed.code, 1);
      assert.deepEqual(receiver.stored(), []);
    });
});
