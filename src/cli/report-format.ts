/** How reports are written: JSON, JSON line by line, and CSV (RFC 4180), each record on a line of its own. */
import { jsonText } from './json-text.js';
import { printable } from './printable.js';
import type { ReportForm } from './report-form.js';
import { RECORD_FIELDS, type StoreRecord } from './store-record.js';

/** A form of report. What stands before and after the records is there at any time: each is written over `end`. */
export interface ReportFormat {
  readonly begin: string;
  readonly line: (record: StoreRecord) => string;
  /** What stands between two lines. */
  readonly between: string;
  readonly end: string;
}

export const REPORT_FORMATS: Readonly<Record<ReportForm, ReportFormat>> = {
  json: { begin: '[', line: (record) => `\n${jsonText(record)}`, between: ',', end: '\n]\n' },
  ndjson: { begin: '', line: (record) => `${jsonText(record)}\n`, between: '', end: '' },
  csv: {
    begin: `${Object.keys(RECORD_FIELDS).join(',')}\r\n`,
    line: (record) => `${csvOf(record)}\r\n`,
    between: '',
    end: '',
  },
};

/**
 * Where a spreadsheet would take what follows for a formula, and where stands the apostrophe that keeps it from that: at the
 * beginning, and after what parts cells where commas part decimals, even within quotes if those are not the whole cell then.
 */
const BEFORE_FORMULA = /(?<=^|;)(?=[=+\-@'])/g;
const APOSTROPHE = /(?<=^|;)'(?=[=+\-@'])/g;

function csvOf(record: StoreRecord): string {
  const values: Readonly<Record<string, unknown>> = { ...record };
  return Object.keys(RECORD_FIELDS)
    .map((field) => csvCell(values[field]))
    .join(',');
}

function csvCell(value: unknown): string {
  if (typeof value !== 'string') return value === undefined ? '' : String(value);
  const safe = printable(value).replace(BEFORE_FORMULA, "'");
  return /[",;]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The texts in the cells of a line. @throws {RangeError} if it breaks off within a quoted one, or goes on after it */
export function csvCells(line: string): readonly string[] {
  const cells: string[] = [];
  let rest = line;
  for (;;) {
    const cell = /^"((?:[^"]|"")*)"(?=,|$)|^[^",]*(?=,|$)/.exec(rest);
    if (cell === null) throw new RangeError('no line of a CSV file');
    const text = cell[1]?.replaceAll('""', '"') ?? cell[0];
    cells.push(text.replace(APOSTROPHE, ''));
    if (cell[0].length === rest.length) return cells;
    rest = rest.slice(cell[0].length + 1);
  }
}
