/** What a receiver has done in lines of its log: one every few seconds, and a summary at the end. */
import { describeStatus, statusLine } from '../index.js';
import type { Log } from './log.js';
import { statusCode } from './log-fields.js';
import { bytesInWords, count, rateInWords, secondsInWords } from './quantities.js';
import { ENDINGS, type Ending, type Statistics, type Totals } from './statistics.js';

const ENDING_WORDS: Readonly<Record<Ending, string>> = {
  released: 'released',
  rejected: 'rejected',
  abortedByPeer: 'aborted by the peer',
  abortedByUs: 'aborted by us',
  lost: 'lost',
};

/** Tells every time what has happened since the last time. */
export class RunningStatistics {
  readonly #statistics: Statistics;
  readonly #log: Log;
  #last: Totals = { stored: 0, failed: 0, bytes: 0 };
  #lastMs = performance.now();

  constructor(statistics: Statistics, log: Log) {
    this.#statistics = statistics;
    this.#log = log;
  }

  /**
   * `Statistics: 3 associations open, 42 ended; last 10.0 s: 120 stored, 0 failed, 63.2 MB (6.32 MB/s); in all: 1500 stored,
   * 2 failed, 790 MB; memory 84.1 MB`
   */
  tell(): void {
    const { openAssociations, associations, totals } = this.#statistics;
    const now = performance.now();
    const ms = now - this.#lastMs;
    const since = {
      stored: totals.stored - this.#last.stored,
      failed: totals.failed - this.#last.failed,
      bytes: totals.bytes - this.#last.bytes,
    };
    this.#last = totals;
    this.#lastMs = now;
    const memoryBytes = process.memoryUsage.rss();
    const parts = [
      `${count(openAssociations, 'association')} open, ${associations} ended`,
      `last ${secondsInWords(ms)}: ${totalsInWords(since)} (${rateInWords(since.bytes, ms)})`,
      `in all: ${totalsInWords(totals)}`,
      `memory ${bytesInWords(memoryBytes)}`,
    ];
    this.#log.announce(`Statistics: ${parts.join('; ')}`, {
      event: 'stats',
      seconds: seconds(ms),
      openAssociations,
      associations,
      newObjects: since.stored,
      newBytes: since.bytes,
      objects: totals.stored,
      failures: totals.failed,
      bytes: totals.bytes,
      memoryBytes,
    });
  }
}

/**
 * `Summary: 1500 stored, 2 failed (0xA700 - Failure: Out of Resources), 790 MB in 3600.0 s (219 kB/s)`, then how associations have
 * ended; where there are several statuses of failure, a line for each.
 * @param ms since the start
 */
export function tellSummary(statistics: Statistics, ms: number, log: Log): void {
  const { endings, associations, totals } = statistics;
  const { stored, failed, bytes } = totals;
  const failures = failuresByStatus(statistics);
  const only = failures.length === 1 && failures[0] !== undefined ? ` (${statusLine(failures[0].status)})` : '';
  log.announce(
    `Summary: ${stored} stored, ${failed} failed${only}, ${bytesInWords(bytes)} in ${secondsInWords(ms)} (${rateInWords(bytes, ms)})`,
    { event: 'summary', objects: stored, failures: failed, bytes, seconds: seconds(ms), associations, ...endings },
  );
  if (failures.length > 1 || log.takesFields)
    for (const { status, objects } of failures)
      log.announce(`Summary: ${objects} failed: ${statusLine(status)}`, {
        event: 'summary-status',
        status: statusCode(status),
        statusMeaning: describeStatus(status).meaning,
        objects,
      });
  const ended = ENDINGS.filter((ending) => endings[ending] > 0).map(
    (ending) => `${endings[ending]} ${ENDING_WORDS[ending]}`,
  );
  log.announce(`Summary: ${count(associations, 'association')}${ended.length === 0 ? '' : `: ${ended.join(', ')}`}`, {
    event: 'summary-associations',
    associations,
    ...endings,
  });
}

function totalsInWords({ stored, failed, bytes }: Totals): string {
  return `${stored} stored, ${failed} failed, ${bytesInWords(bytes)}`;
}

/** Most frequent first. */
function failuresByStatus(statistics: Statistics): readonly { readonly status: number; readonly objects: number }[] {
  const byStatus = new Map<number, number>();
  for (const { status, isFailure, objects } of statistics.stores())
    if (isFailure) byStatus.set(status, (byStatus.get(status) ?? 0) + objects);
  return [...byStatus]
    .map(([status, objects]) => ({ status, objects }))
    .sort((one, other) => other.objects - one.objects);
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}
