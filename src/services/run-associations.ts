/** Associations of a run: requested for as long as it lasts, and compared with the first. */
import type { AssociationHandle } from '../net/association-handle.js';
import { type AssociationRequest, requestAssociation } from '../net/requestor.js';
import { whenAborted } from '../net/signals.js';

/**
 * As `requestAssociation`; once `left` aborts, nobody wants it any more.
 * @param left ends the attempt, but no association that is there: that has its own end
 */
export async function requestUntilLeft(request: AssociationRequest, left: AbortSignal): Promise<AssociationHandle> {
  const { signal } = request;
  const attempt = new AbortController();
  const leaveSignal = whenAborted(signal, () => attempt.abort(signal?.reason));
  const leaveLeft = whenAborted(left, () => attempt.abort());
  try {
    const association = await requestAssociation({ ...request, signal: attempt.signal });
    void association.closed.then(leaveSignal);
    return association;
  } catch (error) {
    leaveSignal();
    throw error;
  } finally {
    leaveLeft();
  }
}

/** Whether another association of the same request can carry whatever the first can. */
export function takesAllOf(first: AssociationHandle, other: AssociationHandle): boolean {
  const accepted = new Map(other.contexts.map(({ id, transferSyntax }) => [id, transferSyntax]));
  return first.contexts.every(({ id, transferSyntax }) => accepted.get(id) === transferSyntax);
}
