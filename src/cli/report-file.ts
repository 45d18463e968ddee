/** The file of `--report`: whole after each record, whatever ends the run, and in the place of no other before it is begun. */
import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { type Lock, lock } from './file-lock.js';
import { assertReplaceable, behindLinks } from './links.js';
import { fileMessageOf } from './printable.js';
import { reportForm } from './report-form.js';
import { REPORT_FORMATS, type ReportFormat } from './report-format.js';
import type { StoreRecord } from './store-record.js';

/** Each record is with the system when `add` returns. All but `discard` throw errors of one line that name the file. */
export class ReportFile {
  readonly #path: string;
  readonly #format: ReportFormat;
  readonly #lock: Lock;
  readonly #fd: number;
  /** Where the report lies that this one has taken the place of. */
  #previous: string | undefined;
  /** Where the next record goes. The end of the format stands there now. */
  #position = 0;
  #isFirst = true;

  /**
   * Begins a report beside what may be in its place, which it then takes with `continueInPlace` or `takePlace`.
   * @param path its end says in which form; if it is a link, it stays one
   */
  constructor(path: string) {
    this.#format = REPORT_FORMATS[reportForm(path)];
    this.#path = behindLinks(path);
    this.#lock = this.#orFail(() => {
      assertReplaceable(this.#path);
      return lock(`${this.#path}.lock`);
    });
    try {
      this.#fd = this.#orFail(() => openSync(this.#part, 'w'));
    } catch (error) {
      this.#lock.release();
      throw error;
    }
    try {
      this.#write(this.#format.begin);
    } catch (error) {
      this.discard();
      throw error;
    }
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
      if (isThere(this.#path)) this.#previous = keptAside(this.#path);
      renameSync(this.#part, this.#path);
    });
  }

  add(...records: readonly StoreRecord[]): void {
    if (records.length === 0) return;
    const { line, between } = this.#format;
    this.#write((this.#isFirst ? '' : between) + records.map(line).join(between));
    this.#isFirst = false;
  }

  /** The run has ended. */
  complete(): void {
    this.#orFail(() => {
      fsyncSync(this.#fd);
      closeSync(this.#fd);
      if (this.#previous !== undefined) rmSync(this.#previous, { force: true });
      this.#lock.release();
    });
  }

  /** It cannot be gone on with: what is in it stays, and so does the one before. Never throws. */
  abandon(): void {
    ignoringErrors(() => closeSync(this.#fd));
    ignoringErrors(() => this.#lock.release());
  }

  /** Of one that has not come to its place. Never throws. */
  discard(): void {
    ignoringErrors(() => rmSync(this.#part, { force: true }));
    this.abandon();
  }

  get #part(): string {
    return `${this.#path}.part`;
  }

  /** Records and what ends the file at once, so that it is whole before and after. */
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

/** Whether a file is a report of this name, or one of those that may lie beside it. Both paths are absolute. */
export function isBesides(path: string, report: string): boolean {
  return path.startsWith(report) && /^(\.part|\.lock(\..+)?|\.previous(\.\d+)?)?$/.test(path.slice(report.length));
}

function ignoringErrors(work: () => void): void {
  try {
    work();
  } catch {
    // What went wrong before is what is told.
  }
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** A second name for a file, which no other has: it may be all that is known of runs that were killed. */
function keptAside(path: string): string {
  for (let number = 1; ; number++) {
    const aside = `${path}.previous${number === 1 ? '' : `.${number}`}`;
    try {
      linkSync(path, aside);
      return aside;
    } catch {
      if (isThere(aside)) continue;
      // A file system without links.
      renameSync(path, aside);
      return aside;
    }
  }
}
