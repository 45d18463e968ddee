/** Files that a caller does not want sent, taken out of those that were found. */
import type { InputFile } from './input-files.js';
import type { StoreFilesOptions } from './store-outcome.js';

/** `files` without those that `leaveOut` is true of, which `report` is told of. */
export function sift(
  files: AsyncGenerator<InputFile, void, void>,
  { leaveOut, report }: Pick<StoreFilesOptions, 'leaveOut' | 'report'>,
): AsyncGenerator<InputFile, void, void> {
  return leaveOut === undefined ? files : sifted(files, leaveOut, report);
}

async function* sifted(
  files: AsyncGenerator<InputFile, void, void>,
  leaveOut: NonNullable<StoreFilesOptions['leaveOut']>,
  report: StoreFilesOptions['report'],
): AsyncGenerator<InputFile, void, void> {
  for await (const file of files)
    if ('error' in file || !leaveOut(file.instance)) yield file;
    else report?.({ type: 'left-out', instance: file.instance });
}
