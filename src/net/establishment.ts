/** What the two ways of establishing an association hand on to it. */
import type { AcceptedContext } from '../acse/negotiate.js';
import type { Timeouts } from './timeouts.js';
import type { AssociationEvent } from './trace.js';
import type { UpperLayer } from './upper-layer.js';

/** What we announce unless told otherwise: the longest P-DATA-TF variable field we take, in bytes (PS3.8 D.1). */
export const DEFAULT_MAX_PDU_LENGTH = 16_384;

/** What an established association stands on; made by `requestAssociation` and `serve`. */
export interface Establishment {
  /** Counts from 1 in a process. */
  readonly id: number;
  /** `host:port` of the peer. */
  readonly remote: string;
  readonly upperLayer: UpperLayer;
  /** Of the request and its answer only what is needed later: they may have a mebibyte, and several times that when read. */
  readonly user?: string | undefined;
  readonly callingAeTitle: string;
  readonly calledAeTitle: string;
  readonly contexts: ReadonlyMap<number, AcceptedContext>;
  /** The peer's maximum P-DATA-TF length; 0 or undefined is no limit. */
  readonly maximumLength: number | undefined;
  /** Most operations of ours that may be outstanding, and of the peer's that we work on at a time; 1 or more. */
  readonly maxOperationsInvoked: number;
  readonly maxOperationsPerformed: number;
  readonly timeouts: Timeouts;
  /** An acceptor ends an association on which nothing happens; a requestor may keep one open. */
  readonly abortsWhenIdle: boolean;
  readonly trace: (event: AssociationEvent) => void;
}
