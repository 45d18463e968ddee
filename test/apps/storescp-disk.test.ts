/** The built storescp and a disk that fails it: A700, nothing partial, everybody lives on, and it stores again when it can. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryFolder } from '../support/apps-files.js';
import {
  CT_CONTEXT,
  exchange,
  messagePdus,
  openAssociation,
  PduSocket,
  storeRequest,
  storeWell,
} from '../support/apps-peer.js';
import { listeningStorescp } from '../support/apps-run.js';
import { ctDataSet } from '../support/loopback-peer.js';
import { asNobody, skipWithoutNobody } from '../support/nobody.js';
import { applicationPath } from '../support/paths.js';
import { Running } from '../support/processes.js';
import { skipWithoutSmallDisk, smallDisk } from '../support/small-disk.js';

const limits = { concurrency: 4, timeout: 60_000 };
const skip = skipWithoutSmallDisk();
const noNobody = await skipWithoutNobody();

async function associated(port: number): Promise<PduSocket> {
  const socket = await PduSocket.connect(port);
  await openAssociation(socket, [CT_CONTEXT]);
  return socket;
}

/** Status and comment of the response to an object with so many bytes of pixel data. */
async function answer(socket: PduSocket, uid: string, bytes = 100): Promise<readonly [number, string | undefined]> {
  const { status, errorComment } = await exchange(socket, storeRequest(uid), ctDataSet(uid, bytes));
  return [status, errorComment];
}

const failure = (reason: string) => [0xa700, `cannot store the instance: ${reason}`];

/** What files there are, hidden ones too, but for what takes the room. */
const files = (directory: string): readonly string[] =>
  readdirSync(directory)
    .filter((name) => name !== '.filler')
    .sort();

describe('storescp whose disk', limits, () => {
  for (const mode of ['replace', 'keep', 'reject'])
    it(`is full when it starts, with --on-duplicate ${mode}: it stores when there is room`, { skip }, async () => {
      await using disk = await smallDisk('size=1m,nr_inodes=3');
      const others = ['a', 'b'].map((name) => join(disk.path, name));
      for (const path of others) writeFileSync(path, '');
      await using storescp = await listeningStorescp(['-od', disk.path, '--on-duplicate', mode]);
      await using socket = await associated(storescp.port);
      assert.deepEqual(await answer(socket, '1.2.1'), failure('no space left on device'));
      for (const path of others) rmSync(path);
      await storeWell(socket, '1.2.1');
      assert.deepEqual(files(disk.path), ['CT.1.2.1']);
    });

  it('is another one in one of its folders: that is said in words', { skip }, async () => {
    await using folder = await temporaryFolder();
    await using disk = await smallDisk('size=1m');
    mkdirSync(join(folder.path, 'PEER'));
    await using storescp = await listeningStorescp([
      '-od',
      folder.path,
      '--output-pattern',
      '{CallingAET}/{SOPInstanceUID}',
    ]);
    await using socket = await associated(storescp.port);
    const { status } = spawnSync('mount', ['--bind', disk.path, join(folder.path, 'PEER')]);
    assert.equal(status, 0);
    try {
      assert.deepEqual(await answer(socket, '1.2.1'), failure('on another file system'));
    } finally {
      spawnSync('umount', [join(folder.path, 'PEER')]);
    }
  });

  it('is full: both associations are told so, and both store again when there is room', { skip }, async () => {
    await using disk = await smallDisk('size=4m');
    await using storescp = await listeningStorescp(['-od', disk.path]);
    await using first = await associated(storescp.port);
    await using second = await associated(storescp.port);
    await storeWell(first, '1.2.1');
    disk.fill();
    assert.deepEqual(await answer(first, '1.2.2', 3_000_000), failure('no space left on device'));
    assert.deepEqual(await answer(second, '1.2.3'), failure('no space left on device'));
    assert.deepEqual(files(disk.path), ['CT.1.2.1']);
    disk.empty();
    assert.deepEqual(await answer(first, '1.2.2', 3_000_000), [0, undefined]);
    await storeWell(second, '1.2.3');
    assert.deepEqual(files(disk.path), ['CT.1.2.1', 'CT.1.2.2', 'CT.1.2.3']);
  });

  it('becomes full in the middle of an object: the rest is drained, and what is there stays', { skip }, async () => {
    await using disk = await smallDisk('size=4m');
    await using storescp = await listeningStorescp(['-od', disk.path, '--async-ops', '8']);
    await using socket = await associated(storescp.port);
    await using other = await associated(storescp.port);
    await storeWell(socket, '1.2.1');
    // The old one is not lost when what would replace it does not go in.
    for (const uid of ['1.2.1', '1.2.2']) {
      assert.deepEqual(await answer(socket, uid, 20_000_000), failure('no space left on device'));
      await storeWell(other, '1.2.3');
    }
    assert.deepEqual(files(disk.path), ['CT.1.2.1', 'CT.1.2.3']);
    await storeWell(socket, '1.2.2');
  });

  for (const when of ['at the start', 'later'] as const)
    it(`has no room for another name ${when}`, { skip }, async () => {
      await using disk = await smallDisk('size=4m,nr_inodes=3');
      const use = () => {
        for (const name of ['a', 'b']) writeFileSync(join(disk.path, name), '');
      };
      if (when === 'at the start') use();
      await using storescp = await listeningStorescp(['-od', disk.path]);
      await using socket = await associated(storescp.port);
      if (when === 'later') use();
      assert.deepEqual(await answer(socket, '1.2.1'), failure('no space left on device'));
      rmSync(join(disk.path, 'a'));
      await storeWell(socket, '1.2.1');
      assert.deepEqual(files(disk.path), ['CT.1.2.1', 'b']);
    });

  it('is mounted anew for reading only', { skip }, async () => {
    await using disk = await smallDisk('size=4m');
    await using storescp = await listeningStorescp(['-od', disk.path]);
    await using socket = await associated(storescp.port);
    await storeWell(socket, '1.2.1');
    disk.remount('ro');
    assert.deepEqual(await answer(socket, '1.2.2', 1_000_000), failure('read-only file system'));
    disk.remount('rw');
    await storeWell(socket, '1.2.2');
    assert.deepEqual(files(disk.path), ['CT.1.2.1', 'CT.1.2.2']);
  });

  it('is taken away in the middle of an object', async () => {
    await using folder = await temporaryFolder();
    const output = join(folder.path, 'output');
    mkdirSync(output);
    await using storescp = await listeningStorescp(['-od', output, '-v']);
    await using socket = await associated(storescp.port);
    const [command, first, ...rest] = messagePdus(storeRequest('1.2.1'), 1, ctDataSet('1.2.1', 100_000));
    assert.ok(command && first);
    socket.send(command, first);
    await storescp.process.output('stderr', /Storing DICOM file/);
    rmSync(output, { recursive: true });
    socket.send(...rest);
    const { message } = await socket.message();
    assert.ok('status' in message);
    assert.deepEqual([message.status, message.errorComment], failure('no such file or directory'));
    mkdirSync(output);
    await storeWell(socket, '1.2.1');
    assert.deepEqual(files(output), ['CT.1.2.1']);
  });

  it('may not be written to any more', { skip: noNobody }, async () => {
    await using folder = await temporaryFolder();
    if (process.getuid?.() === 0) chownSync(folder.path, 65534, 65534);
    const args = [...asNobody, applicationPath('storescp'), '0', '-od', folder.path];
    await using storescp = new Running(process.execPath, args, { cwd: '/' });
    const [port = ''] = await storescp.output('stdout', /^\d+$/m);
    await using socket = await associated(Number(port));
    await storeWell(socket, '1.2.1');
    chmodSync(folder.path, 0o555);
    assert.deepEqual(await answer(socket, '1.2.2', 1_000_000), failure('permission denied'));
    chmodSync(folder.path, 0o755);
    await storeWell(socket, '1.2.2');
    assert.deepEqual(files(folder.path), ['CT.1.2.1', 'CT.1.2.2']);
  });
});
