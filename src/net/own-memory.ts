/** Sockets that are read into memory of ours: Node's own chunks are new memory each, for which every byte is fetched anew. */
import { type OnReadOpts, Socket } from 'node:net';
import { ReadBuffer } from '../base/read-buffer.js';

/** The chunks of one socket. */
export class OwnMemory {
  readonly #buffer = new ReadBuffer();
  /** The chunk is good until this returns; see `keep`. */
  onChunk: (chunk: Buffer) => void = () => undefined;

  /** An option of Node's for a socket. */
  readonly onread: OnReadOpts = {
    buffer: () => this.#buffer.room(),
    callback: (bytes) => {
      this.onChunk(this.#buffer.filled(bytes));
      return true;
    },
  };

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
