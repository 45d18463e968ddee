/** DIMSE over an association: pairing, pipelining, every way to cut a message into PDUs, and what failures are answered. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bufferSource } from '../../src/dataset/source.js';
import { encodeCommand } from '../../src/dimse/command-codec.js';
import {
  type DimseMessage,
  type DimseResponse,
  discardSink,
  type IncomingInstance,
  NoPresentationContext,
  ProtocolError,
  StatusError,
  type StoreInstance,
  storageProvider,
  verificationProvider,
  verify,
} from '../../src/index.js';
import { encodePdu } from '../../src/pdu/codec.js';
import type { PDataTf, Pdv } from '../../src/pdu/types.js';
import { Inbox, inTime } from '../support/loopback-inbox.js';
import { CONTEXTS, ECHO, requestorAndPeer, STORE, store } from '../support/loopback-pair.js';
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
  storeRsp,
} from '../support/loopback-peer.js';
import { associate, rejection, startServer, type TestServer, type Traces, traced } from '../support/loopback-server.js';

const MANY = { maxOperationsInvoked: 16 };

test('several requests are under way at once, and each gets its own response, in whatever order they come', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor, MANY);
  const requests = [
    ...Array.from({ length: 10 }, () => verify(association).then(({ code }) => code)),
    ...Array.from({ length: 5 }, () => store(association, ctDataSet()).then(({ status }) => status)),
  ];
  const answers: PDataTf[] = [];
  for (let index = 0; index < 10; index++) {
    const { message } = await peer.message('C-ECHO-RQ');
    answers.push(command(echoRsp(message.messageId, 0xb000 + index), ECHO));
  }
  for (let index = 10; index < 15; index++) {
    const { message, dataSet } = await peer.message('C-STORE-RQ');
    assert.deepEqual(dataSet, ctDataSet());
    answers.push(command(storeRsp(message.messageId, 0xb000 + index), STORE));
  }
  peer.send(...answers.reverse());
  assert.deepEqual(
    await Promise.all(requests),
    Array.from({ length: 15 }, (_, index) => 0xb000 + index),
  );
  assert.deepEqual(
    peer.arrivals.flatMap((arrival) =>
      arrival.type === 'message' && 'messageId' in arrival.message ? [arrival.message.messageId] : [],
    ),
    Array.from({ length: 15 }, (_, index) => index + 1),
    'in the order asked for, numbered from 1',
  );
  await association.abort();
});

const WRONG_ANSWERS: readonly { readonly what: string; readonly answer: PDataTf }[] = [
  { what: 'to another message', answer: command(storeRsp(2), STORE) },
  { what: 'to message 0', answer: command(storeRsp(0), STORE) },
  { what: 'on another context', answer: command(storeRsp(1), ECHO) },
  { what: 'of another type', answer: command(echoRsp(1), STORE) },
  {
    what: 'of a type nobody knows',
    answer: command({ type: 'UNKNOWN-RSP', commandField: 0x8020, messageIdBeingRespondedTo: 1, status: 0 }, STORE),
  },
];

for (const { what, answer } of WRONG_ANSWERS)
  test(`a response ${what} is no answer: the association is aborted`, async () => {
    await using acceptor = await RawAcceptor.listen();
    const { association, peer } = await requestorAndPeer(acceptor, MANY);
    const failure = rejection(store(association, ctDataSet()));
    await peer.message('C-STORE-RQ');
    peer.send(answer);
    const error = await failure;
    assert.ok(error instanceof ProtocolError, String(error));
    assert.equal(error.reason, 'unexpected-pdu-parameter');
    assert.equal(await peer.abort(), '2/5');
  });

test('a refusal that comes before the data set is all sent is the answer, once the rest is sent', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor, MANY);
  const dataSet = ctDataSet('1.2.3', 8 * 1024 * 1024);
  peer.socket.pause();
  const storing = store(association, dataSet);
  const echo = verify(association);
  peer.send(command(storeRsp(1, 0xa700), STORE));
  peer.socket.resume();
  const { dataSet: received } = await peer.message('C-STORE-RQ');
  assert.equal(received?.equals(dataSet), true);
  assert.equal((await storing).status, 0xa700);
  await peer.message('C-ECHO-RQ');
  peer.send(command(echoRsp(2), ECHO));
  assert.equal((await echo).code, 0);
  await association.abort();
});

for (const status of [0x0000, 0xb000])
  test(`${status.toString(16)} before the data set is all sent is no answer: the association is aborted`, async () => {
    await using acceptor = await RawAcceptor.listen();
    const { association, peer } = await requestorAndPeer(acceptor, MANY);
    peer.socket.pause();
    const failure = rejection(store(association, ctDataSet('1.2.3', 8 * 1024 * 1024)));
    peer.send(command(storeRsp(1, status), STORE));
    const error = await failure;
    assert.ok(error instanceof ProtocolError, String(error));
    peer.socket.resume();
    assert.equal(await peer.abort(), '2/5');
  });

for (const [status, category] of [
  [0xff00, 'pending'],
  [0xff01, 'pending'],
  [0xfe00, 'cancel'],
] as const)
  test(`a C-STORE response with the ${category} status ${status.toString(16)} is taken for the answer`, async () => {
    await using acceptor = await RawAcceptor.listen();
    const { association, peer } = await requestorAndPeer(acceptor, MANY);
    const storing = store(association, ctDataSet());
    await peer.message('C-STORE-RQ');
    peer.send(command(storeRsp(1, status), STORE));
    assert.equal((await storing).status, status);
    await association.abort();
  });

test('what a response tells beside its status is given to who asked, and a data set with it is thrown away', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor, MANY);
  const storing = store(association, ctDataSet());
  await peer.message('C-STORE-RQ');
  const response: DimseMessage = {
    type: 'C-STORE-RSP',
    messageIdBeingRespondedTo: 1,
    affectedSopClassUid: CT,
    affectedSopInstanceUid: '1.2.3',
    status: 0xb007,
    errorComment: 'a comment',
    offendingElement: [0x00080018, 0x7fe00010],
  };
  peer.send(command(response, STORE, true), pData(STORE, ctDataSet(), { isLast: false }), pData(STORE, ctDataSet()));
  assert.deepEqual(await storing, response);
  const echo = verify(association);
  await peer.message('C-ECHO-RQ');
  peer.send(command(echoRsp(2), ECHO));
  await echo;
  await association.abort();
});

test('an event report to our requestor is answered with 0211, with its data set or without', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor, MANY);
  const report = (messageId: number): DimseMessage => ({
    type: 'UNKNOWN-RQ',
    commandField: 0x0100,
    messageId,
    affectedSopClassUid: '1.2.840.10008.1.20.1',
  });
  const echo = verify(association);
  await peer.message('C-ECHO-RQ');
  peer.send(command(report(7), ECHO, true), pData(ECHO, Buffer.alloc(100)), command(report(8), ECHO));
  for (const messageId of [7, 8]) {
    const { message, presentationContextId } = await peer.message('UNKNOWN-RSP');
    const { errorComment, ...rest } = message;
    assert.deepEqual(rest, {
      type: 'UNKNOWN-RSP',
      commandField: 0x8100,
      messageIdBeingRespondedTo: messageId,
      affectedSopClassUid: '1.2.840.10008.1.20.1',
      status: 0x0211,
    });
    assert.ok(errorComment);
    assert.equal(presentationContextId, ECHO);
  }
  peer.send(command(echoRsp(1), ECHO));
  assert.equal((await echo).code, 0);
  await association.abort();
});

test('without an accepted context nothing is sent', async () => {
  await using acceptor = await startServer();
  const association = await associate(acceptor.port, { contexts: [CT_CONTEXT] });
  const failure = await rejection(verify(association));
  assert.ok(failure instanceof NoPresentationContext);
  assert.equal(failure.sopClassUid, '1.2.840.10008.1.1');
  for (const presentationContextId of [0, 3, 255])
    assert.match(
      (
        await rejection(
          association.request(
            (messageId) => ({ type: 'C-ECHO-RQ', messageId, affectedSopClassUid: '1.2.840.10008.1.1' }),
            { presentationContextId },
          ),
        )
      ).message,
      /was not accepted/,
    );
  await association.release();
});

interface Kept {
  readonly instance: IncomingInstance;
  readonly dataSet: Buffer;
}

/** Our acceptor whose sink keeps what it gets. Contexts: Verification 1, CT 3. */
async function keepingServer(): Promise<TestServer & { readonly kept: Inbox<Kept> }> {
  const kept = new Inbox<Kept>();
  const store: StoreInstance = async (instance) => {
    const pieces: Buffer[] = [];
    for await (const batch of instance.part10) pieces.push(...batch.map((view) => Buffer.from(view)));
    const file = Buffer.concat(pieces);
    const length = file.readUInt32LE(128 + 4 + 8);
    kept.push({ instance, dataSet: file.subarray(128 + 4 + 12 + length) });
  };
  return { ...(await startServer({ services: [verificationProvider(), storageProvider({ store })] })), kept };
}

const COMMAND = encodeCommand(storeRq(1), true);
const DATA_SET = ctDataSet('1.2.3', 64);

function pdv(data: Buffer, isCommand: boolean, isLast: boolean): Pdv {
  return { presentationContextId: STORE, isCommand, isLast, data };
}

/** Cuts bytes in fragments of `size`, the last of which is marked. */
function fragments(bytes: Buffer, size: number, isCommand: boolean): readonly Pdv[] {
  const pdvs: Pdv[] = [];
  for (let at = 0; at < bytes.length; at += size)
    pdvs.push(pdv(bytes.subarray(at, at + size), isCommand, at + size >= bytes.length));
  return pdvs;
}

const EMPTY = Buffer.alloc(0);

/** The same message in the PDVs of as many PDUs, all of them legal (PS3.8 Annex E). */
const FRAMINGS: readonly { readonly what: string; readonly pdus: readonly (readonly Pdv[])[] }[] = [
  { what: 'two PDUs', pdus: [[pdv(COMMAND, true, true)], [pdv(DATA_SET, false, true)]] },
  { what: 'one PDU', pdus: [[pdv(COMMAND, true, true), pdv(DATA_SET, false, true)]] },
  {
    what: 'a PDU for each byte',
    pdus: [...fragments(COMMAND, 1, true), ...fragments(DATA_SET, 1, false)].map((each) => [each]),
  },
  {
    what: 'one PDU with a PDV for each byte',
    pdus: [[...fragments(COMMAND, 1, true), ...fragments(DATA_SET, 1, false)]],
  },
  {
    what: 'empty fragments everywhere',
    pdus: [
      [pdv(EMPTY, true, false)],
      [pdv(COMMAND.subarray(0, 20), true, false), pdv(EMPTY, true, false)],
      [pdv(COMMAND.subarray(20), true, false)],
      [pdv(EMPTY, true, true), pdv(EMPTY, false, false)],
      [pdv(DATA_SET, false, false), pdv(EMPTY, false, false)],
      [pdv(EMPTY, false, true)],
    ],
  },
  {
    what: 'a PDU that ends the command and begins the data set',
    pdus: [
      [pdv(COMMAND.subarray(0, 8), true, false)],
      [pdv(COMMAND.subarray(8), true, true), pdv(DATA_SET.subarray(0, 30), false, false)],
      [pdv(DATA_SET.subarray(30), false, true)],
    ],
  },
];

for (const { what, pdus } of FRAMINGS)
  for (const chunk of [Number.POSITIVE_INFINITY, 7])
    test(`a message in ${what}${chunk === 7 ? ', seven bytes at a time,' : ''} arrives whole`, async () => {
      await using acceptor = await keepingServer();
      await using peer = await RawPeer.request(acceptor.port, CONTEXTS);
      peer.socket.setNoDelay(true);
      const bytes = Buffer.concat([
        ...pdus.map((pdvs) => encodePdu({ type: 'P-DATA-TF', pdvs })),
        encodePdu(command(echoRq(2), ECHO)),
      ]);
      for (let at = 0; at < bytes.length; at += chunk)
        await new Promise((resolve) => peer.socket.write(bytes.subarray(at, at + chunk), resolve));
      assert.equal((await peer.message('C-STORE-RSP')).message.status, 0);
      assert.equal((await peer.message('C-ECHO-RSP')).message.messageIdBeingRespondedTo, 2);
      const { instance, dataSet } = await acceptor.kept.next();
      assert.deepEqual(dataSet, DATA_SET);
      assert.equal(instance.fileName, 'CT.1.2.3');
      assert.equal(instance.callingAeTitle, 'CALLING');
      assert.equal(instance.transferSyntaxUid, '1.2.840.10008.1.2.1');
    });

test('messages back to back in one chunk are answered in order, each on its context and with its id', async () => {
  await using acceptor = await keepingServer();
  await using peer = await RawPeer.request(acceptor.port, CONTEXTS);
  const sent = Array.from({ length: 30 }, (_, index) => index + 100);
  peer.send(
    ...sent.flatMap((id) =>
      id % 3 === 0 ? [command(storeRq(id), STORE, true), pData(STORE, ctDataSet())] : [command(echoRq(id), ECHO)],
    ),
  );
  for (const id of sent) {
    const { message, presentationContextId } = await peer.message(id % 3 === 0 ? 'C-STORE-RSP' : 'C-ECHO-RSP');
    assert.equal(message.messageIdBeingRespondedTo, id);
    assert.equal(presentationContextId, id % 3 === 0 ? STORE : ECHO);
    assert.equal(message.status, 0);
  }
});

test('a cancel of what cannot be cancelled is neither answered nor a fault', async () => {
  await using acceptor = await startServer();
  await using peer = await RawPeer.request(acceptor.port, CONTEXTS);
  const cancel = (messageIdBeingRespondedTo: number): PDataTf =>
    command({ type: 'C-CANCEL-RQ', messageIdBeingRespondedTo }, STORE);
  peer.send(
    cancel(9),
    command(storeRq(1), STORE, true),
    pData(STORE, ctDataSet()),
    cancel(1),
    command(echoRq(2), ECHO),
  );
  await peer.message('C-STORE-RSP');
  await peer.message('C-ECHO-RSP');
  peer.send({ type: 'A-RELEASE-RQ' });
  await peer.expect('A-RELEASE-RP');
});

test('an operation nobody knows is answered with 0211, and the association lives on', async () => {
  await using acceptor = await startServer();
  await using peer = await RawPeer.request(acceptor.port, CONTEXTS);
  for (const commandField of [0x0020, 0x0021, 0x0010, 0x0110, 0x0140, 0x7777]) {
    peer.send(
      command({ type: 'UNKNOWN-RQ', commandField, messageId: commandField, affectedSopClassUid: CT }, STORE, true),
      pData(STORE, Buffer.alloc(1000)),
    );
    const { message } = await peer.message('UNKNOWN-RSP');
    assert.equal(message.commandField, commandField | 0x8000);
    assert.equal(message.messageIdBeingRespondedTo, commandField);
    assert.equal(message.status, 0x0211);
  }
  peer.send(command(echoRq(1), ECHO));
  await peer.message('C-ECHO-RSP');
});

test('a response whose command set is all there is of a request that was not made is no crash', async () => {
  await using acceptor = await startServer({ services: [verificationProvider()] });
  await using peer = await RawPeer.request(acceptor.port, [ECHO_CONTEXT]);
  peer.send(command(storeRq(1), ECHO, true), pData(ECHO, ctDataSet()));
  const { message } = await peer.message('C-STORE-RSP');
  assert.equal(message.status, 0x0211, 'a server that does not store');
});

interface Refusal {
  readonly what: string;
  readonly request: DimseMessage;
  readonly hasDataSet?: boolean;
  readonly status: number;
  readonly comment: RegExp;
}

const REFUSALS: readonly Refusal[] = [
  { what: 'a private SOP class', request: storeRq(1, '1.2.3', '1.2.3.4'), status: 0x0122, comment: /./ },
  { what: 'an empty SOP class', request: storeRq(1, '1.2.3', ''), status: 0x0122, comment: /./ },
  { what: 'a path for an instance UID', request: storeRq(1, '../../etc/passwd'), status: 0x0117, comment: /not a UID/ },
  { what: 'dots for an instance UID', request: storeRq(1, '..'), status: 0x0117, comment: /not a UID/ },
  {
    what: 'an instance UID of 130 digits',
    request: storeRq(1, '1'.repeat(130)),
    status: 0x0117,
    comment: /more than 128/,
  },
  { what: 'an empty instance UID', request: storeRq(1, ''), status: 0x0117, comment: /empty/ },
  { what: 'no data set', request: storeRq(1), hasDataSet: false, status: 0xc000, comment: /no data set/ },
];

for (const { what, request, hasDataSet = true, status, comment } of REFUSALS)
  test(`a store of ${what} is answered ${status.toString(16)}, and the association lives on`, async () => {
    await using acceptor = await keepingServer();
    await using peer = await RawPeer.request(acceptor.port, CONTEXTS);
    peer.send(command(request, STORE, hasDataSet));
    if (hasDataSet) peer.send(pData(STORE, ctDataSet()));
    peer.send(command(echoRq(2), ECHO));
    const { message } = await peer.message('C-STORE-RSP');
    assert.equal(message.status, status);
    assert.match(message.errorComment ?? '', comment);
    await peer.message('C-ECHO-RSP');
    const event = await traced(acceptor.traces, 'request-failed');
    assert.equal(event.status, status);
    assert.equal(acceptor.kept.seen.length, 0);
  });

const FAILING_SINKS: readonly {
  readonly what: string;
  readonly thrown: unknown;
  readonly status: number;
  readonly comment: string;
}[] = [
  {
    what: 'a status',
    thrown: new StatusError(0xa7ff, 'the tape is full'),
    status: 0xa7ff,
    comment: 'the tape is full',
  },
  { what: 'an error', thrown: new RangeError('oops'), status: 0x0110, comment: 'oops' },
  { what: 'what is no error', thrown: 'just text', status: 0x0110, comment: 'just text' },
  {
    what: 'a long comment in many scripts, with a backslash and a line end',
    thrown: new StatusError(0xb000, `Zürich\\\n日本 ${'x'.repeat(100)}`),
    status: 0xb000,
    comment: `Z?rich???? ${'x'.repeat(53)}`,
  },
];

for (const { what, thrown, status, comment } of FAILING_SINKS)
  for (const when of ['before', 'after'])
    test(`a sink that throws ${what} ${when} it has read: status and comment say so`, async () => {
      const store: StoreInstance = async ({ part10 }) => {
        if (when === 'after') for await (const _ of part10);
        throw thrown;
      };
      await using acceptor = await startServer({ services: [verificationProvider(), storageProvider({ store })] });
      await using peer = await RawPeer.request(acceptor.port, CONTEXTS);
      peer.send(
        command(storeRq(1), STORE, true),
        ...fragments(ctDataSet('1.2.3', 100_000), 16_000, false).map(
          (each): PDataTf => ({ type: 'P-DATA-TF', pdvs: [each] }),
        ),
        command(echoRq(2), ECHO),
      );
      const { message } = await peer.message('C-STORE-RSP');
      assert.deepEqual([message.status, message.errorComment], [status, comment]);
      await peer.message('C-ECHO-RSP');
    });

test('a sink may read nothing, or stop reading: the rest is thrown away, and the next instance comes whole', async () => {
  const sizes = new Inbox<number>();
  let turn = 0;
  const store: StoreInstance = async ({ part10 }) => {
    turn++;
    if (turn === 1) return;
    let size = 0;
    for await (const batch of part10) {
      for (const view of batch) size += view.length;
      if (turn === 2) break;
    }
    if (turn === 3) sizes.push(size);
  };
  await using acceptor = await startServer({ services: [storageProvider({ store })] });
  const association = await associate(acceptor.port, { contexts: [CT_CONTEXT] });
  for (let index = 0; index < 3; index++) {
    const response = await association.request(
      (messageId) => ({
        type: 'C-STORE-RQ',
        messageId,
        priority: 0,
        affectedSopClassUid: CT,
        affectedSopInstanceUid: '1.2.3',
      }),
      { presentationContextId: 1, dataSet: bufferSource(ctDataSet('1.2.3', 6_000_000)) },
    );
    assert.equal(response.status, 0);
  }
  await association.release();
  assert.ok((await sizes.next()) > 6_000_000);
});

test('a source that fails before anything was sent costs its request only; later it costs the association', async () => {
  await using acceptor = await startServer();
  const association = await associate(acceptor.port, { contexts: CONTEXTS });
  let isClosed = 0;
  const failing = (goodReads: number): Promise<DimseResponse> => {
    let reads = 0;
    return association.request(
      (messageId) => ({
        type: 'C-STORE-RQ',
        messageId,
        priority: 0,
        affectedSopClassUid: CT,
        affectedSopInstanceUid: '1.2.3',
      }),
      {
        presentationContextId: STORE,
        dataSet: {
          readInto(bodies) {
            if (reads++ === goodReads) return Promise.reject(new RangeError('cannot read'));
            return Promise.resolve({ bytes: bodies.reduce((sum, body) => sum + body.length, 0), isLast: false });
          },
          close() {
            isClosed++;
            return Promise.resolve();
          },
        },
      },
    );
  };
  assert.ok((await rejection(failing(0))) instanceof RangeError);
  assert.equal((await verify(association)).code, 0);
  const error = await rejection(failing(2));
  assert.ok(error instanceof RangeError);
  assert.equal(association.failure, error);
  assert.equal(isClosed, 2);
  await association.closed;
});

test('a source that cannot be closed fails its request when the answer is in, and costs nothing else', async () => {
  await using acceptor = await startServer();
  const association = await associate(acceptor.port, { contexts: CONTEXTS });
  const source = bufferSource(ctDataSet());
  const close = () => Promise.reject(new RangeError('cannot close'));
  const storing = association.request((messageId) => ({ ...storeRq(messageId), messageId }), {
    presentationContextId: STORE,
    dataSet: { readInto: (bodies) => source.readInto(bodies), close },
  });
  assert.ok((await rejection(storing)) instanceof RangeError);
  assert.equal((await verify(association)).code, 0);
  await association.release();
});

test('a source that hangs does not keep its request once the association has ended', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor, MANY);
  const begun = new Inbox<true>();
  let isClosed = false;
  const hanging = rejection(
    association.request(storeRq, {
      presentationContextId: STORE,
      dataSet: {
        readInto() {
          begun.push(true);
          return new Promise(() => undefined);
        },
        close() {
          isClosed = true;
          return new Promise(() => undefined);
        },
      },
    }),
  );
  await begun.next();
  const behind = rejection(verify(association));
  peer.send({ type: 'A-ABORT', source: 0, reason: 0 });
  const error = await inTime(hanging, 'the request');
  assert.equal(error, association.failure);
  assert.equal(await inTime(behind, 'the request behind it'), error);
  assert.equal(isClosed, true);
});

test('a request that cannot even be made closes its source', async () => {
  await using acceptor = await startServer();
  const association = await associate(acceptor.port);
  let isClosed = false;
  const source = bufferSource(Buffer.alloc(2));
  const close = async (): Promise<void> => {
    isClosed = true;
  };
  const make = (): never => {
    throw new RangeError('no request');
  };
  const failure = rejection(association.request(make, { presentationContextId: ECHO, dataSet: { ...source, close } }));
  assert.ok((await failure) instanceof RangeError);
  assert.equal(isClosed, true);
  await association.release();
});

test('both sides trace each request with its answer, the length of its data set and the time that it took', async () => {
  const traces: Traces = new Inbox();
  const refusing: StoreInstance = async (instance) => {
    if (instance.sopInstanceUid === '1.2.4') throw new StatusError(0xa700, 'no room');
    await discardSink(instance);
  };
  await using acceptor = await startServer({
    services: [verificationProvider(), storageProvider({ store: refusing })],
  });
  const association = await associate(acceptor.port, {
    contexts: [ECHO_CONTEXT, CT_CONTEXT],
    trace: (trace) => traces.push(trace),
  });
  const dataSet = ctDataSet('1.2.3');
  assert.equal((await store(association, dataSet)).status, 0x0000);
  assert.equal((await store(association, Buffer.alloc(1_000_001), '1.2.4')).status, 0xa700);
  await verify(association);
  await association.release();

  const expected = [
    [0x0000, dataSet.length, '1.2.3'],
    // PS3.5 A.5: an even number of bytes goes over the network.
    [0xa700, 1_000_002, '1.2.4'],
    [0x0000, 0, undefined],
  ];
  for (const [side, direction] of [
    [traces, 'outgoing'],
    [acceptor.traces, 'incoming'],
  ] as const) {
    const answered = side.seen.map(({ event }) => event).filter((event) => event.type === 'answered');
    assert.deepEqual(
      answered.map(({ request, response, dataSetBytes }) => [
        response.status,
        dataSetBytes,
        request.type === 'C-STORE-RQ' ? request.affectedSopInstanceUid : undefined,
      ]),
      expected,
    );
    for (const event of answered) {
      assert.equal(event.direction, direction);
      assert.ok(event.ms > 0 && event.ms < 60_000, `${event.ms} ms`);
    }
    const contexts = answered.map(({ context }) => context.abstractSyntax);
    assert.deepEqual(contexts, [CT, CT, '1.2.840.10008.1.1']);
  }
});
