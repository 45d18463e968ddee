/** Files of settings in UTF-8, as editors save them. */
import { readFileSync } from 'node:fs';
import { CommandLineError } from './command-line-error.js';
import { fileMessageOf } from './printable.js';

/**
 * The text of the file that `option` names, without a byte order mark.
 * @throws {CommandLineError} if it cannot be read
 */
export function readTextFile(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    throw new CommandLineError(`${option}: cannot read ${path}: ${fileMessageOf(error)}`, { cause: error });
  }
}
