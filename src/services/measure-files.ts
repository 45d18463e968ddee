/** How much there is to send: counted without looking into the files. */
import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { isDicomdir } from '../file/dicomdir.js';
import { inputDisk, type Location } from '../file/open-file.js';
import { filesOfDicomdir } from './dicomdir-files.js';
import { type Found, filesIn } from './folder-walk.js';
import type { SelectFilesOptions } from './store-outcome.js';

/** So many files, of so many bytes together; those among them that hold no instance are known only when they are looked into. */
export interface FilesMeasure {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Counts the files that `storeFiles` would look into, and yields the sum again and again, with some files more each time. What is
 * not there counts as a file of 0 bytes. Throws nothing but what `accept` does.
 */
export async function* measureFiles(
  paths: readonly string[],
  { recurse = false, accept }: Pick<SelectFilesOptions, 'recurse' | 'accept'> = {},
): AsyncGenerator<FilesMeasure, void, void> {
  let files = 0;
  let bytes = 0;
  for (const path of paths)
    for await (const batch of filesAt(path, { recurse, accept })) {
      for (const location of batch) bytes += await sizeOf(location);
      files += batch.length;
      yield { files, bytes };
    }
}

async function* filesAt(
  path: string,
  options: Parameters<typeof filesIn>[1],
): AsyncGenerator<readonly Location[], void, void> {
  if (await isFolder(path)) for await (const batch of filesIn(path, options)) yield batch.map(locationOf);
  // What is one under another name is counted as the file that it is not.
  else if (/^dicomdir$/i.test(basename(path)) && (await isDicomdir(path)))
    for await (const found of filesOfDicomdir(path)) yield [locationOf(found)];
  else yield [path];
}

function locationOf({ location }: Found): Location {
  return location;
}

async function isFolder(path: string): Promise<boolean> {
  return (await statOf(path))?.isDirectory() ?? false;
}

async function sizeOf(location: Location): Promise<number> {
  const found = await statOf(location);
  return found?.isFile() ? found.size : 0;
}

function statOf(location: Location) {
  return inputDisk.run(
    () => statNow(location),
    () => stat(location).catch(() => undefined),
  );
}

function statNow(location: Location) {
  try {
    return statSync(location, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
