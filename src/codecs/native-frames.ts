/** PS3.5 A.4: frames of native pixels in fragments, as they are or (8.2.16) deflated each. */
import { inflateRawSync } from 'node:zlib';
import { DataSetError } from '../base/errors.js';
import type { Image } from './image.js';
import { interleaved } from './samples.js';

/** What `info: true` makes of a result, which its declaration does not say. */
interface Inflated {
  readonly buffer: Buffer;
  /** `bytesWritten` is what was read of the input. */
  readonly engine: { readonly bytesWritten: number };
}

function isInflated(result: unknown): result is Inflated {
  return typeof result === 'object' && result !== null && 'buffer' in result && 'engine' in result;
}

/** @throws {DataSetError} if it is not as long as a frame. */
export function unwrapFrame(frame: Buffer, image: Image): Buffer {
  const { bytesPerFrame, bitsAllocated } = image.decompressed;
  // PS3.5 A.4: a frame of odd length has a NUL behind it.
  if (frame.length !== bytesPerFrame && frame.length !== bytesPerFrame + (bytesPerFrame % 2))
    throw new DataSetError(`it has ${frame.length} bytes instead of ${bytesPerFrame}`);
  const pixels = frame.subarray(0, bytesPerFrame);
  return image.isByPlane ? interleaved(pixels, image.samplesPerPixel, bitsAllocated / 8) : pixels;
}

/** RFC 1951, without header or checksum. @throws {DataSetError} if it is none, or not as long as a frame. */
export function inflateFrame(frame: Buffer, image: Image): Buffer {
  return unwrapFrame(inflate(frame, image.decompressed.bytesPerFrame + 1), image);
}

function inflate(frame: Buffer, maxOutputLength: number): Buffer {
  let inflated: unknown;
  try {
    inflated = inflateRawSync(frame, { maxOutputLength, info: true });
  } catch (error) {
    const reason = error instanceof RangeError ? 'it is longer than a frame' : `it does not inflate: ${String(error)}`;
    throw new DataSetError(reason);
  }
  if (!isInflated(inflated)) throw new TypeError('zlib does not say how much it has read');
  // PS3.5 A.4: of odd length it has a NUL behind it. Anything else would be lost: another frame, say.
  if (frame.subarray(inflated.engine.bytesWritten).some((byte) => byte !== 0))
    throw new DataSetError('there is more behind its end');
  return inflated.buffer;
}
