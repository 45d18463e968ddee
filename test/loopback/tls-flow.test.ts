/** Bytes over TLS: unchanged, held back where a side does not take them, and told of where that lasts too long. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { deferred } from '../../src/base/deferred.js';
import { storageProvider, TimeoutError } from '../../src/index.js';
import { encodePdu } from '../../src/pdu/codec.js';
import { Inbox } from '../support/loopback-inbox.js';
import { gate, store } from '../support/loopback-pair.js';
import { CT_CONTEXT, command, ctDataSet, pData, RawPeer, rqOf, storeRq } from '../support/loopback-peer.js';
import { associate, rejection, startServer, traced } from '../support/loopback-server.js';
import { sharedIdentity } from '../support/tls-certificates.js';

const { skip, credentials } = sharedIdentity();
const MIB = 1024 * 1024;
/** What two kernels, TLS and our own queue may hold between them. */
const MOST_ON_THE_WAY = 24 * MIB;
/** So long without a byte taken, and the peer is held back. */
const STALL_MS = 250;

async function rawPeer(port: number): Promise<RawPeer> {
  const socket = connectTls({ host: '127.0.0.1', port, ...credentials() });
  await once(socket, 'secureConnect');
  const peer = new RawPeer(socket);
  peer.send(rqOf([CT_CONTEXT]));
  await peer.expect('A-ASSOCIATE-AC');
  return peer;
}

/** Data sets that are not all alike. */
function bigDataSet(bytes: number): Buffer {
  const dataSet = ctDataSet('1.2.3', bytes);
  for (let offset = dataSet.length - bytes; offset < dataSet.length; offset += 4) dataSet.writeUInt32LE(offset, offset);
  return dataSet;
}

/** The records of TLS in what one side has sent (RFC 8446 5.1). */
function recordsOf(bytes: Buffer): readonly { readonly type: number; readonly length: number }[] {
  const records = [];
  for (let offset = 0; offset < bytes.length; ) {
    const [type, length] = [bytes.readUInt8(offset), bytes.readUInt16BE(offset + 3)];
    records.push({ type, length });
    offset += 5 + length;
  }
  return records;
}

describe('over TLS', { skip }, () => {
  for (const maxPduLength of [4096, 65_536, 0])
    test(`a data set arrives byte for byte, in PDUs of ${maxPduLength} bytes (0 is no limit)`, async () => {
      const stored: Buffer[] = [];
      const services = [
        storageProvider({
          async store({ part10 }) {
            for await (const batch of part10) for (const view of batch) stored.push(Buffer.from(view));
          },
        }),
      ];
      await using server = await startServer({ tls: credentials(), services, maxPduLength });
      const association = await associate(server.port, { contexts: [CT_CONTEXT], tls: credentials() });
      const sent = bigDataSet(8 * MIB);
      assert.equal((await store(association, sent)).status, 0);
      await association.release();
      assert.ok(Buffer.concat(stored).subarray(-sent.length).equals(sent));
    });

  test('a sink that does not read stops a peer that sends 64 MiB, and lets it go on when it reads', async () => {
    const begun = new Inbox<true>();
    const { opened, open } = gate();
    let bytes = 0;
    const services = [
      storageProvider({
        async store({ part10 }) {
          begun.push(true);
          await opened;
          for await (const batch of part10) for (const { length } of batch) bytes += length;
        },
      }),
    ];
    await using server = await startServer({ tls: credentials(), services });
    await using peer = await rawPeer(server.port);
    let taken = 0;
    const write = (piece: Buffer) =>
      new Promise<void>((resolve, reject) => {
        peer.socket.write(piece, (error) => (error ? reject(error) : resolve()));
        taken += piece.length;
      });
    const pump = async () => {
      await write(encodePdu(command(storeRq(1, '1.2.3'), 1, true)));
      const dataSet = ctDataSet('1.2.3', 64 * MIB);
      for (let offset = 0; offset < dataSet.length; offset += 16_000) {
        const isLast = offset + 16_000 >= dataSet.length;
        await write(encodePdu(pData(1, dataSet.subarray(offset, offset + 16_000), { isLast })));
      }
    };
    const pumping = pump();
    await begun.next();
    peer.socket.setTimeout(STALL_MS);
    await once(peer.socket, 'timeout');
    peer.socket.setTimeout(0);
    assert.ok(taken < MOST_ON_THE_WAY, `${taken} bytes were taken`);
    open();
    await pumping;
    assert.equal((await peer.message('C-STORE-RSP')).message.status, 0);
    assert.ok(bytes > 64 * MIB);
  });

  test('an acceptor that does not read holds the requestor back, who ends it when that lasts too long', async () => {
    const sockets = new Inbox<TLSSocket>();
    const acceptor = createTlsServer({ ...credentials(), requestCert: true }, (socket) => sockets.push(socket));
    await once(acceptor.listen(0, '127.0.0.1'), 'listening');
    const address = acceptor.address();
    assert.ok(typeof address === 'object' && address !== null);
    const options = { contexts: [CT_CONTEXT], tls: credentials(), networkTimeoutMs: STALL_MS };
    const associating = associate(address.port, options);
    const socket = await sockets.next();
    const peer = new RawPeer(socket);
    await peer.accept();
    const association = await associating;
    socket.pause();
    const error = await rejection(store(association, ctDataSet('1.2.3', 64 * MIB)));
    assert.ok(error instanceof TimeoutError);
    assert.equal(error.timer, 'network');
    await association.closed;
    socket.destroy();
    acceptor.close();
  });

  test('an acceptor aborts a requestor that falls silent, and closes', async () => {
    await using server = await startServer({ tls: credentials(), networkTimeoutMs: STALL_MS, acseTimeoutMs: STALL_MS });
    const peer = await rawPeer(server.port);
    peer.hangsUpOnAbort = false;
    assert.equal(await peer.abort(), '0/0');
    assert.deepEqual(await peer.rest(), []);
    assert.ok((await traced(server.traces, 'aborted')).error instanceof TimeoutError);
  });

  test('the end is told by TLS as well, so that nobody takes it for an attack', async () => {
    await using server = await startServer({ tls: credentials() });
    const sent: Buffer[] = [];
    const proxy = createServer((socket) => {
      const onward = connectTcp(server.port, '127.0.0.1');
      socket.on('data', (chunk) => sent.push(chunk));
      socket.pipe(onward).pipe(socket);
    });
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    const address = proxy.address();
    assert.ok(typeof address === 'object' && address !== null);
    const association = await associate(address.port, { contexts: [CT_CONTEXT], tls: credentials() });
    await association.release();
    await traced(server.traces, 'released');
    proxy.close();
    await once(proxy, 'close');
    // RFC 8446 5.2, 6.1: close_notify has two bytes, one more for its type and 16 for the tag; every PDU is longer.
    const records = recordsOf(Buffer.concat(sent));
    assert.deepEqual(records.at(-1), { type: 0x17, length: 19 });
  });

  test('the end that a peer tells by TLS is answered by TLS', async () => {
    await using server = await startServer({ tls: credentials() });
    const answered: Buffer[] = [];
    const over = deferred();
    const proxy = createServer((socket) => {
      const onward = connectTcp(server.port, '127.0.0.1').on('close', over.resolve);
      socket.on('error', () => undefined).pipe(onward);
      // Not by a pipe: the peer does not wait for the end.
      onward.on('data', (chunk) => {
        answered.push(chunk);
        socket.write(chunk);
      });
    });
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    const address = proxy.address();
    assert.ok(typeof address === 'object' && address !== null);
    const peer = await rawPeer(address.port);
    peer.send({ type: 'A-RELEASE-RQ' });
    await peer.expect('A-RELEASE-RP');
    peer.socket.end();
    await over.promise;
    proxy.close();
    assert.deepEqual(recordsOf(Buffer.concat(answered)).at(-1), { type: 0x17, length: 19 });
  });

  test('a peer that hangs up in the middle of a message is a lost association', async () => {
    await using server = await startServer({ tls: credentials() });
    const peer = await rawPeer(server.port);
    peer.send(command(storeRq(1, '1.2.3'), 1, true));
    peer.socket.destroy();
    assert.equal((await traced(server.traces, 'aborted')).error.message, 'association aborted: connection lost');
  });
});
