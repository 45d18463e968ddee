/** Pixel data in items, such as icons: compressed or not, with the attributes of its own item (PS3.5 A.4, PS3.3 C.7.6.1.1.6). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataSetError } from '../../../src/base/errors.js';
import { decompressedChunks } from '../../../src/codecs/decompress.js';
import { IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN as LE } from '../../../src/dataset/transfer-syntax.js';
import {
  attributeOf,
  BITS_ALLOCATED,
  decompressedDataSet,
  fragments,
  framesOf,
  imageDataSet,
  imageElements,
  PHOTOMETRIC_INTERPRETATION,
  PIXEL_DATA,
  PLANAR_CONFIGURATION,
  pixelData,
  pixelsOf,
  syntaxOf,
  type TestImage,
  testImage,
} from '../../support/codecs-images.js';
import { encodeFrame } from '../../support/codecs-package.js';
import { encodeRle } from '../../support/codecs-rle.js';
import { type DataElement, type DataSet, encodeDataSet } from '../../support/data-set.js';

const RLE = syntaxOf('1.2.840.10008.1.2.5');
const JPEG_2000 = syntaxOf('1.2.840.10008.1.2.4.90');
const ICON_IMAGE_SEQUENCE = 0x00880200;
const PALETTE = 0x00281201;

const IMAGE = testImage({ frames: 2 });
const ICON = testImage({ rows: 8, columns: 6, allocated: 8, stored: 8 });
const COLOUR_ICON = testImage({ rows: 8, columns: 6, samples: 3, allocated: 8, stored: 8 });

function rle(image: TestImage): DataElement {
  return fragments(framesOf(image).map((frame) => encodeRle(frame, image.samples, image.allocated / 8)));
}

function native(image: TestImage): DataElement {
  return { tag: PIXEL_DATA, vr: 'OW', value: pixelsOf(image) };
}

/** A data set in which `items` are the icons. */
function withIcons(...items: readonly DataSet[]): DataSet {
  return imageDataSet(IMAGE, rle(IMAGE), [{ tag: ICON_IMAGE_SEQUENCE, vr: 'SQ', items }]);
}

function iconsOf(dataSet: DataSet): readonly DataSet[] {
  const sequence = dataSet.find(({ tag }) => tag === ICON_IMAGE_SEQUENCE);
  assert.ok(sequence !== undefined && 'items' in sequence);
  return sequence.items;
}

function iconOf(dataSet: DataSet): DataSet {
  const [icon = []] = iconsOf(dataSet);
  return icon;
}

test('an icon in fragments is decompressed by its own attributes, the image by its', async () => {
  for (const sizes of [[1], [4099]]) {
    const output = await decompressedDataSet(withIcons(imageElements(ICON, rle(ICON))), RLE, LE, sizes);
    assert.deepEqual(iconOf(output), imageElements(ICON, native(ICON)));
    assert.ok(pixelData(output).equals(pixelsOf(IMAGE)));
  }
});

test('an icon that is native stays as it is beside one that is not', async () => {
  const planar: DataElement = { tag: PLANAR_CONFIGURATION, vr: 'US', value: [1] };
  const items = [native(COLOUR_ICON), rle(COLOUR_ICON)].map((pixels) => imageElements(COLOUR_ICON, pixels, [planar]));
  const [first = [], second = []] = iconsOf(await decompressedDataSet(withIcons(...items), RLE));
  assert.deepEqual(first, items[0]);
  assert.deepEqual(second, imageElements(COLOUR_ICON, native(COLOUR_ICON)));
});

test('what stands between an attribute that changes and the pixels keeps its place', async () => {
  const between: readonly DataElement[] = [
    { tag: PLANAR_CONFIGURATION, vr: 'US', value: [1] },
    { tag: PALETTE, vr: 'OW', value: Buffer.alloc(100_000, 0x12) },
    { tag: 0x00289145, vr: 'SQ', items: [[{ tag: 0x00281052, vr: 'DS', value: ['0'] }], []] },
  ];
  for (const sizes of [[7], [100_000]]) {
    const dataSet = withIcons(imageElements(COLOUR_ICON, rle(COLOUR_ICON), between));
    const icon = iconOf(await decompressedDataSet(dataSet, RLE, LE, sizes));
    // Planar Configuration has become 0, as it is without the first of them.
    assert.deepEqual(icon, imageElements(COLOUR_ICON, native(COLOUR_ICON), between.slice(1)));
  }
});

test('an icon of an icon', async () => {
  const planar: DataElement = { tag: PLANAR_CONFIGURATION, vr: 'US', value: [1] };
  const inner = imageElements(COLOUR_ICON, rle(COLOUR_ICON), [planar]);
  const icons: DataElement = { tag: 0x00289999, vr: 'SQ', items: [inner] };
  const output = iconOf(
    await decompressedDataSet(withIcons(imageElements(COLOUR_ICON, rle(COLOUR_ICON), [planar, icons])), RLE),
  );
  const nested = output.find(({ tag }) => tag === icons.tag);
  assert.ok(nested !== undefined && 'items' in nested);
  for (const icon of [output, nested.items[0] ?? []]) {
    assert.equal(attributeOf(icon, PLANAR_CONFIGURATION), 0);
    assert.ok(pixelData(icon).equals(pixelsOf(COLOUR_ICON)));
  }
});

test('attributes of an image in an item without pixel data stay as they are, whatever they say', async () => {
  const items: readonly DataSet[] = [
    [
      { tag: PHOTOMETRIC_INTERPRETATION, vr: 'CS', value: ['HSV'] },
      { tag: PLANAR_CONFIGURATION, vr: 'US', value: [1] },
      { tag: 0x00280008, vr: 'IS', value: ['0'] },
      { tag: BITS_ALLOCATED, vr: 'US', value: [12] },
      { tag: 0x00282110, vr: 'CS', value: ['00'] },
    ],
    [{ tag: 0x00280010, vr: 'US', value: Array.from({ length: 40 }, () => 1) }],
  ];
  assert.deepEqual(iconsOf(await decompressedDataSet(withIcons(...items), RLE)), items);
});

test('an item with more than can be held behind such an attribute passes, unless its pixels are compressed', async () => {
  const much: readonly DataElement[] = [
    { tag: PLANAR_CONFIGURATION, vr: 'US', value: [1] },
    { tag: 0x00540100, vr: 'OW', value: Buffer.alloc(5_000_000) },
  ];
  const passing = imageElements(COLOUR_ICON, native(COLOUR_ICON), much);
  assert.deepEqual(iconOf(await decompressedDataSet(withIcons(passing), RLE)), passing);
  await assert.rejects(
    decompressedDataSet(withIcons(imageElements(COLOUR_ICON, rle(COLOUR_ICON), much)), RLE),
    /^DataSetError: in an item of \(0088,0200\): too much between its attributes and its pixel data in \(7FE0,0010\)$/,
  );
});

test('icons of JPEG 2000 become RGB like any image', async () => {
  const [frame = Buffer.alloc(0)] = framesOf(COLOUR_ICON);
  const codestream = await encodeFrame('encodeJpeg2000', frame, COLOUR_ICON);
  const icon = imageElements({ ...COLOUR_ICON, photometric: 'YBR_RCT' }, fragments([codestream]));
  const grey = testImage({ stored: 16 });
  const pixels = await encodeFrame('encodeJpeg2000', pixelsOf(grey), grey);
  const dataSet = imageDataSet(grey, fragments([pixels]), [{ tag: ICON_IMAGE_SEQUENCE, vr: 'SQ', items: [icon] }]);
  const output = await decompressedDataSet(dataSet, JPEG_2000);
  assert.equal(attributeOf(iconOf(output), PHOTOMETRIC_INTERPRETATION), 'RGB');
  assert.ok(pixelData(iconOf(output)).equals(pixelsOf(COLOUR_ICON)));
  assert.ok(pixelData(output).equals(pixelsOf(grey)));
});

const FAULTS: readonly (readonly [string, DataSet, RegExp])[] = [
  [
    'a frame that is broken',
    imageElements(ICON, fragments([Buffer.alloc(4)])),
    /^in an item of \(0088,0200\): frame 1 of 1 cannot be decompressed: RLE without a header in \(7FE0,0010\)$/,
  ],
  ['no attributes', [fragments([Buffer.alloc(4)])], /^in an item of \(0088,0200\): no Rows for the compressed image/],
  ['another colour model', imageElements({ ...ICON, photometric: 'HSV' }, rle(ICON)), /\(0088,0200\): Photometric Int/],
  ['too few frames', imageElements({ ...ICON, frames: 2 }, rle(ICON)), /\(0088,0200\): Number of Frames is 2, but 1/],
];

for (const [what, icon, message] of FAULTS)
  test(`an icon with ${what} fails the data set`, async () => {
    await assert.rejects(
      decompressedDataSet(withIcons(icon), RLE),
      (error) => error instanceof DataSetError && message.test(error.message),
    );
  });

test('law: of the frames in an item, too, no more are held than two', async () => {
  const many = testImage({ allocated: 8, stored: 8, rows: 64, columns: 64, frames: 40 });
  const bytes = encodeDataSet(withIcons(imageElements(many, rle(many))), RLE);
  async function* source(): AsyncGenerator<Buffer, void, void> {
    yield bytes;
  }
  let frames = 0;
  for await (const chunk of decompressedChunks(source(), RLE, IMPLICIT_VR_LITTLE_ENDIAN)) {
    assert.ok(chunk.length <= 64 * 64 + 1024);
    frames += Number(chunk.length === 64 * 64);
  }
  assert.equal(frames, 40);
});
