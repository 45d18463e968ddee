/** The operations that we invoke: as many outstanding as were negotiated, the others after them (PS3.7 D.3.3.3). */

import { toError } from '../base/errors.js';
import { due, type Turn, Turns } from '../base/turns.js';
import type { DataSetSource } from '../dataset/source.js';
import type { DimseRequest, DimseResponse } from '../dimse/messages.js';
import type { Answered } from './answered.js';
import type { SendOptions } from './message-sender.js';
import { PendingResponses } from './pending-responses.js';
import type { PeerTimer } from './timeouts.js';
import { closeOnce } from './unless-lost.js';

/** What goes with a request. */
export interface Exchange {
  readonly presentationContextId: number;
  /** May be read from at once, and is closed when the operation ends, unless it hangs for a second after the association has. */
  readonly dataSet?: DataSetSource | undefined;
  /** Called before the first byte goes out. */
  readonly onTurn?: (() => void) | undefined;
}

/** The association that the operations are invoked on. */
export interface OperationsInvokedUser {
  /** Aborts when it ends without a release. */
  readonly signal: AbortSignal;
  /** @throws {Error} if no answer would come any more */
  assertAnswerable(): void;
  /** Resolves when the last byte is sent, to the length of the data set. */
  send(request: DimseRequest, exchange: Exchange, options: SendOptions): Promise<number>;
  onAnswered(answered: Answered): void;
}

export interface OperationsInvokedOptions {
  readonly maxOperations: number;
  /** Runs while the peer owes a response. */
  readonly responseTimer: Pick<PeerTimer, 'start' | 'stop'>;
}

export class OperationsInvoked {
  /** Of those that are made: one more than may be outstanding, which gets ready meanwhile. */
  readonly #places: Turns;
  readonly #pending: PendingResponses;
  readonly #user: OperationsInvokedUser;

  constructor({ maxOperations, responseTimer }: OperationsInvokedOptions, user: OperationsInvokedUser) {
    this.#places = new Turns(maxOperations + 1);
    this.#pending = new PendingResponses(maxOperations, responseTimer);
    this.#user = user;
  }

  /** Sends a request when its turn has come, and waits for its response. */
  async invoke(make: (messageId: number) => DimseRequest, exchange: Exchange): Promise<DimseResponse> {
    const close = closeOnce(exchange.dataSet, this.#user.signal);
    const place = this.#places.enter();
    try {
      // Not awaited for nothing: what the caller does next, a release perhaps, comes after this request.
      if (!place.isDue) await due(place);
      this.#user.assertAnswerable();
      const pending = this.#pending.open(make, exchange.presentationContextId);
      const { request, turn } = pending;
      try {
        let begunMs = 0;
        const dataSetBytes = await this.#user.send(request, exchange, {
          turn: turn.isDue ? undefined : { whenDue: (onDue, onNever) => this.#whenDue(turn, onDue, onNever) },
          onTurn: () => {
            begunMs = performance.now();
            pending.begin();
            exchange.onTurn?.();
          },
          onHandedOver: () => pending.onHandedOver(),
        });
        pending.onSent();
        // No more files are open than are being sent, however many wait for their responses.
        const closing = close();
        // What goes wrong there is thrown when the answer is in, which comes anyway.
        if (closing !== undefined) await closing.catch(() => undefined);
        const response = await pending.answer;
        const { presentationContextId } = exchange;
        const ms = performance.now() - begunMs;
        this.#user.onAnswered({ request, response, presentationContextId, dataSetBytes, ms });
        if (closing !== undefined) await closing;
        return response;
      } finally {
        this.#pending.close(pending);
      }
    } finally {
      place.leave();
      const closing = close();
      if (closing !== undefined) await closing;
    }
  }

  /** A turn that comes when no answer would come any more is as one that never does. */
  #whenDue(turn: Turn, onDue: () => void, onNever: (error: Error) => void): void {
    const onTurn = () => {
      try {
        this.#user.assertAnswerable();
      } catch (error) {
        return onNever(toError(error));
      }
      onDue();
    };
    turn.whenDue(onTurn, onNever);
  }

  /** @throws {ProtocolError} if no request waits for this response */
  settle(response: DimseResponse, presentationContextId: number): void {
    this.#pending.settle(response, presentationContextId);
  }

  /** The association has ended: for all that wait, whether for their turn or for their response. */
  fail(error: Error): void {
    this.#places.fail(error);
    this.#pending.fail(error);
  }
}
