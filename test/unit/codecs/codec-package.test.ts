/** Codestreams through the codec package: exact where they are lossless, refused where they are not what is said of them. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DataSetError } from '../../../src/base/errors.js';
import type { decompressedChunks } from '../../../src/codecs/decompress.js';
import { EXPLICIT_VR_LITTLE_ENDIAN } from '../../../src/dataset/transfer-syntax.js';
import {
  attributeOf,
  BITS_ALLOCATED,
  decompressedDataSet,
  fragments,
  framesOf,
  gathered,
  imageDataSet,
  PHOTOMETRIC_INTERPRETATION,
  pixelData,
  pixelsOf,
  syntaxOf,
  type TestImage,
  testImage,
} from '../../support/codecs-images.js';
import { type Encoder, encodeFrame } from '../../support/codecs-package.js';
import { type DataElement, encodeDataSet } from '../../support/data-set.js';
import { hex } from '../../support/pdu-hex.js';
import { TemporaryFolder } from '../../support/peers-files.js';

const JPEG_BASELINE = syntaxOf('1.2.840.10008.1.2.4.50');
const JPEG_LOSSLESS = syntaxOf('1.2.840.10008.1.2.4.70');
const JPEG_LS = syntaxOf('1.2.840.10008.1.2.4.80');
const JPEG_2000 = syntaxOf('1.2.840.10008.1.2.4.90');
const HT_JPEG_2000 = syntaxOf('1.2.840.10008.1.2.4.201');

const GREY: readonly TestImage[] = [
  testImage({ allocated: 8, stored: 8 }),
  testImage({ stored: 10 }),
  testImage({ stored: 12, isSigned: true }),
  testImage({ stored: 16 }),
  testImage({ stored: 16, isSigned: true, frames: 3 }),
];
const COLOUR = testImage({ samples: 3, allocated: 8, stored: 8 });

const LOSSLESS: readonly (readonly [Encoder, typeof JPEG_LS, readonly TestImage[]])[] = [
  ['encodeJpeg', JPEG_LOSSLESS, [...GREY.filter(({ isSigned }) => !isSigned), COLOUR]],
  ['encodeJpegLs', JPEG_LS, [...GREY.filter(({ isSigned }) => !isSigned), COLOUR]],
  ['encodeJpeg2000', JPEG_2000, [...GREY, COLOUR]],
  ['encodeHtJpeg2000', HT_JPEG_2000, [...GREY, COLOUR]],
];

async function compressed(encoder: Encoder, image: TestImage): Promise<readonly Buffer[]> {
  const frames: Buffer[] = [];
  for (const frame of framesOf(image)) frames.push(await encodeFrame(encoder, frame, image));
  return frames;
}

for (const [encoder, syntax, images] of LOSSLESS)
  for (const image of images)
    test(`${syntax.name}: ${image.photometric}, ${image.stored} bits${image.isSigned ? ' with a sign' : ''}`, async () => {
      const output = await decompressedDataSet(
        imageDataSet(image, fragments(await compressed(encoder, image))),
        syntax,
      );
      const pixels = pixelsOf(image);
      assert.ok(pixelData(output).subarray(0, pixels.length).equals(pixels));
      assert.equal(attributeOf(output, PHOTOMETRIC_INTERPRETATION), image.photometric);
    });

test('YBR_RCT becomes RGB', async () => {
  for (const [encoder, syntax] of [
    ['encodeJpeg2000', JPEG_2000],
    ['encodeHtJpeg2000', HT_JPEG_2000],
  ] as const) {
    const dataSet = imageDataSet({ ...COLOUR, photometric: 'YBR_RCT' }, fragments(await compressed(encoder, COLOUR)));
    const output = await decompressedDataSet(dataSet, syntax);
    assert.equal(attributeOf(output, PHOTOMETRIC_INTERPRETATION), 'RGB');
    assert.ok(pixelData(output).subarray(0, pixelsOf(COLOUR).length).equals(pixelsOf(COLOUR)));
  }
});

// Made by OpenJPH and OpenJPEG, since the package's own encoders get these wrong: 4 columns, 3 rows.
const RGB_16_BITS = hex`ff4fff51002f0000000000040000000300000000000000000000000400000003000000000000000000030f01010f01010f01
  01ff52000c00000001010004040001ff5c00044080ff640025000143726561746564206279204f70656e4a5045472076657273696f6e20322e352e30
  ff90000a0000000000670001ff93cffc306807da793fdd93efb3875ef2b043a50c18755592097a2227e3cfbfdff890d01058f80f8bb5f77275e46fd2
  9b4e91f728d9487d7d4e1eecb67edff890c80cb7e0e59d2aa66f2aa8803825f514034dea0f5298f3ecef37ffd9`;
const RGB_16_BITS_NO_TRANSFORM = hex`ff4fff51002f0000000000040000000300000000000000000000000400000003000000000000000000030f01010f
  01010f0101ff52000c00000001000004040001ff5c00044080ff640025000143726561746564206279204f70656e4a5045472076657273696f6e2032
  2e352e30ff90000a00000000006a0001ff93dff890d806d9a320bdb3725c658a69dee9494366837a04b2378c772976e21fcffc306807c7aac59fa203
  771d4c64a7498d5ed6afe8ab5212641571ea9fcffc306c0b604edb6e4455c5237442ccae53140b75b60d92ce83903cb2ab7fffd9`;
const HT_12_BITS_RGB = hex`ff4fff51002f4000000000040000000300000000000000000000000400000003000000000000000000030b01010b01010b
  0101ff500008000200000008ff52000c00020001010104044001ff5c00072078787880ff90000a0000000000990001ff93c000a9b5e521aec9014334
  00c000aa1de1c07573c800e19400c000aa913d8f8886fd01873400c000aa80013c0004e0935ace0716fa00c39400cb61fc028174003938cc03017400
  c000aa80013c000540139b4e5f436700e29400e9d42403817400d3c9aff901023400c000aa80013c000540c4f0245f436700e394004d0ae300a23400
  886162fe00e23400ffd9`;
const HT_12_BITS_NO_TRANSFORM = hex`ff4fff51002f4000000000040000000300000000000000000000000400000003000000000000000000030b01010b
  01010b0101ff500008000200000007ff52000c00020001000104044001ff5c00072070707078ff90000a0000000000940001ff93c001549b77c2555c
  f20180b400c0015407220aee40e20186b400c00156256398e07ab6fe00e19400c001530004f00027c49eb0c8e20106b4004dc4fc020174009d4cf100
  a23400c0013c0013c0009c8c754400e254000020e600a234002986ce00c23400c001550004f0002a00155ba7e77eee0181b400e9442703817400ff2f
  75fe00e23400ffd9`;
const SIGNED_8_BITS = hex`ff4fff510029000000000004000000030000000000000000000000040000000300000000000000000001870101ff52000c
  00000001000004040001ff5c00044040ff90000a00000000001f0001ff93df807006bb91d0fe6203c89e855b73f47fffd9`;

const WIDE_COLOUR: readonly (readonly [what: string, codestream: Buffer, syntax: typeof JPEG_2000, stored: 12 | 16])[] =
  [
    ['16 bits', RGB_16_BITS, JPEG_2000, 16],
    ['16 bits without a transform', RGB_16_BITS_NO_TRANSFORM, JPEG_2000, 16],
    ['12 bits of high throughput', HT_12_BITS_RGB, HT_JPEG_2000, 12],
    ['12 bits of high throughput without a transform', HT_12_BITS_NO_TRANSFORM, HT_JPEG_2000, 12],
  ];
/** What they were made of. */
const WIDE_SAMPLES = {
  12: Array.from({ length: 36 }, (_, index) => (index * 613 + (index % 5) * 977) % 4096),
  16: Array.from({ length: 36 }, (_, index) => (index * 6131 + (index % 5) * 9777) % 65536),
};

for (const [what, codestream, syntax, stored] of WIDE_COLOUR)
  test(`JPEG 2000 in colour of ${what}`, async () => {
    const image = testImage({ rows: 3, columns: 4, samples: 3, stored, frames: 2 });
    const output = await decompressedDataSet(imageDataSet(image, fragments([codestream, codestream])), syntax);
    const samples = WIDE_SAMPLES[stored];
    assert.deepEqual(pixelData(output), Buffer.from(Uint16Array.from([...samples, ...samples]).buffer));
    assert.equal(attributeOf(output, PHOTOMETRIC_INTERPRETATION), 'RGB');
  });

test('JPEG 2000 in colour of more than 8 bits: YBR_RCT becomes RGB, 8 bits in 16 become 16', async () => {
  const wide = testImage({ rows: 3, columns: 4, samples: 3, stored: 16, photometric: 'YBR_RCT' });
  const rgb = await decompressedDataSet(imageDataSet(wide, fragments([RGB_16_BITS])), JPEG_2000);
  assert.equal(attributeOf(rgb, PHOTOMETRIC_INTERPRETATION), 'RGB');
  const narrow = fragments(await compressed('encodeJpeg2000', COLOUR));
  const output = await decompressedDataSet(imageDataSet({ ...COLOUR, allocated: 16 }, narrow), JPEG_2000);
  assert.deepEqual(pixelData(output), Buffer.from(Uint16Array.from(pixelsOf(COLOUR)).buffer));
});

test('JPEG 2000 of 8 bits with a sign, in 8 and in 16', async () => {
  const samples = [-128, 127, -1, 0, 1, 2, -3, 100, -100, 55, -55, 7];
  for (const [allocated, expected] of [
    [8, Int8Array.from(samples)],
    [16, Int16Array.from(samples)],
  ] as const) {
    const image = testImage({ rows: 3, columns: 4, allocated, stored: 8, isSigned: true });
    const output = await decompressedDataSet(imageDataSet(image, fragments([SIGNED_8_BITS])), JPEG_2000);
    assert.deepEqual(pixelData(output), Buffer.from(expected.buffer));
  }
});

test('JPEG 2000 of single bits is packed, frame behind frame', async () => {
  const image = testImage({ rows: 8, columns: 24, allocated: 8, stored: 1, frames: 2 });
  const single: DataElement = { tag: BITS_ALLOCATED, vr: 'US', value: [1] };
  const samples = pixelsOf(image);
  const bits = Buffer.alloc(samples.length / 8);
  for (const [index, sample] of samples.entries()) bits[index >> 3] = (bits[index >> 3] ?? 0) | (sample << (index % 8));
  const frames = fragments(await compressed('encodeJpeg2000', image));
  const output = await decompressedDataSet(imageDataSet(image, frames, [single]), JPEG_2000);
  assert.equal(attributeOf(output, BITS_ALLOCATED), 1);
  assert.deepEqual(pixelData(output), bits);
});

function refusal(message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof DataSetError && message.test(error.message) && !error.message.includes('\n');
}

test('a codestream of another size or depth than the attributes say is refused', async () => {
  for (const [encoder, syntax] of LOSSLESS) {
    const [image = COLOUR] = GREY;
    const frames = fragments(await compressed(encoder, image));
    const refused = [{ rows: 18 }, { columns: 24 }, { samples: 3, photometric: 'RGB' } as const];
    for (const change of refused)
      await assert.rejects(
        decompressedDataSet(imageDataSet({ ...image, ...change }, frames), syntax),
        refusal(/samples, the/),
      );
    const wide = fragments(await compressed(encoder, testImage({ stored: 16 })));
    await assert.rejects(
      decompressedDataSet(imageDataSet(image, wide), syntax),
      refusal(/16 bits in Bits Allocated 8/),
    );
  }
});

test('a codestream that is cut is refused, and the next one is decompressed all the same', async () => {
  const image = testImage({ stored: 16 });
  for (const [encoder, syntax] of LOSSLESS) {
    const [whole = Buffer.alloc(0)] = await compressed(encoder, image);
    const cut = whole.subarray(0, whole.length - 2 * Math.floor(whole.length / 8));
    await assert.rejects(decompressedDataSet(imageDataSet(image, fragments([cut])), syntax), refusal(/^frame 1 of 1 /));
    const output = await decompressedDataSet(imageDataSet(image, fragments([whole])), syntax);
    assert.ok(pixelData(output).equals(pixelsOf(image)));
  }
});

test('what is no codestream is refused', async () => {
  for (const syntax of [JPEG_BASELINE, JPEG_LOSSLESS, JPEG_LS, JPEG_2000, HT_JPEG_2000])
    await assert.rejects(
      decompressedDataSet(imageDataSet(COLOUR, fragments([Buffer.alloc(100)])), syntax),
      refusal(/no JPEG(-LS| 2000)? codestream/),
    );
  const jpeg = await compressed('encodeJpeg', COLOUR);
  await assert.rejects(decompressedDataSet(imageDataSet(COLOUR, fragments(jpeg)), JPEG_LS), refusal(/no JPEG-LS/));
});

test('colours that the attributes and the codestream have otherwise are refused', async () => {
  const lossless = fragments(await compressed('encodeJpeg', COLOUR));
  const ybr = { ...COLOUR, photometric: 'YBR_FULL_422' };
  await assert.rejects(decompressedDataSet(imageDataSet(ybr, lossless), JPEG_BASELINE), refusal(/codestream is RGB/));
  const [frame = Buffer.alloc(0)] = framesOf(COLOUR);
  const noTransform = await encodeFrame('encodeJpeg2000', frame, COLOUR, { allowMct: 0 });
  const rct = { ...COLOUR, photometric: 'YBR_RCT' };
  await assert.rejects(
    decompressedDataSet(imageDataSet(rct, fragments([noTransform])), JPEG_2000),
    refusal(/no component transform/),
  );
});

test('JPEG 2000 in colour of more than 8 bits that is cut is refused, in the words of the codec', async () => {
  const image = testImage({ rows: 3, columns: 4, samples: 3, stored: 16 });
  for (const length of [120, RGB_16_BITS.length - 20]) {
    const cut = imageDataSet(image, fragments([RGB_16_BITS.subarray(0, length)]));
    await assert.rejects(decompressedDataSet(cut, JPEG_2000), refusal(/the codec failed: (Stream|Tile)/));
  }
  const whole = imageDataSet(image, fragments([RGB_16_BITS]));
  assert.deepEqual(pixelData(await decompressedDataSet(whole, JPEG_2000)).readUInt16LE(2), WIDE_SAMPLES[16][1]);
});

test('a codestream that says to be larger than the image is refused before a codec has memory for it', async () => {
  const largest = Buffer.from(RGB_16_BITS);
  for (const at of [8, 12, 24, 28]) largest.writeUInt32BE(65535, at);
  const small = testImage({ rows: 3, columns: 4, samples: 3, stored: 16 });
  await assert.rejects(
    decompressedDataSet(imageDataSet(small, fragments([largest])), JPEG_2000),
    refusal(/the codestream is 65535 x 65535 x 3 samples, the data set says 4 x 3 x 3/),
  );
  await assert.rejects(
    decompressedDataSet(imageDataSet({ ...small, rows: 65535, columns: 65535 }, fragments([largest])), JPEG_2000),
    refusal(/over the limit of 1 GiB/),
  );
});

/** Decompression as it is where no package is installed, besides those named. */
async function decompressionWith(folder: string, packages: readonly string[]): Promise<typeof decompressedChunks> {
  const compiled = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'src');
  for (const part of ['base', 'dictionary', 'dataset', 'codecs'])
    cpSync(join(compiled, part), join(folder, part), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const name of packages) {
    const path = join(folder, 'node_modules', name);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'index.js'), 'throw new Error("it is broken");');
    writeFileSync(join(path, 'package.json'), JSON.stringify({ name, main: 'index.js' }));
  }
  return (await import(pathToFileURL(join(folder, 'codecs', 'decompress.js')).href)).decompressedChunks;
}

test('without a package, or with one that is broken, the line names it; what needs none goes on', async () => {
  const grey = encodeDataSet(
    imageDataSet(testImage(), fragments(await compressed('encodeJpeg2000', testImage()))),
    JPEG_2000,
  );
  const colour = encodeDataSet(
    imageDataSet(testImage({ rows: 3, columns: 4, samples: 3, stored: 16 }), fragments([RGB_16_BITS])),
    JPEG_2000,
  );
  const jpegLs = encodeDataSet(
    imageDataSet(testImage(), fragments(await compressed('encodeJpegLs', testImage()))),
    JPEG_LS,
  );
  const { name } = JPEG_2000;
  using empty = new TemporaryFolder();
  const without = await decompressionWith(empty.path, []);
  using folder = new TemporaryFolder();
  const broken = await decompressionWith(folder.path, ['dcmjs-codecs']);
  for (const [decompress, bytes, message] of [
    [without, grey, `${name} cannot be decompressed: the package dcmjs-codecs is not installed`],
    [
      without,
      colour,
      `${name} in colour of more than 8 bits cannot be decompressed: the package @cornerstonejs/codec-openjpeg is not installed`,
    ],
    [broken, grey, `${name} cannot be decompressed: the package dcmjs-codecs does not load: it is broken`],
  ] as const)
    await assert.rejects(gathered(decompress(once(bytes), JPEG_2000, EXPLICIT_VR_LITTLE_ENDIAN)), {
      name: 'DataSetError',
      message,
    });
  assert.ok(
    (await gathered(without(once(jpegLs), JPEG_LS, EXPLICIT_VR_LITTLE_ENDIAN))).length > pixelsOf(testImage()).length,
  );
});

async function* once(bytes: Buffer): AsyncGenerator<Buffer, void, void> {
  yield bytes;
}
