/** Where the files of a directory sink go, and which of several that want one name has it in the end. */
import assert from 'node:assert/strict';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { StatusError, UsageError } from '../../../src/base/errors.js';
import { parseUid } from '../../../src/base/identifiers.js';
import { Disk } from '../../../src/file/disk.js';
import { encodeFileMeta } from '../../../src/file/file-meta.js';
import { type DirectorySinkOptions, directorySink } from '../../../src/services/directory-sink.js';
import { FinalNames } from '../../../src/services/final-names.js';
import type { IncomingInstance } from '../../../src/services/storage-provider.js';
import { rejection, temporaryFolder } from '../../support/loopback-server.js';
import { CT_IMAGE } from '../../support/sample-instance.js';

const LITTLE = '1.2.840.10008.1.2.1';

interface Sent {
  readonly fileName?: string;
  readonly dataSet?: string;
  readonly transferSyntaxUid?: string;
  readonly sender?: string;
  readonly signal?: AbortSignal;
}

function instanceOf({
  fileName = 'CT.1',
  dataSet = 'data',
  transferSyntaxUid = LITTLE,
  sender = 'ME',
  signal = new AbortController().signal,
}: Sent = {}): IncomingInstance {
  const meta = encodeFileMeta({
    mediaStorageSopClassUid: CT_IMAGE,
    mediaStorageSopInstanceUid: '1.2.3',
    transferSyntaxUid,
    sourceApplicationEntityTitle: sender,
  });
  async function* part10(): AsyncGenerator<readonly Buffer[], void, void> {
    yield [meta];
    // Several are under way at a time.
    await new Promise<void>((resolve) => setImmediate(resolve));
    yield [Buffer.from(dataSet)];
  }
  return {
    sopClassUid: parseUid(CT_IMAGE),
    sopInstanceUid: parseUid('1.2.3'),
    transferSyntaxUid,
    callingAeTitle: sender,
    calledAeTitle: 'CALLED',
    remote: '127.0.0.1:104',
    fileName,
    attributes: new Map(),
    part10: part10(),
    signal,
  };
}

/** What is below a folder, with slashes, hidden files too. */
function below(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .sort();
}

function contentOf(folder: string, ...names: readonly string[]): string {
  return readFileSync(join(folder, ...names), 'latin1').slice(-4);
}

function refusal(error: unknown): string {
  assert.ok(error instanceof StatusError, String(error));
  return `${error.status.toString(16)} ${error.message}`;
}

const IN_FOLDERS: DirectorySinkOptions = { nameOf: ({ fileName }) => fileName.split('+') };

test('a large file is replaced while others have their turns', async () => {
  await using folder = await temporaryFolder();
  const replaced: string[] = [];
  const onReplace = (path: string) => replaced.push(path);
  const names = new FinalNames(folder.path, new Disk({ isEventDriven: true }), { fsync: false, onReplace });
  const [part, path] = [join(folder.path, 'part'), join(folder.path, 'CT.1')];
  writeFileSync(part, 'new');
  writeFileSync(path, 'old');
  truncateSync(path, 16 * 1024 * 1024);
  const giving = names.give(part, instanceOf());
  assert.ok(giving instanceof Promise);
  assert.equal((await giving).path, path);
  assert.deepEqual([below(folder.path), contentOf(folder.path, 'CT.1')], [['CT.1'], 'new']);
  assert.deepEqual(replaced, [path]);
});

test('of several that are given one name at a time, the one that is told last has it', async () => {
  await using folder = await temporaryFolder();
  for (let round = 0; round < 20; round++) {
    const names = new FinalNames(folder.path, new Disk({ turnMs: -1 }), { fsync: false });
    const given: string[] = [];
    const give = async (content: string) => {
      const part = join(folder.path, `part ${content}`);
      writeFileSync(part, content);
      await names.give(part, instanceOf());
      given.push(content);
    };
    await Promise.all(['0001', '0002', '0003', '0004'].map(give));
    assert.equal(contentOf(folder.path, 'CT.1'), given.at(-1));
  }
});

test('one that cannot have its name does not keep the next from it', async () => {
  await using folder = await temporaryFolder();
  const names = new FinalNames(folder.path, new Disk({ turnMs: -1 }), { fsync: false });
  const part = join(folder.path, 'part');
  writeFileSync(part, 'data');
  const giving = [names.give(join(folder.path, 'missing'), instanceOf()), names.give(part, instanceOf())];
  const [first, second] = await Promise.allSettled(giving);
  assert.deepEqual([first?.status, second?.status], ['rejected', 'fulfilled']);
  assert.deepEqual(below(folder.path), ['CT.1']);
});

/** What is under the name, and whether something is told to be replaced. */
const IN_PLACE: readonly (readonly [string, (path: string, other: string) => void, boolean])[] = [
  ['nothing', () => undefined, false],
  ['a file', (path) => writeFileSync(path, 'old'), true],
  [
    'a link to a file',
    (path, other) => {
      writeFileSync(other, 'old');
      symlinkSync(other, path);
    },
    true,
  ],
  [
    'a link to a folder',
    (path, other) => {
      mkdirSync(other);
      symlinkSync(other, path);
    },
    true,
  ],
  ['a link to nothing', (path, other) => symlinkSync(other, path), true],
];

for (const [how, disk] of [
  ['on the spot', new Disk({ isEventDriven: true })],
  ['over threads', new Disk({ turnMs: -1 })],
] as const) {
  test(`${how}, an instance whose association has ended replaces nothing, but is kept where there is nothing`, async () => {
    await using folder = await temporaryFolder();
    const names = new FinalNames(folder.path, disk, { fsync: false });
    const signal = AbortSignal.abort(new Error('lost'));
    const give = async (content: string) => {
      const part = join(folder.path, 'part');
      writeFileSync(part, content);
      await names.give(part, instanceOf({ signal }));
    };
    await give('0001');
    assert.equal((await rejection(give('0002'))).message, 'lost');
    assert.equal(contentOf(folder.path, 'CT.1'), '0001');
  });

  for (const [what, put, isReplaced] of IN_PLACE)
    test(`${how}, ${what} gives way, ${isReplaced ? 'which is told' : 'without a word'}`, async () => {
      await using folder = await temporaryFolder();
      const [part, path] = [join(folder.path, 'part'), join(folder.path, 'CT.1')];
      const replaced: string[] = [];
      const names = new FinalNames(folder.path, disk, { fsync: false, onReplace: (path) => replaced.push(path) });
      writeFileSync(part, 'new');
      put(path, join(folder.path, 'other'));
      const before = below(folder.path).filter((name) => name !== 'part');
      assert.equal((await names.give(part, instanceOf())).path, path);
      assert.deepEqual(below(folder.path), [...new Set(['CT.1', ...before])].sort());
      assert.ok(lstatSync(path).isFile());
      assert.equal(contentOf(folder.path, 'CT.1'), 'new');
      if (what === 'a link to a file') assert.equal(contentOf(folder.path, 'other'), 'old');
      assert.deepEqual(replaced, isReplaced ? [path] : []);
    });

  test(`${how}, a folder stays, and nobody is told that it is replaced`, async () => {
    await using folder = await temporaryFolder();
    const [part, path] = [join(folder.path, 'part'), join(folder.path, 'CT.1')];
    const replaced: string[] = [];
    const names = new FinalNames(folder.path, disk, { fsync: false, onReplace: (path) => replaced.push(path) });
    writeFileSync(part, 'new');
    mkdirSync(path);
    await assert.rejects(async () => names.give(part, instanceOf()), { code: 'EISDIR' });
    assert.deepEqual(below(folder.path), ['CT.1', 'part']);
    assert.deepEqual(replaced, []);
  });
}

for (const fsync of [true, false])
  test(`a file goes into folders that are made, with fsync ${fsync}`, async () => {
    await using folder = await temporaryFolder();
    const store = await directorySink(folder.path, { ...IN_FOLDERS, fsync });
    const names = ['a+b+1', 'a+b+2', 'a+c+1', 'x', 'a+b+3'];
    const stored = await Promise.all(names.map((fileName) => store(instanceOf({ fileName }))));
    assert.deepEqual(
      stored.map((place) => place?.path),
      names.map((name) => join(folder.path, ...name.split('+'))),
    );
    assert.deepEqual(below(folder.path), ['a', 'a/b', 'a/b/1', 'a/b/2', 'a/b/3', 'a/c', 'a/c/1', 'x']);
  });

test('the name is asked for when the data set has come', async () => {
  await using folder = await temporaryFolder();
  let isRead = false;
  const instance = instanceOf();
  const part10 = (async function* () {
    yield* instance.part10;
    isRead = true;
  })();
  const nameOf = () => {
    assert.ok(isRead);
    return ['late'];
  };
  await (await directorySink(folder.path, { nameOf }))({ ...instance, part10 });
  assert.deepEqual(below(folder.path), ['late']);
});

test('folders that somebody removes are made again', async () => {
  await using folder = await temporaryFolder();
  const store = await directorySink(folder.path, IN_FOLDERS);
  for (const removed of ['a', 'a/b', 'a/b/c']) {
    await store(instanceOf({ fileName: 'a+b+c+1' }));
    await rm(join(folder.path, removed), { recursive: true });
  }
  await store(instanceOf({ fileName: 'a+b+c+2' }));
  assert.deepEqual(below(folder.path), ['a', 'a/b', 'a/b/c', 'a/b/c/2']);
});

test('with the directory itself gone it is A700, and goes on when there is a new one', async () => {
  await using folder = await temporaryFolder();
  const directory = join(folder.path, 'in');
  await mkdir(directory);
  const store = await directorySink(directory, IN_FOLDERS);
  await store(instanceOf({ fileName: 'a+1' }));
  await rm(directory, { recursive: true });
  assert.match(refusal(await rejection(store(instanceOf({ fileName: 'a+1' })))), /^a700 .*no such file or directory$/);
  await mkdir(directory);
  await store(instanceOf({ fileName: 'a+1' }));
  assert.deepEqual(below(directory), ['a', 'a/1']);
});

test('no link leads out of the directory, and a file in place of a folder is A700; others are stored', async () => {
  await using folder = await temporaryFolder();
  const [directory, outside] = [join(folder.path, 'in'), join(folder.path, 'outside')];
  mkdirSync(directory);
  mkdirSync(outside);
  symlinkSync(outside, join(directory, 'link'));
  symlinkSync(join(outside, 'file'), join(directory, 'name'));
  writeFileSync(join(directory, 'file'), '');
  const store = await directorySink(directory, IN_FOLDERS);
  for (const fileName of ['link+1', 'link+a+1', 'file+1'])
    assert.match(refusal(await rejection(store(instanceOf({ fileName })))), /^a700 .*something in place of a folder/);
  // The link gives way like any other file.
  await store(instanceOf({ fileName: 'name' }));
  await store(instanceOf({ fileName: 'other+1' }));
  assert.deepEqual(below(outside), []);
  assert.equal(contentOf(directory, 'name'), 'data');
  assert.ok(below(directory).includes('other/1'));
});

test('a link or another folder that takes the place of a folder in use is seen', async () => {
  await using folder = await temporaryFolder();
  const [directory, outside] = [join(folder.path, 'in'), join(folder.path, 'outside')];
  mkdirSync(directory);
  mkdirSync(outside);
  const store = await directorySink(directory, IN_FOLDERS);
  for (const [place, fileName] of [
    ['a/b', 'a+b+2'],
    ['a', 'a+b+3'],
  ] as const) {
    await store(instanceOf({ fileName: 'a+b+1' }));
    renameSync(join(directory, place), join(folder.path, 'moved'));
    symlinkSync(place === 'a' ? join(folder.path, 'moved') : outside, join(directory, place));
    assert.match(refusal(await rejection(store(instanceOf({ fileName })))), /^a700 .*something in place of a folder/);
    rmSync(join(directory, place));
    rmSync(join(folder.path, 'moved'), { recursive: true });
    mkdirSync(join(directory, place));
    await store(instanceOf({ fileName }));
  }
  assert.deepEqual(below(outside), []);
  assert.deepEqual(below(directory), ['a', 'a/b', 'a/b/3']);
});

test('folders that somebody removes all the time do not matter', async () => {
  await using folder = await temporaryFolder();
  const store = await directorySink(folder.path, { ...IN_FOLDERS, fsync: false });
  let isDone = false;
  const removing = (async () => {
    while (!isDone)
      for (const name of ['a/b', 'a']) await rm(join(folder.path, name), { recursive: true }).catch(() => undefined);
  })();
  try {
    const fileNames = Array.from({ length: 300 }, (_, index) => `a+b+${index}`);
    for (const fileName of fileNames) await store(instanceOf({ fileName }));
  } finally {
    isDone = true;
    await removing;
  }
});

for (const names of [[], [''], ['..', 'x'], ['.', 'x'], ['a', '..'], ['a/b'], ['a\\b'], ['a\0']])
  test(`${JSON.stringify(names)} is a fault of who gives the names, and nothing is stored`, async () => {
    await using folder = await temporaryFolder();
    const store = await directorySink(folder.path, { nameOf: () => names });
    assert.ok((await rejection(store(instanceOf()))) instanceof UsageError);
    assert.deepEqual(below(folder.path), []);
  });

const SAME: Sent = { sender: 'OTHER' };
const ANOTHER: Sent = { dataSet: 'atad' };
/** What comes after the first: the answer, and what is said of the file. */
const SECONDS: readonly (readonly ['keep' | 'reject', Sent, string, boolean])[] = [
  ['keep', SAME, 'ok', true],
  ['keep', ANOTHER, '111 another data set is stored under this UID', false],
  ['keep', { dataSet: 'data and more' }, '111 another data set is stored under this UID', false],
  ['keep', { transferSyntaxUid: '1.2.840.10008.1.2' }, '111 another data set is stored under this UID', false],
  ['reject', SAME, '111 it is stored already', false],
  ['reject', ANOTHER, '111 it is stored already', false],
];

for (const [onDuplicate, second, answer, isSame] of SECONDS)
  test(`${onDuplicate}: the first stays, and ${JSON.stringify(second)} is answered ${answer}`, async () => {
    await using folder = await temporaryFolder();
    const told: unknown[] = [];
    const store = await directorySink(folder.path, {
      onDuplicate,
      onKeep: (...[path, isSame, { sopInstanceUid }]) => told.push([path, isSame, sopInstanceUid]),
      onReplace: () => assert.fail(),
    });
    await store(instanceOf());
    assert.deepEqual(told, []);
    const before = readFileSync(join(folder.path, 'CT.1'));
    const outcome = await store(instanceOf(second)).then(() => 'ok', refusal);
    assert.equal(outcome, answer);
    assert.deepEqual(told, [[join(folder.path, 'CT.1'), isSame, '1.2.3']]);
    assert.deepEqual(below(folder.path), ['CT.1']);
    assert.ok(readFileSync(join(folder.path, 'CT.1')).equals(before));
  });

test('keep: a long data set is compared to its last byte', async () => {
  await using folder = await temporaryFolder();
  const store = await directorySink(folder.path, { onDuplicate: 'keep' });
  const dataSet = 'x'.repeat(600_000);
  await store(instanceOf({ dataSet }));
  await store(instanceOf({ dataSet, sender: 'A LONGER NAME' }));
  assert.match(refusal(await rejection(store(instanceOf({ dataSet: `${dataSet.slice(1)}y` })))), /^111 /);
});

test('keep: a file that is no instance is another, and stays', async () => {
  await using folder = await temporaryFolder();
  const store = await directorySink(folder.path, { onDuplicate: 'keep' });
  for (const content of ['', 'a letter']) {
    writeFileSync(join(folder.path, 'CT.1'), content);
    assert.match(refusal(await rejection(store(instanceOf()))), /^111 /);
    assert.equal(readFileSync(join(folder.path, 'CT.1'), 'latin1'), content);
  }
});

for (const onDuplicate of ['keep', 'reject'] as const) {
  test(`${onDuplicate}: of twenty at a time, exactly one is the first, whole, and the others are told so`, async () => {
    await using folder = await temporaryFolder();
    const store = await directorySink(folder.path, { ...IN_FOLDERS, onDuplicate });
    const sent = Array.from({ length: 20 }, (_, index) => String(1000 + index));
    const answers = await Promise.all(
      sent.map((dataSet) => store(instanceOf({ fileName: 'a+1', dataSet })).then(() => 'ok', refusal)),
    );
    assert.equal(answers.filter((answer) => answer === 'ok').length, 1);
    assert.equal(answers.filter((answer) => answer.startsWith('111 ')).length, 19);
    assert.equal(contentOf(folder.path, 'a', '1'), sent[answers.indexOf('ok')]);
    assert.deepEqual(below(folder.path), ['a', 'a/1']);
  });

  test(`${onDuplicate}: a folder or a link under the name is A700, and stays`, async () => {
    await using folder = await temporaryFolder();
    const store = await directorySink(folder.path, { onDuplicate });
    mkdirSync(join(folder.path, 'CT.1'));
    symlinkSync('nowhere', join(folder.path, 'CT.2'));
    for (const fileName of ['CT.1', 'CT.2'])
      assert.match(refusal(await rejection(store(instanceOf({ fileName })))), /^a700 .*something in place of its file/);
    assert.deepEqual(below(folder.path), ['CT.1', 'CT.2']);
  });

  test(`${onDuplicate}: a file that was removed is no duplicate`, async () => {
    await using folder = await temporaryFolder();
    const store = await directorySink(folder.path, { onDuplicate });
    await store(instanceOf());
    rmSync(join(folder.path, 'CT.1'));
    await store(instanceOf(ANOTHER));
    assert.equal(contentOf(folder.path, 'CT.1'), 'atad');
  });
}

for (const [what, there] of [
  ['empty', ''],
  ['no DICOM', 'text'],
] as const)
  test(`keep: a file that is ${what} stays as well, and that is what is told`, async () => {
    await using folder = await temporaryFolder();
    const store = await directorySink(folder.path, { onDuplicate: 'keep' });
    writeFileSync(join(folder.path, 'CT.1'), there);
    const outcome = await store(instanceOf()).then(() => 'ok', refusal);
    assert.equal(outcome, '111 a file that is no DICOM file is stored under this UID');
    assert.equal(readFileSync(join(folder.path, 'CT.1'), 'latin1'), there);
  });
