/** The options of an application from everywhere that they are given: command line, environment, config file, table. */
import { givenInEnvironment } from './environment.js';
import { optionsFrom } from './given.js';
import type { Application, CommandLine } from './option-table.js';
import { scanCommandLine } from './options.js';

/**
 * Reads `argv`, which begins after the program's name, then the variables, then the file that `--config` names.
 * @throws {CommandLineError} one line that names the option, argument, variable or file at fault.
 */
export async function readOptions<const A extends Application>(
  application: A,
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<CommandLine<A>> {
  const scan = scanCommandLine(application, argv);
  if (scan.action !== 'run') return scan;
  const weaker = [givenInEnvironment(application, environment)];
  if (scan.config !== undefined) {
    const { readConfigFile } = await import('./config-file.js');
    weaker.push(readConfigFile(application, scan.config));
  }
  return { action: 'run', options: optionsFrom(application, scan, weaker) };
}
