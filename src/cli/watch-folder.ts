/** What appears in a folder, once it is complete: looked for again and again. */
import { type FSWatcher, lstatSync, statSync, watch } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import {
  FileError,
  filesIn,
  inspectInstance,
  MEDIA_STORAGE_DIRECTORY,
  NotAnInstance,
  type PathFilter,
} from '../index.js';
import { systemCodeOf } from './system-code.js';
import { isSameVersion, type Version } from './watch-journal.js';

export interface FolderOptions {
  readonly directory: string;
  readonly recurse: boolean;
  readonly accept?: PathFilter | undefined;
  /** A file that has not changed for so long is complete. */
  readonly settleMs: number;
}

/** Who decides about files, each named by its path below the folder. */
export interface FolderUser {
  /** Whether there is nothing to do about this version of a file now. */
  isDone(name: string, version: Version): boolean;
  /** A file that is complete and is none that can be sent. */
  onUnfit(name: string, version: Version, error: FileError): void;
  /** A file or folder that cannot be read now. */
  onUnreadable(path: string, error: unknown, version?: Version): void;
  /** All has been looked at: `names` are there, and what is in the folders `unread`, which could not be read. */
  onScanned(names: ReadonlySet<string>, unread: readonly string[]): void;
}

/** A file to be sent. */
export interface Ready {
  readonly path: string;
  readonly name: string;
  readonly version: Version;
}

/** One that was last written so long ago is hardly being written now, unless the clocks of the two sides differ by more. */
const OLD_MS = 60 * 60 * 1000;
/** Between two looks at files that may still be written. */
const MAX_PAUSE_MS = 1000;
const MIN_PAUSE_MS = 50;
/** Between two looks at all of a folder: at least so many times as long as one takes. */
const REST_TIMES = 9;
const LOOKS_AT_ONCE = 64;
/** A look costs some ten microseconds. */
const MAX_LOOKS_PER_MS = 20;
/** Most names that the system may have told of at a time; a look at all will find the others. */
const MAX_TOLD = 10_000;

/**
 * Looks at a folder until it is closed: at all of it from time to time, since no system tells of everything (not of what others do
 * on a share, nor of what comes too fast), and meanwhile at what the system tells of, which is the folder itself, and at files that
 * were not complete.
 */
export class WatchedFolder {
  readonly #options: FolderOptions;
  readonly #user: FolderUser;
  /** Files that were seen and may still be written. */
  readonly #unsettled = new Map<string, { readonly version: Version; readonly sinceMs: number }>();
  /** Names that the system has told of. */
  readonly #told = new Set<string>();
  #watcher: FSWatcher | undefined;
  #isClosed = false;
  #wake: (() => void) | undefined;

  constructor(options: FolderOptions, user: FolderUser) {
    this.#options = options;
    this.#user = user;
  }

  /** Files as they become complete, each as long as its user has not done with it. */
  async *ready(): AsyncGenerator<Ready, void, void> {
    this.#watch();
    while (!this.#isClosed) {
      let busyMs = 0;
      let resumed = performance.now();
      for await (const file of this.#scan()) {
        busyMs += performance.now() - resumed;
        yield file;
        resumed = performance.now();
      }
      const ended = performance.now();
      const nextMs = ended + Math.max(this.#pauseMs, REST_TIMES * (busyMs + ended - resumed));
      do {
        await this.#pause(Math.max(this.#pauseMs, this.#unsettled.size / MAX_LOOKS_PER_MS));
        yield* this.#lookAgain();
      } while (performance.now() < nextMs && !this.#isClosed);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#watcher?.close();
    this.#wake?.();
  }

  get #pauseMs(): number {
    return Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, this.#options.settleMs / 2));
  }

  #watch(): void {
    try {
      this.#watcher = watch(this.#options.directory, (_, name) => {
        if (name !== null && !name.startsWith('.') && this.#told.size < MAX_TOLD) this.#told.add(name);
      });
      // What cannot be watched, or not any longer, is looked at.
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      this.#watcher = undefined;
    }
  }

  /** What may have become complete since the last look. */
  async *#lookAgain(): AsyncGenerator<Ready, void, void> {
    const told = [...this.#told];
    this.#told.clear();
    let looks = 0;
    for (const name of new Set([...this.#unsettled.keys(), ...told])) {
      if (++looks % LOOKS_AT_ONCE === 0) await setImmediate();
      if (this.#isClosed) return;
      const path = pathIn(this.#options.directory, name);
      if (!this.#unsettled.has(name) && !(this.#accepts(name, 'file') && isPlainFile(path))) continue;
      const file = await this.#look(path, name);
      if (file !== undefined) yield file;
    }
  }

  async *#scan(): AsyncGenerator<Ready, void, void> {
    const { directory, recurse } = this.#options;
    const names = new Set<string>();
    const unread: string[] = [];
    for await (const batch of filesIn(directory, { recurse, accept: (path, kind) => this.#accepts(path, kind) })) {
      // Others have their turn: there may be a hundred thousand.
      await setImmediate();
      for (const found of batch) {
        if (this.#isClosed) return;
        const path = found.location.toString();
        if ('error' in found || typeof found.location !== 'string') {
          const name = this.#nameOf(path);
          if ('error' in found) unread.push(name);
          else names.add(name);
          const error = 'error' in found ? found.error : new Error('its name is no UTF-8');
          // Nor are folders, but for the one that is watched.
          if (name === '' || !isGone(error)) this.#user.onUnreadable(path, error);
          continue;
        }
        const name = this.#nameOf(path);
        names.add(name);
        const file = await this.#look(path, name);
        if (file !== undefined) yield file;
      }
    }
    for (const name of this.#unsettled.keys())
      if (!names.has(name) && !isInAnyOf(unread, name)) this.#unsettled.delete(name);
    this.#user.onScanned(names, unread);
  }

  #nameOf(path: string): string {
    return nameIn(this.#options.directory, path);
  }

  /** Names that begin with a dot are of files in the making, our own state among them. */
  #accepts(path: string, kind: 'file' | 'directory'): boolean {
    if (path.slice(path.lastIndexOf('/') + 1).startsWith('.')) return false;
    return this.#options.accept?.(path, kind) ?? true;
  }

  async #look(path: string, name: string): Promise<Ready | undefined> {
    let version: Version | undefined;
    try {
      version = versionOf(path);
      if (version === undefined || this.#user.isDone(name, version)) {
        this.#unsettled.delete(name);
        return undefined;
      }
      if (!this.#isSettled(name, version)) return undefined;
      this.#unsettled.delete(name);
      const { sopClassUid } = await inspectInstance(path);
      if (sopClassUid === MEDIA_STORAGE_DIRECTORY) throw new NotAnInstance(path, `${path} is a DICOMDIR`);
      return { path, name, version };
    } catch (error) {
      if (version !== undefined && error instanceof FileError && !isOfSystem(error.cause))
        this.#user.onUnfit(name, version, error);
      // One that has gone meanwhile is not missed.
      else if (!isGone(error)) this.#user.onUnreadable(path, error, version);
      return undefined;
    }
  }

  #isSettled(name: string, version: Version): boolean {
    const { settleMs } = this.#options;
    if (settleMs === 0 || Date.now() - version.modifiedMs > OLD_MS) return true;
    const now = performance.now();
    const seen = this.#unsettled.get(name);
    if (seen !== undefined && isSameVersion(seen.version, version)) return now - seen.sinceMs >= settleMs;
    this.#unsettled.set(name, { version, sinceMs: now });
    return false;
  }

  #pause(ms: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** As looking at all of a folder gives it. */
export function pathIn(directory: string, name: string): string {
  return `${directory}${directory.endsWith('/') ? '' : '/'}${name}`;
}

/** A path below the directory without that of the directory. */
export function nameIn(directory: string, path: string): string {
  return path.slice(directory.length).replace(/^\/+/, '');
}

/** Whether a file is below one of these folders, or is one. */
export function isInAnyOf(folders: readonly string[], name: string): boolean {
  return folders.some((folder) => folder === '' || name === folder || name.startsWith(`${folder}/`));
}

/** Undefined if there is no file. @throws the system's error */
export function versionOf(path: string): Version | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isFile()) return undefined;
  return { size: stat.size, modifiedMs: stat.mtimeMs, changedMs: stat.ctimeMs, inode: stat.ino };
}

/** A link is left to a look at all, which follows each once. */
function isPlainFile(path: string): boolean {
  try {
    return lstatSync(path).isFile();
  } catch {
    return false;
  }
}

function isGone(error: unknown): boolean {
  return systemCodeOf(error instanceof FileError ? error.cause : error) === 'ENOENT';
}

/** Whether it is about the file system and not about what the file holds. */
export function isOfSystem(cause: unknown): boolean {
  return cause instanceof Error && 'syscall' in cause;
}
