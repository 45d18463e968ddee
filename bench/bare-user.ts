/** The user of the floor, see bare-pdus.ts. Run as: bare-user.js PORT FOLDER */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readdirSync, readSync, readvSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { uint16LE, uint16LEText, uint32BE, uint32LE } from '../src/base/bytes.js';
import {
  ASSOCIATE_AC,
  associate,
  command,
  element,
  elementIn,
  even,
  HEADERS,
  item,
  itemsIn,
  MAXIMUM_LENGTH,
  P_DATA_TF,
  pdu,
  RELEASE_RP,
  VARIABLE_ITEMS,
} from './bare-pdus.js';

const CONTEXT_ID = 1;
const COMMAND_ROOM = 512;
/** An image of 512 by 512 with 16 bits goes out in one write. */
const BLOCK_BYTES = 576 * 1024;
const FILE_HEAD_BYTES = 1024;
/** After preamble and prefix. */
const META_GROUP_AT = 132;
const META_GROUP = 0x0002;
/** Of OB, the only VR there with a long header. */
const LETTER_O = 0x4f;

async function send(port: number, folder: string): Promise<void> {
  const names = readdirSync(folder);
  const firstFd = openSync(join(folder, names[0] ?? ''), 'r');
  const first = headOf(firstFd);
  closeSync(firstFd);
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const answers = answersFrom(socket);
  const syntaxes = item(0x30, first.sopClassUid) + item(0x40, first.transferSyntaxUid);
  const aeTitles = 'ANY-SCP'.padEnd(16) + 'BARE'.padEnd(16);
  socket.write(
    associate(1, aeTitles, item(0x20, `${String.fromCharCode(CONTEXT_ID)}\0\0\0${syntaxes}`), MAXIMUM_LENGTH),
  );
  const maximumLength = maximumLengthIn(await answers.next(ASSOCIATE_AC));
  let [block, other] = [new Block(maximumLength), new Block(maximumLength)];
  let outgoing = new Outgoing(join(folder, names[0] ?? ''), 0, block);
  for (const [index, name] of names.entries()) {
    for (let written: Promise<unknown> | undefined; ; ) {
      const framed = outgoing.read(block);
      if (written !== undefined) await written;
      written = new Promise((resolve) => socket.write(framed, resolve));
      [block, other] = [other, block];
      if (outgoing.isRead) break;
    }
    // Read while the peer has what came before.
    const next = names[index + 1];
    if (next !== undefined) outgoing = new Outgoing(join(folder, next), (index + 1) & 0xffff, block);
    const response = await answers.next(P_DATA_TF);
    assert.equal(uint16LE(elementIn(response.subarray(HEADERS), 0x0900), 0), 0, `status of ${name}`);
  }
  socket.write(pdu(5, '\0\0\0\0'));
  await answers.next(RELEASE_RP);
  socket.end();
}

/** An object to be sent. The first of it is read and framed at once. */
class Outgoing {
  readonly #fd: number;
  #position: number;
  #left: number;
  #first: Buffer | undefined;

  constructor(path: string, messageId: number, block: Block) {
    this.#fd = openSync(path, 'r');
    const head = headOf(this.#fd);
    this.#position = head.dataSetOffset;
    this.#left = fstatSync(this.#fd).size - head.dataSetOffset;
    block.begin(head.sopClassUid, head.sopInstanceUid, messageId);
    this.#first = this.#readOn(block);
  }

  get isRead(): boolean {
    return this.#left === 0;
  }

  /** What goes out next; in the room of `block`, which at first is to be the one the object began with. */
  read(block: Block): Buffer {
    const framed = this.#first ?? this.#readOn(block);
    this.#first = undefined;
    return framed;
  }

  #readOn(block: Block): Buffer {
    const bytes = readvSync(this.#fd, block.bodies, this.#position);
    assert.ok(bytes > 0, 'a file as long as it was');
    this.#position += bytes;
    this.#left -= bytes;
    if (this.#left === 0) closeSync(this.#fd);
    return block.frame(bytes, this.#left === 0);
  }
}

const fileHead = Buffer.allocUnsafeSlow(FILE_HEAD_BYTES);

interface FileHead {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly dataSetOffset: number;
}

/** PS3.10 7.1, as our writer makes it. Read here: our reader would load a dictionary, which takes 0.03 s. */
function headOf(fd: number): FileHead {
  readSync(fd, fileHead, 0, FILE_HEAD_BYTES, 0);
  const values = new Map<number, string>();
  let at = META_GROUP_AT;
  while (uint16LE(fileHead, at) === META_GROUP) {
    const isLong = fileHead[at + 4] === LETTER_O;
    const begin = at + (isLong ? 12 : 8);
    const end = begin + (isLong ? uint32LE(fileHead, at + 8) : uint16LE(fileHead, at + 6));
    values.set(uint16LE(fileHead, at + 2), fileHead.toString('latin1', begin, end).replace(/\0$/, ''));
    at = end;
  }
  const [sopClassUid = '', sopInstanceUid = '', transferSyntaxUid = ''] = [0x0002, 0x0003, 0x0010].map((number) =>
    values.get(number),
  );
  return { sopClassUid, sopInstanceUid, transferSyntaxUid, dataSetOffset: at };
}

/** One after the other, as each is asked for when what it answers is sent. Of another type than expected: an abort, say. */
function answersFrom(socket: Socket): { next(type: number): Promise<Buffer> } {
  let received = Buffer.alloc(0);
  let onAnswer: ((answer: Buffer) => void) | undefined;
  socket.on('data', (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    if (received.length < 6 || received.length < 6 + uint32BE(received, 2)) return;
    assert.equal(received.length, 6 + uint32BE(received, 2), 'bytes of what answers');
    const answer = received;
    received = Buffer.alloc(0);
    onAnswer?.(answer);
  });
  return {
    next: async (type) => {
      const answer = await new Promise<Buffer>((resolve) => {
        onAnswer = resolve;
      });
      assert.equal(answer[0], type, 'type of the PDU that answers');
      return answer;
    },
  };
}

function maximumLengthIn(accept: Buffer): number {
  const user = itemsIn(accept.subarray(6 + VARIABLE_ITEMS)).find(({ type }) => type === 0x50);
  const maximum = itemsIn(user?.body ?? Buffer.alloc(0)).find(({ type }) => type === 0x51);
  assert.ok(maximum !== undefined, 'a maximum length');
  return uint32BE(maximum.body, 0);
}

/** Room for a command and as many PDUs as go out in one write. */
class Block {
  readonly #bytes = Buffer.allocUnsafeSlow(COMMAND_ROOM + BLOCK_BYTES);
  readonly #pduBytes: number;
  readonly bodies: readonly Buffer[];
  /** Where what goes out begins. */
  #from = COMMAND_ROOM;

  constructor(maximumLength: number) {
    // PS3.8 D.1: 0 is no limit; fragments have even lengths.
    const bytes = maximumLength === 0 ? BLOCK_BYTES : maximumLength - (maximumLength % 2) + 6;
    this.#pduBytes = Math.min(bytes, BLOCK_BYTES);
    // The last PDU has what room is left.
    this.bodies = Array.from({ length: Math.ceil(BLOCK_BYTES / this.#pduBytes) }, (_, index) => {
      const at = COMMAND_ROOM + index * this.#pduBytes;
      return this.#bytes.subarray(at + HEADERS, at + this.#pduBytes);
    }).filter(({ length }) => length > 0);
  }

  /** Puts the C-STORE-RQ before the PDUs. */
  begin(sopClassUid: string, sopInstanceUid: string, messageId: number): void {
    const elements = [
      element(0x0002, even(sopClassUid)),
      element(0x0100, uint16LEText(0x0001)),
      element(0x0110, uint16LEText(messageId)),
      element(0x0700, uint16LEText(0x0002)),
      element(0x0800, uint16LEText(0x0001)),
      element(0x1000, even(sopInstanceUid)),
    ];
    const text = command(CONTEXT_ID, elements.join(''));
    this.#from = COMMAND_ROOM - text.length;
    this.#bytes.write(text, this.#from, 'latin1');
  }

  /** Puts headers before what was read into the bodies. */
  frame(bytes: number, isLast: boolean): Buffer {
    let at = COMMAND_ROOM;
    for (let left = bytes; left > 0; ) {
      const length = Math.min(left, this.#pduBytes - HEADERS);
      left -= length;
      this.#bytes[at] = P_DATA_TF;
      this.#bytes[at + 1] = 0;
      this.#bytes.writeUInt32BE(length + 6, at + 2);
      this.#bytes.writeUInt32BE(length + 2, at + 6);
      this.#bytes[at + 10] = CONTEXT_ID;
      this.#bytes[at + 11] = isLast && left === 0 ? 2 : 0;
      at += HEADERS + length;
    }
    const framed = this.#bytes.subarray(this.#from, at);
    this.#from = COMMAND_ROOM;
    return framed;
  }
}

const [port, folder = '.'] = process.argv.slice(2);
await send(Number(port), folder);
