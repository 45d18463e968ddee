/** What `serve` is told. */
import type { AdmissionOptions } from './admission.js';
import type { Authenticate } from './authentication.js';
import type { ServiceProvider } from './service-provider.js';
import type { Timeouts } from './timeouts.js';
import type { AcceptorTls } from './tls-options.js';
import type { TraceFunction } from './trace.js';

/** Where to listen and what to serve. */
export interface ServeOptions extends AdmissionOptions, Partial<Omit<Timeouts, 'connectionTimeoutMs'>> {
  /** 0 lets the system choose; see `Server.port`. */
  readonly port: number;
  /** Default: all addresses, IPv6 and IPv4. */
  readonly host?: string | undefined;
  /**
   * Says whether the user of an association request may come in (PS3.7 D.3.3.7); is asked about requests without a user
   * identity too. No is answered 1/2/1; a throw, or no verdict within the ACSE timeout (30 s if that is unlimited), 2/2/1.
   * Default: everybody may, and identities are not looked at.
   */
  readonly authenticate?: Authenticate | undefined;
  readonly services: readonly ServiceProvider[];
  /** Longest P-DATA-TF variable field we take, in bytes, 8 or more; 0 is no limit. Default 16,384. */
  readonly maxPduLength?: number | undefined;
  /**
   * Most requests of one association to work on at a time, 1 to 65,535: with more than 1, as many as a requestor proposes
   * are granted it (PS3.7 D.3.3.3), and the services are called for the next while they are busy with the last. Default 1.
   */
  readonly maxOperationsPerformed?: number | undefined;
  /** Protects every connection with TLS (PS3.15 B.12, B.13); see also `Server.renewTls`. Default: plain TCP. */
  readonly tls?: AcceptorTls | undefined;
  /** Ends the server after so long without any connection; 0 is never. Default 0. */
  readonly idleTimeoutMs?: number | undefined;
  /**
   * Is told of all that happens on every association, at once and in order. Must not throw: what it throws surfaces as
   * an uncaught exception after the protocol step.
   */
  readonly trace?: TraceFunction | undefined;
}
