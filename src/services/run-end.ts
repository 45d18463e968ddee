/** The end of a run before its files are all sent. */
import { abortReason, whenAborted } from '../net/signals.js';
import type { Run } from './sending.js';
import type { StoreFilesOptions } from './store-outcome.js';

/** Ends waits, for files that may come and for another try, when the run is to end. @returns what takes that back */
export function onStop({ files, outcomes, retries }: Run, { signal, finish }: StoreFilesOptions): () => void {
  const halt = () => outcomes.halt();
  const interrupt = () => {
    retries.stop();
    files.end(abortReason(signal));
  };
  void outcomes.halted.then(() => {
    retries.stop();
    files.end();
  });
  const leaves = [whenAborted(signal, interrupt), whenAborted(finish, halt)];
  return () => {
    for (const leave of leaves) leave();
  };
}
