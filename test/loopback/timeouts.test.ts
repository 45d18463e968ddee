/** Waits that run out, and the ones that must not: nobody is blamed for a time in which it was not his turn. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storageProvider, TimeoutError, verificationProvider, verify } from '../../src/index.js';
import { encodePdu } from '../../src/pdu/codec.js';
import { Inbox, inTime } from '../support/loopback-inbox.js';
import { CONTEXTS, ECHO, gate, requestorAndPeer, STORE, store } from '../support/loopback-pair.js';
import {
  CT_CONTEXT,
  command,
  ctDataSet,
  ECHO_CONTEXT,
  echoRsp,
  pData,
  RawAcceptor,
  RawPeer,
  storeRq,
} from '../support/loopback-peer.js';
import { associate, rejection, startServer, traced } from '../support/loopback-server.js';

const BIG = ctDataSet('1.2.3', 32 * 1024 * 1024);

function assertTimeout(error: Error | undefined, timer: TimeoutError['timer'], ms: number): void {
  assert.ok(error instanceof TimeoutError, String(error));
  assert.deepEqual([error.timer, error.ms], [timer, ms]);
}

/** A few network timeouts of 40 ms pass: each is told by an idle association of its own that is aborted. */
async function silencesPass(count: number): Promise<void> {
  await using acceptor = await startServer({ networkTimeoutMs: 40 });
  for (let turn = 0; turn < count; turn++) {
    const peer = await RawPeer.request(acceptor.port, [ECHO_CONTEXT]);
    await peer.abort();
  }
}

test('a response that does not come ends the association after the DIMSE timeout, with all that waits on it', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor, { dimseTimeoutMs: 60, maxOperationsInvoked: 2 });
  const failures = [verify(association), store(association), verify(association)].map(rejection);
  for (let index = 0; index < 2; index++) await peer.expect('message');
  for (const error of await Promise.all(failures)) assert.equal(error, association.failure);
  assertTimeout(association.failure, 'dimse', 60);
  assert.match(association.failure?.message ?? '', /^no response from 127\.0\.0\.1:\d+ within 0\.06 s$/);
  assert.equal(await peer.abort(), '0/0');
  assert.deepEqual(await peer.rest(), []);
});

test('with several outstanding, the DIMSE timeout runs anew from each response, whichever comes', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor, { dimseTimeoutMs: 2_000, maxOperationsInvoked: 12 });
  const echoes = Array.from({ length: 12 }, () => verify(association));
  for (const _ of echoes) await peer.message('C-ECHO-RQ');
  // Twelve times 200 ms are more than the timeout; the first to be sent is the last to be answered.
  for (let messageId = 12; messageId > 0; messageId--) {
    await silencesPass(5);
    peer.send(command(echoRsp(messageId), ECHO));
  }
  for (const { code } of await Promise.all(echoes)) assert.equal(code, 0);
  await association.abort();
});

test('with several outstanding, one response that does not come ends the association when no other comes either', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor, { dimseTimeoutMs: 60, maxOperationsInvoked: 2 });
  const failure = rejection(verify(association));
  const answered = verify(association);
  for (let index = 0; index < 2; index++) await peer.message('C-ECHO-RQ');
  peer.send(command(echoRsp(2), ECHO));
  assert.equal((await answered).code, 0);
  assert.equal(await failure, association.failure);
  assertTimeout(association.failure, 'dimse', 60);
  assert.equal(await peer.abort(), '0/0');
});

test('a response in time starts nothing that runs out later', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor, { dimseTimeoutMs: 250, networkTimeoutMs: 250 });
  const echo = verify(association);
  await peer.message('C-ECHO-RQ');
  peer.send(command(echoRsp(1), ECHO));
  await echo;
  await silencesPass(8);
  assert.equal(association.failure, undefined);
  await association.abort();
});

for (const [what, sent] of [
  ['a command', [pData(STORE, Buffer.alloc(8), { isCommand: true, isLast: false })]],
  ['a message whose data set does not begin', [command(storeRq(1), STORE, true)]],
  ['a data set', [command(storeRq(1), STORE, true), pData(STORE, ctDataSet(), { isLast: false })]],
] as const)
  test(`the rest of ${what} that does not come ends the association after the DIMSE timeout`, async () => {
    await using acceptor = await startServer({ dimseTimeoutMs: 50 });
    const peer = await RawPeer.request(acceptor.port, CONTEXTS);
    peer.send(...sent);
    assert.equal(await peer.abort(), '0/0');
    assertTimeout((await traced(acceptor.traces, 'aborted')).error, 'dimse', 50);
  });

test('the DIMSE timeout begins anew with every piece of a message', async () => {
  const pieces = new Inbox<number>();
  const store = storageProvider({
    async store({ part10 }) {
      for await (const batch of part10) pieces.push(batch.length);
    },
  });
  await using acceptor = await startServer({ dimseTimeoutMs: 2_000, services: [store] });
  await using peer = await RawPeer.request(acceptor.port, [CT_CONTEXT]);
  peer.send(command(storeRq(1), 1, true));
  const dataSet = ctDataSet('1.2.3', 2400);
  // Twelve times 200 ms are more than the timeout.
  for (let index = 0; index < 12; index++) {
    await silencesPass(5);
    peer.send(pData(1, dataSet.subarray(index * 200, (index + 1) * 200), { isLast: false }));
    await pieces.next();
  }
  peer.send(pData(1, dataSet.subarray(2400)));
  assert.equal((await peer.message('C-STORE-RSP')).message.status, 0);
});

test('an acceptor ends an association on which nothing happens', async () => {
  await using acceptor = await startServer({ networkTimeoutMs: 50 });
  const peer = await RawPeer.request(acceptor.port, CONTEXTS);
  assert.equal(await peer.abort(), '0/0');
  assertTimeout((await traced(acceptor.traces, 'aborted')).error, 'network', 50);
});

test('a requestor may leave an association idle', async () => {
  await using acceptor = await startServer();
  const association = await associate(acceptor.port, { networkTimeoutMs: 20 });
  await silencesPass(2);
  assert.equal((await verify(association)).code, 0);
  await association.release();
});

test('a requestor may wait for a response longer than the network timeout', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor, { networkTimeoutMs: 20 });
  const echo = verify(association);
  await peer.message('C-ECHO-RQ');
  await silencesPass(2);
  peer.send(command(echoRsp(1), ECHO));
  assert.equal((await echo).code, 0);
  await association.abort();
});

test('a peer that takes no more bytes of ours ends the association, and what waits is told at once', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor, { networkTimeoutMs: 60, acseTimeoutMs: 300 });
  peer.socket.pause();
  const failures = [store(association, BIG), verify(association)].map(rejection);
  for (const error of await Promise.all(failures)) assert.equal(error, association.failure);
  assertTimeout(association.failure, 'network', 60);
  await inTime(association.closed, 'the connection to be closed, though the peer never reads');
});

test('an abort while the peer takes no bytes is told at once, and the connection closed by ARTIM', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor, { acseTimeoutMs: 300 });
  peer.socket.pause();
  const failure = rejection(store(association, BIG));
  const aborting = association.abort();
  assert.equal(await failure, association.failure);
  await inTime(aborting, 'the abort');
});

test('a peer that asks and never reads the answers ends the association', async () => {
  await using acceptor = await startServer({ networkTimeoutMs: 100, acseTimeoutMs: 300 });
  const peer = await RawPeer.request(acceptor.port, CONTEXTS);
  peer.socket.pause();
  // What is refused is refused with the SOP class it named: answers as long as the questions fill the buffers soon.
  const asked = encodePdu(
    command({ type: 'UNKNOWN-RQ', commandField: 0x0110, messageId: 1, affectedSopClassUid: '1'.repeat(16_000) }, ECHO),
  );
  const ended = traced(acceptor.traces, 'aborted');
  const write = (error?: Error | null): void => {
    if (!error) peer.socket.write(asked, write);
  };
  write();
  assertTimeout((await ended).error, 'network', 100);
  peer.destroy();
});

test('a sink that works longer than both timeouts is not held against the peer', async () => {
  const begun = new Inbox<true>();
  const { opened, open } = gate();
  const services = [
    storageProvider({
      async store({ part10 }) {
        for await (const _ of part10);
        begun.push(true);
        await opened;
      },
    }),
  ];
  await using acceptor = await startServer({ services, networkTimeoutMs: 250, dimseTimeoutMs: 250 });
  await using peer = await RawPeer.request(acceptor.port, [CT_CONTEXT]);
  peer.send(command(storeRq(1), 1, true), pData(1, ctDataSet()));
  await begun.next();
  await silencesPass(8);
  open();
  assert.equal((await peer.message('C-STORE-RSP')).message.status, 0);
});

test('a sink that does not read keeps the peer waiting longer than both timeouts, and then takes the rest', async () => {
  const begun = new Inbox<true>();
  const { opened, open } = gate();
  const services = [
    verificationProvider(),
    storageProvider({
      async store({ part10 }) {
        begun.push(true);
        await opened;
        for await (const _ of part10);
      },
    }),
  ];
  await using acceptor = await startServer({ services, networkTimeoutMs: 250, dimseTimeoutMs: 250 });
  const association = await associate(acceptor.port, { contexts: CONTEXTS });
  const storing = store(association, BIG);
  await begun.next();
  await silencesPass(8);
  assert.equal(association.failure, undefined);
  open();
  assert.equal((await storing).status, 0);
  await association.release();
});

test('times of 0 never run out', async () => {
  const never = { acseTimeoutMs: 0, dimseTimeoutMs: 0, networkTimeoutMs: 0, connectionTimeoutMs: 0 };
  await using acceptor = await startServer(never);
  const peer = await RawPeer.request(acceptor.port, CONTEXTS);
  await using other = await RawAcceptor.listen();
  const { association, peer: second } = await requestorAndPeer(other, never);
  peer.send(command(storeRq(1), STORE, true));
  const echo = verify(association);
  await second.message('C-ECHO-RQ');
  await silencesPass(2);
  peer.send(pData(STORE, ctDataSet()), { type: 'A-RELEASE-RQ' });
  await peer.message('C-STORE-RSP');
  await peer.expect('A-RELEASE-RP');
  peer.end();
  second.send(command(echoRsp(1), ECHO));
  await echo;
  await association.abort();
});

test('who connects and never asks for an association is hung up on by ARTIM', async () => {
  await using acceptor = await startServer({ acseTimeoutMs: 40 });
  for (const sent of [Buffer.alloc(0), Buffer.from('0100000000', 'hex')]) {
    await using peer = await RawPeer.connect(acceptor.port);
    if (sent.length > 0) peer.send(sent);
    assert.deepEqual(await peer.rest(), []);
  }
});
