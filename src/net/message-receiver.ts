/** Messages in: fragments become responses and requests, and TCP holds the peer back while we cannot keep up. */
import type { AcceptedContext } from '../acse/negotiate.js';
import { BatchQueue } from '../base/batch-queue.js';
import { type MessagePart, MessageReader } from '../dimse/message-reader.js';
import { type DimseMessage, type DimseRequest, type DimseResponse, isRequest, isResponse } from '../dimse/messages.js';
import type { PdvFragment } from '../pdu/pdu-reader.js';
import { RequestQueue } from './request-queue.js';

/** Bytes of a data set that wait for a slow sink before TCP is told to hold the peer back. */
const DATA_HIGH_WATER_BYTES = 4 * 1024 * 1024;
/** Requests that a peer may send ahead of our answers before TCP is told to hold it back ... */
const MAX_WAITING_REQUESTS = 64;
/** ... where one with a data set counts for so many, since up to `DATA_HIGH_WATER_BYTES` of that wait with it. */
const WEIGHT_OF_DATA_SET = MAX_WAITING_REQUESTS / 2;

/** A request with what will follow it. */
export interface ReceivedRequest {
  readonly context: AcceptedContext;
  readonly message: DimseRequest;
  /** The data set in the context's transfer syntax as it arrives, each batch valid until the next is asked for. */
  readonly dataSet: BatchQueue | undefined;
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
  readonly #user: MessageReceiverUser;
  readonly #reader: MessageReader;
  readonly #holds = new Set<'data' | 'requests'>();
  readonly requests = new RequestQueue<ReceivedRequest>({
    highWater: MAX_WAITING_REQUESTS,
    weigh: ({ dataSet }) => (dataSet === undefined ? 1 : WEIGHT_OF_DATA_SET),
    onFull: () => this.#hold('requests'),
    onEmpty: () => this.#letGo('requests'),
  });
  #dataSet: BatchQueue | undefined;

  constructor(contexts: ReadonlyMap<number, AcceptedContext>, user: MessageReceiverUser) {
    this.#contexts = contexts;
    this.#user = user;
    this.#reader = new MessageReader({ isAccepted: (id) => contexts.has(id) });
  }

  /** Whether a message has begun and not ended. */
  get inMessage(): boolean {
    return this.#reader.inMessage;
  }

  /** Whether it is we who keep the peer from sending. */
  get isHolding(): boolean {
    return this.#holds.size > 0;
  }

  /** @throws {ProtocolError} */
  onFragment(fragment: PdvFragment): void {
    for (const part of this.#reader.feed(fragment)) this.#onPart(part);
  }

  /** No more will come: requests that wait are still handed out, unless there is an error. */
  end(error?: Error): void {
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
      if (hasDataSet) this.#dataSet = this.#newDataSet();
      this.requests.push({ context, message, dataSet: this.#dataSet });
    }
  }

  #newDataSet(): BatchQueue {
    return new BatchQueue({
      highWaterBytes: DATA_HIGH_WATER_BYTES,
      onFull: () => this.#hold('data'),
      onEmpty: () => this.#letGo('data'),
    });
  }

  #hold(reason: 'data' | 'requests'): void {
    this.#holds.add(reason);
    this.#user.pause();
  }

  #letGo(reason: 'data' | 'requests'): void {
    this.#holds.delete(reason);
    if (this.#holds.size === 0) this.#user.resume();
  }
}
