/** How storescp tells how it is doing: --stats, --summary, --metrics-port, and where it listens. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, chown, readFile, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { bytesInWords } from '../../src/cli/quantities.js';
import { temporaryFolder } from '../support/apps-files.js';
import { jsonLines, pick } from '../support/apps-json-log.js';
import { healthOf, metricsOf, metricsWith, monitorOf, sampleOf } from '../support/apps-monitor.js';
import {
  CT_CONTEXT,
  ctDataSet,
  exchange,
  messagePdus,
  openAssociation,
  PduSocket,
  releaseAssociation,
  storeRequest,
  storeWell,
} from '../support/apps-peer.js';
import { listeningStorescp, runStorescp, withStorescp, words } from '../support/apps-run.js';
import { asNobody, skipWithoutNobody } from '../support/nobody.js';
import { applicationPath, projectRoot } from '../support/paths.js';
import { Running } from '../support/processes.js';
import { skipWithoutSmallDisk, smallDisk } from '../support/small-disk.js';

const limits = { concurrency: 4, timeout: 60_000 };
const CT_NAME = 'CT Image Storage';

/** One association that is released and one that is aborted; two objects are stored, one of them over the former, one is refused. */
async function someTraffic(port: number): Promise<void> {
  await using socket = await PduSocket.connect(port);
  await openAssociation(socket, [CT_CONTEXT]);
  await storeWell(socket, '1.2.3');
  await storeWell(socket, '1.2.4');
  assert.equal((await exchange(socket, storeRequest('1..2'), ctDataSet('1..2'))).status, 0x0117);
  await releaseAssociation(socket);
  await socket.expectEnd();
  await using other = await PduSocket.connect(port);
  await openAssociation(other, [CT_CONTEXT]);
  other.send({ type: 'A-ABORT', source: 0, reason: 0 });
  await other.expectEnd();
}

const STORED_BYTES = ctDataSet('1.2.3').length + ctDataSet('1.2.4').length;
const BYTES = STORED_BYTES + ctDataSet('1..2').length;

describe('storescp --summary', limits, () => {
  it('prints at the end what was stored and failed, and how associations ended', () =>
    withStorescp(['--summary'], async ({ port, process }) => {
      await someTraffic(port);
      const { stderr, code } = await process.stop('SIGTERM');
      assert.equal(code, 143);
      const lines = stderr.split('\n').filter((line) => line.startsWith('I: '));
      const [first = '', ...others] = lines;
      const failed = '1 failed (0x0117 - Failure: Invalid SOP Instance)';
      assert.ok(first.startsWith(`I: Summary: 2 stored, ${failed}, ${bytesInWords(BYTES)} in `), first);
      assert.match(first, / in \d+\.\d s \([\d.]+ \w+\/s\)$/);
      assert.deepEqual(others, ['I: Summary: 2 associations: 1 released, 1 aborted by the peer']);
    }));

  it('has a line for each status where there are several', () =>
    withStorescp(['--summary'], async ({ port, process }) => {
      await using socket = await PduSocket.connect(port);
      await openAssociation(socket, [CT_CONTEXT]);
      await exchange(socket, storeRequest('1..2'), ctDataSet('1..2'));
      await exchange(socket, storeRequest('1..2'), ctDataSet('1..2'));
      await exchange(socket, storeRequest('1.2.3'), ctDataSet('1.2.4'));
      await releaseAssociation(socket);
      await socket.expectEnd();
      const { stderr } = await process.stop('SIGTERM');
      const lines = stderr.split('\n').filter((line) => line.startsWith('I: '));
      assert.match(lines[0] ?? '', /^I: Summary: 0 stored, 3 failed, /);
      assert.deepEqual(lines.slice(1), [
        'I: Summary: 2 failed: 0x0117 - Failure: Invalid SOP Instance',
        'I: Summary: 1 failed: 0xA900 - Failure: Data Set Does Not Match SOP Class',
        'I: Summary: 1 association: 1 released',
      ]);
    }));

  it('prints nothing with -q, and nothing when it could not start', async (test) => {
    await withStorescp(['--summary', '-q'], async ({ process }) => {
      assert.equal((await process.stop('SIGTERM')).stderr, '');
    });
    const { stderr, code } = await runStorescp(test, ['0', '--summary', '-od', '/no/such/folder']);
    assert.equal(code, 1);
    assert.match(stderr, /^E: Cannot write to output directory .*\n$/);
  });

  it('comes when it ends by itself, and has fields in JSON', () =>
    withStorescp(words('--summary --log-format json -to 0.5'), async ({ process }) => {
      const { stderr, code } = await process.ended;
      assert.equal(code, 0);
      const [objects, associations] = jsonLines(stderr);
      assert.deepEqual(pick(objects, ['event', 'objects', 'failures', 'bytes']), {
        event: 'summary',
        objects: 0,
        failures: 0,
        bytes: 0,
      });
      assert.deepEqual(pick(associations, ['event', 'associations', 'released', 'lost']), {
        event: 'summary-associations',
        associations: 0,
        released: 0,
        lost: 0,
      });
    }));
});

describe('storescp --stats', limits, () => {
  it('prints a line every so often', () =>
    withStorescp(words('--stats 0.2'), async ({ port, process }) => {
      await process.output('stderr', /(I: Statistics: 0 associations open, 0 ended; .*\n){2}/);
      await using socket = await PduSocket.connect(port);
      await openAssociation(socket, [CT_CONTEXT]);
      await storeWell(socket, '1.2.3');
      const [line] = await process.output('stderr', /^I: Statistics: 1 association open, .* in all: 1 stored.*\n/m);
      assert.match(
        line,
        /^I: Statistics: 1 association open, 0 ended; last \d+\.\d s: [01] stored, 0 failed, \d+ bytes \([\d.]+ \w+\/s\); in all: 1 stored, 0 failed, \d+ bytes; memory [\d.]+ MB\n$/,
      );
      await releaseAssociation(socket);
      await process.output('stderr', /^I: Statistics: 0 associations open, 1 ended; /m);
      // Time does not keep it going.
      assert.equal((await process.stop('SIGTERM')).code, 143);
    }));

  it('has fields in JSON', () =>
    withStorescp(words('--stats 0.2 --log-format json'), async ({ port, process }) => {
      await someTraffic(port);
      await process.output('stderr', /"associations":2.*\n/);
      const line = jsonLines((await process.stop('SIGTERM')).stderr).findLast(({ event }) => event === 'stats');
      assert.deepEqual(pick(line, ['openAssociations', 'associations', 'objects', 'failures', 'bytes']), {
        openAssociations: 0,
        associations: 2,
        objects: 2,
        failures: 1,
        bytes: BYTES,
      });
      assert.ok(Number(line?.seconds) > 0.1 && Number(line?.memoryBytes) > 1e6);
    }));

  for (const value of ['0', '-1', 'often', '0.01', '1e3'])
    it(`${value} is refused`, async (test) => {
      const { stderr, code } = await runStorescp(test, ['0', `--stats=${value}`]);
      assert.equal(code, 2);
      assert.match(stderr, new RegExp(`^storescp: --stats: ${value} is not a number of seconds from 0.1 to \\d+\n`));
    });
});

describe('storescp --metrics-port', limits, () => {
  it('counts associations by outcome, objects and bytes by SOP class and status, and their durations', () =>
    withStorescp(words('--metrics-port 0 --max-associations 1'), async (storescp) => {
      const url = await monitorOf(storescp);
      const before = await metricsOf(url);
      for (const outcome of ['released', 'rejected', 'aborted_by_peer', 'aborted_by_us', 'lost'])
        assert.equal(sampleOf(before, `netdicom_associations_total{outcome="${outcome}"}`), 0);
      await someTraffic(storescp.port);
      await using open = await PduSocket.connect(storescp.port);
      await openAssociation(open, [CT_CONTEXT]);
      await using surplus = await PduSocket.connect(storescp.port);
      await assert.rejects(openAssociation(surplus, [CT_CONTEXT]), /A-ASSOCIATE-RJ/);
      const metrics = await metricsWith(url, 'netdicom_associations_total{outcome="rejected"}', 1);
      for (const [sample, value] of [
        ['netdicom_open_associations', 1],
        ['netdicom_associations_total{outcome="released"}', 1],
        ['netdicom_associations_total{outcome="aborted_by_peer"}', 1],
        [`netdicom_instances_total{sop_class="${CT_NAME}",status="0000"}`, 2],
        [`netdicom_instances_total{sop_class="${CT_NAME}",status="0117"}`, 1],
        [`netdicom_received_bytes_total{sop_class="${CT_NAME}",status="0000"}`, STORED_BYTES],
        ['netdicom_store_duration_seconds_count', 3],
        ['netdicom_store_duration_seconds_bucket{le="+Inf"}', 3],
        ['netdicom_association_duration_seconds_count', 2],
      ] as const)
        assert.equal(sampleOf(metrics, sample), value, sample);
      assert.ok(Number(sampleOf(metrics, 'process_resident_memory_bytes')) > 1e6);
      for (const [name, { type, help }] of metrics) {
        assert.ok(help.length > 0);
        assert.equal(type === 'counter', name.endsWith('_total'), name);
      }
    }));

  it('has the metrics that docs/monitoring.md has', () =>
    withStorescp(words('--metrics-port 0'), async (storescp) => {
      const url = await monitorOf(storescp);
      const text = await readFile(join(projectRoot, 'docs', 'monitoring.md'), 'utf8');
      const [, table = ''] = /<!-- metrics -->\n([\s\S]*?)\n<!-- end of metrics -->/.exec(text) ?? [];
      const rows = Array.from(table.matchAll(/^\| `(\w+)` +\| (\w+) +\| .*? +\| (.*?) +\|$/gm), (row) =>
        row.slice(1, 4),
      );
      const metrics = Array.from(await metricsOf(url), ([name, { type, help }]) => [name, type, help]);
      const isThere = ([name]: readonly (string | undefined)[]) =>
        process.platform === 'linux' || name !== 'process_open_fds';
      assert.deepEqual(metrics, rows.filter(isThere));
    }));

  it('has one label for all SOP classes that are not the standard’s', () =>
    withStorescp(words('--metrics-port 0 --promiscuous --ignore'), async (storescp) => {
      const url = await monitorOf(storescp);
      await using socket = await PduSocket.connect(storescp.port);
      const classes = Array.from({ length: 20 }, (_, index) => `1.2.3.${index}`);
      const contexts = classes.map((abstractSyntax, index) => ({ ...CT_CONTEXT, id: 2 * index + 1, abstractSyntax }));
      await openAssociation(socket, contexts);
      for (const [index, affectedSopClassUid] of classes.entries()) {
        const request = { ...storeRequest('1.2.3', index + 1), affectedSopClassUid };
        socket.send(...messagePdus(request, 2 * index + 1, ctDataSet('1.2.3')));
        await socket.message();
      }
      const metrics = await metricsOf(url);
      const names = [...(metrics.get('netdicom_instances_total')?.samples.keys() ?? [])];
      assert.deepEqual(names, ['netdicom_instances_total{sop_class="other",status="A900"}']);
    }));

  it('answers GET and HEAD of two paths, and nothing else', () =>
    withStorescp(words('--metrics-port 0'), async (storescp) => {
      const url = await monitorOf(storescp);
      for (const [path, method, status] of [
        ['/metrics', 'HEAD', 200],
        ['/metrics?x=1', 'GET', 200],
        ['/healthz', 'HEAD', 200],
        ['/metrics', 'POST', 405],
        ['/healthz', 'DELETE', 405],
        ['/', 'GET', 404],
        ['/metrics/', 'GET', 404],
        ['/../etc/passwd', 'GET', 404],
        ['/__proto__', 'GET', 404],
      ] as const) {
        const response = await fetch(url + path, { method });
        assert.equal(response.status, status, `${method} ${path}`);
        assert.equal(response.headers.get('allow'), status === 405 ? 'GET, HEAD' : null);
        assert.equal((await response.text()) === '', method === 'HEAD');
      }
    }));

  it('listens on the loopback address unless told otherwise, and says where in the log', () =>
    withStorescp(words('--metrics-port 0 -v'), async (storescp) => {
      const url = await monitorOf(storescp);
      assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
      const [first] = storescp.process.stdout.split('\n');
      assert.equal(first, `${storescp.port}`);
      const { stderr } = await storescp.process.stop('SIGTERM');
      assert.equal(stderr, `I: Metrics on ${url}/metrics\nI: Stopping on SIGTERM\n`);
    }));

  it('says what is wrong with a port that is taken, and with an address that is none', async (test) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    await using folder = await temporaryFolder();
    for (const [at, complaint] of [
      [`--metrics-port ${port}`, `E: Cannot listen for metrics on 127.0.0.1:${port}: address already in use\n`],
      [
        '--metrics-port 0 --metrics-address 192.0.2.1',
        'E: Cannot listen for metrics on 192.0.2.1:0: no such address on this machine\n',
      ],
    ] as const) {
      const { stderr, stdout, code } = await runStorescp(test, ['0', '-od', folder.path, ...words(at)]);
      assert.deepEqual([stderr, stdout, code], [complaint, '', 1]);
    }
    taken.close();
  });

  it('does not keep a storescp going that cannot listen', async (test) => {
    await withStorescp([], async ({ port }, folder) => {
      const args = [`${port}`, '-od', folder.path, '--metrics-port', '0'];
      const { stderr, code } = await runStorescp(test, args);
      assert.equal(code, 1);
      assert.match(stderr, /^E: Cannot listen on port \d+: address already in use\n$/);
    });
  });

  it('holds no more than 32 connections, and none that says nothing', () =>
    withStorescp(words('--metrics-port 0 -v'), async (storescp) => {
      const url = new URL(await monitorOf(storescp));
      const sockets = await Promise.all(Array.from({ length: 100 }, () => silent(Number(url.port))));
      // Of those over the limit each is hung up on at once, the others when they have said nothing for a while.
      await Promise.all(sockets.map(({ closed }) => closed));
      const [fds] = [sampleOf(await metricsOf(url.origin), 'process_open_fds')];
      assert.ok(fds === undefined || fds < 60, `${fds}`);
      await someTraffic(storescp.port);
    }));
});

async function silent(port: number): Promise<{ readonly socket: Socket; readonly closed: Promise<unknown> }> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  await Promise.race([once(socket, 'connect'), closed]);
  socket.resume();
  return { socket, closed };
}

const noNobody = await skipWithoutNobody();

describe('storescp /healthz', limits, () => {
  it('is 200 while it can store, and 503 with the reason when its directory is gone', () =>
    withStorescp(words('--metrics-port 0'), async (storescp, folder) => {
      const url = await monitorOf(storescp);
      assert.deepEqual(await healthOf(url), [200, 'ok\n']);
      await rm(folder.path, { recursive: true });
      assert.deepEqual(await healthOf(url), [503, 'output directory: no such file or directory\n']);
    }));

  it('is 503 when its directory may not be written to', { skip: noNobody }, async () => {
    await using folder = await temporaryFolder();
    if (process.getuid?.() === 0) await chown(folder.path, 65534, 65534);
    const args = [...asNobody, applicationPath('storescp'), '0', '--metrics-port', '0', '-od', folder.path];
    await using storescp = new Running(process.execPath, args, { cwd: '/' });
    const url = await monitorOf({ process: storescp });
    assert.deepEqual(await healthOf(url), [200, 'ok\n']);
    await chmod(folder.path, 0o500);
    assert.deepEqual(await healthOf(url), [503, 'output directory: permission denied\n']);
    await chmod(folder.path, 0o700);
    assert.deepEqual(await healthOf(url), [200, 'ok\n']);
  });

  it('is 503 while its disk is full, has no room for another file, or may only be read', {
    skip: skipWithoutSmallDisk(),
  }, async () => {
    await using disk = await smallDisk('size=4m');
    await using storescp = await listeningStorescp(['-od', disk.path, ...words('--metrics-port 0')]);
    const url = await monitorOf(storescp);
    disk.fill();
    assert.deepEqual(await healthOf(url), [503, 'output directory: no space left\n']);
    disk.empty();
    assert.deepEqual(await healthOf(url), [200, 'ok\n']);
    disk.remount('ro');
    assert.deepEqual(await healthOf(url), [503, 'output directory: read-only file system\n']);
    await using other = await smallDisk('size=4m,nr_inodes=1');
    await using full = await listeningStorescp(['-od', other.path, ...words('--metrics-port 0')]);
    assert.deepEqual(await healthOf(await monitorOf(full)), [503, 'output directory: no room for another file\n']);
  });

  it('asks no directory with --ignore', async () => {
    await using folder = await temporaryFolder();
    await using storescp = await listeningStorescp(['-od', folder.path, ...words('--metrics-port 0 --ignore')]);
    const url = await monitorOf(storescp);
    await rm(folder.path, { recursive: true });
    assert.deepEqual(await healthOf(url), [200, 'ok\n']);
  });

  it('is 503 while it stops, and ends with it', () =>
    withStorescp(words('--metrics-port 0 -v'), async (storescp) => {
      const url = await monitorOf(storescp);
      await using socket = await PduSocket.connect(storescp.port);
      await openAssociation(socket, [CT_CONTEXT]);
      const [command, data] = messagePdus(storeRequest('1.2.3'), CT_CONTEXT.id, ctDataSet('1.2.3'));
      assert.ok(command !== undefined && data !== undefined);
      socket.send(command);
      await storescp.process.output('stderr', /Received Store Request/);
      storescp.process.kill('SIGTERM');
      await storescp.process.output('stderr', /Stopping on SIGTERM/);
      assert.deepEqual(await healthOf(url), [503, 'stopping\n']);
      socket.send(data);
      assert.equal((await storescp.process.ended).code, 143);
      await assert.rejects(healthOf(url));
    }));
});

describe('storescp on port 0', limits, () => {
  it('prints the port, then where it listens, as whom, and where it stores', async () => {
    await using folder = await temporaryFolder();
    const args = ['-ba', '127.0.0.1', '-aet', 'ARCHIVE', '-od', folder.path];
    await using storescp = await listeningStorescp(args);
    const { stdout, stderr } = await storescp.process.stop('SIGTERM');
    const { port } = storescp;
    assert.equal(stdout, `${port}\nListening on 127.0.0.1:${port} as ARCHIVE, storing in ${folder.path}\n`);
    assert.equal(stderr, '');
  });

  it('says where metrics are in its log where events have standard output', () =>
    withStorescp(words('--metrics-port 0 --events -'), async ({ process }) => {
      const { stderr } = await process.stop('SIGTERM');
      assert.match(stderr, /^I: Metrics on http:\/\/127\.0\.0\.1:\d+\/metrics$/m);
    }));

  it('stores nothing with --ignore', () =>
    withStorescp(['--ignore', '-ba', '127.0.0.1'], async ({ port, process }) => {
      const { stdout } = await process.stop('SIGTERM');
      assert.equal(stdout, `${port}\nListening on 127.0.0.1:${port} as STORESCP, storing nothing\n`);
    }));
});
