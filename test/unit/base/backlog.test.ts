/** One limit for what several keep. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Backlog } from '../../../src/base/backlog.js';

test('it is full at its limit, has room at half of it, and tells each once', () => {
  const calls: string[] = [];
  const backlog = new Backlog({
    highWaterBytes: 100,
    onFull: () => calls.push('full'),
    onRoom: () => calls.push('room'),
  });
  backlog.add(99);
  backlog.remove(99);
  assert.deepEqual(calls, []);
  for (const bytes of [60, 40, 30]) backlog.add(bytes);
  assert.deepEqual(calls, ['full']);
  backlog.remove(79);
  assert.deepEqual(calls, ['full']);
  for (const bytes of [1, 10]) backlog.remove(bytes);
  assert.deepEqual(calls, ['full', 'room']);
  backlog.add(60);
  assert.deepEqual(calls, ['full', 'room', 'full']);
});

test('whatever comes and goes: full and room alternate, and there is room once all has gone', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.array(fc.nat(300)), (highWaterBytes, pieces) => {
      const calls: string[] = [];
      const backlog = new Backlog({
        highWaterBytes,
        onFull: () => calls.push('full'),
        onRoom: () => calls.push('room'),
      });
      for (const bytes of pieces) backlog.add(bytes);
      for (const bytes of pieces) backlog.remove(bytes);
      const sum = pieces.reduce((total, bytes) => total + bytes, 0);
      assert.deepEqual(calls, sum >= highWaterBytes ? ['full', 'room'] : []);
    }),
  );
});
