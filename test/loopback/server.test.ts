/** A server's life: how many it serves, on which addresses, when it ends, and what becomes of who is being served then. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { bufferSource } from '../../src/dataset/source.js';
import {
  type Association,
  AssociationAborted,
  AssociationRejected,
  discardSink,
  type ServeOptions,
  type StoreInstance,
  serve,
  storageProvider,
  TransportError,
  UsageError,
  verificationProvider,
  verify,
} from '../../src/index.js';
import { Inbox, inTime } from '../support/loopback-inbox.js';
import { CONTEXTS, STORE } from '../support/loopback-pair.js';
import { CT, command, ctDataSet, echoRq, IMPLICIT, pData, RawPeer, rqOf, storeRq } from '../support/loopback-peer.js';
import { associate, rejection, startServer, type TestServer, traced } from '../support/loopback-server.js';
import { warningsDuring } from '../support/process-warnings.js';

test('over its limit a server rejects with 2/3/2, and takes the next when one has gone', async () => {
  await using acceptor = await startServer({ maxAssociations: 2 });
  const first = await associate(acceptor.port);
  const second = await associate(acceptor.port);
  const error = await rejection(associate(acceptor.port));
  assert.ok(error instanceof AssociationRejected);
  assert.deepEqual([error.result, error.source, error.reason], [2, 3, 2]);
  assert.equal((await verify(first)).code, 0);
  await first.release();
  // The server knows when it sees the connection close, which may be a little later.
  let third: Association | undefined;
  for (let attempt = 0; third === undefined && attempt < 200; attempt++)
    third = await associate(acceptor.port).catch(() => undefined);
  assert.ok(third);
  await Promise.all([second.release(), third.release()]);
});

test('what is rejected or never asks does not count', async () => {
  await using acceptor = await startServer({ maxAssociations: 1, checkCalledAeTitle: true });
  await using _silent = await RawPeer.connect(acceptor.port);
  await rejection(associate(acceptor.port, { calledAeTitle: 'OTHER' }));
  const association = await associate(acceptor.port, { calledAeTitle: 'CALLED' });
  await association.release();
});

/** A server whose sink waits until it is let go. */
async function heldServer(
  options: Partial<ServeOptions> = {},
): Promise<TestServer & { readonly begun: Inbox<AbortSignal>; letGo(): void }> {
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const begun = new Inbox<AbortSignal>();
  const store: StoreInstance = async ({ part10, signal }) => {
    begun.push(signal);
    for await (const _ of part10);
    await held;
  };
  const services = [verificationProvider(), storageProvider({ store })];
  return { ...(await startServer({ services, ...options })), begun, letGo: () => letGo() };
}

async function storing(port: number): Promise<RawPeer> {
  const peer = await RawPeer.request(port, CONTEXTS);
  peer.send(command(storeRq(1), STORE, true), pData(STORE, ctDataSet()));
  return peer;
}

test('close lets the request be answered that is worked on, then aborts; who does nothing is aborted at once', async () => {
  const acceptor = await heldServer();
  const busy = await storing(acceptor.port);
  await acceptor.begun.next();
  const idle = await RawPeer.request(acceptor.port, CONTEXTS);
  await using silent = await RawPeer.connect(acceptor.port);
  const closing = acceptor.server.close();
  assert.equal(await idle.abort(), '0/0');
  assert.deepEqual(await silent.rest(), []);
  assert.equal((await rejection(associate(acceptor.port))) instanceof TransportError, true, 'it listens no more');
  acceptor.letGo();
  assert.equal((await busy.message('C-STORE-RSP')).message.status, 0);
  assert.equal(await busy.abort(), '0/0');
  await inTime(closing, 'the close');
  await acceptor.server.closed;
});

test('close waits for as long as it takes, if that is the grace', async () => {
  const acceptor = await heldServer();
  const busy = await storing(acceptor.port);
  await acceptor.begun.next();
  const idle = await RawPeer.request(acceptor.port, CONTEXTS);
  const warnings = await warningsDuring(async () => {
    const closing = acceptor.server.close({ graceMs: Infinity });
    assert.equal(await idle.abort(), '0/0');
    acceptor.letGo();
    assert.equal((await busy.message('C-STORE-RSP')).message.status, 0);
    assert.equal(await busy.abort(), '0/0');
    await inTime(closing, 'the close');
  });
  assert.deepEqual(warnings, [], 'no timer that is over at once instead');
});

test('close with a grace that is no time is refused, and the server goes on', async () => {
  await using acceptor = await startServer();
  for (const graceMs of [Number.NaN, -1])
    assert.ok((await rejection(acceptor.server.close({ graceMs }))) instanceof UsageError);
  const association = await associate(acceptor.port);
  assert.equal((await verify(association)).code, 0);
  await association.release();
});

test('close lets a message come in that has begun, and be answered', async () => {
  const acceptor = await startServer();
  const peer = await RawPeer.request(acceptor.port, CONTEXTS);
  peer.send(command(storeRq(1), STORE, true), pData(STORE, ctDataSet(), { isLast: false }));
  await traced(acceptor.traces, 'message');
  const closing = acceptor.server.close();
  peer.send(pData(STORE, Buffer.alloc(0)));
  assert.equal((await peer.message('C-STORE-RSP')).message.status, 0);
  assert.equal(await peer.abort(), '0/0');
  await closing;
});

test('close without grace aborts whatever goes on, and tells the sink', async () => {
  const acceptor = await heldServer();
  const busy = await storing(acceptor.port);
  const signal = await acceptor.begun.next();
  const closing = acceptor.server.close({ graceMs: 0 });
  assert.equal(await busy.abort(), '0/0');
  assert.equal(signal.aborted, true);
  acceptor.letGo();
  await inTime(closing, 'the close');
});

test('a second close shortens the grace of the first, and both tell the end', async () => {
  const acceptor = await heldServer();
  const busy = await storing(acceptor.port);
  const signal = await acceptor.begun.next();
  const first = acceptor.server.close({ graceMs: 60_000 });
  assert.equal(signal.aborted, false);
  const second = acceptor.server.close({ graceMs: 0 });
  assert.equal(await busy.abort(), '0/0');
  acceptor.letGo();
  await inTime(Promise.all([first, second, acceptor.server.closed]), 'both closes');
  await acceptor.server.close();
});

test('peers that do not hang up, or do not even read, do not keep a closing server', async () => {
  const acceptor = await heldServer({ acseTimeoutMs: 60_000 });
  const stubborn = [await RawPeer.request(acceptor.port, CONTEXTS), await storing(acceptor.port)];
  for (const peer of stubborn) peer.hangsUpOnAbort = false;
  await acceptor.begun.next();
  const deaf = await RawPeer.request(acceptor.port, CONTEXTS);
  deaf.socket.pause();
  deaf.send(command(echoRq(1)));
  const released = await RawPeer.request(acceptor.port, CONTEXTS);
  released.send({ type: 'A-RELEASE-RQ' });
  await released.expect('A-RELEASE-RP');
  const closing = acceptor.server.close({ graceMs: 20 });
  for (const peer of stubborn) assert.equal(await peer.abort(), '0/0');
  acceptor.letGo();
  await inTime(closing, 'the close');
  for (const peer of [...stubborn, deaf, released]) await peer[Symbol.asyncDispose]();
});

test('a sink that never ends does not keep a closing server, and nothing of it is acknowledged', async () => {
  const acceptor = await heldServer();
  const busy = await storing(acceptor.port);
  await acceptor.begun.next();
  await inTime(acceptor.server.close({ graceMs: 0 }), 'the close');
  assert.deepEqual(await busy.rest(), ['A-ABORT']);
});

test('too many connections that never ask: the oldest makes way, and a caller is served', async () => {
  const maxAssociations = 1;
  await using acceptor = await startServer({ maxAssociations });
  const silent: RawPeer[] = [];
  for (let count = 0; count < maxAssociations + 129; count++) silent.push(await RawPeer.connect(acceptor.port));
  const association = await associate(acceptor.port);
  assert.deepEqual(await silent[0]?.rest(), []);
  assert.match((await traced(acceptor.traces, 'no-request')).error?.message ?? '', /make way/);
  const error = await rejection(associate(acceptor.port));
  assert.ok(error instanceof AssociationRejected);
  assert.deepEqual([error.result, error.source, error.reason], [2, 3, 2]);
  await association.release();
  assert.equal(silent.at(-1)?.arrivals.length, 0);
  for (const peer of silent) peer.destroy();
});

test('a crowd that comes at once, each with its request, is answered: served, or told of the limit', async () => {
  await using acceptor = await startServer({ maxAssociations: 10 });
  const crowd = await Promise.all(
    Array.from({ length: 400 }, async () => {
      const peer = await RawPeer.connect(acceptor.port);
      peer.send(rqOf(CONTEXTS));
      return peer;
    }),
  );
  const answers = await Promise.all(crowd.map((peer) => peer.next('an answer')));
  const inShort = answers.map((answer) =>
    answer.type === 'A-ASSOCIATE-RJ' ? `${answer.result}/${answer.source}/${answer.reason}` : answer.type,
  );
  assert.deepEqual(
    [
      inShort.filter((answer) => answer === 'A-ASSOCIATE-AC').length,
      inShort.filter((answer) => answer === '2/3/2').length,
    ],
    [10, 390],
  );
  for (const peer of crowd) peer.destroy();
});

test('the port is free again as soon as the server has closed', async () => {
  const first = await startServer();
  const association = await associate(first.port);
  const lost = association.closed;
  await first.server.close({ graceMs: 0 });
  await lost;
  assert.ok(association.failure instanceof AssociationAborted);
  await using second = await startServer({ port: first.port });
  assert.equal(second.port, first.port);
  const again = await associate(second.port);
  await again.release();
});

test('a port that is taken is told in words', async () => {
  await using acceptor = await startServer();
  const error = await rejection(startServer({ port: acceptor.port }));
  assert.ok(error instanceof TransportError);
  assert.equal(error.systemCode, 'EADDRINUSE');
  assert.equal(error.message, `cannot listen on 127.0.0.1:${acceptor.port}: address already in use`);
});

test('an address of another machine cannot be listened on', async () => {
  const error = await rejection(startServer({ host: '192.0.2.1' }));
  assert.ok(error instanceof TransportError);
  assert.match(error.message, /no such address on this machine/);
});

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);

test('without a host it listens on IPv4', async () => {
  await using acceptor = await startServer({ host: undefined });
  const association = await associate(acceptor.port);
  assert.equal((await verify(association)).code, 0);
  await association.release();
  assert.match(acceptor.traces.seen[0]?.remote ?? '', /^127\.0\.0\.1:\d+$/, 'shown as the IPv4 address that it is');
});

test('without a host it listens on IPv6', { skip: hasIpv6 ? false : 'this machine has no IPv6' }, async () => {
  await using acceptor = await startServer({ host: undefined });
  const association = await associate(acceptor.port, { host: '::1' });
  assert.equal(association.remote, `[::1]:${acceptor.port}`);
  assert.equal((await verify(association)).code, 0);
  await association.release();
});

test('an idle server ends itself, but not while somebody is connected', async () => {
  const acceptor = await startServer({ idleTimeoutMs: 300 });
  let isClosed = false;
  const closed = acceptor.server.closed.then(() => {
    isClosed = true;
  });
  const association = await associate(acceptor.port);
  const short = await startServer({ idleTimeoutMs: 400 });
  await short.server.closed;
  assert.equal(isClosed, false);
  assert.equal((await verify(association)).code, 0);
  await association.release();
  await inTime(closed, 'the server to end');
  assert.ok((await rejection(associate(acceptor.port))) instanceof TransportError);
});

test('fifty associations at once, each with its own instances, and nothing is mixed up', async () => {
  const hashes = new Map<string, string>();
  const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  const store: StoreInstance = async ({ part10, sopInstanceUid }) => {
    const hash = createHash('sha256');
    let isMeta = true;
    for await (const batch of part10)
      for (const view of batch) {
        if (!isMeta) hash.update(view);
        isMeta = false;
      }
    hashes.set(sopInstanceUid, hash.digest('hex'));
  };
  await using acceptor = await startServer({ services: [verificationProvider(), storageProvider({ store })] });
  const sent = new Map<string, string>();
  await Promise.all(
    Array.from({ length: 50 }, async (_, user) => {
      const association = await associate(acceptor.port, { contexts: CONTEXTS });
      const requests = Array.from({ length: 4 }, async (__, turn) => {
        const uid = `1.2.${user}.${turn}`;
        const dataSet = Buffer.concat([ctDataSet(uid), pixelData(randomBytes(1000 + 30_000 * turn))]);
        sent.set(uid, hashOf(dataSet));
        const { status } = await association.request(
          (messageId) => ({
            type: 'C-STORE-RQ',
            messageId,
            priority: 0,
            affectedSopClassUid: CT,
            affectedSopInstanceUid: uid,
          }),
          { presentationContextId: STORE, dataSet: bufferSource(dataSet) },
        );
        assert.equal(status, 0);
        assert.equal((await verify(association)).code, 0);
      });
      await Promise.all(requests);
      await association.release();
    }),
  );
  assert.equal(sent.size, 200);
  assert.deepEqual(hashes, sent);
});

function pixelData(value: Buffer): Buffer {
  const header = Buffer.from('e07f10004f57000000000000', 'hex');
  header.writeUInt32LE(value.length, 8);
  return Buffer.concat([header, value]);
}

test('the first service that serves an abstract syntax decides its transfer syntaxes', async () => {
  const services = [
    storageProvider({ store: discardSink, transferSyntaxes: [IMPLICIT] }),
    storageProvider({ store: discardSink, promiscuous: true }),
  ];
  await using acceptor = await startServer({ services });
  const transferSyntaxes = ['1.2.840.10008.1.2.1', IMPLICIT];
  const association = await associate(acceptor.port, {
    contexts: [
      { abstractSyntax: CT, transferSyntaxes },
      { abstractSyntax: '1.2.3.4', transferSyntaxes },
      { abstractSyntax: '1.2.3.4', transferSyntaxes: ['1.2.3.4.5'] },
    ],
  });
  assert.deepEqual(
    association.contexts.map(({ transferSyntax }) => transferSyntax),
    [IMPLICIT, '1.2.840.10008.1.2.1', '1.2.3.4.5'],
  );
  await association.release();
});

test('a server is disposed of like any resource', async () => {
  let port = 0;
  {
    await using server = await serve({ port: 0, host: '127.0.0.1', aeTitle: 'A', services: [verificationProvider()] });
    port = server.port;
    await (await associate(port)).release();
  }
  assert.ok((await rejection(associate(port))) instanceof TransportError);
});
