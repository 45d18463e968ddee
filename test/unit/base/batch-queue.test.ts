import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Backlog } from '../../../src/base/backlog.js';
import { BatchQueue, forEachBatch } from '../../../src/base/batch-queue.js';
import { deferred } from '../../../src/base/deferred.js';
import { UsageError } from '../../../src/base/errors.js';
import { ReadBuffer } from '../../../src/base/read-buffer.js';

function queueOf(highWaterBytes: number) {
  const calls: string[] = [];
  const backlog = new Backlog({
    highWaterBytes,
    onFull: () => calls.push('full'),
    onRoom: () => calls.push('room'),
  });
  return { queue: new BatchQueue(backlog), other: new BatchQueue(backlog), calls };
}

test('what goes in comes out, in order, however it is cut into batches', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 9 })), fc.nat(20), async (views, before) => {
      const { queue } = queueOf(1e9);
      const received: number[] = [];
      for (const view of views.slice(0, before)) queue.push(Buffer.from(view));
      const reading = (async () => {
        for await (const batch of queue) for (const view of batch) received.push(...view);
      })();
      for (const view of views.slice(before)) {
        queue.push(Buffer.from(view));
        await Promise.resolve();
      }
      queue.end();
      await reading;
      assert.deepEqual(
        received,
        views.flatMap((view) => [...view]),
      );
    }),
  );
});

test('a slow consumer takes all that has come in since in one batch', async () => {
  const { queue } = queueOf(1e9);
  for (const byte of [1, 2, 3]) queue.push(Buffer.of(byte));
  queue.end();
  const sizes: number[] = [];
  for await (const batch of queue) sizes.push(batch.length);
  assert.deepEqual(sizes, [3]);
});

test('a batch counts until the next is asked for: whoever works on it still has it', async () => {
  const { queue, calls } = queueOf(1000);
  for (let count = 0; count < 5; count++) queue.push(Buffer.alloc(400));
  assert.deepEqual(calls, ['full']);
  const batches = queue[Symbol.asyncIterator]();
  await batches.next();
  assert.deepEqual(calls, ['full']);
  const next = batches.next();
  assert.deepEqual(calls, ['full', 'room']);
  queue.push(Buffer.alloc(5000));
  assert.equal((await next).value?.length, 1);
  assert.deepEqual(calls, ['full', 'room', 'full']);
  await batches.return();
  assert.deepEqual(calls, ['full', 'room', 'full', 'room']);
});

test('queues with one backlog are full together, and there is room when one of them has let go of enough', async () => {
  const { queue, other, calls } = queueOf(4000);
  queue.push(Buffer.alloc(2000));
  other.push(Buffer.alloc(1000));
  assert.deepEqual(calls, []);
  other.push(Buffer.alloc(1000));
  assert.deepEqual(calls, ['full']);
  queue.end(new Error('lost'));
  assert.deepEqual(calls, ['full'], 'more than half is left');
  other.discard();
  assert.deepEqual(calls, ['full', 'room']);
});

test('a consumer that goes away in the middle of a batch keeps nothing, whether it says so or not', async () => {
  const { queue, other, calls } = queueOf(1000);
  queue.push(Buffer.alloc(2000));
  await queue[Symbol.asyncIterator]().next();
  queue.end();
  await queue.drained();
  assert.deepEqual(calls, ['full', 'room']);
  other.push(Buffer.alloc(2000));
  for await (const _ of other) break;
  assert.deepEqual(calls, ['full', 'room', 'full', 'room']);
});

test('one-byte views fill the queue too, for each of them keeps a chunk alive', () => {
  const { queue, calls } = queueOf(64 * 1024);
  for (let count = 0; count < 1000; count++) queue.push(Buffer.of(0));
  assert.deepEqual(calls, ['full']);
});

test('an error drops what waits and comes out of the loop', async () => {
  const { queue } = queueOf(1e9);
  queue.push(Buffer.of(1));
  queue.end(new Error('the peer is gone'));
  await assert.rejects(async () => {
    for await (const _ of queue) assert.fail('a batch came out');
  }, /the peer is gone/);
});

test('leaving the loop lets the rest drain away, full or not', async () => {
  const { queue, calls } = queueOf(1000);
  queue.push(Buffer.alloc(1));
  for await (const _ of queue) break;
  queue.push(Buffer.alloc(5000));
  const drained = queue.drained();
  queue.push(Buffer.alloc(5000));
  queue.end();
  await drained;
  assert.deepEqual(calls, []);
});

test('drained() on a full queue lets the producer go on', async () => {
  const { queue, calls } = queueOf(1000);
  queue.push(Buffer.alloc(5000));
  const drained = queue.drained();
  assert.deepEqual(calls, ['full', 'room']);
  queue.end();
  await drained;
});

test('forEachBatch gives what a loop gives, one batch at a time, and ends as the loop does', async () => {
  const { queue, calls } = queueOf(1000);
  queue.push(Buffer.of(1));
  queue.push(Buffer.of(2));
  const received: number[][] = [];
  let goOn: () => void = () => undefined;
  const done = forEachBatch(queue, (batch) => {
    received.push(batch.map((view) => view[0] ?? 0));
    return received.length === 1
      ? new Promise((resolve) => {
          goOn = resolve;
        })
      : undefined;
  });
  queue.push(Buffer.of(3));
  queue.push(Buffer.alloc(900, 4));
  assert.deepEqual(calls, ['full'], 'the first batch counts still');
  assert.deepEqual(received, [[1, 2]]);
  goOn();
  queue.end();
  await done;
  assert.deepEqual(received, [
    [1, 2],
    [3, 4],
  ]);
  assert.deepEqual(calls, ['full', 'room']);
});

test('an error comes out of forEachBatch, be it of the producer or of the consumer, and nothing is kept after it', async () => {
  const { queue, other, calls } = queueOf(1000);
  queue.push(Buffer.alloc(2000));
  queue.end(new Error('the peer is gone'));
  const unused = () => assert.fail('a batch came out');
  await assert.rejects(forEachBatch(queue, unused), /the peer is gone/);
  for (const consume of [
    () => {
      throw new Error('no room');
    },
    () => Promise.reject(new Error('no room')),
  ]) {
    const third = new BatchQueue(new Backlog({ highWaterBytes: 1, onFull: () => undefined, onRoom: () => undefined }));
    third.push(Buffer.alloc(2000));
    await assert.rejects(forEachBatch(third, consume), /no room/);
    third.push(Buffer.alloc(2000));
    third.end();
    await third.drained();
  }
  other.push(Buffer.alloc(2000));
  other.end();
  await assert.rejects(
    forEachBatch(other, () => Promise.reject(new Error('no room'))),
    /no room/,
  );
  assert.deepEqual(calls, ['full', 'room', 'full', 'room']);
});

test('forEachBatch takes any other iterable of batches', async () => {
  async function* batches(): AsyncGenerator<readonly Buffer[], void, void> {
    yield [Buffer.of(1)];
    yield await Promise.resolve([Buffer.of(2)]);
  }
  const received: number[] = [];
  await forEachBatch(batches(), ([view]) => void received.push(view?.[0] ?? 0));
  assert.deepEqual(received, [1, 2]);
});

/** The two ways to read. */
const READINGS = {
  loop: async (queue: BatchQueue, consume: (batch: readonly Buffer[]) => void | Promise<void>) => {
    for await (const batch of queue) await consume(batch);
  },
  forEachBatch,
};

for (const [name, read] of Object.entries(READINGS)) {
  test(`${name}: what is left after one reading is not taken for the whole by another`, async () => {
    const { queue } = queueOf(1e9);
    queue.push(Buffer.of(1));
    queue.end();
    await read(queue, () => undefined);
    for (const again of Object.values(READINGS))
      await assert.rejects(
        again(queue, () => assert.fail('a batch came out')),
        UsageError,
      );
  });

  test(`${name}: a reading that is overtaken by the end of the request is told so, whoever came to wait first`, async () => {
    for (const isReadFirst of [true, false]) {
      const { queue } = queueOf(1e9);
      const begin = () => read(queue, () => assert.fail('a batch came out')).catch((error: unknown) => error);
      const reading = isReadFirst ? begin() : undefined;
      const drained = queue.drained();
      const overtaken = reading ?? begin();
      queue.push(Buffer.of(1));
      queue.end();
      await drained;
      assert.ok((await overtaken) instanceof UsageError, `read ${isReadFirst ? 'before' : 'after'}`);
    }
  });

  test(`${name}: a consumer at work while the rest is thrown away keeps what it has, which counts no more`, async () => {
    const { queue, calls } = queueOf(1000);
    const memory = new ReadBuffer();
    memory.room().fill(1);
    queue.push(memory.filled(2000));
    const atWork = deferred<readonly Buffer[]>();
    const goOn = deferred();
    const reading = read(queue, (batch) => {
      atWork.resolve(batch);
      return goOn.promise;
    });
    const [view] = await atWork.promise;
    const drained = queue.drained();
    assert.deepEqual(calls, ['full', 'room']);
    queue.end();
    await drained;
    memory.room().fill(2);
    assert.deepEqual(view, Buffer.alloc(2000, 1));
    goOn.resolve();
    await assert.rejects(reading, UsageError);
    assert.deepEqual(calls, ['full', 'room']);
  });
}
