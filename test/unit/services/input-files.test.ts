/** Paths to instances: named or found, readable or not, and never a file left out without a word. */
import assert from 'node:assert/strict';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { FileError } from '../../../src/base/errors.js';
import { findInstances, type InputFile } from '../../../src/services/input-files.js';
import { writeInstance } from '../../support/loopback-files.js';
import { temporaryFolder } from '../../support/loopback-server.js';

/** `name`, with `!` for an error and `=` for a named one. */
function inShort(file: InputFile): string {
  return `${file.isNamed ? '=' : ''}${'error' in file ? '!' : ''}${basename(file.path)}`;
}

async function find(paths: readonly string[], recurse = false): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const file of findInstances(paths, recurse)) found.push(inShort(file));
  return found;
}

test('files come in the order given, those of a directory in order of names, deeper ones after', async () => {
  await using folder = await temporaryFolder();
  const directory = join(folder.path, 'd');
  for (const path of ['', 'b', 'b/x', 'a']) await mkdir(join(directory, path), { recursive: true });
  const z = await writeInstance(folder.path, 'z');
  for (const path of ['3', '1', '2', 'b/4', 'b/x/5', 'a/6']) await writeInstance(directory, path);
  await writeFile(join(directory, '0'), 'no DICOM');
  assert.deepEqual(await find([z, directory]), ['=z', '!0', '1', '2', '3']);
  assert.deepEqual(await find([directory, z], true), ['!0', '1', '2', '3', '6', '4', '5', '=z']);
});

test('what was named and cannot be sent is an error of its path, and the rest goes on', async () => {
  await using folder = await temporaryFolder();
  const good = await writeInstance(folder.path, 'good');
  const directory = await writeInstance(folder.path, 'DICOMDIR', { sopClassUid: '1.2.840.10008.1.3.10' });
  const missing = join(folder.path, 'missing');
  assert.deepEqual(await find([missing, directory, good, join(good, 'below')]), [
    '=!missing',
    '=!DICOMDIR',
    '=good',
    '=!below',
  ]);
  for await (const file of findInstances([missing], false)) {
    assert.ok('error' in file && file.error instanceof FileError);
    assert.equal(file.error.path, missing);
    assert.equal(file.error.message, `Cannot read input file ${missing}: no such file or directory`);
  }
});

test('links to files are followed, links to directories are not, links to nothing are errors', async () => {
  await using folder = await temporaryFolder();
  const directory = join(folder.path, 'd');
  await mkdir(directory);
  const path = await writeInstance(folder.path, 'file');
  await symlink(path, join(directory, 'to-file'));
  await symlink(directory, join(directory, 'to-itself'));
  await symlink(join(folder.path, 'nowhere'), join(directory, 'to-nothing'));
  assert.deepEqual(await find([directory], true), ['to-file', '!to-nothing']);
  assert.deepEqual(await find([join(directory, 'to-file'), join(directory, 'to-itself')]), [
    '=to-file',
    'to-file',
    '!to-nothing',
  ]);
});

test('a folder that cannot be looked into is told by its own name, and those after it are looked into', async () => {
  await using folder = await temporaryFolder();
  for (const name of ['a', 'b', 'c']) {
    await mkdir(join(folder.path, name));
    await writeInstance(folder.path, `${name}/in-${name}`);
  }
  await writeInstance(folder.path, '1');
  const found: string[] = [];
  for await (const file of findInstances([folder.path], true)) {
    found.push(inShort(file));
    if (file.path.endsWith('1')) await rm(join(folder.path, 'b'), { recursive: true });
  }
  assert.deepEqual(found, ['1', 'in-a', '=!b', 'in-c']);
});
