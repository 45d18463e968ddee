/** The log that the logging options of a command line ask for. */
import { CommandLineError } from './command-line-error.js';
import { createLog, type ErrorOutput, type Level, type Log, stderrBackend, waitingOutput } from './log.js';

/** As parsed: `verbosity` is -q, -v or -d; `logLevel` wins over it, `logConfig` over both. */
export interface LogOptions {
  readonly verbosity: Level | undefined;
  readonly logLevel: Level | undefined;
  /** Path of a configuration file for Python's `logging.config.fileConfig`. */
  readonly logConfig: string | undefined;
  readonly logFormat: 'text' | 'json';
  /** Rather than wait for whoever should read them, lines on standard error are left out. Default false. */
  readonly mayMissLines?: boolean;
}

/**
 * `name` is the logger of the application's own messages.
 * @throws {CommandLineError} if the configuration file cannot be read or honoured.
 */
export async function openLog(name: string, options: LogOptions): Promise<Log> {
  const { verbosity, logLevel, logConfig, logFormat, mayMissLines = false } = options;
  const level = logLevel ?? verbosity ?? 'warning';
  if (logConfig === undefined) {
    const output = mayMissLines ? await boundedOutput() : waitingOutput;
    if (logFormat !== 'json') return createLog(name, stderrBackend(level, output));
    const { jsonBackend } = await import('./log-json.js');
    return createLog(name, jsonBackend(level, output));
  }
  if (logFormat === 'json')
    throw new CommandLineError('--log-format json: not together with --log-config, whose formatters make the lines');
  const { readLoggingConfig } = await import('./logging-config.js');
  return createLog(name, await readLoggingConfig(logConfig));
}

async function boundedOutput(): Promise<ErrorOutput> {
  const { BoundedOutput } = await import('./bounded-output.js');
  return (note) => {
    const output = new BoundedOutput(2, note);
    return (lines) => output.write(lines);
  };
}
