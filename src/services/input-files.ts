/** Paths as a user gives them become instances to send: files, and the files in directories. */
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FileError, NotAnInstance } from '../base/errors.js';
import { type InstanceFile, inspectInstance } from '../file/instance-file.js';
import { fileErrorInWords } from '../file/system-error.js';

/** A path and what was found there. `isNamed`: it is what the user gave, or a folder in that: not to be skipped lightly. */
export type InputFile =
  | { readonly path: string; readonly isNamed: boolean; readonly instance: InstanceFile }
  | { readonly path: string; readonly isNamed: boolean; readonly error: Error };

/** PS3.4 I: a DICOMDIR refers to instances and is none. */
const MEDIA_STORAGE_DIRECTORY = '1.2.840.10008.1.3.10';

/** Looks into each path in turn; what is in a directory comes in order of names. Never throws for a single path. */
export async function* findInstances(
  paths: readonly string[],
  recurse: boolean,
): AsyncGenerator<InputFile, void, void> {
  for (const path of paths) {
    try {
      if ((await stat(path)).isDirectory()) yield* inDirectory(path, recurse);
      else yield await inspect(path, true);
    } catch (error) {
      yield { path, isNamed: true, error: unreadable(path, error) };
    }
  }
}

async function* inDirectory(directory: string, recurse: boolean): AsyncGenerator<InputFile, void, void> {
  const waiting = [directory];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const folders: string[] = [];
    const entries = await entriesOf(next);
    if (entries instanceof Error) {
      // Nobody knows what should have been sent from there: that is no file to be skipped.
      yield { path: next, isNamed: true, error: entries };
      continue;
    }
    for (const entry of entries) {
      const path = join(next, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile() || (entry.isSymbolicLink() && !(await isLinkToDirectory(path))))
        yield await inspect(path, false);
    }
    if (recurse) waiting.push(...folders.reverse());
  }
}

/** In order of names. */
async function entriesOf(directory: string): Promise<readonly Dirent[] | Error> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    return unreadable(directory, error);
  }
}

/** It could lead round in a circle and is not followed. */
async function isLinkToDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // A link to nowhere is reported when it is looked into.
    return false;
  }
}

async function inspect(path: string, isNamed: boolean): Promise<InputFile> {
  try {
    const instance = await inspectInstance(path);
    if (instance.sopClassUid === MEDIA_STORAGE_DIRECTORY)
      throw new NotAnInstance(path, `Cannot send input file ${path}: it is a DICOMDIR`);
    return { path, isNamed, instance };
  } catch (error) {
    return { path, isNamed, error: unreadable(path, error) };
  }
}

function unreadable(path: string, error: unknown): Error {
  if (error instanceof FileError) return error;
  return new FileError(path, `Cannot read input file ${path}: ${fileErrorInWords(error)}`, { cause: error });
}
