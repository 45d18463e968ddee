/** What has failed and may pass is tried again, after a while that grows. */
import { deferred } from '../base/deferred.js';
import { throwIfAborted } from '../net/signals.js';
import { startTimer } from '../net/timer.js';
import type { LastTry, WaitingInstance } from './input-files.js';
import type { LookAhead } from './look-ahead.js';
import type { Outcomes } from './outcomes.js';
import { isPassingError, isPassingStatus } from './passing.js';
import { checkRetryOptions, type RetryOptions, retryDelayMs } from './retry-options.js';
import type { FailedOutcome, StoreFilesOptions } from './store-outcome.js';

/** The retries of one call of `storeFiles`. */
export class Retries {
  readonly #files: LookAhead;
  readonly #outcomes: Outcomes;
  readonly #options: Pick<StoreFilesOptions, 'report' | 'signal'>;
  readonly #retry: RetryOptions;
  /** What waits for its time: each ends its wait at once. */
  readonly #waits = new Set<() => void>();
  /** Of associations in a row. */
  #failures = 0;
  #hasGivenBack = false;
  #isStopped = false;

  constructor(files: LookAhead, outcomes: Outcomes, options: Pick<StoreFilesOptions, 'report' | 'signal' | 'retry'>) {
    this.#files = files;
    this.#outcomes = outcomes;
    this.#options = options;
    this.#retry = options.retry ?? { times: 0 };
    checkRetryOptions(this.#retry);
  }

  get areWanted(): boolean {
    return this.#retry.times > 0;
  }

  /** The peer has answered something: what fails now is not a failure after a failure. */
  onAnswer(): void {
    this.#failures = 0;
  }

  /** Whether a refused file is sent again later, which keeps no others waiting; it is not if too many files wait like this. */
  takes(file: WaitingInstance, outcome: FailedOutcome): boolean {
    const attempts = file.attempts ?? 1;
    const mayPass = 'status' in outcome ? isPassingStatus(outcome.status.code) : isPassingError(outcome.error);
    if (!mayPass || !this.#goesOn || attempts > this.#retry.times) return false;
    if (!this.#files.expect()) return false;
    const delayMs = retryDelayMs(attempts, this.#retry);
    this.#options.report?.({ type: 'file-retry', outcome, delayMs });
    // Its data set is read again, so that thousands can wait like this.
    const again = { ...file, dataSet: undefined, turns: 1, attempts: attempts + 1, last: this.#lastTry(outcome) };
    this.#wait(delayMs, () => this.#files.comeBack(again));
    return true;
  }

  /**
   * What becomes of a file whose association was lost before it was answered. It is sent again first, and alone, so that it takes no
   * others along if it is the cause; if that is how it ended, it waits like one that was refused.
   */
  afterLoss(
    file: WaitingInstance,
    outcome: Extract<FailedOutcome, { type: 'unanswered' }>,
  ): 'later' | { readonly again: WaitingInstance } | undefined {
    const attempts = file.attempts ?? 1;
    if (!this.#goesOn || attempts > this.#retry.times || !isPassingError(outcome.error)) return undefined;
    this.#hasGivenBack = true;
    if (file.last?.wasLost) return this.takes(file, outcome) ? 'later' : undefined;
    return { again: { ...file, attempts: attempts + 1, last: this.#lastTry(outcome) } };
  }

  /**
   * Waits before another association; the caller then looks whether to go on.
   * @param isWorkLeft whether there is anything to have one for
   * @throws {unknown} `error`, if that is final
   */
  async afterFailure(error: unknown, isWorkLeft: boolean): Promise<void> {
    this.#failures++;
    // What one of several associations has lost the others have sent.
    if (!isWorkLeft && this.#hasGivenBack && isPassingError(error)) return;
    const isFinal = !isWorkLeft || this.#failures > this.#retry.times || !isPassingError(error);
    if (isFinal || !this.#goesOn || !(error instanceof Error)) throw error;
    const delayMs = retryDelayMs(this.#failures, this.#retry);
    this.#options.report?.({ type: 'association-retry', error, delayMs });
    const due = deferred();
    this.#wait(delayMs, due.resolve);
    await due.promise;
    throwIfAborted(this.#options.signal);
  }

  /** Ends all waits: nothing is tried again. */
  stop(): void {
    this.#isStopped = true;
    for (const end of this.#waits) end();
  }

  /** Of files that would have been tried again what became of them the last time. */
  async tellGivenUp(): Promise<void> {
    this.stop();
    for (const file of this.#files.takeAll((other) => 'instance' in other && other.last !== undefined))
      if ('instance' in file) await file.last?.tell();
  }

  get #goesOn(): boolean {
    return !this.#isStopped && !this.#outcomes.isHalted && this.#options.signal?.aborted !== true;
  }

  #lastTry(outcome: FailedOutcome): LastTry {
    return { wasLost: outcome.type === 'unanswered', tell: () => this.#outcomes.tell(outcome) };
  }

  #wait(ms: number, onEnd: () => void): void {
    const end = () => {
      cancel();
      this.#waits.delete(end);
      onEnd();
    };
    const cancel = (this.#retry.startTimer ?? startTimer)(ms, end);
    this.#waits.add(end);
  }
}
