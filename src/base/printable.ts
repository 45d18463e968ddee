/** Texts from elsewhere made fit to print: no forged lines, no terminal commands, no order but the one that is read. */

/**
 * Controls (C0, DEL, C1), what is not seen but changes what is (bidirectional overrides, zero-width characters), line
 * separators, and halves of surrogate pairs, which no encoding of a log can hold.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
/** Twice what the longest UID that is tolerated has; real texts of the protocol have no more than 64 characters. */
const MAX_SHOWN = 256;

/**
 * `text` as one line, whatever is in it: each character that a log or a terminal could obey is replaced by its escape
 * (`\n`, `\x1b`, `\u2028`, `\u{e0001}`). What is printable stays as it is, backslashes too, so that nothing is escaped twice.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => SHORT[character] ?? escaped(character.codePointAt(0) ?? 0));
}

function escaped(code: number): string {
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}

/**
 * `printable` for a text of a peer, which may be as long as a length field allows: of more than 256 characters the first 256,
 * and how many there are.
 */
export function excerpt(text: string): string {
  if (text.length <= MAX_SHOWN) return printable(text);
  return `${printable(text.slice(0, MAX_SHOWN))}... (${text.length} characters)`;
}

/** `excerpt` in quotation marks, which it cannot end itself. */
export function quoted(text: string): string {
  return `"${excerpt(text).replaceAll('"', '\\"')}"`;
}
