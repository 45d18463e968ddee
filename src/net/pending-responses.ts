/** Requests sent and not yet answered, by message id (PS3.7 7.5.1). */
import { type Deferred, deferred } from '../base/deferred.js';
import { ProtocolError } from '../base/errors.js';
import { MessageIds } from '../dimse/message-id.js';
import { type DimseRequest, type DimseResponse, responseTo } from '../dimse/messages.js';
import { STATUS } from '../dimse/status.js';

interface Pending {
  readonly presentationContextId: number;
  readonly type: DimseResponse['type'];
  readonly answer: Deferred<DimseResponse>;
}

export class PendingResponses {
  readonly #ids = new MessageIds();
  readonly #pending = new Map<number, Pending>();

  /** Makes a request that is about to be sent, with a message id that no other one has. */
  open<Request extends DimseRequest>(
    make: (messageId: number) => Request,
    presentationContextId: number,
  ): { readonly request: Request; readonly answer: Promise<DimseResponse> } {
    const request = make(this.#ids.next(this.#pending));
    const answer = deferred<DimseResponse>();
    const { type } = responseTo(request, STATUS.success);
    this.#pending.set(request.messageId, { presentationContextId, type, answer });
    return { request, answer: answer.promise };
  }

  close(messageId: number): void {
    this.#pending.delete(messageId);
  }

  /** @throws {ProtocolError} if no request with that id waits for such a response on that context */
  settle(response: DimseResponse, presentationContextId: number): void {
    const { type, messageIdBeingRespondedTo } = response;
    const pending = this.#pending.get(messageIdBeingRespondedTo);
    if (pending?.presentationContextId !== presentationContextId || pending.type !== type)
      throw new ProtocolError(
        'unexpected-pdu-parameter',
        `a ${type} to message ${messageIdBeingRespondedTo}, which is not waiting for one on that context`,
      );
    pending.answer.resolve(response);
  }

  fail(error: Error): void {
    for (const { answer } of this.#pending.values()) answer.reject(error);
  }
}
