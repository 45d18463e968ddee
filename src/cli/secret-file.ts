/** Files with what proves an identity: read at the start, whole, and never shown. */
import { closeSync, openSync, readSync } from 'node:fs';
import { fileMessageOf } from './printable.js';

/** What a field of a user identity has room for (PS3.7 Table D.3-14), and more than any passphrase has. */
const MAX_LENGTH = 0xffff;
/** The line end after it is no part of what a file holds. */
const MAX_LINE_END = 2;

/**
 * The bytes of a file.
 * @param what it is, for the message: `password file`
 * @throws {Error} one line, if it cannot be read or has more bytes than a secret may have
 */
export function readSecretFile(what: string, path: string): Buffer {
  let length: number;
  const room = Buffer.alloc(MAX_LENGTH + MAX_LINE_END + 1);
  try {
    length = readUpTo(path, room);
  } catch (error) {
    throw new Error(`cannot read ${what} ${path}: ${fileMessageOf(error)}`, { cause: error });
  }
  if (length === room.length) throw new Error(`cannot use ${what} ${path}: it has more than ${MAX_LENGTH} bytes`);
  return room.subarray(0, length);
}

/** Not `readFile`, which would read an endless device for ever. */
function readUpTo(path: string, room: Buffer): number {
  const file = openSync(path, 'r');
  try {
    let length = 0;
    for (;;) {
      const count = readSync(file, room, length, room.length - length, null);
      length += count;
      if (count === 0 || length === room.length) return length;
    }
  } finally {
    closeSync(file);
  }
}

/** Editors and `echo` end a text with a newline that is no part of it; only one is taken off. */
export function withoutLineEnd(text: Buffer): Buffer {
  if (text.at(-1) !== 0x0a) return text;
  return text.subarray(0, text.at(-2) === 0x0d ? -2 : -1);
}
