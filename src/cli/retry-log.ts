/** What storescu says of what it will try again. */
import { type AnsweredOutcome, type StoreEvent, type StoreFilesOptions, statusLine } from '../index.js';
import type { Log } from './log.js';
import type { StorescuOptions } from './storescu-options.js';

export type RetryEvent = Extract<StoreEvent, { type: 'file-retry' | 'association-retry' }>;

const LONGEST_DELAY_MS = 60_000;

/** What `storeFiles` makes of the options. */
export function retryOptions({ retry, retryDelayMs }: Pick<StorescuOptions, 'retry' | 'retryDelayMs'>) {
  const maxDelayMs = Math.max(LONGEST_DELAY_MS, retryDelayMs);
  return { times: retry, initialDelayMs: retryDelayMs, maxDelayMs } satisfies StoreFilesOptions['retry'];
}

/** One line for each. @param describe an error that concerns an association */
export function logRetry(event: RetryEvent, log: Log, describe: (error: unknown) => string): void {
  log.warning(`${retryInWords(event, describe)}; trying again in ${delayInWords(event.delayMs)}`);
}

/** What has failed, for a line that says what follows. */
export function retryInWords(event: RetryEvent, describe: (error: unknown) => string): string {
  if (event.type === 'association-retry') return describe(event.error);
  const { outcome } = event;
  return 'status' in outcome ? refusalInWords(outcome) : `Not answered: ${outcome.path}: ${outcome.error.message}`;
}

export function refusalInWords({ path, status }: AnsweredOutcome): string {
  return `Not stored: ${path}: ${statusLine(status.code)}`;
}

/** For the eye alone: `0.7 s`, `48 s`. */
function delayInWords(ms: number): string {
  return `${ms < 10_000 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)} s`;
}
