/** The provider of the floor, see bare-pdus.ts. Run as: bare-provider.js PORT FOLDER */
import assert from 'node:assert/strict';
import { closeSync, lstatSync, openSync, renameSync, writevSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { uint16LEText, uint32BE } from '../src/base/bytes.js';
import { encodeFileMeta } from '../src/file/file-meta.js';
import { OwnMemory } from '../src/net/own-memory.js';
import {
  associate,
  command,
  element,
  elementIn,
  HEADERS,
  IMPLEMENTATION_CLASS,
  item,
  itemsIn,
  MAXIMUM_LENGTH,
  P_DATA_TF,
  pdu,
  VARIABLE_ITEMS,
} from './bare-pdus.js';

const EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
// PS3.8 Table 9-18.
const ACCEPTED = 0;
const SYNTAXES_NOT_SUPPORTED = 4;

const [port, folder = '.'] = process.argv.slice(2);
createServer({ pauseOnConnect: true }, receive).listen(Number(port), '127.0.0.1');

function receive(accepted: Socket): void {
  const memory = new OwnMemory();
  const socket = memory.takeOver(accepted);
  if (socket === undefined) throw new Error('this Node has no sockets that can be read into memory of ours');
  socket.setNoDelay(true);
  memory.onChunk = provider(socket);
  socket.on('end', () => socket.end());
  socket.on('error', () => undefined);
  socket.resume();
}

/** What is being received. */
interface Incoming {
  readonly fd: number;
  readonly partPath: string;
  readonly path: string;
  /** What the file begins with. */
  readonly meta: Buffer;
  readonly response: string;
}

/** Takes PDUs in chunks of any size. DCMTK puts one PDV in each, and a command in one. */
function provider(socket: Socket): (chunk: Buffer) => void {
  /** The beginning of what the last chunk cut: headers, a command or a PDU without data. */
  let held = Buffer.alloc(0);
  let left = 0;
  let isLast = false;
  let incoming: Incoming | undefined;
  return (chunk) => {
    const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const pieces: Buffer[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (left === 0) {
        const size = sizeOfHead(bytes, at);
        if (at + size > bytes.length) break;
        const isData = bytes[at] === P_DATA_TF && ((bytes[at + 11] ?? 0) & 1) === 0;
        if (isData) {
          left = uint32BE(bytes, at + 6) - 2;
          isLast = ((bytes[at + 11] ?? 0) & 2) !== 0;
        } else if (bytes[at] === P_DATA_TF) {
          incoming = begin(bytes.subarray(at, at + size));
          pieces.push(incoming.meta);
        } else answer(socket, bytes.subarray(at, at + size));
        at += size;
      } else {
        const end = Math.min(bytes.length, at + left);
        pieces.push(bytes.subarray(at, end));
        left -= end - at;
        at = end;
      }
      if (left === 0 && isLast && incoming !== undefined) {
        writeAll(incoming.fd, pieces.splice(0));
        finish(incoming);
        socket.write(incoming.response, 'latin1');
        incoming = undefined;
        isLast = false;
      }
    }
    if (incoming !== undefined) writeAll(incoming.fd, pieces);
    held = Buffer.from(bytes.subarray(at));
  };
}

/** Bytes up to the data of a PDU, or of all of it if it has none; more than there are where that cannot be told yet. */
function sizeOfHead(bytes: Buffer, at: number): number {
  const known = bytes[at] === P_DATA_TF ? HEADERS : 6;
  if (at + known > bytes.length) return known;
  const isData = bytes[at] === P_DATA_TF && ((bytes[at + 11] ?? 0) & 1) === 0;
  return isData ? HEADERS : 6 + uint32BE(bytes, at + 2);
}

function writeAll(fd: number, pieces: readonly Buffer[]): void {
  if (pieces.length === 0) return;
  const expected = pieces.reduce((sum, { length }) => sum + length, 0);
  assert.equal(writevSync(fd, pieces), expected, 'bytes written');
}

/** What is whole gets its name. */
function finish({ fd, partPath, path }: Incoming): void {
  closeSync(fd);
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) process.stderr.write(`replaces ${path}\n`);
  renameSync(partPath, path);
}

/** Opens the file that a C-STORE-RQ announces, under a hidden name until it is whole. */
function begin(request: Buffer): Incoming {
  const contextId = request[10] ?? 0;
  const set = request.subarray(HEADERS);
  const [sopClassUid, messageId, sopInstanceUid] = [0x0002, 0x0110, 0x1000].map((number) =>
    elementIn(set, number).toString('latin1'),
  );
  assert.ok(sopClassUid !== undefined && messageId !== undefined && sopInstanceUid !== undefined);
  const name = sopInstanceUid.replace(/\0$/, '');
  const path = join(folder, name);
  const partPath = join(folder, `.bare-${process.pid}-${name}`);
  const fd = openSync(partPath, 'wx');
  const meta = encodeFileMeta({
    mediaStorageSopClassUid: sopClassUid.replace(/\0$/, ''),
    mediaStorageSopInstanceUid: name,
    transferSyntaxUid: EXPLICIT_VR_LITTLE_ENDIAN,
    implementationClassUid: IMPLEMENTATION_CLASS,
  });
  const elements = [
    element(0x0002, sopClassUid),
    element(0x0100, uint16LEText(0x8001)),
    element(0x0120, messageId),
    element(0x0800, uint16LEText(0x0101)),
    element(0x0900, uint16LEText(0x0000)),
    element(0x1000, sopInstanceUid),
  ];
  return { fd, partPath, path, meta, response: command(contextId, elements.join('')) };
}

/** Accepts every presentation context that has Explicit VR Little Endian, and every release. */
function answer(socket: Socket, received: Buffer): void {
  if (received[0] === 5) socket.write(pdu(6, '\0\0\0\0'));
  if (received[0] !== 1) return;
  const contexts = itemsIn(received.subarray(6 + VARIABLE_ITEMS)).filter(({ type }) => type === 0x20);
  const answers = contexts.map(({ body }) => {
    const offered = itemsIn(body.subarray(4)).map((each) => each.body.toString('latin1'));
    const result = offered.includes(EXPLICIT_VR_LITTLE_ENDIAN) ? ACCEPTED : SYNTAXES_NOT_SUPPORTED;
    return item(0x21, `${String.fromCharCode(body[0] ?? 0, 0, result, 0)}${item(0x40, EXPLICIT_VR_LITTLE_ENDIAN)}`);
  });
  socket.write(associate(2, received.toString('latin1', 10, 42), answers.join(''), MAXIMUM_LENGTH));
}
