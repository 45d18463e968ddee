/** Samples as codecs give them, laid out as native pixel data has them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DataSetError } from '../../../src/base/errors.js';
import type { Image } from '../../../src/codecs/image.js';
import { type DecodedSamples, interleaved, nativeFrame, packedBits } from '../../../src/codecs/samples.js';
import { hex } from '../../support/pdu-hex.js';

function imageOf(samplesPerPixel: number, bitsAllocated: number): Image {
  return {
    rows: 1,
    columns: 2,
    samplesPerPixel,
    photometricInterpretation: '',
    isByPlane: false,
    isSigned: false,
    numberOfFrames: 1,
    decompressed: {
      photometricInterpretation: '',
      bitsAllocated,
      bytesPerFrame: Math.ceil((2 * samplesPerPixel * bitsAllocated) / 8),
    },
  };
}

const UNSIGNED = { isSigned: false };

const LAYOUTS: readonly (readonly [string, DecodedSamples, Image, Buffer])[] = [
  ['bytes', { bytes: hex`01 ff`, precision: 8, ...UNSIGNED }, imageOf(1, 8), hex`01 ff`],
  ['words', { bytes: hex`0100 ff0f`, precision: 12, ...UNSIGNED }, imageOf(1, 16), hex`0100 ff0f`],
  ['bytes to words', { bytes: hex`01 ff`, precision: 8, ...UNSIGNED }, imageOf(1, 16), hex`0100 ff00`],
  ['bytes to bits', { bytes: hex`00 01`, precision: 1, ...UNSIGNED }, imageOf(1, 1), hex`02`],
  ['bytes with a sign to words', { bytes: hex`01 ff`, precision: 8, isSigned: true }, imageOf(1, 16), hex`0100 ffff`],
];

for (const [what, decoded, image, expected] of LAYOUTS)
  test(what, () => {
    assert.equal(nativeFrame(decoded, image).toString('hex'), expected.toString('hex'));
  });

test('planes become pixels', () => {
  assert.deepEqual(interleaved(hex`11 12 21 22 31 32`, 3, 1), hex`11 21 31 12 22 32`);
  assert.deepEqual(interleaved(hex`1101 1201 2102 2202 3103 3203`, 3, 2), hex`1101 2102 3103 1201 2202 3203`);
});

// PS3.5 8.1.1: the first pixel in the least significant bit.
const BITS: readonly (readonly [Buffer, Buffer])[] = [
  [hex`01 00 00 00 00 00 00 00`, hex`01`],
  [hex`00 00 00 00 00 00 00 01`, hex`80`],
  [hex`01 01 00 00 01 00 01 00 01`, hex`53 01`],
];

test('single bits are packed, the last byte filled up with zeros', () => {
  for (const [samples, expected] of BITS) assert.deepEqual(packedBits(samples), expected);
});

test('a codec that gives too little or too much is not believed', () => {
  for (const bytes of [hex`01`, hex`010203`])
    assert.throws(() => nativeFrame({ bytes, precision: 8, ...UNSIGNED }, imageOf(1, 8)), DataSetError);
});

test('law: planes of planes are the planes again', () => {
  const pixels = fc.uint8Array({ minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(pixels, fc.constantFrom(1, 2, 4), (bytes, sampleBytes) => {
      const count = bytes.length;
      const frame = Buffer.from(
        Array.from({ length: count * 3 * sampleBytes }, (_, index) => bytes[index % count] ?? 0),
      );
      // Turned round, what was a plane for each sample is one for each pixel.
      assert.ok(interleaved(interleaved(frame, 3, sampleBytes), count, sampleBytes).equals(frame));
    }),
  );
});
