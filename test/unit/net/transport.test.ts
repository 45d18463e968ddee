/** Addresses and system errors in words; chunks from sockets of either kind. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, Socket } from 'node:net';
import { test } from 'node:test';
import { OwnMemory } from '../../../src/net/own-memory.js';
import { formatAddress, listen, systemErrorInWords, Transport } from '../../../src/net/transport.js';

test('addresses: brackets round IPv6, IPv4 as IPv4 even if it came in over IPv6', () => {
  assert.equal(formatAddress('127.0.0.1', 104), '127.0.0.1:104');
  assert.equal(formatAddress('pacs.example', 104), 'pacs.example:104');
  assert.equal(formatAddress('::1', 11112), '[::1]:11112');
  assert.equal(formatAddress('fe80::1%eth0', 104), '[fe80::1%eth0]:104');
  assert.equal(formatAddress('::ffff:10.0.0.7', 104), '10.0.0.7:104');
});

function systemError(code: string): Error {
  return Object.assign(new Error(`connect ${code} 1.2.3.4:5`), { code });
}

test('system errors: words for the usual ones, the message of others, the first of several', () => {
  assert.equal(systemErrorInWords(systemError('ECONNREFUSED')), 'connection refused');
  assert.equal(systemErrorInWords(systemError('ECONNRESET')), 'connection reset by the peer');
  assert.match(systemErrorInWords(systemError('EINVAL')), /^invalid address \(/);
  assert.equal(systemErrorInWords(systemError('EXDEV')), 'connect EXDEV 1.2.3.4:5');
  assert.equal(systemErrorInWords(new Error('odd')), 'odd');
  assert.equal(
    systemErrorInWords(new AggregateError([systemError('EHOSTUNREACH'), systemError('ECONNREFUSED')])),
    'host unreachable',
  );
});

test('a connection that cannot be taken is told, and listening goes on', async () => {
  const told: Error[] = [];
  const server = await listen(
    { host: '127.0.0.1', port: 0 },
    { onConnection: () => undefined, onHandshake: () => undefined, onAcceptError: (error) => told.push(error) },
  );
  const error = systemError('EMFILE');
  server.emit('error', error);
  server.emit('error', error);
  assert.deepEqual(told, [error, error]);
  assert.equal(server.listening, true);
  server.close();
});

for (const isOwn of [true, false])
  test(`an accepted connection is read, held back and closed ${isOwn ? 'in memory of ours' : 'as Node has it'}`, async () => {
    const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const peer = connect(address.port, '127.0.0.1');
    const [accepted] = await once(server, 'connection');
    assert.ok(accepted instanceof Socket);
    const memory = new OwnMemory();
    const taken = isOwn ? memory.takeOver(accepted) : undefined;
    assert.equal(taken !== undefined, isOwn);
    const transport = taken === undefined ? new Transport(accepted) : new Transport(taken, memory);
    assert.match(transport.remote, /^127\.0\.0\.1:\d+$/);
    peer.write('early');
    let received = '';
    const closed = new Promise<void>((resolve) => {
      transport.start({
        onChunk(chunk) {
          received += chunk.toString('latin1');
          if (received === 'early') transport.pause();
          void transport.write(Buffer.from('answer'));
        },
        onClosed: () => resolve(),
        onSilence: () => undefined,
      });
    });
    assert.equal(String((await once(peer, 'data'))[0]), 'answer');
    await new Promise((resolve) => peer.write('late', resolve));
    assert.equal(received, 'early');
    transport.resume();
    assert.equal(String((await once(peer, 'data'))[0]), 'answer');
    assert.equal(received, 'earlylate');
    peer.end();
    await closed;
    server.close();
  });

test('a socket without a connection cannot be taken over', () => {
  assert.equal(new OwnMemory().takeOver(new Socket()), undefined);
});
