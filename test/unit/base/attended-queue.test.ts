/** Things for one consumer, and those who wait until it is done with theirs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { AttendedQueue } from '../../../src/base/attended-queue.js';

/** Hands `item` over and notes in `log` when the consumer is done with it. */
function delivered(queue: AttendedQueue<string>, item: string, log: string[]): Promise<void> {
  return queue.deliver(item).then(() => {
    log.push(`done ${item}`);
  });
}

test('who delivers waits until the consumer asks for the next thing', async () => {
  const queue = new AttendedQueue<string>(10);
  const log: string[] = [];
  const both = Promise.all([delivered(queue, 'a', log), delivered(queue, 'b', log)]);
  const consumer = queue[Symbol.asyncIterator]();
  assert.deepEqual(await consumer.next(), { done: false, value: 'a' });
  await setImmediate();
  assert.deepEqual(log, []);
  assert.deepEqual(await consumer.next(), { done: false, value: 'b' });
  await setImmediate();
  assert.deepEqual(log, ['done a']);
  queue.end();
  assert.deepEqual(await consumer.next(), { done: true, value: undefined });
  await both;
  assert.deepEqual(log, ['done a', 'done b']);
});

test('a consumer that came first gets what comes, in its order, and ends after the end', async () => {
  const queue = new AttendedQueue<string>(10);
  const got: string[] = [];
  const consumed = (async () => {
    for await (const item of queue) got.push(item);
  })();
  await queue.deliver('a');
  assert.ok(queue.offer('b'));
  const last = queue.deliver('c');
  queue.end();
  await last;
  await consumed;
  assert.deepEqual(got, ['a', 'b', 'c']);
});

test('what is offered is bounded, what is delivered is not dropped', async () => {
  const queue = new AttendedQueue<string>(2);
  assert.deepEqual(
    ['a', 'b', 'c'].map((item) => queue.offer(item)),
    [true, true, false],
  );
  void queue.deliver('d');
  const consumer = queue[Symbol.asyncIterator]();
  await consumer.next();
  assert.equal(queue.offer('e'), false, 'the consumer is not done with the first');
  await consumer.next();
  assert.equal(queue.offer('f'), true);
  queue.end();
  assert.equal(queue.offer('g'), false);
  const rest: string[] = [];
  for (let next = await consumer.next(); next.done !== true; next = await consumer.next()) rest.push(next.value);
  assert.deepEqual(rest, ['d', 'f']);
});

test('a consumer that leaves keeps nobody waiting, neither those there nor those to come', async () => {
  for (const how of ['break', 'throw'] as const) {
    const queue = new AttendedQueue<string>(10);
    const log: string[] = [];
    const all = Promise.all(['a', 'b', 'c'].map((item) => delivered(queue, item, log)));
    const consumed = (async () => {
      for await (const _ of queue) {
        if (how === 'throw') throw new Error('fault of the consumer');
        break;
      }
    })();
    if (how === 'throw') await assert.rejects(consumed, /fault of the consumer/);
    else await consumed;
    await all;
    await queue.deliver('d');
    assert.equal(queue.offer('e'), false);
  }
});

test('there is one consumer', async () => {
  const queue = new AttendedQueue<string>(10);
  void queue.deliver('a');
  await queue[Symbol.asyncIterator]().next();
  await assert.rejects(queue[Symbol.asyncIterator]().next(), /have a consumer already/);
});
