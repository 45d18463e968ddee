/** `--exec` and `--exec-study` of the built storescp: which programs run, with which arguments, how many at a time, to which end. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { commandParser, filledIn } from '../../src/cli/command-template.js';
import { createLog, type Log } from '../../src/cli/log.js';
import { ProgramQueue } from '../../src/cli/program-queue.js';
import { EXPLICIT_VR_LITTLE_ENDIAN } from '../../src/dataset/transfer-syntax.js';
import { type Folder, temporaryFolder } from '../support/apps-files.js';
import {
  CT_CONTEXT,
  exchange,
  openAssociation,
  PduSocket,
  releaseAssociation,
  storeRequest,
  storeWell,
} from '../support/apps-peer.js';
import { type Listening, listeningStorescp, runStorescp } from '../support/apps-run.js';
import { encodeDataSet } from '../support/data-set.js';
import { HeldPrograms } from '../support/held-programs.js';
import { makeNamedPipe, noNamedPipes } from '../support/named-pipe.js';
import { CT_IMAGE, sampleImage } from '../support/sample-instance.js';

const limits = { concurrency: 4, timeout: 120_000 };

interface Setting {
  readonly folder: Folder;
  readonly programs: HeldPrograms;
  readonly storescp: Listening;
  readonly socket: PduSocket;
}

/** @param argsFor the options, for the command that is a held program */
async function withPrograms(
  argsFor: (command: string) => readonly string[],
  use: (setting: Setting) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  await using scripts = await temporaryFolder();
  await using programs = await HeldPrograms.listen(scripts.path);
  await using storescp = await listeningStorescp(['-od', folder.path, ...argsFor(programs.command)], {
    env: { NETDICOM_PASSWORD: 'secret', OTHER: 'passed on' },
  });
  await using socket = await PduSocket.connect(storescp.port);
  await openAssociation(socket, [CT_CONTEXT]);
  await use({ folder, programs, storescp, socket });
}

async function storeOf(socket: PduSocket, uid: string, study: string, patientId = 'P'): Promise<void> {
  const elements = [
    { tag: 0x00080005, vr: 'CS', value: ['ISO_IR 192'] },
    { tag: 0x00100020, vr: 'LO', value: [Buffer.from(patientId).toString('latin1')] },
    { tag: 0x0020000d, vr: 'UI', value: [study] },
  ] as const;
  const image = sampleImage({ sopClassUid: CT_IMAGE, sopInstanceUid: uid, elements });
  const { status } = await exchange(socket, storeRequest(uid), encodeDataSet(image, EXPLICIT_VR_LITTLE_ENDIAN));
  assert.equal(status, 0);
}

describe('storescp --exec', limits, () => {
  it('runs a program for each object, whose values stay within their arguments', () =>
    withPrograms(
      (command) => [
        '--exec',
        `${command} {path} {PatientID} "{Modality} {SOPInstanceUID}" {StudyInstanceUID} 'a;b' {{x}}`,
      ],
      async ({ folder, programs, socket }) => {
        for (const [index, id] of [
          'a; touch x $(touch y) `touch z` | & > q',
          `"'\\`,
          '--help',
          '-rf *',
          'x\ny',
          'Grüße 山田',
        ].entries()) {
          const uid = `1.2.${index}`;
          await storeOf(socket, uid, '1.2.9', id);
          const program = await programs.next();
          const path = join(folder.path, `CT.${uid}`);
          assert.deepEqual(program.args, [path, id.replace(/^ +| +$/g, ''), `CT ${uid}`, '1.2.9', 'a;b', '{x}']);
          program.end();
        }
      },
    ));

  it('has the placeholders of --output-pattern as well, and says which it does not have', async (test) => {
    await withPrograms(
      (command) => [
        '--exec',
        `${command} {file} {bytes} {PatientName} {StudyDate:YYYY-MM} {0028,0010} {AccessionNumber} {CallingAET}`,
      ],
      async ({ folder, programs, socket }) => {
        await storeWell(socket, '1.2.3');
        const { args, end } = await programs.next();
        const { length } = readFileSync(join(folder.path, 'CT.1.2.3'));
        assert.deepEqual(args, ['CT.1.2.3', String(length), 'Sample^Image', '2026-11', '16', '', 'PEER']);
        end();
      },
    );
    const { code, stderr } = await runStorescp(test, ['0', '--exec', 'sh {PatientNam}']);
    assert.equal(code, 2);
    assert.match(stderr, /^storescp: --exec: \{PatientNam\} is no keyword .*\(nor path, directory, file or bytes; /);
  });

  it('answers before the program has ended, whatever becomes of it, and logs failures', () =>
    withPrograms(
      (command) => ['--exec', command],
      async ({ folder, programs, storescp, socket }) => {
        for (const uid of ['1.2.1', '1.2.2']) await storeWell(socket, uid);
        (await programs.next()).end(3);
        (await programs.next()).end(0);
        await releaseAssociation(socket);
        const { stderr } = await storescp.process.stop('SIGTERM');
        const path = join(folder.path, 'CT.1.2.1');
        assert.equal(stderr, `W: --exec failed for ${path}: ${process.execPath}: exit code 3\n`);
      },
    ));

  it('shows what programs say, as lines of the log, and why they failed', async () => {
    await using folder = await temporaryFolder();
    const script = 'echo "it says $1"; printf "\\033[31mred\\nlast words" >&2; kill -9 $$';
    await using storescp = await listeningStorescp(['-od', folder.path, '-v', '--exec', `sh -c '${script}' sh {file}`]);
    await using socket = await PduSocket.connect(storescp.port);
    await openAssociation(socket, [CT_CONTEXT]);
    await storeWell(socket, '1.2.1');
    const path = join(folder.path, 'CT.1.2.1');
    await storescp.process.output('stderr', /^W: --exec failed/m);
    await releaseAssociation(socket);
    const { stderr } = await storescp.process.stop('SIGTERM');
    const lines = stderr.split('\n');
    for (const line of [
      `I: Running sh for ${path}`,
      'I: --exec: it says CT.1.2.1',
      'I: --exec: \\x1b[31mred',
      'I: --exec: last words',
      `W: --exec failed for ${path}: sh: ended by SIGKILL: last words`,
    ])
      assert.ok(lines.includes(line), `${line} is not in\n${stderr}`);
  });

  it('keeps its secrets to itself', () =>
    withPrograms(
      (command) => ['--exec', command],
      async ({ programs, socket }) => {
        await storeWell(socket, '1.2.1');
        const { env, end } = await programs.next();
        assert.deepEqual([env.NETDICOM_PASSWORD, env.OTHER], [undefined, 'passed on']);
        end();
      },
    ));

  it('runs no more at a time than --exec-jobs, in the order of the objects', () =>
    withPrograms(
      (command) => ['--exec', `${command} {SOPInstanceUID}`, '--exec-jobs', '2'],
      async ({ programs, storescp, socket }) => {
        for (let number = 1; number <= 6; number++) await storeWell(socket, `1.2.${number}`);
        const running = [await programs.next(), await programs.next()];
        const begun = running.map(({ args }) => args[0]);
        assert.deepEqual([...begun].sort(), ['1.2.1', '1.2.2']);
        for (let number = 3; number <= 6; number++) {
          assert.equal(programs.count, number - 1);
          const [oldest] = running.splice(0, 1);
          oldest?.end();
          await oldest?.ended;
          const next = await programs.next();
          assert.deepEqual(next.args, [`1.2.${number}`]);
          running.push(next);
        }
        for (const program of running) program.end();
        await releaseAssociation(socket);
        assert.equal((await storescp.process.stop('SIGTERM')).stderr, '');
        assert.equal(programs.most, 2);
      },
    ));

  it('stops a program that takes longer than --exec-timeout', async () => {
    await using folder = await temporaryFolder();
    await using storescp = await listeningStorescp([
      ...['-od', folder.path, '--exec-timeout', '0.2', '--exec'],
      `sh -c 'trap : TERM; while :; do sleep 1; done'`,
    ]);
    await using socket = await PduSocket.connect(storescp.port);
    await openAssociation(socket, [CT_CONTEXT]);
    await storeWell(socket, '1.2.1');
    // Who does not heed SIGTERM, which takes a shell that has begun, gets another signal a second later.
    const [, path] = await storescp.process.output(
      'stderr',
      /^W: --exec failed for (.*): sh: took longer than --exec-timeout allows, ended by SIG(KILL|TERM)/m,
    );
    assert.equal(path, join(folder.path, 'CT.1.2.1'));
  });

  it('stops what such a program has started, though the program itself has gone', { skip: noNamedPipes }, async () => {
    await using folder = await temporaryFolder();
    const fifo = join(folder.path, 'held');
    makeNamedPipe(fifo);
    const script = `(trap "" TERM; exec >${fifo} 2>&1; echo deaf; while :; do sleep 1; done) & wait`;
    await using storescp = await listeningStorescp(['-od', folder.path, '-v', '--exec', `sh -c '${script}'`]);
    await using socket = await PduSocket.connect(storescp.port);
    await openAssociation(socket, [CT_CONTEXT]);
    await storeWell(socket, '1.2.1');
    const held = createReadStream(fifo);
    await once(held, 'readable');
    await releaseAssociation(socket);
    storescp.process.kill('SIGTERM');
    await storescp.process.output('stderr', /^I: Stopping on SIGTERM$/m);
    const { stderr } = await storescp.process.stop('SIGTERM');
    assert.match(stderr, /^W: --exec failed for .*: sh: ended by SIGTERM$/m);
    // It ends when the last has gone that has it open.
    assert.equal(await text(held), 'deaf\n');
  });

  it('shows the first lines of a program that prints a lot, and the last of its errors', async () => {
    await using folder = await temporaryFolder();
    const lines = (word: string, count: number) => `i=0; while [ $i -lt ${count} ]; do echo ${word}; i=$((i+1)); done`;
    const script = `${lines('line', 500_000)}; ${lines('wrong', 50_000)} >&2; echo reason >&2; exit 1`;
    await using storescp = await listeningStorescp(['-od', folder.path, '-v', '--exec', `sh -c '${script}'`]);
    await using socket = await PduSocket.connect(storescp.port);
    await openAssociation(socket, [CT_CONTEXT]);
    await storeWell(socket, '1.2.1');
    await storescp.process.output('stderr', /^W: --exec failed for .*: sh: exit code 1: reason$/m);
    const shown = storescp.process.stderr.split('\n').filter((line) => line.startsWith('I: --exec: '));
    assert.deepEqual(shown, [...Array(100).fill('I: --exec: line'), 'I: --exec: ... (more output is not shown)']);
  });

  it('goes on after a signal, with what runs and what waits, as long as the signal allows', () =>
    withPrograms(
      (command) => ['--exec', command, '-v'],
      async ({ programs, storescp, socket }) => {
        for (const uid of ['1.2.1', '1.2.2']) await storeWell(socket, uid);
        const first = await programs.next();
        await releaseAssociation(socket);
        storescp.process.kill('SIGTERM');
        await storescp.process.output('stderr', /^I: Stopping on SIGTERM$/m);
        first.end();
        (await programs.next()).end();
        const { code, stderr } = await storescp.process.ended;
        assert.equal(code, 143);
        assert.doesNotMatch(stderr, /^W: --exec/m);
      },
    ));

  it('stops what runs at the second signal, and says what was not run', () =>
    withPrograms(
      (command) => ['--exec', command, '-v'],
      async ({ folder, programs, storescp, socket }) => {
        for (const uid of ['1.2.1', '1.2.2', '1.2.3']) await storeWell(socket, uid);
        const first = await programs.next();
        await releaseAssociation(socket);
        storescp.process.kill('SIGTERM');
        await storescp.process.output('stderr', /^I: Stopping on SIGTERM$/m);
        const { stderr } = await storescp.process.stop('SIGTERM');
        await first.ended;
        const words = (uid: string, what: string) =>
          `W: --exec ${what} for ${join(folder.path, uid)}: ${process.execPath}`;
        const lines = stderr.split('\n').filter((line) => line.startsWith('W: --exec'));
        assert.deepEqual(lines, [
          `${words('CT.1.2.2', 'not run')}: storescp is stopping`,
          `${words('CT.1.2.3', 'not run')}: storescp is stopping`,
          `${words('CT.1.2.1', 'failed')}: ended by SIGTERM`,
        ]);
        assert.equal(programs.count, 1);
      },
    ));
});

describe('storescp --exec-study', limits, () => {
  it('runs a program for each study that has been silent for --study-timeout', () =>
    withPrograms(
      (command) => [
        ...['--study-timeout', '0.5', '--exec-study'],
        `${command} {StudyInstanceUID} {instances} {series} {directory} {CallingAET} {PatientID} {reason}`,
      ],
      async ({ folder, programs, socket }) => {
        await storeOf(socket, '1.2.1', '1.2.77', 'one');
        const study = await programs.next();
        study.end();
        assert.deepEqual(study.args, ['1.2.77', '1', '1', folder.path, 'PEER', 'one', 'silence']);
      },
    ));

  it('has no study of objects that name none, which is told once for each association', () =>
    withPrograms(
      (command) => ['--exec-study', `${command} {StudyInstanceUID}`],
      async ({ programs, storescp, socket }) => {
        for (const [uid, study] of [
          ['1.2.1', ''],
          ['1.2.2', '1.2.3abc'],
          ['1.2.3', '1.2.77'],
        ] as const)
          await storeOf(socket, uid, study);
        await releaseAssociation(socket);
        storescp.process.kill('SIGTERM');
        const study = await programs.next();
        assert.deepEqual(study.args, ['1.2.77']);
        study.end();
        const { stderr } = await storescp.process.ended;
        assert.equal(stderr, 'W: No Study Instance UID that is one in SOP Instance 1.2.1: no study ends with it\n');
      },
    ));

  it('comes after the programs of the objects of the study, and at the end for studies that come in still', () =>
    withPrograms(
      (command) => [
        ...[
          '--exec',
          `${command} {SOPInstanceUID}`,
          '--exec-study',
          `${command} {StudyInstanceUID} {instances} {reason}`,
        ],
        ...['--exec-jobs', '3', '-v'],
      ],
      async ({ programs, storescp, socket }) => {
        for (const uid of ['1.2.1', '1.2.2']) await storeOf(socket, uid, '1.2.77');
        const running = [await programs.next(), await programs.next()];
        await releaseAssociation(socket);
        storescp.process.kill('SIGTERM');
        await storescp.process.output('stderr', /^I: Stopping on SIGTERM$/m);
        const [first, second] = running;
        first?.end();
        await first?.ended;
        assert.equal(programs.count, 2);
        second?.end();
        const study = await programs.next();
        assert.deepEqual(study.args, ['1.2.77', '2', 'stop']);
        study.end();
        assert.equal((await storescp.process.ended).code, 143);
      },
    ));

  it('is run for what there is when storescp ends by itself, which waits for it', () =>
    withPrograms(
      (command) => ['-to', '0.3', '--exec-study', `${command} {reason}`],
      async ({ programs, storescp, socket }) => {
        await storeWell(socket, '1.2.1');
        await releaseAssociation(socket);
        const study = await programs.next();
        assert.deepEqual(study.args, ['stop']);
        study.end(7);
        const { code, stderr } = await storescp.process.ended;
        assert.equal(code, 0);
        assert.match(stderr, /^W: --exec-study failed for study 2\.25\.1: .*: exit code 7\n$/);
      },
    ));
});

function silentLog(): Log {
  return createLog('storescp', {
    sink: () => ({ threshold: 100, write: () => undefined }),
    close: async () => undefined,
  });
}

describe('programs that wait', limits, () => {
  it('are bounded: whoever has more waits for room, and is told of it once', async () => {
    await using folder = await temporaryFolder();
    await using programs = await HeldPrograms.listen(folder.path);
    const lines: string[] = [];
    const backend = {
      sink: () => ({ threshold: 30, write: (_: string, written: readonly string[]) => lines.push(...written) }),
      close: async () => undefined,
    };
    const queue = new ProgramQueue({ jobs: 1, timeoutMs: 0, maxWaiting: 2 }, createLog('storescp', backend));
    const command = commandParser([])(programs.command);
    const job = { option: '--exec', command, what: 'x', studyInstanceUid: undefined, isForStudy: false };
    const added: string[] = [];
    const all = ['1', '2', '3', '4', '5'].map((id) =>
      queue.add({ ...job, args: [...filledIn(command, String), id] }).then(() => added.push(id)),
    );
    const [first, second] = [await programs.next(), programs.next()];
    assert.deepEqual(added, ['1', '2', '3']);
    first.end();
    (await second).end();
    for (const _ of ['3', '4', '5']) (await programs.next()).end();
    await Promise.all(all);
    await queue.idle();
    assert.deepEqual(added, ['1', '2', '3', '4', '5']);
    assert.deepEqual(lines, ['2 programs wait to be run: from now on answers wait for room as well']);
  });

  it('for other studies go past that of a study whose objects have not ended, those of the same study do not', async () => {
    await using folder = await temporaryFolder();
    await using programs = await HeldPrograms.listen(folder.path);
    const queue = new ProgramQueue({ jobs: 2, timeoutMs: 0 }, silentLog());
    const command = commandParser([])(programs.command);
    const add = (id: string, study: string, isForStudy = false) =>
      queue.add({
        ...{ option: '--exec', command, what: id, studyInstanceUid: study, isForStudy },
        args: [...filledIn(command, String), id],
      });
    for (const id of ['a1', 'a', 'a2', 'b1', 'b2', 'b']) await add(id, id.slice(0, 1), id.length === 1);
    const next = async (...ids: readonly string[]) => {
      const program = await programs.next();
      assert.ok(ids.includes(program.args[0] ?? ''), `${program.args[0]} begins instead of ${ids}`);
      return program;
    };
    const first = [await next('a1', 'b1'), await next('a1', 'b1')];
    const of = (id: string) => first.find(({ args }) => args[0] === id);
    of('b1')?.end();
    (await next('b2')).end();
    const study = await next('b');
    of('a1')?.end();
    const ofA = await next('a');
    study.end();
    (await next('a2')).end();
    ofA.end();
    await queue.idle();
  });

  it('tell what keeps a program from being started', async () => {
    const lines: string[] = [];
    const backend = {
      sink: () => ({ threshold: 30, write: (_: string, written: readonly string[]) => lines.push(...written) }),
      close: async () => undefined,
    };
    const queue = new ProgramQueue({ jobs: 1, timeoutMs: 0 }, createLog('storescp', backend));
    const job = { option: '--exec', what: 'x', studyInstanceUid: undefined, isForStudy: false };
    const gone = { program: '/nowhere/gone', words: [] };
    await queue.add({ ...job, command: gone, args: [] });
    await queue.add({ ...job, command: { program: 'sh', words: [] }, args: ['x'.repeat(5_000_000)] });
    await queue.idle();
    assert.deepEqual(lines, [
      '--exec failed for x: /nowhere/gone: cannot be started: no such file',
      '--exec failed for x: sh: cannot be started: its arguments are too long',
    ]);
  });
});
