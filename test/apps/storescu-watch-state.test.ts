/** The built storescu with --watch: what it keeps its state in, and what it does when it cannot. */
import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { runStorescu, withStorescp, words } from '../support/apps-run.js';
import { place, sentBy, stored, watch, watchedFolder } from '../support/apps-watch.js';
import { flakyServer } from '../support/loopback-flaky.js';
import { startServer } from '../support/loopback-server.js';
import { makeNamedPipe, noNamedPipes } from '../support/named-pipe.js';
import { skipWithoutSmallDisk, smallDisk } from '../support/small-disk.js';

describe('the state of storescu --watch', { timeout: 120_000 }, () => {
  it('is nothing to send in the folder itself, and neither is the report', async (test) => {
    await using folder = await watchedFolder();
    const { directory } = folder;
    mkdirSync(join(directory, 'sub'));
    const [state, report] = [join(directory, 'state'), join(directory, 'sub', 'report.csv')];
    await withStorescp([], async ({ port }) => {
      const more = ['-r', '--watch-state', state, '--report', report];
      for (const name of ['1.1', '1.2', '1.3']) {
        const running = watch(test, port, directory, more);
        place(directory, name);
        await stored(running, name);
        place(directory, `${name}.1`);
        await stored(running, `${name}.1`);
        await running.stop();
        assert.doesNotMatch(running.stderr, /^[WE]: (?!Stopped)/m);
      }
    });
    assert.doesNotMatch(readFileSync(state, 'utf8'), /"path":"(state|sub)/);
  });

  it('stays a link where it is one', async (test) => {
    await using folder = await watchedFolder();
    const { directory, root } = folder;
    const link = join(root, 'link');
    mkdirSync(join(root, 'elsewhere'));
    symlinkSync(join('elsewhere', 'state'), link);
    await withStorescp([], async ({ port }) => {
      for (const name of ['1.1', '1.2']) {
        place(directory, name);
        const running = watch(test, port, directory, ['--watch-state', link]);
        await stored(running, name);
        await running.stop();
        assert.deepEqual(sentBy(running), [name]);
      }
    });
    assert.ok(lstatSync(link).isSymbolicLink());
    assert.deepEqual(readdirSync(join(root, 'elsewhere')), ['state']);
  });

  it('is a regular file: nothing else is replaced, or has a lock beside it', { skip: noNamedPipes }, async (test) => {
    await using folder = await watchedFolder();
    const { directory, root } = folder;
    const state = join(root, 'pipe');
    makeNamedPipe(state);
    const { code, stderr } = await runStorescu(test, [
      '127.0.0.1',
      '104',
      '--watch',
      directory,
      '--watch-state',
      state,
    ]);
    assert.deepEqual([code, stderr], [1, `E: Cannot keep state in ${state}: not a regular file\n`]);
    assert.ok(lstatSync(state).isFIFO());
    assert.deepEqual(readdirSync(root).sort(), ['in', 'pipe']);
  });

  it('ends the run when another process has taken its lock', async (test) => {
    await using folder = await watchedFolder();
    const { directory, root } = folder;
    const state = join(root, 'state');
    await withStorescp([], async ({ port }) => {
      const running = watch(test, port, directory, ['--watch-state', state]);
      place(directory, '1.1');
      await stored(running, '1.1');
      const before = readFileSync(state, 'utf8');
      writeFileSync(`${state}.other`, '{"pid":1,"host":"elsewhere","place":"elsewhere","started":""}');
      renameSync(`${state}.other`, `${state}.lock`);
      place(directory, '1.2');
      const { code, stderr } = await running.ended;
      assert.equal(code, 1);
      assert.match(
        stderr,
        /^E: Cannot keep state in .*\/state: .*\/state\.lock is not that of this process any more$/m,
      );
      assert.equal(readFileSync(state, 'utf8'), before);
      assert.match(readFileSync(`${state}.lock`, 'utf8'), /elsewhere/);
    });
  });

  it('ends the run when it finds no room, and the answers stand', { skip: skipWithoutSmallDisk() }, async (test) => {
    await using folder = await watchedFolder();
    await using disk = await smallDisk('size=1m');
    const { directory, root } = folder;
    const report = join(root, 'report.ndjson');
    await withStorescp([], async ({ port }) => {
      const running = watch(test, port, directory, [
        '--watch-state',
        join(disk.path, 'state'),
        ...['--report', report, '--summary', '--async-ops', '1'],
      ]);
      await running.output('stderr', /Watching/);
      disk.fill();
      for (let number = 1; number <= 60; number++) place(directory, `1.${number}`);
      const { code, stderr } = await running.ended;
      assert.equal(code, 1);
      assert.match(stderr, /^E: Cannot keep state in .*\/state: no space left on device$/m);
      assert.match(stderr, / stored.*, 0 failed, 0 unanswered, /);
      assert.doesNotMatch(stderr, /Association (Failed|Aborted)/);
      const outcomes = readFileSync(report, 'utf8').trim().split('\n');
      for (const line of outcomes) assert.match(JSON.parse(line).outcome, /^(stored|left)$/);
    });
  });

  it('does not hold a file for refused that the peer accepts no context for', async (test) => {
    await using folder = await watchedFolder();
    const { directory } = folder;
    place(directory, '1.1');
    const narrow = await startServer({ services: [] });
    const { port } = narrow;
    const first = watch(test, port, directory);
    await first.output('stderr', /^E: .*1\.1/m);
    await first.stop();
    assert.equal(first.stderr.match(/^E: /gm)?.length, 1);
    await narrow[Symbol.asyncDispose]();
    await using _ = await flakyServer(() => 0, { port });
    const second = watch(test, port, directory, words('--summary'));
    await stored(second, '1.1');
    await second.stop();
  });
});
