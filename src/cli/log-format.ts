/** Log lines as Python's `%`-style formatter makes them: `%(asctime)s %(levelname)-8s %(message)s`. */
import { type Level, SEVERITY } from './log.js';

/** One line for the handlers of a logging configuration. */
export interface LogRecord {
  /** Name of the logger. */
  readonly name: string;
  readonly level: Level;
  readonly message: string;
  readonly time: Date;
}

export type RecordFormat = (record: LogRecord) => string;

/** `real` numbers have a point when shown as text, as Python's floats do. */
type Field =
  | { readonly text: (record: LogRecord) => string }
  | { readonly number: (record: LogRecord) => number; readonly real?: true };

const START_MS = Date.now();

/** Those attributes of Python's LogRecord that mean something here, `asctime` apart. */
const FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['name', { text: ({ name }) => name }],
  ['levelname', { text: ({ level }) => level.toUpperCase() }],
  ['message', { text: ({ message }) => message }],
  ['processName', { text: () => 'MainProcess' }],
  ['threadName', { text: () => 'MainThread' }],
  ['levelno', { number: ({ level }) => SEVERITY[level] }],
  ['process', { number: () => process.pid }],
  ['created', { number: ({ time }) => time.getTime() / 1000, real: true }],
  ['msecs', { number: ({ time }) => time.getMilliseconds(), real: true }],
  ['relativeCreated', { number: ({ time }) => time.getTime() - START_MS, real: true }],
]);

const PART =
  /(?<literal>[^%]+|%%)|%\((?<name>\w+)\)(?<flags>[-0]*)(?<width>\d{0,3})(?:\.(?<precision>\d{1,2}))?(?<type>[sdif])|(?<wrong>%[^%]*)/g;

/**
 * Compiles a `%`-style format. `datefmt` is for `%(asctime)s`; without it that is `2026-11-22 01:02:03,456`.
 * @throws {SyntaxError} on a field or conversion that cannot be honoured.
 */
export function compileFormat(format: string, datefmt?: string): RecordFormat {
  const formatTime = datefmt ? compileTimeFormat(datefmt) : defaultTime;
  const parts = [...format.matchAll(PART)].map(({ groups = {} }): { isField: boolean; show: RecordFormat } => {
    const { literal, wrong } = groups;
    if (wrong !== undefined) throw new SyntaxError(`format: '${wrong}' cannot be honoured`);
    if (literal !== undefined) return { isField: false, show: () => (literal === '%%' ? '%' : literal) };
    return { isField: true, show: compileField(groups, formatTime) };
  });
  if (!parts.some(({ isField }) => isField)) throw new SyntaxError('format: no field such as %(message)s');
  return (record) => parts.map(({ show }) => show(record)).join('');
}

function compileField(conversion: NamedGroups, formatTime: (time: Date) => string): RecordFormat {
  const { name = '', flags = '', width = '', precision, type } = conversion;
  const field: Field | undefined = name === 'asctime' ? { text: ({ time }) => formatTime(time) } : FIELDS.get(name);
  if (field === undefined) throw new SyntaxError(`format: %(${name}) cannot be honoured`);
  const digits = precision === undefined ? undefined : Number(precision);
  const fit = (text: string, fill: string) =>
    flags.includes('-') ? text.padEnd(Number(width)) : text.padStart(Number(width), fill);
  if (type === 's') return (record) => fit(textOf(field, record).slice(0, digits), ' ');
  if ('text' in field) throw new SyntaxError(`format: %(${name})${type}: ${name} is no number`);
  const fill = flags.includes('0') ? '0' : ' ';
  if (type === 'f') return (record) => fit(field.number(record).toFixed(digits ?? 6), fill);
  return (record) => fit(String(Math.trunc(field.number(record))).padStart(digits ?? 0, '0'), fill);
}

type NamedGroups = Readonly<Record<string, string | undefined>>;

function textOf(field: Field, record: LogRecord): string {
  if ('text' in field) return field.text(record);
  const value = field.number(record);
  return field.real && Number.isInteger(value) ? value.toFixed(1) : String(value);
}

const TIME_DIRECTIVES: Readonly<Record<string, (time: Date) => string>> = {
  a: (time) => DAYS[time.getDay()]?.slice(0, 3) ?? '',
  A: (time) => DAYS[time.getDay()] ?? '',
  b: (time) => MONTHS[time.getMonth()]?.slice(0, 3) ?? '',
  B: (time) => MONTHS[time.getMonth()] ?? '',
  d: (time) => twoDigits(time.getDate()),
  e: (time) => String(time.getDate()).padStart(2),
  H: (time) => twoDigits(time.getHours()),
  I: (time) => twoDigits(time.getHours() % 12 || 12),
  j: (time) => String(dayOfYear(time)).padStart(3, '0'),
  m: (time) => twoDigits(time.getMonth() + 1),
  M: (time) => twoDigits(time.getMinutes()),
  p: (time) => (time.getHours() < 12 ? 'AM' : 'PM'),
  s: (time) => String(Math.floor(time.getTime() / 1000)),
  S: (time) => twoDigits(time.getSeconds()),
  u: (time) => String(time.getDay() || 7),
  w: (time) => String(time.getDay()),
  y: (time) => twoDigits(time.getFullYear() % 100),
  Y: (time) => String(time.getFullYear()),
  z: zoneOffset,
  '%': () => '%',
};
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** Directives that stand for others, in the C locale. */
const COMBINED: Readonly<Record<string, string>> = {
  c: '%a %b %e %H:%M:%S %Y',
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  h: '%b',
  r: '%I:%M:%S %p',
  R: '%H:%M',
  T: '%H:%M:%S',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
};

/**
 * Compiles a `strftime` format; times are local.
 * @throws {SyntaxError} on a directive that cannot be honoured, such as `%Z`: JavaScript does not know the zone's short name.
 */
export function compileTimeFormat(format: string): (time: Date) => string {
  const plain = format.replace(/%([cDFhrRTxX%])/g, (directive, letter: string) => COMBINED[letter] ?? directive);
  const unknown = /%(?![aAbBdeHIjmMpsSuwyYz%])(.?)/.exec(plain.replaceAll('%%', ''));
  if (unknown !== null) throw new SyntaxError(`datefmt: '%${unknown[1]}' cannot be honoured`);
  return (time) => plain.replace(/%(.)/g, (directive, letter: string) => TIME_DIRECTIVES[letter]?.(time) ?? directive);
}

const defaultDateAndTime = compileTimeFormat('%Y-%m-%d %H:%M:%S');

function defaultTime(time: Date): string {
  return `${defaultDateAndTime(time)},${String(time.getMilliseconds()).padStart(3, '0')}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function dayOfYear(time: Date): number {
  const midnight = Date.UTC(time.getFullYear(), time.getMonth(), time.getDate());
  return (midnight - Date.UTC(time.getFullYear(), 0, 0)) / 86_400_000;
}

/** `+0130`: hours and minutes east of UTC. */
function zoneOffset(time: Date): string {
  const minutes = Math.abs(time.getTimezoneOffset());
  return `${time.getTimezoneOffset() > 0 ? '-' : '+'}${twoDigits(Math.trunc(minutes / 60))}${twoDigits(minutes % 60)}`;
}
