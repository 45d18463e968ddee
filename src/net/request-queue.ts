/** Requests of a peer that wait for their turn: bounded by holding the peer back, ended by release or with an error. */
import type { Deferred } from '../base/deferred.js';
import { deferred } from '../base/deferred.js';

/** `onFull` is called once when `highWater` of them wait, `onEmpty` once when none waits any more after that. */
export interface RequestQueueLimits {
  readonly highWater: number;
  onFull(): void;
  onEmpty(): void;
}

/** One consumer. After `end` what waits is still handed out; after `fail` the consumer's loop throws at once. */
export class RequestQueue<T> implements AsyncIterable<T> {
  readonly #limits: RequestQueueLimits;
  readonly #waiting: T[] = [];
  #full = false;
  #ended = false;
  #error: Error | undefined;
  #wake: Deferred<void> | undefined;

  constructor(limits: RequestQueueLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#waiting.length;
  }

  push(item: T): void {
    if (this.#ended) return;
    this.#waiting.push(item);
    if (!this.#full && this.#waiting.length >= this.#limits.highWater) {
      this.#full = true;
      this.#limits.onFull();
    }
    this.#wake?.resolve();
  }

  end(error?: Error): void {
    this.#ended = true;
    this.#error = error;
    this.#wake?.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for (;;) {
      if (this.#error !== undefined) throw this.#error;
      const next = this.#waiting.shift();
      if (next !== undefined) {
        this.#resumeWhenEmpty();
        yield next;
      } else if (this.#ended) return;
      else {
        this.#wake = deferred();
        await this.#wake.promise;
      }
    }
  }

  #resumeWhenEmpty(): void {
    if (!this.#full || this.#waiting.length > 0) return;
    this.#full = false;
    this.#limits.onEmpty();
  }
}
