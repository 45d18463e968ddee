/** Things from those who make them to the one who takes them. */
import { type Wakeup, wakeup } from './deferred.js';

/** Makers are held back until the taker is done with what was put, and has said whether more is wanted. */
export class Handover<T> {
  readonly #waiting: T[] = [];
  #isOpen = true;
  #arrived: Wakeup | undefined;
  #done: Wakeup | undefined;

  /** After `close` nothing is put any more. @returns what resolves when the taker comes for more than what was put */
  put(item: T): void | Promise<void> {
    if (!this.#isOpen) return;
    this.#waiting.push(item);
    this.#arrived?.wake();
    this.#done ??= wakeup();
    return this.#done.promise;
  }

  /** The next thing, when there is one; undefined if none will come. */
  async take(): Promise<T | undefined> {
    if (this.#waiting.length === 0) this.#onDone();
    while (this.#isOpen && this.#waiting.length === 0) {
      this.#arrived = wakeup();
      await this.#arrived.promise;
    }
    return this.#waiting.shift();
  }

  /** No more is put, or no more taken. */
  close(): void {
    this.#isOpen = false;
    this.#arrived?.wake();
    this.#onDone();
  }

  #onDone(): void {
    this.#done?.wake();
    this.#done = undefined;
  }
}
