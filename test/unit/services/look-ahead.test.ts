/** The look-ahead: every file once and in order, never more than the capacity drawn ahead, errors and ends told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { wakeup } from '../../../src/base/deferred.js';
import type { InputFile, Look } from '../../../src/services/input-files.js';
import { LookAhead } from '../../../src/services/look-ahead.js';

function file(path: string): InputFile {
  return { path, isNamed: false, error: new Error(path) };
}

/** A walk that tells how far it has come. */
class Walk {
  walked = 0;
  hasEnded = false;
  readonly #paths: readonly string[];
  readonly #error: Error | undefined;
  readonly #atOnce: number;

  constructor(
    paths: readonly string[],
    { error, atOnce = 2 }: { readonly error?: Error; readonly atOnce?: number } = {},
  ) {
    this.#paths = paths;
    this.#error = error;
    this.#atOnce = atOnce;
  }

  async *files(): AsyncGenerator<readonly Look[], void, void> {
    try {
      for (let from = 0; from < this.#paths.length; from += this.#atOnce)
        yield this.#paths.slice(from, from + this.#atOnce).map((path, index) => () => {
          this.walked++;
          return index % 2 === 0 ? file(path) : Promise.resolve(file(path));
        });
      if (this.#error !== undefined) throw this.#error;
    } finally {
      this.hasEnded = true;
    }
  }
}

const numbered = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `${index}`);
const all = (): boolean => true;
const isEven = ({ path }: InputFile): boolean => Number(path) % 2 === 0;

async function drain(files: LookAhead, fits: (file: InputFile) => boolean): Promise<readonly number[]> {
  const taken: number[] = [];
  for (let next = await files.take(fits); next !== undefined; next = await files.take(fits))
    taken.push(Number(next.path));
  return taken;
}

test('whatever fits first, each file is taken once, in order within each turn, and no more than the capacity wait', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 400 }),
      fc.integer({ min: 1, max: 128 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 200 }),
      async (count, capacity, kinds, inARow, atOnce) => {
        const kindOf = ({ path }: InputFile) => Math.floor(Number(path) / inARow) % kinds;
        const walk = new Walk(numbered(count), { atOnce });
        const files = new LookAhead(walk.files(), { capacity });
        const taken: number[] = [];
        for (let kind = await files.peek(); kind !== undefined; kind = await files.peek()) {
          const chosen = kindOf(kind);
          await files.filled();
          assert.ok(files.waiting.length <= capacity);
          assert.ok(files.waiting.length === capacity || files.isComplete);
          const turn = await drain(files, (file) => kindOf(file) === chosen);
          assert.deepEqual(
            turn,
            turn.toSorted((a, b) => a - b),
          );
          assert.ok(turn.length > 0);
          assert.ok(walk.walked <= taken.length + turn.length + capacity);
          taken.push(...turn);
        }
        assert.deepEqual(
          taken.toSorted((a, b) => a - b),
          numbered(count).map(Number),
        );
      },
    ),
    { numRuns: 100 },
  );
});

test('what is passed over comes first again after a restart, which peek is too', async () => {
  const files = new LookAhead(new Walk(numbered(6)).files());
  assert.deepEqual(await drain(files, isEven), [0, 2, 4]);
  assert.equal(await files.take(all), undefined);
  assert.equal((await files.peek())?.path, '1');
  assert.deepEqual(await drain(files, all), [1, 3, 5]);
});

test('takeAll takes what waits wherever it stands, and makes room', async () => {
  const walk = new Walk(numbered(8));
  const files = new LookAhead(walk.files(), { capacity: 4 });
  await files.filled();
  assert.deepEqual(
    files.takeAll(isEven).map(({ path }) => path),
    ['0', '2'],
  );
  await files.filled();
  assert.deepEqual(
    files.waiting.map(({ path }) => path),
    ['1', '3', '4', '5'],
  );
  assert.deepEqual(await drain(files, all), [1, 3, 4, 5, 6, 7]);
});

test('nothing is walked before it is asked for, and closing ends the walk where it stands', async () => {
  const walk = new Walk(numbered(100));
  const files = new LookAhead(walk.files(), { capacity: 3 });
  assert.equal(walk.walked, 0);
  await files.filled();
  assert.equal(walk.walked, 3);
  await files.close();
  assert.equal(walk.hasEnded, true);
  assert.ok(walk.walked <= 4);
});

test('an error of the walk comes after the files before it; an interruption at once', async () => {
  const failing = new LookAhead(new Walk(['1'], { error: new Error('gone') }).files());
  assert.equal((await failing.take(all))?.path, '1');
  await assert.rejects(async () => failing.take(all), /gone/);
  await assert.rejects(failing.peek(), /gone/);
  await assert.rejects(failing.filled(), /gone/);

  const interruption = new AbortController();
  interruption.abort(new Error('interrupted'));
  const walk = new Walk(numbered(10));
  const interrupted = new LookAhead(walk.files(), { signal: interruption.signal });
  await assert.rejects(interrupted.filled(), /interrupted/);
  assert.equal(walk.walked, 1);
  assert.equal(walk.hasEnded, true);
});

test('what is not wanted is passed over and is no news', async () => {
  const [reached, gate] = [wakeup(), wakeup()];
  async function* walk(): AsyncGenerator<readonly Look[], void, void> {
    yield [() => file('1'), () => file('3')];
    reached.wake();
    await gate.promise;
    yield [() => file('5'), () => file('6')];
  }
  const files = new LookAhead(walk(), { isWanted: isEven });
  let isTold = false;
  const change = files.change().then(() => {
    isTold = true;
  });
  await reached.promise;
  assert.equal(isTold, false);
  gate.wake();
  await change;
  assert.deepEqual(
    files.waiting.map(({ path }) => path),
    ['6'],
  );
  assert.deepEqual(await drain(files, all), [6]);
});

test('several may take at once', async () => {
  const files = new LookAhead(new Walk(numbered(50)).files(), { capacity: 5 });
  const hands = await Promise.all([drain(files, all), drain(files, all), drain(files, all)]);
  assert.deepEqual(
    hands.flat().toSorted((a, b) => a - b),
    numbered(50).map(Number),
  );
});

test('what comes back is no part of the capacity, but there is room for so many only', async () => {
  const walk = new Walk(numbered(100));
  const files = new LookAhead(walk.files(), { capacity: 4, maxRetried: 10 });
  const away: InputFile[] = [];
  for (let next = await files.take(all); away.length < 10 && next !== undefined; next = await files.take(all)) {
    assert.ok(files.expect());
    away.push(next);
  }
  for (const [index, back] of away.entries()) {
    assert.equal(files.expect(), false);
    files.comeBack(back);
    assert.ok(files.waiting.length <= 4 + index + 1);
  }
  assert.equal(files.expect(), false);
  const taken = await drain(files, all);
  assert.deepEqual(new Set([...taken, 10]).size, 100);
  assert.ok(files.expect());
});
