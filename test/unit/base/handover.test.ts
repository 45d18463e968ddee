/** Things from makers to one taker: all of them, in order, none too many at a time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Handover } from '../../../src/base/handover.js';

test('what is put is taken in that order, whoever comes first', async () => {
  const handover = new Handover<number>();
  const first = handover.take();
  void handover.put(1);
  assert.equal(await first, 1);
  void handover.put(2);
  void handover.put(3);
  assert.equal(await handover.take(), 2);
  assert.equal(await handover.take(), 3);
});

test('who puts is held back until the taker has had all that was put, and comes for more', async () => {
  const handover = new Handover<number>();
  let free = 0;
  const held = [1, 2].map((item) =>
    Promise.resolve(handover.put(item)).then(() => {
      free++;
    }),
  );
  assert.deepEqual([await handover.take(), await handover.take()], [1, 2]);
  assert.equal(free, 0);
  const next = handover.take();
  await Promise.all(held);
  void handover.put(3);
  assert.equal(await next, 3);
});

test('closing frees both sides: what waits is still taken, nothing is put any more', async () => {
  const handover = new Handover<number>();
  void handover.put(1);
  const held = handover.put(2);
  handover.close();
  await held;
  assert.equal(handover.put(3), undefined);
  assert.deepEqual([await handover.take(), await handover.take(), await handover.take()], [1, 2, undefined]);
  const waiting = new Handover<number>();
  const taken = waiting.take();
  waiting.close();
  assert.equal(await taken, undefined);
});
