/** What an association tells of itself while it works: the facts behind a log, without a word of log text. */
import type { AcceptedContext } from '../acse/negotiate.js';
import type { AbortedBy } from '../base/errors.js';
import type { DimseMessage, DimseRequest, DimseResponse, Direction } from '../dimse/messages.js';
import type { AssociateAc, AssociateRj, AssociateRq } from '../pdu/types.js';
import type { TlsSession } from './tls-options.js';

/** What happens on an association, or to a server. */
export type AssociationEvent =
  | { readonly type: 'requesting'; readonly host: string; readonly port: number }
  /** TLS protects the connection; comes before any PDU. */
  | { readonly type: 'secured'; readonly session: TlsSession }
  | { readonly type: 'associate-rq'; readonly direction: Direction; readonly pdu: AssociateRq }
  | { readonly type: 'associate-ac'; readonly direction: Direction; readonly pdu: AssociateAc }
  | { readonly type: 'associate-rj'; readonly direction: 'incoming'; readonly pdu: AssociateRj }
  | {
      readonly type: 'associate-rj';
      readonly direction: 'outgoing';
      readonly pdu: AssociateRj;
      readonly request: AssociateRq;
      /** In words: more than the peer is told. */
      readonly why: string;
    }
  | {
      readonly type: 'message';
      readonly direction: Direction;
      readonly message: DimseMessage;
      readonly context: AcceptedContext;
      readonly hasDataSet: boolean;
    }
  | {
      /**
       * A request has its answer, ours or the peer's: comes when both are sent and received. An association that is lost leaves
       * requests without one.
       */
      readonly type: 'answered';
      /** Of the request. */
      readonly direction: Direction;
      readonly request: DimseRequest;
      readonly response: DimseResponse;
      readonly context: AcceptedContext;
      /** Length of the data set as it was transferred; 0 without one. */
      readonly dataSetBytes: number;
      /** From our first byte, or from the end of the peer's command set, to the response. */
      readonly ms: number;
    }
  | {
      /** A request of the peer's will be answered with a failure status. */
      readonly type: 'request-failed';
      readonly request: DimseRequest;
      readonly status: number;
      readonly error: Error;
    }
  | {
      /** A connection came and went without an A-ASSOCIATE-RQ; `error` tells of bytes that were none, or why there is no TLS. */
      readonly type: 'no-request';
      readonly error: Error | undefined;
    }
  | {
      /** A server could not take a connection (out of descriptors); it goes on listening. */
      readonly type: 'accept-failed';
      readonly error: Error;
    }
  | { readonly type: 'releasing' }
  | { readonly type: 'released' }
  | { readonly type: 'aborting'; readonly source: number; readonly reason: number }
  | {
      readonly type: 'aborted';
      readonly by: AbortedBy;
      readonly error: Error;
    };

/**
 * One event with the association it is about. `id` counts from 1 in a process; `remote` is `host:port`. What concerns no
 * association but a server (`accept-failed`) has the id 0 and the address it listens on.
 */
export interface AssociationTrace {
  readonly id: number;
  readonly remote: string;
  readonly event: AssociationEvent;
}

/**
 * The caller's function that is told. PDUs come as they are: what proves a user's identity stands in them, which is not for a
 * log; `describeTrace` leaves it out. See `tellTrace` for one that throws.
 */
export type TraceFunction = (trace: AssociationTrace) => void;

/** A fault in the caller's function is no reason to stop the protocol: it surfaces as an uncaught exception after the step. */
export function tellTrace(tell: TraceFunction | undefined, trace: AssociationTrace): void {
  try {
    tell?.(trace);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

let lastAssociationId = 0;

/** Only tells associations apart in a log. */
export function nextAssociationId(): number {
  lastAssociationId++;
  return lastAssociationId;
}
