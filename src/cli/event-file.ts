/** The file of `--events`: one write for each line, which is with the system when the write has ended. */
import { openTarget, STANDARD_OUTPUT, type Target, writtenAnew } from './event-target.js';
import type { Log } from './log.js';
import { fileMessageOf } from './printable.js';
import { systemCodeOf } from './system-code.js';

/** A line that is being written. */
interface Pending {
  readonly fail: (error: Error) => void;
  timer: NodeJS.Timeout | undefined;
}

/**
 * A file, a pipe, or standard output, for one line at a time. What cannot be written is counted, and told in the log when it
 * begins and when it is over; no write ever fails.
 */
export class EventFile {
  readonly #path: string;
  /** For the log. */
  readonly #name: string;
  readonly #log: Log;
  #target: Target;
  #missing = 0;
  #patienceMs = Number.POSITIVE_INFINITY;
  #pending: Pending | undefined;
  /** A line was not taken within our patience, and is with the target still. */
  #isStuck = false;

  /** @throws {Error} one line, if it cannot be opened */
  constructor(path: string, log: Log) {
    this.#path = path;
    this.#name = path === STANDARD_OUTPUT ? 'standard output' : path;
    this.#log = log;
    try {
      this.#target = openTarget(path);
    } catch (error) {
      // Of a named pipe: it waits for nobody, since there may never be one.
      const why = systemCodeOf(error) === 'ENXIO' ? 'nobody has opened the pipe to read it' : fileMessageOf(error);
      throw new Error(`--events ${path}: ${why}`, { cause: error });
    }
  }

  /** @param line with its newline. Resolves when it is written, or cannot be */
  async write(line: string): Promise<void> {
    try {
      if (this.#isStuck) throw nobodyReads();
      const written = this.#begin(line);
      if (written !== undefined) await this.#inTime(this.#end(line, written));
      this.#onWritten();
    } catch (error) {
      this.#onFailure(error);
    }
  }

  /** From now on each line, one that is being written as well, gets so long; after the first that was not taken no other is tried. */
  limitWaiting(ms: number): void {
    this.#patienceMs = Math.min(this.#patienceMs, ms);
    this.#watch();
  }

  /** For programs that rename the file to begin a new one. What is not written yet goes to that. */
  reopen(): void {
    if (this.#path === STANDARD_OUTPUT) return;
    try {
      this.#openAnew();
      this.#log.info('Events file opened anew');
    } catch (error) {
      this.#log.warning(`Events file not opened anew, the old one stays: ${fileMessageOf(error)}`);
    }
  }

  close(): void {
    this.#target.close();
    if (this.#missing > 0) this.#log.warning(`Events: ${lines(this.#missing)} missing in ${this.#name}`);
  }

  #begin(line: string): void | Promise<void> {
    try {
      return this.#target.write(line);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #end(line: string, written: Promise<void>): Promise<void> {
    const target = this.#target;
    try {
      await written;
    } catch (error) {
      if (target === this.#target && !this.#hasNewReader(error)) throw error;
      const again = target === this.#target ? line : writtenAnew(line);
      return await this.#end(line, Promise.resolve(this.#begin(again)));
    }
  }

  /** A pipe whose reader has gone may have another by now. */
  #hasNewReader(error: unknown): boolean {
    if (!isReaderGone(error) || this.#path === STANDARD_OUTPUT) return false;
    try {
      this.#openAnew();
      return true;
    } catch {
      return false;
    }
  }

  #openAnew(): void {
    const target = openTarget(this.#path);
    this.#target.close();
    this.#target = target;
  }

  #inTime(written: Promise<void>): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#pending = { fail: reject, timer: undefined };
      this.#watch();
      written.then(resolve, reject);
    }).finally(() => {
      clearTimeout(this.#pending?.timer);
      this.#pending = undefined;
    });
  }

  #watch(): void {
    if (this.#pending === undefined || this.#patienceMs === Number.POSITIVE_INFINITY) return;
    const { fail } = this.#pending;
    clearTimeout(this.#pending.timer);
    this.#pending.timer = setTimeout(() => {
      this.#isStuck = true;
      fail(nobodyReads());
    }, this.#patienceMs);
  }

  #onWritten(): void {
    if (this.#missing > 0) this.#log.warning(`Events go to ${this.#name} again; ${lines(this.#missing)} missing`);
    this.#missing = 0;
  }

  #onFailure(error: unknown): void {
    if (this.#missing === 0)
      this.#log.error(`Events cannot be written to ${this.#name}, objects are stored without: ${reasonOf(error)}`);
    this.#missing++;
  }
}

function nobodyReads(): Error {
  return new Error('nobody reads them');
}

function isReaderGone(error: unknown): boolean {
  return systemCodeOf(error) === 'EPIPE';
}

function reasonOf(error: unknown): string {
  return isReaderGone(error) ? 'the reader has gone' : fileMessageOf(error);
}

function lines(count: number): string {
  return count === 1 ? '1 line is' : `${count} lines are`;
}
