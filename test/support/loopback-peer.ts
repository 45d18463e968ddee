/** A peer that is played by hand, PDU by PDU: wrong, early, late and missing answers, which no honest one would give. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { associateRq, proposeContexts, type WantedContext } from '../../src/acse/propose.js';
import { encodeCommand } from '../../src/dimse/command-codec.js';
import { MessageReader } from '../../src/dimse/message-reader.js';
import type { CStoreRq, DimseMessage } from '../../src/dimse/messages.js';
import { encodePdu } from '../../src/pdu/codec.js';
import { PduReader } from '../../src/pdu/pdu-reader.js';
import type {
  AssociateAc,
  AssociateRq,
  AsynchronousOperationsWindow,
  ControlPdu,
  PDataTf,
  Pdu,
  PresentationContextResult,
} from '../../src/pdu/types.js';
import { Inbox } from './loopback-inbox.js';

export const IMPLICIT = '1.2.840.10008.1.2';
export const EXPLICIT = '1.2.840.10008.1.2.1';
export const VERIFICATION = '1.2.840.10008.1.1';
export const CT = '1.2.840.10008.5.1.4.1.1.2';

export const ECHO_CONTEXT: WantedContext = { abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] };
export const CT_CONTEXT: WantedContext = { abstractSyntax: CT, transferSyntaxes: [EXPLICIT] };

/** A message as it came, its data set put together. */
export interface ReceivedMessage {
  readonly type: 'message';
  readonly presentationContextId: number;
  readonly message: DimseMessage;
  readonly dataSet: Buffer | undefined;
}

export type Arrival = ControlPdu | ReceivedMessage | { readonly type: 'invalid' } | { readonly type: 'closed' };

/** One PDV in one P-DATA-TF. */
export function pData(
  presentationContextId: number,
  data: Buffer,
  { isCommand = false, isLast = true }: { readonly isCommand?: boolean; readonly isLast?: boolean } = {},
): PDataTf {
  return { type: 'P-DATA-TF', pdvs: [{ presentationContextId, isCommand, isLast, data }] };
}

/** A message without its data set, in one PDU. */
export function command(message: DimseMessage, presentationContextId = 1, hasDataSet = false): PDataTf {
  return pData(presentationContextId, encodeCommand(message, hasDataSet), { isCommand: true });
}

export const echoRq = (messageId: number): DimseMessage => ({
  type: 'C-ECHO-RQ',
  messageId,
  affectedSopClassUid: VERIFICATION,
});
export const echoRsp = (messageIdBeingRespondedTo: number, status = 0): DimseMessage => ({
  type: 'C-ECHO-RSP',
  messageIdBeingRespondedTo,
  status,
});
export const storeRq = (messageId: number, affectedSopInstanceUid = '1.2.3', affectedSopClassUid = CT): CStoreRq => ({
  type: 'C-STORE-RQ',
  messageId,
  priority: 2,
  affectedSopClassUid,
  affectedSopInstanceUid,
});
export const storeRsp = (messageIdBeingRespondedTo: number, status = 0): DimseMessage => ({
  type: 'C-STORE-RSP',
  messageIdBeingRespondedTo,
  status,
});

/** The data set of `storeRq`, a little longer than it need be: class, instance, `bytes` of private data in Explicit VR. */
export function ctDataSet(sopInstanceUid = '1.2.3', bytes = 0): Buffer {
  const text = (element: number, value: string): Buffer => {
    const padded = Buffer.from(value.length % 2 === 0 ? value : `${value}\0`, 'latin1');
    const header = Buffer.from([0x08, 0x00, element, 0x00, 0x55, 0x49, padded.length, 0x00]);
    return Buffer.concat([header, padded]);
  };
  const parts = [text(0x16, CT), text(0x18, sopInstanceUid)];
  if (bytes > 0) {
    const header = Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x57, 0, 0, 0, 0, 0, 0]);
    header.writeUInt32LE(bytes, 8);
    parts.push(header, Buffer.alloc(bytes, 0xa5));
  }
  return Buffer.concat(parts);
}

export interface AnswerOptions {
  /** Announced by us; 0 is no limit. */
  readonly maximumLength?: number | undefined;
  readonly results?: readonly PresentationContextResult[];
  readonly window?: AsynchronousOperationsWindow | undefined;
}

export class RawPeer implements AsyncDisposable {
  readonly socket: Socket;
  readonly #arrivals = new Inbox<Arrival>();
  readonly #closed: Promise<void>;
  bytesReceived = 0;
  /** Hang up on A-ABORT, as PS3.8 AA-3 has it. Tests that play a peer without manners turn it off. */
  hangsUpOnAbort = true;

  constructor(socket: Socket) {
    this.socket = socket;
    const reader = new PduReader({ maxPDataLength: 0 });
    const messages = new MessageReader({ isAccepted: () => true });
    let begun: { message: DimseMessage; presentationContextId: number } | undefined;
    let pieces: Buffer[] = [];
    const finish = (dataSet: Buffer | undefined): void => {
      if (begun !== undefined) this.#arrivals.push({ type: 'message', ...begun, dataSet });
      begun = undefined;
      pieces = [];
    };
    socket.on('data', (chunk) => {
      this.bytesReceived += chunk.length;
      for (const received of reader.feed(chunk)) {
        if (received.type !== 'P-DATA-TF') {
          this.#arrivals.push(received);
          if (received.type === 'A-ABORT' && this.hangsUpOnAbort) this.end();
          continue;
        }
        for (const part of messages.feed(received)) {
          if (part.type === 'command') {
            begun = { message: part.message, presentationContextId: part.presentationContextId };
            if (!part.hasDataSet) finish(undefined);
          } else if (part.type === 'data') pieces.push(Buffer.from(part.data));
          else finish(Buffer.concat(pieces));
        }
      }
    });
    // How a connection ends is told by 'close'; a reset is one way of it.
    socket.on('error', () => undefined);
    this.#closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#arrivals.push({ type: 'closed' });
        resolve();
      });
    });
  }

  static async connect(port: number, host = '127.0.0.1'): Promise<RawPeer> {
    const socket = connect({ port, host });
    await once(socket, 'connect');
    return new RawPeer(socket);
  }

  /** Opens an association as requestor. */
  static async request(
    port: number,
    contexts: readonly WantedContext[],
    options: ProposalOptions = {},
  ): Promise<RawPeer> {
    const peer = await RawPeer.connect(port);
    peer.send(rqOf(contexts, options));
    await peer.expect('A-ASSOCIATE-AC');
    return peer;
  }

  get closed(): Promise<void> {
    return this.#closed;
  }

  /** All that came so far. */
  get arrivals(): readonly Arrival[] {
    return this.#arrivals.seen;
  }

  /** Writes PDUs, and bytes as they are; whether they arrive is for the rest of the test to show. */
  send(...what: readonly (Pdu | Buffer)[]): void {
    this.socket.write(Buffer.concat(what.map((each) => (Buffer.isBuffer(each) ? each : encodePdu(each)))));
  }

  next(what?: string): Promise<Arrival> {
    return this.#arrivals.next(what);
  }

  /** The next thing, which must be of this type. */
  async expect<T extends Arrival['type']>(type: T): Promise<Extract<Arrival, { type: T }>> {
    const isWanted = (arrival: Arrival): arrival is Extract<Arrival, { type: T }> => arrival.type === type;
    const arrival = await this.next(type);
    assert.ok(isWanted(arrival), `${type} expected, came ${JSON.stringify(arrival)}`);
    return arrival;
  }

  /** The next thing, which must be a message of this type. */
  async message<T extends DimseMessage['type']>(
    type: T,
  ): Promise<ReceivedMessage & { readonly message: Extract<DimseMessage, { type: T }> }> {
    const isWanted = (message: DimseMessage): message is Extract<DimseMessage, { type: T }> => message.type === type;
    const arrival = await this.expect('message');
    assert.ok(isWanted(arrival.message), `${type} expected, came ${arrival.message.type}`);
    return { ...arrival, message: arrival.message };
  }

  /** The next thing, which must be an A-ABORT, as `source/reason`. */
  async abort(): Promise<string> {
    const { source, reason } = await this.expect('A-ABORT');
    return `${source}/${reason}`;
  }

  /** As acceptor: takes the request and accepts each context with its first transfer syntax, or as `results` say. */
  async accept(options: AnswerOptions = {}): Promise<AssociateRq> {
    const request = await this.expect('A-ASSOCIATE-RQ');
    this.send(acFor(request, options));
    return request;
  }

  /** Reads to the end of the connection; the types of what came. */
  async rest(): Promise<readonly string[]> {
    const types: string[] = [];
    for (;;) {
      const { type } = await this.next('the end of the connection');
      if (type === 'closed') return types;
      types.push(type);
    }
  }

  /** Closes without a word. */
  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.destroy();
    await this.#closed;
  }
}

export interface ProposalOptions {
  /** Announced by us; 0 is no limit. */
  readonly maximumLength?: number;
  readonly window?: AsynchronousOperationsWindow;
}

export function rqOf(
  contexts: readonly WantedContext[],
  { maximumLength = 16_384, window }: ProposalOptions = {},
): AssociateRq {
  return associateRq({
    calledAeTitle: 'CALLED',
    callingAeTitle: 'CALLING',
    contexts: contexts.length === 0 ? [] : proposeContexts(contexts),
    maxPduLength: maximumLength,
    asynchronousOperationsWindow: window,
  });
}

export function acFor(request: AssociateRq, options: AnswerOptions = {}): AssociateAc {
  const { type: _, presentationContexts, ...associate } = request;
  return {
    ...associate,
    type: 'A-ASSOCIATE-AC',
    presentationContexts:
      options.results ??
      presentationContexts.map(({ id, transferSyntaxes: [transferSyntax = ''] }) => ({
        id,
        result: 0,
        transferSyntax,
      })),
    userInformation: {
      maximumLength: 'maximumLength' in options ? options.maximumLength : 16_384,
      implementationClassUid: '2.25.9',
      asynchronousOperationsWindow: options.window,
      roleSelections: [],
      extendedNegotiations: [],
    },
  };
}

/** Listens for raw peers of a requestor under test. */
export class RawAcceptor implements AsyncDisposable {
  readonly #server: Server;
  readonly #connections = new Inbox<RawPeer>();

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => this.#connections.push(new RawPeer(socket)));
  }

  static async listen(): Promise<RawAcceptor> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RawAcceptor(server);
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** The next connection that comes in. */
  next(): Promise<RawPeer> {
    return this.#connections.next('a connection');
  }

  get connections(): readonly RawPeer[] {
    return this.#connections.seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const peer of this.#connections.seen) await peer[Symbol.asyncDispose]();
  }
}
