/** Where storescu takes what it sends from: its arguments, and lists of names. */
import type { Location, Paths } from '../index.js';
import { type FileList, openFileList } from './files-from.js';
import type { StorescuOptions } from './storescu-options.js';

/** To be closed when the run has ended. */
export interface PathsToSend {
  readonly paths: Paths;
  /** Whether there should be any. */
  readonly areAny: boolean;
  close(): void;
}

/** @throws {CommandLineError} */
export function pathsToSend({ paths, filesFrom }: Pick<StorescuOptions, 'paths' | 'filesFrom'>): PathsToSend {
  if (filesFrom === undefined) return { paths, areAny: paths.length > 0, close: () => undefined };
  const list = openFileList(filesFrom);
  return { paths: oneAfterTheOther(paths, list), areAny: true, close: () => list.close() };
}

async function* oneAfterTheOther(paths: readonly Location[], list: FileList): AsyncGenerator<Location, void, void> {
  yield* paths;
  yield* list;
}
