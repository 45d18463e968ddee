/** A queue between a socket that pushes and a sink that pulls: many small pushes, one array per pull. */
import type { Backlog } from './backlog.js';

// A view costs its object and may keep a whole chunk alive: without this, one-byte fragments would fill the memory.
const VIEW_COST = 256;

/**
 * Each turn of the iterator takes all that came in since the last one, so a slow sink sees few large batches.
 * What is pushed counts in the backlog until the consumer is done with it: until it asks for the next batch.
 * One consumer at a time. Leaving the loop early (`break`, a throw) lets the rest drain away unread.
 */
export class BatchQueue implements AsyncIterable<readonly Buffer[]> {
  readonly #backlog: Backlog;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** Of the batch that the consumer has. */
  #takenBytes = 0;
  #ended = false;
  #discarding = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(backlog: Backlog) {
    this.#backlog = backlog;
  }

  /** Adds a view; the queue owns it until the batch after it is asked for. */
  push(view: Buffer): void {
    if (this.#ended || this.#discarding) return;
    this.#waiting.push(view);
    this.#waitingBytes += view.length + VIEW_COST;
    this.#backlog.add(view.length + VIEW_COST);
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
    this.#giveBack();
  }

  /** Resolves when the producer has ended the queue, in good order or not. */
  async drained(): Promise<void> {
    this.discard();
    while (!this.#ended) await this.#more();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Buffer[], void, void> {
    try {
      for (;;) {
        this.#giveBack();
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
    this.#takenBytes = this.#waitingBytes;
    this.#waiting = [];
    this.#waitingBytes = 0;
    return batch;
  }

  #giveBack(): void {
    this.#backlog.remove(this.#takenBytes);
    this.#takenBytes = 0;
  }

  #drop(): void {
    this.#backlog.remove(this.#waitingBytes);
    this.#waiting = [];
    this.#waitingBytes = 0;
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
