/** Requests of a peer that wait for their turn: bounded by holding the peer back, ended by release or with an error. */
/** `onFull` is called once when `highWater` of them wait, `onEmpty` once when none waits any more after that. */
export interface RequestQueueLimits {
  readonly highWater: number;
  onFull(): void;
  onEmpty(): void;
}

/** For one consumer. After `end` what waits is still handed out, unless there is an error. */
export class RequestQueue<T extends object> {
  readonly #limits: RequestQueueLimits;
  readonly #waiting: T[] = [];
  #full = false;
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;
  #handedOut = 0;

  constructor(limits: RequestQueueLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** How many `next` has given so far. */
  get handedOut(): number {
    return this.#handedOut;
  }

  push(item: T): void {
    if (this.#ended) return;
    this.#waiting.push(item);
    if (!this.#full && this.#waiting.length >= this.#limits.highWater) {
      this.#full = true;
      this.#limits.onFull();
    }
    this.#wake?.();
  }

  end(error?: Error): void {
    this.#ended = true;
    this.#error = error;
    if (error !== undefined) this.#waiting.length = 0;
    this.#wake?.();
  }

  /** The next item, when there is one; undefined after the last. @throws the error that it was ended with */
  async next(): Promise<T | undefined> {
    while (this.#waiting.length === 0 && !this.#ended)
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    if (this.#error !== undefined) throw this.#error;
    const item = this.#waiting.shift();
    if (item === undefined) return undefined;
    this.#handedOut++;
    this.#resumeWhenEmpty();
    return item;
  }

  #resumeWhenEmpty(): void {
    if (!this.#full || this.#waiting.length > 0) return;
    this.#full = false;
    this.#limits.onEmpty();
  }
}
