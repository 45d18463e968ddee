/** The log that the logging options of a command line ask for. */
import { CommandLineError } from './command-line-error.js';
import { createLog, type Level, type Log, stderrBackend } from './log.js';

/** As parsed: `verbosity` is -q, -v or -d; `logLevel` wins over it, `logConfig` over both. */
export interface LogOptions {
  readonly verbosity: Level | undefined;
  readonly logLevel: Level | undefined;
  /** Path of a configuration file for Python's `logging.config.fileConfig`. */
  readonly logConfig: string | undefined;
  readonly logFormat: 'text' | 'json';
}

/**
 * `name` is the logger of the application's own messages.
 * @throws {CommandLineError} if the configuration file cannot be read or honoured.
 */
export async function openLog(name: string, options: LogOptions): Promise<Log> {
  const { verbosity, logLevel, logConfig, logFormat } = options;
  const level = logLevel ?? verbosity ?? 'warning';
  if (logConfig === undefined) {
    if (logFormat !== 'json') return createLog(name, stderrBackend(level));
    const { jsonBackend } = await import('./log-json.js');
    return createLog(name, jsonBackend(level));
  }
  if (logFormat === 'json')
    throw new CommandLineError('--log-format json: not together with --log-config, whose formatters make the lines');
  const { readLoggingConfig } = await import('./logging-config.js');
  return createLog(name, await readLoggingConfig(logConfig));
}
