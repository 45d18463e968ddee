/** Paths to instances: named or found, readable or not, and never a file left out without a word. */
import assert from 'node:assert/strict';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { FileError, NotAnInstance } from '../../../src/base/errors.js';
import { openDataSet } from '../../../src/file/instance-source.js';
import type { InputFile, PathFilter } from '../../../src/services/input-files.js';
import { dicomdirFile, instancesIn, makeTree } from '../../support/input-files.js';
import { writeInstance } from '../../support/loopback-files.js';
import { temporaryFolder } from '../../support/loopback-server.js';
import { sharedData } from '../../support/paths.js';

/** `name`, with `!` for an error and `=` for a named one. */
function inShort(file: InputFile): string {
  return `${file.isNamed ? '=' : ''}${'error' in file ? '!' : ''}${basename(file.path)}`;
}

async function find(paths: readonly string[], recurse = false, accept?: PathFilter): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const file of instancesIn(paths, { recurse, accept })) found.push(inShort(file));
  return found;
}

async function errorsOf(path: string): Promise<readonly string[]> {
  const messages: string[] = [];
  for await (const file of instancesIn([path], { recurse: false }))
    if ('error' in file) messages.push(file.error.message);
  return messages;
}

test('files come in the order given, those of a directory in order of names, deeper ones after', async () => {
  await using folder = await temporaryFolder();
  await makeTree(folder.path, ['z', 'd/3', 'd/1', 'd/2', 'd/b/4', 'd/b/x/5', 'd/a/6', 'd/0.txt']);
  const [z, d] = [join(folder.path, 'z'), join(folder.path, 'd')];
  assert.deepEqual(await find([z, d]), ['=z', '!0.txt', '1', '2', '3']);
  assert.deepEqual(await find([d, z], true), ['!0.txt', '1', '2', '3', '6', '4', '5', '=z']);
});

test('what is named several times is found as often', async () => {
  await using folder = await temporaryFolder();
  await makeTree(folder.path, ['d/1', 'd/2', 'link -> d']);
  const [d, file, link] = [join(folder.path, 'd'), join(folder.path, 'd', '1'), join(folder.path, 'link')];
  assert.deepEqual(await find([d, file, d, file, link], true), ['1', '2', '=1', '1', '2', '=1', '1', '2']);
});

test('what was named and cannot be sent is an error of its path, and the rest goes on', async () => {
  await using folder = await temporaryFolder();
  const good = await writeInstance(folder.path, 'good');
  const missing = join(folder.path, 'missing');
  assert.deepEqual(await find([missing, good, '', join(good, 'below')]), ['=!missing', '=good', '=!', '=!below']);
  for await (const file of instancesIn([missing], { recurse: false })) {
    assert.ok('error' in file && file.error instanceof FileError);
    assert.equal(file.error.path, missing);
    assert.equal(file.error.message, `Cannot read input file ${missing}: no such file or directory`);
  }
});

test('links to nothing and in circles are errors, whether they are named or found', async () => {
  await using folder = await temporaryFolder();
  await makeTree(folder.path, ['d/1 -> nowhere', 'd/2 -> 2', 'd/3']);
  assert.deepEqual(await find([join(folder.path, 'd')]), ['!1', '!2', '3']);
  assert.deepEqual(await find([join(folder.path, 'd', '1')]), ['=!1']);
  assert.deepEqual(await errorsOf(join(folder.path, 'd')), [
    `Cannot read input file ${folder.path}/d/1: no such file or directory`,
    `Cannot read input file ${folder.path}/d/2: too many levels of symbolic links`,
  ]);
});

test('a folder that cannot be looked into is told by its own name, and those after it are looked into', async () => {
  await using folder = await temporaryFolder();
  await makeTree(folder.path, ['1', 'a/in-a', 'b/in-b', 'c/in-c']);
  const found: string[] = [];
  for await (const file of instancesIn([folder.path], { recurse: true })) {
    found.push(inShort(file));
    if (file.path.endsWith('1')) await rm(join(folder.path, 'b'), { recursive: true });
  }
  assert.deepEqual(found, ['1', 'in-a', '=!b', 'in-c']);
});

test('a filter is for what is in folders and not for what is named', async () => {
  await using folder = await temporaryFolder();
  await makeTree(folder.path, ['d/1', 'd/a/2']);
  const paths = [join(folder.path, 'd', '1'), join(folder.path, 'd')];
  assert.deepEqual(await find(paths, true, () => false), ['=1']);
  assert.deepEqual(await find(paths, true, (path) => path !== '1'), ['=1', '2']);
});

test('a file whose name is no UTF-8 is an instance, and can be opened to be sent', async () => {
  await using folder = await temporaryFolder();
  await mkdir(Buffer.from(`${folder.path}/d\xff`, 'latin1'));
  const path = await writeInstance(folder.path, 'good');
  await symlink(path, Buffer.from(`${folder.path}/d\xff/M\xfcller`, 'latin1'));
  await writeFile(Buffer.from(`${folder.path}/d\xff/N\xe4`, 'latin1'), 'no DICOM file');
  const files: InputFile[] = [];
  for await (const file of instancesIn([folder.path], { recurse: true })) files.push(file);
  const [good, linked, text, ...others] = files;
  assert.ok(good !== undefined && 'instance' in good && good.instance.location === undefined);
  assert.ok(linked !== undefined && 'instance' in linked);
  assert.equal(linked.path, `${folder.path}/d\ufffd/M\ufffdller`);
  assert.equal(linked.instance.path, linked.path);
  await (await openDataSet(linked.instance, linked.instance.transferSyntax)).close();
  assert.ok(text !== undefined && 'error' in text);
  assert.equal(text.error.message, `Bad DICOM file ${folder.path}/d\ufffd/N\ufffd: not a DICOM file`);
  assert.deepEqual(others, []);
});

describe('a DICOMDIR', () => {
  test('that is named stands for the files it refers to, each as if it had been named', async () => {
    await using folder = await temporaryFolder();
    await makeTree(folder.path, ['a/im1', 'A/im2', 'other', 'text.txt']);
    const path = join(folder.path, 'DICOMDIR');
    const ids = ['A\\IM2', 'A\\IM1', 'MISSING', 'TEXT.TXT', '..\\X', 'A', 'A\\IM2'];
    await writeFile(path, dicomdirFile([{ type: 'PATIENT' }, ...ids.map((file) => ({ file }))]));
    assert.deepEqual(await find([path]), ['=im2', '=!IM1', '=!MISSING', '=!text.txt', '=!DICOMDIR', '=!A']);
    assert.deepEqual(await find([path], true, () => false), await find([path]));
    assert.deepEqual(await errorsOf(path), [
      `Cannot read input file ${folder.path}/A/IM1: no such file or directory`,
      `Cannot read input file ${folder.path}/MISSING: no such file or directory`,
      `Bad DICOM file ${folder.path}/text.txt: not a DICOM file`,
      `Bad DICOMDIR ${path}: record 6 (IMAGE) refers to ..\\X, which is no File ID`,
      `Cannot read input file ${folder.path}/A: is a directory`,
    ]);
  });

  test('that refers to itself, to another one or to nothing gives errors', async () => {
    await using folder = await temporaryFolder();
    const [path, empty] = [join(folder.path, 'DICOMDIR'), join(folder.path, 'EMPTY')];
    await writeFile(path, dicomdirFile([{ file: 'DICOMDIR' }, { file: 'EMPTY' }]));
    await writeFile(empty, dicomdirFile([]));
    assert.deepEqual(await find([path, empty]), ['=!DICOMDIR', '=!EMPTY', '=!EMPTY']);
    assert.deepEqual(await errorsOf(path), [
      `Cannot send input file ${path}: it is a DICOMDIR`,
      `Cannot send input file ${empty}: it is a DICOMDIR`,
    ]);
    assert.deepEqual(await errorsOf(empty), [
      `Cannot send input file ${empty}: it is a DICOMDIR that refers to no files`,
    ]);
  });

  test('that is found in a folder is no instance, and the files beside it come once', async () => {
    await using folder = await temporaryFolder();
    await makeTree(folder.path, ['A', 'B']);
    await writeFile(join(folder.path, 'DICOMDIR'), dicomdirFile([{ file: 'A' }, { file: 'B' }]));
    assert.deepEqual(await find([folder.path], true), ['A', 'B', '!DICOMDIR']);
    for await (const file of instancesIn([folder.path], { recurse: true }))
      assert.ok(!('error' in file) || file.error instanceof NotAnInstance);
  });

  const data = join(sharedData() ?? '', 'dicomdir');
  test('of ../shared/data stands for all its files, whatever it is encoded in', {
    skip: sharedData() === undefined && 'skipped: there is no folder ../shared/data',
  }, async () => {
    const names = ['DICOMDIR', 'DICOMDIR-bigEnd', 'DICOMDIR-implicit', 'DICOMDIR-nopatient', 'DICOMDIR-reordered'];
    const beside = await find(
      ['77654033', '98892001', '98892003'].map((name) => join(data, name)),
      true,
    );
    for (const name of names) {
      const files = await find([join(data, name)]);
      assert.deepEqual(files.toSorted(), beside.map((file) => `=${file}`).sort(), name);
    }
    assert.equal((await find([join(data, 'TINY_ALPHA', 'DICOMDIR')])).filter((file) => !file.includes('!')).length, 50);
    const damaged = await find([join(data, 'DICOMDIR-nooffset')]);
    assert.deepEqual([damaged.length, damaged.at(-1)], [31, '=!DICOMDIR-nooffset']);
  });
});
