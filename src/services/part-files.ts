/** Files that an instance has until it is whole: hidden names in the output directory that tell whose they are. */
import { randomBytes } from 'node:crypto';
import { link, readdir, stat, unlink, writeFile } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';
import { join } from 'node:path';
import { isSystemError } from '../file/system-error.js';

const PART_NAME = /^\.netdicom-(?<host>[^-]+)-(?<pid>\d+)-[0-9a-f]+\.part$/;
const HOST = hostname().replace(/[^0-9A-Za-z.]/g, '_') || 'localhost';
const FOREIGN_LEFTOVER_AGE_MS = 24 * 60 * 60 * 1000;

/** Makes the names of part files, no two alike: see `PART_NAME`. */
export class PartNames {
  readonly #prefix: string;
  #count = 0;

  constructor(directory: string) {
    this.#prefix = join(directory, `.netdicom-${HOST}-${process.pid}-${randomBytes(8).toString('hex')}`);
  }

  /** The path of a file that is not there yet. */
  next(): string {
    this.#count++;
    return `${this.#prefix}${this.#count.toString(16)}.part`;
  }
}

/** Tries whether the file system of a directory has hard links. @throws Node's error if not */
export async function tryLink(directory: string): Promise<void> {
  const names = new PartNames(directory);
  const [file, other] = [names.next(), names.next()];
  await writeFile(file, '', { flag: 'wx' });
  try {
    await link(file, other);
    await unlink(other);
  } finally {
    await unlink(file);
  }
}

/** Removes part files whose writer is gone; those of another running storescp in the same directory stay. */
export async function removeLeftovers(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const match = PART_NAME.exec(name);
    if (match?.groups === undefined) continue;
    const path = join(directory, name);
    const { host = '', pid = '' } = match.groups;
    try {
      const isLeft =
        host === HOST ? !(await isInUse(path, Number(pid))) : await isOlderThan(path, FOREIGN_LEFTOVER_AGE_MS);
      if (isLeft) await unlink(path);
    } catch (error) {
      // Its writer has finished meanwhile, or another storescp that starts has removed it.
      if (!isSystemError(error) || error.code !== 'ENOENT') throw error;
    }
  }
}

/**
 * A part file older than this process but with its id is another's, which had the same id (always so in a container); one
 * older than the system is of a process that went down with it, whoever has its id now.
 */
async function isInUse(path: string, pid: number): Promise<boolean> {
  if (pid === process.pid) return !(await isOlderThan(path, performance.now()));
  if (await isOlderThan(path, uptime() * 1000)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isSystemError(error) && error.code === 'EPERM';
  }
}

async function isOlderThan(path: string, ms: number): Promise<boolean> {
  const { mtimeMs } = await stat(path);
  return Date.now() - mtimeMs > ms;
}
