/** PS3.5 A.5: the whole data set as one raw deflate stream (RFC 1951), without header or checksum. */
import type { DeflateRaw, InflateRaw } from 'node:zlib';
import { constants, createDeflateRaw, createInflateRaw, inflateRawSync } from 'node:zlib';
import { DataSetError } from '../base/errors.js';

/**
 * The data set inside, as a stream at constant memory: a small input that becomes huge costs time but no space, so there is
 * no limit to the ratio. What follows the end of the deflate stream (a NUL pads it to even length) is not read.
 * @throws {DataSetError} if the stream is cut or is none.
 */
export async function* inflated(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  try {
    yield* through(createInflateRaw(), chunks);
  } catch (error) {
    throw isZlibError(error) ? new DataSetError(`the deflated data set cannot be read: ${error.message}`) : error;
  }
}

/** The deflated form of a data set, as a stream at constant memory, padded to even length (PS3.5 A.5). */
export async function* deflated(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  let isOdd = false;
  for await (const chunk of through(createDeflateRaw(), chunks)) {
    isOdd = isOdd !== (chunk.length % 2 === 1);
    yield chunk;
  }
  if (isOdd) yield Buffer.of(0);
}

/**
 * What the first bytes of a deflated data set begin with: as much of it as `bytes` hold, up to `maxOutput` bytes.
 * @throws {DataSetError} if they are no deflate stream.
 */
export function inflateHead(bytes: Buffer, maxOutput: number): Buffer {
  const all = tryInflate(bytes, maxOutput);
  if (all !== undefined) return all;
  // zlib gives all that its input holds or, over the limit, nothing: look for the longest input that stays within.
  let head: Buffer = Buffer.alloc(0);
  for (let fits = 0, tooLong = bytes.length; fits + 1 < tooLong; ) {
    const length = Math.floor((fits + tooLong) / 2);
    const output = tryInflate(bytes.subarray(0, length), maxOutput);
    if (output === undefined) {
      tooLong = length;
    } else {
      fits = length;
      head = output;
    }
  }
  return head;
}

function tryInflate(bytes: Buffer, maxOutput: number): Buffer | undefined {
  try {
    return inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: maxOutput });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw isZlibError(error) ? new DataSetError(`the deflated data set cannot be read: ${error.message}`) : error;
  }
}

/** zlib's own verdict on the bytes, as opposed to an error of whoever brings them. */
function isZlibError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_');
}

/**
 * Puts `chunks` through a zlib stream, one at a time and only when its output is asked for. Leaving the loop early closes
 * `chunks` and frees the stream.
 */
async function* through(
  stream: InflateRaw | DeflateRaw,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, void> {
  const pull = new ZlibPull(stream);
  try {
    for await (const chunk of chunks) {
      yield* pull.write(chunk);
      if (stream.readableEnded) return;
    }
    yield* pull.end();
  } finally {
    stream.destroy();
  }
}

/** A zlib stream as a pull: what one write leads to is read before the next. */
class ZlibPull {
  readonly #stream: InflateRaw | DeflateRaw;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(stream: InflateRaw | DeflateRaw) {
    this.#stream = stream;
    stream.on('readable', () => this.#wake?.());
    stream.on('end', () => this.#wake?.());
    stream.on('error', (error) => {
      this.#failure = error;
      this.#wake?.();
    });
  }

  write(chunk: Buffer): AsyncGenerator<Buffer, void, void> {
    let isTaken = false;
    this.#stream.write(chunk, () => {
      isTaken = true;
      this.#wake?.();
    });
    return this.#outputUntil(() => isTaken);
  }

  end(): AsyncGenerator<Buffer, void, void> {
    this.#stream.end();
    return this.#outputUntil(() => false);
  }

  /** Ends when the stream has given all that it will, or when it has nothing to give and `isDone`. */
  async *#outputUntil(isDone: () => boolean): AsyncGenerator<Buffer, void, void> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const output: Buffer | null = this.#stream.read();
      if (output !== null) yield output;
      else if (this.#stream.readableEnded || isDone()) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}
