/** Opens associations (PS3.8 7.1): connect, propose, take the answer. */

import { acceptedContexts, agreedWindow } from '../acse/negotiate.js';
import { associateRq, proposeContexts, type WantedContext } from '../acse/propose.js';
import { assertConfirmed, type RequestedUserIdentity, userIdentityItem } from '../acse/user-identity.js';
import { deferred } from '../base/deferred.js';
import {
  ABORT_REASONS,
  AssociationRejected,
  ProtocolError,
  TimeoutError,
  TransportError,
  toError,
} from '../base/errors.js';
import { MAX_TOLERATED_UID_LENGTH, parseAeTitle, parseUid } from '../base/identifiers.js';
import { encodePdu } from '../pdu/codec.js';
import { MIN_MAXIMUM_LENGTH } from '../pdu/p-data-block.js';
import type { AssociateAc, AssociateRj, AssociateRq, AsynchronousOperationsWindow } from '../pdu/types.js';
import type { AbortIndication, Indication } from '../ul/events.js';
import { abortedError } from './aborted-error.js';
import { Association } from './association.js';
import type { AssociationHandle } from './association-handle.js';
import { DEFAULT_MAX_PDU_LENGTH } from './establishment.js';
import { serveRequests } from './operations-performed.js';
import { checkOptions } from './options.js';
import { abortReason, checkSignals, throwIfAborted, whenAborted } from './signals.js';
import { artimMs, HANG_UP_MS, type Timeouts, Wait, withDefaults } from './timeouts.js';
import type { RequestorTls } from './tls-options.js';
import { type AssociationTrace, nextAssociationId, type TraceFunction, tellTrace } from './trace.js';
import { connect, formatAddress, type Transport } from './transport.js';
import { UpperLayer, type UpperLayerUser } from './upper-layer.js';

/** Whom to call, as whom, and how long to wait. */
export interface Peer extends Partial<Timeouts> {
  readonly host: string;
  /** 1 to 65,535. */
  readonly port: number;
  /** Default `ANY-SCP`. */
  readonly calledAeTitle?: string | undefined;
  /** Default `NETDICOM`. */
  readonly callingAeTitle?: string | undefined;
  /** Longest P-DATA-TF variable field we take, in bytes, 8 or more; 0 is no limit. Default 16,384. */
  readonly maxPduLength?: number | undefined;
  /**
   * Most requests to have outstanding, 1 to 65,535: with more than 1, an asynchronous operations window is proposed
   * (PS3.7 D.3.3.3); see `maxOperationsInvoked` of the association for what the peer grants. Default 1.
   */
  readonly maxOperationsInvoked?: number | undefined;
  /** Who asks (PS3.7 D.3.3.7). It goes over the network as it is: whoever can read it there can use it. */
  readonly userIdentity?: RequestedUserIdentity | undefined;
  /** Protects the connection with TLS (PS3.15 B.12, B.13). Default: plain TCP. */
  readonly tls?: RequestorTls | undefined;
  /** Ends whatever is under way by A-ABORT, which then rejects with the reason, if that is an `Error`. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Is told of all that happens on the association, at once and in order. Must not throw: what it throws surfaces as
   * an uncaught exception after the protocol step.
   */
  readonly trace?: TraceFunction | undefined;
}

export interface AssociationRequest extends Peer {
  /** At most 128 after merging equal ones. */
  readonly contexts: readonly WantedContext[];
}

/**
 * Requests an association. It may come back with no context accepted: that is for the caller to judge.
 * @throws {TransportError | TimeoutError} no connection, or no answer
 * @throws {AssociationRejected | AssociationAborted | ProtocolError} an answer that is none, or a no
 * @throws {IdentityNotConfirmed} no answer, or none that will do, to a user identity that one was requested for
 * @throws {CertificateError} a key, certificate or revocation list that cannot be used
 * @throws {UsageError | InvalidIdentifier} an option out of range, an AE title or a UID that is none; nothing was sent
 * @throws the reason of a signal that is aborted, now or later, if it is an `Error`; else {AssociationAborted} by `local`
 */
export async function requestAssociation(options: AssociationRequest): Promise<AssociationHandle> {
  checkOptions(options, 1);
  checkSignals({ signal: options.signal });
  const contexts = proposeContexts(options.contexts.map(checkedContext));
  throwIfAborted(options.signal);
  const request = associateRq({
    calledAeTitle: parseAeTitle(options.calledAeTitle ?? 'ANY-SCP'),
    callingAeTitle: parseAeTitle(options.callingAeTitle ?? 'NETDICOM'),
    contexts,
    maxPduLength: options.maxPduLength ?? DEFAULT_MAX_PDU_LENGTH,
    asynchronousOperationsWindow: proposedWindow(options.maxOperationsInvoked),
    userIdentity: options.userIdentity && userIdentityItem(options.userIdentity),
  });
  // What cannot be sent is told before anything is.
  encodePdu(request);
  const association = await new Requesting(request, options).association;
  // A peer may send requests of its own (N-EVENT-REPORT); they are answered, if only with "unrecognized operation".
  void serveRequests(association, []);
  return association;
}

/** Without a window, the usual one operation at a time, nothing is proposed: some peers do not take the item well. */
function proposedWindow(maximumInvoked = 1): AsynchronousOperationsWindow | undefined {
  return maximumInvoked > 1 ? { maximumInvoked, maximumPerformed: 1 } : undefined;
}

/** @throws {InvalidIdentifier} */
function checkedContext({ abstractSyntax, transferSyntaxes }: WantedContext): WantedContext {
  const checked = (uid: string) => parseUid(uid, MAX_TOLERATED_UID_LENGTH);
  return { abstractSyntax: checked(abstractSyntax), transferSyntaxes: transferSyntaxes.map(checked) };
}

/** The requestor's side until the answer has come; from then on everything goes to the association. */
class Requesting implements UpperLayerUser {
  readonly #id = nextAssociationId();
  readonly #request: AssociateRq;
  readonly #options: AssociationRequest;
  readonly #timeouts: Timeouts;
  readonly #remote: string;
  readonly #upperLayer: UpperLayer;
  readonly #made = deferred<Association>();
  readonly #leaveSignal: () => void;
  readonly #answerWait: Wait;
  #user: Association | undefined;

  constructor(request: AssociateRq, options: AssociationRequest) {
    this.#request = request;
    this.#options = options;
    this.#timeouts = withDefaults(options);
    this.#remote = formatAddress(options.host, options.port);
    const ms = this.#timeouts.acseTimeoutMs;
    const what = `answer to the association request from ${this.#remote}`;
    this.#answerWait = new Wait(ms, () => this.#fail(new TimeoutError('acse', ms, what)));
    this.#trace({ type: 'requesting', host: options.host, port: options.port });
    this.#upperLayer = UpperLayer.request(request, (signal) => this.#open(signal), {
      user: this,
      maxPduLength: options.maxPduLength ?? DEFAULT_MAX_PDU_LENGTH,
      // A requestor's ARTIM only waits for an aborted peer to hang up, which nobody who called it wants to wait for.
      artimMs: Math.min(artimMs(this.#timeouts), HANG_UP_MS),
    });
    // Whoever was told of the request may have aborted it since.
    this.#leaveSignal = whenAborted(options.signal, () => this.#fail(abortReason(options.signal)));
  }

  get association(): Promise<Association> {
    return this.#made.promise;
  }

  onIndication(indication: Indication): void {
    if (this.#user !== undefined) this.#user.onIndication(indication);
    else if (indication.type === 'associate-confirmation') this.#onAnswer(indication.response);
    else if (indication.type === 'abort-indication') this.#settle(this.#refusal(indication));
  }

  onRead(): void {
    this.#user?.onRead();
  }

  onSilence(): void {
    this.#user?.onSilence();
  }

  onClosed(): void {
    this.#leaveSignal();
    this.#settle(new TransportError(`connection to ${this.#remote} closed`));
    this.#user?.onClosed();
  }

  async #open(signal: AbortSignal): Promise<Transport> {
    const { host, port, tls } = this.#options;
    const { connectionTimeoutMs: timeoutMs, networkTimeoutMs: handshakeMs } = this.#timeouts;
    const transport = await connect({ host, port, tls, timeoutMs, handshakeMs, signal });
    if (transport.session !== undefined) this.#trace({ type: 'secured', session: transport.session });
    this.#answerWait.start();
    this.#trace({ type: 'associate-rq', direction: 'outgoing', pdu: this.#request });
    return transport;
  }

  #onAnswer(response: AssociateAc | AssociateRj): void {
    if (response.type === 'A-ASSOCIATE-RJ') {
      this.#trace({ type: 'associate-rj', direction: 'incoming', pdu: response });
      this.#settle(new AssociationRejected(response));
      return;
    }
    this.#trace({ type: 'associate-ac', direction: 'incoming', pdu: response });
    // Whoever was told of it may have aborted.
    if (this.#options.signal?.aborted === true) return;
    const { maximumLength } = response.userInformation;
    if (maximumLength !== undefined && maximumLength > 0 && maximumLength < MIN_MAXIMUM_LENGTH) {
      this.#fail(
        new ProtocolError('invalid-pdu-parameter-value', `the peer takes PDUs of ${maximumLength} bytes: too few`),
      );
      return;
    }
    try {
      assertConfirmed(this.#options.userIdentity, response.userInformation.userIdentityResponse);
    } catch (error) {
      this.#fail(toError(error));
      return;
    }
    const window = agreedWindow(this.#request, response);
    this.#user = new Association({
      id: this.#id,
      remote: this.#remote,
      upperLayer: this.#upperLayer,
      callingAeTitle: this.#request.callingAeTitle,
      calledAeTitle: this.#request.calledAeTitle,
      contexts: acceptedContexts(this.#request, response),
      maximumLength,
      maxOperationsInvoked: window.maximumInvoked,
      maxOperationsPerformed: window.maximumPerformed,
      timeouts: this.#timeouts,
      abortsWhenIdle: false,
      trace: (event) => this.#trace(event),
    });
    this.#settle(this.#user);
  }

  #refusal(indication: AbortIndication): Error {
    if (indication.by !== 'transport') return abortedError(indication);
    // TLS 1.3 is done for us before the peer has looked at our certificate.
    const hint = this.#options.tls === undefined ? '' : '; does it accept our certificate?';
    return indication.error ?? new TransportError(`${this.#remote} closed the connection without an answer${hint}`);
  }

  #fail(error: Error): void {
    if (this.#user !== undefined) {
      this.#user.fail(error);
      return;
    }
    const isPeersFault = error instanceof ProtocolError;
    this.#settle(error);
    this.#upperLayer.advance({
      type: 'abort-request',
      source: isPeersFault ? 2 : 0,
      reason: isPeersFault ? ABORT_REASONS[error.reason] : 0,
    });
  }

  #settle(outcome: Association | Error): void {
    this.#answerWait.stop();
    if (outcome instanceof Error) this.#made.reject(outcome);
    else this.#made.resolve(outcome);
  }

  #trace(event: AssociationTrace['event']): void {
    tellTrace(this.#options.trace, { id: this.#id, remote: this.#remote, event });
  }
}
