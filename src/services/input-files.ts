/** Paths as a user gives them become instances to send: files, the files in directories, those of a DICOMDIR. */
import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { FileError, NotAnInstance, UsageError } from '../base/errors.js';
import { isDicomdir, MEDIA_STORAGE_DIRECTORY } from '../file/dicomdir.js';
import { type InstanceFile, readInstance } from '../file/instance-file.js';
import { inputDisk, type Location } from '../file/open-file.js';
import { fileErrorInWords } from '../file/system-error.js';
import { filesOfDicomdir } from './dicomdir-files.js';
import { type Found, filesIn, type WalkOptions } from './folder-walk.js';

export type { PathFilter } from './folder-walk.js';

/**
 * A path and what was found there. `isNamed`: it is what the user gave, a file that a DICOMDIR refers to, or a directory that
 * cannot be looked into: not to be skipped lightly.
 */
export type InputFile =
  | {
      readonly path: string;
      readonly isNamed: boolean;
      readonly instance: InstanceFile;
      /** Its data set, if it is so small that it was read whole. */
      readonly dataSet?: Buffer | undefined;
      /** How often it is still to be sent, if it is here for the second time. */
      readonly turns?: number;
      /** Which try it is here for; the first if it is not said. */
      readonly attempts?: number;
      /** The try before. */
      readonly last?: LastTry;
    }
  | { readonly path: string; readonly isNamed: boolean; readonly error: Error };

/** What became of a file that is tried again. */
export interface LastTry {
  /** Its association was lost before it was answered. */
  readonly wasLost: boolean;
  /** Makes it the outcome of the file, which is not tried again after all. */
  tell(): void | Promise<void>;
}

export type WaitingInstance = Extract<InputFile, { readonly instance: InstanceFile }>;
/** One that could not be looked into, or holds no instance. */
export type ProblemFile = Extract<InputFile, { readonly error: Error }>;

/** Whether it was met by the way and was hardly meant to be sent: that it cannot be is no failure then. */
export function isSkipped(file: InputFile): boolean {
  return 'error' in file && !file.isNamed && file.error instanceof NotAnInstance;
}

/** What `storeFiles` is given: paths that are there already, or come one by one. */
export type Paths = Iterable<Location> | AsyncIterable<Location>;

/** @throws {UsageError} for one path: a text is a list of its characters, and of any type that has them */
export function isStream(paths: Paths): paths is AsyncIterable<Location> {
  if (typeof paths === 'string') throw new UsageError('paths is one path, and not a list of them');
  return Symbol.asyncIterator in paths;
}

/** Looks into a file that was found. Never throws. */
export type Look = () => InputFile | Promise<InputFile>;

/**
 * What there is to look into for each path in turn, as often as it is given; some files at a time. `options` are for directories,
 * see `filesIn`; a path that is named is never filtered. Never throws for a single path.
 */
export async function* findInstances(paths: Paths, options: WalkOptions): AsyncGenerator<readonly Look[], void, void> {
  if (isStream(paths)) for await (const path of paths) yield* instancesAt(path, options);
  else for (const path of paths) yield* instancesAt(path, options);
}

async function* instancesAt(path: Location, options: WalkOptions): AsyncGenerator<readonly Look[], void, void> {
  if (await isDirectory(path)) {
    for await (const batch of filesIn(path, options)) yield batch.map((found) => () => lookInto(found, false));
    return;
  }
  const file = await inspect(path, true);
  if (!('error' in file && (await isDicomdir(path)))) yield [() => file];
  else if (!isText(path)) yield [() => failed(path, true, new FileError(path.toString(), unspeakable(path)))];
  else for await (const found of filesOfDicomdir(path.toString())) yield [() => lookInto(found, true)];
}

/** Whether a string can say it. */
function isText(path: Location): boolean {
  return typeof path === 'string' || Buffer.from(path.toString()).equals(path);
}

function unspeakable(path: Location): string {
  return `Cannot send input file ${path}: it is a DICOMDIR in a folder whose name is no UTF-8`;
}

async function isDirectory(path: Location): Promise<boolean> {
  try {
    const found = await inputDisk.run(
      () => statSync(path),
      () => stat(path),
    );
    return found.isDirectory();
  } catch {
    // What is wrong with the path comes out when it is looked into.
    return false;
  }
}

function lookInto(found: Found, isNamed: boolean): InputFile | Promise<InputFile> {
  if (!('error' in found)) return inspect(found.location, isNamed);
  // Nobody knows what should have been sent from there: that is no file to be skipped.
  return failed(found.location, true, found.error);
}

async function inspect(location: Location, isNamed: boolean): Promise<InputFile> {
  const path = location.toString();
  try {
    const { instance, dataSet } = await readInstance(location);
    if (instance.sopClassUid !== MEDIA_STORAGE_DIRECTORY) return { path, isNamed, instance, dataSet };
  } catch (error) {
    // One that is damaged was not to be sent either.
    if (isNamed || !(await isDicomdir(location))) return failed(location, isNamed, error);
  }
  return { path, isNamed, error: new NotAnInstance(path, `Cannot send input file ${path}: it is a DICOMDIR`) };
}

function failed(location: Location, isNamed: boolean, error: unknown): InputFile {
  const path = location.toString();
  if (error instanceof FileError) return { path, isNamed, error };
  const message = `Cannot read input file ${path}: ${fileErrorInWords(error)}`;
  return { path, isNamed, error: new FileError(path, message, { cause: error }) };
}
