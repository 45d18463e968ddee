/** The error that an abort indication becomes for whoever was waiting. */
import { AssociationAborted } from '../base/errors.js';
import type { AbortIndication } from '../ul/events.js';

export function abortedError({ by, source, reason, error }: AbortIndication): AssociationAborted {
  return new AssociationAborted({
    by,
    ...(source === undefined ? {} : { source }),
    ...(reason === undefined ? {} : { reason }),
    ...(error === undefined ? {} : { cause: error, detail: error.message }),
  });
}
