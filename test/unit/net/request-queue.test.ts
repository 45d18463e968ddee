/** The queue of requests: in order, bounded by weight, ended in either way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestQueue } from '../../../src/net/request-queue.js';

function queueOf(highWater: number): { readonly queue: RequestQueue<number>; readonly calls: string[] } {
  const calls: string[] = [];
  const queue = new RequestQueue<number>({
    highWater,
    weigh: (item) => item,
    onFull: () => calls.push('full'),
    onEmpty: () => calls.push('empty'),
  });
  return { queue, calls };
}

test('items come out in order, those pushed while somebody waits too, and the end after them', async () => {
  const { queue, calls } = queueOf(1000);
  queue.push(1);
  queue.push(2);
  const taken: number[] = [];
  const consumer = (async () => {
    for await (const item of queue) taken.push(item);
  })();
  await Promise.resolve();
  queue.push(3);
  queue.end();
  queue.push(4);
  await consumer;
  assert.deepEqual(taken, [1, 2, 3]);
  assert.deepEqual(calls, []);
});

test('it is full when what waits weighs too much, and empty when the last is taken, each told once', async () => {
  const { queue, calls } = queueOf(10);
  const items = queue[Symbol.asyncIterator]();
  for (const weight of [4, 5]) queue.push(weight);
  assert.deepEqual(calls, []);
  queue.push(1);
  queue.push(7);
  assert.deepEqual(calls, ['full']);
  assert.equal(queue.length, 4);
  for (const weight of [4, 5, 1]) assert.equal((await items.next()).value, weight);
  assert.deepEqual(calls, ['full']);
  assert.equal((await items.next()).value, 7);
  assert.deepEqual(calls, ['full', 'empty']);
  for (const weight of [9, 1]) queue.push(weight);
  assert.deepEqual(calls, ['full', 'empty', 'full'], 'what was taken weighs nothing any more');
});

test('with an error the loop throws at once, whatever waits', async () => {
  const { queue } = queueOf(10);
  queue.push(1);
  const error = new Error('lost');
  queue.end(error);
  await assert.rejects(queue[Symbol.asyncIterator]().next(), error);

  const waiting = queueOf(10).queue;
  const next = waiting[Symbol.asyncIterator]().next();
  waiting.end(error);
  await assert.rejects(next, error);
});
