/** Which elements are rewritten in one loop. That they become what their tokens would is a law of its own (transcode.test.ts). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endOfShortElements, toImplicitVr } from '../../../src/dataset/short-elements.js';
import type { TransferSyntax } from '../../../src/dataset/transfer-syntax.js';
import {
  EXPLICIT_VR_BIG_ENDIAN as BE,
  IMPLICIT_VR_LITTLE_ENDIAN as IMPLICIT,
  EXPLICIT_VR_LITTLE_ENDIAN as LE,
} from '../../../src/dataset/transfer-syntax.js';
import { hex } from '../../support/pdu-hex.js';

const SHORT = hex`1000 1000 504e 0400 ${'A^B '} 1000 2000 4c4f 0000`;
/** So that what is before it does not end too near to the end. */
const REST = Buffer.alloc(12);

const CASES: readonly (readonly [string, TransferSyntax, Buffer, Buffer])[] = [
  ['one behind the other', LE, SHORT, hex``],
  ['private ones', LE, hex`1100 1000 4c4f 0200 ${'A '} 1100 0110 5348 0200 ${'B '}`, hex``],
  ['none of another syntax', IMPLICIT, hex``, hex`1000 1000 504e 0000`],
  ['none in big endian', BE, hex``, hex`0010 0010 504e 0000`],
  ['none with a long header', LE, SHORT, hex`4200 1100 4f42 0000 02000000 0102`],
  ['none of odd length', LE, SHORT, hex`1000 4000 4353 0100 46`],
  ['none that is not there to its end', LE, SHORT, hex`1000 4000 4353 ffff`],
  ['none that is dropped: a group length', LE, SHORT, hex`1800 0000 554c 0400 00000000`],
  ['none that is dropped: group 0002', LE, hex``, hex`0200 1000 5549 0000`],
  ['none that is dropped: group 0000', LE, hex``, hex`0000 0001 5553 0200 0100`],
  ['none that is dropped: padding', LE, SHORT, hex`fcff fcff 4c4f 0000`],
  ['no sequence', LE, SHORT, hex`4000 7502 5351 0000 00000000`],
  ['none that is a sequence in Implicit VR', LE, SHORT, hex`4000 7502 4c4f 0200 ${'A '}`],
  ['no letters that are no VR', LE, SHORT, hex`4000 0100 3f3f 0000`],
  ['no item whose length looks like a VR', LE, SHORT, hex`feff 00e0 4353 0200 4142`],
  ['no delimiter of an item whose length does', LE, SHORT, hex`feff 0de0 5553 1c00`],
  ['no delimiter of a sequence whose length does', LE, SHORT, hex`feff dde0 5348 0000`],
];

for (const [what, syntax, short, next] of CASES)
  test(`what is rewritten in one loop: ${what}`, () => {
    const before = Buffer.alloc(3, 0xff);
    const bytes = Buffer.concat([before, short, next, REST]);
    assert.equal(endOfShortElements(bytes, before.length, syntax), before.length + short.length);
  });

test('a run is no longer than 16 KiB', () => {
  const element = Buffer.concat([hex`1000 1000 4c54 e803`, Buffer.alloc(1000)]);
  const bytes = Buffer.concat([...new Array(20).fill(element), REST]);
  assert.equal(endOfShortElements(bytes, 0, LE), 16 * element.length);
});

test('a run is put in Implicit VR where it stands', () => {
  const bytes = Buffer.concat([hex`ff`, SHORT, hex`ff`]);
  toImplicitVr(bytes, 1, 1 + SHORT.length);
  assert.deepEqual(bytes, hex`ff 1000 1000 04000000 ${'A^B '} 1000 2000 00000000 ff`);
});
