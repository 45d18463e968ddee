/** Memory that is read into is used again: not before the slowest sink has done with what was in it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { deflateRawSync } from 'node:zlib';
import { forEachBatch } from '../../src/base/batch-queue.js';
import { deferred } from '../../src/base/deferred.js';
import {
  type IncomingInstance,
  STATUS,
  StatusError,
  type StoreInstance,
  storageProvider,
  UsageError,
} from '../../src/index.js';
import { encodePdu } from '../../src/pdu/codec.js';
import { CT, CT_CONTEXT, command, ctDataSet, pData, RawPeer, storeRq } from '../support/loopback-peer.js';
import { startServer } from '../support/loopback-server.js';

/** PS3.5 A.5. */
const DEFLATED = '1.2.840.10008.1.2.1.99';
const INSTANCES = 12;
const FRAGMENT_BYTES = 16_000;

/** The data set of an instance, which no other has. */
function dataSetOf(id: number): Buffer {
  const dataSet = ctDataSet(`1.2.${id}`, 100_000 * (id % 4) + 5000);
  for (let at = 0; at < 5000; at++) dataSet[dataSet.length - 1 - at] = id;
  for (let at = dataSet.length - 5000; at > 1000; at -= 997) dataSet[at] = id;
  return dataSet;
}

function* pieces(id: number): Generator<Buffer> {
  yield encodePdu(command(storeRq(id, `1.2.${id}`), 1, true));
  const dataSet = dataSetOf(id);
  for (let at = 0; at < dataSet.length; at += FRAGMENT_BYTES) {
    const isLast = at + FRAGMENT_BYTES >= dataSet.length;
    yield encodePdu(pData(1, dataSet.subarray(at, at + FRAGMENT_BYTES), { isLast }));
  }
}

test('what a sink holds until it asks for more is as it was sent, however much comes in meanwhile', async () => {
  const hashes = new Map<string, string>();
  const store: StoreInstance = async ({ part10, sopInstanceUid, callingAeTitle }) => {
    const hash = createHash('sha256');
    let isHead = true;
    for await (const batch of part10) {
      for (let turn = 0; turn < 5; turn++) await setImmediate();
      for (const view of isHead ? batch.slice(1) : batch) hash.update(view);
      isHead = false;
    }
    hashes.set(`${callingAeTitle} ${sopInstanceUid}`, hash.digest('hex'));
  };
  await using acceptor = await startServer({ services: [storageProvider({ store })], maxOperationsPerformed: 16 });
  const window = { maximumInvoked: 16, maximumPerformed: 1 };
  const ids = Array.from({ length: INSTANCES }, (_, index) => index + 1);
  const peers = await Promise.all([1, 2, 3].map(() => RawPeer.request(acceptor.port, [CT_CONTEXT], { window })));
  for (const id of ids) for (const piece of pieces(id)) for (const peer of peers) peer.send(piece);
  for (const peer of peers) {
    for (const _ of ids) assert.equal((await peer.message('C-STORE-RSP')).message.status, 0);
    await peer[Symbol.asyncDispose]();
  }
  for (const [key, hash] of hashes) {
    const id = Number(key.slice(key.lastIndexOf('.') + 1));
    assert.equal(hash, createHash('sha256').update(dataSetOf(id)).digest('hex'), key);
  }
  assert.equal(hashes.size, INSTANCES);
});

test('a sink that fails while it reads is answered, and its reading ends', async () => {
  for (const begin of [
    ({ part10 }: IncomingInstance) => forEachBatch(part10, () => undefined),
    async ({ part10 }: IncomingInstance) => {
      for await (const _ of part10);
    },
  ]) {
    const overtaken = deferred<unknown>();
    const store: StoreInstance = async (instance) => {
      begin(instance).then(() => overtaken.resolve('read'), overtaken.resolve);
      throw new StatusError(STATUS.outOfResources, 'the database is away');
    };
    await using acceptor = await startServer({ services: [storageProvider({ store })] });
    await using peer = await RawPeer.request(acceptor.port, [CT_CONTEXT]);
    const [request, first, ...rest] = pieces(3);
    assert.ok(request !== undefined && first !== undefined);
    peer.send(request, first);
    assert.ok((await overtaken.promise) instanceof UsageError);
    peer.send(...rest);
    assert.equal((await peer.message('C-STORE-RSP')).message.status, STATUS.outOfResources);
  }
});

test('a sink that reads a second time is told so, and nothing half read is acknowledged', async () => {
  const store: StoreInstance = async ({ part10 }) => {
    for await (const _ of part10) break;
    await forEachBatch(part10, () => undefined);
  };
  await using acceptor = await startServer({ services: [storageProvider({ store })] });
  await using peer = await RawPeer.request(acceptor.port, [CT_CONTEXT]);
  peer.send(...pieces(1));
  assert.equal((await peer.message('C-STORE-RSP')).message.status, STATUS.processingFailure);
});

test('a sink that has given up a batch that it never comes back from keeps no room for it', async () => {
  const store: StoreInstance = async ({ part10 }) => {
    const begun = deferred();
    void forEachBatch(part10, () => {
      begun.resolve();
      return new Promise(() => undefined);
    });
    await begun.promise;
    throw new StatusError(STATUS.outOfResources, 'the disk does not answer');
  };
  await using acceptor = await startServer({ services: [storageProvider({ store })] });
  await using peer = await RawPeer.request(acceptor.port, [CT_CONTEXT]);
  // Each comes in one piece, which the sink has whole; all of them are more than may wait on one association.
  for (let count = 0; count < 1000; count++) {
    peer.send(...pieces(4));
    assert.equal((await peer.message('C-STORE-RSP')).message.status, STATUS.outOfResources);
  }
});

test('a second loop over a deflated data set does not disturb the first', async () => {
  let second: unknown;
  const store: StoreInstance = async ({ part10 }) => {
    for await (const _ of part10) second ??= await forEachBatch(part10, () => undefined).catch((error) => error);
  };
  await using acceptor = await startServer({ services: [storageProvider({ store })] });
  const context = { abstractSyntax: CT, transferSyntaxes: [DEFLATED] };
  await using peer = await RawPeer.request(acceptor.port, [context]);
  const dataSet = deflateRawSync(dataSetOf(3));
  peer.send(command(storeRq(1, '1.2.3'), 1, true));
  for (let at = 0; at < dataSet.length; at += 500)
    peer.send(pData(1, dataSet.subarray(at, at + 500), { isLast: at + 500 >= dataSet.length }));
  assert.equal((await peer.message('C-STORE-RSP')).message.status, 0);
  assert.ok(second instanceof UsageError);
});
