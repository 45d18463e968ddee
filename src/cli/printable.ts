/** Texts and errors from elsewhere made fit to print: no forged lines, no terminal commands. */

// Controls, line separators and the bidirectional overrides that reorder what the reader sees.
const UNPRINTABLE = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** `text` as one line, every control character replaced by its escape (`\n`, `\x1b`, `\u2028`). */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => SHORT[character] ?? escaped(character.charCodeAt(0)));
}

function escaped(code: number): string {
  const hex = code.toString(16);
  return code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`;
}

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
