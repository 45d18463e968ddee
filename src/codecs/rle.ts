/** PS3.5 Annex G: RLE, a plane of bytes after the other, the most significant byte of each sample first. */
import { DataSetError } from '../base/errors.js';
import { bytesPerSample, type Image } from './image.js';
import { packedBits } from './samples.js';

const HEADER_BYTES = 64;
const MAX_SEGMENTS = 15;

/** @throws {DataSetError} if the segments are not those of the image. */
export function decodeRle(frame: Buffer, image: Image): Buffer {
  const { bitsAllocated } = image.decompressed;
  const sampleBytes = bytesPerSample(bitsAllocated);
  const pixelBytes = sampleBytes * image.samplesPerPixel;
  const segments = segmentsOf(frame);
  if (segments.length !== pixelBytes)
    throw new DataSetError(`RLE with ${segments.length} segments instead of ${pixelBytes}`);
  const pixels = Buffer.allocUnsafeSlow(image.rows * image.columns * pixelBytes);
  segments.forEach((segment, index) => {
    const sampleAt = Math.floor(index / sampleBytes) * sampleBytes;
    decodeSegment(segment, pixels, sampleAt + sampleBytes - 1 - (index % sampleBytes), pixelBytes);
  });
  return bitsAllocated === 1 ? packedBits(pixels) : pixels;
}

/** Whether bytes begin as an RLE frame does (PS3.5 G.5): the segments in their order, zeros for those that are not there. */
export function beginsRle(bytes: Buffer): boolean {
  if (bytes.length < HEADER_BYTES) return false;
  const count = bytes.readUInt32LE();
  if (count < 1 || count > MAX_SEGMENTS || bytes.readUInt32LE(4) !== HEADER_BYTES) return false;
  for (let index = 1; index < MAX_SEGMENTS; index++) {
    const [before, start] = [bytes.readUInt32LE(index * 4), bytes.readUInt32LE(4 + index * 4)];
    if (index < count ? start <= before : start !== 0) return false;
  }
  return true;
}

/** PS3.5 G.5: the number of segments, and where each begins. */
function segmentsOf(frame: Buffer): readonly Buffer[] {
  if (frame.length < HEADER_BYTES) throw new DataSetError('RLE without a header');
  const count = frame.readUInt32LE();
  if (count < 1 || count > MAX_SEGMENTS) throw new DataSetError(`RLE with ${count} segments`);
  const starts = Array.from({ length: count }, (_, index) => frame.readUInt32LE(4 + index * 4));
  return starts.map((start, index) => {
    const end = starts[index + 1] ?? frame.length;
    if (start < HEADER_BYTES || end < start || end > frame.length)
      throw new DataSetError(`RLE segment ${index + 1} is from byte ${start} to ${end} of ${frame.length}`);
    return frame.subarray(start, end);
  });
}

/** PS3.5 G.3.2. Writes to every `stride`th byte of `pixels`, from `at` on, until there are no more. */
function decodeSegment(segment: Buffer, pixels: Buffer, at: number, stride: number): void {
  let to = at;
  let from = 0;
  while (to < pixels.length) {
    const control = segment[from++];
    if (control === undefined) throw new DataSetError('an RLE segment ends before its last pixel');
    if (control === 0x80) continue;
    const isLiteral = control < 0x80;
    const length = isLiteral ? control + 1 : 257 - control;
    const lastAt = from + (isLiteral ? length : 1);
    if (lastAt > segment.length) throw new DataSetError('an RLE segment ends within a run');
    // Some encoders pad a plane before they compress it.
    const end = Math.min(to + length * stride, pixels.length);
    const step = isLiteral ? 1 : 0;
    for (; to < end; to += stride, from += step) pixels[to] = segment[from] ?? 0;
    from = lastAt;
  }
}
