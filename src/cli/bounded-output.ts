/** Standard output and error of a server, for its log: whoever should read it and stands still misses lines, and is told how many, but holds nobody up. */
import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { systemCodeOf } from './system-code.js';

/** A reader that is only slow gets all lines, one that stands still costs this once. */
const PATIENCE_MS = 500;
const PAUSE_MS = 5;
const pause = new Int32Array(new SharedArrayBuffer(4));

export class BoundedOutput {
  readonly #fd: number;
  readonly #note: (missing: number) => string;
  /** The end of what was begun. */
  #rest: Buffer = Buffer.alloc(0);
  #missing = 0;
  #isStuck = false;

  /**
   * @param fd a pipe, socket or terminal, for which a write does not wait any more; anything else never makes wait
   * @param note what stands in place of lines that are missing
   */
  constructor(fd: number, note: (missing: number) => string) {
    this.#note = note;
    this.#fd = withoutWaiting(fd);
  }

  /** Whole lines. What the system does not take is not told: nobody is left to hear it. */
  write(lines: string): void {
    if (!this.#isSent(this.#isStuck ? 0 : PATIENCE_MS)) {
      this.#missing += lines.split('\n').length - 1;
      return;
    }
    this.#rest = Buffer.from(this.#missing > 0 ? this.#note(this.#missing) + lines : lines);
    this.#missing = 0;
    this.#isStuck = !this.#isSent(PATIENCE_MS);
  }

  /** Whether all of `#rest` is with the system. */
  #isSent(patienceMs: number): boolean {
    let patience = patienceMs;
    while (this.#rest.length > 0) {
      try {
        this.#rest = this.#rest.subarray(writeSync(this.#fd, this.#rest));
      } catch (error) {
        const isFull = systemCodeOf(error) === 'EAGAIN';
        if (isFull && patience <= 0) return false;
        if (!isFull) this.#rest = this.#rest.subarray(this.#rest.length);
        else Atomics.wait(pause, 0, 0, PAUSE_MS);
        patience -= PAUSE_MS;
      }
    }
    return true;
  }
}

/** Sockets through which nothing is written: each would close its descriptor if it were collected. */
const kept: Socket[] = [];

/** A descriptor for the same with which nobody has to wait, or `fd` itself where there is none. */
function withoutWaiting(fd: number): number {
  try {
    const status = fstatSync(fd);
    // Node has no other means to say that writes to a socket are not to wait.
    if (status.isSocket()) kept.push(new Socket({ fd, readable: false, writable: true }).unref());
    // Opened anew, so that other programs that write to it go on as they are used to. Only Linux has this name.
    else if (status.isFIFO() || status.isCharacterDevice())
      return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK);
  } catch {
    // Another system, or another user's terminal: a reader that stands still is waited for.
  }
  return fd;
}
