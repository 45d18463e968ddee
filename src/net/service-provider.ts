/** What a service provider is (PS3.7 7.2), and how an association's requests find the one that answers them. */
import type { AcceptedContext, SupportedSyntaxes } from '../acse/negotiate.js';
import { StatusError } from '../base/errors.js';
import { type DimseRequest, type DimseResponse, responseTo } from '../dimse/messages.js';
import { STATUS } from '../dimse/status.js';
import type { Association } from './association.js';
import type { AssociationHandle } from './association-handle.js';
import type { ReceivedRequest } from './message-receiver.js';

/** A request as its provider sees it. */
export interface IncomingRequest {
  readonly association: AssociationHandle;
  readonly context: AcceptedContext;
  readonly message: DimseRequest;
  /** In the context's transfer syntax as it arrives, each batch valid until the next is asked for. May be left unread. */
  readonly dataSet: AsyncIterable<readonly Buffer[]> | undefined;
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

/**
 * Answers an association's requests one after another until it ends; then agrees to the release, if that is how.
 * @param shouldStop asked after each answer: whether to abort now, since the application is ending
 */
export async function serveRequests(
  association: Association,
  services: readonly ServiceProvider[],
  shouldStop: () => boolean = () => false,
): Promise<void> {
  try {
    for await (const received of association.requests()) {
      const response = await answer(association, received, services);
      await association.respond(received, response);
      if (shouldStop()) await association.abort();
    }
    await association.answerRelease();
  } catch (error) {
    // An association that has ended has reported why; anything else is a fault of ours and must not go on unseen.
    if (association.failure === undefined) association.fail(error instanceof Error ? error : new Error(String(error)));
    await association.closed;
  }
}

async function answer(
  association: Association,
  received: ReceivedRequest,
  services: readonly ServiceProvider[],
): Promise<DimseResponse> {
  const { message } = received;
  try {
    const provider = findProvider(message, services);
    return await provider.handle({ association, ...received, signal: association.signal });
  } catch (error) {
    if (association.failure !== undefined) throw association.failure;
    const failure = error instanceof Error ? error : new Error(String(error));
    const status = error instanceof StatusError ? error.status : STATUS.processingFailure;
    association.reportFailure(message, status, failure);
    return responseTo(message, status, { errorComment: failure.message });
  }
}

/** PS3.7 9.1.5.1.4: an operation nobody knows is 0211H, a known one on a SOP class that nobody serves 0122H. */
function findProvider(message: DimseRequest, services: readonly ServiceProvider[]): ServiceProvider {
  const able = services.filter((service) => service.operations.includes(message.type));
  if (able.length === 0) throw new StatusError(STATUS.unrecognizedOperation, 'operation not supported');
  const sopClassUid = message.affectedSopClassUid ?? '';
  const provider = able.find((service) => service.syntaxesFor(sopClassUid) !== undefined);
  if (provider === undefined) throw new StatusError(STATUS.sopClassNotSupported, `${sopClassUid} is not served`);
  return provider;
}
