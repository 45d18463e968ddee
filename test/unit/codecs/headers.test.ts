/** The headers of JPEG, JPEG-LS and JPEG 2000 codestreams, as far as they are read before a codec sees them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataSetError } from '../../../src/base/errors.js';
import { jpeg2000Codestream, readJpeg2000Header } from '../../../src/codecs/jpeg-2000-header.js';
import { codedData, markerSegments, readJpegHeader } from '../../../src/codecs/jpeg-header.js';
import { hex } from '../../support/pdu-hex.js';

const APP14 = hex`ffee 000e ${'Adobe'} 0064 0000 0000 00`;
const DHT = hex`ffc4 0005 00 0000`;
const SOF0 = hex`ffc0 0011 08 000a 0014 03 01 21 00 02 11 01 03 11 01`;
const SOS = hex`ffda 000c 03 0100 0211 0311 00 3f 00`;

test('a JPEG header tells process, size, components and the colour that Adobe says', () => {
  const expected = {
    process: 0,
    precision: 8,
    rows: 10,
    columns: 20,
    components: [
      { id: 1, horizontal: 2, vertical: 1 },
      { id: 2, horizontal: 1, vertical: 1 },
      { id: 3, horizontal: 1, vertical: 1 },
    ],
  };
  assert.deepEqual(readJpegHeader(hex`ffd8 ${APP14} ${DHT} ${SOF0} ${SOS} 1234`), { ...expected, adobeTransform: 0 });
  // Fill bytes before a marker, and none of Adobe's.
  assert.deepEqual(readJpegHeader(hex`ffd8 ffff ${SOF0} ffffff ${SOS}`), { ...expected, adobeTransform: undefined });
});

test('marker segments are found past the coded data of a scan, in which 0xFF has less than 0x80 behind it', () => {
  const segments = [...markerSegments(hex`ffd8 ${SOF0} ${SOS} 12 ff00 34 ff7f ffd9 ${DHT} ${SOS} 56 ff`)];
  assert.deepEqual(
    segments.map(({ marker, end }) => [marker, end]),
    [
      [0xc0, 21],
      [0xda, 35],
      [0xc4, 50],
      [0xda, 64],
    ],
  );
  assert.deepEqual(codedData(hex`ffd8 12 ff00 34 ffd9`, 2), hex`12 ff00 34`);
  assert.deepEqual(codedData(hex`12 ff`, 0), hex`12`);
});

const NO_JPEG: readonly (readonly [string, Buffer])[] = [
  ['nothing', Buffer.alloc(0)],
  ['something else', hex`ff4f ff51 0000`],
  ['no frame header', hex`ffd8 ${SOS}`],
  ['no scan', hex`ffd8 ${SOF0}`],
  ['a frame header that is cut', hex`ffd8 ffc0 000b 08 000a 0014 03 01 21 00 ${SOS}`],
  ['bytes between segments', hex`ffd8 ${DHT} 00 ${SOF0} ${SOS}`],
  ['a segment without an end', hex`ffd8 ffc4 ffff`],
];

for (const [what, bytes] of NO_JPEG)
  test(`no JPEG header: ${what}`, () => {
    assert.throws(() => readJpegHeader(bytes), DataSetError);
  });

const SIZ = hex`ff51 002f 4000 00000015 0000000c 00000001 00000002 00000015 0000000c 00000000 00000000 0003
  07 01 01 07 01 01 07 01 01`;
const COD = hex`ff52 000c 00 00 0001 01 05 04 04 00 01`;
/** Before the coding style in codestreams of high throughput. */
const CAP = hex`ff50 0008 00020000 0000`;

test('a JPEG 2000 header tells size, components and their transform', () => {
  const expected = {
    rows: 10,
    columns: 20,
    components: 3,
    precision: 8,
    isSigned: false,
    isUniform: true,
    hasComponentTransform: true,
  };
  assert.deepEqual(readJpeg2000Header(hex`ff4f ${SIZ} ${COD} ff90 000a`), expected);
  assert.deepEqual(readJpeg2000Header(hex`ff4f ${SIZ} ${CAP} ${COD}`), expected);
});

test('components of another depth or fewer samples are told', () => {
  const changed = Buffer.from(SIZ);
  changed[changed.length - 1] = 2;
  assert.equal(readJpeg2000Header(hex`ff4f ${changed} ${COD}`).isUniform, false);
  const signed = Buffer.from(SIZ);
  for (const at of [-3, -6, -9]) signed[signed.length + at] = 0x8b;
  const header = readJpeg2000Header(hex`ff4f ${signed} ${COD}`);
  assert.deepEqual([header.precision, header.isSigned, header.isUniform], [12, true, true]);
});

test('a codestream is found in a JP2 file, with a length or to its end', () => {
  const signature = hex`0000000c 6a502020 0d0a870a`;
  const codestream = hex`ff4f ${SIZ} ${COD}`;
  assert.deepEqual(jpeg2000Codestream(codestream), codestream);
  assert.deepEqual(jpeg2000Codestream(hex`${signature} 00000000 ${'jp2c'} ${codestream}`), codestream);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(codestream.length + 8);
  assert.deepEqual(jpeg2000Codestream(hex`${signature} ${length} ${'jp2c'} ${codestream} 1234`), codestream);
  assert.throws(() => jpeg2000Codestream(hex`${signature} 00000003 ${'free'} 0000`), DataSetError);
  assert.throws(() => jpeg2000Codestream(hex`${signature} 0000000a ${'free'} 0000`), DataSetError);
});

const NO_JPEG_2000: readonly (readonly [string, Buffer])[] = [
  ['nothing', Buffer.alloc(0)],
  ['something else', hex`ffd8 ffe0 0000`],
  ['no size', hex`ff4f ${COD} ff90 000a`],
  ['no coding style', hex`ff4f ${SIZ} ff90 000a`],
  ['a size that is cut', hex`ff4f ff51 0010 ${Buffer.alloc(14)} ${COD}`],
  ['a segment over the end', hex`ff4f ff51 ffff`],
];

for (const [what, bytes] of NO_JPEG_2000)
  test(`no JPEG 2000 header: ${what}`, () => {
    assert.throws(() => readJpeg2000Header(bytes), DataSetError);
  });
