/** Links, patterns and changing folders together: nothing that is to be sent goes missing. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import type { InputFile } from '../../../src/services/input-files.js';
import { dicomdirFile, instancesIn, makeTree } from '../../support/input-files.js';
import { temporaryFolder } from '../../support/loopback-server.js';

async function found(files: AsyncIterable<InputFile>, root: string): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const file of files)
    all.push(`${relative(root, file.path)}${'error' in file ? `: ${file.error.message.replaceAll(root, '')}` : ''}`);
  return all;
}

test('a link that a pattern leaves out does not stand for another one to the same file', async () => {
  await using root = await temporaryFolder();
  await makeTree(root.path, ['real/1.dcm', 'l/a.txt -> ../real/1.dcm', 'l/b.dcm -> ../real/1.dcm', 'l/c.dcm -> b.dcm']);
  const accept = (path: string): boolean => !path.endsWith('.txt');
  const links = instancesIn([join(root.path, 'l')], { recurse: false, accept });
  assert.deepEqual(await found(links, root.path), ['l/b.dcm']);
});

test('a folder made in place of one that has been looked into is looked into as well', async () => {
  await using root = await temporaryFolder();
  await makeTree(root.path, ['d1/1.dcm', 'd2/2.dcm', 'd3/3.dcm']);
  const all: string[] = [];
  for await (const { path } of instancesIn([root.path], { recurse: true })) {
    all.push(relative(root.path, path));
    if (all.length > 1) continue;
    // On many file systems the new folder gets the number of the old one.
    await rm(join(root.path, 'd1'), { recursive: true });
    await mkdir(join(root.path, 'd3/new'));
    await copyFile(join(root.path, 'd3/3.dcm'), join(root.path, 'd3/new/4.dcm'));
  }
  assert.deepEqual(all, ['d1/1.dcm', 'd2/2.dcm', 'd3/3.dcm', 'd3/new/4.dcm']);
});

test('a DICOMDIR in a folder is skipped even if it is damaged', async () => {
  await using root = await temporaryFolder();
  await makeTree(root.path, ['d/1.dcm']);
  const whole = dicomdirFile([{ file: '1.DCM' }]);
  await writeFile(join(root.path, 'd/DICOMDIR'), whole.subarray(0, whole.length - 7));
  assert.deepEqual(await found(instancesIn([join(root.path, 'd')], { recurse: false }), root.path), [
    'd/1.dcm',
    'd/DICOMDIR: Cannot send input file /d/DICOMDIR: it is a DICOMDIR',
  ]);
});

test('a DICOMDIR that is reached by a link refers to the files beside itself', async () => {
  await using root = await temporaryFolder();
  await makeTree(root.path, ['cd/1.dcm', 'elsewhere/']);
  await writeFile(join(root.path, 'cd/DICOMDIR'), dicomdirFile([{ file: '1.dcm' }]));
  await symlink('../cd/DICOMDIR', join(root.path, 'elsewhere/DICOMDIR'));
  const link = join(root.path, 'elsewhere/DICOMDIR');
  assert.deepEqual(await found(instancesIn([link], { recurse: false }), root.path), ['cd/1.dcm']);
});
