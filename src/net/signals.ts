/** Signals that a caller gives, and what their reasons become. */
import { setMaxListeners } from 'node:events';
import { AssociationAborted, UsageError } from '../base/errors.js';

/** @throws {UsageError} if it is something else, of a program without types or another realm, which nobody could listen to later */
export function checkSignals(signals: Readonly<Record<string, AbortSignal | undefined>>): void {
  for (const [name, signal] of Object.entries(signals))
    if (signal !== undefined && !(signal instanceof AbortSignal)) throw new UsageError(`${name} is no AbortSignal`);
}

/** What is thrown for a signal that has aborted: its reason, if that is an `Error`. */
export function abortReason(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error
    ? signal.reason
    : new AssociationAborted({ by: 'local', source: 0, reason: 0 });
}

/** @throws {Error} `abortReason` */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortReason(signal);
}

/** Calls `listener` when the signal aborts, at once if it has. @returns what takes that back */
export function whenAborted(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return () => undefined;
  // As many runs and associations as the caller likes may be under one.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', listener);
  if (signal.aborted) listener();
  return () => signal.removeEventListener('abort', listener);
}
