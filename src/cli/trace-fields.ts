/** The facts of what happens on associations as fields of a log: see log-fields.ts. */
import {
  type AssociationEvent,
  type AssociationTrace,
  type DimseMessage,
  describeStatus,
  type IncomingInstance,
} from '../index.js';
import { cut, type LogFields, statusCode } from './log-fields.js';
import { errorCode } from './outcome-fields.js';

/** What of an association is told with all its events. */
interface Known {
  readonly callingAet: string | undefined;
  readonly calledAet: string | undefined;
  readonly begunMs: number;
}

export class TraceFields {
  /** Of the associations that are open. */
  readonly #known = new Map<number, Known>();
  /** The files that requests are for, as long as there are these requests. */
  readonly #paths = new WeakMap<DimseMessage, string>();
  #nextPath: string | undefined;

  /** The next C-STORE request to go out is for this file. */
  sending(path: string): void {
    this.#nextPath = path;
  }

  of({ id, remote, event }: AssociationTrace): LogFields {
    if (event.type === 'associate-rq') {
      const { callingAeTitle, calledAeTitle } = event.pdu;
      this.#known.set(id, {
        callingAet: cut(callingAeTitle),
        calledAet: cut(calledAeTitle),
        begunMs: performance.now(),
      });
    }
    const { callingAet, calledAet, begunMs = 0 } = this.#known.get(id) ?? {};
    const fields = { event: event.type, association: id, peer: remote, callingAet, calledAet, ...this.#ofEvent(event) };
    if (event.type !== 'released' && event.type !== 'aborted' && event.type !== 'associate-rj') return fields;
    this.#known.delete(id);
    return event.type === 'associate-rj' ? fields : { ...fields, ms: msSince(begunMs) };
  }

  #ofEvent(event: AssociationEvent): LogFields {
    switch (event.type) {
      case 'message':
        this.#pair(event);
        return { direction: event.direction, ...ofMessage(event.message), ...ofContext(event) };
      case 'answered': {
        const { direction, request, response, dataSetBytes, ms } = event;
        const path = this.#paths.get(request);
        return {
          direction,
          ...ofMessage(request),
          ...ofContext(event),
          ...ofStatus(response),
          ...{ bytes: dataSetBytes, ms: rounded(ms), path },
        };
      }
      case 'request-failed':
        return { ...ofMessage(event.request), ...ofStatus({ status: event.status }), error: errorCode(event.error) };
      case 'associate-rj':
        return {
          direction: event.direction,
          result: event.pdu.result,
          source: event.pdu.source,
          reason: event.pdu.reason,
        };
      case 'aborted':
        return { by: event.by, error: errorCode(event.error), ...ofAbort(event.error) };
      case 'aborting':
        return { source: event.source, reason: event.reason };
      case 'no-request':
      case 'accept-failed':
        return { error: errorCode(event.error) };
      case 'secured':
        return { tls: event.session.protocol };
      case 'requesting':
      case 'associate-rq':
      case 'associate-ac':
      case 'releasing':
      case 'released':
        return {};
      default:
        event satisfies never;
        return {};
    }
  }

  /** The library tells of the file, then of its request. */
  #pair({ message, direction }: Extract<AssociationEvent, { type: 'message' }>): void {
    if (this.#nextPath === undefined || direction !== 'outgoing' || message.type !== 'C-STORE-RQ') return;
    this.#paths.set(message, this.#nextPath);
    this.#nextPath = undefined;
  }
}

/**
 * Of an instance on its way in; the lines of its request have the same UIDs.
 * @param path of its file, below the output directory; of one that was there already, absolute
 */
export function storingFields(event: string, instance: IncomingInstance, path: string): LogFields {
  const { sopClassUid, sopInstanceUid, transferSyntaxUid, associationId, remote, callingAeTitle, calledAeTitle } =
    instance;
  return {
    event,
    association: associationId,
    peer: remote,
    callingAet: cut(callingAeTitle),
    calledAet: cut(calledAeTitle),
    sopClassUid,
    sopInstanceUid,
    transferSyntax: cut(transferSyntaxUid),
    path,
  };
}

function ofMessage(message: DimseMessage): LogFields {
  return {
    command: message.type,
    messageId: 'messageId' in message ? message.messageId : message.messageIdBeingRespondedTo,
    sopClassUid: cut('affectedSopClassUid' in message ? message.affectedSopClassUid : undefined),
    sopInstanceUid: cut('affectedSopInstanceUid' in message ? message.affectedSopInstanceUid : undefined),
    ...('status' in message ? ofStatus(message) : {}),
  };
}

function ofContext({ context }: Extract<AssociationEvent, { type: 'message' | 'answered' }>): LogFields {
  return { contextId: context.id, transferSyntax: cut(context.transferSyntax) };
}

function ofStatus({
  status,
  errorComment,
}: {
  readonly status: number;
  readonly errorComment?: string | undefined;
}): LogFields {
  return { status: statusCode(status), statusMeaning: describeStatus(status).meaning, errorComment: cut(errorComment) };
}

/** Only an A-ABORT has them. */
function ofAbort(error: Error): LogFields {
  const source = 'source' in error && typeof error.source === 'number' ? error.source : undefined;
  const reason = 'reason' in error && typeof error.reason === 'number' ? error.reason : undefined;
  return { source, reason };
}

/** To the microsecond: more is noise. */
export function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function msSince(begunMs: number): number | undefined {
  return begunMs === 0 ? undefined : rounded(performance.now() - begunMs);
}
