/** Our decompression beside that of DCMTK (and GDCM for JPEG 2000): files they make, and real ones. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { canDecompress } from '../../../src/codecs/decompress.js';
import type { DataSet } from '../../../src/dataset/data-set.js';
import {
  compressedFile,
  convertedBy,
  dcmtkDecoder,
  decompressedFile,
  largestDifference,
  skipWithoutDcmtkCodecs,
  skipWithoutGdcm,
} from '../../support/codecs-dcmtk.js';
import {
  attributeOf,
  BITS_ALLOCATED,
  imageDataSet,
  PHOTOMETRIC_INTERPRETATION,
  PIXEL_DATA,
  PLANAR_CONFIGURATION,
  pixelData,
  pixelsOf,
  type TestImage,
  testImage,
} from '../../support/codecs-images.js';
import { sharedData } from '../../support/paths.js';
import { TemporaryFolder } from '../../support/peers-files.js';
import { readPart10 } from '../../support/sample-instance.js';

/** What two decoders of one lossy codestream may differ by in a sample, from rounding in their transforms. None is known to. */
const LOSSY_TOLERANCE = 1;

const GREY_8 = testImage({ allocated: 8, stored: 8 });
const GREY_12 = testImage();
const SIGNED_12 = testImage({ isSigned: true });
const SIGNED_16 = testImage({ stored: 16, isSigned: true, frames: 4 });
const COLOUR_8 = testImage({ samples: 3, allocated: 8, stored: 8, frames: 3, rows: 70, columns: 90 });
const COLOUR_16 = testImage({ samples: 3, stored: 16 });

const LOSSLESS: readonly (readonly [command: string, images: readonly TestImage[]])[] = [
  ['dcmcjpeg +e1', [GREY_8, SIGNED_12, SIGNED_16, COLOUR_8, COLOUR_16]],
  // Fragments of a kilobyte, and no offset table.
  ['dcmcjpeg +e1 +fs 1 -ot', [SIGNED_16, COLOUR_8]],
  ...[2, 3, 4, 5, 6, 7].map((selection) => [`dcmcjpeg +el +sv ${selection}`, [SIGNED_16, COLOUR_16]] as const),
  ['dcmcjpls +el +il', [GREY_8, SIGNED_12, SIGNED_16, COLOUR_8]],
  ['dcmcjpls +el +is +fs 1', [SIGNED_16, COLOUR_8, COLOUR_16]],
  ['dcmcjpls +el +in', [COLOUR_8, COLOUR_16]],
  ['dcmcrle', [GREY_8, SIGNED_12, SIGNED_16, COLOUR_8, COLOUR_16]],
];

const LOSSY: readonly (readonly [command: string, images: readonly TestImage[]])[] = [
  // 12 bits are 8 in baseline: DCMTK scales them first.
  ['dcmcjpeg +eb +fs 1', [GREY_12, COLOUR_8]],
  ['dcmcjpeg +eb +cr', [COLOUR_8]],
  ['dcmcjpeg +eb +s4', [COLOUR_8]],
  ['dcmcjpeg +eb +n1', [COLOUR_8]],
  ['dcmcjpeg +ee', [GREY_8, GREY_12, COLOUR_8, COLOUR_16]],
  ['dcmcjpeg +es', [GREY_12, COLOUR_8]],
  ['dcmcjpeg +ep', [GREY_12, COLOUR_8]],
  ['dcmcjpeg +el +pt 2', [GREY_12, COLOUR_8]],
  ['dcmcjpls +en +md 3', [GREY_12, COLOUR_8]],
];

function native(image: TestImage): DataSet {
  return imageDataSet(image, { tag: PIXEL_DATA, vr: 'OW', value: pixelsOf(image) });
}

function decoderOf(path: string): string {
  return dcmtkDecoder(readPart10(readFileSync(path)).syntax.uid) ?? '';
}

/** The same pixels, and the same said of them. */
function checkEqual(ours: DataSet, theirs: DataSet, tolerance: number): void {
  for (const tag of [PHOTOMETRIC_INTERPRETATION, BITS_ALLOCATED])
    assert.equal(attributeOf(ours, tag), attributeOf(theirs, tag));
  const sampleBytes = attributeOf(ours, BITS_ALLOCATED) === 8 ? 1 : 2;
  const difference = largestDifference(pixelData(ours), pixelData(theirs), sampleBytes);
  assert.ok(difference <= tolerance, `samples differ by ${difference}`);
}

const noDcmtk = skipWithoutDcmtkCodecs();

for (const [command, images] of LOSSLESS)
  test(`what ${command} makes comes back exactly`, { skip: noDcmtk }, async () => {
    using folder = new TemporaryFolder();
    for (const image of images) {
      const output = await decompressedFile(compressedFile(folder.path, native(image), command));
      const pixels = pixelsOf(image);
      assert.ok(pixelData(output).subarray(0, pixels.length).equals(pixels), JSON.stringify(image));
      assert.equal(attributeOf(output, PHOTOMETRIC_INTERPRETATION), image.photometric);
    }
  });

for (const [command, images] of LOSSY)
  test(`what ${command} makes is what DCMTK makes of it`, { skip: noDcmtk }, async () => {
    using folder = new TemporaryFolder();
    for (const image of images) {
      const file = compressedFile(folder.path, native(image), command);
      const theirs = convertedBy(folder.path, decoderOf(file), file);
      const ours = await decompressedFile(file);
      checkEqual(ours, theirs, LOSSY_TOLERANCE);
      assert.equal(attributeOf(ours, 0x00282110), attributeOf(theirs, 0x00282110));
    }
  });

const data = sharedData();
const files = data === undefined ? [] : readdirSync(join(data, 'files')).map((name) => join(data, 'files', name));

/** Files of which no image can be made. */
const BROKEN: Readonly<Record<string, RegExp>> = {
  // What looks like a delimiter has overwritten the width in its header.
  'JPEG2000-embedded-sequence-delimiter.dcm': /the data set says 256 x 1024 x 1/,
};

/** Real files in a transfer syntax that can be decompressed, with native pixels or none aside. */
function compressedFiles(isJpeg2000: boolean): readonly string[] {
  return files.filter((path) => {
    if (BROKEN[basename(path)] !== undefined) return false;
    try {
      const { syntax, dataSet } = readPart10(readFileSync(path));
      const hasFragments = dataSet.some((element) => element.tag === PIXEL_DATA && 'fragments' in element);
      return canDecompress(syntax) && hasFragments && (dcmtkDecoder(syntax.uid) === undefined) === isJpeg2000;
    } catch {
      return false;
    }
  });
}

const noData = data === undefined ? 'skipped: no shared test data' : false;

test('real files give what DCMTK makes of them', { skip: noData || noDcmtk }, async () => {
  using folder = new TemporaryFolder();
  const compared = compressedFiles(false);
  assert.ok(compared.length >= 30, `${compared.length} files`);
  for (const path of compared) {
    const theirs = convertedBy(folder.path, decoderOf(path), path);
    const ours = await decompressedFile(path);
    // Of the lossy ones too, none differs here: both have the same JPEG library below.
    checkEqual(ours, theirs, 0);
    assert.equal(attributeOf(ours, PLANAR_CONFIGURATION), attributeOf(theirs, PLANAR_CONFIGURATION), path);
  }
});

test('real files of JPEG 2000 give what GDCM makes of them', { skip: noData || skipWithoutGdcm() }, async () => {
  using folder = new TemporaryFolder();
  const compared = compressedFiles(true);
  assert.ok(compared.length >= 6, `${compared.length} files`);
  for (const path of compared) {
    const theirs = convertedBy(folder.path, 'gdcmconv -w', path);
    checkEqual(await decompressedFile(path), theirs, LOSSY_TOLERANCE);
  }
});

test('one image in many syntaxes is one image', { skip: noData }, async () => {
  const folder = join(data ?? '', 'files');
  const { dataSet } = readPart10(readFileSync(join(folder, 'MR_small.dcm')));
  for (const name of ['MR_small_RLE', 'MR_small_jp2klossless', 'MR_small_jpeg_ls_lossless'])
    assert.ok(pixelData(await decompressedFile(join(folder, `${name}.dcm`))).equals(pixelData(dataSet)), name);
});

test('real files that are broken are refused for their fault', { skip: noData }, async () => {
  for (const [name, message] of Object.entries(BROKEN))
    await assert.rejects(decompressedFile(join(data ?? '', 'files', name)), message);
});
