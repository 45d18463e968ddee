/** A bounded queue between a socket that pushes and a sink that pulls: many small pushes, one array per pull. */

/** `onFull` is called once when `highWaterBytes` wait, `onEmpty` once when they have been taken after that. */
export interface BatchQueueLimits {
  readonly highWaterBytes: number;
  onFull(): void;
  onEmpty(): void;
}

// A view costs its object and may keep a whole chunk alive: without this, one-byte fragments would fill the memory.
const VIEW_COST = 256;

/**
 * Each turn of the iterator takes all that came in since the last one, so a slow sink sees few large batches.
 * One consumer at a time. Leaving the loop early (`break`, a throw) lets the rest drain away unread.
 */
export class BatchQueue implements AsyncIterable<readonly Buffer[]> {
  readonly #limits: BatchQueueLimits;
  #waiting: Buffer[] = [];
  #bytes = 0;
  #full = false;
  #ended = false;
  #discarding = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(limits: BatchQueueLimits) {
    this.#limits = limits;
  }

  /** Adds a view; the queue owns it until the batch after it is asked for. */
  push(view: Buffer): void {
    if (this.#ended || this.#discarding) return;
    this.#waiting.push(view);
    this.#bytes += view.length + VIEW_COST;
    if (!this.#full && this.#bytes >= this.#limits.highWaterBytes) {
      this.#full = true;
      this.#limits.onFull();
    }
    this.#wakeConsumer();
  }

  /** No more will come. With an error, what waits is dropped and the consumer's loop throws it. */
  end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    if (error !== undefined) this.#drop();
    this.#wakeConsumer();
  }

  /** Throws away what waits and what will come: the sink has failed, the peer goes on sending. */
  discard(): void {
    this.#discarding = true;
    this.#drop();
  }

  /** Resolves when the producer has ended the queue, in good order or not. */
  async drained(): Promise<void> {
    this.discard();
    while (!this.#ended) await this.#more();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Buffer[], void, void> {
    try {
      for (;;) {
        if (this.#waiting.length > 0) yield this.#take();
        else if (!this.#ended) await this.#more();
        else if (this.#error !== undefined) throw this.#error;
        else return;
      }
    } finally {
      this.discard();
    }
  }

  #take(): readonly Buffer[] {
    const batch = this.#waiting;
    this.#drop();
    return batch;
  }

  #drop(): void {
    this.#waiting = [];
    this.#bytes = 0;
    if (!this.#full) return;
    this.#full = false;
    this.#limits.onEmpty();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #wakeConsumer(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
