/** The built storescu with --watch: what is sent and when, what is remembered, and what it says. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { deferred } from '../../src/base/deferred.js';
import { discardSink, storageProvider } from '../../src/index.js';
import { anonymous, runStorescu, withStorescp, words } from '../support/apps-run.js';
import { place, sentBy, stored, watch, watchedFolder } from '../support/apps-watch.js';
import { dicomdirFile } from '../support/input-files.js';
import { flakyServer } from '../support/loopback-flaky.js';
import { startServer } from '../support/loopback-server.js';
import { CT_IMAGE, MR_IMAGE, sampleImage, samplePart10 } from '../support/sample-instance.js';

/** Takes an object in and keeps its answer back until it is told to let it go. */
async function holdingProvider() {
  const begun = deferred();
  const mayEnd = deferred();
  const server = await startServer({
    services: [
      storageProvider({
        async store({ part10 }) {
          for await (const _ of part10);
          begun.resolve();
          await mayEnd.promise;
        },
      }),
    ],
  });
  return {
    port: server.port,
    begun: begun.promise,
    letGo: () => mayEnd.resolve(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

describe('storescu --watch', { timeout: 180_000 }, () => {
  it('sends what takes the place of a file that there was no context for, without waiting for the next hour', async (test) => {
    const provider = storageProvider({ store: discardSink });
    const syntaxesFor = (uid: string) => (uid === CT_IMAGE ? provider.syntaxesFor(uid) : undefined);
    await using server = await startServer({ services: [{ ...provider, syntaxesFor }] });
    await using folder = await watchedFolder();
    const { directory } = folder;
    const put = (sopClassUid: string) => {
      const part10 = samplePart10(sampleImage({ sopClassUid, sopInstanceUid: '1.1' }));
      writeFileSync(join(directory, '.1.1'), part10);
      renameSync(join(directory, '.1.1'), join(directory, '1.1'));
    };
    put(MR_IMAGE);
    const running = watch(test, server.port, directory);
    await running.output('stderr', /^E: No accepted presentation context for .*\/1\.1 \(/m);
    put(CT_IMAGE);
    await stored(running, '1.1');
    await running.stop();
  });

  it('sends what is there and what appears, once, and again only what has changed, across restarts', async (test) => {
    await using folder = await watchedFolder();
    const { directory } = folder;
    await withStorescp([], async ({ port }, { path: output }) => {
      for (const name of ['1.1', '1.2', '1.3']) place(directory, name);
      writeFileSync(join(directory, 'notes.txt'), 'no image');
      writeFileSync(join(directory, 'DICOMDIR'), dicomdirFile([{ file: '1' }]));
      place(directory, '.1.4', '1.4');
      const first = watch(test, port, directory);
      await stored(first, '1.3');
      renameSync(join(directory, '.1.4'), join(directory, '1.4'));
      await stored(first, '1.4');
      const ended = await first.stop('SIGTERM');
      assert.equal(ended.code, 143);
      assert.match(ended.stderr, /^I: Watching .*\/in: 0 files are known$/m);
      assert.match(ended.stderr, /^W: Skipped: Bad DICOM file .*notes\.txt: not a DICOM file$/m);
      assert.match(
        ended.stderr,
        /^I: Releasing Association\nW: Stopped by SIGTERM: 4 stored.*, 0 failed, 0 unanswered, 0 not sent/m,
      );
      assert.doesNotMatch(ended.stderr, /DICOMDIR.*\nI: Sending/);
      place(directory, '1.2', '1.22');
      rmSync(join(directory, '1.1'));
      const second = watch(test, port, directory);
      await stored(second, '1.2');
      place(directory, '1.5');
      await stored(second, '1.5');
      assert.equal((await second.stop('SIGINT')).code, 130);
      assert.deepEqual(sentBy(second), ['1.2', '1.5']);
      assert.doesNotMatch(second.stderr, /notes\.txt|DICOMDIR/);
      assert.deepEqual(
        readdirSync(output).sort(),
        ['1.1', '1.2', '1.22', '1.3', '1.4', '1.5'].map((uid) => `SC.${uid}`),
      );
    });
  });

  it('waits for a file to be whole', async (test) => {
    await using folder = await watchedFolder();
    const bytes = samplePart10(sampleImage({ sopInstanceUid: '1.1' }));
    await withStorescp([], async ({ port }) => {
      const running = watch(test, port, folder.directory);
      const path = join(folder.directory, 'slow');
      for (const [index, [from, to]] of [[0, 300] as const, [300, 500] as const].entries()) {
        appendFileSync(path, bytes.subarray(from, to));
        const lines = `(?:^W: Left until it changes: Bad DICOM file .*slow: cut short[^]*?){${index + 1}}`;
        await running.output('stderr', new RegExp(lines, 'm'));
      }
      appendFileSync(path, bytes.subarray(500));
      await stored(running, 'slow');
      assert.deepEqual(sentBy(running), ['slow']);
      await running.stop();
    });
  });

  it('goes through folders with -r, by the patterns, but not through hidden ones', async (test) => {
    await using folder = await watchedFolder();
    const { directory } = folder;
    for (const name of ['a', 'a/b', '.hidden', 'tmp']) mkdirSync(join(directory, name));
    for (const name of ['1.1', 'a/1.2', '.hidden/1.3', 'tmp/1.4', 'a/1.5.part']) place(directory, name, '1.9');
    await withStorescp([], async ({ port }) => {
      const running = watch(test, port, directory, words('-r --exclude tmp --exclude *.part'));
      await stored(running, '1.2');
      place(directory, 'a/b/1.6', '1.6');
      await stored(running, '1.6');
      await running.stop();
      assert.deepEqual(sentBy(running), ['1.1', '1.2', '1.6']);
    });
  });

  it('does not try for ever what is refused for good, but what may pass', async (test) => {
    await using folder = await watchedFolder();
    await using server = await flakyServer((uid, turn) =>
      uid === '1.1' ? 0xa900 : uid === '1.2' && turn < 5 ? 0xa700 : 0,
    );
    for (const name of ['1.1', '1.2']) place(folder.directory, name);
    const first = watch(test, server.port, folder.directory);
    await stored(first, '1.2');
    await first.stop();
    assert.equal(first.stderr.match(/^W: Not stored: .*1\.2: 0xA700.*; trying again until it passes$/gm)?.length, 1);
    assert.match(first.stderr, /^E: Not stored: .*1\.1: 0xA900/m);
    const second = watch(test, server.port, folder.directory);
    place(folder.directory, '1.3');
    await stored(second, '1.3');
    await second.stop();
    assert.deepEqual(sentBy(second), ['1.3']);
    assert.deepEqual(server.asked.filter((uid) => uid === '1.1').length, 1);
  });

  it('waits for a peer that is away, and says so once', async (test) => {
    await using folder = await watchedFolder();
    await using server = await flakyServer(() => 0);
    let calls = 0;
    const calledOften = deferred();
    const sockets = new Set<Socket>();
    const door = createServer((socket) => {
      if (++calls === 6) calledOften.resolve();
      if (calls <= 6) return socket.destroy();
      const onward = connect(server.port, '127.0.0.1');
      for (const each of [socket, onward]) sockets.add(each.on('error', () => undefined));
      return socket.pipe(onward).pipe(socket);
    });
    await once(door.listen(0, '127.0.0.1'), 'listening');
    try {
      const running = watch(test, (door.address() as AddressInfo).port, folder.directory);
      place(folder.directory, '1.1');
      await calledOften.promise;
      await stored(running, '1.1');
      await running.stop();
      const warnings = anonymous(running.stderr).match(/^W: .*$/gm) ?? [];
      assert.equal(warnings.length, 3, warnings.join('\n'));
      assert.match(warnings[0] ?? '', /^W: Association Failed: .*; trying again until it passes$/);
      assert.equal(warnings[1], 'W: PEER answers again');
    } finally {
      for (const socket of sockets) socket.destroy();
      door.close();
    }
  });

  it('lets what is under way end when a signal comes, and begins nothing more', async (test) => {
    await using folder = await watchedFolder();
    await using provider = await holdingProvider();
    for (const name of ['1.1', '1.2']) place(folder.directory, name);
    const running = watch(test, provider.port, folder.directory, words('--async-ops 1'));
    await provider.begun;
    running.kill('SIGTERM');
    await running.output('stderr', /^I: Stopping on SIGTERM$/m);
    provider.letGo();
    const { code, stderr } = await running.ended;
    assert.equal(code, 143);
    assert.match(stderr, /^I: Stored: .*1\.1$/m);
    assert.doesNotMatch(stderr, /unanswered [1-9]|[1-9]\d* unanswered/);
  });

  for (const [first, second, exitCode] of [
    ['SIGHUP', 'SIGHUP', 129],
    ['SIGTERM', 'SIGHUP', 143],
    ['SIGHUP', 'SIGTERM', undefined],
    ['SIGINT', 'SIGINT', undefined],
    ['SIGTERM', 'SIGINT', undefined],
  ] as const)
    it(`${first}, then ${second}: ${exitCode === undefined ? 'ends at once' : `exit code ${exitCode}`}`, async (test) => {
      await using folder = await watchedFolder();
      await using provider = await holdingProvider();
      place(folder.directory, '1.1');
      const running = watch(test, provider.port, folder.directory);
      await provider.begun;
      running.kill(first);
      await running.output('stderr', new RegExp(`^I: Stopping on ${first}$`, 'm'));
      running.kill(second);
      if (exitCode !== undefined) provider.letGo();
      const { code, signal, stderr } = await running.ended;
      assert.deepEqual([code, signal], exitCode === undefined ? [null, second] : [exitCode, null]);
      if (exitCode === undefined) assert.doesNotMatch(stderr, /Stopped by/);
      else assert.match(stderr, new RegExp(`^W: Stopped by ${first}: 1 stored`, 'm'));
    });

  it('has a state that one process uses, for one peer', async (test) => {
    await using folder = await watchedFolder();
    const { directory, root } = folder;
    const state = join(root, 'state');
    await withStorescp([], async ({ port }) => {
      const running = watch(test, port, directory, ['--watch-state', state]);
      await running.output('stderr', /Watching/);
      const args = ['127.0.0.1', `${port}`, '--watch', directory, '--watch-state', state];
      const second = await runStorescu(test, args);
      assert.equal(second.code, 1);
      assert.match(
        second.stderr,
        /^E: Cannot keep state in .*\/state: in use by process \d+ on .*; if there is none, remove .*state\.lock and start again\n$/,
      );
      await running.stop();
      const other = await runStorescu(test, [...args, '-aec', 'OTHER']);
      assert.equal(other.code, 1);
      assert.match(
        other.stderr,
        /^E: Cannot keep state in .*\/state: it tells what ANY-SCP@127\.0\.0\.1:\d+ has, not OTHER@/,
      );
      assert.deepEqual(readdirSync(directory), []);
      assert.deepEqual(readdirSync(root).sort(), ['in', 'state']);
      assert.match(readFileSync(state, 'utf8'), /^\{"netdicom":"watch",.*\}\n$/);
    });
  });

  for (const [line, message] of [
    ['--watch missing', '--watch: cannot watch missing: no such file or directory'],
    ['--watch in f', '--watch: not together with dcmfile'],
    ['--watch in --files-from -', '--watch: not together with --files-from'],
    ['--watch in --dry-run', '--watch: not together with --dry-run'],
    ['--watch in --repeat 2', '--watch: not together with --repeat'],
    ['--watch in --resume r.csv', '--watch: not together with --resume, since it remembers what was sent'],
    ['--watch in --retry 2', '--watch: not together with --retry, since it tries for ever'],
    ['f --watch-settle 0', '--watch-settle: not without --watch'],
    ['--files-from - --watch-state s', '--watch-state: not without --watch'],
    ['--echo --config settle.json', '--watch-settle: not without --watch'],
    ['--watch in --watch-settle soon', '--watch-settle: soon is not a number of seconds from 0 to 86400'],
  ] as const)
    it(`refuses ${line}`, async (test) => {
      await using folder = await watchedFolder();
      writeFileSync(join(folder.root, 'settle.json'), '{"watch-settle": 3}');
      const { code, stderr } = await runStorescu(test, ['127.0.0.1', '1', ...words(line)], { cwd: folder.root });
      assert.equal(stderr, `storescu: ${message}\nTry 'storescu --help' for more information.\n`);
      assert.equal(code, 2);
    });
});
