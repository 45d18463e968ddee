/** What is a sequence in Explicit VR and a value in Implicit VR, or the other way round. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataSetError } from '../../../src/base/errors.js';
import { Transcoder } from '../../../src/dataset/transcode.js';
import { EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN } from '../../../src/dataset/transfer-syntax.js';
import { cut } from '../../support/data-set-tokens.js';
import { hex } from '../../support/pdu-hex.js';

function toImplicit(chunks: Iterable<Buffer>): Buffer {
  const transcoder = new Transcoder(EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN);
  const output: Buffer[] = [];
  // What comes out is valid until the next call only, so it is copied.
  for (const chunk of chunks) for (const bytes of transcoder.feed(chunk)) output.push(Buffer.from(bytes));
  return Buffer.concat([...output, ...transcoder.end()]);
}

/** @param expected bytes, or the message that they are refused with */
function check(input: Buffer, expected: Buffer | RegExp): void {
  for (const chunks of [[input], [...cut(input, [1])]])
    if (expected instanceof RegExp)
      assert.throws(
        () => toImplicit(chunks),
        (error) => error instanceof DataSetError && expected.test(error.message),
      );
    else assert.equal(toImplicit(chunks).toString('hex'), expected.toString('hex'));
}

// (0008,1140) is SQ in the registry.
const ITEMS = hex`feff 00e0 0a000000 0800 6000 02000000 ${'CT'}`;
const IMPLIED_SEQUENCES: readonly (readonly [string, Buffer, Buffer | RegExp])[] = [
  ['items in a UN', hex`0800 4011 554e 0000 12000000 ${ITEMS}`, hex`0800 4011 12000000 ${ITEMS}`],
  ['nothing', hex`0800 4011 4c4f 0000`, hex`0800 4011 00000000`],
  ['text', hex`0800 4011 4c4f 0400 ${'abcd'}`, /no sequence.* \(0008,1140\)/],
  ['items that are cut', hex`0800 4011 554e 0000 10000000 ${ITEMS.subarray(0, 16)}`, /no sequence.* \(0008,1140\)/],
  ['letters that are no VR', hex`0800 4011 531b 0400 ${'abcd'}`, /no sequence.* \(0008,1140\)/],
];

for (const [what, input, expected] of IMPLIED_SEQUENCES)
  test(`an element that Implicit VR takes for a sequence, with ${what}`, () => check(input, expected));

const ITEM = hex`feff 00e0 ffffffff 0800 6000 4353 0200 ${'CT'} feff 0de0 00000000`;
const IMPLICIT_ITEM = hex`feff 00e0 ffffffff 0800 6000 02000000 ${'CT'} feff 0de0 00000000`;
const END = hex`feff dde0 00000000`;
const IN_AN_ITEM = hex`0800 4011 5351 0000 ffffffff feff 00e0 ffffffff 1000 2000 5351 0000 ffffffff`;
// (0010,0020) is LO, (0028,0106) US or SS, (0072,006D) UN in the registry; (0008,FFEE) is not in it.
const SEQUENCES: readonly (readonly [string, Buffer, Buffer | RegExp])[] = [
  ['has as LO', hex`1000 2000 5351 0000 ffffffff ${ITEM} ${END}`, /a sequence.* LO in \(0010,0020\)/],
  ['has as LO, of defined length', hex`1000 2000 5351 0000 1a000000 ${ITEM}`, /a sequence.* LO in \(0010,0020\)/],
  ['has as LO, as UN', hex`1000 2000 554e 0000 ffffffff ${IMPLICIT_ITEM} ${END}`, /a sequence.* LO in \(0010,0020\)/],
  ['has as LO, in an item', hex`${IN_AN_ITEM} ${END} feff 0de0 00000000 ${END}`, /a sequence.* LO in \(0010,0020\)/],
  [
    'has as LO, in a UN that Implicit VR takes for a sequence',
    hex`0800 4011 554e 0000 18000000 feff 00e0 10000000 1000 2000 ffffffff ${END}`,
    /no sequence.* \(0008,1140\)/,
  ],
  ['leaves open', hex`2800 0601 5351 0000 ffffffff ${END}`, /a sequence.* US or SS in \(0028,0106\)/],
  ['has for a private creator', hex`0900 1000 5351 0000 ffffffff ${END}`, /a sequence.* LO in \(0009,0010\)/],
  [
    'leaves to its owner',
    hex`0900 0110 5351 0000 ffffffff ${ITEM} ${END}`,
    hex`0900 0110 ffffffff ${IMPLICIT_ITEM} ${END}`,
  ],
  ['has as UN', hex`7200 6d00 5351 0000 ffffffff ${ITEM} ${END}`, hex`7200 6d00 ffffffff ${IMPLICIT_ITEM} ${END}`],
  [
    'does not have',
    hex`0800 eeff 554e 0000 ffffffff ${IMPLICIT_ITEM} ${END}`,
    hex`0800 eeff ffffffff ${IMPLICIT_ITEM} ${END}`,
  ],
];

for (const [what, input, expected] of SEQUENCES)
  test(`a sequence on its way to Implicit VR, on a tag that the registry ${what}`, () => check(input, expected));
