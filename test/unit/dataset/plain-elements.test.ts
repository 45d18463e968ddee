/** Which elements are passed over without a look. That a scan tells the same with them is a law of its own (scan.test.ts). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endOfPlainElements } from '../../../src/dataset/plain-elements.js';
import type { TransferSyntax } from '../../../src/dataset/transfer-syntax.js';
import {
  EXPLICIT_VR_BIG_ENDIAN as BE,
  IMPLICIT_VR_LITTLE_ENDIAN as IMPLICIT,
  EXPLICIT_VR_LITTLE_ENDIAN as LE,
} from '../../../src/dataset/transfer-syntax.js';
import { hex } from '../../support/pdu-hex.js';

const AFTER = 0x00080018;
/** So that what is before it does not end too near to the end. */
const REST = Buffer.alloc(12);

const CASES: readonly (readonly [string, TransferSyntax, Buffer, Buffer])[] = [
  ['a short header', LE, hex`1000 1000 504e 0400 ${'A^B '}`, hex``],
  ['a long header', LE, hex`1000 1000 5554 0000 04000000 ${'ABCD'}`, hex``],
  ['no value', LE, hex`1000 1000 504e 0000`, hex``],
  ['a group length', LE, hex`1000 0000 554c 0400 00000000`, hex``],
  ['one behind the other', LE, hex`0800 2000 4441 0000 1000 1000 504e 0200 ${'A '}`, hex``],
  ['Implicit VR', IMPLICIT, hex`1000 1000 04000000 ${'A^B '}`, hex``],
  ['a private element in Implicit VR', IMPLICIT, hex`1100 1010 02000000 ${'A '}`, hex``],
  ['nothing in big endian', BE, hex``, hex`0010 0010 504e 0000`],
  ['nothing up to the tag that is given', LE, hex``, hex`0800 1800 5549 0000`],
  ['no value of odd length', LE, hex`1000 1000 504e 0000`, hex`1000 2000 4c4f 0100 41`],
  ['no value that is not there to its end', LE, hex`1000 1000 504e 0000`, hex`1000 2000 4c4f ffff`],
  ['no sequence', LE, hex`1000 1000 504e 0000`, hex`1000 0210 5351 0000 00000000`],
  ['no sequence in Implicit VR', IMPLICIT, hex`1000 1000 00000000`, hex`1000 0210 00000000`],
  ['no value of undefined length', LE, hex``, hex`e07f 1000 4f42 0000 ffffffff`],
  ['no letters that are no VR', LE, hex``, hex`1000 1000 3f3f 0000`],
  ['no VR that is yet to come', LE, hex``, hex`1000 1000 5a5a 0000 00000000`],
  ['no item', LE, hex``, hex`feff 00e0 00000000`],
  ['no item in Implicit VR', IMPLICIT, hex``, hex`feff 0de0 00000000`],
];

for (const [what, syntax, plain, next] of CASES)
  test(`what is passed over: ${what}`, () => {
    const before = Buffer.alloc(3, 0xff);
    const bytes = Buffer.concat([before, plain, next, REST]);
    assert.equal(endOfPlainElements(bytes, before.length, AFTER, syntax), before.length + plain.length);
  });

test('a header that may be cut is not passed over', () => {
  const bytes = hex`1000 1000 504e 0000 1000 2000 4c4f 0200 ${'A '}`;
  assert.equal(endOfPlainElements(bytes, 0, AFTER, LE), 8);
});
