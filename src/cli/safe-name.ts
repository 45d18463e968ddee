/** Names of files made of texts that others have chosen: for one file, on any file system, and fit to be seen and typed. */
import { createHash } from 'node:crypto';

/** What most file systems allow, in bytes; some count characters, of which there are no more than bytes. */
export const MAX_NAME_BYTES = 255;
const REPLACEMENT = '_';
/** Controls, what is not seen, halves of surrogate pairs, what could not be decoded, and what Windows does not take. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\ufffd/\\:*?"<>|]/gu;
/** Hidden files, `..` and, at the end, what Windows drops; options of commands that somebody runs over the files. */
const UNSAFE_ENDS = /^[.\s-]|[.\s]+$/g;
/** Windows takes these for devices, whatever follows the dot. */
const DEVICE =
  /^(con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])(?=\s*(\.|$))/i;

/**
 * `text` as one name. Each character that cannot be in one is `_`; a name that is too long ends with a hash of the whole and
 * `extension`, which it had as well. So names that differ seldom become one, but who chooses the texts can make them.
 */
export function safeName(text: string, extension = ''): string {
  const name = safeCharacters(text)
    .replace(UNSAFE_ENDS, (found) => REPLACEMENT.repeat(found.length))
    .replace(DEVICE, `$1${REPLACEMENT}`);
  if (name === '') return REPLACEMENT;
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name;
  const end = `~${shortHash(text)}${extension}`;
  return `${firstBytes(name, MAX_NAME_BYTES - Buffer.byteLength(end))}${end}`;
}

/** As `safeName`, of characters that stand somewhere in a name, however many. */
export function safeCharacters(text: string): string {
  return text.normalize('NFC').replace(UNSAFE, REPLACEMENT);
}

/** `text`, or of a longer one its beginning and a hash, which is 17 bytes. */
export function shortened(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const end = `~${shortHash(text)}`;
  return `${firstBytes(text, maxBytes - end.length)}${end}`;
}

/** 64 bits of SHA-256, in hex. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** As many whole characters as make no more than that many bytes of UTF-8. */
function firstBytes(text: string, max: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > max) break;
    end += character.length;
  }
  return text.slice(0, end);
}
