/** What the applications log with: five levels, named loggers, and the plain `L: message` lines on standard error. */
import { writeSync } from 'node:fs';
import type { LogFields } from './log-fields.js';
import { printable } from './printable.js';
import { systemCodeOf } from './system-code.js';

export type Level = 'critical' | 'error' | 'warning' | 'info' | 'debug';

/** Greater is worse; the numbers are those of Python's logging. */
export const SEVERITY: Readonly<Record<Level, number>> = { critical: 50, error: 40, warning: 30, info: 20, debug: 10 };

/** A string is one line, a list is one line each; control characters are escaped, newlines too. */
export type Message = string | readonly string[];

/** Every line is with the system when the call returns; only a syslog handler of `-lc` needs `close`. */
export interface Log {
  critical(message: Message, fields?: LogFields): void;
  error(message: Message, fields?: LogFields): void;
  warning(message: Message, fields?: LogFields): void;
  info(message: Message, fields?: LogFields): void;
  debug(message: Message, fields?: LogFields): void;
  /** What the user has asked for by an option of its own: shown below the level that others are shown from, but not with -q. */
  announce(message: Message, fields?: LogFields): void;
  /** Whether fields get anywhere; they need not be made otherwise. */
  readonly takesFields: boolean;
  /** Whether a message of this level gets anywhere; worth asking before a long dump is made. */
  isEnabled(level: Level): boolean;
  /** The same log as another logger, such as `netdicom.dimse`, which `-lc` can send elsewhere. */
  named(logger: string): Log;
  /** Sends out what a handler still holds, for all loggers of the log. */
  close(): Promise<void>;
}

/** What `make` makes of each level, to be spread over a log that has it otherwise. */
export function levels(make: (level: Level) => Log[Level]): Pick<Log, Level> {
  return {
    critical: make('critical'),
    error: make('error'),
    warning: make('warning'),
    info: make('info'),
    debug: make('debug'),
  };
}

/** Where the messages of one logger go. */
export interface LogSink {
  /** What is below this severity goes nowhere. */
  readonly threshold: number;
  /** `lines` are printable. */
  write(level: Level, lines: readonly string[], fields?: LogFields): void;
}

/** Where the messages of all loggers go. */
export interface LogBackend {
  readonly takesFields?: true;
  sink(logger: string): LogSink;
  close(): Promise<void>;
}

/** A log whose first logger is `name`. */
export function createLog(name: string, backend: LogBackend): Log {
  const sink = backend.sink(name);
  const isEnabled = (level: Level): boolean => SEVERITY[level] >= sink.threshold;
  const write = (level: Level, message: Message, fields?: LogFields) =>
    sink.write(level, (typeof message === 'string' ? [message] : message).map(printable), fields);
  const at = (level: Level) => (message: Message, fields?: LogFields) => {
    if (isEnabled(level)) write(level, message, fields);
  };
  return {
    ...levels(at),
    announce: (message, fields) => {
      if (sink.threshold < SEVERITY.critical) write('info', message, fields);
    },
    takesFields: backend.takesFields === true,
    isEnabled,
    named: (logger) => createLog(logger, backend),
    close: () => backend.close(),
  };
}

/** `E: message` on standard error, whichever the logger, from `level` up. */
export function stderrBackend(level: Level, open: OpenStandard = waitingForReaders): LogBackend {
  const write = open(2, (missing) => `W: ${missingInWords(missing)}\n`);
  const sink: LogSink = {
    threshold: SEVERITY[level],
    write(messageLevel, lines) {
      const prefix = messageLevel.charAt(0).toUpperCase();
      write(lines.map((line) => `${prefix}: ${line}\n`).join(''));
    },
  };
  return { sink: () => sink, close: async () => undefined };
}

/** Makes what writes whole lines to standard output (1) or error (2). @param note is the line in place of so many that are missing */
export type OpenStandard = (fd: 1 | 2, note: (missing: number) => string) => (lines: string) => void;

/** Waits for whoever should read the lines, so that none is missing. */
export const waitingForReaders: OpenStandard = (fd) => (lines) => writeStandard(fd, lines);

export function missingInWords(lines: number): string {
  return `${lines} lines of the log are missing here, since nobody has read them in time`;
}

/** Writes to standard output (1) or error (2); if that is closed or its disk is full, nobody is left to be told. */
export function writeStandard(fd: 1 | 2, text: string): void {
  try {
    writeFully(fd, text);
  } catch {
    // EPIPE, ENOSPC and the like: the work goes on without its log.
  }
}

const PAUSE_MS = 5;
const pause = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of `text`, waiting while a non-blocking pipe is full. Throws the system's error. */
export function writeFully(fd: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if (systemCodeOf(error) !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, PAUSE_MS);
    }
  }
}
