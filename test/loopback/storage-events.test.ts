/** The events of a server: what they tell, their order, and who waits for whom. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { EXPLICIT_VR_LITTLE_ENDIAN } from '../../src/dataset/transfer-syntax.js';
import {
  directorySink,
  discardSink,
  type ServeOptions,
  type StorageEvent,
  StorageEvents,
  type StorageEventsOptions,
  type StoreInstance,
  storageProvider,
  verificationProvider,
} from '../../src/index.js';
import { encodeDataSet } from '../support/data-set.js';
import { Inbox, inTime } from '../support/loopback-inbox.js';
import { CT_CONTEXT, command, pData, RawPeer, storeRq } from '../support/loopback-peer.js';
import { startServer, type TestServer, temporaryFolder, traced } from '../support/loopback-server.js';
import { CT_IMAGE, sampleImage } from '../support/sample-instance.js';

interface EventServer extends TestServer {
  readonly events: StorageEvents;
}

async function eventServer(
  store: StoreInstance,
  options: StorageEventsOptions = {},
  serving: Partial<ServeOptions> = {},
): Promise<EventServer> {
  const events = new StorageEvents(options);
  const inbox = await startServer({
    services: [verificationProvider(), storageProvider({ store, events })],
    maxOperationsPerformed: 16,
    ...serving,
    trace: (trace) => {
      events.trace(trace);
      inbox.traces.push(trace);
    },
  });
  return { ...inbox, events };
}

/** Reads all events into an inbox, as fast as they come. */
function reading(events: StorageEvents): Inbox<StorageEvent> {
  const inbox = new Inbox<StorageEvent>();
  void (async () => {
    for await (const event of events) inbox.push(event);
  })();
  return inbox;
}

function image(uid: string, study = '1.2.9'): Buffer {
  const elements = [
    { tag: 0x00100020, vr: 'LO', value: ['PAT 7'] },
    { tag: 0x0020000d, vr: 'UI', value: [study] },
    { tag: 0x0020000e, vr: 'UI', value: [`${study}.1`] },
  ] as const;
  return encodeDataSet(
    sampleImage({ sopClassUid: CT_IMAGE, sopInstanceUid: uid, elements }),
    EXPLICIT_VR_LITTLE_ENDIAN,
  );
}

function send(peer: RawPeer, uid: string, { messageId = 1, study = '1.2.9' } = {}): void {
  peer.send(command(storeRq(messageId, uid), 1, true), pData(1, image(uid, study)));
}

async function store(peer: RawPeer, uid: string, study?: string): Promise<number> {
  send(peer, uid, study === undefined ? {} : { study });
  return (await peer.message('C-STORE-RSP')).message.status;
}

async function release(peer: RawPeer): Promise<void> {
  peer.send({ type: 'A-RELEASE-RQ' });
  await peer.expect('A-RELEASE-RP');
  await peer[Symbol.asyncDispose]();
}

test('an instance, its association and its study have an event each', async () => {
  await using folder = await temporaryFolder();
  await using server = await eventServer(await directorySink(folder.path));
  const inbox = reading(server.events);
  const peer = await RawPeer.request(server.port, [CT_CONTEXT]);
  const remote = `127.0.0.1:${peer.socket.localPort}`;
  assert.equal(await store(peer, '1.2.3'), 0);
  const stored = await inbox.next('the instance');
  assert.ok(stored.type === 'stored');
  const { time, ms, association, bytes, attributes, ...rest } = stored;
  assert.equal(attributes.get(0x00100020)?.bytes.toString(), 'PAT 7 ');
  assert.ok(Math.abs(Date.now() - time.getTime()) < 60_000 && ms >= 0 && association > 0 && bytes > 1000);
  const titles = { callingAeTitle: 'CALLING', calledAeTitle: 'CALLED' };
  assert.deepEqual(rest, {
    type: 'stored',
    path: join(folder.path, 'CT.1.2.3'),
    sopClassUid: CT_IMAGE,
    sopInstanceUid: '1.2.3',
    studyInstanceUid: '1.2.9',
    seriesInstanceUid: '1.2.9.1',
    modality: 'CT',
    patientId: 'PAT 7',
    transferSyntaxUid: EXPLICIT_VR_LITTLE_ENDIAN.uid,
    remote,
    ...titles,
    status: 0,
  });
  await release(peer);
  const ended = await inbox.next('the association');
  assert.deepEqual(
    { ...ended, time: 0, ms: 0 },
    {
      type: 'association-ended',
      time: 0,
      association,
      remote,
      ...titles,
      outcome: 'released',
      reason: undefined,
      stored: 1,
      failed: 0,
      bytes,
      ms: 0,
      missed: 0,
    },
  );
  server.events.end();
  const study = await inbox.next('the study');
  assert.deepEqual(
    { ...study, time: 0 },
    {
      type: 'study-ended',
      time: 0,
      studyInstanceUid: '1.2.9',
      patientId: 'PAT 7',
      instances: 1,
      series: 1,
      bytes,
      first: time,
      last: time,
      callingAeTitles: ['CALLING'],
      directory: folder.path,
      reason: 'stop',
    },
  );
});

test('an instance is acknowledged when the consumer is done with its event', async () => {
  await using server = await eventServer(discardSink);
  const consumer = server.events[Symbol.asyncIterator]();
  await using peer = await RawPeer.request(server.port, [CT_CONTEXT]);
  send(peer, '1.2.3');
  assert.equal((await inTime(consumer.next(), 'the event')).value?.type, 'stored');
  for (let turn = 0; turn < 20; turn++) await setImmediate();
  assert.ok(!peer.arrivals.some(({ type }) => type === 'message'));
  const next = consumer.next();
  assert.equal((await peer.message('C-STORE-RSP')).message.status, 0);
  await release(peer);
  assert.equal((await inTime(next, 'the end of the association')).value?.type, 'association-ended');
});

test('a sink that says nothing of a path may say so by null', async () => {
  await using server = await eventServer(async (instance) => {
    await discardSink(instance);
    return JSON.parse('null');
  });
  void reading(server.events);
  await using peer = await RawPeer.request(server.port, [CT_CONTEXT]);
  assert.equal(await store(peer, '1.2.1'), 0);
  await release(peer);
});

test('a consumer that leaves keeps no peer waiting', async () => {
  await using server = await eventServer(discardSink);
  const left = (async () => {
    for await (const _ of server.events) break;
  })();
  await using peer = await RawPeer.request(server.port, [CT_CONTEXT]);
  for (const uid of ['1.2.1', '1.2.2', '1.2.3']) assert.equal(await store(peer, uid), 0);
  await left;
});

test('a study ends by itself after its silence, over however many associations it came', async () => {
  await using server = await eventServer(discardSink, { studyTimeoutMs: 50 });
  const inbox = reading(server.events);
  for (const uid of ['1.2.1', '1.2.2']) {
    await using peer = await RawPeer.request(server.port, [CT_CONTEXT]);
    assert.equal(await store(peer, uid, '1.2.99'), 0);
  }
  const ended = await inbox.until(({ type }) => type === 'study-ended');
  assert.ok(ended.type === 'study-ended' && ended.reason === 'silence' && ended.studyInstanceUid === '1.2.99');
  // On a machine that stands still for so long it may have ended in between.
  if (ended.instances === 1) await inbox.until(({ type }) => type === 'study-ended');
});

test('an association that is aborted while a sink works for it ends after that', async () => {
  const begun = new Inbox<string>();
  const goOn = new Inbox<string>();
  const slow: StoreInstance = async (instance) => {
    await discardSink(instance);
    begun.push(instance.sopInstanceUid);
    await goOn.next();
  };
  await using server = await eventServer(slow);
  const inbox = reading(server.events);
  const peer = await RawPeer.request(server.port, [CT_CONTEXT]);
  send(peer, '1.2.3');
  await begun.next();
  peer.send({ type: 'A-ABORT', source: 0, reason: 0 });
  await traced(server.traces, 'aborted');
  assert.deepEqual(inbox.seen, []);
  goOn.push('go on');
  assert.equal((await inbox.next()).type, 'stored');
  const ended = await inbox.next();
  assert.ok(ended.type === 'association-ended');
  assert.deepEqual([ended.outcome, ended.stored, ended.failed], ['aborted', 1, 0]);
  assert.equal(ended.reason, 'by the peer, service user: no reason given (0/0)');
});

test('what is refused has no event, and counts as failed', async () => {
  await using server = await eventServer(async () => {
    throw new Error('no room');
  });
  const inbox = reading(server.events);
  const peer = await RawPeer.request(server.port, [CT_CONTEXT]);
  assert.equal(await store(peer, '1.2.3'), 0x0110);
  await release(peer);
  const ended = await inbox.next();
  assert.ok(ended.type === 'association-ended');
  assert.deepEqual([ended.outcome, ended.stored, ended.failed, ended.bytes], ['released', 0, 1, 0]);
});

test('a rejected association has an event with the reason', async () => {
  await using server = await eventServer(discardSink, {}, { acceptCallingAeTitles: ['OTHER'] });
  const inbox = reading(server.events);
  await assert.rejects(RawPeer.request(server.port, [CT_CONTEXT]));
  const ended = await inbox.next();
  assert.ok(ended.type === 'association-ended');
  assert.deepEqual([ended.outcome, ended.reason], ['rejected', 'calling AE title not recognized']);
});

test('an association whose requestor leaves before it is admitted has an end as well', async () => {
  const asked = new Inbox<AbortSignal>();
  const authenticate: ServeOptions['authenticate'] = (_, { signal }) => {
    asked.push(signal);
    return new Promise(() => undefined);
  };
  await using server = await eventServer(discardSink, {}, { authenticate });
  const inbox = reading(server.events);
  const peer = RawPeer.request(server.port, [CT_CONTEXT]);
  peer.catch(() => undefined);
  await asked.next();
  const connection = (await traced(server.traces, 'associate-rq')).type;
  assert.equal(connection, 'associate-rq');
  await server.server.close({ graceMs: 0 });
  const ended = await inbox.next();
  assert.ok(ended.type === 'association-ended' && ended.outcome === 'aborted');
});
