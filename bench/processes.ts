/**
 * Programs under measurement. What a program that ends has cost is what the kernel says of it when it is waited for:
 * bash's `time` for seconds, GNU time for the peak memory. Of one that goes on, /proc says it: schedstat of every thread
 * for CPU time (nanoseconds, not ticks), VmHWM for the peak, which clear_refs sets back. Linux only.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isOpen } from '../test/support/processes.js';

const GNU_TIME = '/usr/bin/time';
const RUN_LIMIT_MS = 30 * 60_000;
const START_LIMIT_MS = 10_000;

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Of a run to the end. */
export interface Cost {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  /** NaN where GNU time is not installed. */
  readonly peakMb: number;
  readonly stdout: string;
}

/**
 * Runs a program to its end.
 * @throws {Error} if it does not end with exit code 0
 */
export async function runMeasured(command: Command): Promise<Cost> {
  const folder = await mkdtemp(join(tmpdir(), 'netdicom-bench-'));
  const times = join(folder, 'times');
  const peak = join(folder, 'peak');
  try {
    const timed = existsSync(GNU_TIME) ? [GNU_TIME, '-f', '%M', '-o', peak] : [];
    const { stdout } = await runToEnd({
      program: 'bash',
      // `time` reports to the stderr of the shell, the program to the one beside it.
      args: [
        '-c',
        `TIMEFORMAT='%3R %3U %3S'; { time "$@" 2>&3; } 3>&2 2>"$0"`,
        times,
        ...timed,
        command.program,
      ].concat(command.args),
      ...(command.env === undefined ? {} : { env: command.env }),
    });
    const [wall = NaN, user = NaN, system = NaN] = (await readFile(times, 'utf8')).trim().split(' ').map(Number);
    const peakKb = timed.length > 0 ? Number(await readFile(peak, 'utf8')) : NaN;
    return { wallSeconds: wall, cpuSeconds: user + system, peakMb: peakKb / 1024, stdout };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * Runs a program to its end, without measuring.
 * @throws {Error} if it does not end with exit code 0
 */
export async function runToEnd(command: Command): Promise<{ readonly stdout: string }> {
  const child = start(command, { timeout: RUN_LIMIT_MS });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw new Error(`${inWords(command)} ended with ${code ?? signal}:\n${stderr.slice(0, 2000)}`);
  return { stdout };
}

/** Of a program since some moment. */
export type Meter = () => Promise<Pick<Cost, 'cpuSeconds' | 'peakMb'>>;

/** A program that listens, until it is stopped. */
export class Listener {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Resolves when the port is open: no two makes say so in the same way, so knock. */
  static async start(command: Command, port: number): Promise<Listener> {
    const child = start(command, { stdio: 'ignore' });
    const limit = AbortSignal.timeout(START_LIMIT_MS);
    while (!(await isOpen(port))) {
      if (child.exitCode === null && !limit.aborted) continue;
      child.kill('SIGKILL');
      throw new Error(`${inWords(command)} does not listen`);
    }
    return new Listener(child);
  }

  /** From here on it is measured. */
  async meter(): Promise<Meter> {
    const proc = `/proc/${this.#child.pid}`;
    await writeFile(`${proc}/clear_refs`, '5');
    const before = await cpuSecondsOf(proc);
    return async () => {
      const peakKb = Number(/VmHWM:\s+(\d+) kB/.exec(await readFile(`${proc}/status`, 'utf8'))?.[1]);
      return { cpuSeconds: (await cpuSecondsOf(proc)) - before, peakMb: peakKb / 1024 };
    };
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }
}

/** Of all its threads that still are: what one took that has ended is not told any more. */
async function cpuSecondsOf(proc: string): Promise<number> {
  let nanoseconds = 0;
  for (const task of await readdir(`${proc}/task`)) {
    const path = `${proc}/task/${task}/schedstat`;
    const schedstat = await readFile(path, 'utf8').catch((error: unknown) => {
      // It has ended since it was listed.
      if (existsSync(path)) throw error;
      return '0';
    });
    nanoseconds += Number(schedstat.split(' ')[0]);
  }
  return nanoseconds / 1e9;
}

function start(command: Command, options: { readonly timeout?: number; readonly stdio?: 'ignore' }): ChildProcess {
  const { TCP_NODELAY: _, TCP_BUFFER_LENGTH: __, ...env } = process.env;
  // In other languages bash's `time` writes commas.
  return spawn(command.program, command.args, { ...options, env: { ...env, LC_ALL: 'C', ...command.env } });
}

function inWords({ program, args }: Command): string {
  return [program, ...args].join(' ').slice(0, 300);
}

/** The first line a program says of its version. */
export function versionOf(program: string): string {
  try {
    return execFileSync(program, ['--version'], { encoding: 'utf8' }).split('\n')[0] ?? '';
  } catch {
    return 'not installed';
  }
}
