/** Walking folders: the order, what links lead to, what a filter leaves out, names of any kind, and little memory. */
import assert from 'node:assert/strict';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type Found, filesIn, type PathFilter, type WalkOptions } from '../../../src/services/folder-walk.js';
import { makeTree } from '../../support/input-files.js';
import { temporaryFolder } from '../../support/loopback-server.js';
import { makeNamedPipe, noNamedPipes } from '../../support/named-pipe.js';

const RECURSE = { recurse: true };

/** What a walk finds, one by one. */
async function* each(root: string, options: WalkOptions): AsyncGenerator<Found, void, void> {
  for await (const files of filesIn(root, options)) yield* files;
}

/** Paths below `root`, with `!` for what could not be looked into. */
async function walk(root: string, options: WalkOptions = RECURSE): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const file of each(root, options))
    found.push(`${'error' in file ? '!' : ''}${file.location.toString().slice(root.length + 1)}`);
  return found;
}

/** What stands in the folder `d` of a tree, and what is found there with and without the folders in it. */
type Row = readonly [
  what: string,
  tree: readonly string[],
  expected: { readonly flat: readonly string[]; readonly deep: readonly string[] },
];

const ROWS: readonly Row[] = [
  ['nothing in an empty folder', ['d/'], { flat: [], deep: [] }],
  [
    'files by name, then folders by name, each with all that is in it',
    ['d/b/y', 'd/b/a/x', 'd/b/z', 'd/a/1', 'd/10', 'd/9', 'd/B', 'd/c', 'd/empty/'],
    { flat: ['10', '9', 'B', 'c'], deep: ['10', '9', 'B', 'c', 'a/1', 'b/y', 'b/z', 'b/a/x'] },
  ],
  [
    'hidden files, and in hidden folders',
    ['d/.a', 'd/.b/.c', 'd/x'],
    { flat: ['.a', 'x'], deep: ['.a', 'x', '.b/.c'] },
  ],
  [
    'nothing that storescp or a watch keeps there',
    ['d/.netdicom-watch', 'd/.netdicom-host-1-ab.part', 'd/a/.netdicom-watch.lock', 'd/a/1', 'd/.netdicom'],
    { flat: ['.netdicom'], deep: ['.netdicom', 'a/1'] },
  ],
  [
    'names with blanks, line ends and letters of all kinds, in the order of code units',
    ['d/a b', 'd/a\nb', 'd/\u{1f600}', 'd/\uff21', 'd/Ä', 'd/*?[]', 'd/ ', 'd/-r'],
    {
      flat: [' ', '*?[]', '-r', 'a\nb', 'a b', 'Ä', '\u{1f600}', '\uff21'],
      deep: [' ', '*?[]', '-r', 'a\nb', 'a b', 'Ä', '\u{1f600}', '\uff21'],
    },
  ],
  [
    'a file by its first link, and by its own name all the same',
    ['d/file', 'd/1 -> file', 'd/2 -> ./file', 'd/3 -> 1', 'out', 'd/4 -> ../out'],
    { flat: ['1', '4', 'file'], deep: ['1', '4', 'file'] },
  ],
  [
    'links to nowhere and in circles',
    ['d/1 -> nowhere', 'd/2 -> 3', 'd/3 -> 2'],
    { flat: ['1', '2', '3'], deep: ['1', '2', '3'] },
  ],
  ['no special files, not by links either', ['d/1 -> /dev/null', 'd/2'], { flat: ['2'], deep: ['2'] }],
  [
    'a folder outside by its first link, in its place among the folders',
    ['out/x', 'd/a/1', 'd/b -> ../out', 'd/c/2', 'd/e -> ../out', 'd/file'],
    { flat: ['file'], deep: ['file', 'a/1', 'b/x', 'c/2'] },
  ],
  ['a folder by its own name if that comes before the link', ['d/a/1', 'd/b -> a'], { flat: [], deep: ['a/1'] }],
  [
    'a folder by the link if that comes before its name',
    ['d/b/1', 'd/a -> b', 'd/b/c/2'],
    { flat: [], deep: ['a/1', 'a/c/2'] },
  ],
  ['no folder within itself', ['d/1', 'd/a/loop -> ..', 'd/a/2', 'd/self -> .'], { flat: ['1'], deep: ['1', 'a/2'] }],
  [
    'the parent of the folder by a link to it, and not the folder again',
    ['d/1', 'd/up -> ..', 'beside/2'],
    { flat: ['1'], deep: ['1', 'up/beside/2'] },
  ],
];

describe('a walk finds', () => {
  for (const [what, tree, { flat, deep }] of ROWS)
    test(what, async () => {
      await using folder = await temporaryFolder();
      await makeTree(folder.path, tree);
      const root = join(folder.path, 'd');
      assert.deepEqual(await walk(root, { recurse: false }), flat);
      assert.deepEqual(await walk(root), deep);
    });

  test('what is in a folder that is named by a link or with a slash', async () => {
    await using folder = await temporaryFolder();
    await makeTree(folder.path, ['d/a/1', 'link -> d']);
    assert.deepEqual(await walk(join(folder.path, 'link')), ['a/1']);
    for await (const { location } of each(`${folder.path}/d/`, RECURSE)) assert.equal(location, `${folder.path}/d/a/1`);
  });

  test('no sockets and pipes', { skip: noNamedPipes }, async () => {
    await using folder = await temporaryFolder();
    await makeTree(folder.path, ['file']);
    makeNamedPipe(join(folder.path, 'pipe'));
    const server = createServer().listen(join(folder.path, 'socket'));
    assert.deepEqual(await walk(folder.path), ['file']);
    server.close();
  });

  test('files whose names are no UTF-8, in bytes that lead to them', async () => {
    await using folder = await temporaryFolder();
    const latin = (name: string): Buffer => Buffer.from(`${folder.path}/${name}`, 'latin1');
    await makeTree(folder.path, ['a', 'z']);
    await mkdir(latin('M\xfcller'));
    for (const name of ['f\xe4', 'f\xf6', 'M\xfcller/1']) await writeFile(latin(name), '');
    await symlink(latin('f\xe4'), latin('link\xff'));
    assert.deepEqual(await walk(folder.path), ['a', 'f\ufffd', 'f\ufffd', 'link\ufffd', 'z', 'M\ufffdller/1']);
    const locations: (string | Buffer)[] = [];
    for await (const { location } of each(folder.path, RECURSE)) locations.push(location);
    assert.deepEqual(locations, [
      join(folder.path, 'a'),
      latin('f\xe4'),
      latin('f\xf6'),
      latin('link\xff'),
      join(folder.path, 'z'),
      latin('M\xfcller/1'),
    ]);
  });

  test('an error in place of a folder that is gone, and the rest', async () => {
    await using folder = await temporaryFolder();
    await makeTree(folder.path, ['1', 'a/2', 'b/3', 'c/4']);
    const found: string[] = [];
    for await (const { location } of each(folder.path, RECURSE)) {
      found.push(location.toString().slice(folder.path.length + 1));
      if (found.length === 1) await rm(join(folder.path, 'b'), { recursive: true });
    }
    assert.deepEqual(found, ['1', 'a/2', 'b', 'c/4']);
    assert.deepEqual(await walk(join(folder.path, 'b')), ['!']);
  });

  test('a folder that is deeper than a path may be long, as an error', async () => {
    await using folder = await temporaryFolder();
    const levels = (count: number): string => Array.from({ length: count }, () => 'n'.repeat(120)).join('/');
    await makeTree(folder.path, [`a/${levels(30)}/`, `b/${levels(9)}/file`]);
    const tooDeep = join(folder.path, 'a', levels(30), 'b');
    await rename(join(folder.path, 'b'), tooDeep);
    const [only, ...others] = await walk(folder.path);
    await rename(tooDeep, join(folder.path, 'b'));
    assert.match(only ?? '', /^!a\/.*\/b\/n{120}/);
    assert.deepEqual(others, []);
  });
});

describe('the filter of a walk', () => {
  test('is asked for each file and folder, by the path below the folder that was named', async () => {
    await using folder = await temporaryFolder();
    await makeTree(folder.path, ['d/1', 'd/a/b/2', 'd/link -> 1', 'd/up -> a', 'd/gone -> nowhere']);
    const asked: string[] = [];
    const accept: PathFilter = (path, kind) => asked.push(`${kind} ${path}`) > 0;
    await walk(join(folder.path, 'd'), { recurse: true, accept });
    assert.deepEqual(asked, [
      'file 1',
      'directory a',
      'file gone',
      'file link',
      'directory up',
      'directory a/b',
      'file a/b/2',
    ]);
    asked.length = 0;
    await walk(join(folder.path, 'd'), { recurse: false, accept });
    assert.deepEqual(asked, ['file 1', 'file gone', 'file link']);
  });

  test('leaves out files, and folders with all that is in them, which a link may still lead to', async () => {
    await using folder = await temporaryFolder();
    await makeTree(folder.path, ['d/1', 'd/2', 'd/a/3', 'd/b/4', 'd/c -> a']);
    const accept: PathFilter = (path) => path !== '2' && path !== 'a';
    assert.deepEqual(await walk(join(folder.path, 'd'), { recurse: true, accept }), ['1', 'b/4', 'c/3']);
  });
});

test('a walk is lazy: what comes later is not looked into before it is asked for', async () => {
  await using folder = await temporaryFolder();
  await makeTree(folder.path, ['1', 'a/2']);
  const files = filesIn(folder.path, RECURSE);
  await files.next();
  await makeTree(folder.path, ['a/3']);
  const rest: string[] = [];
  for await (const found of files) rest.push(...found.map(({ location }) => location.toString().slice(-3)));
  assert.deepEqual(rest, ['a/2', 'a/3']);
});
