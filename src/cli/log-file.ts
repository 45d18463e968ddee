/** Log files whose lines are never lost: written at once, rotated between two lines. */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { writeFully, writeStandard } from './log.js';
import type { Rotation } from './log-rotation.js';
import { messageOf, printable } from './printable.js';

/** Where a handler's finished lines go. */
export interface LogOutput {
  write(line: string, severity: number): void;
  close(): Promise<void>;
}

/** What is done with the file of an earlier run: `a` appends, `w` empties, `x` refuses. */
export type FileMode = 'a' | 'w' | 'x';

export interface LogFileOptions {
  readonly mode: FileMode;
  /** Opens at the first line, not at once. */
  readonly delay: boolean;
  readonly rotation?: Rotation | undefined;
}

/** A file whose lines are with the system when `write` returns. */
export class LogFile implements LogOutput {
  readonly #path: string;
  readonly #rotation: Rotation | undefined;
  #flags: string;
  #fd: number | undefined;
  readonly #complain: (error: unknown) => void;

  /** Throws the system's error if it cannot be opened. */
  constructor(path: string, options: LogFileOptions) {
    this.#path = path;
    this.#rotation = options.rotation;
    this.#flags = options.mode === 'x' ? 'ax' : options.mode;
    this.#complain = complainOnce(path);
    if (!options.delay) this.#open();
  }

  write(line: string): void {
    try {
      const text = `${line}\n`;
      this.#rotateIfDue(Buffer.byteLength(text));
      writeFully(this.#open(), text);
    } catch (error) {
      this.#complain(error);
    }
  }

  async close(): Promise<void> {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #open(): number {
    this.#fd ??= openSync(this.#path, this.#flags);
    // Whatever empties the file or refuses it does so once.
    this.#flags = 'a';
    return this.#fd;
  }

  #rotateIfDue(added: number): void {
    if (this.#rotation === undefined) return;
    const fd = this.#open();
    const status = fstatSync(fd);
    if (!status.isFile() || !this.#rotation.isDue(status.size, added)) return;
    closeSync(fd);
    this.#fd = undefined;
    try {
      this.#rotation.rotate();
    } catch (error) {
      // The lines go on into the old file: too long a log is better than none.
      this.#complain(error);
    }
  }
}

/** Tells standard error of the first failure of a log; the next ones would only repeat it. */
export function complainOnce(name: string): (error: unknown) => void {
  let hasComplained = false;
  return (error) => {
    if (hasComplained) return;
    hasComplained = true;
    writeStandard(2, `E: log ${printable(name)}: ${printable(messageOf(error))}\n`);
  };
}
