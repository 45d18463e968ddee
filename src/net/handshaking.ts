/** One connection to a server that speaks TLS, until an association can be asked for on it. */
import { deferred } from '../base/deferred.js';
import { TimeoutError, TransportError, toError } from '../base/errors.js';
import type { Origin } from './admission.js';
import { Wait } from './timeouts.js';
import type { Handshake, Transport } from './transport.js';

/** What a server does with its connections, whatever they are at. */
export interface ServedConnection {
  /** Settles when it needs no more of the server's attention. */
  readonly closed: Promise<void>;
  /** Whether it counts as an association. */
  readonly holdsPlace: boolean;
  readonly origin: Origin;
  readonly isConnected: boolean;
  readonly isBusy: boolean;
  /** Since it was accepted. */
  readonly ageMs: number;
  /** Ends it; when called again, at once. */
  stop(): void;
  /** Hangs up at once, for newer connections. */
  makeWay(): void;
}

export interface HandshakingOptions {
  readonly origin: Origin;
  readonly timeoutMs: number;
  /** The connection goes on as this one. */
  onSecured(transport: Transport): void;
  /** The connection is gone; `error` is undefined if nobody is to be told why. */
  onFailed(error: Error | undefined): void;
}

export class Handshaking implements ServedConnection {
  readonly holdsPlace = false;
  readonly origin: Origin;
  readonly isBusy = false;
  readonly #handshake: Handshake;
  readonly #options: HandshakingOptions;
  readonly #closed = deferred();
  readonly #wait: Wait;
  readonly #begunMs = performance.now();
  #isConnected = true;
  /** Why we have given up, if it was we. */
  #fault: Error | undefined;

  constructor(handshake: Handshake, options: HandshakingOptions) {
    this.#handshake = handshake;
    this.origin = options.origin;
    this.#options = options;
    this.#wait = new Wait(options.timeoutMs, () => this.#onTimeout());
    this.#wait.start();
    void this.#run();
  }

  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  get ageMs(): number {
    return performance.now() - this.#begunMs;
  }

  stop(): void {
    this.#isConnected = false;
    this.#handshake.giveUp();
  }

  makeWay(): void {
    this.#fault = new TransportError('closed to make way for newer connections');
    this.stop();
  }

  #onTimeout(): void {
    this.#fault = new TimeoutError('acse', this.#options.timeoutMs, 'end of the TLS handshake');
    this.stop();
  }

  async #run(): Promise<void> {
    try {
      const transport = await this.#handshake.done;
      if (transport === undefined || !this.#isConnected) this.#options.onFailed(this.#fault);
      else {
        // From here on it is the other that counts.
        this.#isConnected = false;
        this.#options.onSecured(transport);
      }
    } catch (error) {
      // Given up without a fault, it is we who are stopping.
      const isOurs = !this.#isConnected;
      this.#options.onFailed(isOurs ? this.#fault : toError(error));
    } finally {
      this.#wait.stop();
      this.#isConnected = false;
      this.#closed.resolve();
    }
  }
}
