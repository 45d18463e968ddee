/** Requests made and not yet answered, by message id (PS3.7 7.5.1), and their turns (PS3.7 D.3.3.3). */
import { deferred } from '../base/deferred.js';
import { ProtocolError, UsageError } from '../base/errors.js';
import { remove } from '../base/removal.js';
import { type Turn, Turns } from '../base/turns.js';
import { MessageIds, type Outstanding } from '../dimse/message-id.js';
import { type DimseRequest, type DimseResponse, responseTo } from '../dimse/messages.js';
import { describeStatus, formatStatus, STATUS } from '../dimse/status.js';
import type { PeerTimer } from './timeouts.js';

/** Responses that the peer owes, by their number: a request owes one from its last byte sent until it is answered. */
class Owed {
  #count = 0;
  readonly #timer: Pick<PeerTimer, 'start' | 'stop'>;

  /** @param timer runs while one is owed, anew from each that comes: the others may wait for it at the peer's */
  constructor(timer: Pick<PeerTimer, 'start' | 'stop'>) {
    this.#timer = timer;
  }

  add(): void {
    this.#count++;
    if (this.#count === 1) this.#timer.start();
  }

  /** One came. @param wasOwed it may also come before its request is sent to its last byte */
  onAnswer(wasOwed: boolean): void {
    if (wasOwed) this.#count--;
    if (this.#count > 0) this.#timer.start();
    else this.#timer.stop();
  }

  /** Nobody waits for it any more. */
  forget(): void {
    this.#count--;
    if (this.#count === 0) this.#timer.stop();
  }
}

/** A request made and not yet closed. */
export class PendingResponse<Request extends DimseRequest = DimseRequest> {
  readonly request: Request;
  readonly presentationContextId: number;
  readonly turn: Turn;
  /** Of its response. */
  readonly #type: DimseResponse['type'];
  readonly #answer = deferred<DimseResponse>();
  readonly #owed: Owed;
  #hasBegun = false;
  #isHandedOver = false;
  #isAnswered = false;
  #isOwed = false;

  constructor(request: Request, presentationContextId: number, { turn, owed }: { turn: Turn; owed: Owed }) {
    this.request = request;
    this.presentationContextId = presentationContextId;
    this.turn = turn;
    this.#type = responseTo(request, STATUS.success).type;
    this.#owed = owed;
  }

  get answer(): Promise<DimseResponse> {
    return this.#answer.promise;
  }

  /** It is about to be sent. */
  begin(): void {
    this.#hasBegun = true;
  }

  /** Its last byte is about to be sent: from now on the peer can have all of it. */
  onHandedOver(): void {
    this.#isHandedOver = true;
  }

  /** Its last byte is sent. Its response may have come before that. */
  onSent(): void {
    if (this.#isAnswered) return;
    this.#isOwed = true;
    this.#owed.add();
  }

  /** Whether this may be a response to it. */
  awaits({ type }: DimseResponse, presentationContextId: number): boolean {
    const isAwaiting = this.#hasBegun && !this.#isAnswered;
    return isAwaiting && this.#type === type && this.presentationContextId === presentationContextId;
  }

  /** A provider may refuse what it has not read to its end, but cannot have carried it out. @throws {ProtocolError} */
  settle(response: DimseResponse): void {
    const { status, type } = response;
    if (!this.#isHandedOver && describeStatus(status).category !== 'failure')
      throw new ProtocolError(
        'unexpected-pdu-parameter',
        `a ${type} with status ${formatStatus(status)} before all of message ${this.request.messageId} was sent`,
      );
    this.#isAnswered = true;
    const wasOwed = this.#isOwed;
    this.#isOwed = false;
    this.#owed.onAnswer(wasOwed);
    this.#answer.resolve(response);
    this.turn.leave();
  }

  fail(error: Error): void {
    this.forget();
    this.#answer.reject(error);
  }

  /** The peer owes it nothing any more. */
  forget(): void {
    if (!this.#isOwed) return;
    this.#isOwed = false;
    this.#owed.forget();
  }
}

export class PendingResponses implements Outstanding {
  readonly #ids = new MessageIds();
  /** Mostly few, and answered in this order: a peer that answers tens of thousands the other way round has them looked for. */
  readonly #pending: PendingResponse[] = [];
  readonly #turns: Turns;
  readonly #owed: Owed;

  /**
   * @param maxOperations may be outstanding
   * @param timer runs while a response is owed
   */
  constructor(maxOperations: number, timer: Pick<PeerTimer, 'start' | 'stop'>) {
    this.#turns = new Turns(maxOperations);
    this.#owed = new Owed(timer);
  }

  /**
   * Makes a request that is to be sent when its turn comes, with a message id that no other one has. To be closed.
   * @throws {UsageError} if `make` gives it another
   */
  open<Request extends DimseRequest>(
    make: (messageId: number) => Request,
    presentationContextId: number,
  ): PendingResponse<Request> {
    const messageId = this.#ids.next(this);
    const request = make(messageId);
    if (request.messageId !== messageId)
      throw new UsageError(`message id ${request.messageId} in a request that was given ${messageId}`);
    const pending = new PendingResponse(request, presentationContextId, {
      turn: this.#turns.enter(),
      owed: this.#owed,
    });
    this.#pending.push(pending);
    return pending;
  }

  get size(): number {
    return this.#pending.length;
  }

  has(messageId: number): boolean {
    return this.#find(messageId) !== undefined;
  }

  close(pending: PendingResponse): void {
    pending.turn.leave();
    pending.forget();
    remove(this.#pending, pending);
  }

  /**
   * The next turn begins before anything is done about the response: the peer need not wait for that.
   * @throws {ProtocolError} if no request with that id waits for such a response on that context
   */
  settle(response: DimseResponse, presentationContextId: number): void {
    const { type, messageIdBeingRespondedTo } = response;
    const pending = this.#find(messageIdBeingRespondedTo);
    if (!pending?.awaits(response, presentationContextId))
      throw new ProtocolError(
        'unexpected-pdu-parameter',
        `a ${type} to message ${messageIdBeingRespondedTo}, which is not waiting for one on that context`,
      );
    pending.settle(response);
  }

  fail(error: Error): void {
    this.#turns.fail(error);
    for (const pending of this.#pending) pending.fail(error);
  }

  #find(messageId: number): PendingResponse | undefined {
    for (const pending of this.#pending) if (pending.request.messageId === messageId) return pending;
    return undefined;
  }
}
