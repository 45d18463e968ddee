/** The built storescu and what it tells of a run beside its log: --report, --resume, --json, --summary. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { deferred } from '../../src/base/deferred.js';
import { responseTo } from '../../src/index.js';
import { type Folder, sampleFolder, temporaryFolder } from '../support/apps-files.js';
import { acceptAssociation, messagePdus, type PduSocket, scriptedPeer } from '../support/apps-peer.js';
import { long, recorder } from '../support/apps-recorder.js';
import { listeningStorescp, startStorescu } from '../support/apps-run.js';
import { makeNamedPipe, noNamedPipes } from '../support/named-pipe.js';
import { applicationPath } from '../support/paths.js';
import { type Ended, Running, run as runProgram } from '../support/processes.js';
import { skipWithoutSmallDisk, smallDisk } from '../support/small-disk.js';

const limits = { concurrency: 4, timeout: 120_000 };

let folder: Folder;
before(async () => {
  folder = await sampleFolder();
});
after(() => folder[Symbol.asyncDispose]());

type Row = Readonly<Record<string, unknown>>;

function linesOf(text: string): Row[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** `stored ct.dcm 0x0000`, by the order of their names. */
function inShort(records: readonly Row[], below: string): string[] {
  return records
    .map(({ outcome, path, status }) => `${outcome} ${String(path).replace(`${below}/`, '')} ${status ?? '-'}`)
    .sort();
}

describe('storescu --summary', limits, () => {
  const TIME = String.raw`[\d.]+ \w+ in \d+\.\d s \([\d.]+ \w+/s\)`;
  const rows: readonly (readonly [args: string, statuses: readonly number[], stderr: string, code: number])[] = [
    ['ct.dcm mr.dcm', [0], '', 0],
    ['ct.dcm mr.dcm --summary', [0], `I: 2 stored \\(2 converted\\), 0 failed, ${TIME}\n`, 0],
    ['ct.dcm mr.dcm --summary -xo', [0], `I: 2 stored, 0 failed, ${TIME}\n`, 0],
    ['ct.dcm --summary -q', [0], '', 0],
    ['ct.dcm -q', [0xa700], '', 3],
    ['ct.dcm -ll error', [0xa700], 'E: Not stored: .*\n', 3],
    [
      'ct.dcm -ll error --summary',
      [0xa700],
      `E: Not stored: .*\nI: 0 stored, 1 failed \\(0xA700 - Failure: Out of Resources\\), ${TIME}\n`,
      3,
    ],
    [
      'ct.dcm mr.dcm nowhere.dcm',
      [0xa700, 0],
      `(E: .*\n){2}W: 1 stored \\(1 converted\\), 2 failed, ${TIME}\nW: 1 failed: [^\n]*\nW: 1 failed: [^\n]*\n`,
      3,
    ],
    ['ct.dcm mr.dcm --halt', [0xa700], `E: .*\nW: 0 stored, 1 failed \\(.*\\), 1 not sent, ${TIME}\n`, 3],
    ['--echo --summary', [0], '', 0],
    ['folder --dry-run --summary', [0], 'W: Skipped: .*\n', 0],
  ];
  for (const [args, statuses, stderr, code] of rows)
    it(`${args}, answered with ${statuses.map((status) => status.toString(16))}`, async (test) => {
      await using peer = await recorder({ statuses });
      const words = ['127.0.0.1', `${peer.port}`, ...args.split(' ')];
      const ended = await startStorescu(test, words, { cwd: folder.path }).ended;
      assert.match(ended.stderr, new RegExp(`^${stderr}$`));
      assert.equal(ended.code, code);
    });
});

describe('storescu --report and --json', limits, () => {
  it('tell of every file, whatever became of it', async (test) => {
    await using output = await temporaryFolder();
    await using peer = await recorder({ statuses: [0x0000, 0xb000, 0xa700], refuses: [long('SC')] });
    for (const form of ['ndjson', 'json', 'csv']) {
      const report = join(output.path, `report.${form}`);
      const args = ['ct.dcm', 'mr.dcm', 'jpeg.dcm', 'nowhere.dcm', 'folder', '--json', '--report', report];
      const { stdout, code } = await run(test, peer.port, args);
      assert.equal(code, 3);
      const records = linesOf(stdout);
      if (form === 'ndjson')
        assert.deepEqual(inShort(records, folder.path), [
          'not-sent jpeg.dcm -',
          'not-sent nowhere.dcm -',
          'refused folder/a.dcm 0xA700',
          'skipped folder/notes.txt -',
          'stored ct.dcm 0x0000',
          'stored mr.dcm 0xB000',
        ]);
      const text = await readFile(report, 'utf8');
      if (form === 'ndjson') assert.equal(text, stdout);
      else if (form === 'json') assert.deepEqual(JSON.parse(text), records);
      else assert.equal(text.split('\r\n').length, records.length + 2);
      assert.deepEqual(
        (await readdir(output.path)).filter((name) => name.includes(`.${form}.`)),
        [],
      );
    }
  });

  it('tell of those that the run did not come to, when the association is lost', async (test) => {
    await using output = await temporaryFolder();
    await using peer = await scriptedPeer(async (socket) => {
      await acceptAssociation(socket);
      await respond(socket);
      await socket.message();
      socket.reset();
    });
    const report = join(output.path, 'report.ndjson');
    const args = ['ct.dcm', 'mr.dcm', 'big.dcm', '-pts', '3', '--async-ops', '1', '--report', report];
    const { code } = await run(test, peer.port, args);
    assert.equal(code, 1);
    assert.deepEqual(inShort(linesOf(await readFile(report, 'utf8')), folder.path), [
      'left big.dcm -',
      'stored ct.dcm 0x0000',
      'unanswered mr.dcm -',
    ]);
  });

  it('cannot write, and nothing is sent', async (test) => {
    await using peer = await recorder();
    const { stdout, stderr, code } = await run(test, peer.port, ['ct.dcm', '--report', 'no/where.csv']);
    assert.deepEqual(
      [stdout, stderr, code, peer.requests.length],
      ['', 'E: Cannot write report no/where.csv: no such file or directory\n', 1, 0],
    );
  });

  it('do not keep files waiting when the disk is full', { skip: skipWithoutSmallDisk() }, async (test) => {
    await using disk = await smallDisk('size=1m');
    const report = join(disk.path, 'report.json');
    let requests = 0;
    await using peer = await scriptedPeer(async (socket) => {
      await acceptAssociation(socket);
      for (; requests < 40; requests++) {
        if (requests === 20) disk.fill();
        await respond(socket);
      }
      await socket.expect('A-RELEASE-RQ');
      socket.send({ type: 'A-RELEASE-RP' });
      socket.close();
    });
    const args = [...Array<string>(40).fill('ct.dcm'), '--async-ops', '1', '--report', report];
    const { stderr, code } = await run(test, peer.port, args);
    assert.equal(stderr, `E: Cannot write report ${report}: no space left on device: going on without\n`);
    assert.deepEqual([code, requests], [1, 40]);
    const records = JSON.parse(await readFile(report, 'utf8'));
    assert.ok(records.length >= 19 && records.length < 40, `${records.length} records`);
  });

  it('leave nothing where the disk was full before', { skip: skipWithoutSmallDisk() }, async (test) => {
    await using disk = await smallDisk('size=1m');
    disk.fill();
    const report = join(disk.path, 'r.json');
    const { stderr, code } = await run(test, 1, ['ct.dcm', '--report', report]);
    assert.deepEqual([stderr, code], [`E: Cannot write report ${report}: no space left on device\n`, 1]);
    assert.deepEqual(
      (await readdir(disk.path)).filter((name) => !name.startsWith('.')),
      [],
    );
  });

  it('are refused to a second run at the same time', async (test) => {
    await using output = await temporaryFolder();
    const report = join(output.path, 'r.ndjson');
    const reached = deferred();
    await using peer = await scriptedPeer(async (socket) => {
      await acceptAssociation(socket);
      await socket.message();
      reached.resolve();
    });
    const first = startStorescu(test, ['127.0.0.1', `${peer.port}`, 'ct.dcm', '--report', report], {
      cwd: folder.path,
    });
    await reached.promise;
    const { stderr, code } = await run(test, peer.port, ['mr.dcm', '--report', report]);
    assert.match(stderr, /^E: Cannot write report .*: in use by process \d+ on [^\n]*\n$/);
    assert.equal(code, 1);
    await first.stop();
    assert.deepEqual(inShort(linesOf(await readFile(report, 'utf8')), folder.path), ['unanswered ct.dcm -']);
    assert.deepEqual(await readdir(output.path), ['r.ndjson']);
  });

  it('are nothing to send themselves', async (test) => {
    await using study = await studyOf(1);
    await using peer = await recorder();
    const report = join(study.path, 'in', 'r.json');
    await writeFile(report, '[]');
    const resumed = ['in', '--resume', report, '--report', 'in/r.json', '--summary'];
    for (const args of [resumed, ['in', '--report', 'in/r.json']]) {
      const { stderr, code } = await run(test, peer.port, args, { cwd: study.path });
      assert.match(stderr, args.includes('--summary') ? /^I: 1 stored[^\n]*\n$/ : /^$/);
      assert.equal(code, 0);
      assert.deepEqual(inShort(JSON.parse(await readFile(report, 'utf8')), study.path), ['stored in/0.dcm 0x0000']);
    }
  });

  it('do not vanish without a word on a full disk', { skip: !existsSync('/dev/full') }, async () => {
    await using peer = await recorder();
    const words = ['127.0.0.1', `${peer.port}`, 'ct.dcm', 'mr.dcm', '--json'];
    const args = ['-c', 'exec "$@" >/dev/full', 'sh', process.execPath, applicationPath('storescu'), ...words];
    const { code, stderr } = await runProgram('sh', args, { cwd: folder.path });
    const told = 'E: Cannot write to standard output: no space left on device: going on without\n';
    assert.deepEqual([code, stderr, peer.dataSets.length], [1, told, 2]);
  });

  it('do not make deaf to signals when their reader does not read', { skip: noNamedPipes }, async () => {
    await using output = await temporaryFolder();
    const reached = deferred();
    await using peer = await scriptedPeer(async (socket) => {
      await acceptAssociation(socket);
      for (let answered = 1; ; answered++) {
        await respond(socket);
        if (answered === 20) reached.resolve();
      }
    });
    // Its own pipe, which is full.
    const pipe = join(output.path, 'pipe');
    makeNamedPipe(pipe);
    const script = 'exec 3<>"$0" && head -c 65536 /dev/zero >&3 && exec "$@" >"$0"';
    const words = ['127.0.0.1', `${peer.port}`, 'ct.dcm', '--repeat', '500', '--async-ops', '1', '--json'];
    const args = ['-c', script, pipe, process.execPath, applicationPath('storescu'), ...words];
    await using storescu = new Running('sh', args, { cwd: folder.path });
    // One that ends early would be waited for in vain.
    void storescu.ended.then(({ stderr }) => reached.reject(new Error(`ended early: ${stderr}`)), reached.reject);
    await reached.promise;
    const { code, stderr } = await storescu.stop('SIGINT');
    assert.equal(code, 130);
    assert.match(stderr, /Stopped by SIGINT: \d+ stored/);
  });

  it('leave a report as it is with --dry-run, and when the command line is wrong', async (test) => {
    await using output = await temporaryFolder();
    const report = join(output.path, 'report.csv');
    await writeFile(report, 'what was there');
    for (const [args, code] of [
      [['ct.dcm', '--dry-run', '--json'], 0],
      [['ct.dcm', '--include', '[a'], 2],
    ] as const) {
      const ended = await run(test, 1, [...args, '--report', report]);
      assert.equal(ended.code, code);
      assert.doesNotMatch(ended.stdout, /"path"/);
      assert.equal(await readFile(report, 'utf8'), 'what was there');
    }
    assert.deepEqual(await readdir(output.path), ['report.csv']);
  });

  it('go on sending when nobody reads them', async () => {
    await using peer = await recorder();
    const words = ['127.0.0.1', `${peer.port}`, 'ct.dcm', 'mr.dcm', '--json'];
    // The reader closes the pipe, most likely before there is anything to read.
    const script = 'exit "$({ { "$@"; echo $? >&4; } | exec 0<&-; } 4>&1)"';
    const args = ['-c', script, 'sh', process.execPath, applicationPath('storescu'), ...words];
    const { code, stderr } = await runProgram('sh', args, { cwd: folder.path });
    assert.deepEqual([code, stderr, peer.dataSets.length], [0, '', 2]);
  });
});

describe('storescu --resume', limits, () => {
  it('sends what the report does not say is stored, and with the same --report makes that whole', async (test) => {
    for (const form of ['ndjson', 'json', 'csv']) {
      await using study = await studyOf(5);
      const report = join(study.path, `report.${form}`);
      const first = await recorder({ statuses: [0x0000, 0xa700, 0x0000] });
      assert.equal((await run(test, first.port, [join(study.path, 'in'), '--report', report])).code, 3);
      await first[Symbol.asyncDispose]();
      // One has changed since, one is new.
      await utimes(join(study.path, 'in', '4.dcm'), 1, 1);
      await copyFile(join(folder.path, 'mr.dcm'), join(study.path, 'in', '5.dcm'));
      await using second = await recorder();
      await readdress(report, second.port);
      const resumed = ['--resume', report, '--report', report, '--summary'];
      const { stderr, code } = await run(test, second.port, ['in', ...resumed], { cwd: study.path });
      assert.match(stderr, /^I: 3 stored .*, 0 failed, 3 stored before, .*\n$/);
      assert.deepEqual([code, second.dataSets.length], [0, 3]);
      const third = await run(test, second.port, ['in', '--resume', report], { cwd: study.path });
      assert.deepEqual([third.stderr, third.code], ['', 0]);
      const dry = await run(test, second.port, ['in', '--resume', report, '--dry-run'], { cwd: study.path });
      assert.equal(dry.stdout, '0 files to send over 0 associations; stored before: 6 files\n');
      assert.equal(dry.code, 0);
    }
  });

  it('takes over what was stored into another report, and may change the form', async (test) => {
    await using study = await studyOf(3);
    const [one, other] = ['one.csv', 'other.json'].map((name) => join(study.path, name));
    assert.ok(one !== undefined && other !== undefined);
    await using peer = await recorder({ statuses: [0x0000, 0xa700, 0x0000] });
    await run(test, peer.port, ['in', '--report', one], { cwd: study.path });
    await run(test, peer.port, ['in', '--resume', one, '--report', other], { cwd: study.path });
    const all = ['stored in/0.dcm 0x0000', 'stored in/1.dcm 0x0000', 'stored in/2.dcm 0x0000'];
    assert.deepEqual(inShort(JSON.parse(await readFile(other, 'utf8')), study.path), all);
    assert.equal(peer.dataSets.length, 4);
  });

  it('leaves out only what the same peer has stored, and forgets nothing of the others', async (test) => {
    await using study = await studyOf(2);
    const report = join(study.path, 'report.csv');
    await using one = await recorder();
    await using other = await recorder();
    const args = ['in', '--resume', report, '--report', report];
    await run(test, one.port, ['in', '--report', report], { cwd: study.path });
    const atOther = await run(test, other.port, args, { cwd: study.path });
    assert.equal(
      atOther.stderr,
      `W: ${report} is about other peers (ANY-SCP at 127.0.0.1:${one.port}), not ANY-SCP at 127.0.0.1:${other.port}: nothing of it is left out\n`,
    );
    for (const { port } of [one, other]) {
      const { stderr, code } = await run(test, port, args, { cwd: study.path });
      assert.deepEqual([stderr, code], ['', 0]);
    }
    assert.deepEqual([one.dataSets.length, other.dataSets.length], [2, 2]);
    const renamed = await run(test, one.port, [...args, '-aec', 'ELSE', '-q'], { cwd: study.path });
    assert.deepEqual([renamed.code, one.dataSets.length], [0, 4]);
  });

  it('needs a report that can be read, and leaves the other alone', async (test) => {
    await using output = await temporaryFolder();
    const report = join(output.path, 'r.csv');
    await writeFile(report, 'what was there');
    const { stderr, code } = await run(test, 1, ['ct.dcm', '--resume', 'none.json', '--report', report]);
    assert.deepEqual([stderr, code], ['E: Cannot read report none.json: no such file or directory\n', 1]);
    assert.equal(await readFile(report, 'utf8'), 'what was there');
    assert.deepEqual(await readdir(output.path), ['r.csv']);
  });

  for (const form of ['ndjson', 'json', 'csv'])
    it(`goes on from what a killed run has left in a .${form}`, async (test) => {
      await using study = await studyOf(40);
      const report = join(study.path, `report.${form}`);
      const reached = deferred();
      let stored = 0;
      await using peer = await scriptedPeer(async (socket) => {
        await acceptAssociation(socket);
        for (; stored < 20; stored++) await respond(socket);
        await socket.message();
        reached.resolve();
      });
      const args = ['in', '--report', report, '--async-ops', '1', '-xo'];
      const killed = startStorescu(test, ['127.0.0.1', `${peer.port}`, ...args], { cwd: study.path });
      await reached.promise;
      killed.kill('SIGKILL');
      assert.equal((await killed.ended).signal, 'SIGKILL');
      assert.ok(existsSync(report));
      await using scp = await listeningStorescp(['-od', study.path]);
      await readdress(report, scp.port);
      const { code, stdout } = await run(test, scp.port, [...args, '--resume', report, '--json'], { cwd: study.path });
      assert.equal(code, 0);
      // The one on its way, and maybe one whose response was in and not yet told of.
      const sent = linesOf(stdout).length;
      assert.ok(sent === 20 || sent === 21, `${sent} of 20 were sent again`);
      const again = await run(test, scp.port, ['in', '--resume', report, '--dry-run'], { cwd: study.path });
      assert.match(again.stdout, /stored before: 40 files\n$/);
    });
});

async function run(
  test: Parameters<typeof startStorescu>[0],
  port: number,
  args: readonly string[],
  { cwd = folder.path }: { readonly cwd?: string } = {},
): Promise<Ended> {
  return startStorescu(test, ['127.0.0.1', `${port}`, ...args], { cwd }).ended;
}

/** A folder with so many files in `in`. */
async function studyOf(files: number): Promise<Folder> {
  const study = await temporaryFolder();
  await mkdir(join(study.path, 'in'));
  for (let index = 0; index < files; index++)
    await copyFile(join(folder.path, 'ct.dcm'), join(study.path, 'in', `${index}.dcm`));
  return study;
}

/** As if the peer of an earlier run had this port. */
async function readdress(report: string, port: number): Promise<void> {
  const text = await readFile(report, 'utf8');
  await writeFile(report, text.replace(/127\.0\.0\.1:\d+/g, `127.0.0.1:${port}`));
}

async function respond(socket: PduSocket): Promise<void> {
  const { message, presentationContextId } = await socket.message();
  if (!('messageId' in message)) throw new Error('no request');
  socket.send(...messagePdus(responseTo(message, 0x0000), presentationContextId));
}
