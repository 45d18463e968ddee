/** PS3.5 7.1: headers as hex, read and written. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ElementEncoding } from '../../../src/dataset/element-header.js';
import {
  encodableVr,
  headerSize,
  LONG_HEADER,
  probeItemEncoding,
  readHeader,
  UNDEFINED_LENGTH,
  writeHeader,
  writeItemHeader,
} from '../../../src/dataset/element-header.js';
import {
  EXPLICIT_VR_BIG_ENDIAN as EBE,
  EXPLICIT_VR_LITTLE_ENDIAN as ELE,
  IMPLICIT_VR_LITTLE_ENDIAN as ILE,
} from '../../../src/dataset/transfer-syntax.js';
import type { Vr } from '../../../src/dataset/vr.js';
import { hex } from '../../support/pdu-hex.js';

const ELEMENTS: readonly (readonly [string, ElementEncoding, number, Vr, number])[] = [
  ['1000 1000 504e 0a00', ELE, 0x00100010, 'PN', 10],
  ['0010 0010 504e 000a', EBE, 0x00100010, 'PN', 10],
  ['2800 1000 5553 feff', ELE, 0x00280010, 'US', 0xfffe],
  ['e07f 1000 4f57 0000 78563412', ELE, 0x7fe00010, 'OW', 0x12345678],
  ['7fe0 0010 4f57 0000 12345678', EBE, 0x7fe00010, 'OW', 0x12345678],
  ['0800 4011 5351 0000 ffffffff', ELE, 0x00081140, 'SQ', UNDEFINED_LENGTH],
  ['fdff ffff 554e 0000 feffffff', ELE, 0xfffdffff, 'UN', 0xfffffffe],
  ['4000 60a1 5554 0000 00000000', ELE, 0x0040a160, 'UT', 0],
];

for (const [text, encoding, tag, vr, length] of ELEMENTS)
  test(`the explicit header ${text} is read and written`, () => {
    const bytes = Buffer.from(text.replaceAll(' ', ''), 'hex');
    const size = headerSize(bytes, 0, encoding);
    assert.deepEqual(readHeader(bytes, 0, size, encoding), { tag, vr, length, size: bytes.length });
    const target = Buffer.alloc(LONG_HEADER, 0xaa);
    assert.equal(writeHeader(target, 0, { tag, vr, length }, encoding), bytes.length);
    assert.deepEqual(target.subarray(0, bytes.length), bytes);
  });

const BARE: readonly (readonly [string, ElementEncoding, number, number])[] = [
  ['1000 1000 0a000000', ILE, 0x00100010, 10],
  ['feff 00e0 ffffffff', ILE, 0xfffee000, UNDEFINED_LENGTH],
  ['feff 0de0 00000000', ELE, 0xfffee00d, 0],
  ['fffe e0dd 00000000', EBE, 0xfffee0dd, 0],
  ['fffe e000 00000102', EBE, 0xfffee000, 0x102],
];

for (const [text, encoding, tag, length] of BARE)
  test(`the header without VR ${text} is read and written`, () => {
    const bytes = Buffer.from(text.replaceAll(' ', ''), 'hex');
    const size = headerSize(bytes, 0, encoding);
    assert.deepEqual(readHeader(bytes, 0, size, encoding), { tag, vr: undefined, length, size: 8 });
    const target = Buffer.alloc(LONG_HEADER, 0xaa);
    assert.equal(writeItemHeader(target, 0, { tag, length }, encoding), 8);
    assert.deepEqual(target.subarray(0, 8), bytes);
  });

test('letters that name no VR have the long form if they are capitals, as PS3.5 promises of new VRs', () => {
  const future = hex`0900 0110 5858 0000 04000100`;
  assert.equal(headerSize(future, 0, ELE), 12);
  assert.deepEqual(readHeader(future, 0, 12, ELE), { tag: 0x00091001, vr: undefined, length: 0x10004, size: 12 });
});

for (const letters of ['3f3f', '0000', '2020', '7573'])
  test(`the mistaken VR ${letters} has the short form`, () => {
    const bytes = hex`0900 0110 ${Buffer.from(letters, 'hex')} 0400`;
    assert.equal(headerSize(bytes, 0, ELE), 8);
    assert.deepEqual(readHeader(bytes, 0, 8, ELE), { tag: 0x00091001, vr: undefined, length: 4, size: 8 });
  });

test('a value that a short header cannot tell is UN in Explicit VR only', () => {
  assert.equal(encodableVr('LT', 0xfffe, ELE), 'LT');
  assert.equal(encodableVr('LT', 0x10000, ELE), 'UN');
  assert.equal(encodableVr('US', 0x10000, EBE), 'UN');
  assert.equal(encodableVr('LT', 0x10000, ILE), 'LT');
  assert.equal(encodableVr('OW', 0x10000, ELE), 'OW');
});

test("an item's encoding is told from its first header", () => {
  const implicit = hex`0800 5011 1a000000`;
  const explicit = hex`0800 5011 5549 1a00`;
  const mistaken = hex`0800 5011 3f3f 1a00`;
  const delimiter = hex`feff 0de0 00000000`;
  assert.equal(probeItemEncoding(implicit, 0, ELE, { isUnknown: false, room: 0 }), ILE);
  assert.equal(probeItemEncoding(explicit, 0, ELE, { isUnknown: false, room: 0 }), ELE);
  assert.equal(probeItemEncoding(mistaken, 0, ELE, { isUnknown: false, room: 0 }), ELE);
  for (const letters of [hex`3f3f`, hex`2020`, hex`6c6f`, hex`2d2d`]) {
    const empty = Buffer.concat([hex`0800 6000`, letters, hex`0000`]);
    assert.equal(probeItemEncoding(empty, 0, ELE, { isUnknown: false, room: 0 }), ELE, `${letters} and a length of 0`);
  }
  // A length that fits is one, unless it is two capitals.
  const within = (bytes: Buffer, room: number) => probeItemEncoding(bytes, 0, ELE, { isUnknown: false, room });
  assert.deepEqual(
    [0x3030, 0x302f].map((room) => within(hex`0910 0100 30300000`, room)),
    [ILE, ELE],
  );
  for (const other of [hex`0910 0100 41410000`, hex`0910 0100 3f3f0000`, hex`0810 0100 30300000`])
    assert.equal(within(other, 0x10000), ELE);
  assert.equal(probeItemEncoding(delimiter, 0, ELE, { isUnknown: false, room: 0 }), ELE);
  assert.equal(probeItemEncoding(explicit, 0, ILE, { isUnknown: true, room: 0 }), ELE);
  assert.equal(probeItemEncoding(explicit, 0, ILE, { isUnknown: false, room: 0 }), ILE);
  assert.equal(probeItemEncoding(implicit, 0, ILE, { isUnknown: true, room: 0 }), ILE);
  assert.equal(probeItemEncoding(delimiter, 0, ILE, { isUnknown: true, room: 0 }), ILE);
});
