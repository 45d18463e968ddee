/** Our decompression beside that of DCMTK (and GDCM for JPEG 2000): files they make, and real ones. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { canDecompress } from '../../../src/codecs/compression.js';
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
import type { DataElement, DataSet } from '../../support/data-set.js';
import { sharedData } from '../../support/paths.js';
import { TemporaryFolder } from '../../support/peers-files.js';
import { readPart10, samplePart10 } from '../../support/sample-instance.js';

/** What two decoders of one lossy codestream may differ by in a sample, from rounding in their transforms. None does here. */
const LOSSY_TOLERANCE = 1;

const LOSSY_IMAGE_COMPRESSION = 0x00282110;
/** That, its ratio and its method. */
const LOSSY_ATTRIBUTES = [LOSSY_IMAGE_COMPRESSION, 0x00282112, 0x00282114];

const GREY_8 = testImage({ allocated: 8, stored: 8 });
const GREY_12 = testImage();
const GREY_16 = testImage({ stored: 16, photometric: 'MONOCHROME1' });
const SIGNED_12 = testImage({ isSigned: true });
const SIGNED_16 = testImage({ stored: 16, isSigned: true, frames: 4 });
const COLOUR_8 = testImage({ samples: 3, allocated: 8, stored: 8, frames: 3, rows: 70, columns: 90 });
const COLOUR_12 = testImage({ samples: 3, stored: 12 });
const COLOUR_16 = testImage({ samples: 3, stored: 16 });
const YBR_8 = testImage({ samples: 3, allocated: 8, stored: 8, photometric: 'YBR_FULL' });
const PALETTE_8 = testImage({ allocated: 8, stored: 8, frames: 2, photometric: 'PALETTE COLOR' });
/** Nine bytes in a frame, and twenty-seven in all. */
const ODD_8 = testImage({ rows: 3, columns: 3, allocated: 8, stored: 8, frames: 3 });

const EVERY_GREY = [GREY_8, GREY_12, GREY_16, SIGNED_12, SIGNED_16, ODD_8];
const EVERY_COLOUR = [COLOUR_8, COLOUR_16, YBR_8, PALETTE_8];

const LOSSLESS: readonly (readonly [command: string, images: readonly TestImage[]])[] = [
  ['dcmcjpeg +e1', [...EVERY_GREY, ...EVERY_COLOUR]],
  // Fragments of a kilobyte, with an offset table and without.
  ['dcmcjpeg +e1 +fs 1', [SIGNED_16, COLOUR_8]],
  ['dcmcjpeg +e1 +fs 1 -ot', [SIGNED_16, COLOUR_8]],
  ...[1, 2, 3, 4, 5, 6, 7].map(
    (selection) => [`dcmcjpeg +el +sv ${selection}`, [GREY_8, SIGNED_16, COLOUR_16]] as const,
  ),
  ['dcmcjpls +el +il', [...EVERY_GREY, ...EVERY_COLOUR]],
  ['dcmcjpls +el +is +fs 1', [SIGNED_16, COLOUR_8, COLOUR_16]],
  ['dcmcjpls +el +is +fs 1 -ot', [SIGNED_16, COLOUR_8, COLOUR_16]],
  ['dcmcjpls +el +in', [COLOUR_8, COLOUR_16]],
  // Thresholds and limits of its own in the codestream.
  ['dcmcjpls +el +t1 5 +t2 9 +t3 30 +rs 40', [GREY_8, GREY_12, COLOUR_8]],
  ['dcmcrle', [...EVERY_GREY, ...EVERY_COLOUR]],
];

const LOSSY: readonly (readonly [command: string, images: readonly TestImage[]])[] = [
  // 12 bits are 8 in baseline: DCMTK scales them first.
  ['dcmcjpeg +eb +fs 1', [GREY_12, COLOUR_8]],
  ['dcmcjpeg +eb', [GREY_8, ODD_8, COLOUR_8]],
  ['dcmcjpeg +eb +cr', [COLOUR_8]],
  ['dcmcjpeg +eb +s4', [COLOUR_8]],
  ['dcmcjpeg +eb +n1', [COLOUR_8]],
  ['dcmcjpeg +ee', [GREY_8, GREY_12, GREY_16, COLOUR_8, COLOUR_16]],
  ['dcmcjpeg +es', [GREY_12, COLOUR_8]],
  ['dcmcjpeg +ep', [GREY_12, COLOUR_8]],
  ['dcmcjpeg +el +pt 2', [GREY_12, COLOUR_8]],
];

const NEAR_LOSSLESS = [1, 3, 10].flatMap((deviation) =>
  [`dcmcjpls +en +md ${deviation} +il`, `dcmcjpls +en +md ${deviation} +is`, `dcmcjpls +en +md ${deviation} +in`].map(
    (command) => [command, deviation] as const,
  ),
);

const FOR_GDCM = [GREY_8, GREY_12, GREY_16, SIGNED_12, COLOUR_8, COLOUR_12, COLOUR_16];
/** Of more than one tile. */
const LARGE = [testImage({ rows: 140, columns: 150 }), testImage({ rows: 140, columns: 150, samples: 3, stored: 16 })];

const LOSSLESS_BY_GDCM: readonly (readonly [command: string, images: readonly TestImage[]])[] = [
  ['gdcmconv --j2k', FOR_GDCM],
  ['gdcmconv --j2k -t 64,64', LARGE],
  ['gdcmconv --jpegls', FOR_GDCM],
  ['gdcmconv --jpeg', FOR_GDCM],
  // It gives up on an odd number of bytes.
  ['gdcmconv --rle', FOR_GDCM.filter((image) => image !== GREY_8)],
];
const LOSSY_BY_GDCM: typeof LOSSLESS_BY_GDCM = [
  ['gdcmconv --j2k --lossy -r 8', FOR_GDCM],
  ['gdcmconv --j2k --lossy -q 50', FOR_GDCM],
  ['gdcmconv --j2k --lossy --irreversible -r 4', FOR_GDCM],
  ['gdcmconv --j2k --lossy -t 64,64 -r 10', LARGE],
];

function native(image: TestImage): DataSet {
  const isPalette = image.photometric === 'PALETTE COLOR';
  return imageDataSet(image, { tag: PIXEL_DATA, vr: 'OW', value: pixelsOf(image) }, isPalette ? palette() : []);
}

function palette(): readonly DataElement[] {
  const descriptors = [0x00281101, 0x00281102, 0x00281103].map(
    (tag) => ({ tag, vr: 'US', value: [256, 0, 16] }) as const,
  );
  const tables = [0x00281201, 0x00281202, 0x00281203].map(
    (tag) => ({ tag, vr: 'OW', value: Buffer.alloc(512, tag) }) as const,
  );
  return [...descriptors, ...tables];
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

async function checkLossless(folder: string, command: string, image: TestImage): Promise<void> {
  const output = await decompressedFile(compressedFile(folder, native(image), command));
  const pixels = pixelsOf(image);
  assert.ok(pixelData(output).subarray(0, pixels.length).equals(pixels), JSON.stringify(image));
  assert.equal(attributeOf(output, PHOTOMETRIC_INTERPRETATION), image.photometric);
}

for (const [command, images] of LOSSLESS)
  test(`what ${command} makes comes back exactly`, { skip: noDcmtk }, async () => {
    using folder = new TemporaryFolder();
    for (const image of images) await checkLossless(folder.path, command, image);
  });

for (const [command, images] of LOSSY)
  test(`what ${command} makes is what DCMTK makes of it`, { skip: noDcmtk }, async () => {
    using folder = new TemporaryFolder();
    for (const image of images) {
      const file = compressedFile(folder.path, native(image), command);
      const theirs = convertedBy(folder.path, decoderOf(file), file);
      const ours = await decompressedFile(file);
      checkEqual(ours, theirs, 0);
      for (const tag of LOSSY_ATTRIBUTES) assert.deepEqual(attributeOf(ours, tag), attributeOf(theirs, tag));
    }
  });

for (const [command, deviation] of NEAR_LOSSLESS)
  test(`what ${command} makes is what DCMTK makes of it, and no further from the original`, {
    skip: noDcmtk,
  }, async () => {
    using folder = new TemporaryFolder();
    for (const image of [GREY_8, GREY_12, COLOUR_8]) {
      if (image.samples === 1 && !command.endsWith('+il')) continue;
      const file = compressedFile(folder.path, native(image), command);
      const ours = await decompressedFile(file);
      checkEqual(ours, convertedBy(folder.path, decoderOf(file), file), 0);
      const pixels = pixelsOf(image);
      const difference = largestDifference(pixelData(ours).subarray(0, pixels.length), pixels, image.allocated / 8);
      assert.ok(difference <= deviation, `samples differ by ${difference}`);
    }
  });

test('a lossy file that does not say so is marked when it is decompressed, as by DCMTK', {
  skip: noDcmtk,
}, async () => {
  using folder = new TemporaryFolder();
  for (const [command, decoder, image] of [
    ['dcmcjpeg +eb', 'dcmdjpeg', COLOUR_8],
    ['dcmcjpeg +ee', 'dcmdjpeg', GREY_12],
    ['dcmcjpls +en +md 2', 'dcmdjpls', GREY_8],
  ] as const) {
    for (const marks of [[], [{ tag: LOSSY_IMAGE_COMPRESSION, vr: 'CS', value: ['00'] }]] as const) {
      const { syntax, dataSet } = readPart10(readFileSync(compressedFile(folder.path, native(image), command)));
      const file = join(folder.path, 'unmarked.dcm');
      const unmarked = dataSet.filter(({ tag }) => tag !== LOSSY_IMAGE_COMPRESSION);
      writeFileSync(
        file,
        samplePart10(
          [...unmarked, ...marks].sort((one, other) => one.tag - other.tag),
          syntax,
        ),
      );
      const theirs = convertedBy(folder.path, decoder, file);
      assert.equal(attributeOf(theirs, LOSSY_IMAGE_COMPRESSION), '01');
      assert.equal(attributeOf(await decompressedFile(file), LOSSY_IMAGE_COMPRESSION), '01');
    }
  }
});

test("bits of a cell that are not the sample's stay too", { skip: noDcmtk }, async () => {
  using folder = new TemporaryFolder();
  const pixels = pixelsOf(GREY_12);
  // An overlay in the thirteenth bit, and samples in the upper twelve (PS3.5 8.1.2).
  const overlay = Buffer.from(Uint16Array.from(words(pixels), (word, at) => word | ((at % 2) << 12)).buffer);
  const shifted = Buffer.from(Uint16Array.from(words(pixels), (word) => word << 4).buffer);
  for (const command of ['dcmcrle', 'dcmcjpls +el', 'dcmcjpeg +e1'])
    for (const [value, highBit] of [
      [overlay, 11],
      [shifted, 15],
    ] as const) {
      const high: DataElement = { tag: 0x00280102, vr: 'US', value: [highBit] };
      const dataSet = imageDataSet(GREY_12, { tag: PIXEL_DATA, vr: 'OW', value }, [high]);
      const output = await decompressedFile(compressedFile(folder.path, dataSet, command));
      assert.ok(pixelData(output).equals(value), `${command}, high bit ${highBit}`);
    }
});

function words(bytes: Buffer): Uint16Array {
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
}

const noGdcm = skipWithoutGdcm();

for (const [command, images] of LOSSLESS_BY_GDCM)
  test(`what ${command} makes comes back exactly`, { skip: noGdcm }, async () => {
    using folder = new TemporaryFolder();
    for (const image of images) await checkLossless(folder.path, command, image);
  });

for (const [command, images] of LOSSY_BY_GDCM)
  test(`what ${command} makes is what GDCM makes of it`, { skip: noGdcm }, async () => {
    using folder = new TemporaryFolder();
    for (const image of images) {
      const file = compressedFile(folder.path, native(image), command);
      checkEqual(await decompressedFile(file), convertedBy(folder.path, 'gdcmconv -w', file), LOSSY_TOLERANCE);
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

test('real files of JPEG 2000 give what GDCM makes of them', { skip: noData || noGdcm }, async () => {
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
