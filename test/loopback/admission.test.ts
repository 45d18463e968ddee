/** Who may open an association with our acceptor: hosts, AE titles, limits. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { deferred } from '../../src/base/deferred.js';
import {
  InvalidIdentifier,
  type ServeOptions,
  serve,
  storageProvider,
  UsageError,
  verificationProvider,
} from '../../src/index.js';
import type { AssociateRq } from '../../src/pdu/types.js';
import { inTime } from '../support/loopback-inbox.js';
import {
  CT_CONTEXT,
  command,
  ctDataSet,
  ECHO_CONTEXT,
  pData,
  RawPeer,
  rqOf,
  storeRq,
} from '../support/loopback-peer.js';
import { associate, startServer, type TestServer, traced } from '../support/loopback-server.js';

/** Linux has all of 127.0.0.0/8 on its loopback device. */
async function peerFrom(localAddress: string, port: number): Promise<RawPeer> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  await once(socket, 'connect');
  return new RawPeer(socket);
}

async function answerTo(peer: RawPeer, change: Partial<AssociateRq> = {}): Promise<string> {
  peer.send({ ...rqOf([ECHO_CONTEXT]), ...change });
  const answer = await peer.next();
  if (answer.type !== 'A-ASSOCIATE-RJ') return answer.type;
  return `${answer.result}/${answer.source}/${answer.reason}`;
}

/** Requests come from CALLING at 127.0.0.1 and ask for CALLED. PS3.8 Table 9-21. */
const ANSWERS: readonly (readonly [options: Partial<ServeOptions>, answer: string, why?: string])[] = [
  [{ acceptCallingAeTitles: ['CT1', 'CALLING'] }, 'A-ASSOCIATE-AC'],
  [{ acceptCallingAeTitles: ['  CALLING '] }, 'A-ASSOCIATE-AC'],
  [{ acceptCallingAeTitles: [] }, '1/1/3', 'calling AE title not recognized'],
  [{ acceptCalledAeTitles: [] }, '1/1/7', 'called AE title not recognized'],
  [{ checkCalledAeTitle: true, acceptCalledAeTitles: [] }, 'A-ASSOCIATE-AC'],
  [{ acceptCallingAeTitles: ['CT1', 'calling'] }, '1/1/3', 'calling AE title not recognized'],
  [{ acceptCalledAeTitles: ['ARCHIVE', 'CALLED'] }, 'A-ASSOCIATE-AC'],
  [{ acceptCalledAeTitles: ['ARCHIVE', 'CALLED2'] }, '1/1/7', 'called AE title not recognized'],
  [{ aeTitle: 'OURS', checkCalledAeTitle: true }, '1/1/7', 'called AE title not recognized'],
  [{ aeTitle: 'OURS', checkCalledAeTitle: true, acceptCalledAeTitles: ['CALLED'] }, 'A-ASSOCIATE-AC'],
  [{ checkCalledAeTitle: true, acceptCalledAeTitles: ['ARCHIVE'] }, 'A-ASSOCIATE-AC'],
  [{ acceptHosts: ['127.0.0.0/8'] }, 'A-ASSOCIATE-AC'],
  [{ acceptHosts: ['10.0.0.0/8', '127.0.0.1'] }, 'A-ASSOCIATE-AC'],
  [{ acceptHosts: [] }, '1/1/1', 'host not accepted'],
  [{ acceptHosts: ['10.0.0.0/8', '::/0'] }, '1/1/1', 'host not accepted'],
  // What will not change is said before what may.
  [{ acceptHosts: ['10.0.0.0/8'], acceptCallingAeTitles: ['CT1'] }, '1/1/1', 'host not accepted'],
  [{ acceptCallingAeTitles: ['CT1'], acceptCalledAeTitles: ['CT1'] }, '1/1/7', 'called AE title not recognized'],
];

for (const [options, answer, why] of ANSWERS)
  test(`${JSON.stringify(options)} answers ${answer}`, async () => {
    await using acceptor = await startServer(options);
    await using peer = await RawPeer.connect(acceptor.port);
    assert.equal(await answerTo(peer), answer);
    if (why === undefined) return;
    const event = await traced(acceptor.traces, 'associate-rj');
    assert.ok(event.direction === 'outgoing');
    assert.deepEqual(
      [event.why, event.request.callingAeTitle, event.request.calledAeTitle],
      [why, 'CALLING', 'CALLED'],
    );
    peer.end();
    assert.deepEqual(await peer.rest(), []);
  });

test('titles are compared without their padding, and a list has no room for callers without one', async () => {
  await using acceptor = await startServer({ acceptCallingAeTitles: ['CT1'], acceptCalledAeTitles: ['CALLED'] });
  for (const [callingAeTitle, answer] of [
    [' CT1', 'A-ASSOCIATE-AC'],
    ['CT1\0\0', 'A-ASSOCIATE-AC'],
    ['CT 1', '1/1/3'],
    ['', '1/1/3'],
    ['CT1X', '1/1/3'],
  ] as const) {
    await using peer = await RawPeer.connect(acceptor.port);
    assert.equal(await answerTo(peer, { callingAeTitle }), answer, callingAeTitle);
  }
});

test('an IPv4 host that comes in over IPv6 is the IPv4 host, and an IPv6 host is not', async (t) => {
  const server = await serve({
    port: 0,
    aeTitle: 'CALLED',
    services: [verificationProvider()],
    acceptHosts: ['127.0.0.0/8'],
  });
  try {
    await using four = await RawPeer.connect(server.port, '127.0.0.1');
    assert.equal(await answerTo(four), 'A-ASSOCIATE-AC');
    const six = await RawPeer.connect(server.port, '::1').catch(() => undefined);
    if (six === undefined) {
      t.diagnostic('no IPv6 on this machine');
      return;
    }
    assert.equal(await answerTo(six), '1/1/1');
    await six[Symbol.asyncDispose]();
  } finally {
    await server.close({ graceMs: 0 });
  }
});

async function established(acceptor: TestServer, from: string): Promise<RawPeer> {
  const peer = await peerFrom(from, acceptor.port);
  assert.equal(await answerTo(peer), 'A-ASSOCIATE-AC');
  return peer;
}

test('a host has so many associations, whatever others have, and another when one of them ends', async () => {
  await using acceptor = await startServer({ maxAssociationsPerHost: 2, maxAssociations: 4 });
  await using first = await established(acceptor, '127.0.0.1');
  await using second = await established(acceptor, '127.0.0.1');
  await using third = await peerFrom('127.0.0.1', acceptor.port);
  assert.equal(await answerTo(third), '2/3/2');
  await using elsewhere = await established(acceptor, '127.0.0.2');
  assert.ok(elsewhere);
  first.send({ type: 'A-RELEASE-RQ' });
  await first.expect('A-RELEASE-RP');
  await using again = await established(acceptor, '127.0.0.1');
  await using over = await peerFrom('127.0.0.1', acceptor.port);
  assert.equal(await answerTo(over), '2/3/2');
  assert.ok(second && again);
  const reasons = acceptor.traces.seen.flatMap(({ event }) => ('why' in event ? [event.why] : []));
  assert.deepEqual(reasons, Array(2).fill('limit of 2 associations of one host reached'));
});

test('an association that is lost holds its place until its sink is done with it', async () => {
  const begun = deferred();
  const stuck = deferred();
  const store = async () => {
    begun.resolve();
    await stuck.promise;
  };
  await using acceptor = await startServer({ maxAssociations: 1, services: [storageProvider({ store })] });
  await using lost = await RawPeer.request(acceptor.port, [CT_CONTEXT]);
  lost.send(command(storeRq(1), 1, true), pData(1, ctDataSet().subarray(0, 20), { isLast: false }));
  await inTime(begun.promise, 'the sink');
  lost.socket.resetAndDestroy();
  await traced(acceptor.traces, 'aborted');
  await using early = await RawPeer.connect(acceptor.port);
  assert.equal(await answerTo(early), '2/3/2');
  stuck.resolve();
  await using late = await RawPeer.connect(acceptor.port);
  late.send(rqOf([CT_CONTEXT]));
  await late.expect('A-ASSOCIATE-AC');
});

test('a sink that never ends keeps no server from closing', async () => {
  const begun = deferred();
  const store = () => {
    begun.resolve();
    return new Promise<never>(() => undefined);
  };
  await using acceptor = await startServer({ services: [storageProvider({ store })] });
  await using lost = await RawPeer.request(acceptor.port, [CT_CONTEXT]);
  lost.send(command(storeRq(1), 1, true));
  await inTime(begun.promise, 'the sink');
  lost.socket.resetAndDestroy();
  await traced(acceptor.traces, 'aborted');
  await inTime(acceptor.server.close({ graceMs: 0 }), 'the end of the server');
});

test('a caller that may not come in is told so for good, even if there is no room', async () => {
  await using acceptor = await startServer({ maxAssociations: 1, acceptCallingAeTitles: ['CALLING'] });
  await using first = await established(acceptor, '127.0.0.1');
  await using second = await RawPeer.connect(acceptor.port);
  assert.equal(await answerTo(second), '2/3/2');
  await using third = await RawPeer.connect(acceptor.port);
  assert.equal(await answerTo(third, { callingAeTitle: 'OTHER' }), '1/1/3');
  assert.ok(first);
});

test('connections of unwelcome hosts make way before those of others', async () => {
  await using acceptor = await startServer({ maxAssociations: 1, acceptHosts: ['127.0.0.1'] });
  await using welcome = await RawPeer.connect(acceptor.port);
  const unwelcome: RawPeer[] = [];
  try {
    // 128 more than there may be associations are waited for.
    for (let index = 0; index < 129; index++) unwelcome.push(await peerFrom('127.0.0.2', acceptor.port));
    assert.deepEqual(await unwelcome[0]?.rest(), []);
    assert.equal(await answerTo(welcome), 'A-ASSOCIATE-AC');
  } finally {
    for (const peer of unwelcome) peer.destroy();
  }
});

const WRONG: readonly (readonly [options: Partial<ServeOptions>, error: new (message: string) => Error])[] = [
  [{ acceptHosts: ['somewhere'] }, InvalidIdentifier],
  [{ acceptCallingAeTitles: ['SEVENTEEN-LETTERS'] }, InvalidIdentifier],
  [{ acceptCalledAeTitles: ['  '] }, InvalidIdentifier],
  [{ checkCalledAeTitle: true, aeTitle: '' }, InvalidIdentifier],
  [{ maxAssociations: 0 }, UsageError],
  [{ maxAssociationsPerHost: Number.NaN }, UsageError],
];

for (const [options, error] of WRONG)
  test(`${JSON.stringify(options)} is refused at the start`, async () => {
    await assert.rejects(startServer(options), error);
  });

test('nothing of all this is asked by default', async () => {
  await using acceptor = await startServer();
  const association = await associate(acceptor.port, { callingAeTitle: 'ANYBODY', calledAeTitle: 'ANYTHING' });
  await association.release();
});
