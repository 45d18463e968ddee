/** A timer that can be replaced, so that tests need not wait. */

/** Calls `onDue` once, not before it has returned, after `ms` milliseconds, unless what it returns is called before. */
export type StartTimer = (ms: number, onDue: () => void) => () => void;

/** 24 days. `setTimeout` takes a longer wait for 1 ms. */
export const MAX_TIMER_MS = 0x7fff_ffff;

/** A longer wait than a timer can have ends with that. */
export const startTimer: StartTimer = (ms, onDue) => {
  const timer = setTimeout(onDue, Math.min(ms, MAX_TIMER_MS));
  return () => clearTimeout(timer);
};
