/** The log that the logging options of a command line ask for. */
import { createLog, type Level, type Log, stderrBackend } from './log.js';

/** As parsed: `verbosity` is -q, -v or -d; `logLevel` wins over it, `logConfig` over both. */
export interface LogOptions {
  readonly verbosity: Level | undefined;
  readonly logLevel: Level | undefined;
  /** Path of a configuration file for Python's `logging.config.fileConfig`. */
  readonly logConfig: string | undefined;
}

/**
 * `name` is the logger of the application's own messages.
 * @throws {CommandLineError} if the configuration file cannot be read or honoured.
 */
export async function openLog(name: string, options: LogOptions): Promise<Log> {
  const { verbosity, logLevel, logConfig } = options;
  if (logConfig === undefined) return createLog(name, stderrBackend(logLevel ?? verbosity ?? 'warning'));
  const { readLoggingConfig } = await import('./logging-config.js');
  return createLog(name, await readLoggingConfig(logConfig));
}
