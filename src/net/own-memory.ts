/** Sockets that are read into memory of ours: Node's own chunks are new memory each, for which every byte is fetched anew. */
import { type OnReadOpts, Socket } from 'node:net';
import { MAX_CHUNK_BYTES, ReadBuffer } from '../base/read-buffer.js';

/** What a chunk costs that is taken in one go: others wait for so long. Usual data takes a hundredth of that. */
const LONG_MS = 4;
/** A chunk need not be shorter, whatever it costs. */
const MIN_CHUNK_BYTES = 1024;

/** The chunks of one socket. */
export class OwnMemory {
  readonly #buffer = new ReadBuffer();
  /** Most that is read at once: bytes in tiny fragments cost thousands of times as much as others. */
  #maxBytes = MAX_CHUNK_BYTES;
  /** The chunk is good until this returns; see `keep`. */
  onChunk: (chunk: Buffer) => void = () => undefined;

  /** An option of Node's for a socket. */
  readonly onread: OnReadOpts = {
    buffer: () => this.#buffer.room().subarray(0, this.#maxBytes),
    callback: (bytes) => {
      const begun = performance.now();
      this.onChunk(this.#buffer.filled(bytes));
      this.#adapt(bytes, performance.now() - begun);
      return true;
    },
  };

  #adapt(bytes: number, ms: number): void {
    if (ms > LONG_MS) this.#maxBytes = Math.max(MIN_CHUNK_BYTES, Math.floor((bytes * LONG_MS) / ms / 2));
    else if (bytes === this.#maxBytes && ms < LONG_MS / 4) this.#maxBytes = Math.min(MAX_CHUNK_BYTES, 2 * bytes);
  }

  /**
   * The connection of a socket that Node has accepted, as a socket that is read in this way; for those only that we open
   * ourselves there is an option. The old one is of no use any more. Undefined, and nothing done, where Node is built in
   * another way than it has been for years.
   */
  takeOver(accepted: Socket): Socket | undefined {
    const handle: unknown = Reflect.get(accepted, '_handle');
    if (typeof handle !== 'object' || handle === null || !('useUserBuffer' in handle)) return undefined;
    const options: object = { handle, onread: this.onread };
    const socket = new Socket(options);
    if (Reflect.get(socket, '_handle') !== handle) return undefined;
    Reflect.set(accepted, '_handle', null);
    return socket;
  }
}
