/** Things from those who make them to the one who takes them. */
import { type Wakeup, wakeup } from './deferred.js';

/** Makers are held back while what was put before is not taken. */
export class Handover<T> {
  readonly #waiting: T[] = [];
  #isOpen = true;
  #arrived: Wakeup | undefined;
  #taken: Wakeup | undefined;

  /** After `close` nothing is put any more. @returns if other things wait too, what resolves when none does */
  put(item: T): void | Promise<void> {
    if (!this.#isOpen) return;
    this.#waiting.push(item);
    this.#arrived?.wake();
    if (this.#waiting.length === 1) return;
    this.#taken ??= wakeup();
    return this.#taken.promise;
  }

  /** The next thing, when there is one; undefined if none will come. */
  async take(): Promise<T | undefined> {
    while (this.#isOpen && this.#waiting.length === 0) {
      this.#arrived = wakeup();
      await this.#arrived.promise;
    }
    const item = this.#waiting.shift();
    if (this.#waiting.length === 0) this.#onTaken();
    return item;
  }

  /** No more is put, or no more taken. */
  close(): void {
    this.#isOpen = false;
    this.#arrived?.wake();
    this.#onTaken();
  }

  #onTaken(): void {
    this.#taken?.wake();
    this.#taken = undefined;
  }
}
