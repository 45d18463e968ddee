/** PS3.8 9.2: the states, what can happen to an association, and what is to be done about it. */
import type { ProtocolError } from '../base/errors.js';
import type { PdvFragment } from '../pdu/pdu-reader.js';
import type { Abort, AssociateAc, AssociateRj, AssociateRq, Pdu } from '../pdu/types.js';

/**
 * PS3.8 Tables 9-1 to 9-5.
 * 1 idle. 2 transport open, awaiting A-ASSOCIATE-RQ. 3 awaiting the local A-ASSOCIATE response. 4 transport opening.
 * 5 awaiting A-ASSOCIATE-AC or -RJ. 6 established. 7 awaiting A-RELEASE-RP. 8 awaiting the local A-RELEASE response.
 * Release collision: 9 requestor, awaiting the local response; 10 acceptor, awaiting A-RELEASE-RP; 11 requestor, awaiting
 * A-RELEASE-RP; 12 acceptor, awaiting the local response. 13 awaiting the transport's close, no association any more.
 */
export type State = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13;

/** Who opened the association. */
export type Role = 'requestor' | 'acceptor';

/** The nineteen events of PS3.8 Table 9-10. */
export type UlEvent =
  /** Evt1: A-ASSOCIATE request of the local user. */
  | { readonly type: 'associate-request'; readonly request: AssociateRq }
  /** Evt2: the transport is open. `request` is that of Evt1 again: the machine remembers nothing but its state. */
  | { readonly type: 'transport-connected'; readonly request: AssociateRq }
  /** Evt3: A-ASSOCIATE-AC received. */
  | { readonly type: 'associate-ac-received'; readonly pdu: AssociateAc }
  /** Evt4: A-ASSOCIATE-RJ received. */
  | { readonly type: 'associate-rj-received'; readonly pdu: AssociateRj }
  /** Evt5: a peer has opened the transport. */
  | { readonly type: 'transport-indication' }
  /** Evt6: A-ASSOCIATE-RQ received. */
  | { readonly type: 'associate-rq-received'; readonly pdu: AssociateRq }
  /** Evt7: A-ASSOCIATE response (accept) of the local user. */
  | { readonly type: 'associate-accept'; readonly response: AssociateAc }
  /** Evt8: A-ASSOCIATE response (reject) of the local user. */
  | { readonly type: 'associate-reject'; readonly response: AssociateRj }
  /** Evt9: P-DATA request of the local user, as P-DATA-TF PDUs framed already. */
  | { readonly type: 'data-request'; readonly pdus: Buffer }
  /** Evt10: a piece of a P-DATA-TF received. */
  | { readonly type: 'data-received'; readonly fragment: PdvFragment }
  /** Evt11: A-RELEASE request of the local user. */
  | { readonly type: 'release-request' }
  /** Evt12: A-RELEASE-RQ received. */
  | { readonly type: 'release-rq-received' }
  /** Evt13: A-RELEASE-RP received. */
  | { readonly type: 'release-rp-received' }
  /** Evt14: A-RELEASE response of the local user. */
  | { readonly type: 'release-response' }
  /** Evt15: A-ABORT request of the local user; `source` is 0 (service user) and `reason` 0 unless given. */
  | { readonly type: 'abort-request'; readonly source?: 0 | 2 | undefined; readonly reason?: number | undefined }
  /** Evt16: A-ABORT received. */
  | { readonly type: 'abort-received'; readonly pdu: Abort }
  /** Evt17: the transport is closed, or never opened; `error` says why if it was not in good order. */
  | { readonly type: 'transport-closed'; readonly error?: Error | undefined }
  /** Evt18: the ARTIM timer ran out. */
  | { readonly type: 'artim-expired' }
  /** Evt19: an unrecognized or invalid PDU received. */
  | { readonly type: 'invalid-pdu'; readonly error: ProtocolError };

export type UlEventType = UlEvent['type'];

/** What the local user is told (PS3.8 7.1 to 7.4 and 7.6). */
export type Indication =
  | { readonly type: 'associate-indication'; readonly request: AssociateRq }
  | { readonly type: 'associate-confirmation'; readonly response: AssociateAc | AssociateRj }
  | { readonly type: 'data'; readonly fragment: PdvFragment }
  /** `awaitsResponse`: Evt14 is due now. In a release collision the acceptor's is due after its confirmation only. */
  | { readonly type: 'release-indication'; readonly awaitsResponse: boolean }
  | { readonly type: 'release-confirmation'; readonly awaitsResponse: boolean }
  | AbortIndication;

/** A-ABORT and A-P-ABORT. `provider` is our own upper layer, after a fault of the peer's that `error` tells. */
export interface AbortIndication {
  readonly type: 'abort-indication';
  readonly by: 'peer' | 'provider' | 'transport';
  /** Fields of the A-ABORT received or sent; none when the connection was lost. */
  readonly source?: number | undefined;
  readonly reason?: number | undefined;
  readonly error?: Error | undefined;
}

/** What the owner of socket and timer carries out, in the order given. */
export type UlEffect =
  | { readonly do: 'connect' }
  | { readonly do: 'send'; readonly pdu: Pdu }
  | { readonly do: 'send-data'; readonly pdus: Buffer }
  | { readonly do: 'indicate'; readonly indication: Indication }
  /** Starts the timer, or starts it anew. */
  | { readonly do: 'start-artim' }
  /** Stops the timer if it runs. */
  | { readonly do: 'stop-artim' }
  | { readonly do: 'close' };

/** What a step comes to. */
export interface Transition {
  readonly next: State;
  readonly effects: readonly UlEffect[];
}
