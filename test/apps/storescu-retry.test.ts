/** The built storescu with --retry and --files-from. */
import assert from 'node:assert/strict';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import { type Folder, sampleFolder, temporaryFolder } from '../support/apps-files.js';
import { anonymous, listeningStorescp, runStorescu, startStorescu, withStorescp, words } from '../support/apps-run.js';
import { writeInstance } from '../support/loopback-files.js';
import { flakyServer } from '../support/loopback-flaky.js';
import { makeNamedPipe, noNamedPipes } from '../support/named-pipe.js';

const QUICK = words('--retry-delay 0.01');

/** Without times, which are by chance. */
function logOf(stderr: string, folder: Folder): string {
  return anonymous(stderr)
    .replaceAll(`${folder.path}/`, '')
    .replaceAll(/ in \d+\.\d s$/gm, ' in a while');
}

describe('storescu --retry', { timeout: 120_000 }, () => {
  it('calls a peer that is not there as often as told', async (test) => {
    await using folder = await temporaryFolder();
    const path = await writeInstance(folder.path, 'a.dcm');
    const { code, stderr } = await runStorescu(test, ['127.0.0.1', '1', path, '--retry', '2', ...QUICK]);
    const failure = 'Association Failed: cannot connect to PEER: connection refused';
    const again = `W: ${failure}; trying again in a while\n`;
    assert.equal(logOf(stderr, folder), `${again}${again}E: ${failure}\n`);
    assert.equal(code, 1);
  });

  it('sends again what is refused for lack of resources, and says in the end what is left', async (test) => {
    await using folder = await temporaryFolder();
    for (const uid of ['1.1', '1.2', '1.3']) await writeInstance(folder.path, uid, { sopInstanceUid: uid });
    await using server = await flakyServer((uid, turn) => {
      if (uid === '1.2') return 0xa701;
      return uid === '1.3' && turn === 1 ? 0x0213 : 0;
    });
    const args = ['127.0.0.1', `${server.port}`, folder.path, '--retry', '1', '--async-ops', '1', ...QUICK];
    const { code, stderr } = await runStorescu(test, args);
    assert.equal(
      logOf(stderr, folder),
      [
        'W: Not stored: 1.2: 0xA701 - Failure: Out of Resources; trying again in a while',
        'W: Not stored: 1.3: 0x0213 - Failure: Resource Limitation; trying again in a while',
        'E: Not stored: 1.2: 0xA701 - Failure: Out of Resources',
        '',
      ].join('\n'),
    );
    assert.equal(code, 3);
    assert.deepEqual([...server.stored].sort(), ['1.1', '1.3']);
  });

  it('reconnects after a lost association; without it, that is the end', async (test) => {
    await using folder = await temporaryFolder();
    const path = await writeInstance(folder.path, '1.1', { sopInstanceUid: '1.1' });
    for (const [retry, code] of [
      ['0', 1],
      ['1', 0],
    ] as const) {
      await using server = await flakyServer((_, turn) => (turn === 1 ? 'abort' : 0));
      const ended = await runStorescu(test, ['127.0.0.1', `${server.port}`, path, '--retry', retry, ...QUICK]);
      assert.equal(ended.code, code, ended.stderr);
      assert.match(
        ended.stderr,
        code === 0 ? /^W: Association Aborted .*; trying again in .*\n$/ : /^E: Association A/,
      );
    }
  });

  it('names the file that ends every association', async (test) => {
    await using folder = await temporaryFolder();
    for (const uid of ['1.1', '1.2', '1.3']) await writeInstance(folder.path, uid, { sopInstanceUid: uid });
    await using server = await flakyServer((uid) => (uid === '1.2' ? 'abort' : 0));
    const args = ['127.0.0.1', `${server.port}`, folder.path, '--retry', '2', ...QUICK];
    const { code, stderr } = await runStorescu(test, args);
    assert.match(logOf(stderr, folder), /\nE: Association Aborted \(PEER\) while sending 1\.2: by the peer[^\n]*\n$/);
    assert.equal(code, 1);
    assert.deepEqual([...server.stored].sort(), ['1.1', '1.3']);
  });

  it('waits no longer when a signal comes', async (test) => {
    await using folder = await temporaryFolder();
    const path = await writeInstance(folder.path, '1.1');
    await using server = await flakyServer(() => 0xa700);
    const args = ['127.0.0.1', `${server.port}`, path, '--retry', '3', '--retry-delay', '3600'];
    const running = startStorescu(test, args);
    await running.output('stderr', /trying again/);
    const { code, stderr } = await running.stop('SIGTERM');
    assert.equal(code, 143);
    assert.match(
      stderr,
      /\nE: Not stored: .*0xA700.*\n(?:E: .*\n)?W: Stopped by SIGTERM: 0 stored, 1 failed \(.*\), 0 unanswered, 0 not sent, .*\n$/,
    );
  });
});

describe('storescu --files-from', { timeout: 120_000 }, () => {
  for (const [what, list, names] of [
    ['lines', 'ct.dcm\n\nfolder\r\nmr.dcm', ['ct.dcm', 'a.dcm', 'mr.dcm']],
    ['names that end with a NUL', 'ct.dcm\0folder\0', ['ct.dcm', 'a.dcm']],
  ] as const)
    it(`sends what ${what} name, from a file and from standard input, after the arguments`, async (test) => {
      await using files = await sampleFolder();
      await writeFile(join(files.path, 'list'), list);
      await withStorescp([], async ({ port }) => {
        for (const [from, input] of [
          ['list', ''],
          ['-', list],
        ] as const) {
          const args = ['127.0.0.1', `${port}`, 'implicit.dcm', '--files-from', from, '-v'];
          const { code, stderr } = await runStorescu(test, args, { cwd: files.path, input });
          assert.equal(code, 0, stderr);
          const sent = [...stderr.matchAll(/^I: Sending file: (.*)$/gm)].map(([, path = '']) => basename(path));
          assert.deepEqual(sent, ['implicit.dcm', ...names]);
        }
      });
    });

  it('sends each file as soon as it is named, and a signal ends the wait for more', {
    skip: noNamedPipes,
  }, async (test) => {
    await using files = await sampleFolder();
    await using storescp = await listeningStorescp(['--ignore']);
    const fifo = join(files.path, 'fifo');
    makeNamedPipe(fifo);
    const writer = await open(fifo, 'r+');
    try {
      const args = ['127.0.0.1', `${storescp.port}`, '--files-from', fifo, '-v'];
      const running = startStorescu(test, args, { cwd: files.path });
      for (const name of ['ct.dcm', 'mr.dcm']) {
        await writer.write(`${name}\n`);
        await running.output('stderr', new RegExp(`Sending file: ${name}[^]*Received Store Response`));
      }
      const ended = await running.stop('SIGINT');
      assert.equal(ended.code, 130);
      assert.match(
        ended.stderr,
        /W: Stopped by SIGINT: 2 stored.*, 0 failed, 0 unanswered, at least 0 not sent, .*\n$/,
      );
    } finally {
      await writer.close();
    }
  });

  it('plans with --dry-run', async (test) => {
    await using files = await sampleFolder();
    const args = words('127.0.0.1 1 --files-from - --dry-run');
    const { code, stdout } = await runStorescu(test, args, { cwd: files.path, input: 'ct.dcm\nmr.dcm\n' });
    assert.equal(code, 0);
    assert.match(stdout, /\n2 files to send over 1 association\n$/);
  });

  it('says in one line what is wrong with a list', async (test) => {
    await using folder = await temporaryFolder();
    await mkdir(join(folder.path, 'folder'));
    await writeFile(join(folder.path, 'binary'), Buffer.alloc(100_000, 0x20));
    const port = '1';
    for (const [list, code, message] of [
      ['missing', 2, 'storescu: --files-from: cannot read missing: no such file or directory\n'],
      ['folder', 2, 'storescu: --files-from: cannot read folder: it is a directory\n'],
      ['binary', 1, 'E: Cannot read the list of files in binary: a name has more than 65536 bytes\n'],
      ['-', 3, 'E: No DICOM files to send\n'],
    ] as const) {
      const args = ['127.0.0.1', port, '--files-from', list];
      const ended = await runStorescu(test, args, { cwd: folder.path, input: '' });
      assert.ok(ended.stderr.startsWith(message), ended.stderr);
      assert.equal(ended.code, code);
    }
  });
});
