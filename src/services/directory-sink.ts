/** Stores instances as files in one directory, each on the disk and under its final name before Success is said. */
import { randomBytes } from 'node:crypto';
import { constants, existsSync, renameSync } from 'node:fs';
import { access, readdir, rename, stat, unlink } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';
import { join, sep } from 'node:path';
import { forEachBatch } from '../base/batch-queue.js';
import { FileError, StatusError } from '../base/errors.js';
import { STATUS } from '../dimse/status.js';
import { Disk, type OpenFile } from '../file/disk.js';
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
  const sink = new DirectorySink(directory, options);
  return (instance) => sink.store(instance);
}

function notWritable(directory: string, reason: string): string {
  return `Cannot write to output directory ${directory}: ${reason}`;
}

class DirectorySink {
  // Each call follows from bytes that have come in.
  readonly #disk = new Disk({ isEventDriven: true });
  readonly #directory: Directory;
  /** With a separator at its end. */
  readonly #prefix: string;
  readonly #partPrefix: string;
  readonly #fsync: boolean;
  readonly #onReplace: ((path: string) => void) | undefined;
  #parts = 0;

  constructor(directory: string, { fsync = true, onReplace }: DirectorySinkOptions) {
    this.#directory = new Directory(directory, this.#disk);
    this.#prefix = join(directory, sep);
    this.#partPrefix = `${this.#prefix}.netdicom-${HOST}-${process.pid}-${randomBytes(8).toString('hex')}`;
    this.#fsync = fsync;
    this.#onReplace = onReplace;
  }

  /** Part file written, flushed, renamed, directory flushed: only after the last of these may Success be said. */
  async store(instance: IncomingInstance): Promise<void> {
    const part = this.#newPart();
    const path = `${this.#prefix}${instance.fileName}`;
    try {
      const file = await this.#disk.open(part, 'wx');
      try {
        await forEachBatch(instance.part10, (batch) => writeAll(file, batch));
        if (this.#fsync) await file.datasync();
      } finally {
        await file.close();
      }
      if (this.#onReplace !== undefined && (await this.#exists(path))) this.#onReplace(path);
      await this.#rename(part, path);
      if (this.#fsync) await this.#directory.flush();
    } catch (error) {
      // What went wrong first is what counts; a part file that cannot be removed now is removed at the next start.
      await unlink(part).catch(() => undefined);
      if (!isSystemError(error)) throw error;
      throw new StatusError(STATUS.outOfResources, `cannot store the instance: ${fileErrorInWords(error)}`, {
        cause: error,
      });
    }
  }

  /** See `PART_NAME`. */
  #newPart(): string {
    this.#parts++;
    return `${this.#partPrefix}${this.#parts.toString(16)}.part`;
  }

  #rename(part: string, path: string): void | Promise<void> {
    return this.#disk.run(
      () => renameSync(part, path),
      () => rename(part, path),
    );
  }

  #exists(path: string): boolean | Promise<boolean> {
    return this.#disk.run(
      () => existsSync(path),
      () =>
        access(path).then(
          () => true,
          () => false,
        ),
    );
  }
}

/** A directory whose flushes are shared: one that begins after several renames covers them all. */
class Directory {
  readonly #path: string;
  readonly #disk: Disk;
  /** The flush under way, or the last one. */
  #current: Promise<void> = Promise.resolve();
  /** One that is asked for, and begins when the one under way has ended. */
  #next: Promise<void> | undefined;

  constructor(path: string, disk: Disk) {
    this.#path = path;
    this.#disk = disk;
  }

  /** Resolves when the directory is on the disk as it is at the moment of this call, or later. */
  flush(): Promise<void> {
    this.#next ??= this.#flushAfter(this.#current);
    return this.#next;
  }

  async #flushAfter(previous: Promise<void>): Promise<void> {
    await previous.catch(() => undefined);
    this.#current = this.#flushNow();
    this.#next = undefined;
    await this.#current;
  }

  async #flushNow(): Promise<void> {
    const directory = await this.#disk.open(this.#path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}

/** A write may stop short (a signal, a disk nearly full): then the rest follows, or its error comes to light. */
function writeAll(file: OpenFile, batch: readonly Buffer[]): void | Promise<void> {
  const written = file.writev(batch);
  const goOn = (bytes: number) => {
    const rest = without(batch, bytes);
    if (rest.length > 0) return writeAll(file, rest);
  };
  return written instanceof Promise ? written.then(goOn) : goOn(written);
}

/** The buffers without their first `bytes` bytes. */
function without(buffers: readonly Buffer[], bytes: number): readonly Buffer[] {
  let skip = bytes;
  for (const [index, buffer] of buffers.entries()) {
    if (skip < buffer.length) return [buffer.subarray(skip), ...buffers.slice(index + 1)];
    skip -= buffer.length;
  }
  return [];
}

const PART_NAME = /^\.netdicom-(?<host>[^-]+)-(?<pid>\d+)-[0-9a-f]+\.part$/;
const HOST = hostname().replace(/[^0-9A-Za-z.]/g, '_') || 'localhost';
const FOREIGN_LEFTOVER_AGE_MS = 24 * 60 * 60 * 1000;

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
