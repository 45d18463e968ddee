/** Directories that files are put into: made on the way, flushed together, and on the disk before a file in them counts. */
import { lstatSync, mkdirSync, type Stats } from 'node:fs';
import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StatusError } from '../base/errors.js';
import { STATUS } from '../dimse/status.js';
import type { Disk } from '../file/disk.js';
import { isSystemError } from '../file/system-error.js';

/** As many folders are remembered; of others it is found out once more that they are there. */
const MAX_KNOWN = 1000;

/** A folder that has been entered, with what tells it from another one that has its name later. */
interface Entered {
  readonly directory: Directory;
  readonly ino: number;
  readonly dev: number;
}

/** The folders below a directory, by the names that lead to them. */
export class OutputFolders {
  readonly #root: Directory;
  readonly #disk: Disk;
  readonly #fsync: boolean;
  readonly #known = new Map<string, Promise<Entered>>();

  constructor(root: Directory, disk: Disk, { fsync }: { readonly fsync: boolean }) {
    this.#root = root;
    this.#disk = disk;
    this.#fsync = fsync;
  }

  /**
   * The folder at the end of `names`, made if it is not there. Its entry in the folder around it is on the disk by then, and so on
   * up to the directory: also that of a folder which was there, since a run that made it may have died before its flush. Who
   * may write to the directory can put a link there between this and the next step; nobody else can.
   * @throws {StatusError} A700H a link or a file is in the way: what a peer sends is not to lead out of the directory
   */
  async open(names: readonly string[]): Promise<Directory> {
    let folder = this.#root;
    for (const name of names) folder = await this.#enter(folder, name);
    return folder;
  }

  /** To be called when a folder on the way turns out to be gone: somebody else removes empty ones. */
  forget(): void {
    this.#known.clear();
  }

  /** Whoever comes while a folder is being made waits for the same flush. What was entered before is looked at again. */
  async #enter(parent: Directory, name: string): Promise<Directory> {
    const path = join(parent.path, name);
    const known = this.#known.get(path);
    if (known !== undefined) {
      const { directory, ino, dev } = await known;
      const stat = await folderStat(this.#disk, path);
      if (stat.ino === ino && stat.dev === dev) return directory;
    }
    const entering = this.#make(parent, path);
    this.#remember(path, entering);
    return (await entering).directory;
  }

  #remember(path: string, folder: Promise<Entered>): void {
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < MAX_KNOWN) break;
      this.#known.delete(oldest);
    }
    this.#known.set(path, folder);
    folder.catch(() => {
      if (this.#known.get(path) === folder) this.#known.delete(path);
    });
  }

  async #make(parent: Directory, path: string): Promise<Entered> {
    try {
      await this.#disk.run(
        () => mkdirSync(path),
        () => mkdir(path),
      );
    } catch (error) {
      if (!isSystemError(error) || error.code !== 'EEXIST') throw error;
    }
    const { ino, dev } = await folderStat(this.#disk, path);
    if (this.#fsync) await parent.flush();
    return { directory: new Directory(path, this.#disk), ino, dev };
  }
}

/** @throws {StatusError} A700H if it is none, but a link to one, say */
async function folderStat(disk: Disk, path: string): Promise<Stats> {
  const stat = await statOf(disk, path);
  if (stat.isDirectory()) return stat;
  throw new StatusError(STATUS.outOfResources, 'cannot store the instance: something in place of a folder');
}

/** Of a link itself. */
export function statOf(disk: Disk, path: string): Stats | Promise<Stats> {
  return disk.run(
    () => lstatSync(path),
    () => lstat(path),
  );
}

/** A directory whose flushes are shared: one that begins after several renames covers them all. */
export class Directory {
  readonly path: string;
  readonly #disk: Disk;
  /** The flush under way, or the last one. */
  #current: Promise<void> = Promise.resolve();
  /** One that is asked for, and begins when the one under way has ended. */
  #next: Promise<void> | undefined;

  constructor(path: string, disk: Disk) {
    this.path = path;
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
    const directory = await this.#disk.open(this.path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}
