/** Where paths lead to: a file that is replaced is the one behind a link, which stays one. */
import { readlinkSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Where a path leads to, whether there is anything or not. */
export function behindLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // A link may lead to what is still to come.
  }
  try {
    return resolve(dirname(path), readlinkSync(path));
  } catch {
    return path;
  }
}

/** @throws {Error} there is something that is no regular file: a device would be lost if a file took its place */
export function assertReplaceable(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new Error('not a regular file');
}
