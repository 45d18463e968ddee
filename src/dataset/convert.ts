/** Whole data sets from one transfer syntax to another, deflation included, as streams. */
import { deflated, inflated } from './deflate.js';
import type { DataSetSource } from './source.js';
import { chunkSource } from './source.js';
import { Transcoder, type TranscoderOptions } from './transcode.js';
import type { TransferSyntax } from './transfer-syntax.js';

/**
 * The data set in `chunks` rewritten from one syntax to the other (see `Transcoder`), at constant memory. A chunk that comes
 * out is valid until the next is asked for.
 * @throws {UsageError} at once if `canConvert` says no.
 * @throws {DataSetError} from the loop.
 */
export function convertedChunks(
  chunks: AsyncIterable<Buffer>,
  from: TransferSyntax,
  to: TransferSyntax,
  options?: TranscoderOptions,
): AsyncIterable<Buffer> {
  const transcoded = transcodedChunks(from.deflated ? inflated(chunks) : chunks, new Transcoder(from, to, options));
  return to.deflated ? deflated(transcoded) : transcoded;
}

/** A small data set rewritten at once. Not for deflated ones. @throws {UsageError | DataSetError} likewise */
export function transcodedBytes(
  bytes: Buffer,
  from: TransferSyntax,
  to: TransferSyntax,
  options?: TranscoderOptions,
): Buffer {
  const transcoder = new Transcoder(from, to, options);
  return Buffer.concat([...transcoder.feed(bytes), ...transcoder.end()]);
}

/** A source of the converted data set, to be sent as it is read. Closing it closes `chunks`. */
export function transcodedSource(
  chunks: AsyncIterable<Buffer>,
  from: TransferSyntax,
  to: TransferSyntax,
  options?: TranscoderOptions,
): DataSetSource {
  return chunkSource(convertedChunks(chunks, from, to, options));
}

async function* transcodedChunks(
  chunks: AsyncIterable<Buffer>,
  transcoder: Transcoder,
): AsyncGenerator<Buffer, void, void> {
  for await (const chunk of chunks) yield* transcoder.feed(chunk);
  yield* transcoder.end();
}
