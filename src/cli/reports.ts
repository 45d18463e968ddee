/** `--report`, `--resume` and `--json`: a record of each file, where it is asked for. */
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { StoreEvent, StoreOutcome } from '../index.js';
import { sentence } from './application.js';
import type { Follower } from './follower.js';
import { type Log, writeStandard } from './log.js';
import { ReportFile } from './report-file.js';
import { jsonOf } from './report-format.js';
import { readReport } from './report-reader.js';
import { StoredFiles } from './resume.js';
import { recordOf, recordsOf, type StoreRecord } from './store-record.js';

/** As parsed. */
export interface ReportChoices {
  readonly reportFile: string | undefined;
  readonly resumeFile: string | undefined;
  readonly json: boolean;
}

export class Reports implements Follower {
  readonly #log: Log;
  readonly #print: ((line: string) => void) | undefined;
  #file: ReportFile | undefined;
  #hasFailed = false;
  /** What an earlier run has stored. */
  readonly stored: StoredFiles | undefined;

  /**
   * Reads the one report and begins the other, which takes over what the former says was stored.
   * @param makeRoom is called before something is printed
   * @throws {Error} one line that names a report that cannot be read, used or written
   */
  constructor({ reportFile, resumeFile, json }: ReportChoices, { log, makeRoom }: { log: Log; makeRoom: () => void }) {
    this.#log = log;
    this.#print = json ? printWith(makeRoom) : undefined;
    this.stored = resumeFile === undefined ? undefined : new StoredFiles(absolute);
    const file = reportFile === undefined ? undefined : new ReportFile(reportFile);
    try {
      if (resumeFile !== undefined)
        for (const record of readReport(resumeFile)) if (this.stored?.add(record)) file?.add(record);
      if (reportFile !== undefined && resumeFile !== undefined && isSame(reportFile, resumeFile))
        file?.continueInPlace();
      else file?.takePlace();
    } catch (error) {
      file?.discard();
      throw error;
    }
    this.#file = file;
  }

  onOutcome(outcome: StoreOutcome): void {
    if (this.#file === undefined && this.#print === undefined) return;
    const record = recordOf(outcome, absolute);
    if (record !== undefined) this.#tell(record);
  }

  onEvent(event: StoreEvent): void {
    if (this.#file === undefined && this.#print === undefined) return;
    for (const record of recordsOf(event, absolute)) this.#tell(record);
  }

  /** @returns whether all that happened is in the report */
  end(): boolean {
    this.#orGoOn(() => this.#file?.complete());
    return !this.#hasFailed;
  }

  #tell(record: StoreRecord): void {
    this.#print?.(`${jsonOf(record)}\n`);
    this.#orGoOn(() => this.#file?.add(record));
  }

  /** Files that wait to be sent are worth more than the report of it. */
  #orGoOn(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#log.error(`${sentence(error)}: going on without`);
      this.#hasFailed = true;
      this.#file = undefined;
    }
  }
}

/** Names in it that are no UTF-8 are as they are printed elsewhere. */
function absolute(path: string): string {
  return resolve(path);
}

function printWith(makeRoom: () => void): (line: string) => void {
  return (line) => {
    makeRoom();
    writeStandard(1, line);
  };
}

function isSame(one: string, other: string): boolean {
  try {
    return realpathSync(one) === realpathSync(other);
  } catch {
    return false;
  }
}
