/** Fragments to frames: each way to tell where one begins, what contradicts it, and how little is kept. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameAssembler, type FrameLayout } from '../../../src/codecs/frames.js';
import { beginsRle } from '../../../src/codecs/rle.js';
import type { FragmentToken, ValueToken } from '../../../src/dataset/tokens.js';
import { hex } from '../../support/pdu-hex.js';

const NO_TABLE = Buffer.alloc(0);

function table(...offsets: readonly number[]): Buffer {
  const bytes = Buffer.alloc(offsets.length * 4);
  for (const [index, offset] of offsets.entries()) bytes.writeUInt32LE(offset, index * 4);
  return bytes;
}

function* tokensOf(items: readonly Buffer[], size: number): Generator<FragmentToken | ValueToken, void, void> {
  for (const item of items) {
    yield { type: 'fragment', length: item.length };
    for (let at = 0; at < item.length; at += size)
      yield { type: 'value', data: item.subarray(at, at + size), isLast: at + size >= item.length };
  }
}

function assemble(layout: Partial<FrameLayout>, items: readonly Buffer[], size = 3): readonly string[] {
  const assembler = new FrameAssembler({
    numberOfFrames: 1,
    begins: 'codestream',
    isFrame: () => false,
    hasExtendedOffsetTable: false,
    maxBytes: 1000,
    ...layout,
  });
  const frames: Buffer[] = [];
  for (const token of tokensOf(items, size)) {
    const frame = assembler.take(token);
    if (frame !== undefined) frames.push(frame);
  }
  return [...frames, assembler.end()].map((frame) => frame.toString('hex'));
}

const A = hex`ffd8 ffe0`;
const B = hex`ffd8 ff01 0203`;
const REST = hex`0a0b`;
/** PS3.5 G.5: two segments. */
const RLE = Buffer.concat([hex`02000000 40000000 42000000`, Buffer.alloc(52), hex`0001 0001`]);
const J2K = hex`ff4f ff51 0001`;
const JP2 = hex`0000000c 6a502020 0102`;

const LAYOUTS: readonly (readonly [string, Partial<FrameLayout>, readonly Buffer[], readonly string[]])[] = [
  ['one frame in one fragment', {}, [NO_TABLE, A], ['ffd8ffe0']],
  ['one frame in many fragments', {}, [NO_TABLE, A, REST, REST], ['ffd8ffe00a0b0a0b']],
  ['one frame in many fragments, none of which tells', { begins: 'fragment' }, [NO_TABLE, REST, A], ['0a0bffd8ffe0']],
  [
    'an RLE frame in two fragments',
    { begins: 'fragment', isFrame: beginsRle },
    [NO_TABLE, RLE, REST],
    [`${RLE.toString('hex')}0a0b`],
  ],
  ['one frame by the table', {}, [table(0), A, REST], ['ffd8ffe00a0b']],
  ['a fragment each', { numberOfFrames: 2, begins: 'fragment' }, [NO_TABLE, REST, REST], ['0a0b', '0a0b']],
  ['a codestream each', { numberOfFrames: 2 }, [NO_TABLE, A, B], ['ffd8ffe0', 'ffd8ff010203']],
  ['codestreams in pieces', { numberOfFrames: 2 }, [NO_TABLE, A, REST, B, REST], ['ffd8ffe00a0b', 'ffd8ff0102030a0b']],
  ['JPEG 2000 in pieces', { numberOfFrames: 2 }, [NO_TABLE, J2K, REST, J2K], ['ff4fff5100010a0b', 'ff4fff510001']],
  ['JP2 files', { numberOfFrames: 2 }, [NO_TABLE, JP2, JP2], ['0000000c6a5020200102', '0000000c6a5020200102']],
  [
    'pieces by the table, whatever they begin with',
    { numberOfFrames: 2 },
    [table(0, 20), REST, REST, REST],
    ['0a0b0a0b', '0a0b'],
  ],
  ['a table of wrong length is ignored', { numberOfFrames: 2 }, [table(0), A, B], ['ffd8ffe0', 'ffd8ff010203']],
  ['a table of zeros is ignored', { numberOfFrames: 2 }, [table(0, 0), A, B], ['ffd8ffe0', 'ffd8ff010203']],
  [
    'a table that begins elsewhere is ignored',
    { numberOfFrames: 2 },
    [table(8, 20), A, B],
    ['ffd8ffe0', 'ffd8ff010203'],
  ],
  [
    'a table that counts no item headers gives way to the codestreams',
    { numberOfFrames: 3 },
    [table(0, 6, 12), A, REST, B, REST, A],
    ['ffd8ffe00a0b', 'ffd8ff0102030a0b', 'ffd8ffe0'],
  ],
  [
    'a table that is too far on gives way to the codestreams',
    { numberOfFrames: 2 },
    [table(0, 100), A, B],
    ['ffd8ffe0', 'ffd8ff010203'],
  ],
  [
    'a table that counts no item headers gives way where every frame is one fragment',
    { numberOfFrames: 3, begins: 'fragment' },
    [table(0, 2, 6), REST, A, REST],
    ['0a0b', 'ffd8ffe0', '0a0b'],
  ],
  [
    'an Extended Offset Table means a fragment each',
    { numberOfFrames: 2, hasExtendedOffsetTable: true },
    [NO_TABLE, REST, REST],
    ['0a0b', '0a0b'],
  ],
  ['an empty fragment belongs to the frame before', {}, [NO_TABLE, A, NO_TABLE], ['ffd8ffe0']],
  [
    'an empty fragment after the last of one each is no frame',
    { numberOfFrames: 2, begins: 'fragment' },
    [NO_TABLE, REST, A, NO_TABLE],
    ['0a0b', 'ffd8ffe0'],
  ],
  [
    'nor is it with an Extended Offset Table',
    { numberOfFrames: 2, hasExtendedOffsetTable: true },
    [NO_TABLE, REST, A, NO_TABLE],
    ['0a0b', 'ffd8ffe0'],
  ],
];

for (const [what, layout, items, expected] of LAYOUTS)
  test(what, () => {
    for (const size of [1, 3, 1000]) assert.deepEqual(assemble(layout, items, size), expected);
  });

const FAULTS: readonly (readonly [string, Partial<FrameLayout>, readonly Buffer[], RegExp])[] = [
  ['no items at all', {}, [], /Number of Frames is 1, but 0 are there/],
  [
    'an empty fragment between frames',
    { numberOfFrames: 2, begins: 'fragment' },
    [NO_TABLE, REST, NO_TABLE, REST],
    /Number of Frames is 2, but there are more/,
  ],
  ['no fragments', {}, [NO_TABLE], /Number of Frames is 1, but 0 are there/],
  ['too few frames', { numberOfFrames: 3 }, [NO_TABLE, A, B], /Number of Frames is 3, but 2 are there/],
  ['too many frames', { numberOfFrames: 2 }, [NO_TABLE, A, B, A], /Number of Frames is 2, but there are more/],
  ['a second image where there should be one', {}, [NO_TABLE, A, B], /Number of Frames is 1, but there are more/],
  [
    'a second RLE frame where there should be one',
    { begins: 'fragment', isFrame: beginsRle },
    [NO_TABLE, RLE, RLE],
    /Number of Frames is 1, but there are more/,
  ],
  [
    'the same with a table that has one',
    { begins: 'fragment', isFrame: beginsRle },
    [table(0), RLE, RLE],
    /Number of Frames is 1, but there are more/,
  ],
  [
    'a table that misses a fragment',
    { numberOfFrames: 2, begins: 'fragment' },
    [table(0, 11), REST, REST, REST],
    /points between the fragments/,
  ],
  [
    'a table that misses a fragment after a frame of two',
    { numberOfFrames: 3, begins: 'fragment' },
    [table(0, 20, 29), REST, REST, REST, REST],
    /points between the fragments/,
  ],
  [
    'a table that counts no item headers, and more fragments than frames',
    { numberOfFrames: 2, begins: 'fragment' },
    [table(0, 3), REST, REST, REST],
    /Number of Frames is 2, but there are more/,
  ],
  [
    'a table past the end',
    { numberOfFrames: 2, begins: 'fragment' },
    [table(0, 100), REST, REST],
    /Number of Frames is 2, but 1 are there/,
  ],
  ['a fragment that is too long', { maxBytes: 5 }, [NO_TABLE, B], /more than 5 bytes/],
  ['fragments that are too long together', { maxBytes: 5 }, [NO_TABLE, A, REST, REST], /more than 5 bytes/],
];

for (const [what, layout, items, message] of FAULTS)
  test(`${what}: refused`, () => {
    assert.throws(() => assemble(layout, items), message);
  });

test('law: frames cut into fragments come back by their table, each before the fragment after next', () => {
  const frame = fc.array(fc.uint8Array({ minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(frame, { minLength: 1, maxLength: 6 }), (drawn) => {
      const frames = drawn.map((pieces) => pieces.map((piece) => Buffer.from(piece)));
      const offsets: number[] = [];
      let offset = 0;
      for (const pieces of frames) {
        offsets.push(offset);
        offset += pieces.reduce((sum, piece) => sum + 8 + piece.length, 0);
      }
      const whole = frames.map((pieces) => Buffer.concat(pieces).toString('hex'));
      assert.deepEqual(assemble({ numberOfFrames: frames.length }, [table(...offsets), ...frames.flat()]), whole);
    }),
    { numRuns: 300 },
  );
});

test('a frame is given as soon as the first fragment of the next is whole', () => {
  const layout = { numberOfFrames: 3, begins: 'fragment', hasExtendedOffsetTable: false, maxBytes: 10 } as const;
  const assembler = new FrameAssembler({ ...layout, isFrame: () => false });
  const given = [...tokensOf([NO_TABLE, A, B, REST], 100)].map((token) => assembler.take(token)?.toString('hex'));
  assert.deepEqual(given, [undefined, undefined, undefined, undefined, 'ffd8ffe0', undefined, 'ffd8ff010203']);
  assert.equal(assembler.end().toString('hex'), '0a0b');
});
