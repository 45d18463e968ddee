/** The file of `--report`: whole after each record, whatever ends the run, and in the place of no other before it is begun. */
import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { fileMessageOf } from './printable.js';
import { reportForm } from './report-form.js';
import { REPORT_FORMATS, type ReportFormat } from './report-format.js';
import type { StoreRecord } from './store-record.js';

/** Each record is with the system when `add` returns. All but `discard` throw errors of one line that name the file. */
export class ReportFile {
  readonly #path: string;
  readonly #format: ReportFormat;
  readonly #fd: number;
  /** Where the next record goes. The end of the format stands there now. */
  #position = 0;
  #isFirst = true;

  /**
   * Begins a report beside what may be in its place, which it then takes with `continueInPlace` or `takePlace`.
   * @param path its end says in which form; if it is a link, it stays one
   */
  constructor(path: string) {
    this.#format = REPORT_FORMATS[reportForm(path)];
    this.#path = path;
    this.#path = this.#orFail(() => behindLinks(path));
    this.#fd = this.#orFail(() => openSync(this.#part, 'w'));
    this.#write(this.#format.begin);
  }

  /** For the records of a report that this one continues: what stands there now is in it. */
  continueInPlace(): void {
    this.#orFail(() => {
      fsyncSync(this.#fd);
      renameSync(this.#part, this.#path);
    });
  }

  /** A report of an earlier run stays under another name until this one is complete. */
  takePlace(): void {
    this.#orFail(() => {
      if (statSync(this.#path, { throwIfNoEntry: false }) !== undefined) renameSync(this.#path, this.#previous);
      renameSync(this.#part, this.#path);
    });
  }

  add(record: StoreRecord): void {
    this.#write(this.#format.line(record, this.#isFirst));
    this.#isFirst = false;
  }

  /** The run has ended. */
  complete(): void {
    this.#orFail(() => {
      fsyncSync(this.#fd);
      closeSync(this.#fd);
      rmSync(this.#previous, { force: true });
    });
  }

  /** Of one that has not come to its place. */
  discard(): void {
    closeSync(this.#fd);
    rmSync(this.#part, { force: true });
  }

  get #part(): string {
    return `${this.#path}.part`;
  }

  get #previous(): string {
    return `${this.#path}.previous`;
  }

  /** A record and what ends the file at once, so that it is whole before and after. */
  #write(text: string): void {
    const bytes = Buffer.from(text + this.#format.end);
    this.#orFail(() => {
      try {
        this.#writeAt(this.#position, bytes);
      } catch (error) {
        ftruncateSync(this.#fd, this.#position);
        this.#writeAt(this.#position, Buffer.from(this.#format.end));
        throw error;
      }
    });
    this.#position += bytes.length - this.#format.end.length;
  }

  #writeAt(position: number, bytes: Buffer): void {
    for (let written = 0; written < bytes.length; )
      written += writeSync(this.#fd, bytes, written, bytes.length - written, position + written);
  }

  #orFail<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw new Error(`cannot write report ${this.#path}: ${fileMessageOf(error)}`, { cause: error });
    }
  }
}

/** Where a path leads to. What is there and no regular file is no report to be replaced. */
function behindLinks(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return path;
  if (!found.isFile()) throw new Error('not a regular file');
  return realpathSync(path);
}
