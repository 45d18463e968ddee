/** PS3.5 A.5: the whole data set as one raw deflate stream (RFC 1951), without header or checksum. */
import type { DeflateRaw, InflateRaw } from 'node:zlib';
import { DataSetError } from '../base/errors.js';

/** A piece of output costs a turn of the event loop, whatever its size; each stream has one buffer of this. */
const INFLATED_CHUNK_BYTES = 128 * 1024;

/**
 * The data set inside, as a stream at constant memory: a small input that becomes huge costs time but no space, so there is
 * no limit to the ratio. What follows the end of the deflate stream (a NUL pads it to even length) is not read.
 * @throws {DataSetError} if the stream is cut or is none.
 */
export function inflated(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  return through(inflation, chunks);
}

/** The deflated form of a data set, as a stream at constant memory, padded to even length (PS3.5 A.5). */
export async function* deflated(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  let isOdd = false;
  for await (const chunk of through(deflation, chunks)) {
    isOdd = isOdd !== (chunk.length % 2 === 1);
    yield chunk;
  }
  if (isOdd) yield Buffer.of(0);
}

/** What `inflated` does, for whoever is handed the deflated bytes instead of asking for them. */
export function inflation(): ZlibPull {
  return new ZlibPull(({ createInflateRaw }) => createInflateRaw({ chunkSize: INFLATED_CHUNK_BYTES }));
}

function deflation(): ZlibPull {
  return new ZlibPull(({ createDeflateRaw }) => createDeflateRaw());
}

/**
 * Puts `chunks` through a zlib stream, one at a time and only when its output is asked for. Leaving the loop early closes
 * `chunks` and frees the stream.
 */
async function* through(open: () => ZlibPull, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  const pull = open();
  try {
    for await (const chunk of chunks) {
      yield* pull.write(chunk);
      if (pull.hasEnded) return;
    }
    yield* pull.end();
  } finally {
    pull.close();
  }
}

type ZlibStream = InflateRaw | DeflateRaw;
type OpenStream = (zlib: typeof import('node:zlib')) => ZlibStream;

/**
 * A zlib stream as a pull: what one write leads to is read before the next, to the last piece. In the end comes `close`,
 * however far it went. @throws {DataSetError} from what `write` and `end` return.
 */
export class ZlibPull {
  readonly #open: OpenStream;
  #stream: ZlibStream | undefined;
  #isClosed = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(open: OpenStream) {
    this.#open = open;
  }

  /** True once a deflate stream that was written has come to its own end; what is written after that is not read. */
  get hasEnded(): boolean {
    return this.#stream?.readableEnded ?? false;
  }

  /** What `chunk` leads to; it is the caller's again when that has been taken. */
  async *write(chunk: Buffer): AsyncGenerator<Buffer, void, void> {
    if (this.hasEnded) return;
    const stream = this.#stream ?? (await this.#opened());
    let isTaken = false;
    stream.write(chunk, () => {
      isTaken = true;
      this.#wake?.();
    });
    yield* this.#outputOf(stream, () => isTaken);
  }

  /** What is left; an error if a deflate stream that was written is not whole. */
  async *end(): AsyncGenerator<Buffer, void, void> {
    if (this.hasEnded) return;
    const stream = this.#stream ?? (await this.#opened());
    stream.end();
    yield* this.#outputOf(stream, () => false);
  }

  /** Frees the stream. What is being waited for comes to an end without the rest. */
  close(): void {
    this.#isClosed = true;
    this.#stream?.destroy();
  }

  /** Most runs neither inflate nor deflate anything, and do not wait for Node's zlib to be loaded. */
  async #opened(): Promise<ZlibStream> {
    const stream = this.#open(await import('node:zlib'));
    this.#stream = stream;
    stream.on('readable', () => this.#wake?.());
    stream.on('end', () => this.#wake?.());
    stream.on('close', () => this.#wake?.());
    stream.on('error', (error) => {
      this.#failure = new DataSetError(`the deflated data set cannot be read: ${error.message}`);
      this.#wake?.();
    });
    if (this.#isClosed) stream.destroy();
    return stream;
  }

  /** Ends when the stream has given all that it will, or when it has nothing to give and `isDone`. */
  async *#outputOf(stream: ZlibStream, isDone: () => boolean): AsyncGenerator<Buffer, void, void> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const output: Buffer | null = stream.read();
      if (output !== null) yield output;
      else if (stream.readableEnded || stream.destroyed || isDone()) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}
