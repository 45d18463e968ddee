/** So many at a time, and the others after them, first come, first served. */
import { type Deferred, deferred } from './deferred.js';

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

  /** Ends a turn, or the wait for it. @param turn what `enter` gave */
  leave(turn: Promise<void> | undefined): void {
    const place = this.#waiting.findIndex(({ promise }) => promise === turn);
    if (place >= 0) this.#waiting.splice(place, 1);
    else this.#next();
  }

  /** For all that wait: their turn will not come. */
  fail(error: Error): void {
    for (const turn of this.#waiting.splice(0)) turn.reject(error);
  }

  #next(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next.resolve();
  }
}
