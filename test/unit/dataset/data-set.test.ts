/** Data sets in memory: bytes of known ones, and encode and decode as inverses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DataSetError, UsageError } from '../../../src/base/errors.js';
import type { TransferSyntax } from '../../../src/dataset/transfer-syntax.js';
import {
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  transferSyntax,
} from '../../../src/dataset/transfer-syntax.js';
import type { DataElement, DataSet } from '../../support/data-set.js';
import { decodeDataSet, encodeDataSet, textOf } from '../../support/data-set.js';

const JPEG = transferSyntax('1.2.840.10008.1.2.4.50') ?? EXPLICIT_VR_LITTLE_ENDIAN;

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
}

const SAMPLES: readonly [name: string, DataSet, implicit: string, explicit: string, bigEndian: string][] = [
  [
    'text is joined with backslashes and padded',
    [
      { tag: 0x00080008, vr: 'CS', value: ['ORIG', 'PRIM'] },
      { tag: 0x00080018, vr: 'UI', value: ['1.2'] },
    ],
    '08000800 0a000000 4f5249475c5052494d20 08001800 04000000 312e3200',
    '08000800 4353 0a00 4f5249475c5052494d20 08001800 5549 0400 312e3200',
    '00080008 4353 000a 4f5249475c5052494d20 00080018 5549 0004 312e3200',
  ],
  [
    'numbers follow the byte order, tags are two of them',
    [
      { tag: 0x00280009, vr: 'AT', value: [0x00181063] },
      { tag: 0x00280010, vr: 'US', value: [512, 1] },
    ],
    '28000900 04000000 18006310 28001000 04000000 00020100',
    '28000900 4154 0400 18006310 28001000 5553 0400 00020100',
    '00280009 4154 0004 00181063 00280010 5553 0004 02000001',
  ],
  [
    'a sequence goes out with undefined lengths, an empty one too',
    [
      { tag: 0x00081140, vr: 'SQ', items: [[{ tag: 0x00081155, vr: 'UI', value: [] }], []] },
      { tag: 0x00082112, vr: 'SQ', items: [] },
    ],
    `08004011 ffffffff feff00e0 ffffffff 08005511 00000000 feff0de0 00000000 feff00e0 ffffffff feff0de0 00000000
     feffdde0 00000000 08001221 ffffffff feffdde0 00000000`,
    `08004011 53510000 ffffffff feff00e0 ffffffff 08005511 55490000 feff0de0 00000000
     feff00e0 ffffffff feff0de0 00000000 feffdde0 00000000 08001221 53510000 ffffffff feffdde0 00000000`,
    `00081140 53510000 ffffffff fffee000 ffffffff 00081155 55490000 fffee00d 00000000
     fffee000 ffffffff fffee00d 00000000 fffee0dd 00000000 00082112 53510000 ffffffff fffee0dd 00000000`,
  ],
  [
    'words in a buffer are in little endian',
    [{ tag: 0x7fe00010, vr: 'OW', value: hex('01020304') }],
    'e07f1000 04000000 01020304',
    'e07f1000 4f570000 04000000 01020304',
    '7fe00010 4f570000 00000004 02010403',
  ],
];

test('Known data sets have known bytes in each native transfer syntax', () => {
  for (const [name, dataSet, ...encodings] of SAMPLES) {
    const syntaxes = [IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN];
    for (const [index, syntax] of syntaxes.entries()) {
      const bytes = hex(encodings[index] ?? '');
      assert.equal(encodeDataSet(dataSet, syntax).toString('hex'), bytes.toString('hex'), name);
      assert.deepEqual(decodeDataSet(bytes, syntax), dataSet, name);
    }
  }
});

test('Elements are written by ascending tag', () => {
  const first: DataElement = { tag: 0x00080060, vr: 'CS', value: ['CT'] };
  const last: DataElement = { tag: 0xfffcfffc, vr: 'OB', value: hex('0000') };
  assert.deepEqual(
    encodeDataSet([last, first], EXPLICIT_VR_LITTLE_ENDIAN),
    encodeDataSet([first, last], EXPLICIT_VR_LITTLE_ENDIAN),
  );
});

test('Encapsulated pixel data keeps its fragments', () => {
  const dataSet: DataSet = [{ tag: 0x7fe00010, vr: 'OB', fragments: [Buffer.alloc(0), hex('ffd8ffd9'), hex('aabb')] }];
  const bytes = hex(
    'e07f1000 4f420000 ffffffff feff00e0 00000000 feff00e0 04000000 ffd8ffd9 feff00e0 02000000 aabb feffdde0 00000000',
  );
  assert.equal(encodeDataSet(dataSet, JPEG).toString('hex'), bytes.toString('hex'));
  assert.deepEqual(decodeDataSet(bytes, JPEG), dataSet);
});

test('What Implicit VR leaves open is settled by Pixel Representation', () => {
  for (const [representation, vr] of [
    [0, 'US'],
    [1, 'SS'],
  ] as const) {
    const dataSet: DataSet = [
      { tag: 0x00280103, vr: 'US', value: [representation] },
      { tag: 0x00280106, vr, value: [7] },
    ];
    const bytes = encodeDataSet(dataSet, IMPLICIT_VR_LITTLE_ENDIAN);
    assert.deepEqual(decodeDataSet(bytes, IMPLICIT_VR_LITTLE_ENDIAN), dataSet);
  }
});

test('The decoded data set keeps nothing of the bytes', () => {
  const bytes = encodeDataSet([{ tag: 0x00420011, vr: 'OB', value: hex('0102') }], EXPLICIT_VR_LITTLE_ENDIAN);
  const dataSet = decodeDataSet(bytes, EXPLICIT_VR_LITTLE_ENDIAN);
  bytes.fill(0xff);
  assert.deepEqual(dataSet, [{ tag: 0x00420011, vr: 'OB', value: hex('0102') }]);
});

test('Text with more than a byte to a character is refused', () => {
  const dataSet: DataSet = [{ tag: 0x00100010, vr: 'PN', value: ['Ω'] }];
  assert.throws(() => encodeDataSet(dataSet, EXPLICIT_VR_LITTLE_ENDIAN), UsageError);
});

test('Cut bytes are an error', () => {
  const bytes = encodeDataSet(SAMPLES[2]?.[1] ?? [], EXPLICIT_VR_LITTLE_ENDIAN);
  assert.throws(() => decodeDataSet(bytes.subarray(0, -8), EXPLICIT_VR_LITTLE_ENDIAN), DataSetError);
});

test('The first text of an element is had by its tag', () => {
  const dataSet: DataSet = [
    { tag: 0x00080008, vr: 'CS', value: ['ORIGINAL', 'PRIMARY'] },
    { tag: 0x00080050, vr: 'SH', value: [] },
    { tag: 0x00081140, vr: 'SQ', items: [] },
    { tag: 0x00280010, vr: 'US', value: [1] },
    { tag: 0x7fe00010, vr: 'OW', value: hex('0102') },
  ];
  assert.equal(textOf(dataSet, 0x00080008), 'ORIGINAL');
  for (const tag of [0x00080005, 0x00080050, 0x00081140, 0x00280010, 0x7fe00010])
    assert.equal(textOf(dataSet, tag), undefined);
});

const text = fc.string({ unit: fc.constantFrom(...'AZaz09 .^=é'), maxLength: 12 }).map((value) => `${value}x`);
const texts = fc.array(text, { maxLength: 3 });
const longText = fc.oneof(
  fc.constant([]),
  text.map((value) => [`\\${value}`]),
);
const integer = (min: number, max: number) => fc.array(fc.integer({ min, max }), { maxLength: 3 });
const words = (size: number) =>
  fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.concat(new Array<Uint8Array>(size).fill(bytes)));
const bigInt = (min: bigint, max: bigint) => fc.array(fc.bigInt({ min, max }), { maxLength: 3 });

/** The selector attributes of PS3.3 C.23.4.1: there is one for each VR, so that Implicit VR leads back to it. */
const SELECTORS: readonly fc.Arbitrary<DataElement>[] = [
  texts.map((value) => ({ tag: 0x0072005e, vr: 'AE', value })),
  texts.map((value) => ({ tag: 0x0072005f, vr: 'AS', value })),
  integer(0, 0xffffffff).map((value) => ({ tag: 0x00720060, vr: 'AT', value })),
  texts.map((value) => ({ tag: 0x00720061, vr: 'DA', value })),
  texts.map((value) => ({ tag: 0x00720062, vr: 'CS', value })),
  texts.map((value) => ({ tag: 0x00720063, vr: 'DT', value })),
  texts.map((value) => ({ tag: 0x00720064, vr: 'IS', value })),
  words(2).map((value) => ({ tag: 0x00720065, vr: 'OB', value })),
  texts.map((value) => ({ tag: 0x00720066, vr: 'LO', value })),
  words(4).map((value) => ({ tag: 0x00720067, vr: 'OF', value })),
  longText.map((value) => ({ tag: 0x00720068, vr: 'LT', value })),
  words(2).map((value) => ({ tag: 0x00720069, vr: 'OW', value })),
  texts.map((value) => ({ tag: 0x0072006a, vr: 'PN', value })),
  texts.map((value) => ({ tag: 0x0072006b, vr: 'TM', value })),
  texts.map((value) => ({ tag: 0x0072006c, vr: 'SH', value })),
  words(2).map((value) => ({ tag: 0x0072006d, vr: 'UN', value })),
  longText.map((value) => ({ tag: 0x0072006e, vr: 'ST', value })),
  texts.map((value) => ({ tag: 0x0072006f, vr: 'UC', value })),
  longText.map((value) => ({ tag: 0x00720070, vr: 'UT', value })),
  longText.map((value) => ({ tag: 0x00720071, vr: 'UR', value })),
  texts.map((value) => ({ tag: 0x00720072, vr: 'DS', value })),
  words(8).map((value) => ({ tag: 0x00720073, vr: 'OD', value })),
  fc.array(fc.double({ noNaN: true }), { maxLength: 3 }).map((value) => ({ tag: 0x00720074, vr: 'FD', value })),
  words(4).map((value) => ({ tag: 0x00720075, vr: 'OL', value })),
  fc.array(fc.float({ noNaN: true }), { maxLength: 3 }).map((value) => ({ tag: 0x00720076, vr: 'FL', value })),
  integer(0, 0xffffffff).map((value) => ({ tag: 0x00720078, vr: 'UL', value })),
  integer(0, 0xffff).map((value) => ({ tag: 0x0072007a, vr: 'US', value })),
  integer(-0x80000000, 0x7fffffff).map((value) => ({ tag: 0x0072007c, vr: 'SL', value })),
  integer(-0x8000, 0x7fff).map((value) => ({ tag: 0x0072007e, vr: 'SS', value })),
  texts.map((value) => ({ tag: 0x0072007f, vr: 'UI', value })),
  words(8).map((value) => ({ tag: 0x00720081, vr: 'OV', value })),
  bigInt(-(2n ** 63n), 2n ** 63n - 1n).map((value) => ({ tag: 0x00720082, vr: 'SV', value })),
  bigInt(0n, 2n ** 64n - 1n).map((value) => ({ tag: 0x00720083, vr: 'UV', value })),
];

function arbitraryDataSet(depth: number): fc.Arbitrary<DataSet> {
  const items = depth === 0 ? fc.constant([]) : fc.array(arbitraryDataSet(depth - 1), { maxLength: 2 });
  const sequence = items.map((items): DataElement => ({ tag: 0x00720080, vr: 'SQ', items }));
  return fc
    .subarray([...SELECTORS, sequence])
    .chain((elements) => fc.tuple(...elements))
    .map((elements) => elements.toSorted((a, b) => a.tag - b.tag));
}

test('Every VR survives each native transfer syntax, within sequences too', () => {
  const syntaxes: readonly TransferSyntax[] = [
    IMPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    JPEG,
  ];
  fc.assert(
    fc.property(arbitraryDataSet(2), fc.constantFrom(...syntaxes), (dataSet, syntax) => {
      assert.deepEqual(decodeDataSet(encodeDataSet(dataSet, syntax), syntax), dataSet);
    }),
    { numRuns: 200 },
  );
});
