/** What strangers send to storescp: one process for all of them, which answers as it should, stores nothing, and serves on. */
import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { requestAssociation, verify } from '../../src/index.js';
import { type Folder, temporaryFolder } from '../support/apps-files.js';
import { anonymous, type Listening, listeningStorescp } from '../support/apps-run.js';
import { play, type Row } from '../support/hostile.js';
import { COMMANDS } from '../support/hostile-commands.js';
import { DATA_SETS, EVERY_CUT } from '../support/hostile-data-sets.js';
import { PDUS } from '../support/hostile-pdus.js';
import { NO_REQUESTS, REQUESTS } from '../support/hostile-requests.js';
import { inTime } from '../support/loopback-inbox.js';
import { ECHO_CONTEXT } from '../support/loopback-peer.js';

let folder: Folder;
let storescp: Listening;
const stored: string[] = [];

before(async () => {
  folder = await temporaryFolder();
  const output = join(folder.path, 'a', 'b', 'c');
  await mkdir(output, { recursive: true });
  storescp = await listeningStorescp(['-od', output], { cwd: join(folder.path, 'a') });
});
after(async () => {
  await storescp[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** Everything below the folder that the output directory is in, but for what is still being written or removed. */
async function files(): Promise<readonly string[]> {
  const names = await readdir(folder.path, { recursive: true, withFileTypes: true });
  return names
    .filter((entry) => !entry.isDirectory() && !entry.name.endsWith('.part'))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.path.length))
    .sort();
}

async function echoes(): Promise<void> {
  const { port } = storescp;
  await using association = await requestAssociation({ host: '127.0.0.1', port, contexts: [ECHO_CONTEXT] });
  assert.equal((await verify(association)).code, 0x0000);
}

/** What is logged from character `from` on, once there are so many lines. */
async function logged(from: number, lines: number): Promise<string> {
  const enough = new RegExp(`^[^]{${from}}(.*\n){${lines}}`);
  const complete = inTime(storescp.process.output('stderr', enough), 'the log').catch(() => undefined);
  await complete;
  return anonymous(storescp.process.stderr.slice(from)).replace(/\n$/, '');
}

function table(title: string, opens: boolean, rows: readonly Row[]): void {
  describe(`storescp, sent ${title}`, { timeout: 120_000 }, () => {
    for (const [what, sent, answer, log, file] of rows)
      it(`${what}: ${answer || 'no answer'}`, async () => {
        const from = storescp.process.stderr.length;
        const heard = await play(storescp.port, sent, answer === '' ? 0 : answer.split(', ').length, opens);
        await echoes();
        const lines = log === '' ? 0 : log.split('\n').length;
        assert.deepEqual([heard, await logged(from, lines)], [answer, log]);
        if (file !== undefined) stored.push(`/a/b/c/${file}`);
        assert.deepEqual(await files(), [...new Set(stored)].sort());
      });
  });
}

table('what is no request', false, NO_REQUESTS);
table('a request', false, REQUESTS);
table('on an association', true, PDUS);
table('a command', true, COMMANDS);
table('a data set', true, DATA_SETS);

describe('storescp, sent a data set that is cut', { timeout: 120_000 }, () => {
  it('at any byte, stores it only where it can be read to its end', async () => {
    for (const [length, sent, answer] of EVERY_CUT)
      assert.equal(await play(storescp.port, sent, 2, true), answer, `${length} bytes`);
    await echoes();
    assert.deepEqual(await files(), [...new Set(stored)].sort());
  });
});

describe('storescp, after all of that', () => {
  it('ends in good order and leaves what was stored, nothing else', async () => {
    const { code, stderr } = await storescp.process.stop('SIGTERM');
    assert.equal(code, 143);
    assert.doesNotMatch(stderr, /^(?![EW]: ).|\p{Cc}(?<!\n)/mu);
    const names = await readdir(folder.path, { recursive: true });
    assert.deepEqual(
      names.filter((name) => name.includes('.part')),
      [],
    );
  });
});
