/** Data sets from one transfer syntax to another: each rule as hex, and the laws of there and back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DataSetError, UsageError } from '../../../src/base/errors.js';
import { canConvert, Transcoder } from '../../../src/dataset/transcode.js';
import type { TransferSyntax } from '../../../src/dataset/transfer-syntax.js';
import {
  EXPLICIT_VR_BIG_ENDIAN as BE,
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN as DEFLATED,
  IMPLICIT_VR_LITTLE_ENDIAN as IMPLICIT,
  EXPLICIT_VR_LITTLE_ENDIAN as LE,
  transferSyntax,
} from '../../../src/dataset/transfer-syntax.js';
import type { DataSetLimits, TestEncoding } from '../../support/data-set-arbitrary.js';
import { dataSetArbitrary, EBE, ELE, encode, ILE, patterned } from '../../support/data-set-arbitrary.js';
import { cut, readWhole } from '../../support/data-set-tokens.js';
import { hex } from '../../support/pdu-hex.js';

const JPEG = transferSyntax('1.2.840.10008.1.2.4.50') ?? LE;
const RLE = transferSyntax('1.2.840.10008.1.2.5') ?? LE;

function transcode(chunks: Iterable<Buffer>, from: TransferSyntax, to: TransferSyntax): Buffer {
  const transcoder = new Transcoder(from, to);
  const output: Buffer[] = [];
  // What comes out is valid until the next call only, so it is copied.
  for (const chunk of chunks) for (const bytes of transcoder.feed(chunk)) output.push(Buffer.from(bytes));
  return Buffer.concat([...output, ...transcoder.end()]);
}

const ICON = hex`8800 0002 5351 0000 ffffffff feff 00e0 ffffffff e07f 1000 4f42 0000 02000000 ${'xy'}
  feff 0de0 00000000 feff dde0 00000000`;

const RULES: readonly (readonly [string, TransferSyntax, TransferSyntax, Buffer, Buffer])[] = [
  [
    'Implicit VR gets the VRs of the dictionary',
    IMPLICIT,
    LE,
    hex`0800 6000 02000000 ${'CT'} 0800 1901 02000000 ${'ab'}`,
    hex`0800 6000 4353 0200 ${'CT'} 0800 1901 5543 0000 02000000 ${'ab'}`,
  ],
  [
    'unknown and private elements become UN, their bytes kept in big endian too',
    IMPLICIT,
    BE,
    hex`0900 1000 04000000 ${'ACME'} 0900 0110 04000000 ${'abcd'} 0800 ffff 02000000 ${'ef'}`,
    hex`0009 0010 4c4f 0004 ${'ACME'} 0009 1001 554e 0000 00000004 ${'abcd'} 0008 ffff 554e 0000 00000002 ${'ef'}`,
  ],
  [
    'a private element of undefined length becomes SQ',
    IMPLICIT,
    LE,
    hex`0900 0110 ffffffff feff dde0 00000000`,
    hex`0900 0110 5351 0000 ffffffff feff dde0 00000000`,
  ],
  [
    'a UN of undefined length becomes SQ, its items those of the target',
    LE,
    BE,
    hex`0900 0110 554e 0000 ffffffff feff 00e0 ffffffff 2800 1000 02000000 ${'ab'} feff 0de0 00000000 feff dde0 00000000`,
    hex`0009 1001 5351 0000 ffffffff fffe e000 ffffffff 0028 0010 5553 0002 ${'ba'} fffe e00d 00000000 fffe e0dd 00000000`,
  ],
  [
    'the little endian words in a UN of big endian data stay as they are',
    BE,
    LE,
    hex`0009 1001 554e 0000 ffffffff feff 00e0 ffffffff 2800 1000 02000000 ${'ab'} feff 0de0 00000000 feff dde0 00000000
        0028 0011 5553 0002 ${'cd'}`,
    hex`0900 0110 5351 0000 ffffffff feff 00e0 ffffffff 2800 1000 5553 0200 ${'ab'} feff 0de0 00000000 feff dde0 00000000
        2800 1100 5553 0200 ${'dc'}`,
  ],
  [
    'a VR that the dictionary has otherwise is kept',
    LE,
    BE,
    hex`0800 6000 5553 0200 ${'ab'} 2800 1000 554e 0000 02000000 ${'cd'}`,
    hex`0008 0060 5553 0002 ${'ba'} 0028 0010 554e 0000 00000002 ${'cd'}`,
  ],
  [
    'letters that are no VR become UN',
    LE,
    LE,
    hex`0900 0110 3f3f 0200 ${'ab'}`,
    hex`0900 0110 554e 0000 02000000 ${'ab'}`,
  ],
  [
    'US or SS is US without Pixel Representation',
    IMPLICIT,
    LE,
    hex`2800 0601 02000000 ${'ab'}`,
    hex`2800 0601 5553 0200 ${'ab'}`,
  ],
  [
    'US or SS is SS if Pixel Representation is 1',
    IMPLICIT,
    BE,
    hex`2800 0301 02000000 0100 2800 0601 02000000 ${'ab'}`,
    hex`0028 0103 5553 0002 0001 0028 0106 5353 0002 ${'ba'}`,
  ],
  [
    'items inherit Pixel Representation, have their own, and leave that of others alone',
    IMPLICIT,
    LE,
    hex`2800 0301 02000000 0100
        2800 0030 2e000000 feff 00e0 0a000000 2800 0230 02000000 ${'ab'}
                           feff 00e0 14000000 2800 0301 02000000 0000 2800 0230 02000000 ${'cd'}
        2800 2001 02000000 ${'ef'}`,
    hex`2800 0301 5553 0200 0100
        2800 0030 5351 0000 ffffffff
        feff 00e0 ffffffff 2800 0230 5353 0200 ${'ab'} feff 0de0 00000000
        feff 00e0 ffffffff 2800 0301 5553 0200 0000 2800 0230 5553 0200 ${'cd'} feff 0de0 00000000
        feff dde0 00000000
        2800 2001 5353 0200 ${'ef'}`,
  ],
  [
    'Pixel Representation in big endian decides in the Implicit VR of a UN',
    BE,
    LE,
    hex`0028 0103 5553 0002 0001
        0029 1001 554e 0000 ffffffff feff 00e0 ffffffff 2800 0601 02000000 ${'ab'} feff 0de0 00000000 feff dde0 00000000`,
    hex`2800 0301 5553 0200 0100
        2900 0110 5351 0000 ffffffff feff 00e0 ffffffff 2800 0601 5353 0200 ${'ab'} feff 0de0 00000000 feff dde0 00000000`,
  ],
  [
    'lookup table data is US for one entry, OW for more',
    IMPLICIT,
    LE,
    hex`2800 0630 02000000 ${'ab'} 2800 0630 04000000 ${'abcd'} 2800 0012 04000000 ${'abcd'}`,
    hex`2800 0630 5553 0200 ${'ab'} 2800 0630 4f57 0000 04000000 ${'abcd'} 2800 0012 4f57 0000 04000000 ${'abcd'}`,
  ],
  [
    'pixel, overlay and waveform data are OW, and so words in big endian',
    IMPLICIT,
    BE,
    hex`0054 1010 02000000 ${'ab'} 0260 0030 02000000 ${'cd'} e07f 1000 02000000 ${'ef'}`,
    hex`5400 1010 4f57 0000 00000002 ${'ba'} 6002 3000 4f57 0000 00000002 ${'dc'} 7fe0 0010 4f57 0000 00000002 ${'fe'}`,
  ],
  [
    'pixel data that came as OB stays OB',
    LE,
    BE,
    hex`e07f 1000 4f42 0000 02000000 ${'ab'}`,
    hex`7fe0 0010 4f42 0000 00000002 ${'ab'}`,
  ],
  [
    'group lengths, groups 0000 and 0002 and trailing padding are dropped, in items too',
    LE,
    LE,
    hex`0000 0100 554c 0400 00000000 0200 1000 5549 0000 0800 0000 554c 0400 00000000 0800 6000 4353 0200 ${'CT'}
        0800 4011 5351 0000 14000000 feff 00e0 0c000000 0800 0000 554c 0400 00000000 fcff fcff 4f42 0000 02000000 0000`,
    hex`0800 6000 4353 0200 ${'CT'} 0800 4011 5351 0000 ffffffff feff 00e0 ffffffff feff 0de0 00000000 feff dde0 00000000`,
  ],
  [
    'a dropped sequence goes with all that is in it',
    LE,
    LE,
    hex`0200 0110 5351 0000 ffffffff feff 00e0 ffffffff ${ICON} 0800 6000 4353 0200 ${'CT'} feff 0de0 00000000 feff dde0 00000000
        0200 0210 4f42 0000 ffffffff feff 00e0 02000000 ${'ab'} feff dde0 00000000 0800 6000 4353 0200 ${'MR'}`,
    hex`0800 6000 4353 0200 ${'MR'}`,
  ],
  [
    'odd values are padded',
    LE,
    IMPLICIT,
    hex`1000 1000 504e 0300 ${'A^B'} e07f 1000 4f42 0000 01000000 ${'a'}`,
    hex`1000 1000 04000000 ${'A^B '} e07f 1000 02000000 ${'a\0'}`,
  ],
  [
    'encapsulated data keep their fragments, and the native pixels of an icon',
    JPEG,
    JPEG,
    hex`${ICON} e07f 1000 4f42 0000 ffffffff feff 00e0 00000000 feff 00e0 02000000 ${'ab'} feff dde0 00000000`,
    hex`${ICON} e07f 1000 4f42 0000 ffffffff feff 00e0 00000000 feff 00e0 02000000 ${'ab'} feff dde0 00000000`,
  ],
];

for (const [what, from, to, input, expected] of RULES)
  test(what, () => {
    assert.equal(transcode([input], from, to).toString('hex'), expected.toString('hex'));
    assert.equal(transcode(cut(input, [1]), from, to).toString('hex'), expected.toString('hex'));
  });

test('encapsulated pixel data are refused where the syntax is native', () => {
  const bytes = hex`e07f 1000 4f42 0000 ffffffff feff dde0 00000000`;
  for (const to of [LE, BE, IMPLICIT])
    assert.throws(() => transcode([bytes], LE, to), /encapsulated pixel data in .* \(7FE0,0010\)/);
});

test('native syntaxes convert to one another, others to themselves only', () => {
  const native = [IMPLICIT, LE, BE, DEFLATED];
  for (const from of native) for (const to of native) assert.ok(canConvert(from, to));
  assert.ok(canConvert(JPEG, JPEG));
  for (const native of [IMPLICIT, DEFLATED]) {
    assert.ok(!canConvert(JPEG, native));
    assert.ok(!canConvert(native, JPEG));
  }
  assert.ok(!canConvert(JPEG, RLE));
  assert.throws(() => new Transcoder(JPEG, RLE), UsageError);
});

test('the chunk that was fed stays as it was', () => {
  const bytes = hex`2800 1000 5553 0200 ${'ab'} e07f 1000 4f57 0000 00200000 ${patterned(8192)}`;
  const before = Buffer.from(bytes);
  transcode([bytes], LE, BE);
  assert.deepEqual(bytes, before);
});

test('a data set that is cut is refused at its end', () => {
  const transcoder = new Transcoder(LE, BE);
  transcoder.feed(hex`1000 1000 504e 0400 ${'A^'}`);
  assert.throws(() => transcoder.end(), DataSetError);
});

test('1,000 sequences within one another convert', () => {
  const depth = 1000;
  const bytes = Buffer.concat([
    Buffer.alloc(depth * 16, hex`0800 4011 ffffffff feff 00e0 ffffffff`),
    Buffer.alloc(depth * 16, hex`feff 0de0 00000000 feff dde0 00000000`),
  ]);
  assert.equal(transcode([transcode([bytes], IMPLICIT, BE)], BE, IMPLICIT).equals(bytes), true);
});

interface Way {
  readonly encoding: TestEncoding;
  readonly from: TransferSyntax;
  readonly to: TransferSyntax;
  readonly limits: DataSetLimits;
}

// Implicit VR loses the VR of a private element, so on the way through it there are none.
const WAYS: readonly Way[] = [
  { encoding: ILE, from: IMPLICIT, to: LE, limits: {} },
  { encoding: ILE, from: IMPLICIT, to: BE, limits: {} },
  { encoding: ELE, from: LE, to: BE, limits: {} },
  { encoding: EBE, from: BE, to: LE, limits: {} },
  { encoding: ELE, from: LE, to: IMPLICIT, limits: { isKnownOnly: true } },
  { encoding: EBE, from: BE, to: IMPLICIT, limits: { isKnownOnly: true } },
];

for (const { encoding, from, to, limits } of WAYS)
  test(`law: ${from.name} to ${to.name} and back changes nothing, however the bytes are cut`, () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(dataSetArbitrary({ ...limits, hasBigValues: true }), sizes, (nodes, sizes) => {
        const bytes = encode(nodes, encoding);
        const scaled = sizes.map((size) => size * (1 + Math.floor(bytes.length / 2000)));
        const there = transcode(cut(bytes, scaled), from, to);
        const back = transcode(cut(there, scaled), to, from);
        const normalised = transcode([bytes], from, from);
        assert.deepEqual(readWhole(back, from), readWhole(normalised, from));
        assert.ok(back.equals(normalised));
      }),
      { numRuns: 150 },
    );
  });

const DELIMITERS = [hex`feff 00e0`, hex`feff 0de0`, hex`feff dde0`];

/** Where items and delimiters are: what looks like one in a value is damaged as well. */
function delimitersIn(bytes: Buffer): readonly number[] {
  return DELIMITERS.flatMap((tag) => {
    const places: number[] = [];
    for (let at = bytes.indexOf(tag); at !== -1; at = bytes.indexOf(tag, at + 1)) places.push(at);
    return places;
  });
}

test('law: any data set, damaged or not, goes to Implicit VR in the same way whole and byte by byte', () => {
  const damages = fc.array(fc.record({ at: fc.nat(), byte: fc.nat(255) }), { maxLength: 2 });
  // The length of a delimiter does not count, and may look like a VR.
  const letters = fc.option(fc.tuple(fc.nat(), fc.constantFrom('US', 'SH', 'CS', 'UN', '??'), fc.nat(64)));
  const outcome = (chunks: Iterable<Buffer>): unknown => {
    try {
      return transcode(chunks, LE, IMPLICIT).toString('latin1');
    } catch (error) {
      assert.ok(error instanceof DataSetError);
      return error.message;
    }
  };
  fc.assert(
    fc.property(dataSetArbitrary(), damages, letters, (nodes, damages, letters) => {
      const bytes = encode(nodes, ELE);
      for (const { at, byte } of damages) if (bytes.length > 0) bytes[at % bytes.length] = byte;
      const places = delimitersIn(bytes);
      if (letters !== null && places.length > 0) {
        const [which, vr, length] = letters;
        bytes.write(`${vr}${String.fromCharCode(length)}\0`, (places[which % places.length] ?? 0) + 4, 'latin1');
      }
      assert.deepEqual(outcome([bytes]), outcome(cut(bytes, [1])));
    }),
    { numRuns: 400 },
  );
});

test('a delimiter whose length looks like a VR is a delimiter on the way to Implicit VR', () => {
  const item = hex`feff 00e0 ffffffff 0800 5000 5348 0200 ${'A '}`;
  const bytes = hex`4000 7502 5351 0000 ffffffff ${item} feff 0de0 5553 0000 feff dde0 00000000 4100 1000 4c4f 0000`;
  const expected = hex`4000 7502 ffffffff feff 00e0 ffffffff 0800 5000 02000000 ${'A '} feff 0de0 00000000 feff dde0 00000000 4100 1000 00000000`;
  assert.deepEqual(transcode([bytes], LE, IMPLICIT), expected);
});
