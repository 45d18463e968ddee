/** A slow sink slows the peer down: what waits in memory is bounded, whatever a peer sends and however fast. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type StoreInstance, storageProvider, verificationProvider } from '../../src/index.js';
import { encodePdu } from '../../src/pdu/codec.js';
import { Inbox } from '../support/loopback-inbox.js';
import {
  CT_CONTEXT,
  command,
  ctDataSet,
  ECHO_CONTEXT,
  echoRq,
  pData,
  RawPeer,
  storeRq,
} from '../support/loopback-peer.js';
import { startServer, type TestServer } from '../support/loopback-server.js';

const MIB = 1024 * 1024;
/** What two kernels and our own queue may hold between them. */
const MOST_ON_THE_WAY = 24 * MIB;
/** So long without a byte taken, and the peer is held back. */
const STALL_MS = 250;

setFlagsFromString('--expose-gc');
const collectGarbage: unknown = runInNewContext('gc');

/** Bytes in use, without what waits to be collected. */
function memory(): number {
  // The memory behind a buffer is given back one collection after the buffer.
  for (let turn = 0; turn < 3; turn++) if (typeof collectGarbage === 'function') collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

interface HeldSink extends Disposable {
  readonly store: StoreInstance;
  /** SOP Instance UIDs of what it was given. */
  readonly begun: Inbox<string>;
  /** What it has read. */
  readonly bytes: number;
  open(): void;
}

/** A sink that waits for `open` before it reads. */
function heldSink(): HeldSink {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const begun = new Inbox<string>();
  const sink = {
    begun,
    bytes: 0,
    open: () => open(),
    [Symbol.dispose]: () => open(),
    store: (async ({ part10, sopInstanceUid }) => {
      begun.push(sopInstanceUid);
      await opened;
      for await (const batch of part10) for (const { length } of batch) sink.bytes += length;
    }) satisfies StoreInstance,
  };
  return sink;
}

async function startHeld(): Promise<TestServer & { readonly sink: HeldSink }> {
  const sink = heldSink();
  return { ...(await startServer({ services: [storageProvider({ store: sink.store })] })), sink };
}

/** Writes the pieces one by one, each when the one before has left for the kernel; counts the bytes that have. */
class Pump {
  taken = 0;
  readonly finished: Promise<void>;

  constructor(peer: RawPeer, pieces: Iterable<Buffer>) {
    this.finished = this.#run(peer, pieces);
    this.finished.catch(() => undefined);
  }

  async #run(peer: RawPeer, pieces: Iterable<Buffer>): Promise<void> {
    for (const piece of pieces) {
      await new Promise<void>((resolve, reject) => {
        peer.socket.write(piece, (error) => (error ? reject(error) : resolve()));
      });
      this.taken += piece.length;
    }
  }
}

async function stalled(peer: RawPeer): Promise<void> {
  peer.socket.setTimeout(STALL_MS);
  await once(peer.socket, 'timeout');
  peer.socket.setTimeout(0);
}

function* storeOf(bytes: number, messageId = 1): Generator<Buffer> {
  yield encodePdu(command(storeRq(messageId, `1.2.${messageId}`), 1, true));
  const head = Buffer.from(ctDataSet(`1.2.${messageId}`, bytes).subarray(0, -bytes));
  yield encodePdu(pData(1, head, { isLast: false }));
  const piece = encodePdu(pData(1, Buffer.alloc(16_000), { isLast: false }));
  let sent = 0;
  for (; sent + 16_000 < bytes; sent += 16_000) yield piece;
  yield encodePdu(pData(1, Buffer.alloc(bytes - sent)));
}

test('a sink that does not read stops a peer that sends 64 MiB, and lets it go on when it reads', async () => {
  await using acceptor = await startHeld();
  using sink = acceptor.sink;
  await using peer = await RawPeer.request(acceptor.port, [CT_CONTEXT]);
  const before = memory();
  const pump = new Pump(peer, storeOf(64 * MIB));
  await sink.begun.next();
  await stalled(peer);
  assert.ok(pump.taken < MOST_ON_THE_WAY, `${pump.taken} bytes were taken`);
  assert.ok(memory() - before < MOST_ON_THE_WAY);
  sink.open();
  await pump.finished;
  assert.equal((await peer.message('C-STORE-RSP')).message.status, 0);
  assert.ok(sink.bytes > 64 * MIB);
});

test('64 MiB in fragments of two bytes that no sink reads are held back too', async () => {
  await using acceptor = await startHeld();
  using sink = acceptor.sink;
  await using peer = await RawPeer.request(acceptor.port, [CT_CONTEXT]);
  const before = memory();
  const tiny = Buffer.concat(
    Array.from({ length: 4000 }, () => encodePdu(pData(1, Buffer.alloc(2), { isLast: false }))),
  );
  const pump = new Pump(
    peer,
    (function* () {
      yield encodePdu(command(storeRq(1), 1, true));
      for (let sent = 0; sent < 64 * MIB; sent += tiny.length) yield tiny;
    })(),
  );
  await sink.begun.next();
  await stalled(peer);
  assert.ok(pump.taken < MOST_ON_THE_WAY, `${pump.taken} bytes were taken`);
  assert.ok(memory() - before < MOST_ON_THE_WAY);
  peer.send({ type: 'A-ABORT', source: 0, reason: 0 });
  sink.open();
});

test('instances that a peer sends without waiting for answers are held back together', async () => {
  await using acceptor = await startHeld();
  using sink = acceptor.sink;
  await using peer = await RawPeer.request(acceptor.port, [CT_CONTEXT]);
  const count = 24;
  const pump = new Pump(
    peer,
    (function* () {
      for (let messageId = 1; messageId <= count; messageId++) yield* storeOf(3 * MIB, messageId);
    })(),
  );
  assert.equal(await sink.begun.next(), '1.2.1');
  await stalled(peer);
  assert.ok(pump.taken < MOST_ON_THE_WAY, `${pump.taken} bytes were taken`);
  sink.open();
  for (let messageId = 1; messageId <= count; messageId++) {
    const { message } = await peer.message('C-STORE-RSP');
    assert.deepEqual([message.messageIdBeingRespondedTo, message.status], [messageId, 0]);
  }
  await pump.finished;
});

test('the sinks of a window of requests, each at work on a batch, hold no more than the sink of one', async () => {
  let bytes = 0;
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const store: StoreInstance = async ({ part10 }) => {
    for await (const batch of part10) {
      await opened;
      for (const { length } of batch) bytes += length;
    }
  };
  const window = { maximumInvoked: 16, maximumPerformed: 1 };
  await using acceptor = await startServer({ services: [storageProvider({ store })], maxOperationsPerformed: 16 });
  await using peer = await RawPeer.request(acceptor.port, [CT_CONTEXT], { window });
  const before = memory();
  const pump = new Pump(
    peer,
    (function* () {
      for (let messageId = 1; messageId <= 16; messageId++) yield* storeOf(4 * MIB, messageId);
    })(),
  );
  await stalled(peer);
  assert.ok(pump.taken < MOST_ON_THE_WAY, `${pump.taken} bytes were taken`);
  assert.ok(memory() - before < MOST_ON_THE_WAY);
  open();
  await pump.finished;
  const answered: number[] = [];
  for (let count = 0; count < 16; count++) {
    const { message } = await peer.message('C-STORE-RSP');
    assert.equal(message.status, 0);
    answered.push(message.messageIdBeingRespondedTo);
  }
  assert.deepEqual(
    answered.sort((a, b) => a - b),
    Array.from({ length: 16 }, (_, index) => index + 1),
  );
  assert.ok(bytes > 64 * MIB);
});

test('small instances of a window that no sink reads are all taken in', async () => {
  const sink = heldSink();
  const window = { maximumInvoked: 16, maximumPerformed: 1 };
  await using acceptor = await startServer({ services: [storageProvider(sink)], maxOperationsPerformed: 16 });
  await using peer = await RawPeer.request(acceptor.port, [CT_CONTEXT], { window });
  const ids = Array.from({ length: 16 }, (_, index) => index + 1);
  for (const messageId of ids) for (const piece of storeOf(100_000, messageId)) peer.send(piece);
  for (const messageId of ids) assert.equal(await sink.begun.next(), `1.2.${messageId}`);
  sink.open();
  for (const _ of ids) assert.equal((await peer.message('C-STORE-RSP')).message.status, 0);
});

test('10,000 requests in one go are answered in order, and few of them wait at a time', async () => {
  let waiting = 0;
  let most = 0;
  await using acceptor = await startServer({
    services: [verificationProvider()],
    trace({ event }) {
      if (event.type !== 'message') return;
      waiting += event.direction === 'incoming' ? 1 : -1;
      most = Math.max(most, waiting);
    },
  });
  await using peer = await RawPeer.request(acceptor.port, [ECHO_CONTEXT]);
  const count = 10_000;
  peer.send(...Array.from({ length: count }, (_, index) => command(echoRq(index + 1))));
  for (let messageId = 1; messageId <= count; messageId++) {
    const { message } = await peer.message('C-ECHO-RSP');
    assert.equal(message.messageIdBeingRespondedTo, messageId);
  }
  assert.equal(waiting, 0);
  // What one read of a socket brings, and not more.
  assert.ok(most < 5000, `${most} requests waited`);
});

test('a sink that is gone lets the peer send the rest, of which nothing is kept', async () => {
  const store: StoreInstance = () => Promise.reject(new Error('no room'));
  await using acceptor = await startServer({ services: [storageProvider({ store })] });
  await using peer = await RawPeer.request(acceptor.port, [CT_CONTEXT]);
  const before = memory();
  const pump = new Pump(peer, storeOf(64 * MIB));
  await pump.finished;
  assert.equal((await peer.message('C-STORE-RSP')).message.errorComment, 'no room');
  assert.ok(memory() - before < MOST_ON_THE_WAY);
});
