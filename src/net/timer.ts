/** A timer that can be replaced, so that tests need not wait. */

/** Calls `onDue` once, not before it has returned, after `ms` milliseconds, unless what it returns is called before. */
export type StartTimer = (ms: number, onDue: () => void) => () => void;

export const startTimer: StartTimer = (ms, onDue) => {
  const timer = setTimeout(onDue, ms);
  return () => clearTimeout(timer);
};
