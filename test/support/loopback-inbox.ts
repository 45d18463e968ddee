/** Things that happen, to be waited for one by one: what a test uses instead of sleeping. */

/** Longest wait of a test for anything. Only a test that fails ever waits so long. */
const PATIENCE_MS = 15_000;

/** Resolves as `promise` does, unless that takes so long that the test has failed. */
export async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A queue without limit: every `next` gets one item, in order. */
export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #seen: T[] = [];
  #wake: (() => void) | undefined;

  /** All that ever came in. */
  get seen(): readonly T[] {
    return this.#seen;
  }

  push(item: T): void {
    this.#seen.push(item);
    this.#items.push(item);
    this.#wake?.();
  }

  next(what = 'the next thing'): Promise<T> {
    return inTime(this.#next(), what);
  }

  /** Takes items until one fits, which it gives. */
  async until(fits: (item: T) => boolean, what = 'something'): Promise<T> {
    for (;;) {
      const item = await this.next(what);
      if (fits(item)) return item;
    }
  }

  async #next(): Promise<T> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) return item;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
