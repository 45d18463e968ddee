/** One state machine on one transport: the only place where PS3.8's events and effects meet bytes, sockets and timers. */
import { ABORT_REASONS, ProtocolError, toError, UsageError } from '../base/errors.js';
import { encodePdu } from '../pdu/codec.js';
import { PduReader, type ReceivedPdu } from '../pdu/pdu-reader.js';
import type { AssociateRj, AssociateRq, Pdu } from '../pdu/types.js';
import { PROTOCOL_VERSION_NOT_SUPPORTED } from '../ul/actions.js';
import type { Indication, Role, State, UlEffect, UlEvent } from '../ul/events.js';
import { step } from '../ul/machine.js';
import { Wait } from './timeouts.js';
import type { Connection } from './transport.js';

/** The service user above. `onClosed` is the last call: the transport is gone and the timer stopped. */
export interface UpperLayerUser {
  onIndication(indication: Indication): void;
  /** All that has come by now is indicated. */
  onRead?(): void;
  onSilence(): void;
  /** What is answered by the machine alone; an association hears of an abort, but before there is one nobody would. */
  onFault?(error: Error): void;
  /** A request for an association that the machine has rejected for its protocol version (PS3.8 AE-6). */
  onVersionRejected?(request: AssociateRq, response: AssociateRj): void;
  onClosed(): void;
}

export interface UpperLayerOptions {
  readonly user: UpperLayerUser;
  /** Longest P-DATA-TF variable field we take; 0 is no limit. */
  readonly maxPduLength: number;
  readonly artimMs: number;
}

/** Opens the transport of a requestor; `signal` gives the attempt up. */
export type OpenTransport = (signal: AbortSignal) => Promise<Connection>;

interface Call {
  readonly request: AssociateRq;
  readonly open: OpenTransport;
}

export class UpperLayer {
  readonly #role: Role;
  readonly #user: UpperLayerUser;
  readonly #reader: PduReader;
  readonly #artim: Wait;
  readonly #call: Call | undefined;
  readonly #giveUp = new AbortController();
  #transport: Connection | undefined;
  #state: State = 1;
  #written: Promise<void> = Promise.resolve();
  #hasAborted = false;

  private constructor(role: Role, options: UpperLayerOptions, call?: Call) {
    this.#role = role;
    this.#user = options.user;
    this.#artim = new Wait(options.artimMs, () => this.advance({ type: 'artim-expired' }));
    this.#reader = new PduReader({ maxPDataLength: options.maxPduLength });
    this.#call = call;
  }

  /** Connects, then sends the request. */
  static request(request: AssociateRq, open: OpenTransport, options: UpperLayerOptions): UpperLayer {
    const layer = new UpperLayer('requestor', options, { request, open });
    layer.advance({ type: 'associate-request', request });
    return layer;
  }

  /** Waits for a request on a transport that a peer has opened. */
  static accept(transport: Connection, options: UpperLayerOptions): UpperLayer {
    const layer = new UpperLayer('acceptor', options);
    layer.#attach(transport);
    layer.advance({ type: 'transport-indication' });
    return layer;
  }

  /** Feeds one event to the machine and carries out its effects. @throws {UsageError} for a request out of place. */
  advance(event: UlEvent): void {
    this.#perform(this.#step(event));
  }

  #step(event: UlEvent): readonly UlEffect[] {
    const { next, effects } = step(this.#state, this.#role, event);
    this.#state = next;
    return effects;
  }

  #perform(effects: readonly UlEffect[]): void {
    for (const effect of effects) this.#carryOut(effect);
  }

  /** Sends framed P-DATA-TF PDUs; resolves when the kernel has taken them. The buffer is in use until then. */
  sendData(pdus: Buffer): Promise<void> {
    this.advance({ type: 'data-request', pdus });
    return this.#written;
  }

  /** Stops reading, so that TCP holds the peer back. */
  pause(): void {
    this.#transport?.pause();
  }

  resume(): void {
    this.#transport?.resume();
  }

  watchSilence(ms: number): void {
    this.#transport?.watchSilence(ms);
  }

  /** Of all that came over the connection. */
  get bytesRead(): number {
    return this.#transport?.bytesRead ?? 0;
  }

  /** As that of the connection. */
  get isInTurn(): boolean {
    return this.#transport?.isInTurn ?? true;
  }

  #carryOut(effect: UlEffect): void {
    switch (effect.do) {
      case 'connect':
        void this.#connect();
        return;
      case 'send':
        this.#send(effect.pdu);
        return;
      case 'send-data':
        this.#written = this.#connected.write(effect.pdus);
        return;
      case 'indicate':
        this.#user.onIndication(effect.indication);
        return;
      case 'start-artim':
        this.#artim.start();
        return;
      case 'stop-artim':
        this.#artim.stop();
        return;
      case 'close':
        this.#giveUp.abort();
        this.#transport?.close();
        return;
      default:
        effect satisfies never;
    }
  }

  /** AA-7 would answer every further request: of a peer that sends them without reading, answers would pile up. */
  #send(pdu: Pdu): void {
    if (pdu.type === 'A-ABORT') {
      if (this.#hasAborted) return;
      this.#hasAborted = true;
    }
    // A lost connection is reported by its own event.
    this.#connected.write(encodePdu(pdu)).catch(() => undefined);
  }

  get #connected(): Connection {
    if (this.#transport === undefined) throw new UsageError('there is no connection to send on');
    return this.#transport;
  }

  async #connect(): Promise<void> {
    if (this.#call === undefined) return;
    const { open, request } = this.#call;
    let transport: Connection;
    try {
      transport = await open(this.#giveUp.signal);
    } catch (error) {
      this.#onClosed(toError(error));
      return;
    }
    this.guard(() => {
      this.#attach(transport);
      if (this.#giveUp.signal.aborted) transport.close();
      else this.advance({ type: 'transport-connected', request });
    });
  }

  #attach(transport: Connection): void {
    this.#transport = transport;
    transport.start({
      onChunk: (chunk) => this.#onChunk(chunk),
      onClosed: (error) => this.#onClosed(error),
      onSilence: () => this.#user.onSilence(),
    });
  }

  #onChunk(chunk: Buffer): void {
    this.guard(() => {
      for (const received of this.#reader.feed(chunk)) {
        const hadAborted = this.#hasAborted;
        const effects = this.#step(toEvent(received));
        this.#perform(effects);
        if (!hadAborted) this.#tellAnswer(received, effects);
      }
      this.#user.onRead?.();
    });
  }

  /** What the machine alone has answered. */
  #tellAnswer(received: ReceivedPdu, effects: readonly UlEffect[]): void {
    const answer = effects.find((effect) => effect.do === 'send')?.pdu;
    if (received.type === 'invalid') this.#user.onFault?.(received.error);
    else if (answer?.type === 'A-ABORT')
      this.#user.onFault?.(new ProtocolError('unexpected-pdu', `${received.type} out of turn`));
    else if (answer === PROTOCOL_VERSION_NOT_SUPPORTED && received.type === 'A-ASSOCIATE-RQ')
      this.#user.onVersionRejected?.(received, answer);
  }

  /** A fault of our own that unusual input has found costs this association, and must not cost the process. */
  guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#onFault(toError(error));
    }
  }

  #onFault(error: Error): void {
    const abort = { source: 2, reason: ABORT_REASONS['reason-not-specified'] } as const;
    this.#user.onIndication({ type: 'abort-indication', by: 'provider', ...abort, error });
    this.advance({ type: 'abort-request', ...abort });
  }

  #onClosed(error: Error | undefined): void {
    this.advance({ type: 'transport-closed', ...(error === undefined ? {} : { error }) });
    this.#artim.stop();
    this.#user.onClosed();
  }
}

function toEvent(received: ReceivedPdu): UlEvent {
  switch (received.type) {
    case 'P-DATA-TF':
      return { type: 'data-received', fragment: received };
    case 'A-ASSOCIATE-RQ':
      return { type: 'associate-rq-received', pdu: received };
    case 'A-ASSOCIATE-AC':
      return { type: 'associate-ac-received', pdu: received };
    case 'A-ASSOCIATE-RJ':
      return { type: 'associate-rj-received', pdu: received };
    case 'A-RELEASE-RQ':
      return { type: 'release-rq-received' };
    case 'A-RELEASE-RP':
      return { type: 'release-rp-received' };
    case 'A-ABORT':
      return { type: 'abort-received', pdu: received };
    case 'invalid':
      return { type: 'invalid-pdu', error: received.error };
    default:
      received satisfies never;
      throw new ProtocolError('unrecognized-pdu', 'a PDU of no known type');
  }
}
