/** What an image's attributes become, and which of them do not tell of an image that can be decompressed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataSetError } from '../../../src/base/errors.js';
import { type Compression, compressionOf, decompressedPhotometric, isLossy } from '../../../src/codecs/compression.js';
import { ImageAttributes, isImageAttribute } from '../../../src/codecs/image.js';
import { STANDARD_TRANSFER_SYNTAXES } from '../../../src/dataset/transfer-syntax.js';
import { hex } from '../../support/pdu-hex.js';

test('the transfer syntaxes that can be decompressed', () => {
  const known = STANDARD_TRANSFER_SYNTAXES.filter((syntax) => compressionOf(syntax) !== undefined);
  const tails = known.map(({ uid }) => uid.replace('1.2.840.10008.1.2.', '')).sort();
  assert.deepEqual(tails, '1.98 4.201 4.202 4.203 4.50 4.51 4.53 4.55 4.57 4.70 4.80 4.81 4.90 4.91 5 8.1'.split(' '));
  assert.ok(known.every(({ encapsulated }) => encapsulated));
});

test('the transfer syntaxes that are lossy whatever is in them', () => {
  const tails = STANDARD_TRANSFER_SYNTAXES.filter(isLossy).map(({ uid }) => uid.replace('1.2.840.10008.1.2.4.', ''));
  assert.deepEqual(tails.sort(), ['50', '51', '53', '55', '81']);
});

// PS3.3 C.7.6.3.1.2, PS3.5 8.2.
const PHOTOMETRIC: readonly (readonly [Compression, string, string | undefined])[] = [
  ['jpeg', 'MONOCHROME1', 'MONOCHROME1'],
  ['jpeg', 'PALETTE COLOR', 'PALETTE COLOR'],
  ['jpeg', 'RGB', 'RGB'],
  ['jpeg', 'YBR_FULL', 'RGB'],
  ['jpeg', 'YBR_FULL_422', 'RGB'],
  ['jpeg', 'YBR_PARTIAL_422', undefined],
  ['jpeg', 'YBR_RCT', undefined],
  ['jpeg', '', undefined],
  ['jpeg-lossless', 'YBR_FULL', 'YBR_FULL'],
  ['jpeg-lossless', 'YBR_FULL_422', 'YBR_FULL'],
  ['jpeg-lossless', 'RGB', 'RGB'],
  ['jpeg-ls', 'YBR_FULL', 'YBR_FULL'],
  ['jpeg-ls', 'MONOCHROME2', 'MONOCHROME2'],
  ['jpeg-2000', 'YBR_RCT', 'RGB'],
  ['jpeg-2000', 'YBR_ICT', 'RGB'],
  ['jpeg-2000', 'RGB', 'RGB'],
  ['jpeg-2000', 'YBR_FULL', 'YBR_FULL'],
  ['rle', 'YBR_FULL', 'YBR_FULL'],
  ['rle', 'YBR_FULL_422', undefined],
  ['rle', 'YBR_RCT', undefined],
  ['deflate', 'PALETTE COLOR', 'PALETTE COLOR'],
  ['none', 'YBR_FULL_422', undefined],
];

for (const [compression, compressed, expected] of PHOTOMETRIC)
  test(`${compression}: ${compressed || 'nothing'} becomes ${expected ?? 'an error'}`, () => {
    assert.equal(decompressedPhotometric(compressed, compression), expected);
  });

const GREY: readonly (readonly [number, Buffer])[] = [
  [0x00280002, hex`0100`],
  [0x00280004, Buffer.from('MONOCHROME2 ')],
  [0x00280010, hex`0300`],
  [0x00280011, hex`0500`],
  [0x00280100, hex`1000`],
];

function attributesOf(...values: readonly (readonly [number, Buffer])[]): ImageAttributes {
  const attributes = new ImageAttributes('jpeg-2000');
  for (const [tag, value] of values) attributes.set(tag, value);
  return attributes;
}

test('the least that an image must tell, and what it is otherwise', () => {
  assert.deepEqual(attributesOf(...GREY).image(), {
    rows: 3,
    columns: 5,
    samplesPerPixel: 1,
    photometricInterpretation: 'MONOCHROME2',
    isByPlane: false,
    isSigned: false,
    numberOfFrames: 1,
    decompressed: { photometricInterpretation: 'MONOCHROME2', bitsAllocated: 16, bytesPerFrame: 30 },
  });
});

test('values are corrected where the native pixels differ', () => {
  const attributes = attributesOf();
  const corrected: readonly (readonly [number, Buffer, Buffer])[] = [
    [0x00280004, Buffer.from('YBR_RCT '), Buffer.from('RGB')],
    [0x00280004, Buffer.from('MONOCHROME2 '), Buffer.from('MONOCHROME2 ')],
    [0x00280004, Buffer.from('HSV '), Buffer.from('HSV ')],
    [0x00280006, hex`0100`, hex`0000`],
    [0x00280100, hex`0c00`, hex`1000`],
    [0x00280100, hex`0800`, hex`0800`],
    [0x00280100, hex`0100`, hex`0100`],
    [0x00280100, hex`ffff`, hex`ffff`],
    [0x00280010, hex`01000200`, hex`01000200`],
    [0x00280008, Buffer.from('12'), Buffer.from('12')],
  ];
  for (const [tag, value, expected] of corrected) assert.deepEqual(attributes.set(tag, value), expected);
});

const FRAMES = 0x00280008;
const NO_IMAGES: readonly (readonly [string, readonly (readonly [number, Buffer])[], RegExp])[] = [
  ['no rows', GREY.filter(([tag]) => tag !== 0x00280010), /no Rows/],
  ['no columns', [...GREY, [0x00280011, hex`0000`]], /no Columns/],
  ['no samples', GREY.filter(([tag]) => tag !== 0x00280002), /no Samples per Pixel/],
  ['no bits', GREY.filter(([tag]) => tag !== 0x00280100), /no Bits Allocated/],
  ['no photometric interpretation', GREY.filter(([tag]) => tag !== 0x00280004), /Photometric Interpretation ""/],
  ['four samples', [...GREY, [0x00280002, hex`0400`]], /4 samples per pixel/],
  ['many bits', [...GREY, [0x00280100, hex`4100`]], /72 bits allocated/],
  ['another colour model', [...GREY, [0x00280004, Buffer.from('HSV')]], /Photometric Interpretation "HSV"/],
  [
    'a frame over 1 GiB',
    [...GREY, [0x00280010, hex`0080`], [0x00280011, hex`0180`]],
    /2147549184 bytes, over the limit of 1 GiB/,
  ],
  ['over 4 GiB', [...GREY, [FRAMES, Buffer.from('143165577')]], /4294967310 bytes, over the limit/],
  [
    'a frame of single bits over 1 GiB before they are packed',
    [...GREY, [0x00280100, hex`0100`], [0x00280010, hex`0080`], [0x00280011, hex`0180`]],
    /1073774592 bytes, over the limit of 1 GiB/,
  ],
  [
    'single bits in colour',
    [...GREY, [0x00280100, hex`0100`], [0x00280002, hex`0300`]],
    /3 samples per pixel of a single bit/,
  ],
  [
    'single bits that do not end with a frame',
    [...GREY, [0x00280100, hex`0100`], [FRAMES, Buffer.from('2')]],
    /of bits/,
  ],
];

for (const [what, values, message] of NO_IMAGES)
  test(`no image: ${what}`, () => {
    assert.throws(
      () => attributesOf(...values).image(),
      (error) => error instanceof DataSetError && message.test(error.message) && error.tag === 0x7fe00010,
    );
  });

test('the longest pixel data there can be', () => {
  const { image } = { image: attributesOf(...GREY, [FRAMES, Buffer.from('143165576')]).image() };
  assert.equal(image.numberOfFrames * image.decompressed.bytesPerFrame, 0x1_0000_0000 - 16);
});

for (const text of ['0', '-1', '1.5', 'two'])
  test(`Number of Frames cannot be ${text}`, () => {
    const attributes = attributesOf(...GREY, [FRAMES, Buffer.from(text)]);
    assert.throws(() => attributes.image(), DataSetError);
  });

test('what is too long for an image attribute is none', () => {
  assert.ok(isImageAttribute(FRAMES, 64));
  assert.ok(!isImageAttribute(FRAMES, 66));
  assert.ok(!isImageAttribute(FRAMES, 0));
  assert.ok(!isImageAttribute(0x00280030, 2));
});

test('Number of Frames may be padded or empty', () => {
  assert.equal(attributesOf(...GREY, [FRAMES, Buffer.from(' +2 ')]).image().numberOfFrames, 2);
  assert.equal(attributesOf(...GREY, [FRAMES, Buffer.from('  ')]).image().numberOfFrames, 1);
});
