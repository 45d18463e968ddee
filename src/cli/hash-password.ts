/** `storescp --hash-password`: a line for the file of `--users`. */
import { EXIT, exitCodeOn } from './application.js';
import { readPassword } from './password-input.js';
import { formatHash, hashPassword } from './scrypt-hash.js';
import { writeResult } from './standard-output.js';

/**
 * @returns the exit code
 * @throws {Error} one line, if there is no password to read, or the line cannot be written
 */
export async function printUserLine(name: string): Promise<number> {
  const password = await readPassword();
  if (password === undefined) return exitCodeOn('SIGINT');
  writeResult(`${name}:${formatHash(await hashPassword(password))}\n`);
  return EXIT.success;
}
