/** What storescu tells of a run beside its log. */
import type { OptionGroup } from './option-table.js';
import { text } from './option-values.js';
import { reportForm } from './report-form.js';

export const PROGRESS_AND_REPORTS = {
  title: 'Progress and Reports',
  options: [
    {
      key: 'progressMode',
      sets: 'always',
      long: '--progress',
      help: 'show how far the run has come even with -v and -d, and where standard error is no terminal: there with a line of the log every 10 seconds; never with -q (without this option: on a terminal, once the run lasts longer than a second)',
    },
    { key: 'progressMode', sets: 'never', long: '--no-progress', help: 'never show how far the run has come' },
    {
      key: 'summary',
      long: '--summary',
      help: 'say in the end how many files were stored, warned of, converted and failed, by status, with bytes, seconds and rate; without this option only if something failed or a signal ended the run',
    },
    {
      key: 'reportFile',
      long: '--report',
      value: '[f]ilename (str)',
      parse: reportPath,
      completes: 'file',
      help: 'write a record of what became of each file to f, which ends in .json, .ndjson or .csv; not with --dry-run, which sends nothing',
    },
    {
      key: 'resumeFile',
      long: '--resume',
      value: '[f]ilename (str)',
      parse: reportPath,
      completes: 'file',
      help: 'leave out what was stored by f, the report of an earlier run, unless the file has changed; with --report f too, that report is continued',
    },
    {
      key: 'json',
      long: '--json',
      help: 'print the same record of each file on standard output while sending, one JSON object a line; not with --dry-run',
    },
  ],
} as const satisfies OptionGroup;

/** @throws {RangeError} if its end says no form of report */
function reportPath(value: string): string {
  reportForm(text(value));
  return value;
}
