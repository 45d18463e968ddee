/** Where storescu takes what it sends from: its arguments, lists of names, a folder that it watches. */
import type { Location, PathFilter, Paths, StoreFilesOptions, StoreOutcome } from '../index.js';
import { type FileList, openFileList } from './files-from.js';
import type { Log } from './log.js';
import type { RetryEvent } from './retry-log.js';
import type { StorescuOptions } from './storescu-options.js';

/** To be closed when the run has ended. */
export interface PathsToSend {
  readonly paths: Paths;
  /** Whether there should be any. */
  readonly areAny: boolean;
  /** Whether it is well if there are none after all. */
  readonly mayBeNone?: boolean;
  /** What goes beside the options. */
  readonly work?: Partial<StoreFilesOptions>;
  tellOutcome?(outcome: StoreOutcome): void;
  /** Instead of a line of the log for each. */
  tellRetry?(event: RetryEvent, describe: (error: unknown) => string): void;
  /** On a signal. @param onTimeUp what is still under way is to be ended */
  stop?(onTimeUp: () => void): void;
  close(): void;
}

/** @throws {CommandLineError} */
export async function pathsToSend(
  options: StorescuOptions,
  accept: PathFilter | undefined,
  log: Log,
): Promise<PathsToSend> {
  const { paths, filesFrom, watch } = options;
  if (watch !== undefined) return (await import('./watch.js')).watchFolder(options, accept, log);
  if (filesFrom === undefined) return { paths, areAny: paths.length > 0, close: () => undefined };
  const list = openFileList(filesFrom);
  return { paths: oneAfterTheOther(paths, list), areAny: true, close: () => list.close() };
}

async function* oneAfterTheOther(paths: readonly Location[], list: FileList): AsyncGenerator<Location, void, void> {
  yield* paths;
  yield* list;
}
