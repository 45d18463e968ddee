/** Waiting for what a caller's data set does, which may never end, on an association, which may. */
import type { DataSetSource } from '../dataset/source.js';
import { HANG_UP_MS } from './timeouts.js';

/**
 * Settles as `work` does; if `lost` aborts, `work` has `HANG_UP_MS` to end, and after that its reason is what this
 * rejects with.
 */
export function unlessLost<T>(work: Promise<T>, lost: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    function onLost(): void {
      timer = setTimeout(() => reject(lost.reason), HANG_UP_MS);
    }
    function settle(): void {
      clearTimeout(timer);
      lost.removeEventListener('abort', onLost);
    }
    work.finally(settle).then(resolve, reject);
    if (lost.aborted) onLost();
    else lost.addEventListener('abort', onLost, { once: true });
  });
}

/**
 * Closes a data set when first called; does nothing after that. Gives no promise if there is nothing to wait for, and never throws:
 * what goes wrong at once is rejected with as well.
 */
export function closeOnce(dataSet: DataSetSource | undefined, lost: AbortSignal): () => void | Promise<void> {
  let open = dataSet;
  return () => {
    const closed = open;
    open = undefined;
    try {
      const closing = closed?.close();
      return closing && unlessLost(closing, lost);
    } catch (error) {
      return Promise.reject(error);
    }
  };
}
