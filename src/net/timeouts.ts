/** How long an association waits, for what, and how the time is measured. */

/** Longest waits in milliseconds; 0 is no limit. */
export interface Timeouts {
  /** TCP and TLS connection. Default 0. */
  readonly connectionTimeoutMs: number;
  /** Any answer to A-ASSOCIATE-RQ and A-RELEASE-RQ, and ARTIM. Default 30,000. */
  readonly acseTimeoutMs: number;
  /**
   * The response to a request, from its last byte sent, or from the last response where several are outstanding; the rest
   * of a message, from its last byte received. Default 0.
   */
  readonly dimseTimeoutMs: number;
  /** Silence while data should flow. Default 60,000. */
  readonly networkTimeoutMs: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = {
  connectionTimeoutMs: 0,
  acseTimeoutMs: 30_000,
  dimseTimeoutMs: 0,
  networkTimeoutMs: 60_000,
};

/** The timeouts among some options, defaults filled in. */
export function withDefaults(options: Partial<Timeouts>): Timeouts {
  return {
    connectionTimeoutMs: options.connectionTimeoutMs ?? DEFAULT_TIMEOUTS.connectionTimeoutMs,
    acseTimeoutMs: options.acseTimeoutMs ?? DEFAULT_TIMEOUTS.acseTimeoutMs,
    dimseTimeoutMs: options.dimseTimeoutMs ?? DEFAULT_TIMEOUTS.dimseTimeoutMs,
    networkTimeoutMs: options.networkTimeoutMs ?? DEFAULT_TIMEOUTS.networkTimeoutMs,
  };
}

/** How long a peer that has been aborted may take to hang up where somebody waits for the end. */
export const HANG_UP_MS = 1000;

/** ARTIM guards our own resources, so it runs even where waits for answers have no limit (PS3.8 9.1.4). */
export function artimMs(timeouts: Timeouts): number {
  return timeouts.acseTimeoutMs > 0 ? timeouts.acseTimeoutMs : DEFAULT_TIMEOUTS.acseTimeoutMs;
}

/**
 * For a timer that has run out: calls `judge` when what has come is read. Where the process, or the whole machine, was held up
 * for longer than the wait, what the peer sent in time lies in the kernel still.
 */
export function afterReading(judge: () => void): NodeJS.Immediate {
  return setImmediate(judge);
}

/** A wait for something from outside, which is judged after reading. */
export class Wait {
  readonly #ms: number;
  readonly #onTimeout: () => void;
  #timer: NodeJS.Timeout | undefined;
  #judging: NodeJS.Immediate | undefined;

  /** @param ms 0 never runs out */
  constructor(ms: number, onTimeout: () => void) {
    this.#ms = ms;
    this.#onTimeout = onTimeout;
  }

  /** Starts the wait, or starts it anew. */
  start(): void {
    clearImmediate(this.#judging);
    if (this.#timer !== undefined) this.#timer.refresh();
    else if (this.#ms > 0)
      this.#timer = setTimeout(() => {
        this.#judging = afterReading(this.#onTimeout);
      }, this.#ms);
  }

  stop(): void {
    clearImmediate(this.#judging);
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

export interface PeerTimerOptions {
  /** 0 never runs out. */
  readonly ms: number;
  /** Whether it is we who keep the peer from sending: such a time is not the peer's. */
  isHolding(): boolean;
  onTimeout(): void;
}

/** A wait for something that the peer is to send. */
export class PeerTimer {
  readonly #wait: Wait;

  constructor({ ms, isHolding, onTimeout }: PeerTimerOptions) {
    this.#wait = new Wait(ms, () => {
      if (isHolding()) this.#wait.start();
      else onTimeout();
    });
  }

  /** Starts the wait, or starts it anew. */
  start(): void {
    this.#wait.start();
  }

  stop(): void {
    this.#wait.stop();
  }
}
