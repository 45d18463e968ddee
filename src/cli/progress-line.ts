/** The line on a terminal that tells how far a run has come, and wipes itself; elsewhere, if asked for, a line of the log now and then. */
import { isatty } from 'node:tty';
import type { InstanceFile, StoreEvent, StoreOutcome } from '../index.js';
import type { Follower } from './follower.js';
import { type Log, writeStandard } from './log.js';
import { ProgressState } from './progress-state.js';

/** A run that is over sooner needs no line. */
const FIRST_MS = 1000;
/** Five times a second looks alive, and costs nothing. */
const REDRAW_MS = 200;
/** Where lines stay. */
const NEXT_LINE_MS = 10_000;
/** Of standard error where nobody knows: what every terminal has. */
const COLUMNS = 80;

/** From the cursor, which stands at the beginning of the line, to the end of that. */
const WIPE_LINE = '\r\x1b[K';
/** To the end of the screen: a terminal that has become narrower has broken the line, and the cursor stands before all its pieces. */
const WIPE_ALL = '\r\x1b[J';

/** `auto`: on a terminal that can wipe a line, and only if no lines are logged that say the same. */
export type ProgressMode = 'auto' | 'always' | 'never';

export class ProgressLine implements Follower {
  readonly #log: Log;
  readonly #state: ProgressState;
  readonly #isTerminal = canWipe();
  readonly #onEnd: (() => void)[] = [];
  /** How long the line is that stands there; 0 is none. */
  #drawn = 0;

  constructor(log: Log, repeat: number) {
    this.#log = log;
    this.#state = new ProgressState(repeat);
  }

  /** Undefined if there is to be none. */
  static of({ mode, log, repeat }: { mode: ProgressMode; log: Log; repeat: number }): ProgressLine | undefined {
    const isWanted = mode === 'always' || (mode === 'auto' && canWipe() && !log.isEnabled('info'));
    return isWanted && log.isEnabled('error') ? new ProgressLine(log, repeat) : undefined;
  }

  /** @param count counts what there is to send; it is called when there is a line, for who has none need not know */
  start(count: (state: ProgressState, signal: AbortSignal) => Promise<void>): void {
    const first = setTimeout(() => this.#show(count), FIRST_MS).unref();
    this.#onEnd.push(() => clearTimeout(first));
    // What is stopped is soon over, or ended by another signal without a word.
    this.#onSignals(['SIGHUP', 'SIGINT', 'SIGTERM'], () => this.end());
  }

  onBytes(instance: InstanceFile, bytes: number): void {
    this.#state.onBytes(instance, bytes);
  }

  onOutcome(outcome: StoreOutcome): void {
    this.#state.onOutcome(outcome);
  }

  onEvent(event: StoreEvent): void {
    this.#state.onEvent(event);
  }

  /** Makes room for a line of another kind; it comes back by itself. */
  wipe(): void {
    if (this.#drawn > 0) writeStandard(2, this.#wiping);
    this.#drawn = 0;
  }

  /** Leaves nothing of itself. */
  end(): void {
    for (const stop of this.#onEnd.splice(0)) stop();
    this.wipe();
  }

  #show(count: (state: ProgressState, signal: AbortSignal) => Promise<void>): void {
    const counting = new AbortController();
    this.#onEnd.push(() => counting.abort());
    // Nobody's files wait because there is a number less.
    count(this.#state, counting.signal).catch(() => undefined);
    // What is drawn after the shell has had the terminal must not wipe what that has written.
    if (this.#isTerminal)
      this.#onSignals(['SIGTSTP'], () => {
        this.wipe();
        process.kill(process.pid, 'SIGSTOP');
      });
    this.#draw();
    const again = setInterval(() => this.#draw(), this.#isTerminal ? REDRAW_MS : NEXT_LINE_MS).unref();
    this.#onEnd.push(() => clearInterval(again));
  }

  #onSignals(signals: readonly NodeJS.Signals[], listener: () => void): void {
    for (const signal of signals) {
      process.on(signal, listener);
      this.#onEnd.push(() => process.off(signal, listener));
    }
  }

  #draw(): void {
    const now = performance.now();
    if (!this.#isTerminal) {
      this.#log.announce(this.#state.line(now, Infinity));
      return;
    }
    // In the last column some terminals begin a new line.
    const line = this.#state.line(now, columns() - 1);
    writeStandard(2, `${this.#wiping}${line}\r`);
    this.#drawn = line.length;
  }

  /** Some terminals keep what all of the screen had when that is wiped, so it is only where it has to be. */
  get #wiping(): string {
    return this.#drawn < columns() ? WIPE_LINE : WIPE_ALL;
  }
}

function columns(): number {
  return process.stderr.columns || COLUMNS;
}

function canWipe(): boolean {
  return isatty(2) && process.env.TERM !== 'dumb';
}
