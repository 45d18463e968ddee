/** A connection whose bytes cost much does not keep others, timers and signals waiting: it is read in small pieces, with turns between. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { listen } from '../../src/net/transport.js';
import { Inbox } from '../support/loopback-inbox.js';

const BYTES = 512 * 1024;
/** In milliseconds. */
const costOf = (length: number) => length / 1000;

function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test('between two chunks that take long others have a turn, and chunks become short', async () => {
  const chunks: { readonly length: number; readonly turn: number }[] = [];
  let turn = 0;
  let isOver = false;
  const countTurns = () => {
    turn++;
    if (!isOver) setImmediate(countTurns);
  };
  const received = new Promise<void>((resolve) => {
    let left = BYTES;
    const onChunk = ({ length }: Buffer) => {
      chunks.push({ length, turn });
      spin(costOf(length));
      left -= length;
      if (left === 0) resolve();
    };
    void listen(
      { host: '127.0.0.1', port: 0 },
      {
        onConnection: (transport) =>
          transport.start({ onChunk, onClosed: () => undefined, onSilence: () => undefined }),
        onHandshake: () => undefined,
        onAcceptError: () => undefined,
      },
    ).then((server) => {
      const { port } = server.address() as AddressInfo;
      const socket = connect(port, '127.0.0.1', () => socket.end(Buffer.alloc(BYTES)));
      void received.then(() => {
        socket.destroy();
        server.close();
      });
      return once(server, 'close');
    });
  });
  countTurns();
  await received;
  isOver = true;
  for (const [index, { turn }] of chunks.slice(1).entries()) {
    const before = chunks[index];
    if (before !== undefined && costOf(before.length) > 1) assert.ok(turn > before.turn);
  }
  const [first, ...others] = chunks.map(({ length }) => length);
  assert.ok(first !== undefined && others.length > 10);
  assert.ok(Math.max(...others.slice(2)) < first);
});

const SENDERS = 20;
const CALLERS = 20;

test('a crowd that comes in does not wait for those who send, one turn for each of them', async () => {
  let chunks = 0;
  const sockets: Socket[] = [];
  const taken = new Inbox<number>();
  const server = await listen(
    { host: '127.0.0.1', port: 0 },
    {
      onConnection(transport) {
        taken.push(chunks);
        transport.start({
          onChunk: () => {
            chunks++;
            spin(2);
          },
          onClosed: () => undefined,
          onSilence: () => undefined,
        });
      },
      onHandshake: () => undefined,
      onAcceptError: () => undefined,
    },
  );
  const { port } = server.address() as AddressInfo;
  const call = () => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    sockets.push(socket);
    return socket;
  };
  try {
    for (let count = 0; count < SENDERS; count++) {
      call().write(Buffer.alloc(8 * 1024 * 1024));
      await taken.next('a sender');
    }
    while (chunks < 2 * SENDERS) await nextTurn();
    for (let count = 0; count < CALLERS; count++) call();
    const before: number[] = [];
    for (let count = 0; count < CALLERS; count++) before.push(await taken.next('a caller'));
    const between = (before.at(-1) ?? 0) - (before[0] ?? 0);
    assert.ok(between <= 2 * SENDERS, `${between} chunks between the first and the last`);
    const end = chunks;
    while (chunks < end + SENDERS) await nextTurn();
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});
