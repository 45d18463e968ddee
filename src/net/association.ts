/** An association as both roles use it: requests and responses both ways, release and abort (PS3.7, PS3.8 7). */
import { setMaxListeners } from 'node:events';
import type { AcceptedContext } from '../acse/negotiate.js';
import { deferred } from '../base/deferred.js';
import {
  ABORT_REASONS,
  AssociationAborted,
  ProtocolError,
  TimeoutError,
  TransportError,
  UsageError,
} from '../base/errors.js';
import { type DimseMessage, type DimseRequest, type DimseResponse, isRequest } from '../dimse/messages.js';
import type { PdvFragment } from '../pdu/pdu-reader.js';
import type { Indication } from '../ul/events.js';
import { abortedError, releasedError } from './aborted-error.js';
import type { Answered } from './answered.js';
import type { AssociationHandle } from './association-handle.js';
import type { Establishment } from './establishment.js';
import { answeredNow, MessageReceiver, type ReceivedRequest } from './message-receiver.js';
import { MessageCutShort, MessageSender, type SendOptions } from './message-sender.js';
import { type Exchange, OperationsInvoked } from './operations-invoked.js';
import { PeerWatch } from './peer-watch.js';
import type { RequestQueue } from './request-queue.js';
import { PeerTimer, Wait } from './timeouts.js';
import { unlessLost } from './unless-lost.js';
import type { UpperLayerUser } from './upper-layer.js';

/** An established association: its user's side is described in `AssociationHandle`. */
export class Association implements AssociationHandle, UpperLayerUser {
  readonly id: number;
  readonly remote: string;
  readonly callingAeTitle: string;
  readonly calledAeTitle: string;
  readonly user: string | undefined;
  readonly maxOperationsInvoked: number;
  /** Most requests of the peer to work on at a time, as negotiated (PS3.7 D.3.3.3). */
  readonly maxOperationsPerformed: number;
  readonly #made: Establishment;
  readonly #sender: MessageSender;
  readonly #receiver: MessageReceiver;
  readonly #invoked: OperationsInvoked;
  readonly #watch: PeerWatch;
  readonly #closed = deferred();
  readonly #released = deferred();
  readonly #lost = new AbortController();
  /** Our own request for release, once there is one. */
  #releasing: Promise<void> | undefined;
  #peerReleases = false;
  /** Once it has ended; without `error` it was released. */
  #ending: { readonly error: Error | undefined } | undefined;
  /** Requests of the peer that are answered, of those handed out. */
  #answered = 0;

  constructor(made: Establishment) {
    const { upperLayer, contexts } = made;
    this.#made = made;
    this.id = made.id;
    this.remote = made.remote;
    this.callingAeTitle = made.callingAeTitle;
    this.calledAeTitle = made.calledAeTitle;
    this.user = made.user;
    this.maxOperationsInvoked = made.maxOperationsInvoked;
    this.maxOperationsPerformed = made.maxOperationsPerformed;
    this.#invoked = new OperationsInvoked(
      { maxOperations: made.maxOperationsInvoked, responseTimer: this.#dimseTimer('response') },
      {
        signal: this.signal,
        assertAnswerable: () => this.#assertAnswerable(),
        send: (request, exchange, options) => this.#send(request, exchange, options),
        onAnswered: (answered) => this.#tellAnswered('outgoing', answered),
      },
    );
    this.#sender = new MessageSender(made.maximumLength, (pdus) => upperLayer.sendData(pdus));
    this.#receiver = new MessageReceiver(contexts, this.#dimseTimer('rest of a message'), {
      onCommand: (message, context, hasDataSet) =>
        made.trace({ type: 'message', direction: 'incoming', message, context, hasDataSet }),
      onResponse: (response, context) => this.#invoked.settle(response, context.id),
      pause: () => upperLayer.pause(),
      resume: () => {
        upperLayer.resume();
        this.#watch.restart();
      },
    });
    // Every operation may listen to it, and as many are under way as were negotiated.
    setMaxListeners(0, this.#lost.signal);
    this.#watch = new PeerWatch(made.timeouts.networkTimeoutMs, {
      remote: this.remote,
      connection: upperLayer,
      receiver: this.#receiver,
      sender: this.#sender,
      isUnused: () => made.abortsWhenIdle && !this.isBusy,
      onTimeout: (error) => this.fail(error),
    });
  }

  get contexts(): readonly AcceptedContext[] {
    return [...this.#made.contexts.values()];
  }

  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  get failure(): Error | undefined {
    return this.#ending?.error;
  }

  /** Whether it has been released or aborted; the connection may still be closing. */
  get hasEnded(): boolean {
    return this.#ending !== undefined;
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Whether a request of the peer is being received or worked on. */
  get isBusy(): boolean {
    if (this.#ending !== undefined) return false;
    return this.requests.handedOut > this.#answered || this.requests.length > 0 || this.#receiver.inMessage;
  }

  request(make: (messageId: number) => DimseRequest, exchange: Exchange): Promise<DimseResponse> {
    return this.#invoked.invoke(make, exchange);
  }

  /** The peer's requests in order, until it asks for release or the association ends. Each is to be answered. */
  get requests(): RequestQueue<ReceivedRequest> {
    return this.#receiver.requests;
  }

  /** Answers a request. What is left of its data set is read and thrown away first. */
  async respond(request: ReceivedRequest, response: DimseResponse): Promise<void> {
    // A reader that has not come back by now has its batch for as long as it likes.
    request.dataSet?.discard();
    if (request.dataSet?.isRead === false) await request.dataSet.drained();
    // Once we have asked for release, nothing but its answer may go out (PS3.8 Sta7).
    if (this.#releasing === undefined) {
      await this.#send(response, { presentationContextId: request.context.id }, { onTurn: () => undefined });
      this.#tellAnswered('incoming', answeredNow(request, response));
    }
    this.#answered++;
  }

  release(): Promise<void> {
    if (this.#releasing === undefined) {
      // Whoever is told of it may call again.
      const releasing = deferred();
      this.#releasing = releasing.promise;
      this.#release().then(releasing.resolve, releasing.reject);
    }
    return this.#releasing;
  }

  /** Agrees to the release that ended `requests`, after what is being sent; resolves when the connection is closed. */
  async answerRelease(): Promise<void> {
    await unlessLost(this.#sender.idle(), this.signal);
    if (this.#ending === undefined) {
      this.#made.upperLayer.advance({ type: 'release-response' });
      this.#onReleased();
    }
    await this.closed;
  }

  async abort(): Promise<void> {
    this.fail(new AssociationAborted({ by: 'local', source: 0, reason: 0 }));
    await this.closed;
  }

  /** Aborts as service user because of `error` on our side, which is what everything under way then rejects with. */
  fail(error: Error): void {
    this.#abort(error, 0, 0);
  }

  /** Tells the trace that a request will be answered with a failure, and why. */
  reportFailure(request: DimseRequest, status: number, error: Error): void {
    this.#made.trace({ type: 'request-failed', request, status, error });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ending === undefined) await this.release();
  }

  onIndication(indication: Indication): void {
    switch (indication.type) {
      case 'data':
        this.#onFragment(indication.fragment);
        return;
      case 'release-indication':
        this.#onReleaseIndication(indication.awaitsResponse);
        return;
      case 'release-confirmation':
        if (indication.awaitsResponse) this.#receiver.end();
        else this.#onReleased();
        return;
      case 'abort-indication':
        this.#end(abortedError(indication), indication.by);
        return;
      case 'associate-indication':
      case 'associate-confirmation':
        return;
      default:
        indication satisfies never;
    }
  }

  /** What may go out, now that responses are there, does so before anything is done about them. */
  onRead(): void {
    this.#sender.flush();
  }

  onSilence(): void {
    this.#watch.onSilence();
  }

  onClosed(): void {
    this.#closed.resolve();
  }

  async #release(): Promise<void> {
    if (this.#ending === undefined) this.#made.trace({ type: 'releasing' });
    await unlessLost(this.#sender.idle(), this.signal);
    if (this.#ending === undefined && !this.#peerReleases) this.#made.upperLayer.advance({ type: 'release-request' });
    const ms = this.#made.timeouts.acseTimeoutMs;
    const what = `answer to the release from ${this.remote}`;
    const wait = new Wait(ms, () => this.fail(new TimeoutError('acse', ms, what)));
    wait.start();
    try {
      await this.#released.promise;
      await this.closed;
    } finally {
      wait.stop();
    }
  }

  /** No request of ours is answered once we have asked for release, or the peer has: it waits for our agreement alone. */
  #assertAnswerable(): void {
    if (this.#ending !== undefined || this.#releasing !== undefined || this.#peerReleases)
      throw this.failure ?? this.#releasedError();
  }

  async #send(
    message: DimseMessage,
    to: Pick<Exchange, 'presentationContextId' | 'dataSet'>,
    { turn, onTurn, onHandedOver }: SendOptions,
  ): Promise<number> {
    const { presentationContextId, dataSet } = to;
    const context = this.#made.contexts.get(presentationContextId);
    if (context === undefined) throw new UsageError(`presentation context ${presentationContextId} was not accepted`);
    const tellTurn = () => {
      // It may have asked for release in the chunk that made this turn come: it answers no more requests, but takes what we owe it
      // (PS3.8 Sta8).
      const isTooLate = this.#ending !== undefined || (this.#peerReleases && isRequest(message));
      if (isTooLate) throw this.failure ?? this.#releasedError();
      onTurn();
      this.#made.trace({ type: 'message', direction: 'outgoing', message, context, hasDataSet: dataSet !== undefined });
    };
    try {
      const options = { turn, onTurn: tellTurn, onHandedOver };
      return await this.#sender.send(message, { presentationContextId, dataSet }, options);
    } catch (error) {
      if (!(error instanceof MessageCutShort)) throw error;
      const { cause } = error;
      // A write that fails has lost the connection, which ends the association in a moment.
      if (cause instanceof TransportError) await this.closed;
      this.fail(cause);
      throw this.failure ?? cause;
    }
  }

  #tellAnswered(direction: 'incoming' | 'outgoing', answered: Answered): void {
    const { request, response, presentationContextId, dataSetBytes, ms } = answered;
    const context = this.#made.contexts.get(presentationContextId);
    if (context !== undefined)
      this.#made.trace({ type: 'answered', direction, context, request, response, dataSetBytes, ms });
  }

  #onFragment(fragment: PdvFragment): void {
    if (this.#ending !== undefined) return;
    try {
      this.#receiver.onFragment(fragment);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#failByProtocol(error);
    }
  }

  #onReleaseIndication(awaitsResponse: boolean): void {
    if (this.#receiver.inMessage)
      this.#failByProtocol(new ProtocolError('unexpected-pdu', 'release was requested in the middle of a message'));
    // What came before is answered first (PS3.8 Sta8 still sends data); then `requests` ends and we agree.
    else if (awaitsResponse) {
      this.#peerReleases = true;
      this.#receiver.end();
    }
  }

  #onReleased(): void {
    if (this.#ending !== undefined) return;
    this.#end(undefined, 'local');
    this.#made.trace({ type: 'released' });
  }

  /** Aborts as service provider because of something on the peer's side (PS3.8 9.3.8). */
  #failByProtocol(error: ProtocolError): void {
    this.#abort(error, 2, ABORT_REASONS[error.reason]);
  }

  #abort(error: Error, source: 0 | 2, reason: number): void {
    if (this.#ending === undefined) {
      this.#made.trace({ type: 'aborting', source, reason });
      this.#end(error, 'local');
    }
    // Also in a release collision (PS3.8 Sta11): both want to end, and only the peer's agreement is missing.
    this.#made.upperLayer.advance({ type: 'abort-request', source, reason });
  }

  #end(error: Error | undefined, by: AssociationAborted['by']): void {
    if (this.#ending !== undefined) return;
    this.#ending = { error };
    this.#watch.end();
    // Reading goes on, so that the peer's close is seen.
    this.#receiver.end(error);
    this.#invoked.fail(error ?? this.#releasedError());
    if (error === undefined) {
      this.#released.resolve();
      return;
    }
    this.#released.reject(error);
    this.#sender.fail(error);
    this.#lost.abort(error);
    this.#made.trace({ type: 'aborted', by, error });
  }

  #dimseTimer(waitingFor: string): PeerTimer {
    const ms = this.#made.timeouts.dimseTimeoutMs;
    return new PeerTimer({
      ms,
      isHolding: () => this.#receiver.isHolding,
      onTimeout: () => this.fail(new TimeoutError('dimse', ms, `${waitingFor} from ${this.remote}`)),
    });
  }

  #releasedError(): Error {
    return releasedError(this.#releasing === undefined ? 'peer' : 'local');
  }
}
