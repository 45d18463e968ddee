/** Associations that end early: by us, by the peer, by a fault of the peer's, by a lost connection (PS3.8 7.3, 7.4, 9.3.8). */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import {
  AssociationAborted,
  type IncomingInstance,
  ProtocolError,
  storageProvider,
  TransportError,
  verificationProvider,
  verify,
} from '../../src/index.js';
import { encodePdu } from '../../src/pdu/codec.js';
import type { Pdu } from '../../src/pdu/types.js';
import { Inbox } from '../support/loopback-inbox.js';
import { type Pair, requestorAndPeer, store } from '../support/loopback-pair.js';
import {
  acFor,
  CT_CONTEXT,
  command,
  ctDataSet,
  ECHO_CONTEXT,
  echoRq,
  echoRsp,
  pData,
  RawAcceptor,
  RawPeer,
  rqOf,
  storeRq,
  storeRsp,
} from '../support/loopback-peer.js';
import { associate, eventTypes, rejection, startServer, traced } from '../support/loopback-server.js';

const BIG = ctDataSet('1.2.3', 8 * 1024 * 1024);

/** Two operations outstanding, and a third that waits for its turn. */
const WINDOW = { maxOperationsInvoked: 2 };

test('a local abort tells the peer, rejects what is under way, and waits for the connection to close', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer, traces } = await requestorAndPeer(acceptor, WINDOW);
  const failures = [verify(association), store(association), verify(association)].map(rejection);
  await peer.message('C-ECHO-RQ');
  await peer.message('C-STORE-RQ');
  const aborting = association.abort();
  assert.equal(await peer.abort(), '0/0');
  await aborting;
  for (const error of await Promise.all(failures)) {
    assert.ok(error instanceof AssociationAborted);
    assert.deepEqual([error.by, error.source, error.reason], ['local', 0, 0]);
    assert.equal(error, association.failure);
  }
  assert.equal(association.signal.aborted, true);
  assert.equal(await rejection(verify(association)), association.failure);
  assert.deepEqual(eventTypes(traces).slice(-2), ['aborting', 'aborted']);
  assert.deepEqual(await peer.rest(), []);
});

test('a peer that does not hang up after our abort is hung up on by ARTIM', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor, { ...WINDOW, acseTimeoutMs: 300 });
  peer.hangsUpOnAbort = false;
  await association.abort();
  assert.deepEqual(await peer.rest(), ['A-ABORT']);
});

test('what comes after our abort is neither answered nor delivered', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer, traces } = await requestorAndPeer(acceptor, { ...WINDOW, acseTimeoutMs: 300 });
  peer.hangsUpOnAbort = false;
  const echo = rejection(verify(association));
  await peer.message('C-ECHO-RQ');
  const aborting = association.abort();
  peer.send(
    command(echoRsp(1)),
    command(echoRq(7)),
    { type: 'A-RELEASE-RQ' },
    { type: 'A-RELEASE-RP' },
    acFor(rqOf([ECHO_CONTEXT])),
    command(echoRsp(2)),
  );
  await aborting;
  assert.deepEqual(await peer.rest(), ['A-ABORT']);
  assert.equal(await echo, association.failure);
  assert.equal(eventTypes(traces).includes('incoming message'), false);
});

test('two aborts that cross', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor, WINDOW);
  peer.hangsUpOnAbort = false;
  const aborting = association.abort();
  peer.send({ type: 'A-ABORT', source: 0, reason: 0 });
  await aborting;
  assert.deepEqual(await peer.rest(), ['A-ABORT']);
});

/** How a peer can end an association without a release, and what who waits is told of it. */
const ENDS: readonly { readonly what: string; end(peer: RawPeer): void; readonly by: string }[] = [
  { what: 'aborts', end: (peer) => peer.send({ type: 'A-ABORT', source: 2, reason: 6 }), by: 'peer 2/6' },
  { what: 'hangs up', end: (peer) => peer.end(), by: 'transport undefined/undefined' },
  { what: 'resets', end: (peer) => void peer.socket.resetAndDestroy(), by: 'transport undefined/undefined' },
];

function describe(error: Error | undefined): string {
  assert.ok(error instanceof AssociationAborted, String(error));
  assert.equal(error.code, 'ASSOCIATION_ABORTED');
  return `${error.by} ${error.source}/${error.reason}`;
}

/** What our requestor is doing when it happens. */
const REQUESTOR_PHASES: readonly {
  readonly what: string;
  begin(pair: Pair): Promise<readonly Promise<unknown>[]>;
}[] = [
  { what: 'while nothing goes on', begin: () => Promise.resolve([]) },
  {
    what: 'while responses are waited for',
    async begin({ association, peer }) {
      const requests = [verify(association), verify(association), verify(association)];
      await peer.message('C-ECHO-RQ');
      await peer.message('C-ECHO-RQ');
      return requests;
    },
  },
  {
    what: 'while a data set is sent and others wait for their turn',
    begin({ association, peer }) {
      peer.socket.pause();
      return Promise.resolve([store(association, BIG), verify(association), store(association, BIG)]);
    },
  },
];

for (const phase of REQUESTOR_PHASES)
  for (const { what, end, by } of ENDS)
    test(`a peer that ${what} ${phase.what} is told to our requestor`, async () => {
      await using acceptor = await RawAcceptor.listen();
      const pair = await requestorAndPeer(acceptor, WINDOW);
      const failures = (await phase.begin(pair)).map(rejection);
      end(pair.peer);
      for (const error of await Promise.all(failures)) assert.equal(error, pair.association.failure);
      await pair.association.closed;
      assert.equal(describe(pair.association.failure), by);
      const { error } = await traced(pair.traces, 'aborted');
      assert.equal(error, pair.association.failure);
      assert.equal(pair.association.signal.aborted, true);
    });

for (const { what, end, by } of ENDS) {
  test(`a peer that ${what} while nothing goes on is told to our acceptor`, async () => {
    await using acceptor = await startServer();
    const peer = await RawPeer.request(acceptor.port, [ECHO_CONTEXT]);
    end(peer);
    assert.equal(describe((await traced(acceptor.traces, 'aborted')).error), by);
  });

  test(`a peer that ${what} within a data set is told to the sink, its signal and the trace`, async () => {
    const begun = new Inbox<IncomingInstance>();
    const ended = new Inbox<Error>();
    const services = [
      storageProvider({
        async store(instance) {
          try {
            for await (const _ of instance.part10) begun.push(instance);
          } catch (error) {
            if (error instanceof Error) ended.push(error);
            throw error;
          }
        },
      }),
    ];
    await using acceptor = await startServer({ services });
    const peer = await RawPeer.request(acceptor.port, [CT_CONTEXT]);
    peer.send(command(storeRq(1), 1, true), pData(1, ctDataSet('1.2.3', 1000), { isLast: false }));
    const { signal } = await begun.next();
    assert.equal(signal.aborted, false);
    end(peer);
    const error = await ended.next();
    assert.equal(describe(error), by);
    assert.equal(signal.reason, error);
    assert.equal((await traced(acceptor.traces, 'aborted')).error, error);
  });

  test(`a peer that ${what} while its request is worked on is not answered`, async () => {
    const begun = new Inbox<AbortSignal>();
    let finish: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const services = [
      storageProvider({
        async store({ part10, signal }) {
          for await (const _ of part10);
          begun.push(signal);
          await gate;
        },
      }),
      verificationProvider(),
    ];
    await using acceptor = await startServer({ services });
    const peer = await RawPeer.request(acceptor.port, [CT_CONTEXT]);
    peer.send(command(storeRq(1), 1, true), pData(1, ctDataSet()));
    const signal = await begun.next();
    end(peer);
    assert.equal(describe((await traced(acceptor.traces, 'aborted')).error), by);
    assert.equal(signal.aborted, true);
    finish();
    assert.deepEqual(await peer.rest(), []);
    const other = await associate(acceptor.port);
    assert.equal((await verify(other)).category, 'success');
    await other.release();
  });
}

test('a lost connection keeps the reason that the system gave', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor, WINDOW);
  peer.socket.resetAndDestroy();
  await association.closed;
  assert.ok(association.failure?.cause instanceof TransportError);
  assert.equal(association.failure.cause.systemCode, 'ECONNRESET');
});

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

const IN_MESSAGE = [command(storeRq(1), 1, true)];
const NO_COMMAND_FIELD = bytes('0000 0008 02000000 0101');
const OF_GROUP_0008 = bytes('0800 0001 02000000 3000');

/** What a peer may not send on an association whose contexts 1 and 3 are accepted, and the A-ABORT that it gets for it. */
const FAULTS: readonly { readonly what: string; readonly sent: readonly (Pdu | Buffer)[]; readonly abort: string }[] = [
  { what: 'a PDU of type 0', sent: [bytes('00 00 00000004 00000000')], abort: '2/1' },
  { what: 'a PDU of type 8', sent: [bytes('08 00 00000004 00000000')], abort: '2/1' },
  { what: 'the first six bytes of a web browser', sent: [Buffer.from('GET / ')], abort: '2/1' },
  { what: 'a second A-ASSOCIATE-RQ', sent: [rqOf([ECHO_CONTEXT])], abort: '2/2' },
  { what: 'an A-ASSOCIATE-AC', sent: [acFor(rqOf([ECHO_CONTEXT]))], abort: '2/2' },
  { what: 'an A-ASSOCIATE-RJ', sent: [{ type: 'A-ASSOCIATE-RJ', result: 1, source: 1, reason: 1 }], abort: '2/2' },
  { what: 'an A-RELEASE-RP', sent: [{ type: 'A-RELEASE-RP' }], abort: '2/2' },
  { what: 'an A-RELEASE-RQ within a message', sent: [...IN_MESSAGE, { type: 'A-RELEASE-RQ' }], abort: '2/2' },
  { what: 'an A-RELEASE-RQ of 5 bytes', sent: [bytes('05 00 00000005')], abort: '2/6' },
  { what: 'an A-ASSOCIATE-RQ of 4 GB', sent: [bytes('01 00 ffffffff')], abort: '2/6' },
  { what: 'a P-DATA-TF over our maximum', sent: [bytes('04 00 00004001')], abort: '2/6' },
  { what: 'a P-DATA-TF without a PDV', sent: [bytes('04 00 00000000')], abort: '2/6' },
  { what: 'a PDV of 1 byte', sent: [bytes('04 00 00000006 00000001 01 03')], abort: '2/6' },
  { what: 'a PDV over its PDU', sent: [bytes('04 00 00000006 00000003 01 03')], abort: '2/6' },
  { what: 'a context that was not accepted', sent: [command(echoRq(1), 5)], abort: '2/5' },
  { what: 'an even context', sent: [command(echoRq(1), 2)], abort: '2/5' },
  { what: 'a data set without a command', sent: [pData(1, ctDataSet())], abort: '2/5' },
  { what: 'a command within a data set', sent: [...IN_MESSAGE, command(echoRq(2), 1)], abort: '2/5' },
  { what: 'a change of context within a message', sent: [...IN_MESSAGE, pData(3, ctDataSet())], abort: '2/5' },
  {
    what: 'a change of context within a command',
    sent: [
      pData(1, Buffer.alloc(8), { isCommand: true, isLast: false }),
      pData(3, Buffer.alloc(8), { isCommand: true }),
    ],
    abort: '2/5',
  },
  { what: 'a response that nobody waits for', sent: [command(echoRsp(1), 3)], abort: '2/5' },
  { what: 'a store response that nobody waits for', sent: [command(storeRsp(9), 1)], abort: '2/5' },
  { what: 'a command without a command field', sent: [pData(1, NO_COMMAND_FIELD, { isCommand: true })], abort: '2/6' },
  { what: 'a command of another group', sent: [pData(1, OF_GROUP_0008, { isCommand: true })], abort: '2/6' },
  { what: 'a command that is cut short', sent: [pData(1, bytes('0000 0001 02'), { isCommand: true })], abort: '2/6' },
  {
    what: 'a command over 16 KiB',
    sent: Array.from({ length: 5 }, () => pData(1, Buffer.alloc(16_000), { isCommand: true, isLast: false })),
    abort: '2/6',
  },
];

for (const { what, sent, abort } of FAULTS) {
  test(`${what} sent to our acceptor is answered with A-ABORT ${abort}, once`, async () => {
    await using acceptor = await startServer();
    await using peer = await RawPeer.request(acceptor.port, [CT_CONTEXT, ECHO_CONTEXT]);
    peer.hangsUpOnAbort = false;
    peer.send(...sent, command(echoRq(9), 3), { type: 'A-RELEASE-RQ' });
    assert.equal(await peer.abort(), abort);
    peer.send(command(echoRq(9), 3));
    peer.end();
    assert.deepEqual(await peer.rest(), []);
    const { error } = await traced(acceptor.traces, 'aborted');
    const fault = error instanceof AssociationAborted ? error.cause : error;
    assert.ok(fault instanceof ProtocolError, String(error));
  });

  test(`${what} sent to our requestor is answered with A-ABORT ${abort}, and what waits rejects`, async () => {
    await using acceptor = await RawAcceptor.listen();
    const requesting = associate(acceptor.port, { contexts: [CT_CONTEXT, ECHO_CONTEXT] });
    const peer = await acceptor.next();
    await peer.accept();
    const association = await requesting;
    const first = verify(association);
    await peer.message('C-ECHO-RQ');
    peer.send(command(echoRsp(1), 3));
    await first;
    const waiting = rejection(verify(association));
    await peer.message('C-ECHO-RQ');
    peer.hangsUpOnAbort = false;
    peer.send(...sent);
    assert.equal(await peer.abort(), abort);
    peer.send(command(echoRsp(1), 3));
    peer.end();
    assert.deepEqual(await peer.rest(), []);
    assert.equal(await waiting, association.failure);
    const fault = association.failure instanceof AssociationAborted ? association.failure.cause : association.failure;
    assert.ok(fault instanceof ProtocolError);
  });
}

// PS3.8 AA-1: before there is an association, the abort is the service user's, whose reason means nothing.
const STRANGERS: readonly { readonly what: string; readonly sent: Pdu | Buffer }[] = [
  { what: 'a web browser', sent: Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n') },
  { what: 'a TLS client', sent: bytes('16 03 01 00 f4 01 00 00 f0 03 03') },
  { what: 'who begins with A-RELEASE-RQ', sent: { type: 'A-RELEASE-RQ' } },
  { what: 'who begins with P-DATA-TF', sent: command(echoRq(1)) },
  { what: 'who begins with A-ASSOCIATE-AC', sent: acFor(rqOf([ECHO_CONTEXT])) },
  { what: 'who asks for no context', sent: { ...rqOf([ECHO_CONTEXT]), presentationContexts: [] } },
  {
    what: 'whose request is cut short inside',
    sent: (() => {
      const request = encodePdu(rqOf([ECHO_CONTEXT]));
      request.writeUInt16BE(0xffff, 76);
      return request;
    })(),
  },
];

for (const { what, sent } of STRANGERS)
  test(`a stranger, ${what}, is answered with A-ABORT and hung up on`, async () => {
    await using acceptor = await startServer({ acseTimeoutMs: 250 });
    await using peer = await RawPeer.connect(acceptor.port);
    peer.hangsUpOnAbort = false;
    peer.send(sent);
    assert.equal(await peer.abort(), '0/0');
    assert.deepEqual(await peer.rest(), [], 'we hang up, since the peer does not');
    await traced(acceptor.traces, 'no-request');
    const association = await associate(acceptor.port);
    assert.equal((await verify(association)).category, 'success');
    await association.release();
  });

test('an A-ABORT with fields that mean nothing is an abort', async () => {
  await using acceptor = await startServer();
  for (const [source, reason] of [
    [1, 0],
    [255, 255],
  ] as const) {
    const peer = await RawPeer.request(acceptor.port, [ECHO_CONTEXT]);
    peer.send({ type: 'A-ABORT', source, reason });
    assert.equal(describe((await traced(acceptor.traces, 'aborted')).error), `peer ${source}/${reason}`);
    assert.deepEqual(await peer.rest(), []);
  }
});

/** In a process of its own: what a trace throws would end the test runner's. Each `THROWN` is an uncaught exception. */
const THROWING_TRACES = `
  import { requestAssociation, serve, verificationProvider, verify } from '${new URL('../../src/index.js', import.meta.url)}';
  process.on('uncaughtException', (error) => console.log('THROWN', error.message));
  const trace = ({ event }) => { throw new RangeError(event.type); };
  const server = await serve({ port: 0, host: '127.0.0.1', aeTitle: 'A', services: [verificationProvider()], trace });
  const contexts = [{ abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] }];
  const association = await requestAssociation({ host: '127.0.0.1', port: server.port, contexts, trace });
  console.log((await verify(association)).category);
  await association.release();
  await server.close();
`;

test('a trace that throws costs no association; what it throws surfaces as an uncaught exception', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', THROWING_TRACES]);
  const lines = stdout.trim().split('\n');
  assert.ok(lines.includes('success'), stdout);
  for (const type of ['requesting', 'associate-rq', 'associate-ac', 'message', 'releasing', 'released'])
    assert.ok(lines.includes(`THROWN ${type}`), type);
  assert.ok(!lines.includes('THROWN aborted'));
});
