/** One connection to a server, from its first byte to its last (PS3.8 7.1). */
import { acceptance, acceptedContexts, agreedWindow, USER_NOT_CHECKED } from '../acse/negotiate.js';
import { deferred } from '../base/deferred.js';
import { rejectionInWords, TransportError } from '../base/errors.js';
import { encodePdu } from '../pdu/codec.js';
import type { AssociateAc, AssociateRj, AssociateRq } from '../pdu/types.js';
import type { Indication } from '../ul/events.js';
import { abortedError } from './aborted-error.js';
import type { Admission, Origin, Refusal } from './admission.js';
import { Association } from './association.js';
import { type Admitted, type Authenticate, Authentication } from './authentication.js';
import { DEFAULT_MAX_PDU_LENGTH } from './establishment.js';
import { OperationsPerformed } from './operations-performed.js';
import type { ServeOptions } from './serve-options.js';
import { artimMs, type Timeouts } from './timeouts.js';
import { type AssociationEvent, nextAssociationId, tellTrace } from './trace.js';
import type { Connection } from './transport.js';
import { UpperLayer, type UpperLayerUser } from './upper-layer.js';

/** What a connection knows of its server. */
export interface Surroundings {
  readonly options: ServeOptions;
  readonly timeouts: Timeouts;
  readonly admission: Admission;
  /** Where all connections come from that hold a place. */
  places(): readonly Origin[];
  shouldStop(): boolean;
}

/** One connection: the acceptor's side until it has answered; from then on everything goes to the association. */
export class Accepting implements UpperLayerUser {
  readonly origin: Origin;
  readonly #id = nextAssociationId();
  readonly #remote: string;
  readonly #around: Surroundings;
  readonly #upperLayer: UpperLayer;
  readonly #transport: Connection;
  readonly #closed = deferred();
  /** In Sta3, where the peer is to wait for our answer (PS3.8 Table 9-3). */
  #authentication: Authentication | undefined;
  readonly #begun = performance.now();
  #association: Association | undefined;
  #operations: OperationsPerformed | undefined;
  #served: Promise<void> = Promise.resolve();
  #isStopped = false;
  #hasRequest = false;
  #isConnected = true;
  #fault: Error | undefined;

  constructor(transport: Connection, around: Surroundings) {
    this.#transport = transport;
    this.#remote = transport.remote;
    this.#around = around;
    this.origin = around.admission.originOf(this.#remote);
    if (transport.session !== undefined) this.#trace({ type: 'secured', session: transport.session });
    this.#upperLayer = UpperLayer.accept(transport, {
      user: this,
      maxPduLength: this.#maxPduLength,
      artimMs: artimMs(around.timeouts),
    });
  }

  /** Settles when the connection is gone and the last provider has finished with it. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /**
   * Whether it counts as an association: from when its user is looked at to its end, not until the peer hangs up; but as long
   * as a provider works on what an association has left, which holds its memory.
   */
  get holdsPlace(): boolean {
    if (this.#authentication !== undefined || this.#association?.hasEnded === false) return true;
    return this.#operations?.isAtWork === true;
  }

  get ageMs(): number {
    return performance.now() - this.#begun;
  }

  /** Whether its socket is open still, whatever a provider may have left to do. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  get isBusy(): boolean {
    return this.#association?.isBusy ?? false;
  }

  /** Aborts; when called again, does not wait for the peer to hang up. */
  stop(): void {
    this.#cancelAuthentication();
    if (this.#association === undefined || this.#isStopped) this.#transport.close();
    else void this.#association.abort();
    this.#isStopped = true;
  }

  /** Hangs up at once, for newer connections. */
  makeWay(): void {
    this.#isConnected = false;
    this.#fault = new TransportError('closed to make way for newer connections');
    this.#transport.close();
  }

  onIndication(indication: Indication): void {
    if (this.#association !== undefined) this.#association.onIndication(indication);
    else if (indication.type === 'associate-indication') this.#onRequest(indication.request);
    else if (indication.type === 'abort-indication') {
      this.#cancelAuthentication();
      this.#trace({ type: 'aborted', by: indication.by, error: abortedError(indication) });
    }
  }

  onRead(): void {
    this.#association?.onRead();
  }

  onSilence(): void {
    this.#association?.onSilence();
  }

  onFault(error: Error): void {
    this.#fault = error;
  }

  /** Before anybody here has seen the request. */
  onVersionRejected(request: AssociateRq, pdu: AssociateRj): void {
    this.#hasRequest = true;
    this.#trace({ type: 'associate-rq', direction: 'incoming', pdu: request });
    this.#traceRejection(request, { pdu, why: rejectionInWords(pdu).reason });
  }

  onClosed(): void {
    this.#isConnected = false;
    if (!this.#hasRequest) this.#trace({ type: 'no-request', error: this.#fault });
    this.#association?.onClosed();
    void this.#served.then(() => this.#closed.resolve());
  }

  get #maxPduLength(): number {
    return this.#around.options.maxPduLength ?? DEFAULT_MAX_PDU_LENGTH;
  }

  #onRequest(request: AssociateRq): void {
    this.#hasRequest = true;
    this.#trace({ type: 'associate-rq', direction: 'incoming', pdu: request });
    const { admission, options, places } = this.#around;
    const refusal = admission.refusal(request, this.origin, places());
    if (refusal !== undefined) this.#reject(request, refusal);
    else if (options.authenticate === undefined) this.#accept(request, this.#acceptance(request));
    else void this.#authenticate(request, options.authenticate);
  }

  /** Whatever the peer does meanwhile but wait ends the association (PS3.8 Table 9-10, Sta3), and the question with it. */
  async #authenticate(request: AssociateRq, authenticate: Authenticate): Promise<void> {
    const limits = { remote: this.#remote, ms: artimMs(this.#around.timeouts) };
    const authentication = new Authentication(authenticate, request, limits);
    this.#authentication = authentication;
    const outcome = await authentication.outcome;
    if (outcome === undefined || this.#authentication !== authentication) return;
    this.#authentication = undefined;
    this.#upperLayer.guard(() => {
      if ('pdu' in outcome) this.#reject(request, outcome);
      else this.#admit(request, outcome);
    });
  }

  #cancelAuthentication(): void {
    this.#authentication?.cancel();
    this.#authentication = undefined;
  }

  #admit(request: AssociateRq, { user, serverResponse }: Admitted): void {
    const response = this.#acceptance(request, serverResponse);
    try {
      // A server response may be too long for what else is to be answered.
      encodePdu(response);
    } catch (error) {
      this.#reject(request, notAnswerable(error));
      return;
    }
    this.#accept(request, response, user);
  }

  #reject(request: AssociateRq, refusal: Refusal): void {
    this.#upperLayer.advance({ type: 'associate-reject', response: refusal.pdu });
    this.#traceRejection(request, refusal);
  }

  #traceRejection(request: AssociateRq, { pdu, why }: Refusal): void {
    this.#trace({ type: 'associate-rj', direction: 'outgoing', pdu, request, why });
  }

  #accept(request: AssociateRq, response: AssociateAc, user?: string): void {
    this.#upperLayer.advance({ type: 'associate-accept', response });
    this.#trace({ type: 'associate-ac', direction: 'outgoing', pdu: response });
    const window = agreedWindow(request, response);
    this.#association = new Association({
      id: this.#id,
      remote: this.#remote,
      upperLayer: this.#upperLayer,
      user,
      callingAeTitle: request.callingAeTitle,
      calledAeTitle: request.calledAeTitle,
      contexts: acceptedContexts(request, response),
      maximumLength: request.userInformation.maximumLength,
      maxOperationsInvoked: window.maximumPerformed,
      maxOperationsPerformed: window.maximumInvoked,
      timeouts: this.#around.timeouts,
      abortsWhenIdle: true,
      trace: (event) => this.#trace(event),
    });
    const { options, shouldStop } = this.#around;
    this.#operations = new OperationsPerformed(this.#association, options.services, shouldStop);
    this.#served = this.#operations.run();
  }

  #acceptance(request: AssociateRq, userIdentityResponse?: Buffer): AssociateAc {
    const { maxOperationsPerformed = 1, services } = this.#around.options;
    return acceptance(request, {
      maxPduLength: this.#maxPduLength,
      asynchronousOperations: { maximumInvoked: 1, maximumPerformed: maxOperationsPerformed },
      supports: (abstractSyntax) => firstDefined(services, (service) => service.syntaxesFor(abstractSyntax)),
      userIdentityResponse,
    });
  }

  #trace(event: AssociationEvent): void {
    tellTrace(this.#around.options.trace, { id: this.#id, remote: this.#remote, event });
  }
}

function notAnswerable(error: unknown): Refusal {
  return { pdu: USER_NOT_CHECKED, why: `the answer cannot be sent: ${error instanceof Error ? error.message : error}` };
}

function firstDefined<Item, Result>(
  items: readonly Item[],
  find: (item: Item) => Result | undefined,
): Result | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
