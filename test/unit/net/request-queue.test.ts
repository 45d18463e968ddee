/** The queue of requests: in order, bounded, ended in either way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestQueue } from '../../../src/net/request-queue.js';

interface Item {
  readonly id: number;
}

function queueOf(highWater: number): { readonly queue: RequestQueue<Item>; readonly calls: string[] } {
  const calls: string[] = [];
  const queue = new RequestQueue<Item>({
    highWater,
    onFull: () => calls.push('full'),
    onEmpty: () => calls.push('empty'),
  });
  return { queue, calls };
}

test('items come out in order, those pushed while somebody waits too, and the end after them', async () => {
  const { queue, calls } = queueOf(1000);
  for (const id of [1, 2]) queue.push({ id });
  const taken: number[] = [];
  const consumer = (async () => {
    for (let item = await queue.next(); item !== undefined; item = await queue.next()) taken.push(item.id);
  })();
  await Promise.resolve();
  queue.push({ id: 3 });
  queue.end();
  queue.push({ id: 4 });
  await consumer;
  assert.deepEqual(taken, [1, 2, 3]);
  assert.equal(queue.handedOut, 3);
  assert.deepEqual(calls, []);
});

test('it is full when so many wait, and empty when the last is taken, each told once', async () => {
  const { queue, calls } = queueOf(3);
  for (const id of [1, 2]) queue.push({ id });
  assert.deepEqual(calls, []);
  for (const id of [3, 4]) queue.push({ id });
  assert.deepEqual(calls, ['full']);
  assert.equal(queue.length, 4);
  for (const id of [1, 2, 3]) assert.equal((await queue.next())?.id, id);
  assert.deepEqual(calls, ['full']);
  assert.equal((await queue.next())?.id, 4);
  assert.deepEqual(calls, ['full', 'empty']);
  for (const id of [5, 6, 7]) queue.push({ id });
  assert.deepEqual(calls, ['full', 'empty', 'full']);
});

test('with an error the next one is that error, whatever waits', async () => {
  const { queue } = queueOf(10);
  queue.push({ id: 1 });
  const error = new Error('lost');
  queue.end(error);
  await assert.rejects(queue.next(), error);

  const waiting = queueOf(10).queue;
  const next = waiting.next();
  waiting.end(error);
  await assert.rejects(next, error);
});
