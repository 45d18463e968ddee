/** Codestreams through the codec package: exact where they are lossless, refused where they are not what is said of them. */
import assert from 'node:assert/strict';
import { cpSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DataSetError } from '../../../src/base/errors.js';
import {
  attributeOf,
  decompressedDataSet,
  fragments,
  framesOf,
  imageDataSet,
  PHOTOMETRIC_INTERPRETATION,
  pixelData,
  pixelsOf,
  syntaxOf,
  type TestImage,
  testImage,
} from '../../support/codecs-images.js';
import { type Encoder, encodeFrame } from '../../support/codecs-package.js';
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

test('high throughput in colour of 12 bits', async () => {
  const image = testImage({ rows: 3, columns: 4, samples: 3, photometric: 'YBR_RCT' });
  const samples = Array.from({ length: 36 }, (_, index) => (index * 613 + (index % 5) * 977) % 4096);
  const output = await decompressedDataSet(imageDataSet(image, fragments([HT_12_BITS_RGB])), HT_JPEG_2000);
  assert.deepEqual(pixelData(output), Buffer.from(Uint16Array.from(samples).buffer));
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

test('a scan for each component is put together to pixels', async () => {
  // A codestream of three scans, made of the scans of three images: JPEG-LS without interleaving (ISO 14495-1 C.2.3).
  const planes = [0, 1, 2].map((sample) => pixelsOf(COLOUR).filter((_: number, index: number) => index % 3 === sample));
  const grey = testImage({ allocated: 8, stored: 8 });
  const scans: Buffer[] = [];
  for (const [index, plane] of planes.entries()) {
    const codestream = await encodeFrame('encodeJpegLs', Buffer.from(plane), grey);
    const scan = codestream.subarray(
      codestream.indexOf(Buffer.of(0xff, 0xda)),
      codestream.lastIndexOf(Buffer.of(0xff, 0xd9)),
    );
    scan[5] = index + 1;
    scans.push(Buffer.from(scan));
  }
  const header = Buffer.from([0xff, 0xd8, 0xff, 0xf7, 0, 17, 8, 0, 19, 0, 23, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]);
  const codestream = Buffer.concat([header, ...scans, Buffer.of(0xff, 0xd9)]);
  const output = await decompressedDataSet(imageDataSet(COLOUR, fragments([codestream])), JPEG_LS);
  assert.ok(pixelData(output).subarray(0, pixelsOf(COLOUR).length).equals(pixelsOf(COLOUR)));
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

test('JPEG 2000 in colour of more than 8 bits is refused: the codec would give half of it', async () => {
  const wide = testImage({ samples: 3 });
  const [frame = Buffer.alloc(0)] = await compressed('encodeJpeg2000', wide);
  const image = testImage({ rows: 3, columns: 4, samples: 3 });
  for (const [dataSet, syntax] of [
    [imageDataSet(wide, fragments([frame])), JPEG_2000],
    [imageDataSet(image, fragments([HT_12_BITS_NO_TRANSFORM])), HT_JPEG_2000],
  ] as const)
    await assert.rejects(decompressedDataSet(dataSet, syntax), refusal(/no more than 8/));
});

test('without the package, the line names it', async () => {
  using folder = new TemporaryFolder();
  const compiled = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'src');
  for (const part of ['base', 'dictionary', 'dataset', 'codecs'])
    cpSync(join(compiled, part), join(folder.path, part), { recursive: true });
  writeFileSync(join(folder.path, 'package.json'), '{"type":"module"}');
  const { decompressedChunks } = await import(pathToFileURL(join(folder.path, 'codecs', 'decompress.js')).href);
  const { EXPLICIT_VR_LITTLE_ENDIAN } = await import(
    pathToFileURL(join(folder.path, 'dataset', 'transfer-syntax.js')).href
  );
  const chunks = decompressedChunks([], JPEG_LS, EXPLICIT_VR_LITTLE_ENDIAN);
  await assert.rejects(chunks[Symbol.asyncIterator]().next(), {
    name: 'DataSetError',
    message: 'JPEG-LS Lossless Image Compression cannot be decompressed: the package dcmjs-codecs is not installed',
  });
});
