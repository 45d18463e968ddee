/** A promise with its two ends apart, as `Promise.withResolvers` gives it on newer Nodes. */

export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

/** A rejection that nobody has come to await is not reported as unhandled: who cares awaits it. */
export function deferred<T = void>(): Deferred<T> {
  let resolve: (value: T) => void = unset;
  let reject: (error: Error) => void = unset;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

/** A wait that always ends well: whoever is woken looks for himself what there is. */
export interface Wakeup {
  readonly promise: Promise<void>;
  wake(): void;
}

export function wakeup(): Wakeup {
  let wake: () => void = unset;
  const promise = new Promise<void>((resolve) => {
    wake = resolve;
  });
  return { promise, wake };
}

function unset(): never {
  throw new Error('a promise calls its executor at once');
}
