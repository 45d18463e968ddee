/** Stores instances as files in one directory, each on the disk and under its final name before Success is said. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { FileError, StatusError } from '../base/errors.js';
import { STATUS } from '../dimse/status.js';
import { fileErrorInWords, isSystemError } from '../file/system-error.js';
import type { IncomingInstance, StoreInstance } from './storage-provider.js';

/** How safe a file must be before Success, and who is told of a replacement. */
export interface DirectorySinkOptions {
  /** Flush file and directory to the disk before Success. Default true. */
  readonly fsync?: boolean | undefined;
  /** Is told when an instance is about to replace a file of the same name. */
  readonly onReplace?: ((path: string) => void) | undefined;
}

/**
 * Makes a sink for an existing directory, after removing what a killed run left there.
 * @throws {FileError} if the directory is missing or cannot be written
 */
export async function directorySink(directory: string, options: DirectorySinkOptions = {}): Promise<StoreInstance> {
  try {
    if (!(await stat(directory)).isDirectory())
      throw new FileError(directory, notWritable(directory, 'not a directory'));
    await access(directory, constants.W_OK | constants.X_OK);
    await removeLeftovers(directory);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new FileError(directory, notWritable(directory, fileErrorInWords(error)), { cause: error });
  }
  return (instance) => storeInDirectory(directory, instance, options);
}

function notWritable(directory: string, reason: string): string {
  return `Cannot write to output directory ${directory}: ${reason}`;
}

/** Part file written, flushed, renamed, directory flushed: only after the last of these may Success be said. */
async function storeInDirectory(
  directory: string,
  instance: IncomingInstance,
  { fsync = true, onReplace }: DirectorySinkOptions,
): Promise<void> {
  const part = join(directory, newPartName());
  const path = join(directory, instance.fileName);
  try {
    await writePart(part, instance.part10, fsync);
    if (onReplace !== undefined && (await exists(path))) onReplace(path);
    await rename(part, path);
    if (fsync) await flushDirectory(directory);
  } catch (error) {
    // What went wrong first is what counts; a part file that cannot be removed now is removed at the next start.
    await unlink(part).catch(() => undefined);
    if (!isSystemError(error)) throw error;
    throw new StatusError(STATUS.outOfResources, `cannot store the instance: ${fileErrorInWords(error)}`, {
      cause: error,
    });
  }
}

async function writePart(part: string, batches: AsyncIterable<readonly Buffer[]>, fsync: boolean): Promise<void> {
  const file = await open(part, 'wx');
  try {
    for await (const batch of batches) await writeAll(file, batch);
    if (fsync) await file.datasync();
  } finally {
    await file.close();
  }
}

async function writeAll(file: FileHandle, batch: readonly Buffer[]): Promise<void> {
  const { bytesWritten } = await file.writev(batch);
  let skip = bytesWritten;
  // A write may stop short (a signal, a disk nearly full): the rest goes out one by one, or its error comes to light.
  for (const buffer of batch) {
    const from = Math.min(skip, buffer.length);
    skip -= from;
    for (let offset = from; offset < buffer.length; )
      offset += (await file.write(buffer, offset, buffer.length - offset)).bytesWritten;
  }
}

async function flushDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return false;
    throw error;
  }
}

const PART_NAME = /^\.netdicom-(?<host>[^-]+)-(?<pid>\d+)-[0-9a-f]+\.part$/;
const HOST = hostname().replace(/[^0-9A-Za-z.]/g, '_') || 'localhost';
const FOREIGN_LEFTOVER_AGE_MS = 24 * 60 * 60 * 1000;

function newPartName(): string {
  return `.netdicom-${HOST}-${process.pid}-${randomBytes(8).toString('hex')}.part`;
}

/** Removes part files whose writer is gone; those of another running storescp in the same directory stay. */
async function removeLeftovers(directory: string): Promise<void> {
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

/** A part file older than this process but with its id is another's, which had the same id (always so in a container). */
async function isInUse(path: string, pid: number): Promise<boolean> {
  if (pid === process.pid) return !(await isOlderThan(path, performance.now()));
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
