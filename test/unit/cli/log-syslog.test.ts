/** Syslog handlers against sockets of our own. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { openSyslog } from '../../../src/cli/log-syslog.js';
import { runChild } from '../../support/cli-child.js';

const LEVELS = [50, 40, 30, 20, 10];

describe('syslog', () => {
  it('sends a datagram a line, the priority before it and a NUL behind', async () => {
    const server = createSocket('udp4').bind(0, '127.0.0.1');
    await once(server, 'listening');
    const received: string[] = [];
    const all = new Promise<void>((resolve) =>
      server.on('message', (message) => {
        if (received.push(message.toString()) === LEVELS.length) resolve();
      }),
    );
    const syslog = await openSyslog({ host: '127.0.0.1', port: server.address().port, facility: 3, transport: 'udp' });
    for (const severity of LEVELS) syslog.write(`ü ${severity}`, severity);
    await syslog.close();
    await all;
    server.close();
    assert.deepEqual(received, ['<26>ü 50\0', '<27>ü 40\0', '<28>ü 30\0', '<30>ü 20\0', '<31>ü 10\0']);
  });

  it('sends all over TCP before it is closed', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    const connected = once(server, 'connection');
    const syslog = await openSyslog({ host: '127.0.0.1', port: address.port, facility: 1, transport: 'tcp' });
    const [socket] = await connected;
    const received = buffer(socket);
    const line = 'x'.repeat(1000);
    for (let i = 0; i < 1000; i++) syslog.write(line, 20);
    await syslog.close();
    const text = (await received).toString();
    server.close();
    assert.equal(text, `<14>${line}\0`.repeat(1000));
  });

  it('calls a TCP server again that has hung up', () => {
    const child = runChild(`import { openSyslog } from 'cli:log-syslog.js';
      import { once } from 'node:events';
      import { createServer } from 'node:net';
      import { setImmediate } from 'node:timers/promises';
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const connected = once(server, 'connection');
      const { port } = server.address();
      const syslog = await openSyslog({ host: '127.0.0.1', port, facility: 1, transport: 'tcp' });
      const [first] = await connected;
      let again;
      server.on('connection', (socket) => socket.once('data', (data) => (again = String(data))));
      first.destroy();
      let ms = 0;
      performance.now = () => (ms += 1000);
      while (again === undefined) {
        syslog.write('line', 20);
        await setImmediate();
      }
      console.log(again.split('\\0')[0]);
      process.exit();`);
    assert.equal(child.stdout, '<14>line\n');
    assert.match(child.stderr, /^E: log syslog 127\.0\.0\.1:\d+: .*\n$/);
  });

  it('takes no message after its end, which may come twice', () => {
    const child = runChild(`import { openSyslog } from 'cli:log-syslog.js';
      const syslog = await openSyslog({ host: '127.0.0.1', port: 9, facility: 1, transport: 'udp' });
      await syslog.close();
      await syslog.close();
      syslog.write('late', 50);`);
    assert.equal(child.stderr, 'E: log syslog 127.0.0.1:9: closed before the last message\n');
    assert.equal(child.status, 0);
  });

  it('reports at once a server that takes no connection', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    server.close();
    await once(server, 'close');
    await assert.rejects(openSyslog({ host: '127.0.0.1', port: address.port, facility: 1, transport: 'tcp' }), {
      code: 'ECONNREFUSED',
    });
  });
});
