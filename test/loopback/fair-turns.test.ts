/** A connection whose bytes cost much does not keep others, timers and signals waiting: it is read in small pieces, with turns between. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { listen } from '../../src/net/transport.js';

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
