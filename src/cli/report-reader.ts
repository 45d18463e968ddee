/** Reports of earlier runs, read back: what a killed run has left, too. */
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { fileMessageOf } from './printable.js';
import { type ReportForm, reportForm } from './report-form.js';
import { csvCells } from './report-format.js';
import { RECORD_FIELDS, type StoreRecord } from './store-record.js';

const CHUNK_BYTES = 256 * 1024;
/** Up to this size a JSON file is parsed whole, so that it need not have its lines as we write them. */
const WHOLE_BYTES = 64 * 1024 * 1024;

/**
 * The records of a report, by the end of its name. A last line that breaks off is left out.
 * @throws {Error} one line that names the file, and the line in it that is no record
 */
export function* readReport(path: string): Generator<StoreRecord, void, void> {
  try {
    yield* READERS[reportForm(path)](path);
  } catch (error) {
    if (error instanceof NoRecord) throw new Error(`cannot use report ${path}: ${error.message}`, { cause: error });
    throw new Error(`cannot read report ${path}: ${fileMessageOf(error)}`, { cause: error });
  }
}

class NoRecord extends Error {}

const READERS: Readonly<Record<ReportForm, (path: string) => Generator<StoreRecord, void, void>>> = {
  json: fromJson,
  ndjson: fromJsonLines,
  csv: fromCsv,
};

function* fromJson(path: string): Generator<StoreRecord, void, void> {
  const whole = parsedWhole(path);
  if (whole === undefined) yield* fromJsonLines(path);
  else for (const [index, value] of whole.entries()) yield checked(value, `record ${index + 1}`);
}

/** Undefined if it is not one JSON text, or a long one: then it may still be made of lines. */
function parsedWhole(path: string): readonly unknown[] | undefined {
  if (statSync(path).size > WHOLE_BYTES) return undefined;
  const text = readFileSync(path, 'utf8');
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Also of a JSON file as we write it, whose lines have brackets and commas round the records. */
function* fromJsonLines(path: string): Generator<StoreRecord, void, void> {
  for (const { text, number, isLast } of linesOf(path)) {
    const json = text.trim().replace(/,$/, '');
    if (['', '[', ']'].includes(json)) continue;
    const value = parsed(json);
    if (value === undefined && isLast) return;
    yield checked(value, `line ${number}`);
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function* fromCsv(path: string): Generator<StoreRecord, void, void> {
  let columns: readonly string[] | undefined;
  for (const { text, number, isLast } of linesOf(path)) {
    const line = text.replace(/\r$/, '');
    if (line === '') continue;
    const cells = cellsOf(line);
    if ((cells === undefined || cells.length !== (columns ?? cells).length) && isLast) return;
    if (columns === undefined) columns = cells ?? [];
    else yield checked(cells && recordOfCells(columns, cells), `line ${number}`);
  }
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
  return isSound && given.path !== undefined && given.outcome !== undefined;
}

interface Line {
  readonly text: string;
  readonly number: number;
  /** Nothing comes after it, and it has no line end. */
  readonly isLast: boolean;
}

function* linesOf(path: string): Generator<Line, void, void> {
  const fd = openSync(path, 'r');
  try {
    const decoder = new StringDecoder('utf8');
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let rest = '';
    let number = 0;
    for (let bytes = readSync(fd, chunk); bytes > 0; bytes = readSync(fd, chunk)) {
      const lines = (rest + decoder.write(chunk.subarray(0, bytes))).split('\n');
      rest = lines.pop() ?? '';
      for (const text of lines) yield { text, number: ++number, isLast: false };
    }
    rest += decoder.end();
    if (rest !== '') yield { text: rest, number: ++number, isLast: true };
  } finally {
    closeSync(fd);
  }
}
