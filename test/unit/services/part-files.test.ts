/** Part files at the start of a storescp: those of nobody go, at once or when that has shown; nothing else does. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, utimesSync } from 'node:fs';
import { mkdir, stat, utimes, writeFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { PartFiles, removeLeftovers } from '../../../src/services/part-files.js';
import { Inbox, inTime } from '../../support/loopback-inbox.js';
import { temporaryFolder } from '../../support/loopback-server.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const [, HERE = ''] = /^\.netdicom-(.+)-\d+-[0-9a-f]+\.part$/.exec(basename(new PartFiles('.').next())) ?? [];

/** The id of a process that has been. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

interface Aged {
  readonly name: string;
  readonly ageMs: number;
}

async function place(directory: string, files: readonly Aged[]): Promise<void> {
  const now = Date.now();
  for (const { name, ageMs } of files) {
    const path = join(directory, name);
    await writeFile(path, '');
    await utimes(path, new Date(now - ageMs), new Date(now - ageMs));
  }
}

const part = (place: string, pid: number | string, ageMs: number, random = '00aa'): Aged => ({
  name: `.netdicom-${place}-${pid}-${random}.part`,
  ageMs,
});

test('at the start, part files are removed whose writer is gone, and no other file is touched', async () => {
  await using folder = await temporaryFolder();
  const left = [
    part(HERE, deadPid(), 0),
    part(HERE, process.pid, DAY_MS),
    part('elsewhere', 1, 2 * DAY_MS),
    part(HERE, 99999999999, 0),
    // Its writer went down with the system, and somebody else has its process id.
    part(HERE, process.ppid, uptime() * 1000 + DAY_MS),
  ];
  const kept = [
    part(HERE, process.pid, 0, '00ba'),
    // Of a writer that stands still: it is older than this process.
    part(HERE, process.ppid, performance.now() / 2, '00bb'),
    part('elsewhere', 1, 0, '00bc'),
    // In another container of the same name, which has the same process id.
    part(HERE.replace(/_.*/, '_00000000'), process.pid, DAY_MS / 2, '00bd'),
    { name: 'CT.1.2.3', ageMs: 2 * DAY_MS },
    { name: '.netdicom-elsewhere-1-00ac.part.bak', ageMs: 2 * DAY_MS },
    { name: 'netdicom-elsewhere-1-00ac.part', ageMs: 2 * DAY_MS },
    { name: '.netdicom-else-where-1-00ac.part', ageMs: 2 * DAY_MS },
  ];
  await place(folder.path, [...left, ...kept]);
  await removeLeftovers(folder.path);
  assert.deepEqual(readdirSync(folder.path).sort(), kept.map(({ name }) => name).sort());
});

test('what cannot be removed stays, and does not keep the others', async () => {
  await using folder = await temporaryFolder();
  const [removable, folderOfItsName] = [part(HERE, deadPid(), 0), part(HERE, deadPid(), 0, '00ff')];
  await place(folder.path, [removable]);
  await mkdir(join(folder.path, folderOfItsName.name));
  await removeLeftovers(folder.path);
  assert.deepEqual(readdirSync(folder.path), [folderOfItsName.name]);
});

test('one whose process id another has by now is watched, and one of an older process that stands still is not', async (context) => {
  await using folder = await temporaryFolder();
  const another = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
  context.after(() => another.kill());
  const reused = part(HERE, another.pid ?? 0, 60_000);
  const still = part(HERE, process.ppid, performance.now() / 2, '00bb');
  await place(folder.path, [reused, still]);
  const { watched } = await removeLeftovers(folder.path, 20);
  assert.deepEqual(readdirSync(folder.path).sort(), [reused.name, still.name].sort());
  await inTime(watched, 'the end of the watch');
  assert.deepEqual(readdirSync(folder.path), process.platform === 'linux' ? [still.name] : []);
});

test('those of writers that cannot be asked after are watched, and removed if nothing touches them', async () => {
  await using folder = await temporaryFolder();
  const names = ['00aa', '00ab', '00ac'].map((random) => part('elsewhere', 1, 1000, random));
  await place(folder.path, [...names, { name: 'CT.1', ageMs: 1000 }]);
  const { watched } = await removeLeftovers(folder.path, 20);
  const [touched = { name: '' }, finished = { name: '' }] = names;
  utimesSync(join(folder.path, touched.name), new Date(), new Date());
  await using elsewhere = await temporaryFolder();
  await writeFile(join(elsewhere.path, finished.name), '');
  await inTime(watched, 'the end of the watch');
  assert.deepEqual(readdirSync(folder.path).sort(), [touched.name, 'CT.1'].sort());
});

test('a part file that is in use is touched from time to time, and one after a time without any is again', async (context) => {
  await using folder = await temporaryFolder();
  const ended = new Inbox<true>();
  const clear = globalThis.clearInterval;
  context.mock.method(globalThis, 'clearInterval', (timer: NodeJS.Timeout) => {
    clear(timer);
    ended.push(true);
  });
  const parts = new PartFiles(folder.path, 5);
  for (let round = 1; round <= 2; round++) {
    const [path, gone] = [parts.next(), parts.next()];
    await writeFile(path, '');
    await utimes(path, 0, 0);
    const touched = async () => {
      while ((await stat(path)).mtimeMs === 0) await setImmediate();
    };
    await inTime(touched(), `touch ${round}`);
    for (const each of [path, gone]) parts.done(each);
    await ended.next(`end ${round} of the beat`);
  }
});
