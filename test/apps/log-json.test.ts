/** `--log-format json` of both applications: every line an object, and what one of them can be asked for. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CT_INSTANCE, ctImage, sampleFolder, temporaryFolder } from '../support/apps-files.js';
import { type JsonLine, jsonLines, pick } from '../support/apps-json-log.js';
import {
  CT_CONTEXT,
  ctDataSet,
  exchange,
  openAssociation,
  PduSocket,
  releaseAssociation,
  storeRequest,
  storeWell,
} from '../support/apps-peer.js';
import { listeningStorescp, runStorescp, runStorescu, withStorescp, words } from '../support/apps-run.js';
import { freePort } from '../support/processes.js';
import { CT_IMAGE, samplePart10 } from '../support/sample-instance.js';

const limits = { concurrency: 4, timeout: 60_000 };
const JSON_LOG = ['--log-format', 'json'];
const EXPLICIT = '1.2.840.10008.1.2.1';
const ANSWER = [
  'direction',
  'command',
  'messageId',
  'sopInstanceUid',
  'transferSyntax',
  'status',
  'statusMeaning',
  'bytes',
];

function eventsOf(lines: readonly JsonLine[]): readonly unknown[] {
  return lines.map(({ event, direction }) => (direction === undefined ? event : `${direction} ${event}`));
}

describe('storescp with --log-format json', limits, () => {
  it('-v: has a line with status, bytes and milliseconds for each object, and association and titles in every line', () =>
    withStorescp([...JSON_LOG, '-v'], async ({ port, process }) => {
      await using socket = await PduSocket.connect(port);
      await openAssociation(socket, [CT_CONTEXT]);
      await storeWell(socket, '1.2.3');
      assert.equal((await exchange(socket, storeRequest('1..2', 2), ctDataSet('1..2'))).status, 0x0117);
      await releaseAssociation(socket);
      await socket.expectEnd();
      const lines = jsonLines((await process.stop('SIGTERM')).stderr);
      assert.deepEqual(eventsOf(lines), [
        ...['associate-rq', 'associate-ac', 'incoming message', 'storing', 'incoming answered'],
        ...['incoming message', 'request-failed', 'incoming answered', 'released', 'stopping'],
      ]);
      const onAssociation = lines.filter(({ event }) => event !== 'stopping');
      for (const line of onAssociation) {
        assert.deepEqual(pick(line, ['association', 'callingAet', 'calledAet']), {
          association: 1,
          callingAet: 'PEER',
          calledAet: 'ANY-SCP',
        });
        assert.match(String(line.peer), /^127\.0\.0\.1:\d+$/);
      }
      const answers = lines.filter(({ event }) => event === 'answered');
      const common = { direction: 'incoming', command: 'C-STORE-RQ', transferSyntax: EXPLICIT };
      assert.deepEqual(
        answers.map((line) => pick(line, ANSWER)),
        [
          {
            ...common,
            messageId: 1,
            sopInstanceUid: '1.2.3',
            status: '0000',
            statusMeaning: 'Success',
            bytes: ctDataSet('1.2.3').length,
          },
          {
            ...common,
            messageId: 2,
            sopInstanceUid: '1..2',
            status: '0117',
            statusMeaning: 'Invalid SOP Instance',
            bytes: ctDataSet('1..2').length,
          },
        ],
      );
      assert.match(String(answers[1]?.errorComment), /^Affected SOP Instance UID: /);
      for (const line of [...answers, lines.at(-2)]) assert.ok(Number(line?.ms) > 0, JSON.stringify(line));
    }));

  it('-d: has each dump as one message', () =>
    withStorescp([...JSON_LOG, '-d'], async ({ port, process }, folder) => {
      await using socket = await PduSocket.connect(port);
      await openAssociation(socket, [CT_CONTEXT]);
      await storeWell(socket, '1.2.3');
      await releaseAssociation(socket);
      await socket.expectEnd();
      const lines = jsonLines((await process.stop('SIGTERM')).stderr);
      const listening = lines.find(({ event }) => event === 'listening');
      assert.deepEqual(pick(listening, ['port', 'aet', 'directory', 'level']), {
        port,
        aet: 'STORESCP',
        directory: folder.path,
        level: 'debug',
      });
      const dump = lines.find(({ logger }) => logger === 'netdicom.dimse');
      assert.match(dump?.message ?? '', /^=+ INCOMING DIMSE MESSAGE =+\n[\s\S]*\n=+ END DIMSE MESSAGE =+$/);
      assert.deepEqual(pick(dump, ['association', 'command', 'level']), {
        association: 1,
        command: 'C-STORE-RQ',
        level: 'debug',
      });
    }));

  for (const [line, levels] of [
    ['', ['error', 'error']],
    ['-q', []],
    ['-q -ll error', ['error', 'error']],
    ['-ll critical', []],
  ] as const)
    it(`${line === '' ? 'alone' : line}: has ${levels.length} lines`, () =>
      withStorescp([...JSON_LOG, ...words(line)], async ({ port, process }) => {
        await using socket = await PduSocket.connect(port);
        await openAssociation(socket, [CT_CONTEXT]);
        assert.equal((await exchange(socket, storeRequest('1..2'), ctDataSet('1..2'))).status, 0x0117);
        socket.send({ type: 'A-ABORT', source: 0, reason: 0 });
        await socket.expectEnd();
        const lines = jsonLines((await process.stop('SIGTERM')).stderr);
        assert.deepEqual(
          lines.map(({ level }) => level),
          levels,
        );
        if (levels.length > 0)
          assert.deepEqual(pick(lines[1], ['event', 'by', 'error', 'source', 'reason']), {
            event: 'aborted',
            by: 'peer',
            error: 'ASSOCIATION_ABORTED',
            source: 0,
            reason: 0,
          });
      }));

  it('rejects with the three fields of the answer', () =>
    withStorescp([...JSON_LOG, '--accept-calling', 'NOBODY'], async ({ port, process }) => {
      await using socket = await PduSocket.connect(port);
      await assert.rejects(openAssociation(socket, [CT_CONTEXT]), /A-ASSOCIATE-RJ/);
      const [line] = jsonLines((await process.stop('SIGTERM')).stderr);
      assert.deepEqual(pick(line, ['level', 'event', 'callingAet', 'result', 'source', 'reason']), {
        level: 'warning',
        event: 'associate-rj',
        callingAet: 'PEER',
        result: 1,
        source: 1,
        reason: 3,
      });
    }));

  it('is asked for by a variable as well, and is in no file that --log-config names', async (test) => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'log.ini'), '');
    const env = { NETDICOM_LOG_FORMAT: 'json' };
    await using storescp = await listeningStorescp(['-v', '-od', folder.path], { env });
    const { stderr } = await storescp.process.stop('SIGTERM');
    assert.deepEqual(eventsOf(jsonLines(stderr)), ['stopping']);
    const { code, stderr: complaint } = await runStorescp(test, ['0', '-lc', join(folder.path, 'log.ini')], { env });
    assert.equal(code, 2);
    assert.match(complaint, /^storescp: --log-format json: not together with --log-config, .*\nTry /);
  });
});

describe('storescu with --log-format json', limits, () => {
  it('-v: has a line with path, status, bytes and milliseconds for each object', async (test) => {
    await using folder = await sampleFolder();
    await using storescp = await listeningStorescp(['-od', folder.path]);
    const args = ['127.0.0.1', `${storescp.port}`, 'ct.dcm', 'mr.dcm', '-xo', ...JSON_LOG, '-v'];
    const { stderr, stdout, code } = await runStorescu(test, args, { cwd: folder.path });
    assert.deepEqual([stdout, code], ['', 0]);
    const lines = jsonLines(stderr);
    const answers = lines.filter(({ event }) => event === 'answered');
    const byPath = new Map(answers.map((line) => [line.path, line]));
    assert.deepEqual(pick(byPath.get('ct.dcm'), [...ANSWER, 'calledAet', 'callingAet']), {
      direction: 'outgoing',
      command: 'C-STORE-RQ',
      messageId: 1,
      sopInstanceUid: CT_INSTANCE,
      transferSyntax: EXPLICIT,
      status: '0000',
      statusMeaning: 'Success',
      bytes: dataSetLength(),
      calledAet: 'ANY-SCP',
      callingAet: 'ECHOSCU',
    });
    assert.deepEqual([...byPath.keys()].sort(), ['ct.dcm', 'mr.dcm']);
    for (const { ms } of answers) assert.ok(Number(ms) > 0);
    assert.equal(lines.at(-1)?.event, 'released');
  });

  it('names the file and the code where something fails', async (test) => {
    await using folder = await sampleFolder();
    await using storescp = await listeningStorescp(['-od', folder.path]);
    const args = ['127.0.0.1', `${storescp.port}`, 'ct.dcm', 'missing.dcm', ...JSON_LOG];
    const { stderr, code } = await runStorescu(test, args, { cwd: folder.path });
    assert.equal(code, 3);
    const [line] = jsonLines(stderr);
    assert.deepEqual(pick(line, ['level', 'event', 'path', 'error']), {
      level: 'error',
      event: 'not-sent',
      path: 'missing.dcm',
      error: 'FILE',
    });
  });

  it('names the peer where there is no association', async (test) => {
    await using folder = await sampleFolder();
    const port = await freePort();
    const args = ['127.0.0.1', `${port}`, 'ct.dcm', ...JSON_LOG];
    const { stderr, code } = await runStorescu(test, args, { cwd: folder.path });
    assert.equal(code, 1);
    const line = jsonLines(stderr).find(({ event }) => event === 'failed');
    assert.deepEqual(pick(line, ['level', 'peer', 'error']), {
      level: 'error',
      peer: `127.0.0.1:${port}`,
      error: 'TRANSPORT',
    });
  });
});

/** Of ct.dcm: 128 bytes, `DICM`, and the group length with what it counts come first. */
function dataSetLength(): number {
  const file = samplePart10(ctImage);
  assert.ok(file.includes(CT_IMAGE));
  return file.length - 144 - file.readUInt32LE(140);
}
