/** The operations that the peer invokes: as many at work as were negotiated, each answered when done (PS3.7 D.3.3.3). */
import { type Wakeup, wakeup } from '../base/deferred.js';
import { StatusError, toError } from '../base/errors.js';
import { remove } from '../base/removal.js';
import { type DimseResponse, responseTo } from '../dimse/messages.js';
import { STATUS } from '../dimse/status.js';
import type { Association } from './association.js';
import type { ReceivedRequest } from './message-receiver.js';
import { findProvider, type ServiceProvider } from './service-provider.js';

/**
 * Answers an association's requests until it ends; then agrees to the release, if that is how. Resolves when the
 * connection is closed and no provider works for it any more.
 * @param shouldStop whether the application is ending: no other request is begun then, and the last answer is followed
 *   by an abort
 */
export async function serveRequests(
  association: Association,
  services: readonly ServiceProvider[],
  shouldStop: () => boolean = () => false,
): Promise<void> {
  await new OperationsPerformed(association, services, shouldStop).run();
}

export class OperationsPerformed {
  readonly #association: Association;
  readonly #services: readonly ServiceProvider[];
  readonly #shouldStop: () => boolean;
  readonly #atWork: ReceivedRequest[] = [];
  #oneDone: Wakeup | undefined;

  constructor(association: Association, services: readonly ServiceProvider[], shouldStop: () => boolean) {
    this.#association = association;
    this.#services = services;
    this.#shouldStop = shouldStop;
  }

  /** Whether a provider has not finished with a request yet, be it that its association has ended meanwhile. */
  get isAtWork(): boolean {
    return this.#atWork.length > 0;
  }

  /** See `serveRequests`. */
  async run(): Promise<void> {
    const association = this.#association;
    const { requests } = association;
    try {
      for (let received = await requests.next(); received !== undefined; received = await requests.next()) {
        if (this.#isSentOnceMore(received)) await this.#until(0);
        if (association.hasEnded || (this.#shouldStop() && this.#atWork.length > 0)) break;
        void this.#perform(received);
        if (this.#atWork.length >= association.maxOperationsPerformed)
          await this.#until(association.maxOperationsPerformed - 1);
      }
      await this.#until(0);
      await association.answerRelease();
    } catch (error) {
      this.#failUnlessEnded(error);
    }
    await this.#until(0);
    await association.closed;
  }

  /** Whether its instance is at work: what comes later is to replace what came before, so it waits for that. */
  #isSentOnceMore({ message }: ReceivedRequest): boolean {
    if (message.type !== 'C-STORE-RQ') return false;
    const { affectedSopInstanceUid, messageId } = message;
    let isAtWork = false;
    for (const { message: other } of this.#atWork) {
      // It is refused, and need not wait for that.
      if (other.messageId === messageId) return false;
      if (other.type === 'C-STORE-RQ' && other.affectedSopInstanceUid === affectedSopInstanceUid) isAtWork = true;
    }
    return isAtWork;
  }

  /** Waits until no more than `count` are at work. */
  async #until(count: number): Promise<void> {
    while (this.#atWork.length > count) {
      this.#oneDone = wakeup();
      await this.#oneDone.promise;
    }
  }

  async #perform(received: ReceivedRequest): Promise<void> {
    this.#atWork.push(received);
    try {
      const response = await this.#answer(received);
      await this.#association.respond(received, response);
    } catch (error) {
      this.#failUnlessEnded(error);
    }
    remove(this.#atWork, received);
    if (this.#shouldStop() && this.#atWork.length === 0) await this.#association.abort();
    this.#oneDone?.wake();
  }

  async #answer(received: ReceivedRequest): Promise<DimseResponse> {
    const association = this.#association;
    const { message, context, dataSet } = received;
    try {
      this.#checkMessageId(received);
      const provider = findProvider(message, this.#services);
      return await provider.handle({ association, context, message, dataSet, signal: association.signal });
    } catch (error) {
      if (association.failure !== undefined) throw association.failure;
      const failure = toError(error);
      const status = error instanceof StatusError ? error.status : STATUS.processingFailure;
      association.reportFailure(message, status, failure);
      return responseTo(message, status, { errorComment: failure.message });
    }
  }

  /** PS3.7 Annex C: 0210H where two answers, in whatever order they come, could not be told apart. */
  #checkMessageId(received: ReceivedRequest): void {
    const { messageId } = received.message;
    for (const other of this.#atWork)
      if (other !== received && other.message.messageId === messageId)
        throw new StatusError(
          STATUS.duplicateInvocation,
          `message id ${messageId} is that of a request not answered yet`,
        );
  }

  /** An association that has ended has reported why; anything else is a fault of ours and must not go on unseen. */
  #failUnlessEnded(error: unknown): void {
    if (this.#association.failure === undefined) this.#association.fail(toError(error));
  }
}
