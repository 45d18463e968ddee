/** Tokens → bytes, as hex tables, and the law that what was written reads as what was meant. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TokenWriter } from '../../../src/dataset/token-writer.js';
import type { WritableToken } from '../../../src/dataset/tokens.js';
import type { TransferSyntax } from '../../../src/dataset/transfer-syntax.js';
import {
  EXPLICIT_VR_BIG_ENDIAN as BE,
  IMPLICIT_VR_LITTLE_ENDIAN as IMPLICIT,
  EXPLICIT_VR_LITTLE_ENDIAN as LE,
} from '../../../src/dataset/transfer-syntax.js';
import type { Vr } from '../../../src/dataset/vr.js';
import type { DataSetNode } from '../../support/data-set-arbitrary.js';
import { dataSetArbitrary, EBE, ELE, encode, ILE, patterned } from '../../support/data-set-arbitrary.js';
import { hex } from '../../support/pdu-hex.js';

function write(tokens: readonly WritableToken[], syntax: TransferSyntax): Buffer {
  const writer = new TokenWriter(syntax);
  for (const token of tokens) writer.write(token);
  return Buffer.concat(writer.finish());
}

/** An element in little endian, its value in pieces. */
function element(tag: number, vr: Vr, ...pieces: readonly (string | Buffer)[]): WritableToken[] {
  const buffers = pieces.map((piece) => Buffer.from(piece));
  const length = buffers.reduce((sum, { length }) => sum + length, 0);
  return [{ type: 'element', tag, vr, length, bigEndian: false }, ...values(buffers)];
}

function values(pieces: readonly Buffer[]): WritableToken[] {
  return pieces.map((data, index) => ({ type: 'value', data, isLast: index === pieces.length - 1 }));
}

const CONTAINERS: readonly WritableToken[] = [
  { type: 'sequence', tag: 0x00081140, vr: 'SQ', length: 18 },
  { type: 'item', length: 10 },
  ...element(0x00080060, 'CS', 'CT'),
  { type: 'item-end' },
  { type: 'sequence-end' },
];
const FRAGMENTS: readonly WritableToken[] = [
  { type: 'pixel-sequence', tag: 0x7fe00010, vr: 'OB' },
  { type: 'fragment', length: 0 },
  { type: 'fragment', length: 3 },
  ...values([Buffer.from('abc')]),
  { type: 'sequence-end' },
];

const WRITTEN: readonly (readonly [string, TransferSyntax, readonly WritableToken[], Buffer])[] = [
  ['text, padded with a space', LE, element(0x00100010, 'PN', 'A^B'), hex`1000 1000 504e 0400 ${'A^B '}`],
  ['a UID, padded with NUL', LE, element(0x00080018, 'UI', '1.2'), hex`0800 1800 5549 0400 ${'1.2\0'}`],
  ['bytes, padded with NUL', LE, element(0x00091001, 'UN', 'a'), hex`0900 0110 554e 0000 02000000 ${'a\0'}`],
  ['an empty value', LE, element(0x00100010, 'PN'), hex`1000 1000 504e 0000`],
  ['without VR', IMPLICIT, element(0x00100010, 'PN', 'A^B'), hex`1000 1000 04000000 ${'A^B '}`],
  ['text in big endian as it is', BE, element(0x00100010, 'PN', 'A^', 'B'), hex`0010 0010 504e 0004 ${'A^B '}`],
  ['16-bit words turned round', BE, element(0x00280010, 'US', 'abcd'), hex`0028 0010 5553 0004 ${'badc'}`],
  ['both halves of a tag turned round', BE, element(0x00280009, 'AT', 'abcd'), hex`0028 0009 4154 0004 ${'badc'}`],
  ['32-bit words turned round', BE, element(0x00041200, 'UL', 'abcd'), hex`0004 1200 554c 0004 ${'dcba'}`],
  ['64-bit words turned round', BE, element(0x00081163, 'FD', 'abcdefgh'), hex`0008 1163 4644 0008 ${'hgfedcba'}`],
  [
    'words that come in pieces cut anywhere',
    BE,
    element(0x00081163, 'FD', 'a', 'bcd', 'efghi', 'jklmnop'),
    hex`0008 1163 4644 0010 ${'hgfedcba'}${'ponmlkji'}`,
  ],
  [
    'a last word that is not whole: padded first, then turned if that makes it whole',
    BE,
    [...element(0x00281201, 'OW', 'abc'), ...element(0x00041200, 'UL', 'abcdef')],
    hex`0028 1201 4f57 0000 00000004 ${'ba\0c'} 0004 1200 554c 0006 ${'dcbaef'}`,
  ],
  [
    'OB and UN in big endian as they are',
    BE,
    [...element(0x0008041b, 'OB', 'abcd'), ...element(0x00091001, 'UN', 'abcd')],
    hex`0008 041b 4f42 0000 00000004 ${'abcd'} 0009 1001 554e 0000 00000004 ${'abcd'}`,
  ],
  [
    'sequences and items with delimiters, whatever their length was',
    LE,
    CONTAINERS,
    hex`0800 4011 5351 0000 ffffffff feff 00e0 ffffffff 0800 6000 4353 0200 ${'CT'} feff 0de0 00000000 feff dde0 00000000`,
  ],
  [
    'containers without VR',
    IMPLICIT,
    CONTAINERS,
    hex`0800 4011 ffffffff feff 00e0 ffffffff 0800 6000 02000000 ${'CT'} feff 0de0 00000000 feff dde0 00000000`,
  ],
  [
    'containers in big endian',
    BE,
    CONTAINERS,
    hex`0008 1140 5351 0000 ffffffff fffe e000 ffffffff 0008 0060 4353 0002 ${'CT'} fffe e00d 00000000 fffe e0dd 00000000`,
  ],
  [
    'a UN of undefined length as a sequence',
    LE,
    [{ type: 'sequence', tag: 0x00091001, vr: 'UN', length: undefined }, { type: 'sequence-end' }],
    hex`0900 0110 5351 0000 ffffffff feff dde0 00000000`,
  ],
  [
    'fragments, an odd one padded',
    LE,
    FRAGMENTS,
    hex`e07f 1000 4f42 0000 ffffffff feff 00e0 00000000 feff 00e0 04000000 ${'abc\0'} feff dde0 00000000`,
  ],
];

for (const [what, syntax, tokens, expected] of WRITTEN)
  test(`writes ${what}`, () => {
    assert.equal(write(tokens, syntax).toString('hex'), expected.toString('hex'));
  });

test('a value that its short header cannot tell goes out as UN, in little endian everywhere', () => {
  const words = patterned(65_536);
  const header = hex`0028 3006 554e 0000 00010000`;
  assert.deepEqual(write(element(0x00283006, 'US', words), BE), Buffer.concat([header, words]));
  const turned = Buffer.from(words).swap16();
  const fromBigEndian: WritableToken[] = [
    { type: 'element', tag: 0x00283006, vr: 'US', length: turned.length, bigEndian: true },
    ...values([turned]),
  ];
  assert.deepEqual(write(fromBigEndian, BE), Buffer.concat([header, words]));
  assert.deepEqual(write(element(0x00283006, 'US', words), IMPLICIT), Buffer.concat([hex`2800 0630 00000100`, words]));
});

test('65535 bytes of text are 65536 with their padding, and so UN', () => {
  const text = patterned(65_535);
  assert.deepEqual(
    write(element(0x001021b0, 'LT', text), LE),
    Buffer.concat([hex`1000 b021 554e 0000 00000100`, text, Buffer.from(' ')]),
  );
});

test('a large value passes as the view it is, small ones are put together', () => {
  const writer = new TokenWriter(LE);
  const large = patterned(100_000);
  for (const token of [...element(0x00100010, 'PN', 'A^B'), ...CONTAINERS]) writer.write(token);
  assert.deepEqual(writer.take(), []);
  writer.write({ type: 'element', tag: 0x7fe00010, vr: 'OW', length: large.length, bigEndian: false });
  writer.write({ type: 'value', data: large, isLast: true });
  const [small, passed, ...more] = writer.take();
  assert.ok(small !== undefined && small.length < 200);
  assert.equal(passed, large);
  assert.deepEqual([...more, ...writer.finish()], []);
});

for (const { encoding, syntax } of [
  { encoding: ILE, syntax: IMPLICIT },
  { encoding: ELE, syntax: LE },
  { encoding: EBE, syntax: BE },
])
  test(`law: ${syntax.name}: a tree's tokens become its bytes`, () => {
    fc.assert(
      fc.property(dataSetArbitrary({ isEven: true, hasBigValues: true }), (nodes) => {
        assert.deepEqual(write([...treeTokens(nodes)], syntax), encode([...normalised(nodes)], encoding));
      }),
      { numRuns: 150 },
    );
  });

/** The tokens of a tree with its values in little endian, in pieces of odd sizes. */
function* treeTokens(nodes: readonly DataSetNode[]): Generator<WritableToken> {
  for (const node of nodes) {
    if (node.kind === 'element') {
      const middle = Math.floor(node.value.length / 3);
      yield* element(node.tag, node.vr, node.value.subarray(0, middle), node.value.subarray(middle));
    } else if (node.kind === 'sequence') {
      yield { type: 'sequence', tag: node.tag, vr: node.vr, length: undefined };
      for (const item of node.items) {
        yield { type: 'item', length: undefined };
        yield* treeTokens(item.nodes);
        yield { type: 'item-end' };
      }
      yield { type: 'sequence-end' };
    }
  }
}

/** The tree as a writer makes it: every length undefined, every sequence SQ. */
function* normalised(nodes: readonly DataSetNode[]): Generator<DataSetNode> {
  for (const node of nodes) {
    if (node.kind !== 'sequence') yield node;
    else
      yield {
        ...node,
        vr: 'SQ',
        isDefined: false,
        items: node.items.map((item) => ({ isDefined: false, nodes: [...normalised(item.nodes)] })),
      };
  }
}
