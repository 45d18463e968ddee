/** What a service provider is (PS3.7 7.2), and how an association's requests find the one that answers them. */
import type { AcceptedContext, SupportedSyntaxes } from '../acse/negotiate.js';
import type { Batches } from '../base/batch-queue.js';
import { StatusError } from '../base/errors.js';
import { excerpt } from '../base/printable.js';
import type { DimseRequest, DimseResponse } from '../dimse/messages.js';
import { STATUS } from '../dimse/status.js';
import type { AssociationHandle } from './association-handle.js';

/** A request as its provider sees it. */
export interface IncomingRequest {
  readonly association: AssociationHandle;
  readonly context: AcceptedContext;
  readonly message: DimseRequest;
  /**
   * In the context's transfer syntax as it arrives, each batch valid until the next is asked for. May be left unread; to be read
   * once, and not after the answer: a second loop, or one that the answer has overtaken, throws {UsageError}.
   */
  readonly dataSet: Batches | undefined;
  /** Aborts when the association ends and nobody is left to answer. */
  readonly signal: AbortSignal;
}

/** Answers requests of some operations on some SOP classes. */
export interface ServiceProvider {
  /** The operations it answers, by the name of their request. */
  readonly operations: readonly DimseRequest['type'][];
  /** The transfer syntaxes it takes for an abstract syntax, in its order of preference; undefined if it does not serve it. */
  syntaxesFor(abstractSyntax: string): SupportedSyntaxes | undefined;
  /** @throws {StatusError} to answer with a failure status; anything else thrown is answered 0110H, Processing Failure */
  handle(request: IncomingRequest): Promise<DimseResponse>;
}

/** PS3.7 9.1.5.1.4: an operation nobody knows is 0211H, a known one on a SOP class that nobody serves 0122H. */
export function findProvider(message: DimseRequest, services: readonly ServiceProvider[]): ServiceProvider {
  const { type, affectedSopClassUid = '' } = message;
  let isKnown = false;
  for (const service of services) {
    if (!service.operations.includes(type)) continue;
    if (service.syntaxesFor(affectedSopClassUid) !== undefined) return service;
    isKnown = true;
  }
  if (!isKnown) throw new StatusError(STATUS.unrecognizedOperation, 'operation not supported');
  throw new StatusError(STATUS.sopClassNotSupported, `${excerpt(affectedSopClassUid)} is not served`);
}
