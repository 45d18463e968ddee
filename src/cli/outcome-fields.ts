/** What becomes of files as fields of a log: see log-fields.ts. */
import { DicomError, type InstanceFile, type StoreEvent, type StoreOutcome } from '../index.js';
import { type Level, type Log, levels, type Message } from './log.js';
import { cut, type LogFields, statusCode } from './log-fields.js';

/** The same log, each of whose messages has these fields. */
export function withFields(log: Log, fields: LogFields): Log {
  const at = (level: Level | 'announce') => (message: Message) => log[level](message, fields);
  return {
    ...log,
    ...levels(at),
    announce: at('announce'),
  };
}

export function eventFields(event: StoreEvent): LogFields {
  const { type } = event;
  return {
    event: type,
    path: 'path' in event ? event.path : undefined,
    error: 'error' in event ? errorCode(event.error) : undefined,
    ...('instance' in event ? instanceFields(event.instance) : {}),
  };
}

export function outcomeFields(outcome: StoreOutcome): LogFields {
  return {
    event: outcome.type,
    ...('instance' in outcome ? instanceFields(outcome.instance) : {}),
    path: 'path' in outcome ? outcome.path : undefined,
    ...('status' in outcome ? { status: statusCode(outcome.status.code), statusMeaning: outcome.status.meaning } : {}),
    errorComment: 'response' in outcome ? cut(outcome.response.errorComment) : undefined,
    error: 'error' in outcome ? errorCode(outcome.error) : undefined,
  };
}

/** Of what has ended a run. */
export function failureFields(
  error: unknown,
  { host, port }: { readonly host: string; readonly port: number },
): LogFields {
  return { event: 'failed', peer: `${host}:${port}`, error: errorCode(error) };
}

/** Class and instance are those of the file, as is what is told about it before it is sent. */
function instanceFields({ path, sopClassUid, sopInstanceUid }: InstanceFile): LogFields {
  return { path, sopClassUid: cut(sopClassUid), sopInstanceUid: cut(sopInstanceUid) };
}

/** The stable code of an error. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof DicomError ? error.code : undefined;
}
