/** One run of a program of the user's: its arguments as they are, its output as lines, and a word on how it ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { messageOf, printable } from './printable.js';

export interface ProgramOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** 0 is no limit. */
  readonly timeoutMs: number;
  /** Is told of each line of output, cut if it is long; of a run that has much to say only of the first of them. */
  readonly onLine: (line: string) => void;
}

const MAX_LINE = 512;
const MAX_LINES = 100;
/** What was started in the background may hold the output open after the program has ended. */
const LAST_WORDS_MS = 500;
/** From asking a program to stop to making it. */
const KILL_AFTER_MS = 1000;
/** What proves who we are is no business of the program's. */
const SECRETS = ['NETDICOM_PASSWORD', 'NETDICOM_TLS_PASSPHRASE'];

/** A program that runs, or could not be started. Its standard input is empty. */
export class ProgramRun {
  /** What went wrong, in words; undefined if it ended with exit code 0. Never rejects. */
  readonly ended: Promise<string | undefined>;
  readonly #child: ChildProcess | undefined;
  #lastError = '';
  #timedOut = false;
  #isOver = false;
  #killTimer: NodeJS.Timeout | undefined;

  constructor({ program, args, timeoutMs, onLine }: ProgramOptions) {
    try {
      this.#child = start(program, args);
    } catch (error) {
      this.ended = Promise.resolve(cannotBeStarted(error));
      return;
    }
    const tell = upTo(MAX_LINES, onLine);
    eachLine(this.#child.stdout, tell);
    eachLine(this.#child.stderr, (line) => {
      this.#lastError = line;
      tell(line);
    });
    const timer = timeoutMs > 0 ? setTimeout(() => this.#onTimeout(), timeoutMs) : undefined;
    this.ended = this.#end(this.#child).then((failure) => {
      this.#isOver = true;
      clearTimeout(timer);
      clearTimeout(this.#killTimer);
      return failure;
    });
  }

  /** Asks it to stop, and makes it a second later. */
  stop(): void {
    this.#signal('SIGTERM');
    this.#killTimer ??= setTimeout(() => this.kill(), KILL_AFTER_MS);
  }

  kill(): void {
    this.#signal('SIGKILL');
  }

  #end(child: ChildProcess): Promise<string | undefined> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const finish = (code: number | null, signal: NodeJS.Signals | null) => {
        clearTimeout(timer);
        child.stdout?.destroy();
        child.stderr?.destroy();
        resolve(this.#failure(code, signal));
      };
      child.once('error', (error) => resolve(cannotBeStarted(error)));
      child.once('exit', (code, signal) => {
        timer = setTimeout(() => finish(code, signal), LAST_WORDS_MS);
      });
      child.once('close', finish);
    });
  }

  #failure(code: number | null, signal: NodeJS.Signals | null): string | undefined {
    if (code === 0) return undefined;
    const how = code === null ? `ended by ${signal}` : `exit code ${code}`;
    const why = this.#timedOut ? 'took longer than --exec-timeout allows, ' : '';
    return `${why}${how}${this.#lastError === '' ? '' : `: ${this.#lastError}`}`;
  }

  #onTimeout(): void {
    this.#timedOut = true;
    this.stop();
  }

  #signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid === undefined || this.#isOver) return;
    try {
      process.kill(process.platform === 'win32' ? pid : -pid, signal);
    } catch {
      // It has just ended.
    }
  }
}

/** @throws {Error} of the system, for what it does not tell later */
function start(program: string, args: readonly string[]): ChildProcess {
  return spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // In a group of its own, so that Ctrl-C leaves it the time that a signal leaves us, and that all of it can be stopped.
    detached: process.platform !== 'win32',
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !SECRETS.includes(name))),
    shell: false,
  });
}

/** Of more lines than `most` the first, and that there are more. */
function upTo(most: number, tell: (line: string) => void): (line: string) => void {
  let lines = 0;
  return (line) => {
    lines++;
    if (lines <= most) tell(line);
    else if (lines === most + 1) tell('... (more output is not shown)');
  };
}

/** @throws {Error} that says why a program of this name cannot be run, as far as that can be told without doing so */
export function checkProgram(program: string, path = process.env.PATH ?? ''): void {
  const candidates = program.includes('/') ? [program] : path.split(delimiter).map((folder) => join(folder, program));
  const faults = candidates.map(faultOf);
  if (faults.includes(undefined)) return;
  if (faults.includes('not executable')) throw new Error('not executable');
  throw new Error(program.includes('/') ? 'no such file' : 'not found in any folder of PATH');
}

function faultOf(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return 'not executable';
  } catch {
    return 'not there';
  }
  try {
    accessSync(path, constants.X_OK);
    return undefined;
  } catch {
    return 'not executable';
  }
}

function eachLine(stream: Readable | null, tell: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let line = '';
  const end = () => {
    if (line !== '') tell(printable(line));
    line = '';
  };
  stream?.on('data', (chunk: Buffer) => {
    const [first = '', ...others] = decoder.write(chunk).split(/\r?\n/);
    line += first;
    for (const other of others) {
      end();
      line = other;
    }
    if (line.length > MAX_LINE) line = line.slice(0, MAX_LINE);
  });
  stream?.once('end', end);
  // Whatever becomes of its output, the program's end is what counts.
  stream?.on('error', () => undefined);
}

function cannotBeStarted(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return `cannot be started: ${START_ERRORS[code] ?? messageOf(error)}`;
}

const START_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'not executable',
  E2BIG: 'its arguments are too long',
  EAGAIN: 'too many processes',
};
