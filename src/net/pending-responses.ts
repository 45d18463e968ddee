/** Requests made and not yet answered, by message id (PS3.7 7.5.1), and their turns (PS3.7 D.3.3.3). */
import { type Deferred, deferred } from '../base/deferred.js';
import { ProtocolError, UsageError } from '../base/errors.js';
import { remove } from '../base/removal.js';
import { type Turn, Turns } from '../base/turns.js';
import { MessageIds, type Outstanding } from '../dimse/message-id.js';
import { type DimseRequest, type DimseResponse, responseTo } from '../dimse/messages.js';
import { describeStatus, formatStatus, STATUS } from '../dimse/status.js';
import type { PeerTimer } from './timeouts.js';

/** One of them. What can change is `PendingResponses`' to change. */
export interface Pending<Request extends DimseRequest = DimseRequest> {
  readonly request: Request;
  readonly presentationContextId: number;
  /** Of its response. */
  readonly type: DimseResponse['type'];
  readonly answer: Deferred<DimseResponse>;
  readonly turn: Turn;
  hasBegun: boolean;
  /** Whether the peer can have all of it. */
  isHandedOver: boolean;
  isAnswered: boolean;
  /** Whether it is sent to its last byte and not answered. */
  isOwed: boolean;
}

export class PendingResponses implements Outstanding {
  readonly #ids = new MessageIds();
  /** Mostly few, and answered in this order: a peer that answers tens of thousands the other way round has them looked for. */
  readonly #pending: Pending[] = [];
  #owed = 0;
  readonly #turns: Turns;
  readonly #timer: Pick<PeerTimer, 'start' | 'stop'>;

  /**
   * @param maxOperations may be outstanding
   * @param timer runs while a response is owed, anew from each that comes: the others may wait for it at the peer's
   */
  constructor(maxOperations: number, timer: Pick<PeerTimer, 'start' | 'stop'>) {
    this.#turns = new Turns(maxOperations);
    this.#timer = timer;
  }

  /**
   * Makes a request that is to be sent when its turn comes, with a message id that no other one has.
   * @throws {UsageError} if `make` gives it another
   */
  open<Request extends DimseRequest>(
    make: (messageId: number) => Request,
    presentationContextId: number,
  ): Pending<Request> {
    const messageId = this.#ids.next(this);
    const request = make(messageId);
    if (request.messageId !== messageId)
      throw new UsageError(`message id ${request.messageId} in a request that was given ${messageId}`);
    const pending = {
      request,
      presentationContextId,
      type: responseTo(request, STATUS.success).type,
      answer: deferred<DimseResponse>(),
      turn: this.#turns.enter(),
      hasBegun: false,
      isHandedOver: false,
      isAnswered: false,
      isOwed: false,
    };
    this.#pending.push(pending);
    return pending;
  }

  get size(): number {
    return this.#pending.length;
  }

  has(messageId: number): boolean {
    return this.#find(messageId) !== undefined;
  }

  /** The request is about to be sent. */
  begin(pending: Pending): void {
    pending.hasBegun = true;
  }

  /** The last byte of the request is about to be sent. */
  onHandedOver(pending: Pending): void {
    pending.isHandedOver = true;
  }

  /** The last byte of the request is sent. Its response may have come before that. */
  onSent(pending: Pending): void {
    if (pending.isAnswered) return;
    pending.isOwed = true;
    this.#owed++;
    if (this.#owed === 1) this.#timer.start();
  }

  close(pending: Pending): void {
    pending.turn.leave();
    remove(this.#pending, pending);
    if (!pending.isOwed) return;
    this.#settleDebt(pending);
    if (this.#owed === 0) this.#timer.stop();
  }

  /**
   * The next turn begins before anything is done about the response: the peer need not wait for that.
   * A provider may refuse what it has not read to its end, but cannot have carried it out.
   * @throws {ProtocolError} if no request with that id waits for such a response on that context
   */
  settle(response: DimseResponse, presentationContextId: number): void {
    const { type, messageIdBeingRespondedTo } = response;
    const pending = this.#find(messageIdBeingRespondedTo);
    const isExpected = pending?.hasBegun && !pending.isAnswered;
    if (!isExpected || pending.presentationContextId !== presentationContextId || pending.type !== type)
      throw new ProtocolError(
        'unexpected-pdu-parameter',
        `a ${type} to message ${messageIdBeingRespondedTo}, which is not waiting for one on that context`,
      );
    if (!pending.isHandedOver && describeStatus(response.status).category !== 'failure')
      throw new ProtocolError(
        'unexpected-pdu-parameter',
        `a ${type} with status ${formatStatus(response.status)} before all of message ${messageIdBeingRespondedTo} was sent`,
      );
    pending.isAnswered = true;
    this.#settleDebt(pending);
    if (this.#owed > 0) this.#timer.start();
    else this.#timer.stop();
    pending.answer.resolve(response);
    pending.turn.leave();
  }

  fail(error: Error): void {
    for (const pending of this.#pending) this.#settleDebt(pending);
    this.#timer.stop();
    this.#turns.fail(error);
    for (const { answer } of this.#pending) answer.reject(error);
  }

  #find(messageId: number): Pending | undefined {
    for (const pending of this.#pending) if (pending.request.messageId === messageId) return pending;
    return undefined;
  }

  #settleDebt(pending: Pending): void {
    if (!pending.isOwed) return;
    pending.isOwed = false;
    this.#owed--;
  }
}
