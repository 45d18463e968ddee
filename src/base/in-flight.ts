/** Work that goes on side by side. */

/** What comes of works, in the order in which they were begun. For one consumer. */
export class InFlight<T> {
  readonly #works: Promise<T>[] = [];
  readonly #failures: unknown[] = [];

  add(work: Promise<T>): void {
    // Who asks is told. Until then a rejection is not one that nobody handles.
    work.catch(() => undefined);
    this.#works.push(work);
  }

  /**
   * Yields what comes of the oldest works until fewer than `limit` are left, of all of them after one that failed.
   * @throws what the first work threw that failed, after what came of the others
   */
  async *untilBelow(limit: number): AsyncGenerator<T, void, void> {
    while (this.#works.length >= (this.#failures.length > 0 ? 1 : limit)) {
      const [result] = await Promise.allSettled(this.#works.slice(0, 1));
      this.#works.shift();
      if (result?.status === 'fulfilled') yield result.value;
      else this.#failures.push(result?.reason);
    }
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  /** Resolves when nothing goes on any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#works);
  }
}

/**
 * What all of the generators yield, as it comes. When one throws, the others go on to their end before that is thrown;
 * who leaves the loop ends them all.
 */
export async function* merged<T>(generators: readonly AsyncGenerator<T, void, void>[]): AsyncGenerator<T, void, void> {
  const turns = new Map(generators.map((generator, index) => [index, turnOf(generator, index)]));
  const failures: unknown[] = [];
  try {
    while (turns.size > 0) {
      const { generator, index, turn } = await Promise.race(turns.values());
      if ('error' in turn) failures.push(turn.error);
      turns.delete(index);
      if ('error' in turn || turn.done) continue;
      yield turn.value;
      turns.set(index, turnOf(generator, index));
    }
  } finally {
    await Promise.all(generators.map((generator) => generator.return()));
  }
  if (failures.length > 0) throw failures[0];
}

async function turnOf<T>(generator: AsyncGenerator<T, void, void>, index: number) {
  try {
    return { generator, index, turn: await generator.next() };
  } catch (error) {
    return { generator, index, turn: { error } };
  }
}
