/** Passwords as scrypt hashes: RFC 7914's own example, our own settings, and lines that are none. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatHash, hashPassword, isPassword, nobodysHash, parseHash } from '../../../src/cli/scrypt-hash.js';

const base64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64').replace(/=+$/, '');

// RFC 7914 12, third vector: "pleaseletmein", "SodiumChloride", N=16384, r=8, p=1, 64 bytes.
const KEY =
  '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2' +
  'd5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887';
const SALT = Buffer.from('SodiumChloride').toString('hex');
const RFC_7914 = `scrypt$ln=14,r=8,p=1$${base64(SALT)}$${base64(KEY)}`;
const CHEAP = 'scrypt$ln=4,r=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA';

describe('a hash', () => {
  it('is the one of RFC 7914', async () => {
    const hash = parseHash(RFC_7914);
    assert.equal(await isPassword(Buffer.from('pleaseletmein'), hash), true);
    assert.equal(await isPassword(Buffer.from('pleaseletmeIn'), hash), false);
    assert.equal(await isPassword(Buffer.alloc(0), hash), false);
    assert.equal(formatHash(hash), RFC_7914);
  });

  it('of a password has parameters of the cheat sheet and another salt each time', async () => {
    const password = Buffer.from('påsswörd 山田');
    const [first, second] = [await hashPassword(password), await hashPassword(password)];
    for (const hash of [first, second]) {
      assert.match(formatHash(hash), /^scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
      assert.deepEqual(parseHash(formatHash(hash)), hash);
      assert.equal(await isPassword(password, hash), true);
    }
    assert.notDeepEqual(first.salt, second.salt);
  });

  it('that is nobody’s costs as much as one of ours and fits no password', async () => {
    const hash = nobodysHash();
    assert.match(formatHash(hash), /^scrypt\$ln=15,r=8,p=3\$/);
    assert.equal(await isPassword(Buffer.alloc(0), hash), false);
  });

  it('has parameters within what a process can bear', () => {
    assert.equal(parseHash(CHEAP).ln, 4);
    for (const [parameters, message] of [
      ['ln=0,r=1,p=1', /parameters that scrypt does not take/],
      ['ln=4,r=0,p=1', /parameters that scrypt does not take/],
      ['ln=4,r=1,p=0', /parameters that scrypt does not take/],
      ['ln=16,r=1,p=1', /parameters that scrypt does not take/],
      ['ln=4,r=1,p=17', /more than p=16/],
      ['ln=18,r=8,p=1', /needs more than 256 MiB/],
      ['ln=99,r=8,p=1', /needs more than 256 MiB/],
    ] as const)
      assert.throws(() => parseHash(CHEAP.replace('ln=4,r=1,p=1', parameters)), message, parameters);
  });

  it('that is none is not shown', () => {
    for (const text of [
      '',
      's3cr3t',
      'scrypt',
      's3cr3t$ln=4,r=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA',
      'scrypt$ln=4,r=1,p=1$s3cr3t$AAAAAAAAAAAAAAAAAAAAAA',
      'scrypt$ln=4,r=1,p=1$c2FsdHNhbHQ$s3cr3t',
      `${CHEAP}!`,
      `${CHEAP}\n`,
      CHEAP.replace('r=1', 'r=s3cr3t'),
    ])
      assert.throws(
        () => parseHash(text),
        (error: Error) => /^no hash of the shape/.test(error.message) && !error.message.includes('s3cr3t'),
        text,
      );
  });
});
