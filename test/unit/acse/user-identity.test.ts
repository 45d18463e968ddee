/** Kinds of user identity to sub-items and back, and what is said of them in a log. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  assertConfirmed,
  identityInWords,
  type RequestedUserIdentity,
  type UserIdentity,
  userIdentityItem,
  userIdentityOf,
} from '../../../src/acse/user-identity.js';
import { IdentityNotConfirmed, UsageError } from '../../../src/base/errors.js';

// PS3.7 Table D.3-14.
const KINDS: readonly (readonly [identity: RequestedUserIdentity, type: number, primary: string, secondary: string])[] =
  [
    [{ type: 'username', username: 'bob' }, 1, 'bob', ''],
    [{ type: 'username', username: 'Jürgen 山田' }, 1, 'Jürgen 山田', ''],
    [{ type: 'username-and-passcode', username: 'bob', passcode: 'secret' }, 2, 'bob', 'secret'],
    [{ type: 'username-and-passcode', username: 'bob', passcode: '' }, 2, 'bob', ''],
    [{ type: 'username-and-passcode', username: 'bob', passcode: Buffer.from('secret') }, 2, 'bob', 'secret'],
    [{ type: 'kerberos', serviceTicket: Buffer.from('ticket') }, 3, 'ticket', ''],
    [{ type: 'saml', assertion: '<Assertion/>' }, 4, '<Assertion/>', ''],
    [{ type: 'jwt', token: 'e30.e30.' }, 5, 'e30.e30.', ''],
  ];

for (const [identity, type, primary, secondary] of KINDS)
  test(`${identity.type} is a sub-item of type ${type} with the fields '${primary}' and '${secondary}'`, () => {
    for (const positiveResponseRequested of [undefined, false, true])
      assert.deepEqual(userIdentityItem({ ...identity, positiveResponseRequested }), {
        type,
        positiveResponseRequested: positiveResponseRequested === true,
        primaryField: Buffer.from(primary),
        secondaryField: Buffer.from(secondary),
      });
  });

const evidence = fc.uint8Array({ minLength: 1, maxLength: 100 }).map((bytes) => Buffer.from(bytes));
const username = fc.string({ minLength: 1, unit: 'grapheme' });
const identities: fc.Arbitrary<UserIdentity & RequestedUserIdentity> = fc.oneof(
  fc.record({ type: fc.constant('username' as const), username }),
  fc.record({ type: fc.constant('username-and-passcode' as const), username, passcode: evidence }),
  fc.record({ type: fc.constant('kerberos' as const), serviceTicket: evidence }),
  fc.record({ type: fc.constant('saml' as const), assertion: evidence }),
  fc.record({ type: fc.constant('jwt' as const), token: evidence }),
);

test('what was requested is what is received', () => {
  fc.assert(
    fc.property(identities, (identity) => {
      assert.deepEqual(userIdentityOf(userIdentityItem(identity)), { ...identity });
    }),
  );
});

test('a kind that the standard does not know is handed on as it is', () => {
  const fields = { primaryField: Buffer.from('a'), secondaryField: Buffer.from('b') };
  for (const type of [0, 6, 255])
    assert.deepEqual(userIdentityOf({ type, positiveResponseRequested: true, ...fields }), {
      type: 'other',
      code: type,
      ...fields,
    });
});

test('a user name that is not UTF-8 shows where it is not', () => {
  const primaryField = Buffer.from('Jürgen', 'latin1');
  const item = { type: 1, positiveResponseRequested: false, primaryField, secondaryField: Buffer.alloc(0) };
  assert.deepEqual(userIdentityOf(item), { type: 'username', username: 'J\ufffdrgen' });
});

const long = Buffer.alloc(65_536);
const TOO_MUCH: readonly (readonly [identity: RequestedUserIdentity, message: string])[] = [
  [{ type: 'username', username: '' }, 'the user name of a user identity is empty'],
  [{ type: 'username-and-passcode', username: '', passcode: 'a' }, 'the user name of a user identity is empty'],
  [{ type: 'kerberos', serviceTicket: '' }, 'the Kerberos service ticket of a user identity is empty'],
  [{ type: 'saml', assertion: '' }, 'the SAML assertion of a user identity is empty'],
  [{ type: 'jwt', token: Buffer.alloc(0) }, 'the JSON web token of a user identity is empty'],
  [{ type: 'username', username: 'é'.repeat(32_768) }, 'the user name of a user identity has 65536 bytes, over 65535'],
  [
    { type: 'username-and-passcode', username: 'bob', passcode: long },
    'the passcode of a user identity has 65536 bytes, over 65535',
  ],
  [{ type: 'jwt', token: long }, 'the JSON web token of a user identity has 65536 bytes, over 65535'],
];

for (const [identity, message] of TOO_MUCH)
  test(`${identity.type}: ${message}`, () => {
    assert.throws(() => userIdentityItem(identity), new UsageError(message));
  });

test('a positive response counts only where one was requested', () => {
  const identity = { type: 'username', username: 'bob' } as const;
  assertConfirmed(undefined, undefined);
  assertConfirmed(identity, undefined);
  assertConfirmed({ ...identity, acceptResponse: () => false }, Buffer.alloc(0));
  const asked = { ...identity, positiveResponseRequested: true };
  assertConfirmed(asked, Buffer.alloc(0));
  assertConfirmed({ ...asked, acceptResponse: (response) => response.equals(Buffer.from('yes')) }, Buffer.from('yes'));
  assert.throws(() => assertConfirmed(asked, undefined), IdentityNotConfirmed);
  assert.throws(
    () => assertConfirmed({ ...asked, acceptResponse: () => false }, Buffer.from('no')),
    IdentityNotConfirmed,
  );
});

const WORDS: readonly (readonly [identity: UserIdentity | undefined, words: string])[] = [
  [undefined, 'without user identity'],
  [{ type: 'username', username: 'bob' }, 'user "bob"'],
  [{ type: 'username-and-passcode', username: 'a\nE: b', passcode: Buffer.from('s3cr3t') }, 'user "a\\nE: b"'],
  [{ type: 'username', username: 'x'.repeat(65) }, `user "${'x'.repeat(64)}..."`],
  [{ type: 'kerberos', serviceTicket: Buffer.from('s3cr3t') }, 'Kerberos service ticket'],
  [{ type: 'saml', assertion: Buffer.from('s3cr3t') }, 'SAML assertion'],
  [{ type: 'jwt', token: Buffer.from('s3cr3t') }, 'JSON web token'],
  [
    { type: 'other', code: 7, primaryField: Buffer.from('s3cr3t'), secondaryField: Buffer.from('s3cr3t') },
    'user identity of type 7',
  ],
];

for (const [identity, words] of WORDS)
  test(`in a log it is ${words}`, () => {
    assert.equal(identityInWords(identity), words);
  });
