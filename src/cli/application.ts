/** What both applications do around their work: read the command line, open the log, turn the end into an exit code. */
import { constants } from 'node:os';
import { VERSION } from '../index.js';
import { CommandLineError } from './command-line-error.js';
import { type Log, writeStandard } from './log.js';
import { type LogOptions, openLog } from './open-log.js';
import type { Application, Information, OptionsOf } from './option-table.js';
import { readOptions } from './read-options.js';
import { writeResult } from './standard-output.js';

export const EXIT = { success: 0, failure: 1, commandLine: 2, notStored: 3 } as const;

/** 128 and the number of the signal, as a shell reports it. */
export function exitCodeOn(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** How long an aborted connection may take to close before the process ends all the same. */
const LINGER_MS = 500;

/** What an application does; its exit code comes of it. */
type Work<A extends Application> = (options: OptionsOf<A>, log: Log) => Promise<number>;

/**
 * Runs an application and leaves its exit code to the process. Never throws.
 * @param loadWork is called only if there is work to do: most of the code is behind it, which `--version` need not wait for
 */
export async function runApplication<const A extends Application>(
  application: A,
  loggingOf: (options: OptionsOf<A>) => LogOptions,
  loadWork: () => Promise<Work<A>>,
): Promise<void> {
  process.exitCode = EXIT.failure;
  try {
    const commandLine = await readOptions(application, process.argv.slice(2), process.env);
    if (commandLine.action === 'run') {
      const { options } = commandLine;
      const log = await openLog(application.name, loggingOf(options));
      log.debug([`$${application.name} v${VERSION}`, '']);
      process.exitCode = await runLogged(log, async () => (await loadWork())(options, log));
      // PS3.8 has us wait for a peer to close; nobody at a terminal waits for one that never will.
      setTimeout(endNow, LINGER_MS).unref();
    } else {
      process.exitCode = printed(await informationText(application, commandLine));
    }
  } catch (error) {
    if (!(error instanceof CommandLineError)) throw error;
    writeStandard(2, `${application.name}: ${error.message}\nTry '${application.name} --help' for more information.\n`);
    process.exitCode = EXIT.commandLine;
  }
}

/**
 * Node's own end waits for all calls to a disk that are under way, however slow that is: after a signal nobody has time for that, and
 * the signal itself ends it, which is the same to a shell.
 */
function endNow(): never {
  if (process.platform !== 'win32' && process.getActiveResourcesInfo().some((resource) => resource.startsWith('FSReq')))
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      if (process.exitCode === exitCodeOn(signal)) {
        process.removeAllListeners(signal);
        process.kill(process.pid, signal);
      }
  process.exit();
}

/** @returns the exit code; there is no log yet that could say what is wrong */
function printed(text: string): number {
  try {
    writeResult(text);
    return EXIT.success;
  } catch (error) {
    writeStandard(2, `E: ${sentence(error)}\n`);
    return EXIT.failure;
  }
}

async function informationText(application: Application, asked: Information): Promise<string> {
  switch (asked.action) {
    case 'version':
      return `${application.name} (netdicom) ${VERSION}
`;
    case 'help':
      return (await import('./help-text.js')).helpText(application);
    case 'completion':
      return (await import('./completion.js')).completionScript(application, asked.shell);
    default:
      asked satisfies never;
      return '';
  }
}

async function runLogged(log: Log, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CommandLineError) throw error;
    log.error(sentence(error));
    return EXIT.failure;
  } finally {
    await log.close();
  }
}

/** An error's message as a line of the log, with a capital first letter. */
export function sentence(error: unknown): string {
  const isGone = error instanceof Error && 'syscall' in error && error.syscall === 'uv_cwd';
  const message = isGone ? 'the current directory is gone' : error instanceof Error ? error.message : String(error);
  return message.charAt(0).toUpperCase() + message.slice(1);
}
