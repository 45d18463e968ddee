/** The texts behind `-d`: one block of lines for each PDU and message that a trace tells of. */
import { dumpAbort, dumpAssociateAc, dumpAssociateRj, dumpAssociateRq } from '../acse/dump.js';
import { AssociationAborted } from '../base/errors.js';
import { dumpMessage } from '../dimse/dump.js';
import type { AssociationEvent } from './trace.js';

/** The event's PDU or message in lines for a person; none for an event that carries neither. */
export function describeTrace(event: AssociationEvent): readonly string[] {
  switch (event.type) {
    case 'associate-rq':
      return dumpAssociateRq(event.pdu, event.direction === 'outgoing' ? 'ours' : 'theirs');
    case 'associate-ac':
      return dumpAssociateAc(event.pdu, event.direction === 'outgoing' ? 'ours' : 'theirs');
    case 'associate-rj':
      return dumpAssociateRj(event.pdu);
    case 'message':
      return dumpMessage(event.message, event.direction, {
        presentationContextId: event.context.id,
        hasDataSet: event.hasDataSet,
      });
    case 'aborted':
      return describeAbort(event.error);
    case 'requesting':
    case 'secured':
    case 'answered':
    case 'request-failed':
    case 'no-request':
    case 'accept-failed':
    case 'releasing':
    case 'released':
    case 'aborting':
      return [];
    default:
      event satisfies never;
      return [];
  }
}

/** An association that ends without an A-ABORT has none to show. */
function describeAbort(error: Error): readonly string[] {
  if (!(error instanceof AssociationAborted)) return [];
  const { source, reason } = error;
  return source === undefined || reason === undefined ? [] : dumpAbort({ source, reason });
}
