/** What is told of a request once it is answered. */
import type { DimseRequest, DimseResponse } from '../dimse/messages.js';

/** A request, ours or the peer's, with its answer; see the event of that name in `AssociationEvent`. */
export interface Answered {
  readonly request: DimseRequest;
  readonly response: DimseResponse;
  readonly presentationContextId: number;
  readonly dataSetBytes: number;
  readonly ms: number;
}
