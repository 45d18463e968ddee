/** A timer for those who have none of their own: rings once each time that it is set. */

/** Node's timers hold no more than 2^31 - 1 ms; longer waits ring early. */
const MAX_MS = 0x7fff_ffff;

/** Keeps no process running. */
export class Alarm {
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** Unless it is set already. May ring early, never late: whoever is rung looks at the clock. */
  setIn(ms: number): void {
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        this.#ring();
      },
      Math.min(Math.max(Math.ceil(ms), 1), MAX_MS),
    ).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
