/** A data set on its way out, and how much of it has been taken. */
import type { DataSetSource, Filled } from '../dataset/source.js';
import { framedBytes } from '../dimse/message-writer.js';

export class MeasuredSource implements DataSetSource {
  readonly isAtHand: boolean;
  readonly #source: DataSetSource;
  readonly #onBytes: ((bytes: number) => void) | undefined;
  #bytes = 0;

  /** @param onBytes is told of all that was taken so far, each time */
  constructor(source: DataSetSource, onBytes?: (bytes: number) => void) {
    this.isAtHand = source.isAtHand ?? false;
    this.#source = source;
    this.#onBytes = onBytes;
  }

  /** Taken so far, as they go out. */
  get bytes(): number {
    return this.#bytes;
  }

  readInto(bodies: readonly Buffer[]): Filled | Promise<Filled> {
    const filling = this.#source.readInto(bodies);
    return filling instanceof Promise ? filling.then((filled) => this.#count(filled)) : this.#count(filling);
  }

  close(): void | Promise<void> {
    return this.#source.close();
  }

  #count(filled: Filled): Filled {
    this.#bytes += framedBytes(filled);
    this.#onBytes?.(this.#bytes);
    return filled;
  }
}
