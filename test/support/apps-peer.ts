/** The other end of an association, PDU by PDU: for what the library's own roles would never do, such as falling silent. */
import { once } from 'node:events';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { associateRq } from '../../src/acse/propose.js';
import { deferred } from '../../src/base/deferred.js';
import { EXPLICIT_VR_LITTLE_ENDIAN } from '../../src/dataset/transfer-syntax.js';
import { encodeCommand } from '../../src/dimse/command-codec.js';
import { MessageReader } from '../../src/dimse/message-reader.js';
import {
  type CStoreRq,
  type DimseMessage,
  type DimseRequest,
  type DimseResponse,
  PRIORITY,
} from '../../src/dimse/messages.js';
import { encodePdu } from '../../src/pdu/codec.js';
import { PduReader, type ReceivedPdu } from '../../src/pdu/pdu-reader.js';
import type { AssociateAc, AssociateRq, Pdu, ProposedPresentationContext, UserIdentity } from '../../src/pdu/types.js';
import { encodeDataSet } from './data-set.js';
import { drip } from './misbehaviour.js';
import { CT_IMAGE, sampleImage } from './sample-instance.js';

/** Longest P-DATA-TF that `messagePdus` makes. */
const MAX_LENGTH = 16_384;

export interface ReceivedMessage {
  readonly presentationContextId: number;
  readonly message: DimseMessage;
  readonly dataSet: Buffer;
}

/** One connection. What comes in waits until it is asked for, so no order of events is missed. */
export class PduSocket implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #reader = new PduReader({ maxPDataLength: 0 });
  readonly #messages = new MessageReader({ isAccepted: () => true });
  readonly #received: ReceivedPdu[] = [];
  readonly #waiting = new Set<() => void>();
  #isEnded = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#received.push(...this.#reader.feed(chunk));
      this.#wake();
    });
    for (const end of ['end', 'close'])
      socket.on(end, () => {
        this.#isEnded = true;
        this.#wake();
      });
    // A reset is an end like any other here.
    socket.on('error', () => undefined);
  }

  /** With `allowHalfOpen` it does not hang up when the other side does. */
  static async connect(
    port: number,
    options: { readonly host?: string; readonly allowHalfOpen?: boolean } = {},
  ): Promise<PduSocket> {
    const socket = connectTcp({ host: '127.0.0.1', port, ...options });
    await once(socket, 'connect');
    return new PduSocket(socket);
  }

  /** The next PDU or fragment; undefined when the other side has hung up. */
  async receive(): Promise<ReceivedPdu | undefined> {
    for (;;) {
      const next = this.#received.shift();
      if (next !== undefined || this.#isEnded) return next;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** The next PDU, which must be of this type. */
  async expect<T extends ReceivedPdu['type']>(type: T): Promise<Extract<ReceivedPdu, { type: T }>> {
    const isExpected = (pdu: ReceivedPdu | undefined): pdu is Extract<ReceivedPdu, { type: T }> => pdu?.type === type;
    const next = await this.receive();
    if (isExpected(next)) return next;
    throw new Error(`${next === undefined ? 'the end' : JSON.stringify(next)} where ${type} is expected`);
  }

  /** Resolves when the other side has hung up; anything it still says is an error. */
  async expectEnd(): Promise<void> {
    const next = await this.receive();
    if (next !== undefined) throw new Error(`${JSON.stringify(next)} where the end is expected`);
  }

  /** The next message, whole. */
  async message(): Promise<ReceivedMessage> {
    const data: Buffer[] = [];
    let command: { readonly presentationContextId: number; readonly message: DimseMessage } | undefined;
    for (;;) {
      for (const part of this.#messages.feed(await this.expect('P-DATA-TF'))) {
        if (part.type === 'command') command = part;
        else if (part.type === 'data') data.push(Buffer.from(part.data));
        const isWhole = part.type === 'data-end' || (part.type === 'command' && !part.hasDataSet);
        if (isWhole && command !== undefined) return { ...command, dataSet: Buffer.concat(data) };
      }
    }
  }

  send(...parts: readonly (Pdu | Buffer)[]): void {
    for (const part of parts) this.#socket.write(Buffer.isBuffer(part) ? part : encodePdu(part));
  }

  /** Sends one byte each tick, whatever is answered, until the other side has hung up. */
  async dripUntilEnd(bytes: Buffer, tickMs: number): Promise<void> {
    drip(this.#socket, bytes, tickMs);
    while ((await this.receive()) !== undefined);
  }

  /** Stops reading, so that TCP holds the other side back. */
  stopReading(): void {
    this.#socket.pause();
  }

  readOn(): void {
    this.#socket.resume();
  }

  /** Hangs up in good order. */
  close(): void {
    this.#socket.destroySoon();
  }

  /** Says no more, and goes on listening, if the connection may be half open. */
  finish(): void {
    this.#socket.end();
  }

  /** Ends the connection as a crashed machine or a firewall does. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

export interface ScriptedPeer extends AsyncDisposable {
  readonly port: number;
  /** Settles as the script of the first connection does. */
  readonly done: Promise<void>;
}

/** Listens, and runs `script` on each connection; a connection stays open until the script closes it. */
export async function scriptedPeer(
  script: (socket: PduSocket) => Promise<void>,
  options: { readonly allowHalfOpen?: boolean } = {},
): Promise<ScriptedPeer> {
  const sockets: PduSocket[] = [];
  const done = deferred();
  const server = createServer(options, (connection) => {
    const socket = new PduSocket(connection);
    sockets.push(socket);
    script(socket).then(done.resolve, done.reject);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    done: done.promise,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) await socket[Symbol.asyncDispose]();
      server.close();
    },
  };
}

/** The answer that takes every context with the first transfer syntax proposed. */
export function acceptance(request: AssociateRq): AssociateAc {
  return {
    type: 'A-ASSOCIATE-AC',
    protocolVersion: 1,
    calledAeTitle: request.calledAeTitle,
    callingAeTitle: request.callingAeTitle,
    applicationContext: request.applicationContext,
    presentationContexts: request.presentationContexts.map(({ id, transferSyntaxes }) => ({
      id,
      result: 0,
      transferSyntax: transferSyntaxes[0] ?? '',
    })),
    userInformation: { maximumLength: MAX_LENGTH, roleSelections: [], extendedNegotiations: [] },
  };
}

/** Takes the request of the one who has connected, whatever it proposes. */
export async function acceptAssociation(socket: PduSocket): Promise<AssociateRq> {
  const request = await socket.expect('A-ASSOCIATE-RQ');
  socket.send(acceptance(request));
  return request;
}

/** Opens an association from `PEER` and returns the answer. */
export async function openAssociation(
  socket: PduSocket,
  contexts: readonly ProposedPresentationContext[],
  userIdentity?: UserIdentity,
): Promise<AssociateAc> {
  const titles = { calledAeTitle: 'ANY-SCP', callingAeTitle: 'PEER' };
  socket.send(associateRq({ ...titles, contexts, maxPduLength: MAX_LENGTH, userIdentity }));
  return socket.expect('A-ASSOCIATE-AC');
}

/** Ends an association in good order. */
export async function releaseAssociation(socket: PduSocket): Promise<void> {
  socket.send({ type: 'A-RELEASE-RQ' });
  await socket.expect('A-RELEASE-RP');
  socket.close();
}

/** The P-DATA-TF PDUs of a message: the command in the first, the data set in as many as it takes. */
export function messagePdus(message: DimseMessage, presentationContextId: number, dataSet?: Buffer): Pdu[] {
  const command = encodeCommand(message, dataSet !== undefined);
  const pdu = (data: Buffer, isCommand: boolean, isLast: boolean): Pdu => ({
    type: 'P-DATA-TF',
    pdvs: [{ presentationContextId, isCommand, isLast, data }],
  });
  const pdus = [pdu(command, true, true)];
  if (dataSet === undefined) return pdus;
  const room = MAX_LENGTH - 6;
  let from = 0;
  // An empty data set is one empty fragment.
  do {
    const end = from + room;
    pdus.push(pdu(dataSet.subarray(from, end), false, end >= dataSet.length));
    from = end;
  } while (from < dataSet.length);
  return pdus;
}

/** The request to store a CT image in Explicit VR Little Endian on context 1. */
export function storeRequest(sopInstanceUid: string, messageId = 1): CStoreRq {
  return {
    type: 'C-STORE-RQ',
    affectedSopClassUid: CT_IMAGE,
    messageId,
    priority: PRIORITY.medium,
    affectedSopInstanceUid: sopInstanceUid,
  };
}

/** The context of `storeRequest`. */
export const CT_CONTEXT: ProposedPresentationContext = {
  id: 1,
  abstractSyntax: CT_IMAGE,
  transferSyntaxes: [EXPLICIT_VR_LITTLE_ENDIAN.uid],
};

/** The data set of a small CT image in Explicit VR Little Endian. */
export function ctDataSet(sopInstanceUid: string): Buffer {
  return encodeDataSet(sampleImage({ sopClassUid: CT_IMAGE, sopInstanceUid }), EXPLICIT_VR_LITTLE_ENDIAN);
}

/** Sends a request on context 1, with a data set if there is one, and returns the response. */
export async function exchange(socket: PduSocket, request: DimseRequest, dataSet?: Buffer): Promise<DimseResponse> {
  socket.send(...messagePdus(request, CT_CONTEXT.id, dataSet));
  const { message } = await socket.message();
  if (!('status' in message)) throw new Error(`${message.type} where a response is expected`);
  return message;
}

/** Stores a small CT image on context 1, which must end well. */
export async function storeWell(socket: PduSocket, sopInstanceUid: string): Promise<void> {
  const { status } = await exchange(socket, storeRequest(sopInstanceUid), ctDataSet(sopInstanceUid));
  if (status !== 0x0000) throw new Error(`status ${status.toString(16)} where Success is expected`);
}
