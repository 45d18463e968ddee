/** From the File IDs of a DICOMDIR to paths, whatever a file system makes of the names, and never out of its folder. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileError } from '../../../src/base/errors.js';
import { filesOfDicomdir } from '../../../src/services/dicomdir-files.js';
import { dicomdirFile, makeTree } from '../../support/input-files.js';
import { temporaryFolder } from '../../support/loopback-server.js';

/** Paths below the folder of the DICOMDIR, or messages of errors without it. */
async function filesOf(root: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const file of filesOfDicomdir(join(root, 'DICOMDIR'))) {
    if ('error' in file) {
      assert.ok(file.error instanceof FileError);
      found.push(file.error.message.replaceAll(`${root}/`, ''));
    } else found.push(file.location.toString().slice(root.length + 1));
  }
  return found;
}

/** Files beside the DICOMDIR, File IDs in it, and what they are taken for. */
const ROWS: readonly (readonly [
  what: string,
  tree: readonly string[],
  ids: readonly string[],
  expected: readonly string[],
])[] = [
  ['names as they are', ['A/B/C', 'D'], ['A\\B\\C', 'D'], ['A/B/C', 'D']],
  ['the order of the records', ['A/1', 'A/2', 'B/1'], ['B\\1', 'A\\2', 'A\\1'], ['B/1', 'A/2', 'A/1']],
  ['each file once', ['A/1', 'a2'], ['A\\1', 'A2', 'A\\1', 'a2'], ['A/1', 'a2']],
  ['lower case', ['images/im000001'], ['IMAGES\\IM000001'], ['images/im000001']],
  [
    'versions and dots',
    ['A/IM1;1', 'A/IM2.', 'A/IM3.;1', 'a.x/IM4'],
    ['A\\IM1', 'A\\IM2', 'A\\IM3', 'A.X\\IM4'],
    ['A/IM1;1', 'A/IM2.', 'A/IM3.;1', 'a.x/IM4'],
  ],
  ['a name without the version of the DICOMDIR', ['A/im1'], ['A\\IM1.;1'], ['A/im1']],
  [
    'the exact name of several',
    ['A/IM1', 'a/im1', 'A/im2'],
    ['A\\IM1', 'a\\im1', 'A\\IM2'],
    ['A/IM1', 'a/im1', 'A/im2'],
  ],
  ['an exact folder before another', ['A/im1', 'a/im1'], ['A\\IM1'], ['A/im1']],
  ['what is not there by the name it should have', ['A/1', 'B'], ['A\\2', 'B\\1', 'C\\1'], ['A/2', 'B/1', 'C/1']],
  [
    'no name that leads elsewhere',
    ['A/1', 'x/..'],
    ['A\\..\\A\\1', '..\\x', 'A\\\\1', '.\\A', '/etc\\passwd', 'A/1', ' ..', 'A\\1'],
    [
      'Bad DICOMDIR DICOMDIR: record 1 (IMAGE) refers to A\\..\\A\\1, which is no File ID',
      'Bad DICOMDIR DICOMDIR: record 2 (IMAGE) refers to ..\\x, which is no File ID',
      'Bad DICOMDIR DICOMDIR: record 3 (IMAGE) refers to A\\\\1, which is no File ID',
      'Bad DICOMDIR DICOMDIR: record 4 (IMAGE) refers to .\\A, which is no File ID',
      'Bad DICOMDIR DICOMDIR: record 5 (IMAGE) refers to /etc\\passwd, which is no File ID',
      'Bad DICOMDIR DICOMDIR: record 6 (IMAGE) refers to A/1, which is no File ID',
      'Bad DICOMDIR DICOMDIR: record 7 (IMAGE) refers to .., which is no File ID',
      'A/1',
    ],
  ],
  ['a link that the user has made', ['A -> elsewhere', 'elsewhere/1'], ['A\\1'], ['A/1']],
  ['itself, for others to refuse', [], ['DICOMDIR'], ['DICOMDIR']],
  ['an error for none', [], [], ['Cannot send input file DICOMDIR: it is a DICOMDIR that refers to no files']],
];

for (const [what, tree, ids, expected] of ROWS)
  test(`a DICOMDIR gives ${what}`, async () => {
    await using folder = await temporaryFolder();
    await makeTree(
      folder.path,
      tree.filter((name) => !name.endsWith('..')),
    );
    await writeFile(join(folder.path, 'DICOMDIR'), dicomdirFile(ids.map((file) => ({ file }))));
    assert.deepEqual(await filesOf(folder.path), expected);
  });

test('a DICOMDIR that is damaged gives what can be made out, then why that is not all', async () => {
  await using folder = await temporaryFolder();
  const bytes = dicomdirFile([{ file: 'A' }, { file: 'B' }]);
  await writeFile(join(folder.path, 'DICOMDIR'), bytes.subarray(0, -40));
  const [file, error, ...others] = await filesOf(folder.path);
  assert.equal(file, 'A');
  assert.match(error ?? '', /^Bad DICOM file DICOMDIR: cut short/);
  assert.deepEqual(others, []);
});

test('a DICOMDIR without a folder in its path refers to files in the current one', async () => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, 'd'));
  await makeTree(folder.path, ['d/a/im1', 'd/B']);
  await writeFile(join(folder.path, 'd', 'DICOMDIR'), dicomdirFile([{ file: 'A\\IM1' }, { file: 'B' }]));
  const before = process.cwd();
  process.chdir(join(folder.path, 'd'));
  try {
    const found: unknown[] = [];
    for await (const { location } of filesOfDicomdir('DICOMDIR')) found.push(location);
    assert.deepEqual(found, ['a/im1', 'B']);
  } finally {
    process.chdir(before);
  }
});
