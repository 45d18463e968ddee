/** The file of `--events`: one write for each line, which is with the system when the write has ended. */
import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Log } from './log.js';
import { fileMessageOf } from './printable.js';

/** What lines go to. */
interface Target {
  /** @throws {Error} the system's */
  write(line: string): void | Promise<void>;
  close(): void;
}

const STANDARD_OUTPUT = '-';

/**
 * A file, a pipe, or standard output. What cannot be written is counted, and told in the log when it begins and when it is over;
 * no write ever fails.
 */
export class EventFile {
  readonly #path: string;
  /** For the log. */
  readonly #name: string;
  readonly #log: Log;
  #target: Target;
  #missing = 0;
  #giveUp: (error: Error) => void = () => undefined;
  /** Rejects when nobody waits for a reader any more. */
  readonly #givenUp = new Promise<never>((_, reject) => {
    this.#giveUp = reject;
  });

  /** @throws {Error} one line, if it cannot be opened */
  constructor(path: string, log: Log) {
    this.#path = path;
    this.#name = path === STANDARD_OUTPUT ? 'standard output' : path;
    this.#log = log;
    this.#givenUp.catch(() => undefined);
    try {
      this.#target = openTarget(path);
    } catch (error) {
      throw new Error(`--events ${path}: ${fileMessageOf(error)}`, { cause: error });
    }
  }

  /** @param line with its newline. Resolves when it is written, or cannot be */
  async write(line: string): Promise<void> {
    try {
      const written = this.#target.write(line);
      if (written !== undefined) await Promise.race([written, this.#givenUp]);
      this.#onWritten();
    } catch (error) {
      this.#onFailure(error);
    }
  }

  /** Waits for no reader any more. */
  giveUp(): void {
    this.#giveUp(new Error('nobody reads them'));
  }

  /** For programs that rename the file to begin a new one. */
  reopen(): void {
    if (this.#path === STANDARD_OUTPUT) return;
    try {
      const target = openTarget(this.#path);
      this.#target.close();
      this.#target = target;
      this.#log.info('Events file opened anew');
    } catch (error) {
      this.#log.warning(`Events file not opened anew, the old one stays: ${fileMessageOf(error)}`);
    }
  }

  close(): void {
    this.#target.close();
    if (this.#missing > 0) this.#log.warning(`Events: ${lines(this.#missing)} missing in ${this.#name}`);
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

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE'
    ? 'the reader has gone'
    : fileMessageOf(error);
}

function lines(count: number): string {
  return count === 1 ? '1 line is' : `${count} lines are`;
}

function openTarget(path: string): Target {
  // A pipe that nobody reads would keep us in the call that opens it.
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;
  const fd = path === STANDARD_OUTPUT ? 1 : openSync(path, flags, 0o666);
  const status = fstatSync(fd);
  return status.isFIFO() || status.isSocket() ? new PipeTarget(fd) : new FileTarget(fd, endsInLine(path, status.size));
}

/** A regular file or a terminal. */
class FileTarget implements Target {
  readonly #fd: number;
  #endsInLine: boolean;

  constructor(fd: number, endsInLine: boolean) {
    this.#fd = fd;
    this.#endsInLine = endsInLine;
  }

  /** After a line that was cut short by a full disk the next one begins on a line of its own. */
  write(line: string): void {
    let rest = Buffer.from(this.#endsInLine ? line : `\n${line}`);
    while (rest.length > 0) {
      const written = writeSync(this.#fd, rest);
      rest = rest.subarray(written);
      this.#endsInLine = rest.length === 0;
    }
  }

  close(): void {
    if (this.#fd !== 1) closeSync(this.#fd);
  }
}

/** A pipe, whose reader may take its time: nothing else waits for it. */
class PipeTarget implements Target {
  readonly #socket: Socket;
  #error: Error | undefined;

  constructor(fd: number) {
    this.#socket = new Socket({ fd, readable: false, writable: true });
    this.#socket.on('error', (error) => {
      this.#error = error;
    });
  }

  write(line: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(line, (error) => {
        if (error == null) resolve();
        // Of a stream that has failed before, that failure tells more.
        else reject(this.#error ?? error);
      });
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Whether what a line is appended to has a whole line at its end, as far as can be seen. */
function endsInLine(path: string, size: number): boolean {
  if (path === STANDARD_OUTPUT || size === 0) return true;
  try {
    const fd = openSync(path, 'r');
    try {
      const last = Buffer.alloc(1);
      return readSync(fd, last, 0, 1, size - 1) === 0 || last[0] === 0x0a;
    } finally {
      closeSync(fd);
    }
  } catch {
    // Who may only write it need not be able to read it.
    return true;
  }
}
