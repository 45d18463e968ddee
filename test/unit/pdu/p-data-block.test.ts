/** Blocks framed in place: what goes in comes out of the reader, within the peer's maximum. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UsageError } from '../../../src/base/errors.js';
import { fragmentSize, MIN_MAXIMUM_LENGTH, PDataBlock } from '../../../src/pdu/p-data-block.js';
import { PduReader, type PdvFragment } from '../../../src/pdu/pdu-reader.js';
import { hex } from '../../support/pdu-hex.js';

const HEADER = { presentationContextId: 3, isCommand: false };

for (const [maximumLength, expected] of [
  [undefined, 262_138],
  [0, 262_138],
  [8, 2],
  [9, 2],
  [16_382, 16_376],
  [16_384, 16_378],
  [16_385, 16_378],
  [262_144, 262_138],
  [0xffffffff, 262_138],
] as const)
  test(`a peer that announced ${maximumLength} gets fragments of ${expected} bytes`, () => {
    assert.equal(fragmentSize(maximumLength), expected);
  });

test('a peer that leaves no room for data gets none', () => {
  for (let maximumLength = 1; maximumLength < MIN_MAXIMUM_LENGTH; maximumLength++)
    assert.throws(() => fragmentSize(maximumLength), UsageError);
});

test('the headers are those of the standard', () => {
  const block = new PDataBlock(10, 8);
  assert.equal(fill(block, hex`01020304 05060708`), 8);
  assert.deepEqual(
    block.frame({ presentationContextId: 3, isCommand: true }, 7, true),
    hex`04 00 0000000a 00000006 03 01 01020304  04 00 00000009 00000005 03 03 050607`,
  );
});

test('no bytes make one empty fragment', () => {
  assert.deepEqual(new PDataBlock(16_384, 0).frame(HEADER, 0, true), hex`04 00 00000006 00000002 03 02`);
});

test('a block for a small message is small, one for a large message as large as fits half a mebibyte', () => {
  assert.equal(new PDataBlock(16_384, 100).bodies.length, 1);
  assert.equal(new PDataBlock(16_384).bodies.length, Math.floor((512 * 1024) / 16_390));
  assert.equal(new PDataBlock(0).bodies.length, 1);
});

test('a peer with a tiny maximum does not get a block of endless bodies', () => {
  assert.equal(new PDataBlock(8).bodies.length, 1024);
});

test('framed bytes are read back, in PDUs within the maximum, and the block can be used again', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 8, max: 300 }),
      fc.array(fc.record({ bytes: fc.uint8Array({ minLength: 1, maxLength: 900 }), isLast: fc.boolean() }), {
        minLength: 1,
        maxLength: 3,
      }),
      fc.boolean(),
      (maximumLength, turns, isCommand) => {
        const block = new PDataBlock(maximumLength, 1000);
        for (const turn of turns) {
          const bytes = Buffer.from(turn.bytes);
          assert.equal(fill(block, bytes), bytes.length);
          const framed = block.frame({ presentationContextId: 255, isCommand }, bytes.length, turn.isLast);
          const fragments = readBack(framed, maximumLength);
          assert.deepEqual(Buffer.concat(fragments.map((fragment) => fragment.data)), bytes);
          assert.deepEqual(
            fragments.map((fragment) => fragment.isLast),
            fragments.map((_, index) => turn.isLast && index === fragments.length - 1),
          );
          assert.ok(fragments.every((fragment) => fragment.isCommand === isCommand));
        }
      },
    ),
  );
});

/** As a `DataSetSource` does: each body whole before the next. Returns the bytes there was room for. */
function fill(block: PDataBlock, bytes: Buffer): number {
  let offset = 0;
  for (const body of block.bodies) offset += bytes.copy(body, 0, offset);
  return offset;
}

/** The reader refuses a PDU over `maximumLength`. */
function readBack(framed: Buffer, maximumLength: number): readonly PdvFragment[] {
  const fragments: PdvFragment[] = [];
  for (const received of new PduReader({ maxPDataLength: maximumLength }).feed(framed)) {
    assert.ok(received.type === 'P-DATA-TF');
    fragments.push(received);
  }
  return fragments;
}
