/** Files in a directory: whole or not there at all, and no leftovers. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileError, StatusError, UsageError } from '../../../src/base/errors.js';
import { parseUid } from '../../../src/base/identifiers.js';
import { directorySink } from '../../../src/services/directory-sink.js';
import type { IncomingInstance } from '../../../src/services/storage-provider.js';
import { rejection, temporaryFolder } from '../../support/loopback-server.js';

/** An instance that brings these batches, or throws where there is an error among them. */
function instanceOf(fileName: string, batches: readonly (readonly Buffer[] | Error)[]): IncomingInstance {
  async function* part10(): AsyncGenerator<readonly Buffer[], void, void> {
    for (const batch of batches) {
      if (batch instanceof Error) throw batch;
      yield await Promise.resolve(batch);
    }
  }
  return {
    sopClassUid: parseUid('1.2.840.10008.5.1.4.1.1.2'),
    sopInstanceUid: parseUid('1.2.3'),
    transferSyntaxUid: '1.2.840.10008.1.2',
    callingAeTitle: 'CALLING',
    calledAeTitle: 'CALLED',
    remote: '127.0.0.1:104',
    attributes: new Map(),
    fileName,
    part10: part10(),
    signal: new AbortController().signal,
  };
}

const BATCHES = [[Buffer.from('ab'), Buffer.alloc(0), Buffer.from('c')], [], [Buffer.from('def')]];

for (const fsync of [true, false])
  test(`an instance becomes a file of its name, with fsync ${fsync}`, async () => {
    await using folder = await temporaryFolder();
    const store = await directorySink(folder.path, { fsync });
    await store(instanceOf('CT.1.2.3', BATCHES));
    assert.deepEqual(readdirSync(folder.path), ['CT.1.2.3']);
    assert.equal(readFileSync(join(folder.path, 'CT.1.2.3'), 'latin1'), 'abcdef');
  });

test('a word that says nothing of duplicates is not taken for leave to replace', async () => {
  await using folder = await temporaryFolder();
  // @ts-expect-error: as programs without types may have it.
  assert.ok((await rejection(directorySink(folder.path, { onDuplicate: 'Reject' }))) instanceof UsageError);
});

test('more buffers than one writev takes are written, each in its place', async () => {
  await using folder = await temporaryFolder();
  const store = await directorySink(folder.path, { fsync: false });
  const batch = Array.from({ length: 5000 }, (_, index) => Buffer.from(`${index} `));
  await store(instanceOf('many', [batch, batch]));
  assert.equal(readFileSync(join(folder.path, 'many')).equals(Buffer.concat([...batch, ...batch])), true);
});

test('while it comes in, it has a hidden name that tells whose it is', async () => {
  await using folder = await temporaryFolder();
  const store = await directorySink(folder.path);
  const names: string[] = [];
  const instance = instanceOf('CT.1', BATCHES);
  const part10 = (async function* () {
    for await (const batch of instance.part10) {
      names.push(...readdirSync(folder.path));
      yield batch;
    }
  })();
  await store({ ...instance, part10 });
  assert.equal(new Set(names).size, 1);
  assert.match(names[0] ?? '', new RegExp(`^\\.netdicom-[^-]+-${process.pid}-[0-9a-f]+\\.part$`));
});

test('what fails leaves nothing behind, and the error is the one that came first', async () => {
  await using folder = await temporaryFolder();
  const store = await directorySink(folder.path);
  const mine = new RangeError('of the data set');
  assert.equal(await rejection(store(instanceOf('x', [[Buffer.from('a')], mine]))), mine);
  assert.equal(await rejection(store(instanceOf('x', [mine]))), mine);
  assert.deepEqual(readdirSync(folder.path), []);
});

test('an existing file is replaced, after a word about it; one that fails to come keeps the old', async () => {
  await using folder = await temporaryFolder();
  const replaced: string[] = [];
  const path = join(folder.path, 'CT.1');
  const store = await directorySink(folder.path, {
    onReplace(old) {
      replaced.push(old);
      assert.equal(readFileSync(path, 'latin1'), 'old');
    },
  });
  writeFileSync(path, 'old');
  await rejection(store(instanceOf('CT.1', [[Buffer.from('n')], new Error('lost')])));
  assert.deepEqual(replaced, []);
  await store(instanceOf('CT.1', BATCHES));
  assert.deepEqual(replaced, [path]);
  assert.equal(readFileSync(path, 'latin1'), 'abcdef');
});

test('a directory that goes away is A700, and so is one in the way; a new one is used again', async () => {
  await using folder = await temporaryFolder();
  const directory = join(folder.path, 'in');
  await mkdir(directory);
  const store = await directorySink(directory);
  await rm(directory, { recursive: true });
  const gone = await rejection(store(instanceOf('CT.1', BATCHES)));
  assert.ok(gone instanceof StatusError);
  assert.equal(gone.status, 0xa700);
  assert.equal(gone.message, 'cannot store the instance: no such file or directory');
  await mkdir(join(directory, 'CT.1'), { recursive: true });
  const taken = await rejection(store(instanceOf('CT.1', BATCHES)));
  assert.ok(taken instanceof StatusError);
  assert.equal(taken.status, 0xa700);
  assert.deepEqual(readdirSync(directory), ['CT.1']);
  await store(instanceOf('CT.2', BATCHES));
  assert.deepEqual(readdirSync(directory), ['CT.1', 'CT.2']);
});

test('a name that the file system does not take is A700', async () => {
  await using folder = await temporaryFolder();
  const store = await directorySink(folder.path);
  const error = await rejection(store(instanceOf('x'.repeat(300), BATCHES)));
  assert.ok(error instanceof StatusError);
  assert.deepEqual([error.status, error.message], [0xa700, 'cannot store the instance: name too long']);
  assert.deepEqual(readdirSync(folder.path), []);
});

test('what is no directory, or none that can be written, is refused at the start', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'file');
  await writeFile(file, '');
  for (const [path, reason] of [
    [join(folder.path, 'missing'), 'no such file or directory'],
    [file, 'not a directory'],
    [join(file, 'below'), 'not a directory'],
  ] as const) {
    const error = await rejection(directorySink(path).then(() => undefined));
    assert.ok(error instanceof FileError);
    assert.equal(error.path, path);
    assert.match(error.message, new RegExp(`^Cannot write to output directory ${path}: ${reason}$`));
  }
});

test('a part file that vanishes while it is looked at is no reason not to start', async () => {
  await using folder = await temporaryFolder();
  await symlink(join(folder.path, 'nowhere'), join(folder.path, '.netdicom-elsewhere-1-00aa.part'));
  const store = await directorySink(folder.path);
  await store(instanceOf('CT.1', BATCHES));
});
