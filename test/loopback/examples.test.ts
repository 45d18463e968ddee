/** The programs in examples/ do what their first lines say, with no more than the package gives to anybody. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import {
  type IncomingInstance,
  STATUS,
  StatusError,
  type StoreOutcome,
  storageProvider,
  storeFiles,
} from '../../src/index.js';
import { writeInstance } from '../support/loopback-files.js';
import { Inbox, inTime } from '../support/loopback-inbox.js';
import { startServer, temporaryFolder } from '../support/loopback-server.js';
import { projectRoot } from '../support/paths.js';
import { freePort, Running } from '../support/processes.js';
import { readPart10 } from '../support/sample-instance.js';

const folder = join(projectRoot, 'examples');

test('examples use the package alone, and Node', () => {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.ts'))) {
    const sources = [...readFileSync(join(folder, name), 'utf8').matchAll(/from '([^']+)'/g)].map(([, from]) => from);
    for (const from of sources) assert.ok(from === 'netdicom' || from?.startsWith('node:'), `${name} imports ${from}`);
  }
});

test('send tells of each file and ends with exit code 0, 1 or 3', async () => {
  await using files = await temporaryFolder();
  const [good, bad] = [await writeInstance(files.path, 'a.dcm'), await writeInstance(files.path, 'b.dcm')];
  let stored = 0;
  const store = async ({ part10 }: IncomingInstance) => {
    for await (const _ of part10);
    stored++;
    if (stored === 2) throw new StatusError(STATUS.outOfResources, 'no room');
  };
  const all = await receiving(store, (port) => start('send', ['127.0.0.1', port, good, bad]).ended);
  assert.deepEqual([all.code, all.stdout], [3, '1 stored, 1 not stored\n']);
  assert.match(all.stderr, /(a|b)\.dcm: Out of Resources: no room/);

  const one = await receiving(store, (port) => start('send', ['127.0.0.1', port, good]).ended);
  assert.deepEqual([one.code, one.stdout, one.stderr], [0, '1 stored, 0 not stored\n', '']);

  const none = await start('send', ['127.0.0.1', String(await freePort()), good]).ended;
  assert.equal(none.code, 1);
  assert.match(none.stderr, /^TRANSPORT: cannot connect to 127\.0\.0\.1:\d+: connection refused\n$/);
});

test('receive compresses, tells the digest, and refuses callers that it was not told of', async () => {
  await using files = await temporaryFolder();
  const path = await writeInstance(files.path, 'a.dcm');
  const inbox = join(files.path, 'in');
  await mkdir(inbox);
  await using receiver = start('receive', ['0', inbox, 'CT..1']);
  const port = await portOf(receiver);

  const [sent] = await send([path], port, 'CT..1');
  assert.equal(sent?.type, 'stored');
  const [, digest, stored = ''] = await inTime(receiver.output('stdout', /^(\w{64}) {2}(.*)$/m), 'the digest');
  assert.deepEqual(readdirSync(inbox), ['CT%2E%2E1']);
  const part10 = gunzipSync(readFileSync(stored));
  assert.equal(createHash('sha256').update(part10).digest('hex'), digest);
  assert.deepEqual(readPart10(part10).dataSet, readPart10(readFileSync(path)).dataSet);

  const [refused] = await send([path], port, 'STRANGER');
  assert.ok(refused?.type === 'refused');
  assert.deepEqual([refused.status.code, refused.response.errorComment], [0x0124, 'STRANGER may not store here']);
  assert.deepEqual(readdirSync(join(inbox, 'CT%2E%2E1')), [basename(stored)]);
  assert.equal((await inTime(receiver.stop('SIGTERM'), 'the receiver to end')).code, 0);
});

test('route forwards what it has acknowledged: at once, after a failure, and after kill -9', async () => {
  await using files = await temporaryFolder();
  const spool = join(files.path, 'spool');
  const paths = await Promise.all(['a', 'b', 'c'].map((name) => writeInstance(files.path, `${name}.dcm`)));
  const arrived = new Inbox<string>();
  let isFull = true;
  await using next = await startServer({
    services: [
      storageProvider({
        async store({ sopInstanceUid, part10 }) {
          for await (const _ of part10);
          if (isFull) throw new StatusError(STATUS.outOfResources, 'full');
          arrived.push(sopInstanceUid);
        },
      }),
    ],
  });
  // The first has a peer that is full for a while: it tries again. The second has none, and is killed.
  await using patient = start('route', ['0', spool, '127.0.0.1', String(next.port)], { RETRY_MS: '20' });
  const [first] = await send(paths.slice(0, 1), await portOf(patient), 'CT1');
  assert.equal(first?.type, 'stored');
  await inTime(
    (async () => {
      // Refused once: that is when room is made.
      for (
        let trace = await next.traces.next();
        trace.event.type !== 'request-failed';
        trace = await next.traces.next()
      );
      isFull = false;
    })(),
    'the first attempt',
  );
  assert.equal(await arrived.next('the instance'), uidOf(first));
  await inTime(patient.output('stdout', /^forwarded /m), 'the router to tell');
  assert.deepEqual(readdirSync(spool), ['refused']);
  assert.equal((await inTime(patient.stop('SIGTERM'), 'the router to end')).code, 0);

  await using lonely = start('route', ['0', spool, '127.0.0.1', String(await freePort())]);
  const others = await send(paths.slice(1), await portOf(lonely), 'CT1');
  assert.deepEqual(
    others.map(({ type }) => type),
    ['stored', 'stored'],
  );
  await lonely.stop('SIGKILL');
  assert.equal(readdirSync(spool).length, 3);

  await using restarted = start('route', ['0', spool, '127.0.0.1', String(next.port)]);
  for (const outcome of others) assert.equal(await arrived.next('what was left'), uidOf(outcome));
  await inTime(restarted.output('stdout', /(^forwarded .*\n.*){2}/m), 'the router to tell of both');
  assert.deepEqual(readdirSync(spool), ['refused']);
});

test('route puts aside what the next peer refuses for good', async () => {
  await using files = await temporaryFolder();
  const path = await writeInstance(files.path, 'a.dcm');
  const spool = join(files.path, 'spool');
  const store = () => Promise.reject(new StatusError(STATUS.cannotUnderstand, 'odd'));
  await receiving(store, async (next) => {
    await using router = start('route', ['0', spool, '127.0.0.1', next]);
    const [outcome] = await send([path], await portOf(router), 'CT1');
    assert.equal(outcome?.type, 'stored');
    await inTime(router.output('stderr', /^refused .*: Cannot Understand$/m), 'the refusal');
    assert.equal(readdirSync(join(spool, 'refused')).length, 1);
    assert.deepEqual(readdirSync(spool), ['refused']);
  });
});

function start(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  return new Running(process.execPath, [join(projectRoot, '.build', 'examples', `${name}.js`), ...args], { env });
}

async function portOf(server: Running): Promise<number> {
  const [, port] = await inTime(server.output('stdout', /listening on port (\d+)/), 'the program to listen');
  return Number(port);
}

/** Runs `use` while a server stores by `store`. */
async function receiving<T>(
  store: (instance: IncomingInstance) => Promise<void>,
  use: (port: string) => Promise<T>,
): Promise<T> {
  await using server = await startServer({ services: [storageProvider({ store })] });
  return await use(String(server.port));
}

async function send(paths: readonly string[], port: number, callingAeTitle: string): Promise<readonly StoreOutcome[]> {
  const outcomes: StoreOutcome[] = [];
  for await (const outcome of storeFiles(paths, { host: '127.0.0.1', port, callingAeTitle })) outcomes.push(outcome);
  return outcomes;
}

function uidOf(outcome: StoreOutcome | undefined): string {
  assert.ok(outcome !== undefined && 'instance' in outcome);
  return outcome.instance.sopInstanceUid;
}
