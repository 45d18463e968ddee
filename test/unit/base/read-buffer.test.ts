/** Memory to read into: what is kept stays as it is, what is not is used again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keep, letGo, ReadBuffer } from '../../../src/base/read-buffer.js';

/** Has `length` bytes come, all of them `byte`, or as many as there is room for. */
function read(buffer: ReadBuffer, length: number, byte: number): Buffer {
  const room = buffer.room();
  const bytes = Math.min(length, room.length);
  room.fill(byte, 0, bytes);
  return buffer.filled(bytes);
}

test('what is kept stays as it is, however much comes in before it is let go', () => {
  const step = fc.record({ length: fc.integer({ min: 1, max: 100_000 }), keptFor: fc.integer({ min: 0, max: 5 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const buffer = new ReadBuffer();
      const held: { readonly view: Buffer; readonly byte: number; readonly until: number }[] = [];
      steps.forEach(({ length, keptFor }, index) => {
        const chunk = read(buffer, length, index);
        const half = chunk.subarray(chunk.length >> 1);
        for (const view of [chunk, half]) held.push({ view: keep(view), byte: index, until: index + keptFor });
        for (const { view, byte, until } of held.filter((each) => each.until >= index))
          assert.ok(
            view.every((each) => each === byte),
            `after ${index}, kept until ${until}`,
          );
        for (const { view } of held.filter(({ until }) => until === index)) letGo(view);
      });
      for (const { view } of held.filter(({ until }) => until >= steps.length)) letGo(view);
    }),
    { numRuns: 50 },
  );
});

test('what nobody keeps is written over by what comes next', () => {
  const buffer = new ReadBuffer();
  const first = read(buffer, 100, 1);
  const second = read(buffer, 100, 2);
  assert.equal(first.buffer, second.buffer);
  assert.equal(first[0], 2);
});

test('with one chunk kept at a time, two pieces of memory do for ever', () => {
  const buffer = new ReadBuffer();
  const used = new Set<ArrayBufferLike>();
  let kept: Buffer | undefined;
  for (let count = 0; count < 1000; count++) {
    const next = keep(read(buffer, 256 * 1024, count));
    if (kept !== undefined) letGo(kept);
    kept = next;
    if (next.length === 256 * 1024) used.add(next.buffer);
  }
  assert.ok(used.size <= 3, `${used.size} pieces`);
});

test('who fills the room is given more of it; who does not is not', () => {
  const greedy = new ReadBuffer();
  for (let count = 0; count < 3; count++) read(greedy, Infinity, 1);
  assert.equal(greedy.room().length, 256 * 1024);
  const modest = new ReadBuffer();
  for (let count = 0; count < 100; count++) read(modest, 9000, 1);
  assert.equal(modest.room().length, 32 * 1024);
});

test('a short view is copied, for it would keep a large piece of memory from being used again', () => {
  const chunk = read(new ReadBuffer(), 5000, 1);
  assert.notEqual(keep(chunk.subarray(0, 100)).buffer, chunk.buffer);
  assert.equal(keep(chunk.subarray(0, 4000)).buffer, chunk.buffer);
});

test('views of any other memory are kept by themselves', () => {
  const view = Buffer.alloc(5000);
  assert.equal(keep(view), view);
  letGo(view);
});
