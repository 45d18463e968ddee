/** The queue of requests: in order, bounded, ended in either way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestQueue } from '../../../src/net/request-queue.js';

function queueOf(highWater: number): { readonly queue: RequestQueue<number>; readonly calls: string[] } {
  const calls: string[] = [];
  const queue = new RequestQueue<number>({
    highWater,
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

test('it is full when so many wait, and empty when the last is taken, each told once', async () => {
  const { queue, calls } = queueOf(3);
  const items = queue[Symbol.asyncIterator]();
  for (const item of [1, 2]) queue.push(item);
  assert.deepEqual(calls, []);
  for (const item of [3, 4]) queue.push(item);
  assert.deepEqual(calls, ['full']);
  assert.equal(queue.length, 4);
  for (const item of [1, 2, 3]) assert.equal((await items.next()).value, item);
  assert.deepEqual(calls, ['full']);
  assert.equal((await items.next()).value, 4);
  assert.deepEqual(calls, ['full', 'empty']);
  for (const item of [5, 6, 7]) queue.push(item);
  assert.deepEqual(calls, ['full', 'empty', 'full']);
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
