/** So many at a time, and the others after them, first come, first served. */

import { remove } from './removal.js';

/** A turn, or the wait for it. */
export interface Turn {
  /** Whether it has come. */
  readonly isDue: boolean;
  /** Calls one of them when it comes or is known never to, at once if that is now. To be asked once. */
  whenDue(onDue: () => void, onNever: (error: Error) => void): void;
  /** Ends it, or the wait for it, which nobody is told of then. Once is enough; more does nothing. */
  leave(): void;
}

export class Turns {
  #free: number;
  readonly #waiting: Place[] = [];

  /** @param atATime at least 1 */
  constructor(atATime: number) {
    this.#free = atATime;
  }

  /** A turn that lasts until it is left. */
  enter(): Turn {
    const place = new Place((left) => this.#onLeft(left));
    if (this.#free === 0) this.#waiting.push(place);
    else {
      this.#free--;
      place.begin();
    }
    return place;
  }

  /** For all that wait: their turn will not come. */
  fail(error: Error): void {
    for (const place of this.#waiting.splice(0)) place.fail(error);
  }

  #onLeft(place: Place): void {
    if (place.isDue) this.#next();
    else remove(this.#waiting, place);
  }

  #next(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next.begin();
  }
}

/** Resolves when a turn comes. Rejects if it never will. */
export function due(turn: Turn): Promise<void> {
  return new Promise((resolve, reject) => turn.whenDue(resolve, reject));
}

class Place implements Turn {
  readonly #onLeft: (place: Place) => void;
  #isLeft = false;
  #isDue = false;
  #error: Error | undefined;
  #onDue: (() => void) | undefined;
  #onNever: ((error: Error) => void) | undefined;

  constructor(onLeft: (place: Place) => void) {
    this.#onLeft = onLeft;
  }

  get isDue(): boolean {
    return this.#isDue;
  }

  begin(): void {
    this.#isDue = true;
    this.#onDue?.();
  }

  fail(error: Error): void {
    this.#error = error;
    this.#onNever?.(error);
  }

  whenDue(onDue: () => void, onNever: (error: Error) => void): void {
    if (this.#isDue) onDue();
    else if (this.#error !== undefined) onNever(this.#error);
    else {
      this.#onDue = onDue;
      this.#onNever = onNever;
    }
  }

  leave(): void {
    if (this.#isLeft) return;
    this.#isLeft = true;
    this.#onLeft(this);
  }
}
