/** A port that TCP connections to get no answer from, as from behind a firewall that drops packets. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** Listens, says its port, and never runs again: nothing is accepted, and the queue of two in the kernel stays full. */
const LISTENER = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer().listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });`;
const QUEUE_LENGTH = 2;

export async function unansweredPort(): Promise<{ readonly port: number } & AsyncDisposable> {
  const worker = new Worker(LISTENER, { eval: true });
  const [port] = await once(worker, 'message');
  const sockets: Socket[] = [];
  while (sockets.length < QUEUE_LENGTH) {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
  }
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await worker.terminate();
    },
  };
}
