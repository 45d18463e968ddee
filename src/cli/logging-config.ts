/** `-lc`: the logger tree of a configuration file for Python's `logging.config.fileConfig`. */
import { type IniEntry, IniFile } from './ini-file.js';
import { type LogBackend, type LogSink, type OpenStandard, SEVERITY } from './log.js';
import type { LogOutput } from './log-file.js';
import { compileFormat, compileTimeFormat, type LogRecord, type RecordFormat } from './log-format.js';
import { handlerClass, lineOutput } from './log-handlers.js';
import { parsePythonLiteral } from './python-literal.js';

interface Handler {
  readonly threshold: number;
  readonly format: RecordFormat;
  readonly output: LogOutput;
}

interface Logger {
  /** `undefined` takes the parent's. */
  readonly threshold: number | undefined;
  readonly handlers: readonly Handler[];
  readonly propagate: boolean;
}

/** By qualified name; the root's is empty. */
type LoggerTree = ReadonlyMap<string, Logger>;

const ROOT = '';
const PLAIN_FORMAT = '%(message)s';

/**
 * Reads the file and opens its handlers.
 * @param standard opens standard output and error
 * @throws {CommandLineError} on what cannot be read or honoured, with file and line.
 */
export async function readLoggingConfig(path: string, standard: OpenStandard): Promise<LogBackend> {
  const file = new IniFile(path);
  const formats = readFormats(file);
  const handlers = await readHandlers(file, formats, standard);
  const tree = readLoggers(file, handlers);
  const lastResort = lastResortOf(standard);
  return {
    sink: (logger) => sinkOf(tree, logger, lastResort),
    async close() {
      await Promise.all([...handlers.values()].map((handler) => handler.output.close()));
    },
  };
}

function readFormats(file: IniFile): ReadonlyMap<string, RecordFormat> {
  const formats = new Map<string, RecordFormat>();
  for (const name of file.section('formatters').require('keys').names()) {
    const section = file.section(`formatter_${name}`);
    section.get('class')?.read(checkFormatterClass);
    section.getRaw('style')?.read(checkStyle);
    const datefmt = section.getRaw('datefmt');
    datefmt?.read(compileTimeFormat);
    const compile = (format: string) => compileFormat(format || PLAIN_FORMAT, datefmt?.value);
    formats.set(name, section.getRaw('format')?.read(compile) ?? compile(PLAIN_FORMAT));
  }
  return formats;
}

function checkFormatterClass(name: string): void {
  if (!['', 'Formatter', 'logging.Formatter'].includes(name))
    throw new RangeError(`formatter class ${name} cannot be honoured, only logging.Formatter`);
}

function checkStyle(style: string): void {
  if (style !== '%') throw new RangeError(`style ${style} cannot be honoured, only %`);
}

async function readHandlers(
  file: IniFile,
  formats: ReadonlyMap<string, RecordFormat>,
  standard: OpenStandard,
): Promise<ReadonlyMap<string, Handler>> {
  const handlers = new Map<string, Handler>();
  for (const name of file.section('handlers').require('keys').names()) {
    const section = file.section(`handler_${name}`);
    const className = section.require('class');
    const open = className.read(handlerClass);
    const args = section.get('args');
    const kwargs = section.get('kwargs');
    const given = {
      args: args?.read(parsePythonLiteral) ?? [],
      kwargs: kwargs?.read(parsePythonLiteral) ?? new Map(),
    };
    const threshold = section.get('level')?.read(severityOf) ?? 0;
    const formatter = section.get('formatter');
    const format = formatter?.value ? pick(formats, formatter, formatter.value) : compileFormat(PLAIN_FORMAT);
    try {
      handlers.set(name, { threshold, format, output: await open(given, standard) });
    } catch (error) {
      throw (args ?? kwargs ?? className).fault(error);
    }
  }
  return handlers;
}

function readLoggers(file: IniFile, handlers: ReadonlyMap<string, Handler>): LoggerTree {
  const keys = file.section('loggers').require('keys');
  if (!keys.names().includes('root')) throw keys.fault('root is not among the loggers');
  const tree = new Map<string, Logger>();
  for (const name of keys.names()) {
    const section = file.section(`logger_${name}`);
    const threshold = section.get('level')?.read(severityOf);
    const names = section.require('handlers');
    const logger = {
      threshold,
      handlers: [...new Set(names.names())].map((handler) => pick(handlers, names, handler)),
    };
    if (name === 'root') tree.set(ROOT, { ...logger, threshold: threshold ?? SEVERITY.warning, propagate: false });
    else
      tree.set(section.require('qualname').value, {
        ...logger,
        // NOTSET is the parent's level.
        threshold: threshold || undefined,
        propagate: section.get('propagate')?.read(booleanOf) ?? true,
      });
  }
  return tree;
}

function pick<T>(all: ReadonlyMap<string, T>, entry: IniEntry, name: string): T {
  const one = all.get(name);
  if (one === undefined) throw entry.fault(`'${name}' is not among the keys`);
  return one;
}

const LEVELS: ReadonlyMap<string, number> = new Map([
  ['CRITICAL', SEVERITY.critical],
  ['FATAL', SEVERITY.critical],
  ['ERROR', SEVERITY.error],
  ['WARNING', SEVERITY.warning],
  ['WARN', SEVERITY.warning],
  ['INFO', SEVERITY.info],
  ['DEBUG', SEVERITY.debug],
  ['NOTSET', 0],
]);

function severityOf(level: string): number {
  const severity = LEVELS.get(level);
  if (severity === undefined) throw new RangeError(`level ${level} is not one of ${[...LEVELS.keys()].join(', ')}`);
  return severity;
}

function booleanOf(text: string): boolean {
  if (!/^-?\d+$/.test(text)) throw new RangeError(`propagate: ${text} is no number`);
  return Number(text) !== 0;
}

/** Python's handler for a logger that has none. */
function lastResortOf(standard: OpenStandard): Handler {
  return { threshold: SEVERITY.warning, format: (record) => record.message, output: lineOutput(2, standard) };
}

/** Walks from the logger to the root: the first level counts, the handlers add up until one does not propagate. */
function sinkOf(tree: LoggerTree, name: string, lastResort: Handler): LogSink {
  let threshold: number | undefined;
  let propagates = true;
  const handlers: Handler[] = [];
  for (const ancestor of ancestorsOf(name)) {
    const logger = tree.get(ancestor);
    if (logger === undefined) continue;
    threshold ??= logger.threshold;
    if (propagates) handlers.push(...logger.handlers);
    propagates &&= logger.propagate;
  }
  if (handlers.length === 0) handlers.push(lastResort);
  // A line that no handler takes need not be made.
  const least = Math.min(...handlers.map((handler) => handler.threshold));
  return {
    threshold: Math.max(threshold ?? 0, least),
    write(level, lines) {
      const time = new Date();
      for (const message of lines) handle(handlers, { name, level, message, time });
    },
  };
}

/** `a.b` gives `a.b`, `a` and the root. */
function ancestorsOf(name: string): readonly string[] {
  const parts = name.split('.');
  return [...parts.map((_, index) => parts.slice(0, parts.length - index).join('.')), ROOT];
}

function handle(handlers: readonly Handler[], record: LogRecord): void {
  const severity = SEVERITY[record.level];
  for (const { threshold, format, output } of handlers)
    if (severity >= threshold) output.write(format(record), severity);
}
