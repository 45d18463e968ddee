/** Programs under test: our built applications and DCMTK's, run to their end or until they are told to stop. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { applicationPath } from './paths.js';

/** How a program ended. `code` is null if a signal ended it. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** For standard input, which is closed after it; without, it is empty. */
  readonly input?: string;
  /** Killed after so long; 0 is never. Default two minutes. */
  readonly limitMs?: number;
}

/** A program that hangs fails its test instead of the whole run. */
const RUN_LIMIT_MS = 120_000;

/** A running program whose output can be waited for. Kill it in a `finally`, or use `await using`. */
export class Running implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ended>;
  readonly #waiting = new Set<() => void>();
  #stdout = '';
  #stderr = '';
  #hasEnded = false;

  constructor(command: string, args: readonly string[], { cwd, env, input, limitMs = RUN_LIMIT_MS }: RunOptions = {}) {
    this.#child = spawn(command, args, {
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      timeout: limitMs,
      killSignal: 'SIGKILL',
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...process.env, ...env },
    });
    // A program may end before it has read all of it.
    this.#child.stdin?.on('error', () => undefined).end(input);
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#look();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#look();
    });
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        this.#hasEnded = true;
        this.#look();
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
    this.#ended.catch(() => undefined);
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Resolves when the program has ended by itself or after `kill`. */
  get ended(): Promise<Ended> {
    return this.#ended;
  }

  /** Resolves with the match when `pattern` is found in what one of the streams has brought so far. */
  async output(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(stream === 'stdout' ? this.#stdout : this.#stderr);
      if (match !== null) return match;
      if (this.#hasEnded) throw new Error(`ended without ${pattern}:\n${this.#stdout}\n${this.#stderr}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    this.#child.kill(signal);
  }

  /** Stops it with `signal` and tells how it ended. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<Ended> {
    this.kill(signal);
    return this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) await this.stop('SIGKILL');
  }

  #look(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** Runs a program to its end. */
export function run(command: string, args: readonly string[], options?: RunOptions): Promise<Ended> {
  return new Running(command, args, options).ended;
}

/** Runs the built storescu to its end. */
export function storescu(args: readonly string[], options?: RunOptions): Promise<Ended> {
  return run(process.execPath, [applicationPath('storescu'), ...args], options);
}

/** Starts the built storescp on a free port and waits until it listens. */
export async function startStorescp(
  args: readonly string[],
  options?: RunOptions,
): Promise<{ readonly storescp: Running; readonly port: number }> {
  const storescp = new Running(process.execPath, [applicationPath('storescp'), '0', ...args], options);
  const [port = ''] = await storescp.output('stdout', /^\d+$/m);
  return { storescp, port: Number(port) };
}

const LOWEST_PORT = 20_000;

/**
 * A port that nobody listens on at the moment, and that the system gives to nobody who asks it for any: for programs that cannot
 * choose one themselves.
 */
export async function freePort(): Promise<number> {
  const end = await firstPortGiven();
  let port = randomInt(LOWEST_PORT, end);
  while (!(await canListen(port))) port = randomInt(LOWEST_PORT, end);
  return port;
}

async function canListen(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/** As Linux has it, or as other systems are set. */
async function firstPortGiven(): Promise<number> {
  const range = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').catch(() => '32768');
  return Math.max(Number.parseInt(range, 10), LOWEST_PORT + 1_000);
}

/** Whether somebody listens there. The knock is a connection without a request. */
export async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    // The system may choose the very port it knocks at, and TCP lets a socket meet itself.
    return socket.localPort !== port;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
