/** All that follows a run of storescu: the line that shows its progress, the summary in the end, the reports. */
import { measureFiles, type StoreEvent, type StoreFilesOptions, type StoreOutcome } from '../index.js';
import type { Follower } from './follower.js';
import type { Log } from './log.js';
import { logAbove } from './log-above.js';
import type { PathSource } from './path-source.js';
import { ProgressLine, type ProgressMode } from './progress-line.js';
import type { ProgressState } from './progress-state.js';
import { type ReportChoices, Reports } from './reports.js';
import { Summary } from './summary.js';

/** As parsed. */
export interface FollowerChoices extends ReportChoices {
  readonly repeat: number;
  readonly dryRun: boolean;
  readonly progressMode: ProgressMode | undefined;
  /** Whoever watches a folder is never done: a line is shown only if it is asked for. */
  readonly watch: string | undefined;
  readonly summary: boolean;
}

/** How a run has ended. */
export interface RunEnd {
  /** Whether that was before the last file. */
  readonly isCutShort: boolean;
  readonly stoppedBy: NodeJS.Signals | undefined;
}

export class Followers implements Follower {
  /** To be used instead of the one given: its lines make room for themselves. */
  readonly log: Log;
  readonly #choices: FollowerChoices;
  readonly #line: ProgressLine | undefined;
  readonly #summary = new Summary();
  readonly #signal: AbortSignal;
  #reports: Reports | undefined;
  /** A run that only asks for an echo has nothing to sum up. */
  #isAboutFiles = false;

  /** @param signal once it aborts, nobody waits for what is told */
  constructor(choices: FollowerChoices, log: Log, signal: AbortSignal) {
    this.#signal = signal;
    const { dryRun, watch, progressMode = watch === undefined ? 'auto' : 'never', repeat } = choices;
    this.#choices = choices;
    this.#line = dryRun ? undefined : ProgressLine.of({ mode: progressMode, log, repeat });
    this.log = this.#line === undefined ? log : logAbove(log, () => this.#line?.wipe());
  }

  /** @throws {Error} one line that names a report that cannot be read or written; the reason of the signal */
  async openReports(): Promise<void> {
    const unsent = this.#choices.dryRun ? { reportFile: undefined, json: false } : {};
    const surroundings = { log: this.log, makeRoom: () => this.#line?.wipe(), signal: this.#signal };
    this.#reports = await Reports.open({ ...this.#choices, ...unsent }, surroundings);
  }

  /** How many files were left out so far since an earlier run has stored them. */
  get storedBefore(): number {
    return this.#reports?.stored?.met ?? 0;
  }

  /** What the library has to ask and tell us, where we want to know. */
  get hooks(): Pick<StoreFilesOptions, 'leaveOut' | 'progress'> {
    const stored = this.#reports?.stored;
    const line = this.#line;
    return {
      leaveOut: stored && ((instance) => stored.has(instance)),
      progress: line && ((instance, bytes) => line.onBytes(instance, bytes)),
    };
  }

  /** What there is to send is counted if all paths are known; others come as they come. */
  start(source: PathSource, options: Pick<StoreFilesOptions, 'recurse' | 'accept'>): void {
    const { areAny, known } = source;
    this.#isAboutFiles = areAny;
    this.#line?.start(async (state, signal) => {
      source.follow?.((found) => state.countedSoFar(found));
      if (known !== undefined) await count(known, options, { state, signal });
    });
  }

  onOutcome(outcome: StoreOutcome): void {
    this.#summary.onOutcome(outcome);
    this.#reports?.onOutcome(outcome);
    this.#line?.onOutcome(outcome);
  }

  onEvent(event: StoreEvent): void {
    this.#line?.onEvent(event);
    if (this.isOwn(event)) return;
    this.#summary.onEvent(event);
    this.#reports?.onEvent(event);
  }

  /** Whether it is about a report of ours in a folder that is sent, of which nothing need be said. */
  isOwn(event: StoreEvent): boolean {
    return this.#reports?.isOwn(event) ?? false;
  }

  /** Undefined, or resolves when there is room for what more outcomes bring. */
  get room(): Promise<void> | undefined {
    return this.#reports?.room;
  }

  /** Resolves when all that was told has been taken, or nobody is to wait for it any more. To be called before `end`. */
  async drained(): Promise<void> {
    await this.#reports?.drained();
  }

  /** @returns whether all that happened is in the report */
  end(end: RunEnd): boolean {
    this.#line?.end();
    const isReported = this.#reports?.end() ?? true;
    if (this.#isAboutFiles) this.#summarize(end);
    return isReported;
  }

  #summarize({ isCutShort, stoppedBy }: RunEnd): void {
    const { log } = this;
    const isWorse = stoppedBy !== undefined || this.#summary.hasFailures;
    if (!isWorse && !this.#choices.summary) return;
    const [first = '', ...others] = this.#summary.describe({ isCutShort });
    const lines = [stoppedBy === undefined ? first : `Stopped by ${stoppedBy}: ${first}`, ...others];
    if (isWorse && log.isEnabled('warning')) log.warning(lines);
    else if (this.#choices.summary) log.announce(lines);
  }
}

async function count(
  paths: readonly string[],
  options: Pick<StoreFilesOptions, 'recurse' | 'accept'>,
  { state, signal }: { readonly state: ProgressState; readonly signal: AbortSignal },
): Promise<void> {
  for await (const measure of measureFiles(paths, options)) {
    if (signal.aborted) return;
    state.countedSoFar(measure);
  }
  state.countedAll();
}
