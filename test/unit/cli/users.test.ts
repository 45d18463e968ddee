/** The users of storescp: their file, line by line, and what becomes of who says to be one of them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { formatHash, hashPassword, type ScryptHash } from '../../../src/cli/scrypt-hash.js';
import { FewAtATime, Users } from '../../../src/cli/users.js';
import { readUsers } from '../../../src/cli/users-file.js';
import type { UserIdentity } from '../../../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'netdicom-users-'));
after(() => rmSync(folder, { recursive: true }));

let files = 0;
function fileOf(content: string | Buffer): string {
  files++;
  const path = join(folder, `users-${files}`);
  writeFileSync(path, content);
  return path;
}

const BOBS: ScryptHash = await hashPassword(Buffer.from('s3cr3t'));
const HASH = formatHash(BOBS);

describe('a users file', () => {
  const names = (content: string) => [...readUsers(fileOf(content)).keys()];

  it('has a user a line, comments, blank lines, and lines that end in any way', () => {
    assert.deepEqual(names(''), []);
    assert.deepEqual(names(`# all of us\n\nbob:${HASH}\r\n  eve:${HASH}  \n   # the rest\nada:${HASH}`), [
      'bob',
      'eve',
      'ada',
    ]);
    assert.deepEqual(names(`\ufeffbob:${HASH}\n`), ['bob']);
  });

  it('has names of any characters, colons and spaces among them, one name however it is written', () => {
    assert.deepEqual(names(`山田:${HASH}\nJu\u0308rgen:${HASH}\na:b c:${HASH}`), ['山田', 'J\u00fcrgen', 'a:b c']);
  });

  for (const [content, fault] of [
    ['bob', 'line 1: no colon between a name and a hash'],
    [`# one\nbob:${HASH}\ns3cr3t`, 'line 3: no colon between a name and a hash'],
    ['bob:s3cr3t', 'line 1: no hash of the shape scrypt$ln=15,r=8,p=3$SALT$HASH'],
    [`:${HASH}`, 'line 1: the name is empty'],
    [`a\u0000:${HASH}`, 'line 1: the name has a control character, or what is not UTF-8'],
    [`${'a'.repeat(257)}:${HASH}`, 'line 1: the name has more than 256 characters'],
    [`a :${HASH}`, 'line 1: the name begins or ends with a space'],
    [`bob:${HASH}\n\nbob:${HASH}`, 'line 3: the user of line 1 again'],
    [`Ju\u0308rgen:${HASH}\nJ\u00fcrgen:${HASH}`, 'line 2: the user of line 1 again'],
    ['bob:scrypt$ln=20,r=8,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA', 'line 1: its hash needs more than 256 MiB'],
  ] as const)
    it(`names what is wrong, and shows nothing else: ${fault}`, () => {
      const path = fileOf(content);
      assert.throws(() => readUsers(path), { message: `cannot use users file ${path}: ${fault}` });
    });

  it('is UTF-8, and there', () => {
    const path = fileOf(Buffer.from(`J\u00fcrgen:${HASH}`, 'latin1'));
    assert.throws(() => readUsers(path), { message: `cannot read users file ${path}: it is not UTF-8` });
    assert.throws(() => readUsers('/nowhere'), {
      message: 'cannot read users file /nowhere: no such file or directory',
    });
  });
});

const context = {
  callingAeTitle: 'A',
  calledAeTitle: 'B',
  remote: '127.0.0.1:1',
  signal: new AbortController().signal,
};
const asUser = (username: string, passcode: string): UserIdentity => ({
  type: 'username-and-passcode',
  username,
  passcode: Buffer.from(passcode),
});

describe('users', () => {
  it('come in with their name and password alone', async () => {
    const users = new Users(fileOf(`bob:${HASH}\nJ\u00fcrgen:${HASH}\n`));
    const required = { accepted: false, reason: 'a user name with a password is required' };
    const unknown = { accepted: false, reason: 'unknown user name' };
    for (const [identity, verdict] of [
      [asUser('bob', 's3cr3t'), { accepted: true }],
      [asUser('Ju\u0308rgen', 's3cr3t'), { accepted: true }],
      [asUser('bob', 's3cr3t\n'), { accepted: false, reason: 'wrong password' }],
      [asUser('bob', ''), { accepted: false, reason: 'wrong password' }],
      // Nobody comes in with the password of another.
      [asUser('Bob', 's3cr3t'), unknown],
      [asUser('', 's3cr3t'), unknown],
      [asUser('__proto__', 's3cr3t'), unknown],
      // To normalise it would take half a second.
      [asUser(`a${'\u0301'.repeat(16_300)}${'\u0323'.repeat(16_300)}`, 's3cr3t'), unknown],
      [undefined, required],
      [{ type: 'username', username: 'bob' }, required],
      [{ type: 'jwt', token: Buffer.from('s3cr3t') }, required],
    ] as const)
      assert.deepEqual(await users.authenticate(identity, context), verdict, JSON.stringify(identity));
  });

  it('may be none', async () => {
    const users = new Users(fileOf('# nobody yet\n'));
    assert.deepEqual(await users.authenticate(asUser('bob', 's3cr3t'), context), {
      accepted: false,
      reason: 'unknown user name',
    });
  });

  it('are those of the file when it was read last without fault', async () => {
    const path = fileOf(`bob:${HASH}\n`);
    const users = new Users(path);
    writeFileSync(path, `eve:${HASH}\n`);
    assert.equal((await users.authenticate(asUser('bob', 's3cr3t'), context)).accepted, true);
    users.reload();
    assert.equal((await users.authenticate(asUser('bob', 's3cr3t'), context)).accepted, false);
    assert.equal((await users.authenticate(asUser('eve', 's3cr3t'), context)).accepted, true);
    writeFileSync(path, 'eve:gone\n');
    assert.throws(() => users.reload(), /line 1/);
    assert.equal((await users.authenticate(asUser('eve', 's3cr3t'), context)).accepted, true);
  });
});

describe('users who wait', () => {
  it('are judged by the file as it is when their turn comes', async () => {
    const path = fileOf(`bob:${HASH}\n`);
    const users = new Users(path);
    const logins = [1, 2, 3].map(() => users.authenticate(asUser('bob', 's3cr3t'), context));
    writeFileSync(path, `eve:${HASH}\n`);
    users.reload();
    const accepted = (await Promise.all(logins)).map((verdict) => verdict.accepted);
    assert.deepEqual(accepted, [true, true, false]);
  });
});

describe('work that waits for its turn', () => {
  it('is done a few at a time, in its order, and not at all if nobody waits for it any more', async () => {
    const turns = new FewAtATime(2);
    const waiting = new AbortController();
    const left = new AbortController();
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    let atWork = 0;
    let most = 0;
    const work = (index: number) => async () => {
      begun.push(index);
      most = Math.max(most, ++atWork);
      await new Promise<void>((resolve) => ends.push(resolve));
      atWork--;
      return index;
    };
    const results = Array.from({ length: 6 }, (_, index) =>
      turns.run(index === 3 ? left.signal : waiting.signal, 'host', work(index)).catch((error: unknown) => error),
    );
    const reason = new Error('gone');
    left.abort(reason);
    await assert.rejects(turns.run(left.signal, 'host', work(6)), reason);
    const outcomes: unknown[] = [];
    for (const result of results) {
      ends.shift()?.();
      outcomes.push(await result);
    }
    assert.deepEqual(outcomes, [0, 1, 2, reason, 4, 5]);
    assert.deepEqual([begun, most], [[0, 1, 2, 4, 5], 2]);
  });

  it('has the hosts take turns, whoever sends most', async () => {
    const turns = new FewAtATime(1);
    const { signal } = new AbortController();
    const begun: string[] = [];
    const work = (name: string) => async () => {
      begun.push(name);
    };
    await Promise.all(
      ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1'].map((name) => turns.run(signal, name.charAt(0), work(name))),
    );
    assert.deepEqual(begun, ['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
  });
});
