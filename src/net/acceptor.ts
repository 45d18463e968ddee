/** Listens for associations and serves each one concurrently (PS3.8 7.1, the acceptor's side). */
import type { Server as Listener } from 'node:net';
import { deferred } from '../base/deferred.js';
import { UsageError } from '../base/errors.js';
import { Accepting } from './accepting.js';
import { Admission, type Origin } from './admission.js';
import { Handshaking, type ServedConnection } from './handshaking.js';
import { checkOptions } from './options.js';
import type { ServeOptions } from './serve-options.js';
import { artimMs, HANG_UP_MS, type Timeouts, withDefaults } from './timeouts.js';
import { startTimer } from './timer.js';
import type { AcceptorSecurity } from './tls.js';
import type { AcceptorTls } from './tls-options.js';
import { type AssociationEvent, nextAssociationId, tellTrace } from './trace.js';
import { formatAddress, type Handshake, listen, type Transport } from './transport.js';

/**
 * Each connection without an association may hold an A-ASSOCIATE-RQ of 1 MiB until ARTIM, or be in the handshake of TLS
 * for as long. Closing the oldest bounds that, and lets a caller through
 * however many others say nothing.
 */
const SPARE_CONNECTIONS = 128;
/** Of a crowd that comes at once, nobody is turned away unheard who brings a request within `HEARING_MS`, up to so many. */
const MOST_SPARE_CONNECTIONS = 512;
const HEARING_MS = 1000;

/**
 * @throws {UsageError | InvalidIdentifier} an option out of range, an AE title or a network that is none
 * @throws {CertificateError} a key, certificate or revocation list that cannot be used
 * @throws {TransportError} port in use, no privilege, no such address
 */
export function serve(options: ServeOptions): Promise<Server> {
  return Server.start(options);
}

/** A running server; made by `serve`. */
export class Server implements AsyncDisposable {
  readonly #options: ServeOptions;
  readonly #timeouts: Timeouts;
  readonly #admission: Admission;
  readonly #connections = new Set<ServedConnection>();
  readonly #closed = deferred();
  #listener: Listener | undefined;
  #security: AcceptorSecurity | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #roomTimer: NodeJS.Timeout | undefined;
  #stopping = false;

  private constructor(options: ServeOptions) {
    checkOptions(options, 0);
    this.#options = options;
    this.#timeouts = withDefaults(options);
    this.#admission = new Admission(options);
  }

  /** The port it listens on. */
  get port(): number {
    const address = this.#listener?.address();
    return typeof address === 'object' && address !== null ? address.port : this.#options.port;
  }

  /** The address it listens on; `::` is every one of the machine, IPv4 too. */
  get address(): string {
    const address = this.#listener?.address();
    return typeof address === 'object' && address !== null ? address.address : (this.#options.host ?? '::');
  }

  /** Settles when it has stopped listening and every connection is gone, with the providers that worked for it: see `close`. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** See `serve`. */
  static async start(options: ServeOptions): Promise<Server> {
    const server = new Server(options);
    await server.#listen();
    return server;
  }

  /**
   * Takes other keys and certificates for connections to come; those that there are go on with theirs.
   * @throws {CertificateError | UsageError} they cannot be used, or TLS is not in use; everything is as it was
   */
  async renewTls(tls: AcceptorTls): Promise<void> {
    if (this.#security === undefined) throw new UsageError('this server was started without TLS');
    this.#security = await securityOf(tls);
  }

  /**
   * Stops listening, lets requests that are being received or worked on end for at most `graceMs`, and aborts
   * what is left. Resolves a second after that at the latest: a provider that never ends is not waited for, nor is
   * anything of it acknowledged. May be called again to shorten the grace, which is 10,000 by default, and 24 days if it is more.
   * @throws {UsageError} no time; everything is as it was
   */
  async close({ graceMs = 10_000 }: { readonly graceMs?: number } = {}): Promise<void> {
    if (!(graceMs >= 0)) throw new UsageError(`graceMs ${graceMs} is not a number of milliseconds from 0 up`);
    if (!this.#stopping) {
      this.#stopping = true;
      clearTimeout(this.#idleTimer);
      this.#listener?.close();
    }
    for (const connection of this.#connections) if (!connection.isBusy) connection.stop();
    const stopAll = () => {
      for (const connection of this.#connections) connection.stop();
    };
    let cancel = startTimer(graceMs, () => {
      stopAll();
      cancel = startTimer(HANG_UP_MS, () => {
        stopAll();
        this.#closed.resolve();
      });
    });
    this.#settleWhenDone();
    await this.closed;
    cancel();
  }

  /** `close` without a grace: what `await using` calls. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close({ graceMs: 0 });
  }

  async #listen(): Promise<void> {
    const { host, port, tls } = this.#options;
    if (tls !== undefined) this.#security = await securityOf(tls);
    this.#listener = await listen(
      { host, port, security: () => this.#security },
      {
        onConnection: (transport) => this.#serve(transport),
        onHandshake: (handshake) => this.#onHandshake(handshake),
        onAcceptError: (error) => this.#onAcceptError(error),
      },
    );
    this.#watchIdle();
  }

  #serve(transport: Transport): void {
    this.#add(
      new Accepting(transport, {
        options: this.#options,
        timeouts: this.#timeouts,
        admission: this.#admission,
        places: () => this.#places(),
        shouldStop: () => this.#stopping,
      }),
    );
  }

  #onHandshake(handshake: Handshake): void {
    this.#add(
      new Handshaking(handshake, {
        origin: this.#admission.originOf(handshake.remote),
        timeoutMs: artimMs(this.#timeouts),
        onSecured: (transport) => this.#serve(transport),
        onFailed: (error) => this.#trace(nextAssociationId(), handshake.remote, { type: 'no-request', error }),
      }),
    );
  }

  #add(connection: ServedConnection): void {
    clearTimeout(this.#idleTimer);
    this.#connections.add(connection);
    this.#makeRoom();
    void connection.closed.then(() => this.#onConnectionClosed(connection));
  }

  #onConnectionClosed(connection: ServedConnection): void {
    this.#connections.delete(connection);
    this.#settleWhenDone();
    this.#watchIdle();
  }

  #onAcceptError(error: Error): void {
    this.#trace(0, formatAddress(this.#options.host ?? '::', this.port), { type: 'accept-failed', error });
  }

  #trace(id: number, remote: string, event: AssociationEvent): void {
    tellTrace(this.#options.trace, { id, remote, event });
  }

  /**
   * Of the connections without an association the oldest go when there are too many, those of unwelcome hosts first: these at
   * once, others when they have been heard.
   */
  #makeRoom(): void {
    const { maxAssociations } = this.#admission;
    const limit = maxAssociations + SPARE_CONNECTIONS;
    if (this.#connections.size <= limit) return;
    const waiting = [...this.#connections].filter(({ isConnected, holdsPlace }) => isConnected && !holdsPlace);
    const isWelcome = ({ origin }: ServedConnection) => origin.isWelcome;
    const inTurn = [...waiting.filter((connection) => !isWelcome(connection)), ...waiting.filter(isWelcome)];
    const atOnce = waiting.length - maxAssociations - MOST_SPARE_CONNECTIONS;
    for (const [index, connection] of inTurn.slice(0, Math.max(0, waiting.length - limit)).entries()) {
      const heardInMs = index >= atOnce && isWelcome(connection) ? HEARING_MS - connection.ageMs : 0;
      if (heardInMs > 0) {
        this.#makeRoomIn(heardInMs);
        return;
      }
      connection.makeWay();
    }
  }

  #makeRoomIn(ms: number): void {
    this.#roomTimer ??= setTimeout(() => {
      this.#roomTimer = undefined;
      this.#makeRoom();
    }, ms).unref();
  }

  #places(): readonly Origin[] {
    return [...this.#connections].filter(({ holdsPlace }) => holdsPlace).map(({ origin }) => origin);
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

/** Node's TLS takes its time to load: only who uses it waits for that. */
async function securityOf(tls: AcceptorTls): Promise<AcceptorSecurity> {
  const { acceptorSecurity } = await import('./tls.js');
  return acceptorSecurity(tls);
}
