/** The files in a directory and, if wanted, in those below it: lazily, in a stable order, symbolic links followed once. */
import type { BigIntStats, Dir, Dirent } from 'node:fs';
import { opendir, readdir, stat } from 'node:fs/promises';
import { inputDisk, type Location } from '../file/open-file.js';

/**
 * Whether to take a file, or to look into a directory at all. `path` begins below the directory that the user named, and has
 * '/' between its names.
 */
export type PathFilter = (path: string, kind: 'file' | 'directory') => boolean;

/** What counts as being in a directory. */
export interface WalkOptions {
  /** Look into the directories of a directory too. */
  readonly recurse: boolean;
  /** Asked about everything found in the directory; false leaves it out without a word. */
  readonly accept?: PathFilter | undefined;
}

/** A file to look into, or what was thrown when one was looked for. */
export type Found = { readonly location: Location } | { readonly location: Location; readonly error: unknown };

/**
 * The files of `directory` in the order of their names, then those of each directory in it, in the order of their names. Names
 * go by code units; where one is no UTF-8, all of its directory by bytes. What a symbolic link leads to counts under the name
 * of the link. Only names are kept, of one directory for each level. They come some at a time.
 *
 * A link to a directory is followed unless that was looked into before, by whatever path; so is a directory that a link has
 * led to already. Of links to the same file the first is followed. Sockets, pipes and devices are left out.
 */
export function filesIn(directory: Location, options: WalkOptions): AsyncGenerator<readonly Found[], void, void> {
  return new Walk(options).files({ location: directory, below: '' });
}

type Name = string | Buffer;
/** `none` is left out. */
type Kind = 'file' | 'directory' | 'link' | 'none';

interface Place {
  readonly location: Location;
  /** Path below the directory named, empty for itself. */
  readonly below: string;
}

class Walk {
  readonly #options: WalkOptions;
  /** Directories that were or are being looked into, and files that a link led to. */
  readonly #met = new Set<string>();

  constructor(options: WalkOptions) {
    this.#options = options;
  }

  async *files(directory: Place): AsyncGenerator<readonly Found[], void, void> {
    const listing = await this.#list(directory.location);
    if ('error' in listing) {
      yield [{ location: directory.location, error: listing.error }];
      return;
    }
    const folders: Name[] = [];
    for (let from = 0; from < listing.names.length; from += FILES_AT_ONCE) {
      const found: Found[] = [];
      for (const name of listing.names.slice(from, from + FILES_AT_ONCE)) {
        const place = placeIn(directory, name);
        const told = listing.kinds.get(name) ?? 'file';
        const { kind, target } = told === 'link' ? await behind(place.location) : { kind: told };
        if (kind === 'directory') {
          if (this.#options.recurse && this.#accepts(place, kind)) folders.push(name);
        } else if (kind === 'file' && this.#accepts(place, kind) && (target === undefined || this.#isNew(target)))
          found.push({ location: place.location });
      }
      yield found;
    }
    for (const name of folders) yield* this.files(placeIn(directory, name));
  }

  async #list(directory: Location): Promise<Listing | { readonly error: unknown }> {
    try {
      return this.#isNew(await stat(directory, { bigint: true })) ? await list(directory) : NOTHING;
    } catch (error) {
      return { error };
    }
  }

  #isNew({ dev, ino, birthtimeNs }: BigIntStats): boolean {
    // Some file systems number nothing; the length of a path then bounds a circle.
    if (ino === 0n) return true;
    // The number of what is gone is soon another's.
    const key = `${dev}:${ino}:${birthtimeNs}`;
    if (this.#met.has(key)) return false;
    this.#met.add(key);
    return true;
  }

  #accepts({ below }: Place, kind: 'file' | 'directory'): boolean {
    return this.#options.accept?.(below, kind) ?? true;
  }
}

/** What a link leads to. */
async function behind(link: Location): Promise<{ readonly kind: Kind; readonly target?: BigIntStats }> {
  try {
    const target = await stat(link, { bigint: true });
    return { kind: kindOf(target), target };
  } catch {
    // A link that leads nowhere is reported when it is looked into.
    return { kind: 'file' };
  }
}

interface Listing {
  /** In order. */
  readonly names: readonly Name[];
  /** Of all names but those of files, which are most. */
  readonly kinds: ReadonlyMap<Name, Kind>;
}

const ENTRIES_AT_ONCE = 256;
const FILES_AT_ONCE = 64;
const NOTHING: Listing = { names: [], kinds: new Map() };
/** What stands in a string for bytes that are no UTF-8. */
const REPLACEMENT_CHARACTER = '\ufffd';

/** What storescp and `storescu --watch` keep beside the files of others: nobody means it when he names the folder. */
const isOurs = (name: string) => name.startsWith('.netdicom-');

/** Entry by entry: an object for each of 100,000 would be ten times the names. */
async function list(directory: Location): Promise<Listing> {
  const names: string[] = [];
  const kinds = new Map<string, Kind>();
  const opened = await opendir(directory, { bufferSize: ENTRIES_AT_ONCE });
  try {
    for (let entries = await someOf(opened); entries.length > 0; entries = await someOf(opened))
      for (const entry of entries) {
        if (entry.name.includes(REPLACEMENT_CHARACTER)) return listInBytes(directory);
        if (isOurs(entry.name)) continue;
        names.push(entry.name);
        if (!entry.isFile()) kinds.set(entry.name, kindOf(entry));
      }
  } finally {
    await opened.close();
  }
  return { names: names.sort(), kinds };
}

/** The next entries of a directory; none at its end. */
function someOf(directory: Dir): readonly Dirent[] | Promise<readonly Dirent[]> {
  return inputDisk.run(
    () => {
      const entries: Dirent[] = [];
      for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
        entries.push(entry);
        if (entries.length === ENTRIES_AT_ONCE) break;
      }
      return entries;
    },
    async () => {
      const entry = await directory.read();
      return entry === null ? [] : [entry];
    },
  );
}

async function listInBytes(directory: Location): Promise<Listing> {
  const all = await readdir(directory, { withFileTypes: true, encoding: 'buffer' });
  const entries = all.filter(({ name }) => !isOurs(name.toString('latin1')));
  const names = entries.map(({ name }) => name).sort(Buffer.compare);
  return { names, kinds: new Map(entries.map((entry) => [entry.name, kindOf(entry)])) };
}

function kindOf(entry: Dirent<Name> | BigIntStats): Kind {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'link' : 'none';
}

function placeIn({ location, below }: Place, name: Name): Place {
  const text = name.toString();
  const isText = typeof location === 'string' && (typeof name === 'string' || Buffer.from(text).equals(name));
  return {
    location: isText
      ? `${location}${location.endsWith('/') ? '' : '/'}${text}`
      : Buffer.concat([bytes(location), SLASH, bytes(name)]),
    below: below === '' ? text : `${below}/${text}`,
  };
}

const SLASH = Buffer.of(0x2f);

function bytes(text: Name): Buffer {
  return typeof text === 'string' ? Buffer.from(text) : text;
}
