/** So many at a time, and the others after them, first come, first served. */
import { type Deferred, deferred } from '../base/deferred.js';

export class Turns {
  #free: number;
  readonly #waiting: Deferred<void>[] = [];

  /** @param atATime at least 1 */
  constructor(atATime: number) {
    this.#free = atATime;
  }

  /** Undefined if the caller's turn has come at once, else what resolves when it comes. It lasts until `leave`. */
  enter(): Promise<void> | undefined {
    if (this.#free > 0) {
      this.#free--;
      return undefined;
    }
    const turn = deferred();
    this.#waiting.push(turn);
    return turn.promise;
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next.resolve();
  }

  /** For all that wait: their turn will not come. */
  fail(error: Error): void {
    for (const turn of this.#waiting.splice(0)) turn.reject(error);
  }
}
