/** The end of an association in good order, and all that can come between (PS3.8 7.2, Table 9-10 Sta7 to Sta12). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deferred } from '../../src/base/deferred.js';
import { bufferSource } from '../../src/dataset/source.js';
import {
  AssociationAborted,
  responseTo,
  type ServiceProvider,
  TimeoutError,
  UsageError,
  verificationProvider,
  verify,
} from '../../src/index.js';
import { Inbox, inTime } from '../support/loopback-inbox.js';
import { requestorAndPeer } from '../support/loopback-pair.js';
import {
  CT,
  CT_CONTEXT,
  command,
  ctDataSet,
  ECHO_CONTEXT,
  echoRq,
  echoRsp,
  pData,
  RawAcceptor,
  RawPeer,
  storeRq,
  VERIFICATION,
} from '../support/loopback-peer.js';
import {
  associate,
  eventTypes,
  rejection,
  startServer,
  type TestServer,
  type Traces,
  traced,
} from '../support/loopback-server.js';

test('the requestor asks, the acceptor agrees, the requestor hangs up', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor);
  const releasing = association.release();
  await peer.expect('A-RELEASE-RQ');
  peer.send({ type: 'A-RELEASE-RP' });
  await releasing;
  assert.equal(association.failure, undefined);
  assert.equal(association.signal.aborted, false);
  assert.deepEqual(await peer.rest(), []);
});

test('our acceptor agrees to a release and waits for the peer to hang up', async () => {
  await using acceptor = await startServer();
  const peer = await RawPeer.request(acceptor.port, [ECHO_CONTEXT]);
  peer.send({ type: 'A-RELEASE-RQ' });
  await peer.expect('A-RELEASE-RP');
  await traced(acceptor.traces, 'released');
  peer.end();
  assert.deepEqual(await peer.rest(), []);
});

test('our acceptor hangs up when the peer does not', async () => {
  await using acceptor = await startServer({ acseTimeoutMs: 300 });
  const peer = await RawPeer.request(acceptor.port, [ECHO_CONTEXT]);
  peer.send({ type: 'A-RELEASE-RQ' });
  await peer.expect('A-RELEASE-RP');
  assert.deepEqual(await peer.rest(), []);
});

test('requests that came before the release are answered first', async () => {
  await using acceptor = await startServer();
  const peer = await RawPeer.request(acceptor.port, [CT_CONTEXT, ECHO_CONTEXT]);
  peer.send(command(echoRq(1), 3), command(storeRq(2), 1, true), pData(1, ctDataSet()), command(echoRq(3), 3), {
    type: 'A-RELEASE-RQ',
  });
  assert.equal((await peer.message('C-ECHO-RSP')).message.messageIdBeingRespondedTo, 1);
  assert.equal((await peer.message('C-STORE-RSP')).message.status, 0);
  assert.equal((await peer.message('C-ECHO-RSP')).message.messageIdBeingRespondedTo, 3);
  await peer.expect('A-RELEASE-RP');
  peer.end();
});

test('a peer that hangs up instead of agreeing', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor);
  const failure = rejection(association.release());
  await peer.expect('A-RELEASE-RQ');
  peer.end();
  const error = await failure;
  assert.ok(error instanceof AssociationAborted);
  assert.equal(error.by, 'transport');
  assert.equal(association.failure, error);
});

test('a peer that aborts instead of agreeing', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor);
  const failure = rejection(association.release());
  await peer.expect('A-RELEASE-RQ');
  peer.send({ type: 'A-ABORT', source: 2, reason: 1 });
  const error = await failure;
  assert.ok(error instanceof AssociationAborted);
  assert.deepEqual([error.by, error.source, error.reason], ['peer', 2, 1]);
  assert.deepEqual(await peer.rest(), []);
});

test('silence instead of agreement ends with A-ABORT after the ACSE timeout, and we hang up', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor, { acseTimeoutMs: 300 });
  peer.hangsUpOnAbort = false;
  const failure = rejection(association.release());
  await peer.expect('A-RELEASE-RQ');
  assert.equal(await peer.abort(), '0/0');
  const error = await failure;
  assert.ok(error instanceof TimeoutError);
  assert.equal(error.timer, 'acse');
  assert.equal(error.message, `no answer to the release from ${association.remote} within 0.3 s`);
  assert.deepEqual(await peer.rest(), []);
  await association.closed;
});

for (const [what, pdu] of [
  ['A-ASSOCIATE-RJ', { type: 'A-ASSOCIATE-RJ', result: 1, source: 1, reason: 1 }],
  ['an unknown PDU', Buffer.from('f00000000000', 'hex')],
] as const)
  test(`${what} instead of agreement is answered with A-ABORT`, async () => {
    await using acceptor = await RawAcceptor.listen();
    const { association, peer } = await requestorAndPeer(acceptor);
    const failure = rejection(association.release());
    await peer.expect('A-RELEASE-RQ');
    peer.send(pdu);
    assert.equal(await peer.abort(), what === 'an unknown PDU' ? '2/1' : '2/2');
    const error = await failure;
    assert.ok(error instanceof AssociationAborted);
    assert.equal(error.by, 'provider');
  });

test('a response that comes after our release request is still given to who waits for it (AR-6)', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor);
  const echo = verify(association);
  await peer.message('C-ECHO-RQ');
  const releasing = association.release();
  await peer.expect('A-RELEASE-RQ');
  peer.send(command(echoRsp(1)), { type: 'A-RELEASE-RP' });
  assert.equal((await echo).category, 'success');
  await releasing;
});

test('a request that comes after our release request is not answered, since nothing may be sent any more', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor);
  const releasing = association.release();
  await peer.expect('A-RELEASE-RQ');
  peer.send(command(echoRq(1)), command(storeRq(2), 3, true), pData(3, ctDataSet()), { type: 'A-RELEASE-RP' });
  await releasing;
  assert.deepEqual(await peer.rest(), []);
});

test('a request without a response when the release is agreed rejects, and so does a later one', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor);
  const echo = rejection(verify(association));
  await peer.message('C-ECHO-RQ');
  const releasing = association.release();
  await peer.expect('A-RELEASE-RQ');
  peer.send({ type: 'A-RELEASE-RP' });
  await releasing;
  assert.ok((await echo) instanceof UsageError);
  assert.ok((await rejection(verify(association))) instanceof UsageError);
});

test('a release waits for the message that is being sent', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor);
  const context = association.contexts.find(({ abstractSyntax }) => abstractSyntax === CT);
  assert.ok(context);
  const whole = ctDataSet('1.2.3', 1_500_000);
  let sent = 0;
  const storing = association.request(storeRq, {
    presentationContextId: context.id,
    dataSet: {
      readInto(bodies) {
        const from = sent;
        for (const body of bodies) sent += whole.copy(body, 0, sent);
        return Promise.resolve({ bytes: sent - from, isLast: sent === whole.length });
      },
      close: () => Promise.resolve(),
    },
  });
  storing.catch(() => undefined);
  const releasing = association.release();
  const arrival = await peer.message('C-STORE-RQ');
  assert.equal(arrival.dataSet?.length, whole.length);
  await peer.expect('A-RELEASE-RQ');
  peer.send({ type: 'A-RELEASE-RP' });
  await releasing;
});

test('our requestor agrees when the acceptor asks for release', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor);
  peer.send({ type: 'A-RELEASE-RQ' });
  await peer.expect('A-RELEASE-RP');
  peer.end();
  await association.closed;
  assert.equal(association.failure, undefined);
  assertReleasedByPeer(await rejection(verify(association)));
});

function assertReleasedByPeer(error: Error): void {
  assert.ok(error instanceof AssociationAborted);
  assert.equal(error.by, 'peer');
  assert.equal(error.detail, 'released by the peer before it answered');
}

test('a peer that asks for release while our request waits for its response has not answered', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor);
  const echo = rejection(verify(association));
  await peer.message('C-ECHO-RQ');
  peer.send({ type: 'A-RELEASE-RQ' });
  await peer.expect('A-RELEASE-RP');
  assertReleasedByPeer(await echo);
  peer.end();
  await association.closed;
});

test('our requestor agrees to a release only after the message that is being sent', async () => {
  await using acceptor = await RawAcceptor.listen();
  const traces: Traces = new Inbox();
  const { association, peer } = await requestorAndPeer(acceptor, { trace: (trace) => traces.push(trace) });
  const gate = deferred();
  const whole = ctDataSet('1.2.3', 300_000);
  const inMemory = bufferSource(whole);
  let reads = 0;
  const storing = rejection(
    association.request(storeRq, {
      presentationContextId: 3,
      dataSet: {
        async readInto(bodies) {
          if (reads++ > 0) await gate.promise;
          return inMemory.readInto(bodies);
        },
        close: () => Promise.resolve(),
      },
    }),
  );
  await traces.until(({ event }) => event.type === 'message' && event.direction === 'outgoing');
  // A cancel asks for nothing, and its trace tells that the release behind it has come.
  peer.send(command({ type: 'C-CANCEL-RQ', messageIdBeingRespondedTo: 1 }), { type: 'A-RELEASE-RQ' });
  await traces.until(({ event }) => event.type === 'message' && event.direction === 'incoming');
  const late = rejection(verify(association));
  gate.resolve();
  assert.equal((await peer.message('C-STORE-RQ')).dataSet?.length, whole.length);
  await peer.expect('A-RELEASE-RP');
  peer.end();
  assertReleasedByPeer(await storing);
  assertReleasedByPeer(await late);
});

// Sta7 -> Sta9 -> Sta11 -> Sta1: the requestor agrees first, then gets the acceptor's agreement.
test('release collision, as requestor: agree, then wait for the agreement', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor);
  const releasing = association.release();
  await peer.expect('A-RELEASE-RQ');
  peer.send({ type: 'A-RELEASE-RQ' });
  await peer.expect('A-RELEASE-RP');
  peer.send({ type: 'A-RELEASE-RP' });
  await releasing;
  assert.equal(association.failure, undefined);
  assert.deepEqual(await peer.rest(), []);
});

test('release collision, as requestor: both requests cross in one chunk with the agreement', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor);
  const releasing = association.release();
  await peer.expect('A-RELEASE-RQ');
  peer.send({ type: 'A-RELEASE-RQ' }, { type: 'A-RELEASE-RP' });
  await inTime(
    Promise.race([releasing, association.closed]).catch(() => undefined),
    'the end of the association',
  );
});

test('release collision, as requestor: a peer that never agrees does not keep us', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor, { acseTimeoutMs: 300 });
  peer.hangsUpOnAbort = false;
  const releasing = association.release().catch((error: unknown) => error);
  await peer.expect('A-RELEASE-RQ');
  peer.send({ type: 'A-RELEASE-RQ' });
  await peer.expect('A-RELEASE-RP');
  await inTime(releasing, 'the release');
  await inTime(association.closed, 'the close');
  await inTime(peer.closed, 'us to hang up');
});

test('who is told of a release and asks for it again has the same', async () => {
  await using acceptor = await startServer();
  const again: Promise<void>[] = [];
  const association = await associate(acceptor.port, {
    trace: ({ event }) => event.type === 'releasing' && again.push(association.release()),
  });
  const releasing = association.release();
  await releasing;
  assert.deepEqual(again, [releasing]);
});

test('release collision, as requestor: an abort does not wait for a peer that never agrees', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor, { acseTimeoutMs: 0 });
  const releasing = association.release();
  await peer.expect('A-RELEASE-RQ');
  peer.send({ type: 'A-RELEASE-RQ' });
  await peer.expect('A-RELEASE-RP');
  const aborting = association.abort();
  await peer.expect('A-ABORT');
  await inTime(Promise.all([releasing, aborting]), 'the end of the association');
});

test('release collision, as requestor: a peer that hangs up after our agreement', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor);
  const releasing = association.release();
  await peer.expect('A-RELEASE-RQ');
  peer.send({ type: 'A-RELEASE-RQ' });
  await peer.expect('A-RELEASE-RP');
  peer.end();
  await releasing;
  assert.equal(association.failure, undefined);
});

/** Our acceptor whose Verification provider asks for release instead of answering at once. */
async function releasingServer(): Promise<TestServer & { readonly released: Inbox<Promise<Error | undefined>> }> {
  const released = new Inbox<Promise<Error | undefined>>();
  const provider: ServiceProvider = {
    ...verificationProvider(),
    handle({ association, message }) {
      released.push(
        association.release().then(
          () => undefined,
          (error: Error) => error,
        ),
      );
      return Promise.resolve(responseTo(message, 0));
    },
  };
  return { ...(await startServer({ services: [provider], acseTimeoutMs: 300 })), released };
}

test('an acceptor may ask for release too', async () => {
  await using acceptor = await releasingServer();
  const peer = await RawPeer.request(acceptor.port, [ECHO_CONTEXT]);
  peer.send(command(echoRq(1)));
  await peer.expect('A-RELEASE-RQ');
  peer.send({ type: 'A-RELEASE-RP' });
  assert.equal(await await acceptor.released.next(), undefined);
  assert.deepEqual(await peer.rest(), [], 'and the acceptor hangs up');
});

// Sta7 -> Sta10 -> Sta12 -> Sta13: the acceptor gets the requestor's agreement first, then gives its own.
test('release collision, as acceptor: wait for the agreement, then agree', async () => {
  await using acceptor = await releasingServer();
  const peer = await RawPeer.request(acceptor.port, [ECHO_CONTEXT]);
  peer.send(command(echoRq(1)));
  await peer.expect('A-RELEASE-RQ');
  peer.send({ type: 'A-RELEASE-RQ' });
  peer.send({ type: 'A-RELEASE-RP' });
  await peer.expect('A-RELEASE-RP');
  peer.end();
  assert.equal(await await acceptor.released.next(), undefined);
  assert.equal(eventTypes(acceptor.traces).at(-1), 'released');
});

test('release collision, as acceptor: a peer that never agrees is aborted', async () => {
  await using acceptor = await releasingServer();
  const peer = await RawPeer.request(acceptor.port, [ECHO_CONTEXT]);
  peer.send(command(echoRq(1)));
  await peer.expect('A-RELEASE-RQ');
  peer.send({ type: 'A-RELEASE-RQ' });
  assert.equal(await peer.abort(), '0/0');
  assert.ok((await await acceptor.released.next()) instanceof TimeoutError);
});

test('a release request in the middle of a command or a data set is a fault of the peer', async () => {
  await using acceptor = await startServer();
  for (const start of [
    [pData(1, Buffer.alloc(10), { isCommand: true, isLast: false })],
    [command(storeRq(1), 1, true)],
    [command(storeRq(1), 1, true), pData(1, ctDataSet(), { isLast: false })],
  ]) {
    const peer = await RawPeer.request(acceptor.port, [CT_CONTEXT]);
    peer.send(...start, { type: 'A-RELEASE-RQ' });
    assert.equal(await peer.abort(), '2/2');
    assert.deepEqual(await peer.rest(), []);
  }
});

test('data after a release request is a fault of the peer', async () => {
  let finish: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const slow: ServiceProvider = {
    ...verificationProvider(),
    handle: async ({ message }) => {
      await gate;
      return responseTo(message, 0);
    },
  };
  await using acceptor = await startServer({ services: [slow] });
  const peer = await RawPeer.request(acceptor.port, [ECHO_CONTEXT]);
  peer.send(command(echoRq(1)), { type: 'A-RELEASE-RQ' }, command(echoRq(2)));
  assert.equal(await peer.abort(), '2/2');
  finish();
});

test('release again, abort after release, release after abort', async () => {
  await using acceptor = await startServer();
  const released = await associate(acceptor.port);
  await Promise.all([released.release(), released.release()]);
  await released.release();
  await released.abort();
  assert.equal(released.failure, undefined);

  const aborted = await associate(acceptor.port);
  await Promise.all([aborted.abort(), aborted.abort()]);
  await aborted.abort();
  assert.equal(await rejection(aborted.release()), aborted.failure);
  const ends = acceptor.traces.seen.map(({ event }) => event.type).filter((type) => /^(released|aborted)$/.test(type));
  assert.deepEqual(ends, ['released', 'aborted']);
});

test('a release that the peer has asked for already is no fault', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor);
  const echo = verify(association);
  await peer.message('C-ECHO-RQ');
  peer.send(command(echoRsp(1)), { type: 'A-RELEASE-RQ' });
  await echo;
  const releasing = association.release();
  await peer.expect('A-RELEASE-RP');
  peer.end();
  await releasing;
  await association.closed;
  await association.release();
});

test('await using releases, and leaves an association alone that has ended already', async () => {
  await using acceptor = await startServer();
  const traces: Traces = new Inbox();
  {
    await using association = await associate(acceptor.port, { trace: (trace) => traces.push(trace) });
    await verify(association);
  }
  assert.deepEqual(eventTypes(traces).slice(-2), ['releasing', 'released']);
  {
    await using association = await associate(acceptor.port);
    await association.abort();
  }
  {
    await using association = await associate(acceptor.port);
    await association.release();
  }
});

test('an error in the block of await using comes through, and the association is released', async () => {
  await using acceptor = await startServer();
  const failure = await rejection(
    (async () => {
      await using association = await associate(acceptor.port);
      assert.equal(association.contexts[0]?.abstractSyntax, VERIFICATION);
      throw new RangeError('of my own');
    })(),
  );
  assert.ok(failure instanceof RangeError);
  await traced(acceptor.traces, 'released');
});
