/** The file of `--users`: one `name:hash` a line, the hash of a password by `storescp --hash-password`. */
import { readFileSync } from 'node:fs';
import { fileMessageOf, messageOf } from './printable.js';
import { parseHash, type ScryptHash } from './scrypt-hash.js';
import { userName } from './user-name.js';

/** By name, as `userName` has it. */
export type UserHashes = ReadonlyMap<string, ScryptHash>;

/**
 * Reads the file anew.
 * @throws {Error} one line that names the file and the line at fault, and shows nothing of what is there
 */
export function readUsers(path: string): UserHashes {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    const why = error instanceof TypeError ? 'it is not UTF-8' : fileMessageOf(error);
    throw new Error(`cannot read users file ${path}: ${why}`, { cause: error });
  }
  return parseUsers(text, (line, fault) => new Error(`cannot use users file ${path}: line ${line}: ${fault}`));
}

function parseUsers(text: string, faultAt: (line: number, fault: string) => Error): UserHashes {
  const users = new Map<string, ScryptHash>();
  const lineOf = new Map<string, number>();
  for (const [index, content] of text.split(/\r?\n/).entries()) {
    const line = content.trim();
    if (line === '' || line.startsWith('#')) continue;
    try {
      const { name, hash } = parseUser(line);
      const before = lineOf.get(name);
      if (before !== undefined) throw new Error(`the user of line ${before} again`);
      lineOf.set(name, index + 1);
      users.set(name, hash);
    } catch (error) {
      throw faultAt(index + 1, messageOf(error));
    }
  }
  return users;
}

/** A name may have colons in it, a hash has none. */
function parseUser(line: string): { readonly name: string; readonly hash: ScryptHash } {
  const colon = line.lastIndexOf(':');
  if (colon < 0) throw new Error('no colon between a name and a hash');
  const hash = parseHash(line.slice(colon + 1).trim());
  try {
    return { name: userName(line.slice(0, colon)), hash };
  } catch (error) {
    throw new Error(`the name ${messageOf(error)}`);
  }
}
