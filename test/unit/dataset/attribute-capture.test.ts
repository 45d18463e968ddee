/** Attributes kept from a passing data set: the same ones however the bytes are cut, and nothing of any size. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DataSetError } from '../../../src/base/errors.js';
import { AttributeCapture, MAX_CAPTURED_BYTES } from '../../../src/dataset/attribute-capture.js';
import { DataSetScan } from '../../../src/dataset/scan.js';
import {
  EXPLICIT_VR_BIG_ENDIAN as BE,
  IMPLICIT_VR_LITTLE_ENDIAN as IMPLICIT,
  EXPLICIT_VR_LITTLE_ENDIAN as LE,
  type TransferSyntax,
} from '../../../src/dataset/transfer-syntax.js';
import { type DataSetNode, dataSetArbitrary, EBE, ELE, encode, ILE } from '../../support/data-set-arbitrary.js';
import { cut } from '../../support/data-set-tokens.js';
import { hex } from '../../support/pdu-hex.js';

/** `(tag) VR hex` of each attribute that was kept, in the order of their tags. */
function captured(chunks: Iterable<Buffer>, syntax: TransferSyntax, tags: readonly number[]): readonly string[] {
  const capture = new AttributeCapture(new Set(tags));
  const scan = new DataSetScan(syntax, { capture });
  for (const chunk of chunks) {
    // Whoever feeds it may use the memory again.
    const copy = Buffer.from(chunk);
    scan.feed(copy);
    copy.fill(0xee);
  }
  scan.end();
  return [...capture.attributes]
    .sort(([a], [b]) => a - b)
    .map(([tag, { vr, bytes }]) => `${tag.toString(16).padStart(8, '0')} ${vr} ${bytes.toString('hex')}`);
}

const text = (value: string) => Buffer.from(value, 'latin1').toString('hex');

const CASES: readonly (readonly [what: string, TransferSyntax, Buffer, readonly string[]])[] = [
  [
    'what is asked for',
    LE,
    hex`0800 6000 4353 0200 ${'CT'} 1000 1000 504e 0200 ${'A '}`,
    [`00100010 PN ${text('A ')}`],
  ],
  ['an empty value', LE, hex`1000 1000 504e 0000 1000 2000 4c4f 0000`, ['00100010 PN ', '00100020 LO ']],
  ['the VR of the registry', IMPLICIT, hex`1000 1000 02000000 ${'A '}`, [`00100010 PN ${text('A ')}`]],
  [
    'numbers in little endian',
    BE,
    hex`0010 0010 504e 0002 ${'A '} 0028 0010 5553 0002 0102`,
    [`00100010 PN ${text('A ')}`, '00280010 US 0201'],
  ],
  ['the unsigned of two VRs', IMPLICIT, hex`2800 0601 02000000 ffff`, ['00280106 US ffff']],
  ['the first of two', LE, hex`1000 1000 504e 0200 ${'A '} 1000 1000 504e 0200 ${'B '}`, [`00100010 PN ${text('A ')}`]],
  [
    'what is out of order',
    LE,
    hex`2800 1000 5553 0200 0100 1000 1000 504e 0200 ${'A '}`,
    [`00100010 PN ${text('A ')}`, '00280010 US 0100'],
  ],
  [
    'nothing of an item',
    LE,
    hex`0800 4011 5351 0000 ffffffff feff 00e0 ffffffff 1000 1000 504e 0200 ${'A '} feff 0de0 00000000 feff dde0 00000000`,
    [],
  ],
  [
    'no sequence and no pixel data',
    LE,
    hex`2800 1000 5351 0000 00000000 e07f 1000 4f42 0000 ffffffff feff dde0 00000000`,
    [],
  ],
  ['the UIDs that the scan looks at itself', LE, hex`0800 1800 5549 0400 ${'1.2\0'}`, [`00080018 UI ${text('1.2\0')}`]],
  ['a value of 1 KiB', LE, hex`1000 1000 504e 0004 ${'x'.repeat(1024)}`, [`00100010 PN ${text('x'.repeat(1024))}`]],
  [
    'no longer one, but what comes after',
    LE,
    hex`1000 1000 504e 0204 ${'x'.repeat(1026)} 1000 2000 4c4f 0200 ${'1 '}`,
    [`00100020 LO ${text('1 ')}`],
  ],
];
const WANTED = [0x00100010, 0x00100020, 0x00280010, 0x00280106, 0x7fe00010, 0x00080018];

for (const [what, syntax, bytes, expected] of CASES)
  test(`a capture has ${what}`, () => {
    assert.deepEqual(captured([bytes], syntax, WANTED), expected);
    assert.deepEqual(captured(cut(bytes, [1]), syntax, WANTED), expected);
  });

/** Told from the tree. */
function expectedOf(nodes: readonly DataSetNode[], tags: readonly number[], isImplicit: boolean): readonly string[] {
  const first = new Map<number, string>();
  for (const node of nodes) {
    if (node.kind !== 'element' || !tags.includes(node.tag) || first.has(node.tag)) continue;
    if (node.value.length > MAX_CAPTURED_BYTES) continue;
    const isPrivate = Math.floor(node.tag / 0x10000) % 2 === 1;
    first.set(node.tag, `${isImplicit && isPrivate ? 'UN' : node.vr} ${node.value.toString('hex')}`);
  }
  return [...first].sort(([a], [b]) => a - b).map(([tag, rest]) => `${tag.toString(16).padStart(8, '0')} ${rest}`);
}

for (const [syntax, encoding] of [
  [LE, ELE],
  [BE, EBE],
  [IMPLICIT, ILE],
] as const)
  test(`in ${syntax.name}, any cut of the bytes gives the values that went in`, () => {
    const tagsOf = (nodes: readonly DataSetNode[]) => [...new Set(nodes.map(({ tag }) => tag))];
    const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(dataSetArbitrary({ hasBigValues: true }), sizes, fc.nat(5), (nodes, cuts, leftOut) => {
        const tags = tagsOf(nodes).filter((_, index) => index !== leftOut);
        const bytes = encode(nodes, encoding);
        const expected = expectedOf(nodes, tags, encoding === ILE);
        assert.deepEqual(captured(cut(bytes, cuts), syntax, tags), expected);
        assert.deepEqual(captured([bytes], syntax, tags), expected);
      }),
      { numRuns: 200 },
    );
  });

test('a value that is cut short is not there, and its end is told as ever', () => {
  const capture = new AttributeCapture(new Set(WANTED));
  const scan = new DataSetScan(LE, { capture });
  scan.feed(hex`1000 1000 504e 0400 ${'A^'}`);
  assert.equal(scan.skippable, 0);
  assert.equal(capture.attributes.size, 0);
  assert.throws(() => scan.end(), DataSetError);
});
