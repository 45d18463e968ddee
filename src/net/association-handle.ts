/** An association as its user sees it; what the library itself does with one stays inside. */
import type { AcceptedContext } from '../acse/negotiate.js';
import type { DimseRequest, DimseResponse } from '../dimse/messages.js';
import type { Exchange } from './operations-invoked.js';

/** Made by `requestAssociation`, given to service providers. Whatever is under way when it ends early rejects with the reason. */
export interface AssociationHandle extends AsyncDisposable {
  /** As in traces: counts from 1 in a process. */
  readonly id: number;
  /** `host:port` of the peer. */
  readonly remote: string;
  /** As the requestor gave it, without leading and trailing spaces; may be empty. */
  readonly callingAeTitle: string;
  /** Likewise. */
  readonly calledAeTitle: string;
  /** Who asked for it, by the verdict of `authenticate`; undefined where nobody has looked, or we asked. */
  readonly user: string | undefined;
  /** The accepted presentation contexts, in the order they were proposed. */
  readonly contexts: readonly AcceptedContext[];
  /** Most requests of ours that may be outstanding, as negotiated (PS3.7 D.3.3.3): `request` holds back what is more. */
  readonly maxOperationsInvoked: number;
  /** Settles when the connection is gone, however that came. */
  readonly closed: Promise<void>;
  /** Why the association ended without a release, once it has. */
  readonly failure: Error | undefined;
  /** Aborts when the association ends without a release. */
  readonly signal: AbortSignal;

  /**
   * Sends a request and waits for its response. Several may be under way: `maxOperationsInvoked` of them are outstanding,
   * the others wait for their turn. Their messages go out one after another, in the order asked for.
   * @param make the request for the message id it is given
   * @throws {TimeoutError} of timer `dimse` or `network`; the association is then aborted
   * @throws {AssociationAborted | UsageError} it ended early, or by release: the peer's, or our own
   */
  request(make: (messageId: number) => DimseRequest, exchange: Exchange): Promise<DimseResponse>;

  /**
   * Ends the association in good order, after what is being sent: resolves when the peer has agreed and the connection is
   * closed. Requests that have no response by then reject. Called again it gives the same promise.
   */
  release(): Promise<void>;

  /** Ends the association at once (PS3.8 7.3); resolves when the connection is closed. All that is under way is lost. */
  abort(): Promise<void>;

  /** Releases it, unless it has ended: what `await using` calls. */
  [Symbol.asyncDispose](): Promise<void>;
}
