/** What a program prints, as lines for the log: of one that has much to say the first of them, and the rest costs next to nothing. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { printable } from './printable.js';

const MAX_LINE = 512;
const MAX_LINES = 100;
/** A program may do without lines. */
const MAX_BYTES = 1 << 20;
/** Between two chunks, 64 KiB at most, that nobody will see: some megabytes a second, and a few hundredths of our time. */
const PAUSE_MS = 10;
/** Of what nobody sees, for the last line: a character has up to four bytes. */
const TAIL_BYTES = 4 * MAX_LINE;

/** Of standard output and standard error together. */
export class ProgramOutput {
  readonly #onLine: (line: string) => void;
  #lines = 0;
  #bytes = 0;

  /** @param onLine is told of each of the first lines, cut if it is long, and then that there are more */
  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** @param onLine is told as well, and of the last line at any rate */
  read(stream: Readable | null, onLine?: (line: string) => void): void {
    const lines = new Lines((line) => {
      onLine?.(line);
      this.#tell(line);
    });
    stream?.on('data', (chunk: Buffer) => {
      this.#bytes += chunk.length;
      if (this.#lines <= MAX_LINES && this.#bytes <= MAX_BYTES) lines.add(chunk);
      else {
        lines.leaveOut(chunk);
        this.#tellMore();
        stream.pause();
        setTimeout(() => stream.resume(), PAUSE_MS);
      }
    });
    stream?.once('end', () => lines.end());
    // Whatever becomes of its output, the program's end is what counts.
    stream?.on('error', () => undefined);
  }

  #tell(line: string): void {
    if (this.#lines >= MAX_LINES) this.#tellMore();
    else {
      this.#lines++;
      this.#onLine(line);
    }
  }

  #tellMore(): void {
    if (this.#lines <= MAX_LINES) this.#onLine('... (more output is not shown)');
    this.#lines = MAX_LINES + 1;
  }
}

/** Of one stream. */
class Lines {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #line = '';
  /** Of what was left out. */
  #tail: Buffer | undefined;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(chunk: Buffer): void {
    const [first = '', ...others] = this.#decoder.write(chunk).split(/\r?\n/);
    this.#line += first;
    for (const other of others) {
      this.#tell();
      this.#line = other;
    }
    if (this.#line.length > MAX_LINE) this.#line = this.#line.slice(0, MAX_LINE);
  }

  leaveOut(chunk: Buffer): void {
    // A copy: what a part is taken of stays whole.
    this.#tail = Buffer.concat([this.#tail ?? Buffer.alloc(0), chunk.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
  }

  end(): void {
    const last = this.#tail
      ?.toString('utf8')
      .split(/\r?\n/)
      .findLast((line) => line !== '');
    if (last !== undefined) this.#line = last;
    this.#tell();
  }

  #tell(): void {
    if (this.#line !== '') this.#onLine(printable(this.#line.slice(0, MAX_LINE)));
    this.#line = '';
  }
}
