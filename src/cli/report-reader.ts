/** Reports of earlier runs, read back: what a killed run has left, too. */
import { open, readFile, stat } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { setImmediate } from 'node:timers/promises';
import { fileMessageOf } from './printable.js';
import { type ReportForm, reportForm } from './report-form.js';
import { csvCells, REPORT_FORMATS } from './report-format.js';
import { RECORD_FIELDS, type StoreRecord } from './store-record.js';

const CHUNK_BYTES = 256 * 1024;
const CHUNK_RECORDS = 1000;
/** Up to this size a JSON file is parsed whole, so that it need not have its lines as we write them. */
const WHOLE_BYTES = 64 * 1024 * 1024;
/** No record is as long: there is a path in it, a text of the peer's at the most, and names. */
const MAX_LINE_LENGTH = 1024 * 1024;
/** What spreadsheets and editors of some systems put before a text. */
const BYTE_ORDER_MARK = /^\uFEFF/;

/** How each record begins in JSON. */
const RECORD_BEGINS = '{"path":';
/** Without these nobody knows what a record is about. */
const REQUIRED_FIELDS = ['path', 'outcome'] as const satisfies readonly (keyof StoreRecord)[];

type Records = AsyncGenerator<readonly StoreRecord[], void, void>;

/**
 * The records of a report, some at a time, by the end of its name. A last line that breaks off is left out.
 * @throws {Error} one line that names the file, and the line in it that is not of a report
 */
export async function* readReport(path: string): Records {
  try {
    yield* READERS[reportForm(path)](path);
  } catch (error) {
    if (error instanceof NoRecord) throw new Error(`cannot use report ${path}: ${error.message}`, { cause: error });
    throw new Error(`cannot read report ${path}: ${fileMessageOf(error)}`, { cause: error });
  }
}

class NoRecord extends Error {}

const READERS: Readonly<Record<ReportForm, (path: string) => Records>> = {
  json: fromJson,
  ndjson: (path) => fromLines(path, jsonLines()),
  csv: (path) => fromLines(path, csvLines()),
};

async function* fromJson(path: string): Records {
  const whole = await parsedWhole(path);
  if (whole === undefined) yield* fromLines(path, jsonLines());
  else
    for (let from = 0; from < whole.length; from += CHUNK_RECORDS) {
      const some = whole.slice(from, from + CHUNK_RECORDS);
      yield some.map((value, index) => checked(value, `record ${from + index + 1}`));
      await setImmediate();
    }
}

/** Undefined if it is not one JSON text, or a long one: then it may still be made of lines. */
async function parsedWhole(path: string): Promise<readonly unknown[] | undefined> {
  if ((await stat(path)).size > WHOLE_BYTES) return undefined;
  const text = await readFile(path, 'utf8');
  const value = parsed(text.replace(BYTE_ORDER_MARK, ''));
  return Array.isArray(value) ? value : undefined;
}

/** The record of a line, if there is one in it. @throws {NoRecord} */
type LineReader = (line: Line) => StoreRecord | undefined;

async function* fromLines(path: string, recordOf: LineReader): Records {
  for await (const lines of linesOf(path)) yield lines.map(recordOf).filter((record) => record !== undefined);
}

/** Also of a JSON file as we write it, whose lines have brackets and commas round the records. */
function jsonLines(): LineReader {
  return ({ text, number, isLast }) => {
    // The next record is written over the bracket at the end, its comma first.
    const json = text.trim().replace(/,\]?$/, '');
    if (['', '[', ']'].includes(json)) return undefined;
    const value = parsed(json);
    return value === undefined && isLast && isBrokenOff(json) ? undefined : checked(value, `line ${number}`);
  };
}

function isBrokenOff(json: string): boolean {
  return RECORD_BEGINS.startsWith(json) || json.startsWith(RECORD_BEGINS);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function csvLines(): LineReader {
  let columns: readonly string[] | undefined;
  return ({ text, number, hasEnd }) => {
    const line = text.replace(/\r$/, '');
    if (line === '') return undefined;
    const cells = cellsOf(line);
    if (columns !== undefined) {
      if (cells?.length !== columns.length && !hasEnd) return undefined;
      return checked(cells && recordOfCells(columns, cells), `line ${number}`);
    }
    const names = cells ?? [];
    const isHeader = REQUIRED_FIELDS.every((name) => names.includes(name));
    if (!isHeader && (hasEnd || !REPORT_FORMATS.csv.begin.startsWith(line)))
      throw new NoRecord(`line ${number} does not name the columns ${REQUIRED_FIELDS.join(' and ')}`);
    columns = names;
    return undefined;
  };
}

function cellsOf(line: string): readonly string[] | undefined {
  try {
    return csvCells(line);
  } catch {
    return undefined;
  }
}

function recordOfCells(columns: readonly string[], cells: readonly string[]): object {
  const fields: Readonly<Record<string, string>> = RECORD_FIELDS;
  const filled = columns.map((name, index) => [name, cells[index] ?? ''] as const).filter(([, cell]) => cell !== '');
  return Object.fromEntries(
    filled.map(([name, cell]) => {
      if (fields[name] === 'number') return [name, Number(cell)];
      return [name, fields[name] === 'boolean' ? /^true$/i.test(cell) : cell];
    }),
  );
}

/** @throws {NoRecord} */
function checked(value: unknown, where: string): StoreRecord {
  if (isRecord(value)) return value;
  throw new NoRecord(`${where} is no record`);
}

function isRecord(value: unknown): value is StoreRecord {
  if (typeof value !== 'object' || value === null) return false;
  const given: Readonly<Record<string, unknown>> = { ...value };
  const isSound = Object.entries(RECORD_FIELDS).every(([name, type]) =>
    ['undefined', type].includes(typeof given[name]),
  );
  return isSound && REQUIRED_FIELDS.every((name) => given[name] !== undefined);
}

interface Line {
  readonly text: string;
  readonly number: number;
  readonly hasEnd: boolean;
  /** Nothing comes after it. */
  readonly isLast: boolean;
}

/** @throws {NoRecord} at a line that is too long for one */
async function* linesOf(path: string): AsyncGenerator<readonly Line[], void, void> {
  /** Of the line that goes on in the next text. */
  let rest = '';
  let number = 0;
  /** One that may be the last. */
  let held: readonly Line[] = [];
  for await (const text of textsOf(path)) {
    const isBeginning = number === 0 && rest === '';
    const [first = '', ...others] = (isBeginning ? text.replace(BYTE_ORDER_MARK, '') : text).split('\n');
    rest += first;
    if (rest.length > MAX_LINE_LENGTH) throw new NoRecord(`line ${number + 1} is too long for a record`);
    if (others.length === 0) continue;
    const ended = [rest, ...others.slice(0, -1)];
    rest = others.at(-1) ?? '';
    const lines = ended.map((line) => ({ text: line, number: ++number, hasEnd: true, isLast: false }));
    yield [...held, ...lines.slice(0, -1)];
    held = lines.slice(-1);
  }
  // Some systems leave zeros where a crash has kept bytes from being written.
  const last = rest.replace(/\0+$/, '');
  if (last !== '') yield [...held, { text: last, number: ++number, hasEnd: false, isLast: true }];
  else yield held.map((line) => ({ ...line, isLast: true }));
}

async function* textsOf(path: string): AsyncGenerator<string, void, void> {
  const file = await open(path);
  try {
    const decoder = new StringDecoder('utf8');
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(chunk);
      if (bytesRead === 0) break;
      yield decoder.write(chunk.subarray(0, bytesRead));
    }
    yield decoder.end();
  } finally {
    await file.close();
  }
}
