/** What storescu asks of where its files come from. */
import type { FilesMeasure, Paths, StoreFilesOptions, StoreOutcome } from '../index.js';
import type { RetryEvent } from './retry-log.js';

/** To be closed when the run has ended. */
export interface PathSource {
  readonly paths: Paths;
  /** The same, if all of them are known from the beginning. */
  readonly known?: readonly string[];
  /** Tells how many were found so far, now and whenever there are more. */
  follow?(tell: (found: FilesMeasure) => void): void;
  /** Whether there should be any. */
  readonly areAny: boolean;
  /** Whether it is well if there are none after all. */
  readonly mayBeNone?: boolean;
  /** What goes beside the options. */
  readonly work?: Partial<StoreFilesOptions>;
  /** Whether there is no such thing as all of it. */
  readonly isEndless?: boolean;
  /** @returns `again` if it is no outcome yet, or was told before: nobody else is to be told */
  tellOutcome?(outcome: StoreOutcome): 'again' | undefined;
  /** Instead of a line of the log for each. */
  tellRetry?(event: RetryEvent, describe: (error: unknown) => string): void;
  /** On a signal. @param onTimeUp what is still under way is to be ended */
  stop?(onTimeUp: () => void): void;
  /** @throws {Error} what the run was not told of yet and has gone wrong */
  close(): void;
}
