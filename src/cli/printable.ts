/** Texts and errors from elsewhere made fit to print. */

export { printable } from '../index.js';

/** What an error says; the system's code where it says nothing, as when every address of a host refused. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== '') return error.message;
  return 'code' in error ? String(error.code) : error.name;
}

/** As well, of a file that the line names already: Node's system errors read `ENOENT: no such file or directory, open 'x'`. */
export function fileMessageOf(error: unknown): string {
  return messageOf(error).replace(/^E[A-Z0-9]+: (.*?), \w+.*$/, '$1');
}
