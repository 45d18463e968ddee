/** The built applications run by one test each: a hang fails that test and leaves no process behind. */
import type { TestContext } from 'node:test';
import { type Folder, temporaryFolder } from './apps-files.js';
import { applicationPath } from './paths.js';
import { type Ended, Running, type RunOptions, startStorescp } from './processes.js';

/** Starts the built storescu; it is killed when the test's time is up. */
export function startStorescu(test: TestContext, args: readonly string[], options?: RunOptions): Running {
  return killedWith(test, new Running(process.execPath, [applicationPath('storescu'), ...args], options));
}

/** Runs the built storescu to its end. Of what it says the summary of a failed run is left out, see `withoutSummary`. */
export async function runStorescu(test: TestContext, args: readonly string[], options?: RunOptions): Promise<Ended> {
  const ended = await startStorescu(test, args, options).ended;
  return { ...ended, stderr: withoutSummary(ended) };
}

/** What storescu says before the summary that a run with failures ends with, whose numbers are the matter of summary.test.ts. */
export function withoutSummary({ code, stderr }: Pick<Ended, 'code' | 'stderr'>): string {
  if (code === 0) return stderr;
  return stderr.replace(
    /(?<=^|\n)W: \d+ stored.*, \d+ failed.* in [\d.]+ s \(.*\)\n(W: \d+ (failed: |stored with ).*\n)*$/,
    '',
  );
}

/** Runs the built storescp to an end that it comes to by itself. */
export function runStorescp(test: TestContext, args: readonly string[], options?: RunOptions): Promise<Ended> {
  return killedWith(test, new Running(process.execPath, [applicationPath('storescp'), ...args], options)).ended;
}

/** A storescp that listens on a port of its own. */
export interface Listening extends AsyncDisposable {
  readonly port: number;
  readonly process: Running;
}

/** Starts the built storescp and waits until it listens; it is killed when it goes out of scope. */
export async function listeningStorescp(args: readonly string[], options?: RunOptions): Promise<Listening> {
  const { storescp, port } = await startStorescp(args, options);
  return { port, process: storescp, [Symbol.asyncDispose]: () => storescp[Symbol.asyncDispose]() };
}

/** Runs `use` against a storescp that stores in a folder of its own, which is removed in the end. */
export async function withStorescp(
  args: readonly string[],
  use: (storescp: Listening, folder: Folder) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  await using storescp = await listeningStorescp(args, { cwd: folder.path });
  await use(storescp, folder);
}

/** A command line of words between single spaces. */
export function words(line: string): readonly string[] {
  return line === '' ? [] : line.split(' ');
}

/** What was logged, with PEER for the peer's address and port. */
export function anonymous(log: string): string {
  return log.replaceAll(/127\.0\.0\.1:\d+/g, 'PEER');
}

function killedWith({ signal }: TestContext, running: Running): Running {
  const kill = () => running.kill('SIGKILL');
  const forget = () => signal.removeEventListener('abort', kill);
  signal.addEventListener('abort', kill);
  running.ended.then(forget, forget);
  return running;
}
