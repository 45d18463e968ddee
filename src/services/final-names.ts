/** The name that a whole file gets: in which folder, and what happens if another file has it. */
import { linkSync, lstatSync, renameSync, type Stats } from 'node:fs';
import { link, lstat, rename, unlink } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { StatusError, UsageError } from '../base/errors.js';
import { STATUS } from '../dimse/status.js';
import type { Disk } from '../file/disk.js';
import { isSystemError } from '../file/system-error.js';
import { Directory, OutputFolders, statOf } from './output-folders.js';
import { Comparisons } from './same-instance.js';
import type { IncomingInstance } from './storage-provider.js';

/** What becomes of an instance whose name a file has already: see `NamingOptions.onDuplicate`. */
export type OnDuplicate = 'replace' | 'keep' | 'reject';

const ON_DUPLICATE: readonly OnDuplicate[] = ['replace', 'keep', 'reject'];

/** What a file is called, and what happens if that name is taken. */
export interface NamingOptions {
  /**
   * The folders below the directory that lead to an instance's file, then its name. Asked when the data set has come, so that
   * all of `attributes` is there; the folders are made. Default: `fileName` alone.
   */
  readonly nameOf?: ((instance: IncomingInstance) => readonly string[]) | undefined;
  /**
   * `replace` (default): the new file takes the place of the old one. `keep`: the old one stays; the same data set once more is
   * answered Success, another one 0111H, Duplicate SOP Instance. `reject`: the old one stays, and the answer is 0111H.
   * Of several that come at a time exactly one is the first. The latter two take a file system with hard links.
   */
  readonly onDuplicate?: OnDuplicate | undefined;
  /** Is told when an instance is about to replace a file of the same name. */
  readonly onReplace?: ((path: string, instance: IncomingInstance) => void) | undefined;
  /** Is told when a file stays, and whether what came is the same, which is then answered Success. */
  readonly onKeep?: ((path: string, isSame: boolean, instance: IncomingInstance) => void) | undefined;
}

/** By what the file that stays is, beside what came. */
const WHAT_IS_THERE = {
  different: 'another data set is stored under this UID',
  'no-instance': 'a file that is no DICOM file is stored under this UID',
} as const;

/** With all that is removed in between: more often than by chance, and few enough if the directory itself is gone. */
const MAX_TRIES = 10;
/** The system takes milliseconds to remove as much, and a tenth of a second for a gigabyte: nobody else is to wait for that. */
const LONG_TO_REMOVE_BYTES = 16 * 1024 * 1024;

/** Where a file is, and the folder that has its name, to be flushed. */
export interface Place {
  readonly path: string;
  readonly folder: Directory;
}

export class FinalNames {
  readonly #disk: Disk;
  readonly #directory: Directory;
  readonly #folders: OutputFolders;
  readonly #comparisons = new Comparisons();
  /** By their paths, the last of those that are being given: it never rejects. */
  readonly #underWay = new Map<string, Promise<void>>();
  /** With a separator at its end. */
  readonly #prefix: string;
  readonly #options: NamingOptions & { readonly fsync: boolean };

  /** @throws {UsageError} an `onDuplicate` that is none */
  constructor(directory: string, disk: Disk, options: NamingOptions & { readonly fsync: boolean }) {
    // Programs without types: a word that is none must not be taken for leave to replace.
    if (!ON_DUPLICATE.includes(options.onDuplicate ?? 'replace'))
      throw new UsageError(`onDuplicate ${options.onDuplicate} is none of ${ON_DUPLICATE.join(', ')}`);
    this.#disk = disk;
    this.#directory = new Directory(directory, disk);
    this.#folders = new OutputFolders(this.#directory, disk, options);
    this.#prefix = join(directory, sep);
    this.#options = options;
  }

  /**
   * Gives the file at `part`, which is whole, the name that the instance gets; nothing is at `part` then.
   * @throws {StatusError} 0111H that name is another's, who stays
   */
  give(part: string, instance: IncomingInstance): Place | Promise<Place> {
    const { nameOf, onDuplicate = 'replace' } = this.#options;
    if (nameOf !== undefined) return this.#giveIn(part, checkedNames(nameOf(instance)), instance);
    if (onDuplicate !== 'replace') return this.#giveIn(part, [instance.fileName], instance);
    const place = { path: `${this.#prefix}${instance.fileName}`, folder: this.#directory };
    const replacing = this.#replace(part, place.path, instance);
    return replacing instanceof Promise ? replacing.then(() => place) : place;
  }

  async #giveIn(part: string, names: readonly string[], instance: IncomingInstance): Promise<Place> {
    for (let tries = 1; ; tries++) {
      try {
        const folder = await this.#folders.open(names.slice(0, -1));
        const path = join(folder.path, ...names.slice(-1));
        if (this.#options.onDuplicate === 'keep' || this.#options.onDuplicate === 'reject')
          await this.#add(part, path, instance);
        else await this.#replace(part, path, instance);
        return { path, folder };
      } catch (error) {
        // Somebody has removed an empty folder, or the file that was to stay, at this very moment, and may again.
        if (tries === MAX_TRIES || !isSystemError(error) || error.code !== 'ENOENT') throw error;
        this.#folders.forget();
      }
    }
  }

  /** One after the other for each path: two renames on two threads could end the other way round than they are answered. */
  #replace(part: string, path: string, instance: IncomingInstance): void | Promise<void> {
    const replace = () => this.#replaceNow(part, path, instance);
    const before = this.#underWay.get(path);
    const replacing = before === undefined ? replace() : before.then(replace);
    if (replacing === undefined) return;
    const end = () => {
      if (this.#underWay.get(path) === ended) this.#underWay.delete(path);
    };
    const ended = replacing.then(end, end);
    this.#underWay.set(path, ended);
    return replacing;
  }

  #replaceNow(part: string, path: string, instance: IncomingInstance): void | Promise<void> {
    const replace = (bytes: number | undefined) => {
      if (bytes !== undefined) {
        // Nobody is told of it, and what is there may have come after it and have been acknowledged.
        instance.signal.throwIfAborted();
        this.#options.onReplace?.(path, instance);
      }
      return this.#rename(part, path, bytes);
    };
    const found = this.#bytesOf(path);
    return found instanceof Promise ? found.then(replace) : replace(found);
  }

  /** @param replaced bytes of the file that has the name: giving those back is part of the work */
  #rename(part: string, path: string, replaced = 0): void | Promise<void> {
    if (replaced >= LONG_TO_REMOVE_BYTES) return rename(part, path);
    return this.#disk.run(
      () => renameSync(part, path),
      () => rename(part, path),
    );
  }

  /** A link is made only where nothing is, whoever else tries, where a rename replaces. */
  async #add(part: string, path: string, instance: IncomingInstance): Promise<void> {
    try {
      await this.#disk.run(
        () => linkSync(part, path),
        () => link(part, path),
      );
    } catch (error) {
      if (!isSystemError(error) || error.code !== 'EEXIST') throw error;
      await this.#leave(path, part, instance);
    }
    // What cannot be removed now is removed at the next start.
    await unlink(part).catch(() => undefined);
  }

  /** The file at `path` stays. @throws {StatusError} unless Success may be said of it */
  async #leave(path: string, part: string, instance: IncomingInstance): Promise<void> {
    const { onDuplicate, onKeep, fsync } = this.#options;
    if (!(await statOf(this.#disk, path)).isFile())
      throw new StatusError(STATUS.outOfResources, 'cannot store the instance: something in place of its file');
    const likeness = onDuplicate === 'keep' ? await this.#comparisons.likeness(path, part) : undefined;
    const isSame = likeness === 'same';
    // Whoever wrote it may have been told not to.
    if (isSame && fsync) await this.#flushFile(path);
    onKeep?.(path, isSame, instance);
    if (isSame) return;
    throw new StatusError(
      STATUS.duplicateInstance,
      likeness === undefined ? 'it is stored already' : WHAT_IS_THERE[likeness],
    );
  }

  async #flushFile(path: string): Promise<void> {
    const file = await this.#disk.open(path, 'r');
    try {
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  /**
   * Of what a rename would replace, which is a link and not what it leads to. Undefined if that is nothing, or a directory, or
   * nobody can tell: the next step says what is wrong.
   */
  #bytesOf(path: string): number | undefined | Promise<number | undefined> {
    return this.#disk.run(
      () => {
        try {
          // As a rule there is none, and an error takes longer than the call.
          return bytesOf(lstatSync(path, { throwIfNoEntry: false }));
        } catch {
          return undefined;
        }
      },
      () => lstat(path).then(bytesOf, () => undefined),
    );
  }
}

function bytesOf(stat: Stats | undefined): number | undefined {
  return stat?.isDirectory() ? undefined : stat?.size;
}

/**
 * Whoever makes the names makes them of what a peer has sent: each is to be one name, and none leads up.
 * @throws {UsageError} otherwise
 */
function checkedNames(names: readonly string[]): readonly string[] {
  const isOne = (name: string) => name !== '' && name !== '.' && name !== '..' && !/[/\\\0]/.test(name);
  if (names.length === 0 || !names.every(isOne))
    throw new UsageError('a name in nameOf is not that of one file or folder');
  return names;
}
