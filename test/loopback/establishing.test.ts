/** Establishing associations: every answer that a peer can give, the ones that are none, and giving up. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { rejectionInWords } from '../../src/base/errors.js';
import {
  AssociationAborted,
  AssociationRejected,
  type AssociationRequest,
  discardSink,
  InvalidIdentifier,
  ProtocolError,
  type ServeOptions,
  storageProvider,
  TimeoutError,
  type TraceFunction,
  TransportError,
  UsageError,
  verify,
} from '../../src/index.js';
import { Inbox, inTime } from '../support/loopback-inbox.js';
import {
  acFor,
  CT,
  CT_CONTEXT,
  ECHO_CONTEXT,
  EXPLICIT,
  IMPLICIT,
  RawAcceptor,
  RawPeer,
  rqOf,
  VERIFICATION,
} from '../support/loopback-peer.js';
import { associate, eventTypes, rejection, startServer, type Traces, traced } from '../support/loopback-server.js';
import { freePort } from '../support/processes.js';

test('an association is requested, accepted and used, and both sides tell the same story', async () => {
  await using acceptor = await startServer();
  const traces: Traces = new Inbox();
  const association = await associate(acceptor.port, {
    calledAeTitle: 'SCP',
    callingAeTitle: 'SCU',
    contexts: [CT_CONTEXT, ECHO_CONTEXT, { abstractSyntax: '1.2.3.4', transferSyntaxes: [IMPLICIT] }],
    trace: (trace) => traces.push(trace),
  });
  assert.deepEqual(association.contexts, [
    { id: 1, abstractSyntax: CT, transferSyntax: EXPLICIT },
    { id: 3, abstractSyntax: VERIFICATION, transferSyntax: IMPLICIT },
  ]);
  assert.deepEqual([association.calledAeTitle, association.callingAeTitle], ['SCP', 'SCU']);
  assert.equal(association.remote, `127.0.0.1:${acceptor.port}`);
  assert.equal((await verify(association)).category, 'success');
  assert.equal(association.failure, undefined);
  await association.release();

  const exchange = ['associate-rq', 'associate-ac', 'message', 'message', 'answered'];
  const directions = ['outgoing', 'incoming', 'outgoing', 'incoming', 'outgoing'];
  const opposite = ['incoming', 'outgoing', 'incoming', 'outgoing', 'incoming'];
  assert.deepEqual(eventTypes(traces), [
    'requesting',
    ...exchange.map((type, index) => `${directions[index]} ${type}`),
    'releasing',
    'released',
  ]);
  assert.deepEqual(eventTypes(acceptor.traces), [
    ...exchange.map((type, index) => `${opposite[index]} ${type}`),
    'released',
  ]);
});

test('the request says who calls whom, what we take, and proposes contexts with odd ids in the order wanted', async () => {
  await using acceptor = await RawAcceptor.listen();
  const requesting = associate(acceptor.port, {
    contexts: [CT_CONTEXT, { abstractSyntax: CT, transferSyntaxes: [IMPLICIT, EXPLICIT] }, CT_CONTEXT, ECHO_CONTEXT],
    maxPduLength: 32_768,
  });
  const peer = await acceptor.next();
  const request = await peer.accept();
  assert.deepEqual(request.presentationContexts, [
    { id: 1, abstractSyntax: CT, transferSyntaxes: [EXPLICIT] },
    { id: 3, abstractSyntax: CT, transferSyntaxes: [IMPLICIT, EXPLICIT] },
    { id: 5, abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] },
  ]);
  assert.equal(request.protocolVersion, 1);
  assert.equal(request.calledAeTitle, 'ANY-SCP');
  assert.equal(request.callingAeTitle, 'NETDICOM');
  assert.equal(request.applicationContext, '1.2.840.10008.3.1.1.1');
  assert.equal(request.userInformation.maximumLength, 32_768);
  assert.match(request.userInformation.implementationVersionName ?? '', /^NETDICOM_/);

  const association = await requesting;
  const releasing = association.release();
  await peer.expect('A-RELEASE-RQ');
  peer.send({ type: 'A-RELEASE-RP' });
  await releasing;
  assert.deepEqual(await peer.rest(), []);
});

test('an association without any accepted context is established all the same', async () => {
  await using acceptor = await startServer();
  const contexts = [{ abstractSyntax: '1.2.3.4', transferSyntaxes: [IMPLICIT] }];
  const association = await associate(acceptor.port, { contexts });
  assert.deepEqual(association.contexts, []);
  await association.release();
});

test('answers to what was never proposed are left out, and unanswered contexts are not accepted', async () => {
  await using acceptor = await RawAcceptor.listen();
  const contexts = ['1.1', '1.2', '1.3', '1.4'].map((abstractSyntax) => ({
    abstractSyntax,
    transferSyntaxes: [IMPLICIT, EXPLICIT],
  }));
  const requesting = associate(acceptor.port, { contexts });
  const peer = await acceptor.next();
  await peer.accept({
    results: [
      { id: 255, result: 0, transferSyntax: IMPLICIT },
      { id: 7, result: 0, transferSyntax: EXPLICIT },
      { id: 3, result: 0, transferSyntax: '1.2.840.10008.1.2.2' },
      { id: 1, result: 3, transferSyntax: '' },
    ],
  });
  const association = await requesting;
  assert.deepEqual(association.contexts, [{ id: 7, abstractSyntax: '1.4', transferSyntax: EXPLICIT }]);
  await association.abort();
});

const REJECTIONS = [
  { result: 1, source: 1, reason: 1, words: /no reason given \(.*permanent.*, 1\/1\/1\)/ },
  { result: 1, source: 1, reason: 2, words: /application context name not supported/ },
  { result: 1, source: 1, reason: 3, words: /calling AE title not recognized/ },
  { result: 1, source: 1, reason: 7, words: /called AE title not recognized/ },
  { result: 1, source: 2, reason: 1, words: /no reason given .*service provider/ },
  { result: 1, source: 2, reason: 2, words: /protocol version not supported/ },
  { result: 2, source: 3, reason: 1, words: /temporary congestion \(.*transient/ },
  { result: 2, source: 3, reason: 2, words: /local limit exceeded/ },
  { result: 9, source: 8, reason: 77, words: /unknown reason 77 \(unknown result 9, by unknown source 8, 9\/8\/77\)/ },
];

for (const { words, ...rejected } of REJECTIONS)
  test(`a rejection ${Object.values(rejected).join('/')} is told with its three fields and in words`, async () => {
    await using acceptor = await RawAcceptor.listen();
    const failure = rejection(associate(acceptor.port));
    const peer = await acceptor.next();
    await peer.expect('A-ASSOCIATE-RQ');
    peer.send({ type: 'A-ASSOCIATE-RJ', ...rejected });
    const error = await failure;
    assert.ok(error instanceof AssociationRejected);
    assert.equal(error.code, 'ASSOCIATION_REJECTED');
    assert.deepEqual({ result: error.result, source: error.source, reason: error.reason }, rejected);
    assert.match(error.message, words);
    assert.deepEqual(await peer.rest(), [], 'the requestor closes, and says no more');
  });

for (const [source, reason, by] of [
  [0, 0, 'service user'],
  [2, 2, 'service provider: unexpected PDU'],
  [1, 9, 'unknown source 1'],
] as const)
  test(`an abort ${source}/${reason} instead of an answer is told as the peer's`, async () => {
    await using acceptor = await RawAcceptor.listen();
    const failure = rejection(associate(acceptor.port));
    const peer = await acceptor.next();
    await peer.expect('A-ASSOCIATE-RQ');
    peer.send({ type: 'A-ABORT', source, reason });
    const error = await failure;
    assert.ok(error instanceof AssociationAborted);
    assert.deepEqual([error.by, error.source, error.reason], ['peer', source, reason]);
    assert.ok(error.message.includes(by), error.message);
    assert.deepEqual(await peer.rest(), []);
  });

for (const maximumLength of [1, 6, 7])
  test(`an acceptor that takes PDUs of ${maximumLength} bytes only is aborted, since nothing can be sent to it`, async () => {
    await using acceptor = await RawAcceptor.listen();
    const failure = rejection(associate(acceptor.port));
    const peer = await acceptor.next();
    await peer.accept({ maximumLength });
    const error = await failure;
    assert.ok(error instanceof ProtocolError);
    assert.match(error.message, /too few/);
    assert.equal(await peer.abort(), '2/6');
    assert.deepEqual(await peer.rest(), []);
  });

for (const maximumLength of [8, 9, 0, undefined, 0xffff_ffff])
  test(`a maximum length of ${maximumLength} is good for an association`, async () => {
    await using acceptor = await RawAcceptor.listen();
    const requesting = associate(acceptor.port);
    const peer = await acceptor.next();
    await peer.accept({ maximumLength });
    const association = await requesting;
    const echo = verify(association);
    const { message } = await peer.message('C-ECHO-RQ');
    assert.equal(message.messageId, 1);
    const lost = rejection(echo);
    peer.send({ type: 'A-ABORT', source: 0, reason: 0 });
    assert.ok((await lost) instanceof AssociationAborted);
  });

test('bytes that are no PDU instead of an answer are a fault of the peer, and it is told so', async () => {
  await using acceptor = await RawAcceptor.listen();
  const failure = rejection(associate(acceptor.port));
  const peer = await acceptor.next();
  await peer.expect('A-ASSOCIATE-RQ');
  peer.send(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const error = await failure;
  assert.ok(error instanceof AssociationAborted);
  assert.equal(error.by, 'provider');
  assert.ok(error.cause instanceof ProtocolError);
  assert.equal(await peer.abort(), '2/1');
});

test('a PDU that has no place before the answer is refused as unexpected', async () => {
  await using acceptor = await RawAcceptor.listen();
  const failure = rejection(associate(acceptor.port));
  const peer = await acceptor.next();
  await peer.expect('A-ASSOCIATE-RQ');
  peer.send({ type: 'A-RELEASE-RQ' });
  const error = await failure;
  assert.ok(error instanceof AssociationAborted);
  assert.deepEqual([error.by, error.source, error.reason], ['provider', 2, 2]);
  assert.equal(await peer.abort(), '2/2');
});

test('a connection that is closed instead of an answer', async () => {
  await using acceptor = await RawAcceptor.listen();
  const failure = rejection(associate(acceptor.port));
  const peer = await acceptor.next();
  await peer.expect('A-ASSOCIATE-RQ');
  peer.end();
  const error = await failure;
  assert.ok(error instanceof TransportError);
  assert.match(error.message, /closed the connection without an answer/);
});

test('a connection that is reset instead of an answer', async () => {
  await using acceptor = await RawAcceptor.listen();
  const failure = rejection(associate(acceptor.port));
  const peer = await acceptor.next();
  await peer.expect('A-ASSOCIATE-RQ');
  peer.socket.resetAndDestroy();
  const error = await failure;
  assert.ok(error instanceof TransportError);
  assert.equal(error.systemCode, 'ECONNRESET');
  assert.match(error.message, /connection reset by the peer/);
});

test('silence instead of an answer ends with A-ABORT after the ACSE timeout', async () => {
  await using acceptor = await RawAcceptor.listen();
  const failure = rejection(associate(acceptor.port, { acseTimeoutMs: 100 }));
  const peer = await acceptor.next();
  peer.hangsUpOnAbort = false;
  const error = await failure;
  assert.ok(error instanceof TimeoutError);
  assert.deepEqual([error.code, error.timer, error.ms], ['TIMEOUT', 'acse', 100]);
  await peer.expect('A-ASSOCIATE-RQ');
  assert.equal(await peer.abort(), '0/0');
  assert.deepEqual(await peer.rest(), [], 'and we hang up when the peer does not');
});

test('an answer that comes byte by byte is an answer', async () => {
  await using acceptor = await RawAcceptor.listen();
  const requesting = associate(acceptor.port);
  const peer = await acceptor.next();
  peer.socket.setNoDelay(true);
  const request = await peer.expect('A-ASSOCIATE-RQ');
  const { encodePdu } = await import('../../src/pdu/codec.js');
  for (const byte of encodePdu(acFor(request)))
    await new Promise((resolve) => peer.socket.write(Buffer.of(byte), resolve));
  const association = await requesting;
  assert.equal(association.contexts.length, 1);
  await association.abort();
});

test('a port that nobody listens on', async () => {
  const port = await freePort();
  const error = await rejection(associate(port));
  assert.ok(error instanceof TransportError);
  assert.equal(error.systemCode, 'ECONNREFUSED');
  assert.equal(error.message, `cannot connect to 127.0.0.1:${port}: connection refused`);
});

test('a host that does not exist', async () => {
  const error = await rejection(associate(104, { host: 'no-such-host.invalid' }));
  assert.ok(error instanceof TransportError);
  assert.match(error.message, /^cannot connect to no-such-host\.invalid:104: /);
});

/** A port whose connection attempts get no answer: its process sleeps and its queue is full. */
async function deafPort(): Promise<AsyncDisposable & { readonly port: number }> {
  const listen = "require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {";
  const code = `${listen} console.log(this.address().port) })`;
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(child.stdout), 'line');
  const port = Number(line);
  child.kill('SIGSTOP');
  const callers = Array.from({ length: 6 }, () => connect({ port, host: '127.0.0.1' }).on('error', () => undefined));
  await Promise.all(callers.slice(0, 2).map((caller) => once(caller, 'connect')));
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const caller of callers) caller.destroy();
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}

test('a connection that is not answered is given up after the connection timeout', async () => {
  await using deaf = await deafPort();
  const error = await rejection(associate(deaf.port, { connectionTimeoutMs: 100 }));
  assert.ok(error instanceof TimeoutError);
  assert.deepEqual([error.timer, error.ms], ['connection', 100]);
});

test('an AbortSignal ends an attempt to connect', async () => {
  await using deaf = await deafPort();
  const signal = AbortSignal.timeout(50);
  const error = await rejection(associate(deaf.port, { signal }));
  assert.equal(error, signal.reason);
});

test('an AbortSignal that has been given already lets nothing happen', async () => {
  await using acceptor = await RawAcceptor.listen();
  const reason = new Error('changed my mind');
  assert.equal(await rejection(associate(acceptor.port, { signal: AbortSignal.abort(reason) })), reason);
  const error = await rejection(associate(acceptor.port, { signal: AbortSignal.abort('not an error') }));
  assert.ok(error instanceof AssociationAborted);
  assert.equal(error.by, 'local');
  assert.equal(acceptor.connections.length, 0);
});

test('an AbortSignal given while the request is told of ends it, and no association is left', async () => {
  await using acceptor = await RawAcceptor.listen();
  const controller = new AbortController();
  const { signal } = controller;
  const reason = new Error('changed my mind');
  const seen: string[] = [];
  const trace: TraceFunction = ({ event }) => {
    seen.push(event.type);
    if (event.type === 'requesting') controller.abort(reason);
  };
  assert.equal(await rejection(associate(acceptor.port, { signal, trace })), reason);
  for (const { closed } of acceptor.connections) await inTime(closed, 'the close');
  assert.deepEqual(seen, ['requesting']);
});

for (const type of ['associate-rq', 'associate-ac'] as const)
  test(`an AbortSignal given while ${type} is told of aborts`, async () => {
    await using acceptor = await startServer();
    const controller = new AbortController();
    const { signal } = controller;
    const reason = new Error('changed my mind');
    const trace: TraceFunction = ({ event }) => {
      if (event.type === type) controller.abort(reason);
    };
    assert.equal(await rejection(associate(acceptor.port, { signal, trace })), reason);
    await acceptor.traces.until(({ event }) => event.type === 'aborted' || event.type === 'no-request');
  });

test('an AbortSignal while the answer is waited for aborts', async () => {
  await using acceptor = await RawAcceptor.listen();
  const controller = new AbortController();
  const failure = rejection(associate(acceptor.port, { signal: controller.signal }));
  const peer = await acceptor.next();
  await peer.expect('A-ASSOCIATE-RQ');
  const reason = new Error('changed my mind');
  controller.abort(reason);
  assert.equal(await failure, reason);
  assert.equal(await peer.abort(), '0/0');
  assert.deepEqual(await peer.rest(), []);
});

test('an AbortSignal that says no reason of its own gives an abort', async () => {
  await using acceptor = await RawAcceptor.listen();
  const controller = new AbortController();
  const failure = rejection(associate(acceptor.port, { signal: controller.signal }));
  const peer = await acceptor.next();
  await peer.expect('A-ASSOCIATE-RQ');
  controller.abort('not an error');
  const error = await failure;
  assert.ok(error instanceof AssociationAborted);
  assert.equal(error.by, 'local');
});

test('an AbortSignal on an association aborts it with what is under way; after the release it does nothing', async () => {
  await using acceptor = await RawAcceptor.listen();
  const controller = new AbortController();
  const requesting = associate(acceptor.port, { signal: controller.signal });
  const peer = await acceptor.next();
  await peer.accept();
  const association = await requesting;
  const echo = rejection(verify(association));
  await peer.message('C-ECHO-RQ');
  const reason = new Error('enough');
  controller.abort(reason);
  assert.equal(await echo, reason);
  assert.equal(association.failure, reason);
  assert.equal(association.signal.reason, reason);
  assert.equal(await peer.abort(), '0/0');
  await association.closed;

  await using server = await startServer();
  const late = new AbortController();
  const released = await associate(server.port, { signal: late.signal });
  await released.release();
  late.abort();
  assert.equal(released.failure, undefined);
});

test('contexts are needed, and at most 128 fit an association', async () => {
  const many = Array.from({ length: 129 }, (_, index) => ({
    abstractSyntax: `1.2.${index}`,
    transferSyntaxes: [IMPLICIT],
  }));
  for (const contexts of [[], many, [{ abstractSyntax: '1.2', transferSyntaxes: [] }]])
    assert.ok((await rejection(associate(1, { contexts }))) instanceof UsageError);

  await using acceptor = await startServer();
  const association = await associate(acceptor.port, {
    contexts: [...many.slice(0, 127), ECHO_CONTEXT],
  });
  assert.deepEqual(association.contexts, [{ id: 255, abstractSyntax: VERIFICATION, transferSyntax: IMPLICIT }]);
  assert.equal((await verify(association)).category, 'success');
  await association.release();
});

test('a request that fits no PDU rejects before anything is sent', async () => {
  await using acceptor = await RawAcceptor.listen();
  const contexts = [{ abstractSyntax: VERIFICATION, transferSyntaxes: Array<string>(600).fill('1'.repeat(120)) }];
  const error = await rejection(associate(acceptor.port, { contexts }));
  assert.ok(error instanceof UsageError);
  assert.match(error.message, /too many for an item/);
  assert.equal(acceptor.connections.length, 0);
});

const OUT_OF_RANGE: readonly Partial<ServeOptions & AssociationRequest>[] = [
  ...[-1, 7, 1.5, Number.NaN, 2 ** 32].map((maxPduLength) => ({ maxPduLength })),
  ...[-1, 1.5, Number.NaN, 65_536].map((port) => ({ port })),
  ...[-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31].flatMap((ms) => [
    { acseTimeoutMs: ms },
    { dimseTimeoutMs: ms },
    { networkTimeoutMs: ms },
  ]),
  ...[-1, 0, 1.5, Number.NaN, 65_536].flatMap((count) => [
    { maxOperationsInvoked: count },
    { maxOperationsPerformed: count },
  ]),
];

for (const options of OUT_OF_RANGE)
  test(`neither side takes ${Object.entries(options).join().replace(',', ' ')}`, async () => {
    for (const running of [associate(1, options), startServer(options)]) {
      const error = await rejection(running);
      assert.ok(error instanceof UsageError);
      assert.match(error.message, new RegExp(`^${Object.keys(options).join()} `));
    }
  });

test('a signal that is none is told before anything is sent', async () => {
  await using acceptor = await RawAcceptor.listen();
  for (const wrong of ['{"signal":null}', '{"signal":{}}'])
    assert.ok((await rejection(associate(acceptor.port, JSON.parse(wrong)))) instanceof UsageError);
  assert.equal(acceptor.connections.length, 0);
});

test('a requestor needs a port, a server may leave it to the system', async () => {
  assert.ok((await rejection(associate(0))) instanceof UsageError);
  assert.ok((await rejection(associate(1, { connectionTimeoutMs: -1 }))) instanceof UsageError);
  assert.ok((await rejection(startServer({ idleTimeoutMs: -1 }))) instanceof UsageError);
});

test('UIDs that are none are refused before anything is sent', async () => {
  for (const uid of ['', 'CT', '1..2', '1'.repeat(129)])
    for (const context of [
      { abstractSyntax: uid, transferSyntaxes: [IMPLICIT] },
      { abstractSyntax: CT, transferSyntaxes: [uid] },
    ])
      assert.ok((await rejection(associate(1, { contexts: [context] }))) instanceof InvalidIdentifier);
});

test('AE titles that are none are refused before anything is sent', async () => {
  for (const calledAeTitle of ['', '    ', 'SEVENTEEN-LETTERS', 'BACK\\SLASH'])
    for (const refused of [
      associate(1, { calledAeTitle }),
      startServer({ aeTitle: calledAeTitle }),
      Promise.resolve().then(() => storageProvider({ store: discardSink, aeTitle: calledAeTitle })),
    ])
      assert.match((await rejection(refused)).message, /AE title/);
});

test('a port that is a text is told as one', async () => {
  // @ts-expect-error: as programs without types may have it of their environment.
  assert.match((await rejection(associate('104'))).message, /^port "104" is not an integer/);
});

// PS3.8 Table 9-21: what our acceptor answers.
const OUR_REJECTIONS = [
  { what: 'another application context', change: { applicationContext: '1.2.3' }, answer: '1/1/2' },
  { what: 'protocol version 2 alone', change: { protocolVersion: 2 }, answer: '1/2/2' },
  { what: 'another called AE title', change: { calledAeTitle: 'OTHER' }, answer: '1/1/7' },
] as const;

for (const { what, change, answer } of OUR_REJECTIONS)
  test(`our acceptor rejects ${what}`, async () => {
    await using acceptor = await startServer({ checkCalledAeTitle: true });
    await using peer = await RawPeer.connect(acceptor.port);
    peer.send({ ...rqOf([ECHO_CONTEXT]), ...change });
    const { result, source, reason } = await peer.expect('A-ASSOCIATE-RJ');
    assert.equal(`${result}/${source}/${reason}`, answer);
    const event = await traced(acceptor.traces, 'associate-rj');
    assert.ok(event.direction === 'outgoing');
    assert.deepEqual([event.why, event.request.callingAeTitle], [rejectionInWords(event.pdu).reason, 'CALLING']);
    peer.end();
    assert.deepEqual(await peer.rest(), []);
    assert.deepEqual(eventTypes(acceptor.traces), ['incoming associate-rq', 'outgoing associate-rj']);
  });

test('a peer that goes on requesting after its rejection gets one A-ABORT and no more', async () => {
  await using acceptor = await startServer({ checkCalledAeTitle: true, acseTimeoutMs: 200 });
  await using peer = await RawPeer.connect(acceptor.port);
  peer.hangsUpOnAbort = false;
  const other = { ...rqOf([ECHO_CONTEXT]), calledAeTitle: 'OTHER' };
  peer.send(...Array<typeof other>(500).fill(other));
  assert.deepEqual(await peer.rest(), ['A-ASSOCIATE-RJ', 'A-ABORT']);
});

test('our acceptor takes protocol version 3, any called AE title and a request without AE titles', async () => {
  await using acceptor = await startServer();
  for (const change of [
    { protocolVersion: 3 },
    { calledAeTitle: 'OTHER' },
    { calledAeTitle: '', callingAeTitle: '' },
  ]) {
    await using peer = await RawPeer.connect(acceptor.port);
    peer.send({ ...rqOf([ECHO_CONTEXT]), ...change });
    await peer.expect('A-ASSOCIATE-AC');
  }
});

test('our acceptor rejects a requestor whose maximum length leaves no room for data', async () => {
  await using acceptor = await startServer();
  for (const maximumLength of [1, 7]) {
    await using peer = await RawPeer.connect(acceptor.port);
    peer.send(rqOf([ECHO_CONTEXT], { maximumLength }));
    const { result, source, reason } = await peer.expect('A-ASSOCIATE-RJ');
    assert.deepEqual([result, source, reason], [1, 1, 1]);
  }
});

test('the acceptor chooses a transfer syntax by its own order', async () => {
  await using acceptor = await startServer();
  const association = await associate(acceptor.port, {
    contexts: [{ abstractSyntax: CT, transferSyntaxes: ['1.2.840.10008.1.2.4.50', IMPLICIT, EXPLICIT] }],
  });
  assert.deepEqual(
    association.contexts.map(({ transferSyntax }) => transferSyntax),
    [EXPLICIT],
  );
  await association.release();
});

test('a request full of role selections, as long as an item can be, does not overflow the answer', async () => {
  await using acceptor = await startServer();
  await using peer = await RawPeer.connect(acceptor.port);
  const request = rqOf([ECHO_CONTEXT]);
  const roles = Array.from({ length: 2621 }, () => ({ sopClassUid: VERIFICATION, scuRole: true, scpRole: false }));
  peer.send({
    ...request,
    userInformation: {
      roleSelections: roles,
      extendedNegotiations: [],
      commonExtendedNegotiations: [],
    },
  });
  const { type } = await peer.next();
  assert.notEqual(type, 'closed');
  peer.end();
  const association = await associate(acceptor.port);
  await association.release();
});
