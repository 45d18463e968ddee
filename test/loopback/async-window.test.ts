/** The asynchronous operations window (PS3.7 D.3.3.3): what is negotiated, kept to on both sides, and done within it. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { type Deferred, deferred } from '../../src/base/deferred.js';
import { bufferSource, type DataSetSource } from '../../src/dataset/source.js';
import {
  AssociationAborted,
  type AssociationTrace,
  directorySink,
  type ServeOptions,
  type StoreInstance,
  storageProvider,
  UsageError,
  verificationProvider,
  verify,
} from '../../src/index.js';
import type { AsynchronousOperationsWindow, Pdu } from '../../src/pdu/types.js';
import { Inbox, inTime } from '../support/loopback-inbox.js';
import { CONTEXTS, ECHO, requestorAndPeer, STORE, store } from '../support/loopback-pair.js';
import {
  CT,
  command,
  ctDataSet,
  echoRq,
  echoRsp,
  pData,
  RawAcceptor,
  RawPeer,
  storeRq,
} from '../support/loopback-peer.js';
import {
  associate,
  rejection,
  startServer,
  type TestServer,
  temporaryFolder,
  traced,
} from '../support/loopback-server.js';

function windowOf(maximumInvoked: number, maximumPerformed = 1): AsynchronousOperationsWindow {
  return { maximumInvoked, maximumPerformed };
}

// --- negotiation

for (const [wanted, performed, item, answer, agreed] of [
  [undefined, undefined, undefined, undefined, 1],
  [undefined, 16, undefined, undefined, 1],
  [1, 16, undefined, undefined, 1],
  [16, undefined, [16, 1], [1, 1], 1],
  [16, 1, [16, 1], [1, 1], 1],
  [2, 16, [2, 1], [2, 1], 2],
  [16, 2, [16, 1], [2, 1], 2],
  [16, 16, [16, 1], [16, 1], 16],
  [65_535, 65_535, [65_535, 1], [65_535, 1], 65_535],
] as const)
  test(`a requestor that wants ${wanted} outstanding gets ${agreed} from an acceptor that performs ${performed}`, async () => {
    await using acceptor = await startServer({ maxOperationsPerformed: performed });
    const association = await associate(acceptor.port, { maxOperationsInvoked: wanted });
    const { pdu: rq } = await traced(acceptor.traces, 'associate-rq');
    const { pdu: ac } = await traced(acceptor.traces, 'associate-ac');
    assert.deepEqual(rq.userInformation.asynchronousOperationsWindow, item && windowOf(item[0], item[1]));
    assert.deepEqual(ac.userInformation.asynchronousOperationsWindow, answer && windowOf(answer[0], answer[1]));
    assert.equal(association.maxOperationsInvoked, agreed);
    await association.release();
  });

for (const [granted, agreed] of [
  [undefined, 1],
  [windowOf(1), 1],
  [windowOf(3), 3],
  [windowOf(5), 4],
  [windowOf(0, 0), 4],
] as const)
  test(`a proposal of 4 that a peer answers with ${granted?.maximumInvoked} is a window of ${agreed}`, async () => {
    await using acceptor = await RawAcceptor.listen();
    const { association } = await requestorAndPeer(acceptor, { maxOperationsInvoked: 4 }, { window: granted });
    assert.equal(association.maxOperationsInvoked, agreed);
    await association.abort();
  });

test('a window that nobody proposed is none', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association } = await requestorAndPeer(acceptor, { maxOperationsInvoked: 1 }, { window: windowOf(16, 16) });
  assert.equal(association.maxOperationsInvoked, 1);
  await association.abort();
});

for (const proposed of [windowOf(0, 0), windowOf(100, 100)])
  test(`an acceptor grants ${proposed.maximumInvoked} what it performs itself, and invokes one`, async () => {
    await using acceptor = await startServer({ maxOperationsPerformed: 16 });
    await using _peer = await RawPeer.request(acceptor.port, CONTEXTS, { window: proposed });
    const { pdu } = await traced(acceptor.traces, 'associate-ac');
    assert.deepEqual(pdu.userInformation.asynchronousOperationsWindow, windowOf(16, 1));
  });

// --- as requestor

/** Our requestor answers a request of its peer's behind all that it has sent so far: nothing else may have come before. */
async function assertNothingMore(peer: RawPeer): Promise<void> {
  peer.send(command({ type: 'UNKNOWN-RQ', commandField: 0x0100, messageId: 9 }, ECHO));
  await peer.message('UNKNOWN-RSP');
}

for (const [granted, outstanding] of [
  [undefined, 1],
  [windowOf(3), 3],
] as const)
  test(`of ten requests ${outstanding} are outstanding, and each response lets the next go out`, async () => {
    await using acceptor = await RawAcceptor.listen();
    const { association, peer } = await requestorAndPeer(acceptor, { maxOperationsInvoked: 8 }, { window: granted });
    const echoes = Array.from({ length: 10 }, () => verify(association).then(({ code }) => code));
    const waiting: number[] = [];
    const receive = async (): Promise<void> => {
      waiting.push((await peer.message('C-ECHO-RQ')).message.messageId);
    };
    for (let count = 0; count < outstanding; count++) await receive();
    for (let sent = outstanding; sent < 10; sent++) {
      await assertNothingMore(peer);
      const answered = waiting.pop() ?? 0;
      peer.send(command(echoRsp(answered, 0xb000 + answered), ECHO));
      await receive();
    }
    peer.send(...waiting.map((messageId) => command(echoRsp(messageId, 0xb000 + messageId), ECHO)));
    assert.deepEqual(
      await Promise.all(echoes),
      Array.from({ length: 10 }, (_, index) => 0xb001 + index),
      'numbered in the order asked for, whatever the order of the answers',
    );
    await association.abort();
  });

test('the next data set is read while a response is awaited, and goes out after that', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor);
  const first = verify(association);
  await peer.message('C-ECHO-RQ');
  const read = deferred();
  const whole = bufferSource(ctDataSet('1.2.3'));
  const dataSet: DataSetSource = {
    readInto: async (bodies) => {
      read.resolve();
      return whole.readInto(bodies);
    },
    close: () => undefined,
  };
  const second = rejection(association.request(echoLike, { presentationContextId: STORE, dataSet }));
  await read.promise;
  await assertNothingMore(peer);
  peer.send(command(echoRsp(1), ECHO));
  assert.equal((await first).code, 0);
  const { message } = await peer.message('UNKNOWN-RQ');
  assert.equal(message.messageId, 2);
  await association.abort();
  assert.ok((await second) instanceof AssociationAborted);
});

test('a request that cannot be made or whose source fails gives its turn to the next', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor);
  const failing = Array.from({ length: 2 }, () =>
    rejection(
      association.request(
        () => {
          throw new RangeError('no request');
        },
        { presentationContextId: ECHO },
      ),
    ),
  );
  const unreadable = rejection(
    association.request(echoLike, {
      presentationContextId: STORE,
      dataSet: { readInto: () => Promise.reject(new RangeError('no byte')), close: () => Promise.resolve() },
    }),
  );
  const echo = verify(association);
  for (const failure of [...failing, unreadable]) assert.ok((await failure) instanceof RangeError);
  const { message } = await peer.message('C-ECHO-RQ');
  peer.send(command(echoRsp(message.messageId), ECHO));
  assert.equal((await echo).code, 0);
  await association.abort();
});

const echoLike = (messageId: number) =>
  ({ type: 'UNKNOWN-RQ', commandField: 0x0110, messageId, affectedSopClassUid: CT }) as const;

test('a source that cannot be closed costs its own request alone, however it says so', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor);
  const fail = () => {
    throw new RangeError('no close');
  };
  for (const [index, close] of [fail, async () => fail()].entries()) {
    const dataSet = { ...bufferSource(Buffer.alloc(10)), close };
    const request = rejection(association.request(echoLike, { presentationContextId: STORE, dataSet }));
    const { message } = await peer.message('UNKNOWN-RQ');
    peer.send(
      command({ type: 'UNKNOWN-RSP', commandField: 0x8110, messageIdBeingRespondedTo: index + 1, status: 0 }, STORE),
    );
    assert.equal(message.messageId, index + 1);
    assert.ok((await request) instanceof RangeError);
  }
  assert.equal(association.failure, undefined);
  await association.abort();
});

test('a request that fails before its turn gives nobody else an early turn', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor);
  const [first, second] = [verify(association), rejection(verify(association))];
  const impossible = association.request(echoLike, { presentationContextId: 99 });
  await peer.message('C-ECHO-RQ');
  await assertNothingMore(peer);
  peer.send(command(echoRsp(1), ECHO));
  assert.equal((await first).code, 0);
  assert.ok((await rejection(impossible)) instanceof UsageError);
  await peer.message('C-ECHO-RQ');
  await assertNothingMore(peer);
  await association.abort();
  assert.ok((await second) instanceof AssociationAborted);
});

test('a release leaves those that wait for their turn unsent, and those outstanding may still be answered', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor, { maxOperationsInvoked: 2 }, { window: windowOf(2) });
  const outstanding = [verify(association), verify(association)];
  const waiting = [rejection(verify(association)), rejection(store(association))];
  const releasing = association.release();
  for (let count = 0; count < 2; count++) await peer.message('C-ECHO-RQ');
  await peer.expect('A-RELEASE-RQ');
  peer.send(command(echoRsp(1), ECHO), command(echoRsp(2), ECHO), { type: 'A-RELEASE-RP' });
  await releasing;
  for (const { code } of await Promise.all(outstanding)) assert.equal(code, 0);
  for (const error of await Promise.all(waiting)) assert.ok(error instanceof UsageError);
  assert.deepEqual(await peer.rest(), []);
});

test('a peer that asks for release has not answered those that wait for their turn', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor, { maxOperationsInvoked: 2 }, { window: windowOf(2) });
  const failures = Array.from({ length: 5 }, () => rejection(verify(association)));
  for (let count = 0; count < 2; count++) await peer.message('C-ECHO-RQ');
  peer.send({ type: 'A-RELEASE-RQ' });
  for (const error of await Promise.all(failures))
    assert.ok(error instanceof AssociationAborted && error.by === 'peer');
  await peer.expect('A-RELEASE-RP');
});

test("a request whose turn comes with the peer's wish for release is not sent", async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor, { maxOperationsInvoked: 1 });
  const first = verify(association);
  const waiting = rejection(verify(association));
  const { message } = await peer.message('C-ECHO-RQ');
  peer.send(command(echoRsp(message.messageId), ECHO), { type: 'A-RELEASE-RQ' });
  assert.equal((await first).code, 0);
  const error = await waiting;
  assert.ok(error instanceof AssociationAborted && error.by === 'peer');
  assert.deepEqual(await peer.rest(), ['A-RELEASE-RP']);
});

// --- as acceptor

interface Work {
  readonly sopInstanceUid: string;
  readonly signal: AbortSignal;
  /** Settles when the data set has been read to its end. */
  readonly read: Promise<void>;
  readonly end: Deferred<void>;
}

/** A server whose sink reads each instance at once and then waits for the test to let it end. */
async function heldServer(options: Partial<ServeOptions> = {}): Promise<TestServer & { readonly begun: Inbox<Work> }> {
  const begun = new Inbox<Work>();
  const sink: StoreInstance = async ({ part10, sopInstanceUid, signal }) => {
    const read = deferred();
    const end = deferred();
    begun.push({ sopInstanceUid, signal, read: read.promise, end });
    for await (const _ of part10);
    read.resolve();
    await end.promise;
  };
  const services = [verificationProvider(), storageProvider({ store: sink })];
  return { ...(await startServer({ services, ...options })), begun };
}

/** A C-STORE of instance 1.2.ID under message id ID. */
function stores(...ids: readonly number[]): readonly Pdu[] {
  return ids.flatMap((id) => [command(storeRq(id, `1.2.${id}`), STORE, true), pData(STORE, ctDataSet(`1.2.${id}`))]);
}

async function assertAnswered(peer: RawPeer, ...ids: readonly number[]): Promise<void> {
  for (const id of ids) {
    const { message } = await peer.message('C-STORE-RSP');
    assert.deepEqual([message.messageIdBeingRespondedTo, message.status], [id, 0]);
  }
}

/** All of the peer's requests have come in, and who may begin with them has. */
async function assertBegun(acceptor: TestServer & { begun: Inbox<Work> }, came: number, begun: number): Promise<void> {
  const isRequest = ({ event }: AssociationTrace) => event.type === 'message' && event.direction === 'incoming';
  while (acceptor.traces.seen.filter(isRequest).length < came) await acceptor.traces.next('a request');
  await setImmediate();
  assert.equal(acceptor.begun.seen.length, begun);
}

async function work(acceptor: { begun: Inbox<Work> }, count: number): Promise<readonly Work[]> {
  const all: Work[] = [];
  for (let index = 0; index < count; index++) all.push(await acceptor.begun.next());
  return all;
}

test('a window of requests is worked on at once, and each is answered when it is done', async () => {
  await using acceptor = await heldServer({ maxOperationsPerformed: 3 });
  await using peer = await RawPeer.request(acceptor.port, CONTEXTS, { window: windowOf(3) });
  peer.send(...stores(1, 2, 3));
  const [first, second, third] = await work(acceptor, 3);
  for (const each of [first, second, third]) await inTime(each?.read ?? Promise.reject(), 'the data set');
  third?.end.resolve();
  await assertAnswered(peer, 3);
  peer.send(...stores(4));
  const [fourth] = await work(acceptor, 1);
  first?.end.resolve();
  await assertAnswered(peer, 1);
  fourth?.end.resolve();
  await assertAnswered(peer, 4);
  second?.end.resolve();
  await assertAnswered(peer, 2);
});

for (const [performed, proposed, atWork] of [
  [3, windowOf(2), 2],
  [3, windowOf(8), 3],
  [3, undefined, 1],
  [undefined, windowOf(8), 1],
] as const)
  test(`of a peer that proposes ${proposed?.maximumInvoked} and sends ten, ${atWork} are worked on at a time`, async () => {
    await using acceptor = await heldServer({ maxOperationsPerformed: performed });
    await using peer = await RawPeer.request(
      acceptor.port,
      CONTEXTS,
      proposed === undefined ? {} : { window: proposed },
    );
    const ids = Array.from({ length: 10 }, (_, index) => index + 1);
    peer.send(...stores(...ids));
    for (const id of ids) {
      await assertBegun(acceptor, 10, Math.min(10, id - 1 + atWork));
      const [next] = await work(acceptor, 1);
      assert.equal(next?.sopInstanceUid, `1.2.${id}`, 'in the order they came');
      next.end.resolve();
      await assertAnswered(peer, id);
    }
  });

test('a release is agreed to after the last of the answers', async () => {
  await using acceptor = await heldServer({ maxOperationsPerformed: 4 });
  await using peer = await RawPeer.request(acceptor.port, CONTEXTS, { window: windowOf(4) });
  peer.send(...stores(1, 2, 3), command(echoRq(4), ECHO), { type: 'A-RELEASE-RQ' });
  const begun = await work(acceptor, 3);
  assert.equal((await peer.message('C-ECHO-RSP')).message.messageIdBeingRespondedTo, 4);
  for (const id of [2, 3, 1]) {
    begun[id - 1]?.end.resolve();
    await assertAnswered(peer, id);
  }
  await peer.expect('A-RELEASE-RP');
  peer.end();
  await traced(acceptor.traces, 'released');
});

test('an abort with several outstanding is told to each of their sinks, and the server waits for these', async () => {
  const acceptor = await heldServer({ maxOperationsPerformed: 4 });
  await using peer = await RawPeer.request(acceptor.port, CONTEXTS, { window: windowOf(4) });
  peer.send(...stores(1, 2), command(storeRq(3, '1.2.3'), STORE, true));
  const begun = await work(acceptor, 3);
  peer.send({ type: 'A-ABORT', source: 0, reason: 0 });
  await traced(acceptor.traces, 'aborted');
  for (const { signal } of begun) assert.equal(signal.aborted, true);
  const closing = acceptor.server.close();
  let isClosed = false;
  void acceptor.server.closed.then(() => {
    isClosed = true;
  });
  begun[1]?.end.resolve();
  await setImmediate();
  assert.equal(isClosed, false, 'one of them is at work still');
  for (const { end } of begun) end.resolve();
  await inTime(closing, 'the close');
  assert.deepEqual(await peer.rest(), []);
});

test('a closing server answers all that is worked on, begins no other, and then aborts', async () => {
  const acceptor = await heldServer({ maxOperationsPerformed: 4 });
  await using peer = await RawPeer.request(acceptor.port, CONTEXTS, { window: windowOf(4) });
  peer.send(...stores(1, 2), command(storeRq(3, '1.2.3'), STORE, true));
  const begun = await work(acceptor, 3);
  const closing = acceptor.server.close();
  peer.send(pData(STORE, ctDataSet('1.2.3')), ...stores(4));
  await assertBegun(acceptor, 4, 3);
  for (const id of [3, 1, 2]) {
    begun[id - 1]?.end.resolve();
    await assertAnswered(peer, id);
  }
  assert.equal(await peer.abort(), '0/0');
  await inTime(closing, 'the close');
  assert.equal(acceptor.begun.seen.length, 3);
});

test('a message id that is that of a request at work is answered 0210, and is good again after the answer', async () => {
  await using acceptor = await heldServer({ maxOperationsPerformed: 4 });
  await using peer = await RawPeer.request(acceptor.port, CONTEXTS, { window: windowOf(4) });
  peer.send(...stores(7, 7), command(echoRq(7), ECHO));
  const [first] = await work(acceptor, 1);
  const refused = await peer.message('C-STORE-RSP');
  assert.deepEqual([refused.message.messageIdBeingRespondedTo, refused.message.status], [7, 0x0210]);
  assert.match(refused.message.errorComment ?? '', /message id 7/);
  assert.equal((await peer.message('C-ECHO-RSP')).message.status, 0x0210);
  assert.equal((await traced(acceptor.traces, 'request-failed')).status, 0x0210);
  first?.end.resolve();
  await assertAnswered(peer, 7);
  peer.send(...stores(7));
  const [again] = await work(acceptor, 1);
  again?.end.resolve();
  await assertAnswered(peer, 7);
});

test('an instance that is sent once more waits for the one that it is to replace, and no other does', async () => {
  await using acceptor = await heldServer({ maxOperationsPerformed: 4 });
  await using peer = await RawPeer.request(acceptor.port, CONTEXTS, { window: windowOf(4) });
  const again = [command(storeRq(2, '1.2.1'), STORE, true), pData(STORE, ctDataSet('1.2.1'))];
  peer.send(...stores(1), ...again, ...stores(3));
  await assertBegun(acceptor, 3, 1);
  const [first] = await work(acceptor, 1);
  first?.end.resolve();
  await assertAnswered(peer, 1);
  const [second, third] = await work(acceptor, 2);
  assert.deepEqual([second?.sopInstanceUid, third?.sopInstanceUid], ['1.2.1', '1.2.3']);
  third?.end.resolve();
  await assertAnswered(peer, 3);
  second?.end.resolve();
  await assertAnswered(peer, 2);
});

test('one at a time, answers come in order, so that equal message ids do no harm', async () => {
  await using acceptor = await startServer();
  await using peer = await RawPeer.request(acceptor.port, CONTEXTS);
  peer.send(...stores(1, 1, 1));
  await assertAnswered(peer, 1, 1, 1);
});

// --- both

test('of an instance sent twenty times in a window, the last is what stays', async () => {
  await using folder = await temporaryFolder();
  const store = await directorySink(folder.path);
  await using acceptor = await startServer({ services: [storageProvider({ store })], maxOperationsPerformed: 16 });
  await using peer = await RawPeer.request(acceptor.port, CONTEXTS, { window: windowOf(16) });
  const ids = Array.from({ length: 20 }, (_, index) => index + 1);
  const sizes = ids.map((id) => 100 * (21 - id));
  peer.send(
    ...ids.flatMap((id) => [
      command(storeRq(id, '1.2.3'), STORE, true),
      pData(STORE, ctDataSet('1.2.3', sizes[id - 1] ?? 0)),
    ]),
  );
  await assertAnswered(peer, ...ids);
  const file = await readFile(join(folder.path, 'CT.1.2.3'));
  assert.ok(file.subarray(-ctDataSet('1.2.3', 100).length).equals(ctDataSet('1.2.3', 100)));
});

test('two hundred instances over a window: all are stored, no more at a time than agreed', async () => {
  await using folder = await temporaryFolder();
  // With fsync: the flushes of the directory are shared.
  const sink = await directorySink(folder.path);
  let atWork = 0;
  let most = 0;
  const counting: StoreInstance = async (instance) => {
    most = Math.max(most, ++atWork);
    await sink(instance);
    atWork--;
  };
  const services = [verificationProvider(), storageProvider({ store: counting })];
  await using acceptor = await startServer({ services, maxOperationsPerformed: 5 });
  const association = await associate(acceptor.port, { contexts: CONTEXTS, maxOperationsInvoked: 16 });
  const uids = Array.from({ length: 200 }, (_, index) => `1.2.${index}`);
  const responses = await Promise.all(uids.map((uid) => store(association, ctDataSet(uid, 9000), uid)));
  for (const { status } of responses) assert.equal(status, 0);
  await association.release();
  assert.deepEqual((await readdir(folder.path)).sort(), uids.map((uid) => `CT.${uid}`).sort());
  assert.equal(most, 5);
});
