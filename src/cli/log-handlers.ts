/** The handlers of a logging configuration by the names of Python's classes, their arguments checked one by one. */
import { missingInWords, type OpenStandard } from './log.js';
import { type FileMode, LogFile, type LogOutput } from './log-file.js';
import { type Rotation, rotationBySize, rotationByTime } from './log-rotation.js';
import { openSyslog } from './log-syslog.js';
import { PythonName, type PythonValue } from './python-literal.js';

/** What a handler's constructor is called with. */
export interface HandlerArguments {
  readonly args: PythonValue;
  readonly kwargs: PythonValue;
}

interface HandlerClass {
  /** Names of the constructor's parameters in Python, in order. */
  readonly parameters: readonly string[];
  readonly open: (given: Arguments, standard: OpenStandard) => LogOutput | Promise<LogOutput>;
}

/** `errors` says what becomes of characters that the encoding has not: UTF-8 has all. */
const FILE_PARAMETERS = ['encoding', 'delay', 'errors'];

const CLASSES: ReadonlyMap<string, HandlerClass> = new Map<string, HandlerClass>([
  ['StreamHandler', { parameters: ['stream'], open: openStream }],
  ['NullHandler', { parameters: [], open: () => ({ write: () => undefined, close: async () => undefined }) }],
  [
    'FileHandler',
    {
      parameters: ['filename', 'mode', ...FILE_PARAMETERS],
      open: (given) => openFile(given, fileMode(given)),
    },
  ],
  [
    'RotatingFileHandler',
    { parameters: ['filename', 'mode', 'maxBytes', 'backupCount', ...FILE_PARAMETERS], open: openRotatingBySize },
  ],
  [
    'TimedRotatingFileHandler',
    {
      parameters: ['filename', 'when', 'interval', 'backupCount', 'encoding', 'delay', 'utc', 'atTime', 'errors'],
      open: openRotatingByTime,
    },
  ],
  ['SysLogHandler', { parameters: ['address', 'facility', 'socktype'], open: openSyslogHandler }],
]);

/** Checks a class name, such as `logging.handlers.SysLogHandler`, and gives what makes such a handler. */
export function handlerClass(
  className: string,
): (given: HandlerArguments, standard: OpenStandard) => Promise<LogOutput> {
  const found = CLASSES.get(className.replace(/^(logging\.)?(handlers\.)?/, ''));
  if (found === undefined)
    throw new RangeError(`handler class ${className} cannot be honoured, only ${[...CLASSES.keys()].join(', ')}`);
  return async (given, standard) => await found.open(new Arguments(found.parameters, given), standard);
}

/** Arguments by the names of their parameters. Reading one that is not of the type throws. */
class Arguments {
  readonly #values = new Map<string, PythonValue>();

  constructor(parameters: readonly string[], { args, kwargs }: HandlerArguments) {
    if (!Array.isArray(args)) throw new TypeError("args: no tuple (one of a single value is written '(value,)')");
    if (!(kwargs instanceof Map)) throw new TypeError('kwargs: no dictionary');
    if (args.length > parameters.length)
      throw new RangeError(`args: ${args.length} values for ${parameters.length} parameters`);
    for (const [index, value] of args.entries()) this.#values.set(parameters[index] ?? '', value);
    for (const [name, value] of kwargs) {
      if (!parameters.includes(name)) throw new RangeError(`kwargs: no parameter ${name}`);
      if (this.#values.has(name)) throw new RangeError(`kwargs: ${name} is among args already`);
      this.#values.set(name, value);
    }
  }

  /** `undefined` for None too: every parameter of these classes takes None for "none given". */
  value(name: string): PythonValue | undefined {
    return this.#values.get(name) ?? undefined;
  }

  text(name: string, defaultValue?: string): string {
    const value = this.value(name) ?? defaultValue;
    if (typeof value === 'string' && value !== '') return value;
    throw new TypeError(value === undefined ? `${name} is missing` : `${name}: no text`);
  }

  /** A whole number, 0 or more. */
  number(name: string, defaultValue: number): number {
    const value = this.value(name) ?? defaultValue;
    if (typeof value === 'number' && value >= 0) return value;
    throw new TypeError(`${name}: no number from 0 up`);
  }

  /** True, False, or a number in their place. */
  flag(name: string): boolean {
    const value = this.value(name) ?? false;
    if (typeof value === 'boolean' || typeof value === 'number') return Boolean(value);
    throw new TypeError(`${name}: neither True nor False`);
  }
}

function openStream(given: Arguments, standard: OpenStandard): LogOutput {
  const stream = given.value('stream') ?? new PythonName('sys.stderr');
  const fd = stream instanceof PythonName ? STREAMS.get(stream.name) : undefined;
  if (fd === undefined) throw new RangeError('stream: neither sys.stderr nor sys.stdout');
  return lineOutput(fd, standard);
}

/** Lines as they are, to standard output (1) or error (2). */
export function lineOutput(fd: 1 | 2, standard: OpenStandard): LogOutput {
  const write = standard(fd, (missing) => `${missingInWords(missing)}\n`);
  return { write: (line) => write(`${line}\n`), close: async () => undefined };
}

const STREAMS: ReadonlyMap<string, 1 | 2> = new Map([
  ['sys.stdout', 1],
  ['sys.stderr', 2],
]);

function openFile(given: Arguments, mode: FileMode, rotation?: Rotation): LogOutput {
  const encoding = given.text('encoding', 'utf-8');
  if (!/^(utf-?8|(us-?)?ascii)$/i.test(encoding)) throw new RangeError(`encoding: ${encoding} is not utf-8`);
  return new LogFile(given.text('filename'), { mode, delay: given.flag('delay'), rotation });
}

function fileMode(given: Arguments): FileMode {
  const mode = MODES.get(given.text('mode', 'a').replace(/[t+]/g, ''));
  if (mode === undefined) throw new RangeError('mode: not a, w or x');
  return mode;
}

const MODES: ReadonlyMap<string, FileMode> = new Map([
  ['a', 'a'],
  ['w', 'w'],
  ['x', 'x'],
]);

function openRotatingBySize(given: Arguments): LogOutput {
  const maxBytes = given.number('maxBytes', 0);
  const rotation = rotationBySize(given.text('filename'), maxBytes, given.number('backupCount', 0));
  // With a limit the lines of an earlier run stay, whatever the mode: Python's rule.
  return openFile(given, maxBytes > 0 ? 'a' : fileMode(given), rotation);
}

function openRotatingByTime(given: Arguments): LogOutput {
  if (given.value('atTime') !== undefined) throw new RangeError('atTime: cannot be honoured');
  const rotation = rotationByTime(given.text('filename'), {
    when: given.text('when', 'H'),
    interval: given.number('interval', 1),
    backupCount: given.number('backupCount', 0),
    utc: given.flag('utc'),
  });
  return openFile(given, 'a', rotation);
}

const SYSLOG_PORT = 514;

/** RFC 5424 6.2.1, by Python's names. */
const FACILITIES: ReadonlyMap<string, number> = new Map(
  [
    'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp security console solaris-cron',
    'local0 local1 local2 local3 local4 local5 local6 local7',
  ]
    .flatMap((names) => names.split(' '))
    .map((name, code) => [name, code]),
);

function openSyslogHandler(given: Arguments): Promise<LogOutput> {
  const [host, port] = syslogAddress(given.value('address'));
  return openSyslog({
    host,
    port,
    facility: syslogFacility(given.value('facility')),
    transport: syslogTransport(given.value('socktype')),
  });
}

function syslogAddress(address: PythonValue | undefined): readonly [string, number] {
  if (address === undefined) return ['localhost', SYSLOG_PORT];
  if (typeof address === 'string')
    throw new RangeError(`address: the Unix socket ${address} is out of reach, only (host, port) is possible`);
  const [host, port, ...others] = Array.isArray(address) ? address : [];
  const portNumber = port instanceof PythonName && port.name.endsWith('SYSLOG_UDP_PORT') ? SYSLOG_PORT : port;
  if (typeof host === 'string' && typeof portNumber === 'number' && others.length === 0) return [host, portNumber];
  throw new TypeError('address: no (host, port)');
}

/** A code, a name such as 'local0', or a constant such as `handlers.SysLogHandler.LOG_LOCAL0`. */
function syslogFacility(facility: PythonValue = 'user'): number {
  const name = facility instanceof PythonName ? /\.LOG_(\w+)$/.exec(facility.name)?.[1]?.toLowerCase() : facility;
  const code = typeof name === 'string' ? FACILITIES.get(name.replace('solcron', 'solaris-cron')) : name;
  if (typeof code === 'number' && code >= 0 && code < FACILITIES.size) return code;
  throw new RangeError('facility: none of syslog');
}

function syslogTransport(socktype: PythonValue = new PythonName('socket.SOCK_DGRAM')): 'udp' | 'tcp' {
  const name = socktype instanceof PythonName ? socktype.name : '';
  if (name.endsWith('socket.SOCK_DGRAM')) return 'udp';
  if (name.endsWith('socket.SOCK_STREAM')) return 'tcp';
  throw new RangeError('socktype: neither socket.SOCK_DGRAM nor socket.SOCK_STREAM');
}
