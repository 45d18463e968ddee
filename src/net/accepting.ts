/** One connection to a server, from its first byte to its last (PS3.8 7.1). */
import { acceptedContexts, agreedWindow, LOCAL_LIMIT_EXCEEDED, negotiate } from '../acse/negotiate.js';
import { deferred } from '../base/deferred.js';
import { TransportError } from '../base/errors.js';
import { MIN_MAXIMUM_LENGTH } from '../pdu/p-data-block.js';
import type { AssociateAc, AssociateRj, AssociateRq } from '../pdu/types.js';
import type { Indication } from '../ul/events.js';
import { abortedError } from './aborted-error.js';
import { Association } from './association.js';
import { DEFAULT_MAX_PDU_LENGTH } from './establishment.js';
import { serveRequests } from './operations-performed.js';
import type { ServeOptions } from './serve-options.js';
import { artimMs, type Timeouts } from './timeouts.js';
import { type AssociationEvent, nextAssociationId, tellTrace } from './trace.js';
import type { Transport } from './transport.js';
import { UpperLayer, type UpperLayerUser } from './upper-layer.js';

/** PS3.8 Table 9-21: what an acceptor can say of a maximum length that leaves no room for data. */
const NO_REASON_GIVEN: AssociateRj = { type: 'A-ASSOCIATE-RJ', result: 1, source: 1, reason: 1 };

/** What a connection knows of its server. */
export interface Surroundings {
  readonly options: ServeOptions;
  readonly timeouts: Timeouts;
  isFull(): boolean;
  shouldStop(): boolean;
}

/** One connection: the acceptor's side until it has answered; from then on everything goes to the association. */
export class Accepting implements UpperLayerUser {
  readonly #id = nextAssociationId();
  readonly #remote: string;
  readonly #around: Surroundings;
  readonly #upperLayer: UpperLayer;
  readonly #transport: Transport;
  readonly #closed = deferred();
  #association: Association | undefined;
  #served: Promise<void> = Promise.resolve();
  #isStopped = false;
  #hasRequest = false;
  #isConnected = true;
  #fault: Error | undefined;

  constructor(transport: Transport, around: Surroundings) {
    this.#transport = transport;
    this.#remote = transport.remote;
    this.#around = around;
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

  /** Whether it counts as an association: not before it is accepted, nor after its end while the peer hangs up. */
  get isEstablished(): boolean {
    return this.#association?.hasEnded === false;
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
    else if (indication.type === 'abort-indication')
      this.#trace({ type: 'aborted', by: indication.by, error: abortedError(indication) });
  }

  onSilence(): void {
    this.#association?.onSilence();
  }

  onFault(error: Error): void {
    this.#fault = error;
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
    const response = this.#answer(request);
    if (response.type === 'A-ASSOCIATE-RJ') {
      this.#upperLayer.advance({ type: 'associate-reject', response });
      this.#trace({ type: 'associate-rj', direction: 'outgoing', pdu: response });
      return;
    }
    this.#upperLayer.advance({ type: 'associate-accept', response });
    this.#trace({ type: 'associate-ac', direction: 'outgoing', pdu: response });
    const window = agreedWindow(request, response);
    this.#association = new Association({
      id: this.#id,
      remote: this.#remote,
      upperLayer: this.#upperLayer,
      request,
      response,
      contexts: acceptedContexts(request, response),
      maximumLength: request.userInformation.maximumLength,
      maxOperationsInvoked: window.maximumPerformed,
      maxOperationsPerformed: window.maximumInvoked,
      timeouts: this.#around.timeouts,
      abortsWhenIdle: true,
      trace: (event) => this.#trace(event),
    });
    this.#served = serveRequests(this.#association, this.#around.options.services, this.#around.shouldStop);
  }

  #answer(request: AssociateRq): AssociateAc | AssociateRj {
    if (this.#around.isFull()) return LOCAL_LIMIT_EXCEEDED;
    const { aeTitle, checkCalledAeTitle = false, maxOperationsPerformed = 1, services } = this.#around.options;
    const { maximumLength = 0 } = request.userInformation;
    if (maximumLength > 0 && maximumLength < MIN_MAXIMUM_LENGTH) return NO_REASON_GIVEN;
    return negotiate(request, {
      aeTitle,
      checkCalledAeTitle,
      maxPduLength: this.#maxPduLength,
      asynchronousOperations: { maximumInvoked: 1, maximumPerformed: maxOperationsPerformed },
      supports: (abstractSyntax) => firstDefined(services, (service) => service.syntaxesFor(abstractSyntax)),
    });
  }

  #trace(event: AssociationEvent): void {
    tellTrace(this.#around.options.trace, { id: this.#id, remote: this.#remote, event });
  }
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
