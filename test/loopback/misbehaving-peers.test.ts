/** Peers that reset, half-close, fall silent or send a byte now and then, at every stage: each is got rid of, and all it held. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { describe, it, test } from 'node:test';
import { bufferSource } from '../../src/dataset/source.js';
import {
  type Association,
  directorySink,
  type StoreInstance,
  storageProvider,
  TimeoutError,
  verificationProvider,
  verify,
} from '../../src/index.js';
import { encodePdu } from '../../src/pdu/codec.js';
import type { Pdu } from '../../src/pdu/types.js';
import { inTime } from '../support/loopback-inbox.js';
import {
  acFor,
  CT,
  CT_CONTEXT,
  command,
  ctDataSet,
  pData,
  RawAcceptor,
  RawPeer,
  storeRq,
  storeRsp,
} from '../support/loopback-peer.js';
import { associate, rejection, startServer, temporaryFolder, traced } from '../support/loopback-server.js';
import { ACTS, type Act, drip, misbehave, STAGE_NAMES } from '../support/misbehaviour.js';

const WAIT_MS = 200;
const TICK_MS = 10;
const limits = { concurrency: 6, timeout: 60_000 };
/** Of a wait for what comes in a moment. */
const LONGEST_MS = 10_000;
/** Whatever a peer does, one of these ends it. */
const SHORT = { acseTimeoutMs: WAIT_MS, networkTimeoutMs: WAIT_MS };

describe('a server is rid of a requestor', limits, () => {
  for (const stage of STAGE_NAMES)
    for (const act of ACTS)
      it(`that does this after ${stage}: ${act}`, async () => {
        await using folder = await temporaryFolder();
        const services = [verificationProvider(), storageProvider({ store: await directorySink(folder.path) })];
        await using acceptor = await startServer({ ...SHORT, services });
        await misbehave(stage, act, { port: acceptor.port, tickMs: TICK_MS });
        await served(acceptor.port);
        await nothingIn(folder.path);
      });
});

/** On a busy machine we may be as slow as one that is silent, so there is more than one try. */
async function served(port: number): Promise<void> {
  for (let tries = 1; ; tries++)
    try {
      await using association = await associate(port);
      assert.equal((await verify(association)).code, 0);
      return;
    } catch (error) {
      if (tries === 10) throw error;
    }
}

/** The part file goes when its sink has heard of the end, which may be later than the peer: as much as a disk takes. */
async function nothingIn(directory: string): Promise<void> {
  const limit = performance.now() + LONGEST_MS;
  while (readdirSync(directory).length > 0 && performance.now() < limit)
    await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(readdirSync(directory), []);
}

/** What a server has sent when it stops behaving, and what would come next. */
interface Step {
  /** Behaves up to here. */
  readonly reach: (peer: RawPeer) => Promise<void>;
  readonly rest: (peer: RawPeer) => Buffer;
}

/** Of a PDU in answer to what came, so many bytes first. */
function partOf(
  pdu: (peer: RawPeer) => Pdu,
  until: (peer: RawPeer) => Promise<unknown>,
  at: (bytes: Buffer) => number,
): Step {
  const bytesOf = (peer: RawPeer) => encodePdu(pdu(peer));
  return {
    async reach(peer) {
      await until(peer);
      const bytes = bytesOf(peer);
      peer.send(bytes.subarray(0, at(bytes)));
    },
    rest(peer) {
      const bytes = bytesOf(peer);
      return bytes.subarray(at(bytes));
    },
  };
}

const requested = (peer: RawPeer) => peer.expect('A-ASSOCIATE-RQ');
async function stored(peer: RawPeer): Promise<void> {
  await peer.accept();
  await peer.message('C-STORE-RQ');
}
async function released(peer: RawPeer): Promise<void> {
  await stored(peer);
  peer.send(command(storeRsp(1), 1));
  await peer.expect('A-RELEASE-RQ');
}

function acceptance(peer: RawPeer): Pdu {
  const [request] = peer.arrivals;
  assert.ok(request?.type === 'A-ASSOCIATE-RQ');
  return acFor(request);
}
const response = (): Pdu => command(storeRsp(1), 1);

const STEPS: Readonly<Record<string, Step>> = {
  'the connection': partOf(acceptance, requested, () => 0),
  'half of the answer to the association request': partOf(acceptance, requested, (bytes) => bytes.length / 2),
  'the request to store': partOf(response, stored, () => 0),
  'half of a PDU header': partOf(response, stored, () => 3),
  'the header of a PDV': partOf(response, stored, () => 12),
  'half of a response': partOf(response, stored, (bytes) => bytes.length / 2),
  'half of the answer to the release': partOf(
    () => ({ type: 'A-RELEASE-RP' }),
    released,
    () => 4,
  ),
};

/** A drip is ended by the network timeout where the DIMSE timeout is off, which is the default. */
async function storeAndRelease(port: number, act: Act, dataSet: Buffer): Promise<Association> {
  const dimseTimeoutMs = act === 'drip' ? 0 : WAIT_MS;
  const association = await associate(port, { ...SHORT, contexts: [CT_CONTEXT], dimseTimeoutMs });
  const request = {
    type: 'C-STORE-RQ',
    priority: 0,
    affectedSopClassUid: CT,
    affectedSopInstanceUid: '1.2.3',
  } as const;
  await association.request((messageId) => ({ ...request, messageId }), {
    presentationContextId: 1,
    dataSet: bufferSource(dataSet),
  });
  await association.release();
  return association;
}

/** More than the kernel's buffers of a connection hold. */
const BIG = ctDataSet('1.2.3', 32 * 1024 * 1024);

describe('a requestor is rid of a server', limits, () => {
  for (const [name, { reach, rest }] of Object.entries(STEPS))
    for (const act of ACTS)
      it(`that does this after ${name}: ${act}`, async () => {
        await using acceptor = await RawAcceptor.listen();
        const running = storeAndRelease(acceptor.port, act, ctDataSet()).catch((error: unknown) => error);
        const peer = await acceptor.next();
        peer.hangsUpOnAbort = false;
        await reach(peer);
        actAs(act, peer, rest(peer));
        await inTime(running, 'the requestor');
        await peer.rest();
      });

  for (const act of ACTS)
    it(`that does this in the middle of a data set that it takes: ${act}`, async () => {
      await using acceptor = await RawAcceptor.listen();
      const running = rejection(storeAndRelease(acceptor.port, act, BIG));
      const peer = await acceptor.next();
      peer.hangsUpOnAbort = false;
      await peer.accept();
      await inTime(once(peer.socket, 'data'), 'the first of the data set');
      peer.socket.pause();
      actAs(act, peer, Buffer.alloc(0));
      // A drip is what it takes, byte by byte.
      const reading = act === 'drip' ? setInterval(() => peer.socket.read(1), TICK_MS) : undefined;
      await inTime(running, 'the requestor');
      clearInterval(reading);
    });
});

function actAs(act: Act, peer: RawPeer, rest: Buffer): void {
  if (act === 'half-close') peer.end();
  else if (act === 'reset') peer.socket.write('', () => peer.socket.resetAndDestroy());
  else if (act === 'drip') drip(peer.socket, rest, TICK_MS);
}

/** Of nothing but what the peer does may these depend. */
const takesAll: StoreInstance = async ({ part10 }) => {
  for await (const _ of part10);
};

test('a message of which too little comes in every network timeout is given up, and said so', async () => {
  await using acceptor = await startServer({
    networkTimeoutMs: WAIT_MS,
    services: [storageProvider({ store: takesAll })],
  });
  const peer = await RawPeer.request(acceptor.port, [CT_CONTEXT]);
  peer.send(command(storeRq(1), 1, true));
  drip(peer.socket, encodePdu(pData(1, ctDataSet('1.2.3', 5000))), TICK_MS);
  assert.equal(await peer.abort(), '0/0');
  const { error } = await traced(acceptor.traces, 'aborted');
  assert.ok(error instanceof TimeoutError);
  assert.match(error.message, /^no 512 bytes from 127\.0\.0\.1:\d+ within 0\.2 s$/);
});

test('a link that is slow, but brings a segment now and then, is not', async () => {
  await using acceptor = await startServer({
    networkTimeoutMs: WAIT_MS,
    services: [storageProvider({ store: takesAll })],
  });
  await using peer = await RawPeer.request(acceptor.port, [CT_CONTEXT]);
  const bytes = Buffer.concat([command(storeRq(1), 1, true), pData(1, ctDataSet('1.2.3', 15_000))].map(encodePdu));
  // Thirty segments, one each tick of 40 ms, last six network timeouts; each of those brings five.
  drip(peer.socket, bytes, 40, 536);
  assert.equal((await peer.message('C-STORE-RSP')).message.status, 0);
});

test('with a network timeout of 0 nobody is too slow', async () => {
  await using acceptor = await startServer({ networkTimeoutMs: 0, services: [storageProvider({ store: takesAll })] });
  await using other = await startServer({ networkTimeoutMs: 20, services: [storageProvider({ store: takesAll })] });
  await using peer = await RawPeer.request(acceptor.port, [CT_CONTEXT]);
  await using slow = await RawPeer.request(other.port, [CT_CONTEXT]);
  for (const each of [peer, slow]) {
    each.send(command(storeRq(1), 1, true));
    drip(each.socket, encodePdu(pData(1, ctDataSet())), 5);
  }
  assert.equal(await slow.abort(), '0/0');
  assert.equal((await peer.message('C-STORE-RSP')).message.status, 0);
});

test('a slow peer does not slow the others: one association waits, the others are served meanwhile', async () => {
  const order: string[] = [];
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const store: StoreInstance = async ({ part10, callingAeTitle, sopInstanceUid }) => {
    for await (const _ of part10);
    if (sopInstanceUid === '1.2.1') await held;
    order.push(`${callingAeTitle} ${sopInstanceUid}`);
  };
  await using acceptor = await startServer({ services: [storageProvider({ store })] });
  // One whose sink is slow, one that is in the middle of its data set and says no more for now.
  await using held1 = await RawPeer.request(acceptor.port, [CT_CONTEXT]);
  held1.send(command(storeRq(1, '1.2.1'), 1, true), pData(1, ctDataSet('1.2.1')));
  await using halfway = await RawPeer.request(acceptor.port, [CT_CONTEXT]);
  const rest = encodePdu(pData(1, ctDataSet('1.2.2', 8000)));
  halfway.send(command(storeRq(1, '1.2.2'), 1, true), rest.subarray(0, 4000));
  await using quick = await RawPeer.request(acceptor.port, [CT_CONTEXT]);
  for (let count = 0; count < 50; count++) {
    quick.send(command(storeRq(count, `1.3.${count}`), 1, true), pData(1, ctDataSet(`1.3.${count}`)));
    assert.equal((await quick.message('C-STORE-RSP')).message.status, 0);
  }
  assert.equal(order.length, 50);
  letGo();
  assert.equal((await held1.message('C-STORE-RSP')).message.status, 0);
  halfway.send(rest.subarray(4000));
  assert.equal((await halfway.message('C-STORE-RSP')).message.status, 0);
});
