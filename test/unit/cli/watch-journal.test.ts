/** The journal of --watch: what was recorded is known to the next process, wherever the last line was cut. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { lock } from '../../../src/cli/file-lock.js';
import { isInAnyOf } from '../../../src/cli/watch-folder.js';
import { type Fate, Journal, type Version } from '../../../src/cli/watch-journal.js';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'netdicom-journal-'));
});
after(() => rmSync(folder, { recursive: true }));

let files = 0;
const newPath = () => join(folder, `state-${++files}`);
const VERSION: Version = { size: 7, modifiedMs: 1_700_000_000_000.25, changedMs: 1_700_000_000_001.5, inode: 42 };

/** What there is to do to a journal. */
type Act = readonly [path: string, version: Version, fate: Fate | 'gone'];
const path = fc.constantFrom('a', 'b/c', 'ü "\n\u2028', '__proto__', '🙂');
const time = fc.constantFrom(0, 1.5, 1_700_000_000_000.123);
const version = fc.record({ size: fc.nat(3), modifiedMs: time, changedMs: time, inode: fc.constantFrom(0, 2 ** 52) });
const act: fc.Arbitrary<Act> = fc.tuple(
  path,
  version,
  fc.constantFrom<Fate | 'gone'>('stored', 'refused', 'unfit', 'gone'),
);

function perform(journal: Journal, [name, of, fate]: Act): void {
  if (fate === 'gone') journal.forget([name]);
  else journal.record(name, of, fate);
}

/** What a journal should know after these acts. */
function known(acts: readonly Act[]): ReadonlyMap<string, readonly [Version, Fate]> {
  const fates = new Map<string, readonly [Version, Fate]>();
  for (const [name, of, fate] of acts)
    if (fate === 'gone') fates.delete(name);
    else fates.set(name, [of, fate]);
  return fates;
}

function assertKnows(journal: Journal, acts: readonly Act[]): void {
  const expected = known(acts);
  assert.deepEqual([...journal.paths()].sort(), [...expected.keys()].sort());
  for (const [name, [of, fate]] of expected) {
    assert.equal(journal.fateOf(name, of), fate);
    assert.equal(journal.fateOf(name, { ...of, size: of.size + 1 }), undefined);
    assert.equal(journal.fateOf(name, { ...of, modifiedMs: of.modifiedMs + 0.25 }), undefined);
    assert.equal(journal.fateOf(name, { ...of, inode: 7 }), fate);
    assert.equal(journal.fateOf(name, { ...of, changedMs: of.changedMs + 0.25 }), fate);
    assert.equal(journal.fateOf(name, { ...of, changedMs: of.changedMs + 0.25, inode: 7 }), undefined);
  }
}

describe('the journal of --watch', () => {
  it('knows after any restart what was recorded before', () => {
    fc.assert(
      fc.property(fc.array(fc.array(act, { maxLength: 8 }), { minLength: 1, maxLength: 4 }), (lives) => {
        const state = newPath();
        for (const [index, acts] of lives.entries()) {
          const journal = new Journal(state, 'A@h:1');
          for (const each of acts) perform(journal, each);
          assertKnows(journal, lives.slice(0, index + 1).flat());
          journal.close();
        }
      }),
      { numRuns: 50 },
    );
  });

  it('wherever its end was cut off, knows all whole lines, and goes on', () => {
    fc.assert(
      fc.property(
        fc.array(act, { minLength: 1, maxLength: 8 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (acts, cut) => {
          const state = newPath();
          const journal = new Journal(state, 'A@h:1');
          for (const each of acts) if (each[2] !== 'gone') perform(journal, each);
          journal.close();
          const whole = readFileSync(state);
          const head = whole.indexOf('\n') + 1;
          const length = head + Math.floor(cut * (whole.length - head));
          truncateSync(state, length);
          const left = whole.toString('utf8', head, length).split('\n').length - 1;
          const kept = acts.filter(([, , fate]) => fate !== 'gone').slice(0, left);
          const next: Act = ['z', VERSION, 'stored'];
          const again = new Journal(state, 'A@h:1');
          assertKnows(again, kept);
          perform(again, next);
          again.close();
          const third = new Journal(state, 'A@h:1');
          assertKnows(third, [...kept, next]);
          third.close();
        },
      ),
      { numRuns: 50 },
    );
  });

  it('is written anew when most of its lines are of the past', () => {
    const state = newPath();
    const journal = new Journal(state, 'A@h:1');
    for (let turn = 0; turn < 5000; turn++) journal.record(`${turn % 7}`, { ...VERSION, size: turn }, 'stored');
    journal.close();
    const again = new Journal(state, 'A@h:1');
    assert.equal(readFileSync(state, 'utf8').split('\n').length, 9);
    // The last turn of file 3.
    assert.equal(again.fateOf('3', { ...VERSION, size: 4994 }), 'stored');
    again.forget(['0', '1', '2', 'never there']);
    assert.equal(again.size, 4);
    again.close();
  });

  it('leaves alone what is no journal, or one for another peer', () => {
    const other = newPath();
    new Journal(other, 'A@h:1').close();
    assert.throws(() => new Journal(other, 'B@h:1'), /^Error: it tells what A@h:1 has, not B@h:1/);
    for (const content of [
      'a letter',
      'a\nletter\n',
      '{"netdicom":"watch","version":2,"peer":"A@h:1"}\n',
      'x'.repeat(1e6),
    ]) {
      const state = newPath();
      writeFileSync(state, content);
      assert.throws(() => new Journal(state, 'A@h:1'), /it is no state of --watch/);
      assert.equal(readFileSync(state, 'utf8'), content);
    }
  });

  it('passes over lines that a disk has spoilt', () => {
    const state = newPath();
    const journal = new Journal(state, 'A@h:1');
    journal.record('a', VERSION, 'stored');
    journal.close();
    appendFileSync(
      state,
      '\0\0\0\n{"path":"b","size":"7"}\n[]\n7\n{"path":"c","size":7,"modifiedMs":1,"fate":"eaten"}\n',
    );
    const again = new Journal(state, 'A@h:1');
    again.record('d', VERSION, 'unfit');
    assert.deepEqual([...again.paths()], ['a', 'd']);
    again.close();
  });
});

/** What a process writes into its lock, with some of it changed. */
function lockOf(changes: object): string {
  const file = newPath();
  const held = lock(file);
  const content = { ...JSON.parse(readFileSync(file, 'utf8')), ...changes };
  held.release();
  return JSON.stringify(content);
}

describe('a lock', () => {
  it('is held by one process, and free again when that has released it', () => {
    const file = newPath();
    const held = lock(file);
    assert.throws(
      () => lock(file),
      /^Error: in use by process \d+ on .*; if there is none, remove .*state-\d+ and start again$/,
    );
    held.release();
    lock(file).release();
  });

  for (const [what, content] of [
    ['is gone', { pid: 2 ** 22 + 1, started: '' }],
    ['has its number no longer', { pid: process.pid, started: '1' }],
    ['was killed while it wrote', undefined],
  ] as const)
    it(`of a process that ${what} is taken over`, () => {
      const file = newPath();
      writeFileSync(file, content === undefined ? '{"pi' : lockOf(content));
      const held = lock(file);
      assert.equal(JSON.parse(readFileSync(file, 'utf8')).pid, process.pid);
      held.release();
    });

  it('of another host or container is held until it has shown no sign for two minutes', () => {
    const file = newPath();
    writeFileSync(file, lockOf({ pid: process.pid, started: '', host: 'elsewhere.example', place: 'elsewhere' }));
    assert.throws(() => lock(file), /process \d+ on elsewhere\.example/);
    const then = new Date(Date.now() - 121_000);
    utimesSync(file, then, then);
    lock(file).release();
  });

  it('that another process has taken, or somebody has removed, is held no longer', () => {
    const file = newPath();
    const held = lock(file);
    held.check();
    rmSync(file);
    assert.throws(() => held.check(), /^Error: .*state-\d+ is not that of this process any more$/);
    const other = lockOf({ pid: process.pid + 1 });
    writeFileSync(file, other);
    assert.throws(() => held.check(), /is not that of this process any more$/);
    held.release();
    assert.equal(readFileSync(file, 'utf8'), other);
  });
});

it('what is in a folder that cannot be read is not missing', () => {
  for (const [folders, name, isIn] of [
    [['a'], 'a/b/c', true],
    [['a'], 'a', true],
    [['a'], 'ab', false],
    [['b/c'], 'b/d', false],
    [[''], 'a', true],
    [[], 'a', false],
  ] as const)
    assert.equal(isInAnyOf(folders, name), isIn, `${name} in ${folders.join()}`);
});
