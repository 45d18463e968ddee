/** How long an association waits, and for what. */

/** Longest waits in milliseconds; 0 is no limit. */
export interface Timeouts {
  /** TCP and TLS connection. */
  readonly connectionTimeoutMs: number;
  /** Any answer to A-ASSOCIATE-RQ and A-RELEASE-RQ, and ARTIM. */
  readonly acseTimeoutMs: number;
  /** The response to a request, from its last byte sent; the rest of a message, from its last byte received. */
  readonly dimseTimeoutMs: number;
  /** Silence while data should flow. */
  readonly networkTimeoutMs: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = {
  connectionTimeoutMs: 0,
  acseTimeoutMs: 30_000,
  dimseTimeoutMs: 0,
  networkTimeoutMs: 60_000,
};

/** ARTIM guards our own resources, so it runs even where waits for answers have no limit (PS3.8 9.1.4). */
export function artimMs(timeouts: Timeouts): number {
  return timeouts.acseTimeoutMs > 0 ? timeouts.acseTimeoutMs : DEFAULT_TIMEOUTS.acseTimeoutMs;
}
