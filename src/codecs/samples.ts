/** PS3.5 8.1: decoded samples laid out as native pixel data has them: pixel by pixel, little endian, single bits packed. */
import { DataSetError } from '../base/errors.js';
import type { Image } from './image.js';

/** What a codec gave, by its own header, pixel by pixel. */
export interface DecodedSamples {
  /** A byte each up to 8 bits of precision, else two. */
  readonly bytes: Buffer;
  readonly precision: number;
  readonly isSigned: boolean;
}

/**
 * The frame in the data set's Bits Allocated.
 * @throws {DataSetError} if the codec did not give all of it.
 */
export function nativeFrame(decoded: DecodedSamples, image: Image): Buffer {
  const { bitsAllocated } = image.decompressed;
  const sampleBytes = decoded.precision <= 8 ? 1 : 2;
  const expected = image.rows * image.columns * image.samplesPerPixel * sampleBytes;
  if (decoded.bytes.length !== expected)
    throw new DataSetError(`${decoded.bytes.length} bytes came out of the codec instead of ${expected}`);
  if (bitsAllocated === 1) return packedBits(decoded.bytes);
  return sampleBytes * 8 < bitsAllocated ? widened(decoded.bytes, decoded.isSigned) : decoded.bytes;
}

/** Planar Configuration 1 to 0: from a plane after the other to the samples of a pixel after those of the other. */
export function interleaved(planes: Buffer, samplesPerPixel: number, sampleBytes: number): Buffer {
  if (samplesPerPixel === 1) return planes;
  const pixels = Buffer.allocUnsafeSlow(planes.length);
  const stride = samplesPerPixel * sampleBytes;
  let from = 0;
  for (let sample = 0; sample < samplesPerPixel; sample++)
    for (let pixelAt = sample * sampleBytes; pixelAt < pixels.length; pixelAt += stride)
      for (let byte = 0; byte < sampleBytes; byte++) pixels[pixelAt + byte] = planes[from++] ?? 0;
  return pixels;
}

/** PS3.5 8.1.1: samples of a bit, a byte each, to eight of them in a byte, the first in its least significant bit. */
export function packedBits(samples: Buffer): Buffer {
  const bytes = Buffer.alloc(Math.ceil(samples.length / 8));
  for (let at = 0; at < samples.length; at++)
    bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (((samples[at] ?? 0) & 1) << (at & 7));
  return bytes;
}

/** Bytes to words of 16 bits. */
function widened(samples: Buffer, isSigned: boolean): Buffer {
  const words = Buffer.alloc(samples.length * 2);
  for (let at = 0; at < samples.length; at++) {
    const sample = samples[at] ?? 0;
    words[at * 2] = sample;
    if (isSigned && sample >= 0x80) words[at * 2 + 1] = 0xff;
  }
  return words;
}
