/** Things for one consumer, in their order; whoever hands one over may wait until the consumer is done with it. */
import { type Deferred, deferred } from './deferred.js';
import { UsageError } from './errors.js';

interface Entry<T> {
  readonly item: T;
  /** Of somebody who waits. */
  readonly done: Deferred<void> | undefined;
}

/**
 * The consumer is done with a thing when it asks for the next one, or leaves its loop. A consumer that has left keeps nobody
 * waiting: what is handed over after that is dropped.
 */
export class AttendedQueue<T> implements AsyncIterable<T> {
  readonly #limit: number;
  /** The first is the one that the consumer has, while it has one. */
  readonly #entries: Entry<T>[] = [];
  #unattended = 0;
  #arrived: Deferred<void> | undefined;
  #isTaken = false;
  #isOpen = true;

  /** @param limit how many things may be in the queue that nobody waits for */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether anything that is handed over gets to the consumer. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Resolves when the consumer is done with `item`. How many wait so is for those who wait to bound. */
  async deliver(item: T): Promise<void> {
    if (!this.#isOpen) return;
    const done = deferred();
    this.#push({ item, done });
    await done.promise;
  }

  /** Hands over without waiting. @returns false if the queue is full or the consumer gone: `item` is dropped */
  offer(item: T): boolean {
    if (!this.#isOpen || this.#unattended >= this.#limit) return false;
    this.#unattended++;
    this.#push({ item, done: undefined });
    return true;
  }

  /** Nothing more is handed over: the consumer's loop ends when it is done with what is here. */
  end(): void {
    this.#isOpen = false;
    this.#arrived?.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    if (this.#isTaken) throw new UsageError('the events have a consumer already');
    this.#isTaken = true;
    try {
      for (;;) {
        const [entry] = this.#entries;
        if (entry !== undefined) {
          yield entry.item;
          this.#entries.shift();
          this.#settle(entry);
        } else if (this.#isOpen) await this.#next();
        else return;
      }
    } finally {
      this.end();
      for (const entry of this.#entries.splice(0)) this.#settle(entry);
    }
  }

  #push(entry: Entry<T>): void {
    this.#entries.push(entry);
    this.#arrived?.resolve();
  }

  #settle({ done }: Entry<T>): void {
    if (done === undefined) this.#unattended--;
    else done.resolve();
  }

  async #next(): Promise<void> {
    this.#arrived = deferred();
    await this.#arrived.promise;
    this.#arrived = undefined;
  }
}
