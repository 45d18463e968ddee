/** A queue between a socket that pushes and a sink that pulls: many small pushes, one array per pull. */
import type { Backlog } from './backlog.js';
import { type Wakeup, wakeup } from './deferred.js';
import { UsageError } from './errors.js';
import { keep, letGo } from './read-buffer.js';

// A view costs its object and may keep a whole chunk alive: without this, one-byte fragments would fill the memory.
const VIEW_COST = 256;

/** Bytes as they come, in batches that are good until the next is asked for. */
export interface Batches extends AsyncIterable<readonly Buffer[]> {
  /** What a loop does, at less cost; see `forEachBatch`. */
  forEach?(consume: (batch: readonly Buffer[]) => void | Promise<void>): Promise<void>;
}

/**
 * Calls `consume` with each batch, with the next one when what it has returned resolves. Resolves after the last, and rejects
 * as the loop over the batches would throw.
 */
export async function forEachBatch(
  batches: Batches,
  consume: (batch: readonly Buffer[]) => void | Promise<void>,
): Promise<void> {
  if (batches.forEach !== undefined) await batches.forEach(consume);
  else for await (const batch of batches) await consume(batch);
}

/**
 * Each turn of the iterator takes all that came in since the last one, so a slow sink sees few large batches.
 * What is pushed counts in the backlog until the consumer is done with it: until it asks for the next batch.
 * To be read once. Leaving the loop early (`break`, a throw) lets the rest drain away unread.
 */
export class BatchQueue implements Batches {
  readonly #backlog: Backlog;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #length = 0;
  /** The batch that the consumer has. */
  #taken: readonly Buffer[] = [];
  #takenBytes = 0;
  #hasReader = false;
  #ended = false;
  #discarding = false;
  #error: Error | undefined;
  #changed: Wakeup | undefined;

  constructor(backlog: Backlog) {
    this.#backlog = backlog;
  }

  /** Adds a view, which is kept until the batch after it is asked for. */
  push(view: Buffer): void {
    this.#length += view.length;
    if (this.#ended || this.#discarding) return;
    this.#waiting.push(keep(view));
    this.#waitingBytes += view.length + VIEW_COST;
    this.#backlog.add(view.length + VIEW_COST);
    this.#onChange();
  }

  /** No more will come. With an error, what waits is dropped and the consumer's loop throws it. */
  end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    if (error !== undefined) this.#drop();
    this.#onChange();
  }

  /**
   * Throws away what waits and what will come: the sink has failed, the peer goes on sending. A consumer that is there still
   * may be at work on its batch, or never come back: its bytes stay as they are and count no more, and what it is thrown says why.
   */
  discard(): void {
    this.#discarding = true;
    this.#drop();
    this.#backlog.remove(this.#takenBytes);
    this.#takenBytes = 0;
    this.#onChange();
  }

  /** Bytes that have come so far, thrown away or not. */
  get length(): number {
    return this.#length;
  }

  /** Whether all that came is taken, and no more will come. */
  get isRead(): boolean {
    return this.#ended && this.#waiting.length === 0;
  }

  /** Resolves when the producer has ended the queue, in good order or not. */
  async drained(): Promise<void> {
    this.discard();
    while (!this.#ended) await this.#change();
  }

  /** As `forEachBatch` has it: one promise each time that nothing waits, and no other. */
  async forEach(consume: (batch: readonly Buffer[]) => void | Promise<void>): Promise<void> {
    this.#beginReading();
    try {
      while (!this.isRead) {
        if (this.#waiting.length === 0) await this.#change();
        else {
          const working = consume(this.#take());
          if (working !== undefined) await working;
          this.#giveBack();
        }
        this.#assertThere();
      }
      if (this.#error !== undefined) throw this.#error;
    } finally {
      this.#endReading();
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Buffer[], void, void> {
    this.#beginReading();
    try {
      for (;;) {
        this.#giveBack();
        this.#assertThere();
        if (this.#waiting.length > 0) yield this.#take();
        else if (!this.#ended) await this.#change();
        else if (this.#error !== undefined) throw this.#error;
        else return;
      }
    } finally {
      this.#endReading();
    }
  }

  /** Nobody is to take what is left for the whole. */
  #beginReading(): void {
    if (this.#hasReader) throw new UsageError('a data set can be read only once');
    this.#hasReader = true;
    this.#assertThere();
  }

  #endReading(): void {
    this.#giveBack();
    this.discard();
  }

  #assertThere(): void {
    if (this.#discarding) throw this.#error ?? new UsageError('a data set cannot be read once its request is answered');
  }

  #take(): readonly Buffer[] {
    this.#taken = this.#waiting;
    this.#takenBytes = this.#waitingBytes;
    this.#waiting = [];
    this.#waitingBytes = 0;
    return this.#taken;
  }

  #giveBack(): void {
    for (const view of this.#taken) letGo(view);
    this.#taken = [];
    this.#backlog.remove(this.#takenBytes);
    this.#takenBytes = 0;
  }

  #drop(): void {
    for (const view of this.#waiting) letGo(view);
    this.#backlog.remove(this.#waitingBytes);
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /** Resolves when something has come, or the end, or nothing more will be handed out. */
  #change(): Promise<void> {
    this.#changed ??= wakeup();
    return this.#changed.promise;
  }

  #onChange(): void {
    this.#changed?.wake();
    this.#changed = undefined;
  }
}
