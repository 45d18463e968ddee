/** Where paths lead to: a file that is replaced is the one behind a link, which stays one. */
import { readlinkSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** As many as Linux follows. */
const MAX_LINKS = 40;

/** Where a path leads to, whether there is anything or not: a link may lead to what is still to come. */
export function behindLinks(path: string): string {
  let target = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    try {
      return realpathSync(target);
    } catch {
      // Nothing there, or a link to nothing.
    }
    try {
      target = resolve(realpathSync(dirname(target)), readlinkSync(target));
    } catch {
      return target;
    }
  }
  return path;
}

/** @throws {Error} there is something that is no regular file: a device would be lost if a file took its place */
export function assertReplaceable(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new Error('not a regular file');
}
