/** The errors that the end of an association becomes for whoever was waiting. */
import { AssociationAborted, UsageError } from '../base/errors.js';
import type { AbortIndication } from '../ul/events.js';

export function abortedError({ by, source, reason, error }: AbortIndication): AssociationAborted {
  return new AssociationAborted({
    by,
    ...(source === undefined ? {} : { source }),
    ...(reason === undefined ? {} : { reason }),
    ...(error === undefined ? {} : { cause: error, detail: error.message }),
  });
}

/** For a request that a release leaves without an answer: a mistake of the caller's only if it was the caller who released. */
export function releasedError(by: 'local' | 'peer'): Error {
  return by === 'local'
    ? new UsageError('the association has been released')
    : new AssociationAborted({ by, detail: 'released by the peer before it answered' });
}
