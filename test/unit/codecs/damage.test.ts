/** Frames that are cut or overwritten: pixels of the right size, or an error that says what is wrong; and that at once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { DataSetError } from '../../../src/base/errors.js';
import {
  decompressedDataSet,
  fragments,
  framesOf,
  imageDataSet,
  pixelData,
  pixelsOf,
  syntaxOf,
  type TestImage,
  testImage,
} from '../../support/codecs-images.js';
import { encodeFrame } from '../../support/codecs-package.js';
import { encodeRle } from '../../support/codecs-rle.js';

const GREY = testImage({ stored: 16 });
const COLOUR = testImage({ samples: 3, allocated: 8, stored: 8 });
const WIDE_COLOUR = testImage({ samples: 3, stored: 16 });

type Encode = (frame: Buffer, image: TestImage) => Promise<Buffer> | Buffer;

// Those that a package decodes take a new instance of it after each failure, hence fewer runs.
const SYNTAXES: readonly (readonly [uid: string, encode: Encode, images: readonly TestImage[], runs: number])[] = [
  [
    '1.2.840.10008.1.2.5',
    (frame, { samples, allocated }) => encodeRle(frame, samples, allocated / 8),
    [GREY, COLOUR],
    300,
  ],
  ['1.2.840.10008.1.2.8.1', (frame) => deflateRawSync(frame), [GREY], 100],
  ['1.2.840.10008.1.2.4.80', (frame, image) => encodeFrame('encodeJpegLs', frame, image), [GREY, COLOUR], 300],
  ['1.2.840.10008.1.2.4.70', (frame, image) => encodeFrame('encodeJpeg', frame, image), [GREY, COLOUR], 20],
  ['1.2.840.10008.1.2.4.50', (frame, image) => encodeFrame('encodeJpeg', frame, image, { lossy: true }), [COLOUR], 20],
  ['1.2.840.10008.1.2.4.90', (frame, image) => encodeFrame('encodeJpeg2000', frame, image), [GREY, COLOUR], 20],
  ['1.2.840.10008.1.2.4.201', (frame, image) => encodeFrame('encodeHtJpeg2000', frame, image), [GREY], 20],
  // Each of its encoders gives half of such pixels; what it gives of them is a whole codestream all the same.
  ['1.2.840.10008.1.2.4.90', (frame, image) => encodeFrame('encodeJpeg2000', frame, image), [WIDE_COLOUR], 20],
];

/** Where, as a part of the whole, and with what. */
const overwriting = fc.array(fc.record({ at: fc.double({ min: 0, max: 0.999, noNaN: true }), byte: fc.nat(255) }), {
  minLength: 1,
  maxLength: 4,
});
const damage = fc.oneof(
  fc
    .double({ min: 0, max: 0.999, noNaN: true })
    .map((part) => (whole: Buffer) => whole.subarray(0, part * whole.length)),
  overwriting.map((places) => (whole: Buffer) => {
    const damaged = Buffer.from(whole);
    for (const { at, byte } of places) damaged[Math.floor(at * whole.length)] = byte;
    return damaged;
  }),
  // Headers, where a byte does most.
  overwriting.map((places) => (whole: Buffer) => {
    const damaged = Buffer.from(whole);
    for (const { at, byte } of places) damaged[Math.floor(at * Math.min(128, whole.length))] = byte;
    return damaged;
  }),
);

for (const [uid, encode, images, numRuns] of SYNTAXES)
  for (const image of images)
    test(`law: ${syntaxOf(uid).name} of ${image.stored} bits, ${image.photometric}`, async () => {
      const [frame = Buffer.alloc(0)] = framesOf(image);
      const whole = await encode(frame, image);
      const expected = pixelsOf(image).length + (pixelsOf(image).length % 2);
      await fc.assert(
        fc.asyncProperty(damage, async (apply) => {
          const dataSet = imageDataSet(image, fragments([apply(whole)]));
          try {
            assert.equal(pixelData(await decompressedDataSet(dataSet, syntaxOf(uid))).length, expected);
          } catch (error) {
            if (!(error instanceof DataSetError)) throw error;
            assert.doesNotMatch(error.message, /\n/);
          }
        }),
        { numRuns },
      );
    });
