/** Blocks framed in place: what goes in comes out of the reader, within the peer's maximum. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UsageError } from '../../../src/base/errors.js';
import { BLOCK_BYTES, fragmentSize, MIN_MAXIMUM_LENGTH, PDataBlock } from '../../../src/pdu/p-data-block.js';
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
  const block = new PDataBlock(10, 64);
  assert.equal(fill(block, hex`01020304 05060708`), 8);
  block.frame({ presentationContextId: 3, isCommand: true }, 7, true);
  assert.deepEqual(block.pdus, hex`04 00 0000000a 00000006 03 01 01020304  04 00 00000009 00000005 03 03 050607`);
});

test('no bytes make one empty fragment', () => {
  const block = new PDataBlock(16_384, 64);
  block.frame(HEADER, 0, true);
  assert.deepEqual(block.pdus, hex`04 00 00000006 00000002 03 02`);
});

test('what is framed comes behind what was framed before, until it is taken back', () => {
  const block = new PDataBlock(16_384, 64);
  fill(block, hex`0102`);
  block.frame({ presentationContextId: 3, isCommand: true }, 2, true);
  const { length } = block;
  for (const bytes of [hex`0304`, hex`0506`]) {
    fill(block, bytes);
    block.frame(HEADER, 2, true);
    assert.deepEqual(
      block.pdus,
      Buffer.concat([hex`04 00 00000008 00000004 03 03 0102  04 00 00000008 00000004 03 02`, bytes]),
    );
    block.truncate(length);
  }
  block.truncate(0);
  assert.equal(block.pdus.length, 0);
});

test('bodies are for as many bytes as are wanted at least, of even sizes, and no more than the block holds', () => {
  const block = new PDataBlock(16_384, BLOCK_BYTES);
  assert.equal(block.bodies(1).length, 1);
  assert.equal(block.bodies(16_378).length, 1);
  assert.equal(block.bodies(16_379).length, 2);
  const all = block.bodies(Infinity);
  assert.equal(all.length, Math.ceil(BLOCK_BYTES / 16_390));
  assert.ok(all.every(({ length }) => length % 2 === 0 && length <= 16_378));
  assert.ok(sum(all) + 12 * all.length <= BLOCK_BYTES);
});

test('a block is full when what is left is no room for a fragment worth sending', () => {
  const block = new PDataBlock(0, 10_000);
  assert.equal(block.hasRoom, true);
  block.frame(HEADER, 8_900, false);
  assert.equal(block.hasRoom, true);
  block.frame(HEADER, 100, false);
  assert.equal(block.hasRoom, false);
  const tiny = new PDataBlock(8, 28);
  tiny.frame(HEADER, 2, false);
  assert.equal(tiny.hasRoom, true);
  tiny.frame(HEADER, 2, false);
  assert.equal(tiny.hasRoom, false);
  assert.equal(tiny.bodies(Infinity).length, 0);
});

test('a peer with a tiny maximum does not get a block of endless bodies', () => {
  assert.equal(new PDataBlock(8, BLOCK_BYTES).bodies(Infinity).length, 1024);
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
        const block = new PDataBlock(maximumLength, 7 * 900);
        for (const turn of turns) {
          const bytes = Buffer.from(turn.bytes);
          block.truncate(0);
          assert.equal(fill(block, bytes), bytes.length);
          block.frame({ presentationContextId: 255, isCommand }, bytes.length, turn.isLast);
          const fragments = readBack(block.pdus, maximumLength);
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
  for (const body of block.bodies(bytes.length)) offset += bytes.copy(body, 0, offset);
  return offset;
}

function sum(buffers: readonly Buffer[]): number {
  return buffers.reduce((total, { length }) => total + length, 0);
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
