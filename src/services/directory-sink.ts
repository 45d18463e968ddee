/** Stores instances as files below one directory, each on the disk and under its final name before Success is said. */
import { stat, unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { forEachBatch } from '../base/batch-queue.js';
import { FileError, StatusError } from '../base/errors.js';
import { STATUS } from '../dimse/status.js';
import { afterBytes, Disk, type OpenFile } from '../file/disk.js';
import { fileErrorInWords, isSystemError } from '../file/system-error.js';
import { FinalNames, type NamingOptions } from './final-names.js';
import { Directory } from './output-folders.js';
import { PartFiles, removeLeftovers, tryFile, tryLink } from './part-files.js';
import type { IncomingInstance, Stored, StoreInstance } from './storage-provider.js';

/** How safe a file must be before Success, what it is called, and what happens if that name is taken. */
export interface DirectorySinkOptions extends NamingOptions {
  /** Flush file and directory to the disk before Success. Default true. */
  readonly fsync?: boolean | undefined;
}

/**
 * Makes a sink for an existing directory, after removing what a killed run left there.
 * @throws {FileError} if the directory is missing, cannot be written or, with `fsync`, flushed, or has no hard links where
 *   `onDuplicate` needs them
 */
export async function directorySink(given: string, options: DirectorySinkOptions = {}): Promise<StoreInstance> {
  let directory = given;
  let doing = `Cannot write to output directory ${given}`;
  try {
    // What is tried is what is going to be used: a working directory whose name is no UTF-8 cannot be said.
    directory = resolve(given);
    if (!(await stat(directory)).isDirectory()) throw new FileError(given, `${doing}: not a directory`);
    await removeLeftovers(directory);
    await tryFile(directory);
    if (options.fsync !== false) {
      doing = `Cannot flush output directory ${given} to the disk, as is asked for`;
      await new Directory(directory, new Disk()).flush();
    }
    if (options.onDuplicate === 'keep' || options.onDuplicate === 'reject') {
      doing = `Cannot make a hard link, which keeping the first file takes, in output directory ${given}`;
      await tryLink(directory);
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new FileError(given, `${doing}: ${fileErrorInWords(error)}`, { cause: error });
  }
  const sink = new DirectorySink(directory, options);
  return (instance) => sink.store(instance);
}

class DirectorySink {
  // Each call follows from bytes that have come in.
  readonly #disk = new Disk({ isEventDriven: true });
  readonly #parts: PartFiles;
  readonly #names: FinalNames;
  readonly #fsync: boolean;

  constructor(directory: string, { fsync = true, ...naming }: DirectorySinkOptions) {
    this.#parts = new PartFiles(directory);
    this.#names = new FinalNames(directory, this.#disk, { ...naming, fsync });
    this.#fsync = fsync;
  }

  /** Part file written, flushed, given its name, the folder of that flushed: only after the last may Success be said. */
  async store(instance: IncomingInstance): Promise<Stored> {
    const part = this.#parts.next();
    try {
      const file = await this.#disk.open(part, 'wx');
      try {
        await forEachBatch(instance.part10, (batch) => writeAll(file, batch));
        if (this.#fsync) await file.datasync();
      } finally {
        await file.close();
      }
      const { path, folder } = await this.#names.give(part, instance);
      if (this.#fsync) await folder.flush();
      return { path };
    } catch (error) {
      // What went wrong first is what counts; a part file that cannot be removed now is removed at the next start.
      await unlink(part).catch(() => undefined);
      if (!isSystemError(error)) throw error;
      throw new StatusError(STATUS.outOfResources, `cannot store the instance: ${fileErrorInWords(error)}`, {
        cause: error,
      });
    } finally {
      this.#parts.done(part);
    }
  }
}

/** A write may stop short (a signal, a disk nearly full): then the rest follows, or its error comes to light. */
function writeAll(file: OpenFile, batch: readonly Buffer[]): void | Promise<void> {
  const written = file.writev(batch);
  const goOn = (bytes: number) => {
    const rest = afterBytes(batch, bytes);
    if (rest.length > 0) return writeAll(file, rest);
  };
  return written instanceof Promise ? written.then(goOn) : goOn(written);
}
