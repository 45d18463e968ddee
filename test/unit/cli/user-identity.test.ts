/** What storescu makes of its options, its files and its environment. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { CommandLineError } from '../../../src/cli/command-line-error.js';
import { readSecretFile, withoutLineEnd } from '../../../src/cli/secret-file.js';
import { type IdentityOptions, requestedIdentity } from '../../../src/cli/user-identity.js';

const folder = mkdtempSync(join(tmpdir(), 'netdicom-identity-'));
after(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const NONE: IdentityOptions = { identity: undefined, passwordFile: undefined, userResponse: false };
const BOB: IdentityOptions = { ...NONE, identity: { type: 'user', name: 'bob' } };
const token = fileOf('token', 'e30.e30.\n');
const ticket = fileOf('ticket', Buffer.from([0x6e, 0x0d, 0x0a]));
const password = fileOf('password', 's3cr3t\r\n');
const empty = fileOf('empty', '\n');
const positiveResponseRequested = false;

const IDENTITIES: readonly (readonly [options: IdentityOptions, environment: string | undefined, identity: unknown])[] =
  [
    [NONE, undefined, undefined],
    [NONE, 's3cr3t', undefined],
    [BOB, undefined, { type: 'username', username: 'bob', positiveResponseRequested }],
    [BOB, '', { type: 'username', username: 'bob', positiveResponseRequested }],
    [BOB, 's3cr3t', withPassword('s3cr3t')],
    // The variable is taken as it is.
    [BOB, 's3cr3t\n', withPassword('s3cr3t\n')],
    [{ ...BOB, passwordFile: password }, undefined, withPassword('s3cr3t')],
    [{ ...BOB, passwordFile: password }, 'other', withPassword('s3cr3t')],
    [{ ...BOB, passwordFile: empty }, 'other', withPassword('')],
    [{ ...BOB, userResponse: true }, undefined, { type: 'username', username: 'bob', positiveResponseRequested: true }],
    [
      { ...NONE, identity: { type: 'jwt', path: token } },
      's3cr3t',
      { type: 'jwt', token: Buffer.from('e30.e30.'), positiveResponseRequested },
    ],
    [
      { ...NONE, identity: { type: 'saml', path: token }, userResponse: true },
      undefined,
      { type: 'saml', assertion: Buffer.from('e30.e30.'), positiveResponseRequested: true },
    ],
    [
      { ...NONE, identity: { type: 'kerberos', path: ticket } },
      undefined,
      { type: 'kerberos', serviceTicket: Buffer.from([0x6e, 0x0d, 0x0a]), positiveResponseRequested },
    ],
  ];

function withPassword(passcode: string) {
  const type = 'username-and-passcode';
  return { type, username: 'bob', passcode: Buffer.from(passcode), positiveResponseRequested };
}

describe('the user identity of', () => {
  for (const [options, environment, identity] of IDENTITIES)
    it(`${JSON.stringify(options)} with the variable ${JSON.stringify(environment)}`, () => {
      assert.deepEqual(requestedIdentity(options, environment), identity);
    });
});

describe('a user identity cannot be had', () => {
  for (const [options, message] of [
    [{ ...NONE, passwordFile: password }, '--password-file: only together with --user'],
    [
      { ...NONE, identity: { type: 'jwt', path: token }, passwordFile: password },
      '--password-file: only together with --user',
    ],
    [{ ...NONE, userResponse: true }, '--user-response: only together with a user identity'],
  ] as const)
    it(message, () => {
      assert.throws(() => requestedIdentity(options, undefined), new CommandLineError(message));
    });

  for (const [options, message] of [
    [{ ...BOB, passwordFile: '/nowhere' }, 'cannot read password file /nowhere: no such file or directory'],
    [{ ...BOB, passwordFile: folder }, `cannot read password file ${folder}: illegal operation on a directory`],
    [{ ...BOB, passwordFile: '/dev/zero' }, 'cannot use password file /dev/zero: it has more than 65535 bytes'],
    [{ ...NONE, identity: { type: 'jwt', path: empty } }, `cannot use JSON web token file ${empty}: it is empty`],
    [
      { ...NONE, identity: { type: 'saml', path: '/dev/null' } },
      'cannot use SAML assertion file /dev/null: it is empty',
    ],
    [
      { ...NONE, identity: { type: 'kerberos', path: '/dev/null' } },
      'cannot use Kerberos ticket file /dev/null: it is empty',
    ],
  ] as const)
    it(message, () => {
      assert.throws(() => requestedIdentity(options, undefined), { name: 'Error', message });
    });
});

describe('a file with a secret', () => {
  it('may be as long as a field, and a line end longer', () => {
    const content = Buffer.alloc(65_535, 'x');
    const path = fileOf('long', Buffer.concat([content, Buffer.from('\r\n')]));
    assert.deepEqual(withoutLineEnd(readSecretFile('file', path)), content);
  });

  it('ends with at most one line end that is not its own', () => {
    for (const [text, rest] of [
      ['', ''],
      ['a', 'a'],
      ['a\n', 'a'],
      ['a\r\n', 'a'],
      ['a\n\n', 'a\n'],
      ['a\r', 'a\r'],
      ['\n', ''],
      ['\r\n', ''],
      ['a \n', 'a '],
    ] as const)
      assert.equal(withoutLineEnd(Buffer.from(text)).toString(), rest, JSON.stringify(text));
  });
});
