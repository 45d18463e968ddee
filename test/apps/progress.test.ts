/** The progress line of the built storescu: where it is shown, what it says, and that nothing is left of it. */
import assert from 'node:assert/strict';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { deferred } from '../../src/base/deferred.js';
import { responseTo } from '../../src/index.js';
import { type Folder, sampleFolder, writeBigImage } from '../support/apps-files.js';
import {
  acceptAssociation,
  messagePdus,
  type PduSocket,
  type ScriptedPeer,
  scriptedPeer,
} from '../support/apps-peer.js';
import { startStorescu } from '../support/apps-run.js';
import { pidAtTerminal, screenOf, storescuAtTerminal } from '../support/apps-terminal.js';
import { skipWithout } from '../support/peers-required.js';
import type { Running } from '../support/processes.js';

const limits = { concurrency: 4, timeout: 120_000 };
const skip = skipWithout(['script'], 'bsdutils', /util-linux/);

let folder: Folder;
before(async () => {
  folder = await sampleFolder();
  await mkdir(join(folder.path, 'study'));
  for (const index of [0, 1, 2, 3])
    await copyFile(join(folder.path, 'ct.dcm'), join(folder.path, 'study', `${index}.dcm`));
  await writeBigImage(join(folder.path, 'study', 'big.dcm'), 50_000_000);
});
after(() => folder[Symbol.asyncDispose]());

interface SlowPeer extends ScriptedPeer {
  /** Resolves when it has answered the first two requests. */
  readonly hasAnswered: Promise<void>;
}

/** Answers two requests, with Success and with Out of Resources, and the others when it is told to go on. */
async function slowPeer(goOn: Promise<void>): Promise<SlowPeer> {
  const answered = deferred();
  const peer = await scriptedPeer(async (socket) => {
    await acceptAssociation(socket);
    await respond(socket, 0x0000);
    await respond(socket, 0xa700);
    answered.resolve();
    await goOn;
    for (const _ of [2, 3, 4]) await respond(socket, 0x0000);
    await socket.expect('A-RELEASE-RQ');
    socket.send({ type: 'A-RELEASE-RP' });
    socket.close();
  });
  return { ...peer, hasAnswered: answered.promise };
}

/** Resolves when a storescu that was started later than one that has come to something shows its line. */
async function aLineLater(test: TestContext, hasCome: Promise<void>): Promise<void> {
  await hasCome;
  await using peer = await slowPeer(new Promise(() => undefined));
  await using storescu = atTerminal(test, ['127.0.0.1', `${peer.port}`, ...FILES]);
  await storescu.output('stdout', LINE);
}

function atTerminal(test: TestContext, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const storescu = storescuAtTerminal(args, { cwd: folder.path, env });
  test.signal.addEventListener('abort', () => storescu.kill('SIGKILL'));
  return storescu;
}

async function respond(socket: PduSocket, status: number): Promise<void> {
  const { message, presentationContextId } = await socket.message();
  if (!('messageId' in message)) throw new Error('no request');
  socket.send(...messagePdus(responseTo(message, status), presentationContextId));
}

/** Without another line drawn. */
const WIPED = /\r\p{Cc}\[K(?!\d)/u;
const FILES = ['study', '-xo', '--async-ops', '1'];
const LINE = /\d+% \| 2 of 5 files \| [\d.]+ kB of 50\.0 MB \|( [\d.]+ \w+\/s \| \d+:\d\d(:\d\d)? left \|)? 1 failed/;
const SUMMARY = /^W: 4 stored, 1 failed \(0xA700 - Failure: Out of Resources\), 50\.0 MB in .*$/m;

describe('at a terminal, the progress line', { ...limits, skip }, () => {
  it('comes after a second, stays below what is logged, and wipes itself', async (test) => {
    const goOn = deferred();
    await using peer = await slowPeer(goOn.promise);
    const storescu = atTerminal(test, ['127.0.0.1', `${peer.port}`, ...FILES]);
    await storescu.output('stdout', LINE);
    goOn.resolve();
    const { stdout, code } = await storescu.ended;
    assert.equal(code, 3);
    assert.match(screenOf(stdout), /^E: Not stored: study\/1\.dcm: [^\n]*\nW: 4 stored[^\n]*$/);
    assert.match(screenOf(stdout), SUMMARY);
    // The cursor is never hidden.
    assert.ok(!stdout.includes('\x1b[?25l'));
  });

  for (const [signal, exitCode] of [
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    it(`wipes itself on ${signal}`, async (test) => {
      await using peer = await slowPeer(new Promise(() => undefined));
      const storescu = atTerminal(test, ['127.0.0.1', `${peer.port}`, ...FILES]);
      await storescu.output('stdout', LINE);
      process.kill(await pidAtTerminal(storescu), signal);
      const { stdout, code } = await storescu.ended;
      assert.equal(code, exitCode);
      const last = `Stopped by ${signal}: 1 stored, 1 failed \\(.*\\), 1 unanswered, 2 not sent, .*`;
      assert.match(screenOf(stdout), new RegExp(`^E: Not stored: .*\nE: Association Failed .*\nW: ${last}$`));
    });

  it('wipes itself on the first signal, for the second ends all at once', async (test) => {
    await using peer = await slowPeer(new Promise(() => undefined));
    const watch = ['--watch', 'study', '--watch-settle', '0', '--watch-state', 'state', '--progress'];
    const storescu = atTerminal(test, ['127.0.0.1', `${peer.port}`, ...watch, '-xo', '--async-ops', '1']);
    await storescu.output('stdout', / of at least \d files? [^\r]*\r/);
    const pid = await pidAtTerminal(storescu);
    process.kill(pid, 'SIGINT');
    // What is under way may end within some seconds.
    await storescu.output('stdout', WIPED);
    process.kill(pid, 'SIGINT');
    const { stdout } = await storescu.ended;
    assert.doesNotMatch(screenOf(stdout), /at least/);
  });

  const rows: readonly (readonly [options: string, environment: NodeJS.ProcessEnv, isShown: boolean])[] = [
    ['--no-progress', {}, false],
    ['-q --progress', {}, false],
    ['-v', {}, false],
    ['-d', {}, false],
    ['-v --progress', {}, true],
    ['--json', {}, true],
    ['', { TERM: 'dumb' }, false],
  ];
  for (const [options, env, isShown] of rows)
    it(`${options} ${JSON.stringify(env)}: ${isShown ? 'shown' : 'not shown'}`, async (test) => {
      const goOn = deferred();
      await using peer = await slowPeer(goOn.promise);
      const words = options.split(' ').filter((word) => word !== '');
      const storescu = atTerminal(test, ['127.0.0.1', `${peer.port}`, ...FILES, ...words], env);
      if (isShown) await storescu.output('stdout', LINE);
      else await aLineLater(test, peer.hasAnswered);
      goOn.resolve();
      const { stdout, code } = await storescu.ended;
      assert.equal(code, 3);
      assert.equal(/of 5 files/.test(stdout), isShown);
      assert.doesNotMatch(screenOf(stdout), /of 5 files/);
      if (options === '--json') assert.equal(screenOf(stdout).match(/^\{"path":.*/gm)?.length, 5);
    });
});

describe('where standard error is no terminal', limits, () => {
  it('there is no line', async (test) => {
    await using peer = await slowPeer(Promise.resolve());
    const { stdout, stderr } = await startStorescu(test, ['127.0.0.1', `${peer.port}`, ...FILES], inFolder()).ended;
    assert.equal(stdout, '');
    assert.match(stderr, /^E: Not stored: .*\nW: 4 stored.*\n$/);
  });

  it('--progress gives lines of the log', async (test) => {
    const goOn = deferred();
    await using peer = await slowPeer(goOn.promise);
    const storescu = startStorescu(test, ['127.0.0.1', `${peer.port}`, ...FILES, '--progress'], inFolder());
    await storescu.output('stderr', /^I: .*of (at least )?\d+ files.*\n/m);
    goOn.resolve();
    const { stderr, code } = await storescu.ended;
    assert.equal(code, 3);
    assert.doesNotMatch(stderr, /\p{Cc}(?<!\n)/u);
  });
});

function inFolder() {
  return { cwd: folder.path };
}
