/** Offset tables that are left out of a data set that is rewritten, and what stays. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Transcoder } from '../../../src/dataset/transcode.js';
import { EXPLICIT_VR_LITTLE_ENDIAN, transferSyntax } from '../../../src/dataset/transfer-syntax.js';
import { cut } from '../../support/data-set-tokens.js';
import { hex } from '../../support/pdu-hex.js';

const RLE = transferSyntax('1.2.840.10008.1.2.5') ?? EXPLICIT_VR_LITTLE_ENDIAN;

function withoutOffsetTables(chunks: Iterable<Buffer>): Buffer {
  const transcoder = new Transcoder(RLE, RLE, { offsetTables: 'remove' });
  const output: Buffer[] = [];
  // What comes out is valid until the next call only, so it is copied.
  for (const chunk of chunks) for (const bytes of transcoder.feed(chunk)) output.push(Buffer.from(bytes));
  return Buffer.concat([...output, ...transcoder.end()]);
}

const ICON = hex`8800 0002 5351 0000 ffffffff feff 00e0 ffffffff e07f 1000 4f42 0000 02000000 ${'xy'}
  feff 0de0 00000000 feff dde0 00000000`;
const FRAGMENTS = hex`feff 00e0 01000000 ${'a'} feff 00e0 02000000 ${'bc'} feff dde0 00000000`;
const PADDED = hex`feff 00e0 02000000 ${'a\0'} feff 00e0 02000000 ${'bc'} feff dde0 00000000`;
const PIXELS = hex`e07f 1000 4f42 0000 ffffffff`;
const EMPTY_TABLE = hex`feff 00e0 00000000`;

const RULES: readonly (readonly [string, Buffer, Buffer])[] = [
  [
    'the Basic Offset Table becomes empty',
    hex`${PIXELS} feff 00e0 08000000 00000000 09000000 ${FRAGMENTS}`,
    hex`${PIXELS} ${EMPTY_TABLE} ${PADDED}`,
  ],
  ['an empty one stays', hex`${PIXELS} ${EMPTY_TABLE} ${FRAGMENTS}`, hex`${PIXELS} ${EMPTY_TABLE} ${PADDED}`],
  [
    'fragments of other elements stay',
    hex`0900 1000 4c4f 0200 ${'ab'} 0900 0110 4f42 0000 ffffffff feff 00e0 04000000 ${'0123'} ${FRAGMENTS}`,
    hex`0900 1000 4c4f 0200 ${'ab'} 0900 0110 4f42 0000 ffffffff feff 00e0 04000000 ${'0123'} ${PADDED}`,
  ],
  [
    'the Extended Offset Table and the lengths go',
    hex`e07f 0100 4f56 0000 08000000 ${'01234567'} e07f 0200 4f56 0000 08000000 ${'01234567'}
        e07f 0300 5556 0000 08000000 ${'01234567'} ${PIXELS} ${EMPTY_TABLE} ${FRAGMENTS}`,
    hex`${PIXELS} ${EMPTY_TABLE} ${PADDED}`,
  ],
  [
    'native pixel data and all else stay, in items too',
    hex`${ICON} 8800 0002 5351 0000 ffffffff feff 00e0 ffffffff
        ${PIXELS} feff 00e0 04000000 00000000 ${FRAGMENTS} feff 0de0 00000000 feff dde0 00000000 fdff 1000 4c4f 0200 ${'ab'}`,
    hex`${ICON} 8800 0002 5351 0000 ffffffff feff 00e0 ffffffff
        ${PIXELS} ${EMPTY_TABLE} ${PADDED} feff 0de0 00000000 feff dde0 00000000 fdff 1000 4c4f 0200 ${'ab'}`,
  ],
];

for (const [what, input, expected] of RULES)
  test(`without offset tables: ${what}`, () => {
    for (const chunks of [[input], cut(input, [1]), cut(input, [7])])
      assert.equal(withoutOffsetTables(chunks).toString('hex'), expected.toString('hex'));
  });
