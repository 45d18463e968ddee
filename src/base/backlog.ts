/** Bytes that several queues keep, against one limit for all of them together. */

/** `onFull` is called once when `highWaterBytes` are kept, `onRoom` once when half of that has gone again. */
export interface BacklogLimits {
  readonly highWaterBytes: number;
  onFull(): void;
  onRoom(): void;
}

export class Backlog {
  readonly #limits: BacklogLimits;
  #bytes = 0;
  #full = false;

  constructor(limits: BacklogLimits) {
    this.#limits = limits;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#full || this.#bytes < this.#limits.highWaterBytes) return;
    this.#full = true;
    this.#limits.onFull();
  }

  remove(bytes: number): void {
    this.#bytes -= bytes;
    if (!this.#full || this.#bytes > this.#limits.highWaterBytes / 2) return;
    this.#full = false;
    this.#limits.onRoom();
  }
}
