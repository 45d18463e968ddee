/** After hundreds of associations that ended badly, no socket, timer or file is left open. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { bufferSource } from '../../src/dataset/source.js';
import {
  type Association,
  directorySink,
  storageProvider,
  storeFiles,
  verificationProvider,
  verify,
} from '../../src/index.js';
import { writeBigInstance } from '../support/loopback-files.js';
import {
  CT,
  CT_CONTEXT,
  command,
  ctDataSet,
  ECHO_CONTEXT,
  echoRq,
  pData,
  RawAcceptor,
  RawPeer,
  rqOf,
  storeRq,
} from '../support/loopback-peer.js';
import { associate, startServer, temporaryFolder } from '../support/loopback-server.js';
import { freePort } from '../support/processes.js';

const DESCRIPTORS = '/proc/self/fd';
const ROUNDS = 12;

/** Sockets and timers; what is only on its way (a write, a close, a file call) is not counted. */
function resources(): string {
  const names = process
    .getActiveResourcesInfo()
    .filter((name) => /^(TCPSocket|TCPServer|TCPConnect|Timeout)/.test(name));
  return names.sort().join(' ');
}

function descriptors(): number {
  return existsSync(DESCRIPTORS) ? readdirSync(DESCRIPTORS).length : 0;
}

const inUse = (): string => `${resources()}, ${descriptors()} descriptors`;

/** Lets what is under way end, for as many turns of the event loop as it may need. */
async function assertInUse(expected: string): Promise<void> {
  for (let turn = 0; turn < 50_000; turn++) {
    if (expected.startsWith(`${resources()},`) && inUse() === expected) return;
    await setImmediate();
  }
  assert.equal(inUse(), expected);
}

const CONTEXTS = [ECHO_CONTEXT, CT_CONTEXT];

/** Bad requestors of our acceptor. */
const REQUESTORS: readonly ((port: number) => Promise<void>)[] = [
  async (port) => (await RawPeer.connect(port)).destroy(),
  async (port) => (await RawPeer.connect(port)).end(),
  async (port) => void (await RawPeer.connect(port)).socket.resetAndDestroy(),
  async (port) => (await RawPeer.connect(port)).send(Buffer.from('GET / HTTP/1.1\r\n\r\n')),
  async (port) => {
    const peer = await RawPeer.connect(port);
    peer.send(rqOf(CONTEXTS));
    peer.destroy();
  },
  async (port) => {
    const peer = await RawPeer.connect(port);
    peer.send({ ...rqOf(CONTEXTS), applicationContext: '1.2' });
    await peer.expect('A-ASSOCIATE-RJ');
    peer.end();
  },
  async (port) => (await RawPeer.request(port, CONTEXTS)).destroy(),
  async (port) => (await RawPeer.request(port, CONTEXTS)).send({ type: 'A-ABORT', source: 0, reason: 0 }),
  async (port) => {
    const peer = await RawPeer.request(port, CONTEXTS);
    peer.send({ type: 'A-RELEASE-RQ' }, command(echoRq(1)));
    await peer.rest();
  },
  async (port) => {
    const peer = await RawPeer.request(port, CONTEXTS);
    peer.send(command(storeRq(1), 3, true), pData(3, ctDataSet('1.2.3', 5000), { isLast: false }));
    peer.destroy();
  },
  async (port) => {
    const peer = await RawPeer.request(port, CONTEXTS);
    peer.send(command(storeRq(1), 3, true), pData(3, ctDataSet('1.2.3', 5000), { isLast: false }), command(echoRq(2)));
    await peer.rest();
  },
  async (port) => {
    const peer = await RawPeer.request(port, CONTEXTS);
    peer.send(command(storeRq(1), 3, true));
    peer.hangsUpOnAbort = false;
    await peer.rest();
  },
];

async function fails(promise: Promise<unknown>): Promise<void> {
  await promise.then(
    () => assert.fail('it should not have worked'),
    () => undefined,
  );
}

async function accepted(acceptor: RawAcceptor): Promise<{ association: Association; peer: RawPeer }> {
  const requesting = associate(acceptor.port, {
    contexts: CONTEXTS,
    acseTimeoutMs: 300,
    dimseTimeoutMs: 30,
    signal: new AbortController().signal,
  });
  const peer = await acceptor.next();
  await peer.accept();
  return { association: await requesting, peer };
}

/** Bad acceptors of our requestor. */
const ACCEPTORS: readonly ((acceptor: RawAcceptor) => Promise<void>)[] = [
  async () => fails(associate(await freePort())),
  async (acceptor) => {
    const requesting = fails(associate(acceptor.port));
    (await acceptor.next()).destroy();
    await requesting;
  },
  async (acceptor) => {
    const requesting = fails(associate(acceptor.port, { acseTimeoutMs: 20 }));
    (await acceptor.next()).hangsUpOnAbort = false;
    await requesting;
  },
  async (acceptor) => {
    const requesting = fails(associate(acceptor.port, { signal: AbortSignal.timeout(10) }));
    await acceptor.next();
    await requesting;
  },
  async (acceptor) => {
    const { association, peer } = await accepted(acceptor);
    const echo = fails(verify(association));
    peer.destroy();
    await echo;
  },
  async (acceptor) => {
    const { association } = await accepted(acceptor);
    await fails(verify(association));
  },
  async (acceptor) => {
    const { association } = await accepted(acceptor);
    await fails(association.release());
  },
  async (acceptor) => {
    const { association, peer } = await accepted(acceptor);
    peer.socket.pause();
    const storing = fails(
      association.request(
        (messageId) => ({
          type: 'C-STORE-RQ',
          messageId,
          priority: 0,
          affectedSopClassUid: CT,
          affectedSopInstanceUid: '1.2.3',
        }),
        { presentationContextId: 3, dataSet: bufferSource(Buffer.alloc(16_000_000)) },
      ),
    );
    await association.abort();
    await storing;
    peer.destroy();
  },
];

test('bad requestors leave nothing open in our acceptor', async () => {
  await using folder = await temporaryFolder();
  const services = [verificationProvider(), storageProvider({ store: await directorySink(folder.path) })];
  await using acceptor = await startServer({ services, acseTimeoutMs: 300, dimseTimeoutMs: 50, maxAssociations: 1000 });
  const before = inUse();
  const rounds = Array.from({ length: ROUNDS }, () => REQUESTORS.map((play) => play(acceptor.port)));
  await Promise.all(rounds.flat());
  await assertInUse(before);
  assert.deepEqual(readdirSync(folder.path), []);
  await (await associate(acceptor.port)).release();
});

test('bad acceptors leave nothing open in our requestor', async () => {
  const before = inUse();
  await Promise.all(
    Array.from({ length: ROUNDS }, async () => {
      await using acceptor = await RawAcceptor.listen();
      for (const play of ACCEPTORS) await play(acceptor);
    }),
  );
  await assertInUse(before);
});

async function all(outcomes: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of outcomes);
}

test('a run that is aborted in the middle of a file closes it', async () => {
  await using folder = await temporaryFolder();
  const path = await writeBigInstance(folder.path, 'big', 64 * 1024 * 1024);
  await using acceptor = await RawAcceptor.listen();
  const before = inUse();
  for (let round = 0; round < ROUNDS; round++) {
    const controller = new AbortController();
    const run = storeFiles([path], {
      host: '127.0.0.1',
      port: acceptor.port,
      proposeOwn: true,
      acseTimeoutMs: 300,
      signal: controller.signal,
    });
    const running = fails(all(run));
    const peer = await acceptor.next();
    await peer.accept();
    peer.socket.once('data', () => {
      peer.socket.pause();
      controller.abort();
    });
    await running;
    peer.destroy();
  }
  await assertInUse(before);
});

test('a server that has closed leaves nothing open', async () => {
  const before = inUse();
  const acceptor = await startServer();
  const associations = await Promise.all(Array.from({ length: 10 }, () => associate(acceptor.port)));
  await acceptor.server.close({ graceMs: 0 });
  await Promise.all(associations.map(({ closed }) => closed));
  await assertInUse(before);
});
