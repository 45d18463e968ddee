/** One run of a program of the user's: its arguments as they are, its output as lines, and a word on how it ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from './printable.js';
import { ProgramOutput } from './program-output.js';
import { systemCodeOf } from './system-code.js';

export interface ProgramOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** 0 is no limit. */
  readonly timeoutMs: number;
  /** Is told of each line of output, cut if it is long; of a run that has much to say only of the first of them. */
  readonly onLine: (line: string) => void;
}

/** What was started in the background may hold the output open after the program has ended. */
const LAST_WORDS_MS = 500;
/** From asking a program to stop to making it. */
const KILL_AFTER_MS = 1000;
const LOOK_MS = 25;
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
  /** Once it is to stop. */
  #killed: Promise<void> | undefined;

  constructor({ program, args, timeoutMs, onLine }: ProgramOptions) {
    try {
      this.#child = start(program, args);
    } catch (error) {
      this.ended = Promise.resolve(cannotBeStarted(error));
      return;
    }
    const output = new ProgramOutput(onLine);
    output.read(this.#child.stdout);
    output.read(this.#child.stderr, (line) => {
      this.#lastError = line;
    });
    const timer = timeoutMs > 0 ? setTimeout(() => this.#onTimeout(), timeoutMs) : undefined;
    this.#child.once('exit', () => clearTimeout(timer));
    this.ended = this.#end(this.#child).finally(() => {
      this.#isOver = true;
      clearTimeout(timer);
    });
  }

  /** Asks it and what it has started to stop, and makes them a second later. */
  stop(): void {
    if (this.#isOver || this.#killed !== undefined) return;
    this.#signal('SIGTERM');
    this.#killed = this.#kill();
  }

  /** Resolves when nothing of it is left, or has been killed. */
  async #kill(): Promise<void> {
    for (let ms = 0; ms < KILL_AFTER_MS; ms += LOOK_MS) {
      await delay(LOOK_MS);
      if (!this.#signal(0)) return;
    }
    this.#signal('SIGKILL');
  }

  async #end(child: ChildProcess): Promise<string | undefined> {
    const failure = await this.#leaderEnd(child);
    await this.#killed;
    return failure;
  }

  #leaderEnd(child: ChildProcess): Promise<string | undefined> {
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

  /** @returns whether there is anything left of it */
  #signal(signal: NodeJS.Signals | 0): boolean {
    const pid = this.#child?.pid;
    if (pid === undefined) return false;
    try {
      return process.kill(process.platform === 'win32' ? pid : -pid, signal);
    } catch {
      return false;
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

function cannotBeStarted(error: unknown): string {
  return `cannot be started: ${START_ERRORS[systemCodeOf(error)] ?? messageOf(error)}`;
}

const START_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'not executable',
  E2BIG: 'its arguments are too long',
  EAGAIN: 'too many processes',
};
