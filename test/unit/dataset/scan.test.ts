/** What a scan tells of a data set, and that it needs neither the large values nor the memory for them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DataSetError } from '../../../src/base/errors.js';
import type { ScanResult } from '../../../src/dataset/scan.js';
import { DataSetScan } from '../../../src/dataset/scan.js';
import type { TransferSyntax } from '../../../src/dataset/transfer-syntax.js';
import {
  EXPLICIT_VR_BIG_ENDIAN as BE,
  IMPLICIT_VR_LITTLE_ENDIAN as IMPLICIT,
  EXPLICIT_VR_LITTLE_ENDIAN as LE,
} from '../../../src/dataset/transfer-syntax.js';
import { dataSetArbitrary, EBE, ELE, encode, ILE } from '../../support/data-set-arbitrary.js';
import { cut } from '../../support/data-set-tokens.js';
import { hex } from '../../support/pdu-hex.js';

function scan(chunks: Iterable<Buffer>, syntax: TransferSyntax): ScanResult {
  const scan = new DataSetScan(syntax);
  for (const chunk of chunks) scan.feed(chunk);
  scan.end();
  return scan.result;
}

const UIDS = hex`0800 1600 5549 0400 ${'1.2\0'} 0800 1800 5549 0600 ${'1.2.3 '}`;
const NONE = {
  sopClassUid: undefined,
  sopInstanceUid: undefined,
  headComplete: true,
  isEmpty: false,
  needsRewrite: false,
  movesFragments: false,
};
const FOUND = { ...NONE, sopClassUid: '1.2', sopInstanceUid: '1.2.3' };

const ODD_BEFORE_ANOTHER = hex`feff 00e0 01000000 ff feff 00e0 02000000 ffff feff dde0 00000000`;

const SCANS: readonly (readonly [string, TransferSyntax, Buffer, ScanResult])[] = [
  ['an empty data set', LE, hex``, { ...NONE, isEmpty: true }],
  ['the two UIDs without padding', LE, UIDS, FOUND],
  ['the two UIDs in big endian', BE, hex`0008 0016 5549 0004 ${'1.2\0'} 0008 0018 5549 0006 ${'1.2.3\0'}`, FOUND],
  ['the two UIDs in Implicit VR', IMPLICIT, hex`0800 1600 04000000 ${'1.2\0'} 0800 1800 06000000 ${'1.2.3\0'}`, FOUND],
  ['an empty UID as empty', LE, hex`0800 1800 5549 0000 1000 1000 504e 0200 ${'A^'}`, { ...NONE, sopInstanceUid: '' }],
  [
    'no UID of an item',
    LE,
    hex`0800 0600 5351 0000 ffffffff feff 00e0 ffffffff ${UIDS} feff 0de0 00000000 feff dde0 00000000`,
    NONE,
  ],
  [
    'so much of a long UID that it is too long still',
    LE,
    hex`0800 1800 5549 d000 ${'1'.repeat(208)}`,
    { ...NONE, sopInstanceUid: '1'.repeat(129) },
  ],
  ['an odd value', LE, hex`1000 1000 504e 0300 ${'A^B'}`, { ...NONE, needsRewrite: true }],
  [
    'an odd value in an item',
    LE,
    hex`0800 0600 5351 0000 13000000 feff 00e0 0b000000 1000 1000 504e 0300 ${'A^B'}`,
    { ...NONE, needsRewrite: true },
  ],
  [
    'odd fragments with none behind them',
    LE,
    hex`e07f 1000 4f42 0000 ffffffff feff 00e0 01000000 ff feff dde0 00000000
        e17f 1000 4f42 0000 ffffffff feff 00e0 00000000 feff 00e0 01000000 ff feff dde0 00000000`,
    { ...NONE, needsRewrite: true },
  ],
  [
    'an odd fragment with another behind it, in an item too',
    LE,
    hex`8800 0002 5351 0000 ffffffff feff 00e0 ffffffff e07f 1000 4f42 0000 ffffffff feff 00e0 00000000
        feff 00e0 01000000 ff feff 00e0 02000000 ffff feff dde0 00000000 feff 0de0 00000000 feff dde0 00000000`,
    { ...NONE, needsRewrite: true, movesFragments: true },
  ],
  [
    'a table before it whose first offset is 0',
    LE,
    hex`e07f 1000 4f42 0000 ffffffff feff 00e0 08000000 00000000 09000000 ${ODD_BEFORE_ANOTHER}`,
    { ...NONE, needsRewrite: true, movesFragments: true },
  ],
  [
    'something else in the place of a table, as what nobody can tell',
    LE,
    hex`e07f 1000 4f42 0000 ffffffff feff 00e0 04000000 00000001 ${ODD_BEFORE_ANOTHER}`,
    { ...NONE, needsRewrite: true },
  ],
  [
    'an odd length in the place of a table, likewise',
    LE,
    hex`e07f 1000 4f42 0000 ffffffff ${ODD_BEFORE_ANOTHER}`,
    { ...NONE, needsRewrite: true },
  ],
  [
    'odd fragments of another element, of which no table tells',
    LE,
    hex`0900 0110 4f42 0000 ffffffff feff 00e0 00000000 ${ODD_BEFORE_ANOTHER}`,
    { ...NONE, needsRewrite: true },
  ],
  ['file meta elements in the data set', LE, hex`0200 1000 5549 0000`, { ...NONE, isEmpty: true, needsRewrite: true }],
  ['command elements in the data set', LE, hex`0000 0200 5549 0000`, { ...NONE, isEmpty: true, needsRewrite: true }],
  ['a sequence in group 0002', LE, hex`0200 0110 5351 0000 00000000`, { ...NONE, isEmpty: true, needsRewrite: true }],
  ['a byte of padding that belongs to nothing', LE, hex`${UIDS} 00`, { ...FOUND, needsRewrite: true }],
  ['a group length as nothing to change', LE, hex`0800 0000 554c 0400 00000000`, NONE],
];

for (const [what, syntax, bytes, expected] of SCANS)
  test(`a scan tells ${what}`, () => {
    assert.deepEqual(scan([bytes], syntax), expected);
    assert.deepEqual(scan(cut(bytes, [1]), syntax), expected);
  });

/** As a file is read: what may be passed over after a chunk is passed over. */
function scanWithJumps(bytes: Buffer, syntax: TransferSyntax, sizes: readonly number[]): ScanResult {
  const scan = new DataSetScan(syntax);
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    scan.feed(bytes.subarray(at, at + size));
    at = Math.min(bytes.length, at + size);
    const jump = Math.min(scan.skippable, bytes.length - at);
    scan.skip(jump);
    at += jump;
  }
  scan.end();
  return scan.result;
}

test('wherever a data set is cut, and whatever may be passed over is passed over, the scan tells the same', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.constantFrom(...SCANS), sizes, ([, syntax, bytes, expected], cuts) => {
      assert.deepEqual(scanWithJumps(bytes, syntax, cuts), expected);
    }),
    { numRuns: 2000 },
  );
  for (const [, syntax, bytes, expected] of SCANS)
    for (let first = 1; first < bytes.length; first++)
      assert.deepEqual(scanWithJumps(bytes, syntax, [first, bytes.length]), expected);
});

test('the head is complete with the first element behind the UIDs, not before', () => {
  const scan = new DataSetScan(LE);
  scan.feed(UIDS);
  assert.equal(scan.result.headComplete, false);
  scan.feed(hex`0800 2000 4441 0000`);
  assert.deepEqual(scan.result, FOUND);
});

test('a sequence behind the UIDs completes the head too', () => {
  const scan = new DataSetScan(LE);
  scan.feed(hex`${UIDS} 0800 4011 5351 0000 ffffffff`);
  assert.equal(scan.result.headComplete, true);
});

test('large values may be passed over, UIDs may not', () => {
  const scan = new DataSetScan(LE);
  scan.feed(UIDS.subarray(0, 10));
  assert.equal(scan.skippable, 0);
  scan.feed(UIDS.subarray(10));
  scan.feed(hex`e07f 1000 4f57 0000 feffffff ${'ab'}`);
  assert.equal(scan.skippable, 0xfffffffc);
  scan.skip(scan.skippable);
  scan.feed(hex`fcff fcff 4f42 0000 00000000`);
  scan.end();
  assert.deepEqual(scan.result, FOUND);
});

test('what is no data set is refused, at once or at its end', () => {
  const stray = new DataSetScan(LE);
  assert.throws(() => stray.feed(hex`feff 0de0 00000000`), DataSetError);
  const short = new DataSetScan(LE);
  short.feed(UIDS.subarray(0, -1));
  assert.throws(() => short.end(), DataSetError);
});

for (const [syntax, encoding] of [
  [IMPLICIT, ILE],
  [LE, ELE],
  [BE, EBE],
] as const)
  test(`law: ${syntax.name}: a scan tells the same of any data set, damaged or not, whole or byte by byte`, () => {
    const damages = fc.array(fc.record({ at: fc.nat(), byte: fc.nat(255) }), { maxLength: 2 });
    const outcome = (chunks: Iterable<Buffer>): unknown => {
      try {
        return scan(chunks, syntax);
      } catch (error) {
        assert.ok(error instanceof DataSetError);
        return error.message;
      }
    };
    fc.assert(
      fc.property(dataSetArbitrary(), fc.boolean(), damages, (nodes, hasUids, damages) => {
        const bytes = Buffer.concat([hasUids ? UIDS : Buffer.alloc(0), encode(nodes, encoding)]);
        for (const { at, byte } of damages) if (bytes.length > 0) bytes[at % bytes.length] = byte;
        assert.deepEqual(outcome([bytes]), outcome(cut(bytes, [1])));
      }),
      { numRuns: 200 },
    );
  });
