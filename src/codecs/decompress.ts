/** Whole data sets from a compressed transfer syntax to a native one, as streams. */
import { UsageError } from '../base/errors.js';
import { deflated } from '../dataset/deflate.js';
import { canConvert } from '../dataset/transcode.js';
import { EXPLICIT_VR_LITTLE_ENDIAN, type TransferSyntax } from '../dataset/transfer-syntax.js';
import { type Compression, compressionOf } from './compression.js';
import { Decompressor } from './decompressor.js';

/**
 * The data set in `chunks` with native pixel data in `to`, at the memory of a frame or two. Photometric Interpretation,
 * Planar Configuration and Bits Allocated are those of the pixels that come out, in items with compressed pixel data (icons) too;
 * attributes that tell of a lossy compression stay, and a lossy syntax leaves its mark (PS3.3 C.7.6.1.1.5). A chunk that comes out is valid until the next is asked for.
 * @throws {UsageError} at once if there is no way from one to the other.
 * @throws {DataSetError} from the loop: a codec that is missing or fails, an image that is not what its attributes say.
 */
export function decompressedChunks(
  chunks: AsyncIterable<Buffer>,
  from: TransferSyntax,
  to: TransferSyntax,
): AsyncIterable<Buffer> {
  const compression = compressionOf(from);
  if (compression === undefined || !canConvert(EXPLICIT_VR_LITTLE_ENDIAN, to))
    throw new UsageError(`no decompression from ${from.name} to ${to.name}`);
  const decompressed = decompress(chunks, { from, to, compression });
  return to.deflated ? deflated(decompressed) : decompressed;
}

async function* decompress(
  chunks: AsyncIterable<Buffer>,
  { from, to, compression }: { from: TransferSyntax; to: TransferSyntax; compression: Compression },
): AsyncGenerator<Buffer, void, void> {
  const decompressor = new Decompressor(from, to, compression);
  for await (const chunk of chunks) yield* decompressor.feed(chunk);
  yield* decompressor.end();
}
