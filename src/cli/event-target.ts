/** What the lines of `--events` are written to: a regular file, a device, or a pipe. None keeps the event loop waiting for a reader. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { systemCodeOf } from './system-code.js';

/** What lines go to, one at a time. */
export interface Target {
  /**
   * A promise if it is not written yet; rejects as well if the target is closed meanwhile.
   * @throws {Error} the system's
   */
  write(line: string): void | Promise<void>;
  close(): void;
}

export const STANDARD_OUTPUT = '-';

/** Opening a pipe that nobody reads, or writing to a terminal that is stopped, would keep us in the call. */
const FLAGS = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** @throws {Error} the system's */
export function openTarget(path: string): Target {
  if (path === STANDARD_OUTPUT) return standardOutput();
  const fd = openSync(path, FLAGS | constants.O_APPEND | constants.O_CREAT, 0o666);
  const status = fstatSync(fd);
  return isPipe(status) ? new PipeTarget(fd) : new FileTarget(fd, endsInLine(path, status.size));
}

function standardOutput(): Target {
  const status = fstatSync(1);
  if (isPipe(status)) return new PipeTarget(1);
  return new FileTarget((status.isCharacterDevice() ? openedForUs('/dev/stdout') : undefined) ?? 1, true);
}

/** What others have open as well is not made non-blocking under them. Undefined where it may not be opened: then writes may block. */
function openedForUs(device: string): number | undefined {
  try {
    return openSync(device, FLAGS);
  } catch {
    return undefined;
  }
}

function isPipe(status: Stats): boolean {
  return status.isFIFO() || status.isSocket();
}

const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 64;

/**
 * A regular file, a terminal or another device. A thread of libuv's for each line would have it wait behind the flushes of
 * the objects, and all objects behind it; where a regular file hangs those hang too.
 */
class FileTarget implements Target {
  readonly #fd: number;
  #endsInLine: boolean;
  #isClosed = false;

  constructor(fd: number, endsInLine: boolean) {
    this.#fd = fd;
    this.#endsInLine = endsInLine;
  }

  /** After a line that was cut short by a full disk the next one begins on a line of its own. */
  write(line: string): void | Promise<void> {
    const rest = this.#write(Buffer.from(this.#endsInLine ? line : `\n${line}`));
    return rest.length === 0 ? undefined : this.#writeLater(rest);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#fd !== 1) closeSync(this.#fd);
  }

  /** @returns what the device does not take now */
  #write(bytes: Buffer): Buffer {
    let rest = bytes;
    try {
      while (rest.length > 0) {
        rest = rest.subarray(writeSync(this.#fd, rest));
        this.#endsInLine = rest.length === 0;
      }
    } catch (error) {
      if (systemCodeOf(error) !== 'EAGAIN') throw error;
    }
    return rest;
  }

  /** A terminal has no event that it takes more, for who is not to change it for others. */
  async #writeLater(bytes: Buffer): Promise<void> {
    let rest = bytes;
    for (let ms = FIRST_WAIT_MS; rest.length > 0; ms = Math.min(2 * ms, LONGEST_WAIT_MS)) {
      await setTimeout(ms);
      if (this.#isClosed) throw new Error('closed');
      rest = this.#write(rest);
    }
  }
}

/** PIPE_BUF: so many bytes a pipe takes whole or not at all. */
const WHOLE_BYTES = process.platform === 'linux' ? 4096 : 512;

/** What to write of a line whose target was closed meanwhile, and may have taken a part of it that the next one gets as well. */
export function writtenAnew(line: string): string {
  return Buffer.byteLength(line) > WHOLE_BYTES ? `\n${line}` : line;
}

/** A pipe, whose reader may take its time: nothing else waits for it. */
class PipeTarget implements Target {
  readonly #socket: Socket;
  #error: Error | undefined;
  #isClosed = false;

  constructor(fd: number) {
    this.#socket = new Socket({ fd, readable: false, writable: true });
    this.#socket.on('error', (error) => {
      this.#error = error;
    });
  }

  write(line: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(line, (error) => {
        // Of a stream that has failed before, that failure tells more. One that we destroy takes what it has not written for written.
        const failure = this.#error ?? error ?? (this.#isClosed ? new Error('closed') : undefined);
        if (failure === undefined) resolve();
        else reject(failure);
      });
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
  }
}

/** Whether what a line is appended to has a whole line at its end, as far as can be seen. */
function endsInLine(path: string, size: number): boolean {
  if (size === 0) return true;
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
