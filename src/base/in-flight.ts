/** Work that goes on side by side. */

/** Works that were begun and not yet told of. What comes of them is told in the order in which they were begun. */
export class InFlight<T> {
  readonly #works: (T | Promise<T>)[] = [];
  readonly #tell: (result: T) => void | Promise<void>;

  constructor(tell: (result: T) => void | Promise<void>) {
    this.#tell = tell;
  }

  get size(): number {
    return this.#works.length;
  }

  add(work: T | Promise<T>): void {
    // Who waits for it is told. Until then a rejection is not one that nobody handles.
    if (work instanceof Promise) work.catch(() => undefined);
    this.#works.push(work);
  }

  /**
   * Tells of the oldest works until fewer than `limit` are left, of all of them after one that failed.
   * @throws what the first work threw that failed, after what came of the others
   */
  async untilBelow(limit: number): Promise<void> {
    const failures: unknown[] = [];
    while (this.#works.length >= (failures.length > 0 ? 1 : limit)) {
      try {
        const [oldest] = this.#works;
        if (oldest !== undefined) await this.#tell(await oldest);
      } catch (error) {
        failures.push(error);
      }
      this.#works.shift();
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Tells of works as they end, oldest first, until `other` has ended too, or none is left. @throws likewise */
  async untilEnded(other: Promise<unknown>): Promise<void> {
    let hasEnded = false;
    const ended = other.then(() => {
      hasEnded = true;
    });
    while (this.#works.length > 0) {
      await Promise.race([ended, Promise.allSettled(this.#works.slice(0, 1))]);
      if (hasEnded) return;
      await this.untilBelow(this.#works.length);
    }
  }
}

/** Resolves when all have ended. @throws what was thrown first, after the others' end */
export async function allEnded(works: readonly Promise<void>[]): Promise<void> {
  const failures: unknown[] = [];
  await Promise.all(works.map((work) => work.catch((error: unknown) => failures.push(error))));
  if (failures.length > 0) throw failures[0];
}
