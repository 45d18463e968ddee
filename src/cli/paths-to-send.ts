/** Where storescu takes what it sends from: its arguments, lists of names, a folder that it watches. */
import type { Location, PathFilter } from '../index.js';
import { CommandLineError } from './command-line-error.js';
import { type FileList, openFileList } from './files-from.js';
import type { Log } from './log.js';
import type { PathSource } from './path-source.js';
import type { StorescuOptions } from './storescu-options.js';

/** @throws {CommandLineError} options that do not go together, no such file or folder */
export async function pathsToSend(
  options: StorescuOptions,
  accept: PathFilter | undefined,
  log: Log,
): Promise<PathSource> {
  const { paths, filesFrom, watch, watchSettleMs, watchState } = options;
  if (watch !== undefined) return (await import('./watch.js')).watchFolder(options, accept, log);
  for (const [name, value] of Object.entries({ '--watch-settle': watchSettleMs, '--watch-state': watchState }))
    if (value !== undefined) throw new CommandLineError(`${name}: not without --watch`);
  if (filesFrom === undefined) return { paths, known: paths, areAny: paths.length > 0, close: () => undefined };
  const list = openFileList(filesFrom);
  return { paths: oneAfterTheOther(paths, list), areAny: true, close: () => list.close() };
}

async function* oneAfterTheOther(paths: readonly Location[], list: FileList): AsyncGenerator<Location, void, void> {
  yield* paths;
  yield* list;
}
