/** How often what has failed is tried again, and when. */
import { UsageError } from '../base/errors.js';
import type { StartTimer } from '../net/timer.js';

/** Counts and times. */
export interface RetryOptions {
  /**
   * How often after the first try: of each file, and of associations one after the other without an answer to a file or C-ECHO
   * between. `Infinity` is for ever.
   */
  readonly times: number;
  /** Before the second try, in milliseconds, 10 at least; twice as long before each that follows. Default 1,000. */
  readonly initialDelayMs?: number | undefined;
  /** Default 60,000, and 10 at least. */
  readonly maxDelayMs?: number | undefined;
  /** From 0 up to but not 1: each wait is shortened by as much as half of it, so that not all senders come at once. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Default: a timer of the system. */
  readonly startTimer?: StartTimer | undefined;
}

const INITIAL_DELAY_MS = 1000;
const MAX_DELAY_MS = 60_000;
/** A peer that says no at once is not asked as often as the network can. */
const MIN_DELAY_MS = 10;

/** @throws {UsageError} */
export function checkRetryOptions({ times, initialDelayMs = 0, maxDelayMs = 0 }: RetryOptions): void {
  const isCount = times === Infinity || (Number.isSafeInteger(times) && times >= 0);
  if (!isCount) throw new UsageError(`retry.times: ${times} is not a whole number from 0 up`);
  if (!(initialDelayMs >= 0 && maxDelayMs >= 0)) throw new UsageError('a delay of retry is not a time from 0 up');
}

/** The wait before the `number`th further try, from 1, in milliseconds. */
export function retryDelayMs(number: number, options: RetryOptions): number {
  const { initialDelayMs = INITIAL_DELAY_MS, maxDelayMs = MAX_DELAY_MS, random = Math.random } = options;
  const longest = Math.min(maxDelayMs, Math.max(MIN_DELAY_MS, initialDelayMs) * 2 ** (number - 1));
  return Math.max(MIN_DELAY_MS, Math.round(longest * (1 - random() / 2)));
}
