/** What a report says of one request to store a file: `--report` and `--json`. */
import { formatTag, type InstanceFile, type StoreEvent, type StoreOutcome, type Transfer } from '../index.js';
import { statusCode } from './log-fields.js';

/** `left`: not begun, since the run ended before. `skipped`: met in a directory, and nothing to send. */
export const RECORD_OUTCOMES = ['stored', 'refused', 'not-sent', 'unanswered', 'skipped', 'left'] as const;

/** Whatever is not known, or does not apply, is left out. */
export interface StoreRecord {
  /** Absolute. */
  readonly path: string;
  readonly outcome: (typeof RECORD_OUTCOMES)[number];
  /** Address and port of the other side, as given. */
  readonly peer?: string;
  /** AE title that it is called by. */
  readonly calledAet?: string;
  readonly sopClassUid?: string;
  readonly sopInstanceUid?: string;
  readonly presentationContextId?: number;
  /** UID of the transfer syntax that it was sent in. */
  readonly transferSyntax?: string;
  /** Whether that is another one than the file's. */
  readonly converted?: boolean;
  /** `0xA700` */
  readonly status?: string;
  /** Of the status, in words. */
  readonly meaning?: string;
  /** The peer's Error Comment and Offending Element (PS3.7 Annex C). */
  readonly comment?: string;
  /** Why there is no status. */
  readonly error?: string;
  /** Of the data set as sent. */
  readonly bytes?: number;
  /** From the first byte to the response. */
  readonly ms?: number;
  readonly attempts?: number;
  /** Of the file, in bytes. */
  readonly fileSize?: number;
  /** When the file was last written: ISO 8601, UTC. */
  readonly fileModified?: string;
}

/** The fields of a record in their order: the columns of a CSV file. `number` and `boolean` are so in JSON. */
export const RECORD_FIELDS: Readonly<Record<keyof StoreRecord, 'string' | 'number' | 'boolean'>> = {
  path: 'string',
  outcome: 'string',
  peer: 'string',
  calledAet: 'string',
  sopClassUid: 'string',
  sopInstanceUid: 'string',
  presentationContextId: 'number',
  transferSyntax: 'string',
  converted: 'boolean',
  status: 'string',
  meaning: 'string',
  comment: 'string',
  error: 'string',
  bytes: 'number',
  ms: 'number',
  attempts: 'number',
  fileSize: 'number',
  fileModified: 'string',
};

/** The record of an outcome, if that is about a file. @param absolute makes a path absolute */
export function recordOf(outcome: StoreOutcome, absolute: (path: string) => string): StoreRecord | undefined {
  switch (outcome.type) {
    case 'stored':
    case 'refused': {
      const { code, meaning } = outcome.status;
      const comment = commentOf(outcome);
      const answer = { status: `0x${statusCode(code)}`, meaning, ...(comment === '' ? {} : { comment }) };
      return { ...head(outcome, absolute), ...sentAs(outcome), ...answer, ...transferOf(outcome) };
    }
    case 'unanswered': {
      const error = outcome.error.message;
      return { ...head(outcome, absolute), ...sentAs(outcome), error, ...transferOf(outcome) };
    }
    case 'not-sent':
      return {
        ...head(outcome, absolute),
        ...(outcome.instance && about(outcome.instance)),
        error: outcome.error.message,
      };
    case 'verified':
    case 'not-verified':
      return undefined;
    default:
      outcome satisfies never;
      return undefined;
  }
}

/** The records of files that have no outcome. */
export function recordsOf(event: StoreEvent, absolute: (path: string) => string): readonly StoreRecord[] {
  switch (event.type) {
    case 'skipped':
      return [{ path: absolute(event.path), outcome: 'skipped', error: event.error.message }];
    case 'left':
      return event.paths.map((path) => ({ path: absolute(path), outcome: 'left' }));
    default:
      return [];
  }
}

/** When a file was last written, as a record has it; undefined of a time that ISO 8601 has no words for. */
export function modifiedOf({ modifiedMs }: InstanceFile): string | undefined {
  const modified = new Date(modifiedMs);
  return Number.isNaN(modified.valueOf()) ? undefined : modified.toISOString();
}

function head(
  { type, path }: Extract<StoreOutcome, { path: string }>,
  absolute: (path: string) => string,
): Pick<StoreRecord, 'path' | 'outcome'> {
  return { path: absolute(path), outcome: type };
}

type Sent = { readonly instance: InstanceFile } & Transfer;

function sentAs({ instance, context }: Sent): Partial<StoreRecord> {
  const { id, transferSyntax } = context;
  const converted = transferSyntax !== instance.transferSyntaxUid;
  return { ...about(instance), presentationContextId: id, transferSyntax, converted };
}

function about({ sopClassUid, sopInstanceUid }: InstanceFile): Pick<StoreRecord, 'sopClassUid' | 'sopInstanceUid'> {
  return { sopClassUid, sopInstanceUid };
}

function transferOf({ instance, bytes, ms, attempts }: Sent): Partial<StoreRecord> {
  const rounded = Math.round(ms * 10) / 10;
  const fileModified = modifiedOf(instance);
  const file = { fileSize: instance.size, ...(fileModified === undefined ? {} : { fileModified }) };
  return { bytes, ms: rounded, attempts, ...file };
}

function commentOf({ response }: Extract<StoreOutcome, { type: 'stored' | 'refused' }>): string {
  const { errorComment = '', offendingElement = [] } = response;
  return [...(errorComment === '' ? [] : [errorComment]), ...offendingElement.map(formatTag)].join(', ');
}
