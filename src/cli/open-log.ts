/** The log that the logging options of a command line ask for. */
import { CommandLineError } from './command-line-error.js';
import { createLog, type Level, type Log, type OpenStandard, stderrBackend, waitingForReaders } from './log.js';

/** As parsed: `verbosity` is -q, -v or -d; `logLevel` wins over it, `logConfig` over both. */
export interface LogOptions {
  readonly verbosity: Level | undefined;
  readonly logLevel: Level | undefined;
  /** Path of a configuration file for Python's `logging.config.fileConfig`. */
  readonly logConfig: string | undefined;
  readonly logFormat: 'text' | 'json';
  /** Rather than wait for whoever should read them, lines on standard output and error are left out. Default false. */
  readonly mayMissLines?: boolean;
}

/**
 * `name` is the logger of the application's own messages.
 * @throws {CommandLineError} if the configuration file cannot be read or honoured.
 */
export async function openLog(name: string, options: LogOptions): Promise<Log> {
  const { verbosity, logLevel, logConfig, logFormat, mayMissLines = false } = options;
  const level = logLevel ?? verbosity ?? 'warning';
  const open = mayMissLines ? await boundedOutputs() : waitingForReaders;
  if (logConfig === undefined) {
    if (logFormat !== 'json') return createLog(name, stderrBackend(level, open));
    const { jsonBackend } = await import('./log-json.js');
    return createLog(name, jsonBackend(level, open));
  }
  if (logFormat === 'json')
    throw new CommandLineError('--log-format json: not together with --log-config, whose formatters make the lines');
  const { readLoggingConfig } = await import('./logging-config.js');
  return createLog(name, await readLoggingConfig(logConfig, open));
}

/** One for each descriptor, whoever writes to it: they go on with what another has begun. */
async function boundedOutputs(): Promise<OpenStandard> {
  const { BoundedOutput } = await import('./bounded-output.js');
  const outputs = new Map<number, InstanceType<typeof BoundedOutput>>();
  return (fd, note) => {
    const output = outputs.get(fd) ?? new BoundedOutput(fd, note);
    outputs.set(fd, output);
    return (lines) => output.write(lines);
  };
}
