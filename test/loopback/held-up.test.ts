/** A process that was held up for longer than it waits for others finds what they sent in time, whatever it waits for. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { discardSink, storageProvider, verify } from '../../src/index.js';
import { requestorAndPeer } from '../support/loopback-pair.js';
import {
  CT_CONTEXT,
  command,
  ctDataSet,
  ECHO_CONTEXT,
  echoRsp,
  pData,
  RawAcceptor,
  RawPeer,
  rqOf,
  storeRq,
} from '../support/loopback-peer.js';
import { associate, startServer } from '../support/loopback-server.js';
import { sharedIdentity } from '../support/tls-certificates.js';

const WAIT_MS = 300;
const { skip, credentials } = sharedIdentity();

/** Holds the whole process up for longer than the wait that is under way. */
function holdUp(): void {
  const until = performance.now() + 1.5 * WAIT_MS;
  while (performance.now() < until);
}

test('for the TCP connection', async () => {
  await using acceptor = await RawAcceptor.listen();
  const requesting = associate(acceptor.port, { connectionTimeoutMs: WAIT_MS });
  // The attempt has begun when what was to be done at once is done.
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => process.nextTick(resolve));
  holdUp();
  await (await acceptor.next()).accept();
  await (await requesting).abort();
});

test('for the answer to an association request', async () => {
  await using acceptor = await RawAcceptor.listen();
  const requesting = associate(acceptor.port, { acseTimeoutMs: WAIT_MS });
  await (await acceptor.next()).accept();
  holdUp();
  await (await requesting).abort();
});

test('for the response to a request', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor, { dimseTimeoutMs: WAIT_MS });
  const echo = verify(association);
  await peer.message('C-ECHO-RQ');
  peer.send(command(echoRsp(1)));
  holdUp();
  assert.equal((await echo).code, 0);
  await association.abort();
});

test('for the rest of a message', async () => {
  await using acceptor = await startServer({
    dimseTimeoutMs: WAIT_MS,
    services: [storageProvider({ store: discardSink })],
  });
  await using peer = await RawPeer.request(acceptor.port, [CT_CONTEXT]);
  peer.send(command(storeRq(1), 1, true));
  await acceptor.traces.until(({ event }) => event.type === 'message');
  peer.send(pData(1, ctDataSet()));
  holdUp();
  assert.equal((await peer.message('C-STORE-RSP')).message.status, 0);
});

test('for the answer to a request for release', async () => {
  await using acceptor = await RawAcceptor.listen();
  const { association, peer } = await requestorAndPeer(acceptor, { acseTimeoutMs: WAIT_MS });
  const release = association.release();
  await peer.expect('A-RELEASE-RQ');
  peer.send({ type: 'A-RELEASE-RP' });
  holdUp();
  await release;
});

test('for who a user is', async () => {
  await using acceptor = await startServer({
    acseTimeoutMs: WAIT_MS,
    async authenticate() {
      const reading = stat('.');
      holdUp();
      await reading;
      return { accepted: true };
    },
  });
  await using peer = await RawPeer.connect(acceptor.port);
  peer.send(rqOf([ECHO_CONTEXT]));
  await peer.expect('A-ASSOCIATE-AC');
});

/** Passes bytes on between whoever connects and `port`; holds up what comes after the first bytes in one direction are sent on. */
async function holdingUpOnce(port: number, which: 'answer' | 'second request'): Promise<Server> {
  const server = createServer((inner) => {
    const outer = connect({ host: '127.0.0.1', port });
    let requests = 0;
    let answers = 0;
    inner.on('data', (chunk) => {
      outer.write(chunk);
      if (++requests === 2 && which === 'second request') holdUp();
    });
    outer.on('data', (chunk) => {
      inner.write(chunk);
      if (++answers === 1 && which === 'answer') holdUp();
    });
    for (const [socket, other] of [
      [inner, outer],
      [outer, inner],
    ] as const)
      socket.on('error', () => undefined).on('close', () => other.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

test('for the handshake of TLS, as requestor', { skip }, async () => {
  await using acceptor = await startServer({ tls: credentials() });
  const proxy = await holdingUpOnce(acceptor.port, 'answer');
  try {
    const association = await associate(portOf(proxy), { tls: credentials(), networkTimeoutMs: WAIT_MS });
    await association.release();
  } finally {
    proxy.close();
  }
});

test('for the handshake of TLS, as acceptor', { skip }, async () => {
  await using acceptor = await startServer({ tls: credentials(), acseTimeoutMs: WAIT_MS });
  const proxy = await holdingUpOnce(acceptor.port, 'second request');
  try {
    const socket = connectTls({ host: '127.0.0.1', port: portOf(proxy), ...credentials() });
    await using peer = new RawPeer(socket);
    await once(socket, 'secureConnect');
    peer.send(rqOf([ECHO_CONTEXT]));
    await peer.expect('A-ASSOCIATE-AC');
  } finally {
    proxy.close();
  }
});
