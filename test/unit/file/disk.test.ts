/** Calls on the spot or over the threads: the same results, and nobody is held up for long. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Disk, READ_ONLY } from '../../../src/file/disk.js';
import { temporaryFolder } from '../../support/loopback-server.js';

/** Takes as long as a slow disk. */
function holdUp(): void {
  const begun = performance.now();
  while (performance.now() - begun < 30);
}

/** One whose next call is over the threads, and one whose next calls are not. */
function disks(): readonly Disk[] {
  const fresh = new Disk();
  const warm = new Disk();
  void warm.run(
    () => undefined,
    () => Promise.resolve(),
  );
  return [fresh, warm];
}

/** How calls are made: on the spot or over the threads. */
function way(disk: Disk, work: () => void = () => undefined): string {
  let taken = 'spot';
  void disk.run(work, () => {
    taken = 'threads';
    return Promise.resolve();
  });
  return taken;
}

test('calls are made on the spot until one was slow; after that they do not hold up anybody', () => {
  const [, disk = new Disk()] = disks();
  assert.deepEqual(
    [way(disk), way(disk), way(disk, holdUp), way(disk), way(disk)],
    ['spot', 'spot', 'spot', 'threads', 'threads'],
  );
});

test('several calls of one turn that are slow together do not hold up anybody either', async (context) => {
  let ms = performance.now();
  context.mock.method(performance, 'now', () => ms);
  const takeSixMs = () => {
    ms += 6;
  };
  const disk = new Disk({ isEventDriven: true });
  const ways = Array.from({ length: 10 }, () => way(disk, takeSixMs));
  assert.deepEqual(ways, [...Array<string>(4).fill('spot'), ...Array<string>(6).fill('threads')]);
  const quick = new Disk({ isEventDriven: true });
  for (let turn = 0; turn < 10; turn++) {
    assert.equal(way(quick, takeSixMs), 'spot');
    await setImmediate();
  }
});

test('a call that fails slowly was slow too', () => {
  const [, disk = new Disk()] = disks();
  assert.throws(
    () =>
      disk.run(
        () => {
          holdUp();
          throw new Error('gone');
        },
        () => Promise.resolve(),
      ),
    /gone/,
  );
  assert.equal(way(disk), 'threads');
});

test('work that never waits for anything lets others have a turn', async () => {
  const disk = new Disk();
  let isOver = false;
  void setImmediate().then(() => {
    isOver = true;
  });
  const begun = performance.now();
  while (!isOver && performance.now() - begun < 10_000) {
    await disk.run(
      () => undefined,
      () => readFile('/dev/null'),
    );
  }
  assert.equal(isOver, true);
});

test('what is written is read back, on the spot and over the threads', async () => {
  await using folder = await temporaryFolder();
  for (const [index, disk] of disks().entries()) {
    const path = join(folder.path, `${index}`);
    const written = await disk.open(path, 'wx');
    assert.equal(await written.writev([Buffer.from('ab'), Buffer.from('cdef')]), 6);
    assert.equal(await written.writev([Buffer.from('gh')]), 2);
    await written.sync();
    await written.close();

    const read = await disk.open(Buffer.from(path), READ_ONLY);
    assert.equal((await read.stat()).size, 8);
    const [one, two] = [Buffer.alloc(3), Buffer.alloc(4)];
    assert.equal(await read.readv([one, two], 2), 6);
    assert.deepEqual([one.toString(), two.toString('latin1', 0, 3)], ['cde', 'fgh']);
    assert.equal(await read.read(one, 6), 2);
    assert.equal(await read.read(one, 8), 0);
    await read.close();
  }
});

test('a glance fills the buffer as far as the file goes, and reads nothing of what is no file', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'file');
  await writeFile(path, 'abcdef');
  await mkdir(join(folder.path, 'd'));
  for (const position of [0, 4, 6, 9])
    for (const disk of disks()) {
      const { stat, bytes } = await disk.glance(path, position, ({ size }) => Buffer.alloc(size - 2));
      assert.equal(stat.size, 6);
      assert.equal(bytes.toString('latin1'), 'abcdef'.slice(position, position + 4));
    }
  const room = () => Buffer.alloc(4);
  for (const disk of disks()) {
    const { stat, bytes } = await disk.glance(join(folder.path, 'd'), 0, room);
    assert.deepEqual([stat.isDirectory(), bytes.length], [true, 0]);
    await assert.rejects(async () => disk.glance(join(folder.path, 'none'), 0, room), { code: 'ENOENT' });
    await assert.rejects(async () => disk.open(join(folder.path, 'none'), READ_ONLY), { code: 'ENOENT' });
  }
});
