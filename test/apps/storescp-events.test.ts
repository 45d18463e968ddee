/** `--events` of the built storescp: a line for each object, association and study, there before the peer is told. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { type Folder, temporaryFolder } from '../support/apps-files.js';
import {
  CT_CONTEXT,
  ctDataSet,
  messagePdus,
  openAssociation,
  PduSocket,
  releaseAssociation,
  storeRequest,
  storeWell,
} from '../support/apps-peer.js';
import { type Listening, listeningStorescp, runStorescp, withStorescp, words } from '../support/apps-run.js';
import { FullPipe } from '../support/full-pipe.js';
import { Inbox } from '../support/loopback-inbox.js';
import { makeNamedPipe, noNamedPipes } from '../support/named-pipe.js';
import { applicationPath } from '../support/paths.js';
import { skipWithout } from '../support/peers-required.js';
import { storescu } from '../support/processes.js';
import { skipWithoutSmallDisk, smallDisk } from '../support/small-disk.js';
import { Ledger } from '../support/storing-objects.js';
import { sendObjects } from '../support/storing-senders.js';

const limits = { concurrency: 4, timeout: 60_000 };

type Line = Readonly<Record<string, unknown>>;

function linesOf(text: string): readonly Line[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

function eventsIn(folder: Folder, name = 'events.jsonl'): readonly Line[] {
  return linesOf(readFileSync(join(folder.path, name), 'utf8'));
}

async function associated({ port }: Listening): Promise<PduSocket> {
  const socket = await PduSocket.connect(port);
  await openAssociation(socket, [CT_CONTEXT]);
  return socket;
}

/** Waits for a match in what a stream has brought so far. */
function outputOf(stream: unknown): (pattern: RegExp) => Promise<RegExpExecArray> {
  assert.ok(stream instanceof Readable);
  const chunks = new Inbox<string>();
  stream.setEncoding('utf8').on('data', (text) => chunks.push(text));
  return async (pattern) => {
    for (;;) {
      const match = pattern.exec(chunks.seen.join(''));
      if (match !== null) return match;
      await chunks.next('output');
    }
  };
}

describe('storescp --events', limits, () => {
  it('appends a line for each object, association and study', () =>
    withStorescp(words('--events events.jsonl'), async (storescp, folder) => {
      await using socket = await associated(storescp);
      await storeWell(socket, '1.2.3');
      const [stored, ...none] = eventsIn(folder);
      assert.deepEqual(none, []);
      const path = join(folder.path, 'CT.1.2.3');
      const { time, peer, ms, ...facts } = stored ?? {};
      assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.match(String(peer), /^127\.0\.0\.1:\d+$/);
      assert.equal(typeof ms, 'number');
      assert.deepEqual(facts, {
        event: 'stored',
        path,
        sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
        sopInstanceUid: '1.2.3',
        studyInstanceUid: '2.25.1',
        seriesInstanceUid: '2.25.2',
        modality: 'CT',
        patientId: 'SAMPLE-1',
        transferSyntax: '1.2.840.10008.1.2.1',
        association: 1,
        callingAet: 'PEER',
        calledAet: 'ANY-SCP',
        bytes: readFileSync(path).length,
        status: '0000',
      });
      await releaseAssociation(socket);
      const { stdout, stderr } = await storescp.process.stop('SIGTERM');
      assert.match(stdout, new RegExp(`^${storescp.port}\nListening on .*\n$`));
      assert.equal(stderr, '');
      const [, association, study, ...more] = eventsIn(folder);
      assert.deepEqual(more, []);
      assert.deepEqual(
        [association?.event, association?.outcome, association?.stored],
        ['association-ended', 'released', 1],
      );
      assert.deepEqual(
        [study?.event, study?.studyInstanceUid, study?.instances, study?.directory, study?.reason],
        ['study-ended', '2.25.1', 1, folder.path, 'stop'],
      );
    }));

  it('- writes to standard output', () =>
    withStorescp(words('--events - --study-timeout 0.1'), async (storescp) => {
      await using socket = await associated(storescp);
      await storeWell(socket, '1.2.3');
      await storescp.process.output('stdout', /"event":"stored"/);
      await storescp.process.output('stdout', /"event":"study-ended".*"reason":"silence"/);
      await releaseAssociation(socket);
      const { stdout } = await storescp.process.stop('SIGTERM');
      const [port, ...lines] = stdout.split('\n');
      assert.equal(port, String(storescp.port));
      assert.deepEqual(
        linesOf(lines.join('\n'))
          .map(({ event }) => event)
          .sort(),
        ['association-ended', 'stored', 'study-ended'],
      );
    }));

  it('goes on into the file of an earlier run, on a new line whatever the end of that', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'events.jsonl');
    writeFileSync(file, '{"event":"whole"}\n{"event":"cut sh');
    await using storescp = await listeningStorescp(['--events', file, '-od', folder.path]);
    await using socket = await associated(storescp);
    await storeWell(socket, '1.2.3');
    const [whole, torn, stored] = readFileSync(file, 'utf8').split('\n');
    assert.deepEqual([whole, torn], ['{"event":"whole"}', '{"event":"cut sh']);
    assert.equal(JSON.parse(stored ?? '').event, 'stored');
  });

  it('opens the file anew on SIGHUP', () =>
    withStorescp(words('--events events.jsonl -v'), async (storescp, folder) => {
      await using socket = await associated(storescp);
      await storeWell(socket, '1.2.1');
      renameSync(join(folder.path, 'events.jsonl'), join(folder.path, 'events.1'));
      await storeWell(socket, '1.2.2');
      storescp.process.kill('SIGHUP');
      await storescp.process.output('stderr', /^I: Events file opened anew$/m);
      await storeWell(socket, '1.2.3');
      const uids = (name: string) => eventsIn(folder, name).map(({ sopInstanceUid }) => sopInstanceUid);
      assert.deepEqual([uids('events.1'), uids('events.jsonl')], [['1.2.1', '1.2.2'], ['1.2.3']]);
    }));

  it('keeps the old file if there can be no new one', async () => {
    await using folder = await temporaryFolder();
    const place = join(folder.path, 'logs');
    mkdirSync(place);
    await using storescp = await listeningStorescp(['--events', join(place, 'e'), '-od', folder.path]);
    renameSync(place, join(folder.path, 'moved'));
    storescp.process.kill('SIGHUP');
    await storescp.process.output(
      'stderr',
      /^W: Events file not opened anew, the old one stays: no such file or directory$/m,
    );
    await using socket = await associated(storescp);
    await storeWell(socket, '1.2.3');
    assert.equal(linesOf(readFileSync(join(folder.path, 'moved', 'e'), 'utf8')).length, 1);
  });

  it('that cannot be written is told once and changes no answer', { skip: !existsSync('/dev/full') }, () =>
    withStorescp(words('--events /dev/full'), async (storescp) => {
      await using socket = await associated(storescp);
      for (const uid of ['1.2.1', '1.2.2', '1.2.3']) await storeWell(socket, uid);
      await releaseAssociation(socket);
      const { stderr } = await storescp.process.stop('SIGTERM');
      assert.equal(
        stderr,
        'E: Events cannot be written to /dev/full, objects are stored without: no space left on device\n' +
          'W: Events: 5 lines are missing in /dev/full\n',
      );
    }),
  );

  const skip = skipWithoutSmallDisk();
  it('goes on when the disk has room again, and says what is missing', { skip }, async () => {
    await using folder = await temporaryFolder();
    await using disk = await smallDisk('size=1m');
    const file = join(disk.path, 'e');
    await using storescp = await listeningStorescp(['--events', file, '-od', folder.path]);
    await using socket = await associated(storescp);
    await storeWell(socket, '1.2.0');
    disk.fill();
    // The page that the first line is in has room for a few more, of which the last may be cut short.
    for (let number = 1; number <= 20; number++) await storeWell(socket, `1.2.${number}`);
    await storescp.process.output('stderr', /^E: Events cannot be written to .*: no space left on device$/m);
    disk.empty();
    await storeWell(socket, '1.2.21');
    const [, count] = await storescp.process.output('stderr', /^W: Events go to .* again; (\d+) lines are missing$/m);
    const whole = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.endsWith('}'));
    assert.equal(whole.length, 22 - Number(count));
    assert.equal(JSON.parse(whole.at(-1) ?? '').sopInstanceUid, '1.2.21');
  });

  it('that nobody reads holds answers back, but neither other work nor the end of storescp', {
    skip: noNamedPipes,
  }, async () => {
    await using folder = await temporaryFolder();
    await using pipe = new FullPipe(join(folder.path, 'pipe'));
    await using storescp = await listeningStorescp(['--events', pipe.path, '-od', folder.path, '-v']);
    await using socket = await associated(storescp);
    let isAnswered = false;
    const storing = storeWell(socket, '1.2.1').then(() => {
      isAnswered = true;
    });
    const echo = await storescu(['127.0.0.1', String(storescp.port), '--echo']);
    assert.deepEqual([echo.code, isAnswered], [0, false]);
    pipe.drain();
    await storing;
    pipe.fill();
    socket.send(...messagePdus(storeRequest('1.2.2'), 1, ctDataSet('1.2.2')));
    await storescp.process.output('stderr', /^I: Storing DICOM file: CT\.1\.2\.2$/m);
    storescp.process.kill('SIGTERM');
    await storescp.process.output('stderr', /^I: Stopping on SIGTERM$/m);
    const { code, stderr } = await storescp.process.stop('SIGTERM');
    assert.equal(code, 143);
    assert.match(stderr, /^E: Events cannot be written to .*, objects are stored without: nobody reads them$/m);
    assert.ok(existsSync(join(folder.path, 'CT.1.2.2')));
  });

  it('that is a pipe wants its reader first', { skip: noNamedPipes }, async (test) => {
    await using folder = await temporaryFolder();
    const pipe = join(folder.path, 'pipe');
    makeNamedPipe(pipe);
    const { code, stderr } = await runStorescp(test, ['0', '-od', folder.path, '--events', pipe]);
    assert.deepEqual([code, stderr], [1, `E: --events ${pipe}: nobody has opened the pipe to read it\n`]);
  });

  it('whose reader has gone goes on storing', { skip: noNamedPipes }, async () => {
    await using folder = await temporaryFolder();
    await using pipe = new FullPipe(join(folder.path, 'pipe'));
    pipe.drain();
    await using storescp = await listeningStorescp(['--events', pipe.path, '-od', folder.path]);
    await using socket = await associated(storescp);
    await storeWell(socket, '1.2.1');
    await pipe[Symbol.asyncDispose]();
    for (const uid of ['1.2.2', '1.2.3', '1.2.4']) await storeWell(socket, uid);
    await storescp.process.output('stderr', /^E: Events cannot be written to .*: the reader has gone$/m);
  });

  it('has a line that waits for the reader of a pipe when SIGHUP comes', { skip: noNamedPipes }, async () => {
    await using folder = await temporaryFolder();
    await using pipe = new FullPipe(join(folder.path, 'pipe'));
    await using storescp = await listeningStorescp(['--events', pipe.path, '-od', folder.path, '-v']);
    await using socket = await associated(storescp);
    const storing = storeWell(socket, '1.2.1');
    await storescp.process.output('stderr', /^I: Storing DICOM file: CT\.1\.2\.1$/m);
    await storescu(['127.0.0.1', String(storescp.port), '--echo']);
    storescp.process.kill('SIGHUP');
    await storescp.process.output('stderr', /^I: Events file opened anew$/m);
    const before = pipe.drain();
    await storing;
    const [stored] = linesOf(before + pipe.drain()).filter(({ event }) => event === 'stored');
    assert.equal(stored?.sopInstanceUid, '1.2.1');
  });

  it('goes on when another reader of a pipe comes', { skip: noNamedPipes }, async () => {
    await using folder = await temporaryFolder();
    await using pipe = new FullPipe(join(folder.path, 'pipe'));
    pipe.drain();
    await using storescp = await listeningStorescp(['--events', pipe.path, '-od', folder.path]);
    await using socket = await associated(storescp);
    pipe.leave();
    for (const uid of ['1.2.1', '1.2.2']) await storeWell(socket, uid);
    pipe.comeBack();
    await storeWell(socket, '1.2.3');
    await storescp.process.output('stderr', /^W: Events go to .* again; 2 lines are missing$/m);
    assert.deepEqual(
      linesOf(pipe.drain()).map(({ sopInstanceUid }) => sopInstanceUid),
      ['1.2.3'],
    );
  });

  const noScript = skipWithout(['script'], 'bsdutils', /util-linux/);
  it('on a terminal that is stopped holds answers back, but neither other work nor the end of storescp', {
    skip: noScript,
  }, async () => {
    await using folder = await temporaryFolder();
    const log = join(folder.path, 'log');
    const command = `'${process.execPath}' '${applicationPath('storescp')}' 0 --events - -od '${folder.path}' 2>'${log}'`;
    // The line that the shell reads comes after Ctrl-S, which is heeded when it does.
    const script = `${command} & echo $!; trap "kill -9 $!" HUP; read line; echo stopped >&3; wait; echo ended >&3`;
    const terminal = spawn('script', ['-qefc', script, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore', 'pipe'] });
    try {
      const [shown, told] = [outputOf(terminal.stdio[1]), outputOf(terminal.stdio[3])];
      const [, pid, port] = await shown(/^(\d+)\r\n(\d+)\r\n/);
      terminal.stdin?.write('\x13\n');
      await told(/stopped/);
      await using socket = await PduSocket.connect(Number(port));
      await openAssociation(socket, [CT_CONTEXT]);
      socket.send(...messagePdus(storeRequest('1.2.1'), CT_CONTEXT.id, ctDataSet('1.2.1')));
      const echo = () => storescu(['127.0.0.1', String(port), '--echo']);
      while (!existsSync(join(folder.path, 'CT.1.2.1'))) assert.equal((await echo()).code, 0);
      assert.equal((await echo()).code, 0);
      process.kill(Number(pid), 'SIGTERM');
      process.kill(Number(pid), 'SIGINT');
      await told(/ended/);
      assert.match(
        readFileSync(log, 'utf8'),
        /^E: Events cannot be written to standard output, .*: nobody reads them$/m,
      );
    } finally {
      terminal.kill('SIGKILL');
    }
  });

  it('has a line for every object that was acknowledged when storescp is killed', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'events.jsonl');
    for (const killAt of [1, 7, 40, 41, 90]) {
      const ledger = new Ledger();
      await using storescp = await listeningStorescp(['--events', file, '-od', folder.path]);
      let answers = 0;
      const onResponse = () => {
        answers++;
        if (answers === killAt) storescp.process.kill('SIGKILL');
      };
      await Promise.all(
        [1, 2, 3].map((id) => sendObjects({ port: storescp.port, ledger, root: `1.${killAt}.${id}`, onResponse })),
      );
      await storescp.process.ended;
      const told = new Set(eventsIn(folder).map(({ sopInstanceUid }) => sopInstanceUid));
      assert.ok(ledger.acknowledged.size >= killAt);
      for (const uid of ledger.acknowledged) assert.ok(told.has(uid), `${uid} was acknowledged, and has no event`);
    }
  });

  for (const [args, message, code] of [
    ['--events nowhere/events.jsonl', 'E: --events nowhere/events.jsonl: no such file or directory', 1],
    ['--events - --ignore', 'storescp: --events: not with --ignore, which stores nothing', 2],
    ['--exec true --ignore', 'storescp: --exec: not with --ignore, which stores nothing', 2],
    ['--exec no-such-program', 'E: --exec no-such-program: not found in any folder of PATH', 1],
    ['--exec-study ./nothing', 'E: --exec-study ./nothing: no such file', 1],
    ['--exec-study /etc', 'E: --exec-study /etc: not executable', 1],
  ] as const)
    it(`${args} ends with ${code}`, async (test) => {
      const ended = await runStorescp(test, ['0', ...words(args)]);
      assert.equal(ended.code, code);
      assert.equal(ended.stderr.split('\n')[0], message);
    });
});
