/**
 * The floor: the bytes of the files over loopback into files, by Node, with no protocol but a head before each file.
 * Blocks are read into one of two buffers and written from it; what arrives is written at once, from memory that is read into
 * again and again, as storescp has it. No stream objects.
 * Run as: pump.js send PORT FOLDER, or pump.js receive PORT FOLDER
 */
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readdirSync, readSync, writeSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { OwnMemory } from '../src/net/own-memory.js';

const BLOCK_BYTES = 512 * 1024;
const NAME_BYTES = 64;
/** The name, padded with spaces, and the length of the file in 6 bytes. */
const HEAD_BYTES = NAME_BYTES + 6;

const [role, port, folder = '.'] = process.argv.slice(2);
if (role === 'send') await send();
else createServer({ pauseOnConnect: true }, receive).listen(Number(port), '127.0.0.1');

async function send(): Promise<void> {
  const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let [block, other] = [Buffer.allocUnsafeSlow(BLOCK_BYTES), Buffer.allocUnsafeSlow(BLOCK_BYTES)];
  let used = 0;
  let written: Promise<void> = Promise.resolve();
  const flush = async (): Promise<void> => {
    await written;
    const bytes = block.subarray(0, used);
    written = new Promise((resolve) => socket.write(bytes, () => resolve()));
    [block, other] = [other, block];
    used = 0;
  };
  for (const name of readdirSync(folder)) {
    const file = openSync(join(folder, name), 'r');
    let left = fstatSync(file).size;
    if (used + HEAD_BYTES > BLOCK_BYTES) await flush();
    block.write(name.padEnd(NAME_BYTES), used, 'latin1');
    block.writeUIntBE(left, used + NAME_BYTES, 6);
    used += HEAD_BYTES;
    while (left > 0) {
      if (used === BLOCK_BYTES) await flush();
      const read = readSync(file, block, used, Math.min(left, BLOCK_BYTES - used), null);
      used += read;
      left -= read;
    }
    closeSync(file);
  }
  await flush();
  socket.end();
  // The other side ends when all is in its files.
  socket.resume();
  await once(socket, 'end');
}

function receive(accepted: Socket): void {
  const memory = new OwnMemory();
  const socket = memory.takeOver(accepted);
  if (socket === undefined) throw new Error('this Node has no sockets that can be read into memory of ours');
  memory.onChunk = fileWriter();
  socket.on('end', () => socket.end());
  socket.on('error', () => undefined);
  socket.resume();
}

/** Takes heads and files in chunks of any size. */
function fileWriter(): (chunk: Buffer) => void {
  let head = Buffer.alloc(0);
  let file = -1;
  let left = 0;
  return (data) => {
    let chunk = data;
    while (chunk.length > 0) {
      if (left === 0) {
        const missing = HEAD_BYTES - head.length;
        head = Buffer.concat([head, chunk.subarray(0, missing)]);
        chunk = chunk.subarray(missing);
        if (head.length < HEAD_BYTES) return;
        file = openSync(join(folder, head.toString('latin1', 0, NAME_BYTES).trim()), 'w');
        left = head.readUIntBE(NAME_BYTES, 6);
        head = Buffer.alloc(0);
      }
      const bytes = writeSync(file, chunk, 0, Math.min(left, chunk.length));
      chunk = chunk.subarray(bytes);
      left -= bytes;
      if (left === 0) closeSync(file);
    }
  };
}
