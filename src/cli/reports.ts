/** `--report`, `--resume` and `--json`: a record of each file, where it is asked for. */
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { StoreEvent, StoreOutcome } from '../index.js';
import { sentence } from './application.js';
import type { Follower } from './follower.js';
import { type JsonOutput, jsonOutput } from './json-output.js';
import { jsonText } from './json-text.js';
import type { Log } from './log.js';
import { isBesides, ReportFile } from './report-file.js';
import type { RecordedPeer, StoredFiles } from './resume.js';
import { recordOf, recordsOf, type StoreRecord } from './store-record.js';

/** As parsed. */
export interface ReportChoices {
  readonly host: string;
  readonly port: number;
  readonly calledAeTitle: string;
  readonly reportFile: string | undefined;
  readonly resumeFile: string | undefined;
  readonly json: boolean;
}

/** What stands around the reports of a run. */
export interface ReportSurroundings {
  readonly log: Log;
  /** Is called before something is printed. */
  readonly makeRoom: () => void;
  readonly signal: AbortSignal;
}

export class Reports implements Follower {
  readonly #surroundings: ReportSurroundings;
  readonly #peer: RecordedPeer;
  /** Reports of this run or of earlier ones: real and absolute paths. */
  readonly #own: readonly string[];
  #output: JsonOutput | undefined;
  #file: ReportFile | undefined;
  #hasFailed = false;
  #stored: StoredFiles | undefined;

  private constructor(choices: ReportChoices, surroundings: ReportSurroundings) {
    const { host, port, calledAeTitle, resumeFile, reportFile, json } = choices;
    this.#surroundings = surroundings;
    this.#peer = { peer: `${host}:${port}`, calledAet: calledAeTitle };
    this.#own = [resumeFile, reportFile].filter((path) => path !== undefined).flatMap(namesOf);
    this.#output = json ? jsonOutput() : undefined;
  }

  /** What an earlier run has stored. */
  get stored(): StoredFiles | undefined {
    return this.#stored;
  }

  /**
   * Reads the one report and begins the other, which takes over what the former says was stored.
   * @throws {Error} one line that names a report that cannot be read, used or written; the reason of `signal`
   */
  static async open(choices: ReportChoices, surroundings: ReportSurroundings): Promise<Reports> {
    const reports = new Reports(choices, surroundings);
    await reports.#open(choices);
    return reports;
  }

  async #open({ reportFile, resumeFile }: ReportChoices): Promise<void> {
    const file = reportFile === undefined ? undefined : new ReportFile(reportFile);
    try {
      if (resumeFile !== undefined) await this.#takeOver(resumeFile, file);
      if (reportFile !== undefined && resumeFile !== undefined && isSame(reportFile, resumeFile))
        file?.continueInPlace();
      else file?.takePlace();
    } catch (error) {
      file?.discard();
      throw error;
    }
    this.#file = file;
  }

  async #takeOver(path: string, file: ReportFile | undefined): Promise<void> {
    const [{ readReport }, { StoredFiles }] = await Promise.all([import('./report-reader.js'), import('./resume.js')]);
    const stored = new StoredFiles(this.#peer, absolute);
    this.#stored = stored;
    for await (const records of readReport(path)) {
      this.#surroundings.signal.throwIfAborted();
      for (const record of records) stored.add(record);
      // Those of other peers too: they may be known from nowhere else.
      file?.add(...records.filter(({ outcome }) => outcome === 'stored'));
    }
    const elsewhere = stored.onlyElsewhere;
    const { peer, calledAet } = this.#peer;
    if (elsewhere !== undefined)
      this.#surroundings.log.warning(
        `${path} is about other peers (${elsewhere}), not ${calledAet} at ${peer}: nothing of it is left out`,
      );
  }

  onOutcome(outcome: StoreOutcome): void {
    if (this.#file === undefined && this.#output === undefined) return;
    const record = recordOf(outcome, absolute);
    if (record !== undefined) this.#tell(record);
  }

  onEvent(event: StoreEvent): void {
    if (this.#file === undefined && this.#output === undefined) return;
    for (const record of recordsOf(event, absolute)) this.#tell(record);
  }

  /** Whether it is about a report, which lies in a folder that is sent. */
  isOwn(event: StoreEvent): boolean {
    if (event.type !== 'skipped' || this.#own.length === 0) return false;
    const path = absolute(event.path);
    return this.#own.some((report) => isBesides(path, report));
  }

  /** Undefined, or resolves when more may be told: readers take their time. */
  get room(): Promise<void> | undefined {
    return this.#output?.hasRoom === false ? this.drained() : undefined;
  }

  /** Resolves when all is told, or nobody is to wait for it any more. */
  async drained(): Promise<void> {
    await this.#output?.drained(this.#surroundings.signal);
  }

  /** @returns whether all that happened is told */
  end(): boolean {
    this.#orGoOnWithoutFile(() => this.#file?.complete());
    return !this.#hasFailed;
  }

  #tell(record: StoreRecord): void {
    const whole = { ...record, ...this.#peer };
    if (this.#output !== undefined) this.#print(this.#output, whole);
    this.#orGoOnWithoutFile(() => this.#file?.add(whole));
  }

  #print(output: JsonOutput, record: StoreRecord): void {
    this.#surroundings.makeRoom();
    try {
      output.write(`${jsonText(record)}\n`);
    } catch (error) {
      this.#output = undefined;
      this.#failed(error);
    }
  }

  #orGoOnWithoutFile(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#file?.abandon();
      this.#file = undefined;
      this.#failed(error);
    }
  }

  /** Files that wait to be sent are worth more than the report of it. */
  #failed(error: unknown): void {
    this.#surroundings.log.error(`${sentence(error)}: going on without`);
    this.#hasFailed = true;
  }
}

/** Names in it that are no UTF-8 are as they are printed elsewhere. */
function absolute(path: string): string {
  return resolve(path);
}

/** Of a report: as given, and where links lead to. */
function namesOf(path: string): readonly string[] {
  try {
    return [absolute(path), realpathSync(path)];
  } catch {
    return [absolute(path)];
  }
}

function isSame(one: string, other: string): boolean {
  try {
    return realpathSync(one) === realpathSync(other);
  } catch {
    return false;
  }
}
