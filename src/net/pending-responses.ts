/** Requests made and not yet answered, by message id (PS3.7 7.5.1), and their turns (PS3.7 D.3.3.3). */
import { type Deferred, deferred } from '../base/deferred.js';
import { ProtocolError } from '../base/errors.js';
import { type Turn, Turns } from '../base/turns.js';
import { MessageIds } from '../dimse/message-id.js';
import { type DimseRequest, type DimseResponse, responseTo } from '../dimse/messages.js';
import { describeStatus, formatStatus, STATUS } from '../dimse/status.js';
import type { PeerTimer } from './timeouts.js';

interface Pending {
  readonly presentationContextId: number;
  readonly type: DimseResponse['type'];
  readonly answer: Deferred<DimseResponse>;
  readonly turn: Turn;
  hasBegun: boolean;
  /** Whether the peer can have all of it. */
  isHandedOver: boolean;
  isAnswered: boolean;
}

const NOT_SENT = { hasBegun: false, isHandedOver: false, isAnswered: false };

export class PendingResponses {
  readonly #ids = new MessageIds();
  readonly #pending = new Map<number, Pending>();
  /** Ids of the requests that are sent to their last byte and not answered. */
  readonly #owed = new Set<number>();
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

  /** Makes a request that is to be sent when its turn comes, with a message id that no other one has. */
  open<Request extends DimseRequest>(
    make: (messageId: number) => Request,
    presentationContextId: number,
  ): { readonly request: Request; readonly answer: Promise<DimseResponse>; readonly turn: Turn } {
    const request = make(this.#ids.next(this.#pending));
    const answer = deferred<DimseResponse>();
    const { type } = responseTo(request, STATUS.success);
    const turn = this.#turns.enter();
    this.#pending.set(request.messageId, { presentationContextId, type, answer, turn, ...NOT_SENT });
    return { request, answer: answer.promise, turn };
  }

  /** The request is about to be sent. */
  begin(messageId: number): void {
    const pending = this.#pending.get(messageId);
    if (pending !== undefined) pending.hasBegun = true;
  }

  /** The last byte of the request is about to be sent. */
  onHandedOver(messageId: number): void {
    const pending = this.#pending.get(messageId);
    if (pending !== undefined) pending.isHandedOver = true;
  }

  /** The last byte of the request is sent. Its response may have come before that. */
  onSent(messageId: number): void {
    if (this.#pending.get(messageId)?.isAnswered !== false) return;
    if (this.#owed.size === 0) this.#timer.start();
    this.#owed.add(messageId);
  }

  close(messageId: number): void {
    this.#pending.get(messageId)?.turn.leave();
    this.#pending.delete(messageId);
    if (this.#owed.delete(messageId) && this.#owed.size === 0) this.#timer.stop();
  }

  /**
   * The next turn begins before anything is done about the response: the peer need not wait for that.
   * A provider may refuse what it has not read to its end, but cannot have carried it out.
   * @throws {ProtocolError} if no request with that id waits for such a response on that context
   */
  settle(response: DimseResponse, presentationContextId: number): void {
    const { type, messageIdBeingRespondedTo } = response;
    const pending = this.#pending.get(messageIdBeingRespondedTo);
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
    this.#owed.delete(messageIdBeingRespondedTo);
    if (this.#owed.size > 0) this.#timer.start();
    else this.#timer.stop();
    pending.answer.resolve(response);
    pending.turn.leave();
  }

  fail(error: Error): void {
    this.#owed.clear();
    this.#timer.stop();
    this.#turns.fail(error);
    for (const { answer } of this.#pending.values()) answer.reject(error);
  }
}
