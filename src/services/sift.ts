/** Files that a caller does not want sent, told from those that were found. */
import type { InputFile } from './input-files.js';
import type { StoreFilesOptions } from './store-outcome.js';

/** Whether a file stays: not if `leaveOut` is true of it, which `report` is told of. */
export function sieve({
  leaveOut,
  report,
}: Pick<StoreFilesOptions, 'leaveOut' | 'report'>): (file: InputFile) => boolean {
  return (file) => {
    if (leaveOut === undefined || 'error' in file || !leaveOut(file.instance)) return true;
    report?.({ type: 'left-out', instance: file.instance });
    return false;
  };
}
