/** The forms of report, by the end of a file's name. */
export type ReportForm = 'json' | 'ndjson' | 'csv';

const FORMS: readonly ReportForm[] = ['json', 'ndjson', 'csv'];

/** @throws {RangeError} for any other end; its message completes `NAME: ` */
export function reportForm(path: string): ReportForm {
  const form = FORMS.find((candidate) => path.toLowerCase().endsWith(`.${candidate}`));
  if (form === undefined) throw new RangeError(`${path} does not end in ${FORMS.map((name) => `.${name}`).join(', ')}`);
  return form;
}
