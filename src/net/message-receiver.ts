/** Messages in: fragments become responses and requests, and TCP holds the peer back while we cannot keep up. */
import type { AcceptedContext } from '../acse/negotiate.js';
import { Backlog } from '../base/backlog.js';
import { BatchQueue } from '../base/batch-queue.js';
import { type MessagePart, MessageReader } from '../dimse/message-reader.js';
import { type DimseMessage, type DimseRequest, type DimseResponse, isRequest, isResponse } from '../dimse/messages.js';
import type { PdvFragment } from '../pdu/pdu-reader.js';
import type { Answered } from './answered.js';
import { RequestQueue } from './request-queue.js';
import type { PeerTimer } from './timeouts.js';

/**
 * Bytes of data sets, of all requests together, that wait for slow sinks or are being worked on by them, before TCP is
 * told to hold the peer back: the bound on the memory of an association, however many operations it may have outstanding.
 */
const DATA_HIGH_WATER_BYTES = 4 * 1024 * 1024;
/** Requests that a peer may send ahead of those that are being worked on before TCP is told to hold it back. */
const MAX_WAITING_REQUESTS = 64;

/** A request with what will follow it. */
export interface ReceivedRequest {
  readonly context: AcceptedContext;
  readonly message: DimseRequest;
  /** The data set in the context's transfer syntax as it arrives, each batch valid until the next is asked for. */
  readonly dataSet: BatchQueue | undefined;
  /** When its command set was there, by `performance.now()`. */
  readonly begunMs: number;
}

/** To be called when the answer is sent. */
export function answeredNow(
  { message, context, dataSet, begunMs }: ReceivedRequest,
  response: DimseResponse,
): Answered {
  const ms = performance.now() - begunMs;
  return { request: message, response, presentationContextId: context.id, dataSetBytes: dataSet?.length ?? 0, ms };
}

export interface MessageReceiverUser {
  onCommand(message: DimseMessage, context: AcceptedContext, hasDataSet: boolean): void;
  /** @throws {ProtocolError} if nothing waits for it */
  onResponse(response: DimseResponse, context: AcceptedContext): void;
  pause(): void;
  resume(): void;
}

export class MessageReceiver {
  readonly #contexts: ReadonlyMap<number, AcceptedContext>;
  readonly #restTimer: Pick<PeerTimer, 'start' | 'stop'>;
  readonly #user: MessageReceiverUser;
  readonly #reader: MessageReader;
  readonly #holds = new Set<'data' | 'requests'>();
  readonly requests = new RequestQueue<ReceivedRequest>({
    highWater: MAX_WAITING_REQUESTS,
    onFull: () => this.#hold('requests'),
    onEmpty: () => this.#letGo('requests'),
  });
  readonly #backlog = new Backlog({
    highWaterBytes: DATA_HIGH_WATER_BYTES,
    onFull: () => this.#hold('data'),
    onRoom: () => this.#letGo('data'),
  });
  /** What is coming in now. */
  #dataSet: BatchQueue | undefined;
  #hasEnded = false;
  #turns = 0;

  /** @param restTimer runs while the rest of a message is the peer's to send, anew from each fragment */
  constructor(
    contexts: ReadonlyMap<number, AcceptedContext>,
    restTimer: Pick<PeerTimer, 'start' | 'stop'>,
    user: MessageReceiverUser,
  ) {
    this.#contexts = contexts;
    this.#restTimer = restTimer;
    this.#user = user;
    this.#reader = new MessageReader({ isAccepted: (id) => contexts.has(id) });
  }

  /** Whether a message has begun and not ended. */
  get inMessage(): boolean {
    return this.#reader.inMessage;
  }

  /** Grows with each message that begins, and whenever the peer is held back or may go on. */
  get turns(): number {
    return this.#turns;
  }

  /** Whether it is we who keep the peer from sending. */
  get isHolding(): boolean {
    return this.#holds.size > 0;
  }

  /** @throws {ProtocolError} */
  onFragment(fragment: PdvFragment): void {
    if (!this.inMessage) this.#turns++;
    for (const part of this.#reader.feed(fragment)) this.#onPart(part);
    this.#watchRest();
  }

  /** No more will come: requests that wait are still handed out, unless there is an error. */
  end(error?: Error): void {
    this.#hasEnded = true;
    this.#restTimer.stop();
    this.#dataSet?.end(error);
    this.#dataSet = undefined;
    this.requests.end(error);
    if (this.isHolding) this.#user.resume();
    this.#holds.clear();
  }

  #onPart(part: MessagePart): void {
    switch (part.type) {
      case 'command':
        this.#onCommand(part);
        return;
      case 'data':
        this.#dataSet?.push(part.data);
        return;
      case 'data-end':
        this.#dataSet?.end();
        this.#dataSet = undefined;
        return;
      default:
        part satisfies never;
    }
  }

  #onCommand({ message, presentationContextId, hasDataSet }: Extract<MessagePart, { type: 'command' }>): void {
    const context = this.#contexts.get(presentationContextId);
    if (context === undefined) return;
    this.#user.onCommand(message, context, hasDataSet);
    if (isResponse(message)) this.#user.onResponse(message, context);
    // PS3.7 9.3.2.3: neither C-ECHO nor C-STORE can be cancelled, so there is nothing to do and nothing to answer.
    else if (isRequest(message)) {
      if (hasDataSet) this.#dataSet = new BatchQueue(this.#backlog);
      this.requests.push({ context, message, dataSet: this.#dataSet, begunMs: performance.now() });
    }
  }

  #hold(reason: 'data' | 'requests'): void {
    this.#turns++;
    this.#holds.add(reason);
    this.#user.pause();
  }

  #letGo(reason: 'data' | 'requests'): void {
    this.#holds.delete(reason);
    this.#turns++;
    if (this.#holds.size > 0) return;
    this.#user.resume();
    this.#watchRest();
  }

  #watchRest(): void {
    if (this.inMessage && !this.#hasEnded) this.#restTimer.start();
    else this.#restTimer.stop();
  }
}
