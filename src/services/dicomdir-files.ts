/** The files that a DICOMDIR refers to (PS3.10 8), looked for under names as file systems show them. */
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { FileError } from '../base/errors.js';
import { fileReferences } from '../file/dicomdir.js';
import type { Found } from './folder-walk.js';

/**
 * Each file once, in the order of the records. One that is not there is given under the name it should have. An error is about
 * the DICOMDIR itself, and the files that could be made out come all the same.
 */
export async function* filesOfDicomdir(path: string): AsyncGenerator<Found, void, void> {
  const given = new Set<string>();
  let isEmpty = true;
  try {
    const fileSet = new FileSet(await folderOf(path));
    for await (const { record, type, fileId } of fileReferences(path)) {
      isEmpty = false;
      if (!fileId.every(isName)) {
        const what = `record ${record} (${type}) refers to ${fileId.join('\\')}, which is no File ID`;
        yield { location: path, error: new FileError(path, `Bad DICOMDIR ${path}: ${what}`) };
        continue;
      }
      const location = await fileSet.find(fileId);
      if (given.has(location)) continue;
      given.add(location);
      yield { location };
    }
  } catch (error) {
    yield { location: path, error };
    return;
  }
  if (isEmpty)
    yield {
      location: path,
      error: new FileError(path, `Cannot send input file ${path}: it is a DICOMDIR that refers to no files`),
    };
}

/** With a slash at its end, or empty for the current directory. A file-set is where its DICOMDIR is, not where a link to that is. */
async function folderOf(path: string): Promise<string> {
  const file = (await lstat(path)).isSymbolicLink() ? await realpath(path) : path;
  return file.slice(0, file.length - basename(file).length);
}

/** Whether it stays a name in a path: a DICOMDIR leads out of its directory by a link at most, which its owner has made. */
function isName(component: string): boolean {
  return !['', '.', '..'].includes(component) && !/[/\0]/.test(component);
}

/** The directory of a DICOMDIR and those below it. */
class FileSet {
  /** A path that ends with a slash, or is empty for the current directory. */
  readonly #root: string;
  /** The names in the directories that were searched so far. */
  readonly #listings = new Map<string, ReadonlyMap<string, string>>();

  constructor(root: string) {
    this.#root = root;
  }

  /** The path of a file. A component that is not there by its own name is looked for by a similar one. */
  async find(fileId: readonly string[]): Promise<string> {
    const exact = this.#root + fileId.join('/');
    if (await exists(exact)) return exact;
    let path = this.#root;
    for (const [index, component] of fileId.entries()) {
      const names = await this.#list(path);
      const name = names.get(component) ?? names.get(alike(component));
      if (name === undefined) return exact;
      path += index < fileId.length - 1 ? `${name}/` : name;
    }
    return path;
  }

  async #list(directory: string): Promise<ReadonlyMap<string, string>> {
    const known = this.#listings.get(directory);
    if (known !== undefined) return known;
    const names = await namesIn(directory);
    const listing = new Map([
      ...names.map((name) => [alike(name), name] as const),
      ...names.map((name) => [name, name] as const),
    ]);
    this.#listings.set(directory, listing);
    return listing;
  }
}

/** As some systems show the names on a CD (ISO 9660 7.5): in lower case, with a version, or with the dot of no extension. */
function alike(name: string): string {
  return name.toLowerCase().replace(/;\d+$/, '').replace(/\.$/, '');
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** In order; none if they cannot be read: the file is then not found under any name. */
async function namesIn(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory === '' ? '.' : directory).catch(() => []);
  return names.sort();
}
