/** The line on a terminal that tells how far a run has come, and wipes itself; elsewhere, if asked for, a line of the log now and then. */
import { isatty } from 'node:tty';
import type { InstanceFile, StoreEvent, StoreOutcome } from '../index.js';
import type { Follower } from './follower.js';
import type { Log } from './log.js';
import { ProgressState } from './progress-state.js';

/** A run that is over sooner needs no line. */
const FIRST_MS = 1000;
/** Five times a second looks alive, and costs nothing. */
const REDRAW_MS = 200;
/** Where lines stay. */
const NEXT_LINE_MS = 10_000;
/** Of standard error where nobody knows: what every terminal has. */
const COLUMNS = 80;

/** `auto`: on a terminal that can wipe a line, and only if no lines are logged that say the same. */
export type ProgressMode = 'auto' | 'always' | 'never';

/** What draws a line over the one before. */
interface Canvas {
  (line: string): void;
  clear(): void;
}

export class ProgressLine implements Follower {
  readonly #log: Log;
  readonly #state: ProgressState;
  readonly #isTerminal = canWipe();
  readonly #onEnd: (() => void)[] = [];
  #canvas: Canvas | undefined;
  #isDrawn = false;
  #hasEnded = false;

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
    const show = () => {
      // Nobody's files wait because there is a line less.
      this.#show(count).catch(() => undefined);
    };
    const first = setTimeout(show, FIRST_MS).unref();
    this.#onEnd.push(() => clearTimeout(first));
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
    if (!this.#isDrawn) return;
    this.#isDrawn = false;
    this.#canvas?.clear();
  }

  /** Leaves nothing of itself. */
  end(): void {
    this.#hasEnded = true;
    for (const stop of this.#onEnd.splice(0)) stop();
    this.wipe();
  }

  async #show(count: (state: ProgressState, signal: AbortSignal) => Promise<void>): Promise<void> {
    const counting = new AbortController();
    this.#onEnd.push(() => counting.abort());
    count(this.#state, counting.signal).catch(() => undefined);
    if (this.#isTerminal) await this.#openCanvas();
    if (this.#hasEnded) return;
    this.#draw();
    const again = setInterval(() => this.#draw(), this.#isTerminal ? REDRAW_MS : NEXT_LINE_MS).unref();
    this.#onEnd.push(() => clearInterval(again));
  }

  async #openCanvas(): Promise<void> {
    const { createLogUpdate } = await import('log-update');
    // A cursor that is never hidden need not be shown again, whatever ends us.
    this.#canvas = createLogUpdate(process.stderr, { showCursor: true });
    const ignore = () => undefined;
    // A terminal that has been closed.
    process.stderr.on('error', ignore);
    // What is drawn after the shell has had the terminal must not wipe what that has written.
    const suspend = () => {
      this.wipe();
      process.kill(process.pid, 'SIGSTOP');
    };
    process.on('SIGTSTP', suspend);
    this.#onEnd.push(() => process.off('SIGTSTP', suspend));
  }

  #draw(): void {
    const now = performance.now();
    if (this.#canvas === undefined) {
      this.#log.announce(this.#state.line(now, Infinity));
      return;
    }
    // In the last column some terminals begin a new line.
    this.#canvas(this.#state.line(now, (process.stderr.columns || COLUMNS) - 1));
    this.#isDrawn = true;
  }
}

function canWipe(): boolean {
  return isatty(2) && process.env.TERM !== 'dumb';
}
