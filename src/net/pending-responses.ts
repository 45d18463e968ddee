/** Requests sent and not yet answered, by message id (PS3.7 7.5.1). */
import { type Deferred, deferred } from '../base/deferred.js';
import { ProtocolError } from '../base/errors.js';
import { MessageIds } from '../dimse/message-id.js';
import type { DimseResponse } from '../dimse/messages.js';

interface Pending {
  readonly presentationContextId: number;
  readonly answer: Deferred<DimseResponse>;
}

export class PendingResponses {
  readonly #ids = new MessageIds();
  readonly #pending = new Map<number, Pending>();

  /** Takes a message id for a request that is about to be sent. */
  open(presentationContextId: number): { readonly messageId: number; readonly answer: Promise<DimseResponse> } {
    const messageId = this.#ids.next(this.#pending);
    const answer = deferred<DimseResponse>();
    this.#pending.set(messageId, { presentationContextId, answer });
    return { messageId, answer: answer.promise };
  }

  close(messageId: number): void {
    this.#pending.delete(messageId);
  }

  /** @throws {ProtocolError} if no request with that id waits on that context */
  settle(response: DimseResponse, presentationContextId: number): void {
    const pending = this.#pending.get(response.messageIdBeingRespondedTo);
    if (pending === undefined || pending.presentationContextId !== presentationContextId)
      throw new ProtocolError(
        'unexpected-pdu-parameter',
        `a response to message ${response.messageIdBeingRespondedTo}, which is not waiting for one on that context`,
      );
    pending.answer.resolve(response);
  }

  fail(error: Error): void {
    for (const { answer } of this.#pending.values()) answer.reject(error);
  }
}
