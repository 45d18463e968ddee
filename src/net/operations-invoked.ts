/** The operations that we invoke: as many outstanding as were negotiated, the others after them (PS3.7 D.3.3.3). */
import type { DimseRequest, DimseResponse } from '../dimse/messages.js';
import { PendingResponses } from './pending-responses.js';
import type { PeerTimer } from './timeouts.js';
import { Turns } from './turns.js';

export interface OperationsInvokedOptions {
  readonly maxOperations: number;
  /** Runs while the peer owes a response. */
  readonly responseTimer: Pick<PeerTimer, 'start' | 'stop'>;
}

export class OperationsInvoked {
  readonly #turns: Turns;
  readonly #pending: PendingResponses;

  constructor({ maxOperations, responseTimer }: OperationsInvokedOptions) {
    this.#turns = new Turns(maxOperations);
    this.#pending = new PendingResponses(responseTimer);
  }

  /**
   * Waits for its turn, sends the request and waits for its response.
   * @param send resolves when the last byte is sent
   */
  async invoke(
    make: (messageId: number) => DimseRequest,
    presentationContextId: number,
    send: (request: DimseRequest) => Promise<void>,
  ): Promise<DimseResponse> {
    const turn = this.#turns.enter();
    // Not awaited for nothing: what the caller does next, a release perhaps, comes after this request.
    if (turn !== undefined) await turn;
    let messageId: number | undefined;
    try {
      const { request, answer } = this.#pending.open(make, presentationContextId);
      messageId = request.messageId;
      await send(request);
      this.#pending.onSent(messageId);
      return await answer;
    } finally {
      if (messageId !== undefined) this.#pending.close(messageId);
      this.#turns.leave();
    }
  }

  /** @throws {ProtocolError} if no request waits for this response */
  settle(response: DimseResponse, presentationContextId: number): void {
    this.#pending.settle(response, presentationContextId);
  }

  /** The association has ended: for all that wait, whether for their turn or for their response. */
  fail(error: Error): void {
    this.#turns.fail(error);
    this.#pending.fail(error);
  }
}
