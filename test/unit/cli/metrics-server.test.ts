import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { type MetricsServer, serveHttp, TEXT } from '../../../src/cli/metrics-server.js';

const REQUEST = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n';

/** Counts how often it was asked; each answer waits for `release`. */
class Counting {
  asked = 0;
  release: () => void = () => undefined;
  readonly #released = new Promise<void>((resolve) => {
    this.release = resolve;
  });

  readonly answer = async () => {
    this.asked++;
    await this.#released;
    return { status: 200, type: TEXT, body: 'ok\n' };
  };
}

function portOf({ url }: MetricsServer): number {
  return Number(new URL(url).port);
}

async function connected(server: MetricsServer): Promise<Socket> {
  const socket = connect(portOf(server), '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

function closeOf(socket: Socket): Promise<void> {
  // What it was about to be sent may have been taken for an error.
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
  });
}

function isAccepted(message: unknown): message is { readonly socket: Socket } {
  return typeof message === 'object' && message !== null && 'socket' in message;
}

function inTimer<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => void setTimeout(() => resolve(work()), 0));
}

function serving(counting: Counting): Promise<MetricsServer> {
  return serveHttp({ host: '127.0.0.1', port: 0 }, new Map([['/x', counting.answer]]));
}

describe('the server for monitors', { timeout: 30_000 }, () => {
  it('takes a request in absolute form, as proxies send it', async () => {
    const counting = new Counting();
    counting.release();
    const server = await serving(counting);
    for (const target of ['http://a/x', 'HTTP://a:1/x?y', 'https://[::1]:1/x']) {
      const socket = await connected(server);
      socket.write(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
      assert.match(await text(socket), /^HTTP\/1\.1 200 /, target);
    }
    await server.close();
  });

  it('answers once for each connection, and closes it', async () => {
    const counting = new Counting();
    counting.release();
    const server = await serving(counting);
    const socket = await connected(server);
    socket.write(REQUEST);
    assert.match(await text(socket), /^HTTP\/1\.1 200 OK\r\n.*\r\nConnection: close\r\n.*\r\n\r\nok\n$/s);
    await server.close();
  });

  it('hangs up on who asks on without waiting for the answer', async () => {
    const counting = new Counting();
    const server = await serving(counting);
    const socket = await connected(server);
    const closed = closeOf(socket.resume());
    socket.write(REQUEST.repeat(10_000));
    await closed;
    assert.equal(counting.asked, 1);
    await server.close();
  });

  it('finds out once what several ask for at a time', async () => {
    const counting = new Counting();
    const server = await serving(counting);
    const sockets = await Promise.all(Array.from({ length: 10 }, () => connected(server)));
    for (const socket of sockets) socket.write(REQUEST);
    // One that comes after the others, whose request is read after theirs.
    const last = await connected(server);
    last.write('GET /y HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.match(await text(last), /^HTTP\/1\.1 404 /);
    counting.release();
    for (const socket of sockets) assert.match(await text(socket), /ok\n$/);
    assert.equal(counting.asked, 1);
    await server.close();
  });

  it('has room for a newcomer, for whom the oldest that says nothing goes', async () => {
    const counting = new Counting();
    counting.release();
    const server = await serving(counting);
    const idle: Socket[] = [];
    for (let count = 0; count < 32; count++) idle.push(await connected(server));
    const [oldest] = idle;
    assert.ok(oldest !== undefined);
    const closed = closeOf(oldest.resume());
    const newcomer = await connected(server);
    newcomer.write(REQUEST);
    assert.match(await text(newcomer), /ok\n$/);
    await closed;
    assert.deepEqual(
      idle.slice(1).map(({ readyState }) => readyState),
      Array(31).fill('open'),
    );
    await server.close();
  });

  it('has room for who comes while all the others are being hung up on', async () => {
    const counting = new Counting();
    counting.release();
    const accepted: Socket[] = [];
    const onSocket = (message: unknown) => {
      if (isAccepted(message)) accepted.push(message.socket);
    };
    subscribe('net.server.socket', onSocket);
    const server = await serving(counting);
    try {
      const idle: Socket[] = [];
      for (let count = 0; count < 32; count++) idle.push((await connected(server)).resume());
      while (accepted.length < 32) await setImmediate();
      const closed = idle.map(closeOf);
      // As a timeout does it: of sockets destroyed by a timer Node tells after it has accepted what waits.
      const newcomer = await inTimer(() => {
        for (const socket of accepted) socket.destroy();
        return connect(portOf(server), '127.0.0.1');
      });
      newcomer.write(REQUEST);
      assert.match(await text(newcomer), /ok\n$/);
      await Promise.all(closed);
    } finally {
      unsubscribe('net.server.socket', onSocket);
      await server.close();
    }
  });

  it('hangs up on everybody when it is closed', async () => {
    const counting = new Counting();
    const server = await serving(counting);
    const [idle, asking] = [await connected(server), await connected(server)];
    asking.write(REQUEST);
    const closed = [idle, asking].map((socket) => closeOf(socket.resume()));
    await server.close();
    await Promise.all(closed);
    counting.release();
  });
});
