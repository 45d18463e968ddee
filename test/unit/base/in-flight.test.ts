/** Works side by side: told of in the order of the works, failures after the rest. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deferred } from '../../../src/base/deferred.js';
import { allEnded, InFlight } from '../../../src/base/in-flight.js';

test('whatever order they end in, works are told of in the order they were begun, and no more than the limit go on', async () => {
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
          const inFlight = new InFlight<number>((result) => void told.push(result));
          for (let index = 0; index < count; index++) {
            // What is there already needs no waiting for.
            inFlight.add(index % 5 === 4 ? index : work(index));
            await inFlight.untilBelow(limit);
            assert.ok(inFlight.size < limit);
          }
          await inFlight.untilBelow(1);
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
  const told: string[] = [];
  const inFlight = new InFlight<string>((result) => void told.push(result));
  const last = deferred<string>();
  inFlight.add(Promise.resolve('a'));
  inFlight.add(Promise.reject(new Error('b')));
  inFlight.add(Promise.reject(new Error('c')));
  inFlight.add(last.promise);
  const telling = inFlight.untilBelow(3);
  last.resolve('d');
  await assert.rejects(telling, /^Error: b$/);
  assert.deepEqual(told, ['a', 'd']);
});

test('who is told may take his time, and may fail', async () => {
  const open = deferred();
  const told: string[] = [];
  const inFlight = new InFlight<string>(async (result) => {
    await open.promise;
    told.push(result);
    if (result === 'a') throw new Error('of the one who is told');
  });
  inFlight.add('a');
  inFlight.add('b');
  const telling = inFlight.untilBelow(1);
  assert.deepEqual(told, []);
  open.resolve();
  await assert.rejects(telling, /of the one who is told/);
  assert.deepEqual(told, ['a', 'b']);
});

test('all have ended before the first failure among them is thrown', async () => {
  await allEnded([]);
  const last = deferred();
  let hasEnded = false;
  const ending = allEnded([
    Promise.reject(new Error('first')),
    Promise.reject(new Error('second')),
    last.promise.then(() => {
      hasEnded = true;
    }),
  ]);
  last.resolve();
  await assert.rejects(ending, /first/);
  assert.equal(hasEnded, true);
});
