/** Works side by side: results in the order of the works, generators merged as they come, failures after the rest. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deferred } from '../../../src/base/deferred.js';
import { InFlight, merged } from '../../../src/base/in-flight.js';

test('whatever order they end in, works are told in the order they were begun, and no more than the limit go on', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.integer({ min: 0, max: 20 }),
      fc.integer({ min: 1, max: 6 }),
      async (scheduler, count, limit) => {
        let running = 0;
        let most = 0;
        const work = async (index: number): Promise<number> => {
          most = Math.max(most, ++running);
          await scheduler.schedule(Promise.resolve());
          running--;
          return index;
        };
        const told: number[] = [];
        const all = (async () => {
          const inFlight = new InFlight<number>();
          for (let index = 0; index < count; index++) {
            inFlight.add(work(index));
            for await (const result of inFlight.untilBelow(limit)) told.push(result);
          }
          for await (const result of inFlight.untilBelow(1)) told.push(result);
        })();
        await scheduler.waitFor(all);
        assert.deepEqual(
          told,
          Array.from({ length: count }, (_, index) => index),
        );
        assert.ok(most <= limit);
      },
    ),
  );
});

test('a failure comes after what came of all the others, and is not an unhandled rejection before that', async () => {
  const inFlight = new InFlight<string>();
  const last = deferred<string>();
  inFlight.add(Promise.resolve('a'));
  inFlight.add(Promise.reject(new Error('b')));
  inFlight.add(Promise.reject(new Error('c')));
  inFlight.add(last.promise);
  const told: string[] = [];
  const telling = (async () => {
    for await (const result of inFlight.untilBelow(3)) told.push(result);
  })();
  last.resolve('d');
  await assert.rejects(telling, /^Error: b$/);
  assert.deepEqual(told, ['a', 'd']);
});

async function* counting(from: number, to: number, error?: Error): AsyncGenerator<number, void, void> {
  for (let index = from; index < to; index++) yield index;
  if (error !== undefined) throw error;
}

async function collected(generators: readonly AsyncGenerator<number, void, void>[], into: number[]): Promise<void> {
  for await (const value of merged(generators)) into.push(value);
}

test('merged generators give all that each gives, each in its order; one that fails does not keep the others', async () => {
  const values: number[] = [];
  await collected([counting(0, 5), counting(10, 13), counting(20, 20)], values);
  assert.deepEqual(
    values.filter((value) => value < 10),
    [0, 1, 2, 3, 4],
  );
  assert.deepEqual(
    values.filter((value) => value >= 10),
    [10, 11, 12],
  );

  const despite: number[] = [];
  const failing = collected([counting(0, 1, new Error('first')), counting(10, 14)], despite);
  await assert.rejects(failing, /first/);
  assert.deepEqual(
    despite.toSorted((a, b) => a - b),
    [0, 10, 11, 12, 13],
  );
});

test('who leaves a merged loop ends every generator', async () => {
  const ended: number[] = [];
  const endless = async function* (name: number): AsyncGenerator<number, void, void> {
    try {
      for (;;) yield name;
    } finally {
      ended.push(name);
    }
  };
  for await (const _ of merged([endless(1), endless(2)])) break;
  assert.deepEqual(ended.toSorted(), [1, 2]);
});
