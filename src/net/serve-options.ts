/** What `serve` is told. */
import type { ServiceProvider } from './service-provider.js';
import type { Timeouts } from './timeouts.js';
import type { TraceFunction } from './trace.js';

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
   * Most requests of one association to work on at a time, 1 to 65,535: with more than 1, as many as a requestor proposes
   * are granted it (PS3.7 D.3.3.3), and the services are called for the next while they are busy with the last. Default 1.
   */
  readonly maxOperationsPerformed?: number | undefined;
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
