/** Addresses and system errors in words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress, listen, systemErrorInWords } from '../../../src/net/transport.js';

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
    { onConnection: () => undefined, onAcceptError: (error) => told.push(error) },
  );
  const error = systemError('EMFILE');
  server.emit('error', error);
  server.emit('error', error);
  assert.deepEqual(told, [error, error]);
  assert.equal(server.listening, true);
  server.close();
});
