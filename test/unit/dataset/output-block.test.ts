/** The writer's buffer: what is put together, what passes, and words that are cut where a block ends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutputBlock } from '../../../src/dataset/output-block.js';
import { patterned } from '../../support/data-set-arbitrary.js';
import { cut } from '../../support/data-set-tokens.js';

/** The first block is a small one. */
const FIRST = 4096;
const BLOCK = 65_536;

for (const width of [2, 4, 8] as const)
  for (const before of [0, 1, FIRST - 3, FIRST - 12, FIRST + BLOCK - 3])
    test(`words of ${width} after ${before} bytes are turned round, though chunks and blocks cut them`, () => {
      const words = patterned(3 * BLOCK + width);
      const expected = Buffer.concat([patterned(before), turned(words, width)]);
      for (const sizes of [[words.length], [7, 1000, 3]]) {
        const output = new OutputBlock();
        const taken: Buffer[] = [];
        for (const byte of cut(patterned(before), [1])) output.add(byte);
        for (const piece of cut(words, sizes)) {
          output.addSwapped(piece, width);
          taken.push(...output.take());
        }
        output.endValue();
        assert.ok(Buffer.concat([...taken, ...output.finish()]).equals(expected));
      }
    });

test('a header that no longer fits begins a new block', () => {
  for (const before of [FIRST - 4, FIRST + BLOCK - 4]) {
    const output = new OutputBlock();
    for (const piece of cut(patterned(before), [1000])) output.add(piece);
    const { target, at } = output.room(8);
    output.wrote(target.write('header', at, 'latin1'));
    const buffers = output.finish();
    assert.ok(Buffer.concat(buffers.slice(0, -1)).equals(patterned(before)));
    assert.equal(buffers.at(-1)?.toString('latin1'), 'header');
  }
});

test('what was handed out is never written to again', () => {
  const output = new OutputBlock();
  output.add(Buffer.from('ab'));
  output.add(patterned(5000));
  const [first] = output.take();
  output.add(Buffer.from('cd'));
  const [second] = output.finish();
  assert.equal(first?.toString('latin1'), 'ab');
  assert.equal(second?.toString('latin1'), 'cd');
});

function turned(words: Buffer, width: number): Buffer {
  const bytes = Buffer.from(words);
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
  return bytes;
}
