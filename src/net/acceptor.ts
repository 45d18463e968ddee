/** Listens for associations and serves each one concurrently (PS3.8 7.1, the acceptor's side). */
import type { Server as Listener } from 'node:net';
import { acceptedContexts, LOCAL_LIMIT_EXCEEDED, negotiate } from '../acse/negotiate.js';
import { deferred } from '../base/deferred.js';
import { TransportError } from '../base/errors.js';
import { MIN_MAXIMUM_LENGTH } from '../pdu/p-data-block.js';
import type { AssociateAc, AssociateRj, AssociateRq } from '../pdu/types.js';
import type { Indication } from '../ul/events.js';
import { abortedError } from './aborted-error.js';
import { Association } from './association.js';
import { DEFAULT_MAX_PDU_LENGTH } from './establishment.js';
import { checkOptions } from './options.js';
import { type ServiceProvider, serveRequests } from './service-provider.js';
import { artimMs, HANG_UP_MS, type Timeouts, withDefaults } from './timeouts.js';
import { type AssociationEvent, nextAssociationId, type TraceFunction, tellTrace } from './trace.js';
import { formatAddress, listen, type Transport } from './transport.js';
import { UpperLayer, type UpperLayerUser } from './upper-layer.js';

/** Where to listen and what to serve. */
export interface ServeOptions extends Partial<Omit<Timeouts, 'connectionTimeoutMs'>> {
  /** 0 lets the system choose; see `Server.port`. */
  readonly port: number;
  /** Default: all addresses, IPv6 and IPv4. */
  readonly host?: string | undefined;
  /** Our AE title. */
  readonly aeTitle: string;
  /** Reject callers that ask for another AE title. Default false. */
  readonly checkCalledAeTitle?: boolean | undefined;
  readonly services: readonly ServiceProvider[];
  /** Longest P-DATA-TF variable field we take, in bytes, 8 or more; 0 is no limit. Default 16,384. */
  readonly maxPduLength?: number | undefined;
  /**
   * Over it, associations are rejected with "local limit exceeded". Default 100. Connections that have no association,
   * not yet or no more, may be 128 more than that: of any more the oldest is closed.
   */
  readonly maxAssociations?: number | undefined;
  /** Ends the server after so long without any connection; 0 is never. Default 0. */
  readonly idleTimeoutMs?: number | undefined;
  /**
   * Is told of all that happens on every association, at once and in order. Must not throw: what it throws surfaces as
   * an uncaught exception after the protocol step.
   */
  readonly trace?: TraceFunction | undefined;
}

const DEFAULT_MAX_ASSOCIATIONS = 100;
/**
 * Each connection without an association may hold an A-ASSOCIATE-RQ of 1 MiB until ARTIM. Closing the oldest bounds that,
 * and lets a caller through however many others say nothing.
 */
const SPARE_CONNECTIONS = 128;
/** PS3.8 Table 9-21: what an acceptor can say of a maximum length that leaves no room for data. */
const NO_REASON_GIVEN: AssociateRj = { type: 'A-ASSOCIATE-RJ', result: 1, source: 1, reason: 1 };

/**
 * @throws {UsageError} an option out of range
 * @throws {TransportError} port in use, no privilege, no such address
 */
export async function serve(options: ServeOptions): Promise<Server> {
  const server = new Server(options);
  await server.listen();
  return server;
}

/** A running server; made by `serve`. */
export class Server implements AsyncDisposable {
  readonly #options: ServeOptions;
  readonly #timeouts: Timeouts;
  readonly #connections = new Set<Accepting>();
  readonly #closed = deferred();
  #listener: Listener | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(options: ServeOptions) {
    checkOptions(options, 0);
    this.#options = options;
    this.#timeouts = withDefaults(options);
  }

  /** The port it listens on. */
  get port(): number {
    const address = this.#listener?.address();
    return typeof address === 'object' && address !== null ? address.port : this.#options.port;
  }

  /** Settles when it has stopped listening and every connection is gone, with the providers that worked for it: see `close`. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** For `serve`. */
  async listen(): Promise<void> {
    const { host, port } = this.#options;
    this.#listener = await listen(
      { host, port },
      {
        onConnection: (transport) => this.#onConnection(transport),
        onAcceptError: (error) => this.#onAcceptError(error),
      },
    );
    this.#watchIdle();
  }

  /**
   * Stops listening, lets requests that are being received or worked on end for at most `graceMs`, and aborts
   * what is left. Resolves a second after that at the latest: a provider that never ends is not waited for, nor is
   * anything of it acknowledged. May be called again to shorten the grace.
   */
  async close({ graceMs = 10_000 }: { readonly graceMs?: number } = {}): Promise<void> {
    if (!this.#stopping) {
      this.#stopping = true;
      clearTimeout(this.#idleTimer);
      this.#listener?.close();
    }
    for (const connection of this.#connections) if (!connection.isBusy) connection.stop();
    const stopAll = () => {
      for (const connection of this.#connections) connection.stop();
    };
    let timer = setTimeout(() => {
      stopAll();
      timer = setTimeout(() => {
        stopAll();
        this.#closed.resolve();
      }, HANG_UP_MS);
    }, graceMs);
    this.#settleWhenDone();
    await this.closed;
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close({ graceMs: 0 });
  }

  #onConnection(transport: Transport): void {
    clearTimeout(this.#idleTimer);
    this.#makeRoom();
    const connection = new Accepting(transport, {
      options: this.#options,
      timeouts: this.#timeouts,
      isFull: () => this.#associations() >= this.#maxAssociations,
      shouldStop: () => this.#stopping,
    });
    this.#connections.add(connection);
    void connection.closed.then(() => this.#onConnectionClosed(connection));
  }

  #onConnectionClosed(connection: Accepting): void {
    this.#connections.delete(connection);
    this.#settleWhenDone();
    this.#watchIdle();
  }

  #onAcceptError(error: Error): void {
    const { host = '::', trace } = this.#options;
    tellTrace(trace, { id: 0, remote: formatAddress(host, this.port), event: { type: 'accept-failed', error } });
  }

  get #maxAssociations(): number {
    return this.#options.maxAssociations ?? DEFAULT_MAX_ASSOCIATIONS;
  }

  /** Of the connections without an association the oldest goes when there are too many. */
  #makeRoom(): void {
    const waiting = [...this.#connections].filter((connection) => connection.isConnected && !connection.isEstablished);
    if (waiting.length >= this.#maxAssociations + SPARE_CONNECTIONS) waiting[0]?.makeWay();
  }

  #associations(): number {
    let count = 0;
    for (const { isEstablished } of this.#connections) if (isEstablished) count++;
    return count;
  }

  #settleWhenDone(): void {
    if (this.#stopping && this.#connections.size === 0) this.#closed.resolve();
  }

  #watchIdle(): void {
    const ms = this.#options.idleTimeoutMs ?? 0;
    if (ms > 0 && !this.#stopping && this.#connections.size === 0)
      this.#idleTimer = setTimeout(() => void this.close(), ms);
  }
}

interface Surroundings {
  readonly options: ServeOptions;
  readonly timeouts: Timeouts;
  isFull(): boolean;
  shouldStop(): boolean;
}

/** One connection: the acceptor's side until it has answered; from then on everything goes to the association. */
class Accepting implements UpperLayerUser {
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
    this.#association = new Association({
      id: this.#id,
      remote: this.#remote,
      upperLayer: this.#upperLayer,
      request,
      response,
      contexts: acceptedContexts(request, response),
      maximumLength: request.userInformation.maximumLength,
      timeouts: this.#around.timeouts,
      abortsWhenIdle: true,
      trace: (event) => this.#trace(event),
    });
    this.#served = serveRequests(this.#association, this.#around.options.services, this.#around.shouldStop);
  }

  #answer(request: AssociateRq): AssociateAc | AssociateRj {
    if (this.#around.isFull()) return LOCAL_LIMIT_EXCEEDED;
    const { aeTitle, checkCalledAeTitle = false, services } = this.#around.options;
    const { maximumLength = 0 } = request.userInformation;
    if (maximumLength > 0 && maximumLength < MIN_MAXIMUM_LENGTH) return NO_REASON_GIVEN;
    return negotiate(request, {
      aeTitle,
      checkCalledAeTitle,
      maxPduLength: this.#maxPduLength,
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
