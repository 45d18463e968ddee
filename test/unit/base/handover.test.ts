/** Things from makers to one taker: all of them, in order, none too many at a time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Handover } from '../../../src/base/handover.js';

test('what is put is taken in that order, whoever comes first', async () => {
  const handover = new Handover<number>();
  const first = handover.take();
  assert.equal(handover.put(1), undefined);
  assert.equal(await first, 1);
  void handover.put(2);
  void handover.put(3);
  assert.equal(await handover.take(), 2);
  assert.equal(await handover.take(), 3);
});

test('who puts while something waits is held back until nothing does', async () => {
  const handover = new Handover<number>();
  assert.equal(handover.put(1), undefined, 'the first waits alone');
  let isFree = false;
  const held = Promise.resolve(handover.put(2)).then(() => {
    isFree = true;
  });
  assert.equal(await handover.take(), 1);
  assert.equal(isFree, false);
  assert.equal(await handover.take(), 2);
  await held;
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
