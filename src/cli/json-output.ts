/** `--json`: lines on standard output that nobody's reading may hold up for ever, and whose loss is known. */
import { fstatSync } from 'node:fs';
import { orIfReaderHasGone, writeResult } from './standard-output.js';

/** Where the lines of a run go. */
export interface JsonOutput {
  /** @throws {Error} one line: it cannot be written to any more, but not because the reader has gone */
  write(line: string): void;
  /** False while more is waiting for the reader than is well. */
  readonly hasRoom: boolean;
  /** Resolves when nothing waits for the reader any more, or when `signal` aborts. */
  drained(signal: AbortSignal): Promise<void>;
}

export function jsonOutput(): JsonOutput {
  return isPipe() ? new PipeOutput() : new FileOutput();
}

/** A pipe takes some thousand bytes, then its reader has to take some: meanwhile signals are to be heard. */
class PipeOutput implements JsonOutput {
  readonly #stream = process.stdout;
  #error: NodeJS.ErrnoException | undefined;

  constructor() {
    this.#stream.on('error', (error) => {
      this.#error ??= error;
    });
  }

  write(line: string): void {
    if (this.#error === undefined) this.#stream.write(line);
    else orIfReaderHasGone(this.#error);
  }

  get hasRoom(): boolean {
    return this.#error !== undefined || !this.#stream.writableNeedDrain;
  }

  async drained(signal: AbortSignal): Promise<void> {
    if (this.#error !== undefined || this.#stream.writableLength === 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const events = ['drain', 'error', 'close'] as const;
      const done = () => {
        for (const event of events) this.#stream.off(event, done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      for (const event of events) this.#stream.on(event, done);
      signal.addEventListener('abort', done);
      // Tells of all that was written before.
      this.#stream.write('', done);
    });
  }
}

/** Files and terminals: each line is with the system at once. */
class FileOutput implements JsonOutput {
  readonly hasRoom = true;

  write(line: string): void {
    writeResult(line);
  }

  async drained(): Promise<void> {
    // Nothing waits.
  }
}

function isPipe(): boolean {
  try {
    const found = fstatSync(1);
    return found.isFIFO() || found.isSocket();
  } catch {
    return false;
  }
}
