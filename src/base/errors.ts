/** Every error the library throws: one base class, one stable `code` per kind, the cause kept. */

/** Stable names to switch on; a new kind of error is a minor version, a changed code a major one. */
export type ErrorCode =
  | 'ASSOCIATION_REJECTED'
  | 'ASSOCIATION_ABORTED'
  | 'IDENTITY_NOT_CONFIRMED'
  | 'TRANSPORT'
  | 'CERTIFICATE'
  | 'TIMEOUT'
  | 'PROTOCOL'
  | 'DATA_SET'
  | 'FILE'
  | 'NO_PRESENTATION_CONTEXT'
  | 'INVALID_IDENTIFIER'
  | 'USAGE'
  | 'STATUS';

/** Base of all errors of this library. `message` is one line fit for a log. */
export abstract class DicomError extends Error {
  abstract readonly code: ErrorCode;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The peer answered A-ASSOCIATE-RJ (PS3.8 9.3.4); `result`, `source` and `reason` as sent. */
export class AssociationRejected extends DicomError {
  readonly code = 'ASSOCIATION_REJECTED';
  readonly result: number;
  readonly source: number;
  readonly reason: number;
  /** The message without its first words: why. */
  readonly detail: string;

  constructor(rejection: { readonly result: number; readonly source: number; readonly reason: number }) {
    const detail = describeRejection(rejection);
    super(`association rejected: ${detail}`);
    this.detail = detail;
    this.result = rejection.result;
    this.source = rejection.source;
    this.reason = rejection.reason;
  }
}

/** Who ended an association early. `provider` is an upper layer, ours or the peer's; `transport` a lost connection. */
export type AbortedBy = 'local' | 'peer' | 'provider' | 'transport';

/** The association ended without release (PS3.8 9.3.8). `source` and `reason` are those of the A-ABORT, if there was one. */
export class AssociationAborted extends DicomError {
  readonly code = 'ASSOCIATION_ABORTED';
  readonly by: AbortedBy;
  readonly source: number | undefined;
  readonly reason: number | undefined;
  /** The message without its first words: who ended it, and why. */
  readonly detail: string;

  constructor(abort: { by: AbortedBy; source?: number; reason?: number; cause?: unknown; detail?: string }) {
    const detail = abort.detail ?? describeAbort(abort);
    super(`association aborted: ${detail}`, abort.cause === undefined ? undefined : { cause: abort.cause });
    this.detail = detail;
    this.by = abort.by;
    this.source = abort.source;
    this.reason = abort.reason;
  }
}

/** A positive response to our user identity was requested, and the acceptor's answer is none that will do (PS3.7 D.3.3.7). */
export class IdentityNotConfirmed extends DicomError {
  readonly code = 'IDENTITY_NOT_CONFIRMED';
}

/** The network below failed: refused, reset, unreachable, a name that does not resolve, a port in use. */
export class TransportError extends DicomError {
  readonly code = 'TRANSPORT';
  /** Node's system error code (`ECONNREFUSED`, `EADDRINUSE` ...), where there is one. */
  readonly systemCode: string | undefined;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    const cause = options?.cause;
    this.systemCode =
      cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
  }
}

/** Which of the PEM texts of TLS is at fault; `index` counts those of one kind from 0. */
export interface PemSource {
  readonly kind: 'key' | 'cert' | 'ca' | 'crl';
  readonly index: number;
}

/** A private key, a certificate or a revocation list of ours cannot be used. */
export class CertificateError extends DicomError {
  readonly code = 'CERTIFICATE';
  readonly source: PemSource;
  /** The message without its first words: what is wrong with it. */
  readonly detail: string;

  constructor(source: PemSource, detail: string, options?: ErrorOptions) {
    const { kind, index } = source;
    super(`tls.${kind}${kind === 'ca' || kind === 'crl' ? `[${index}]` : ''}: ${detail}`, options);
    this.source = source;
    this.detail = detail;
  }
}

/** Which wait ran out. `connection` is TCP and TLS, `acse` association and release, `network` silence while data should flow. */
export type TimerName = 'connection' | 'acse' | 'dimse' | 'network';

/** A wait ran out after `ms` milliseconds. */
export class TimeoutError extends DicomError {
  readonly code = 'TIMEOUT';
  readonly timer: TimerName;
  readonly ms: number;

  constructor(timer: TimerName, ms: number, waitingFor: string) {
    super(`no ${waitingFor} within ${ms / 1000} s`);
    this.timer = timer;
    this.ms = ms;
  }
}

/** A-ABORT provider reasons (PS3.8 9.3.8) by name; the wire values are in `ABORT_REASONS`. */
export type AbortReason =
  | 'reason-not-specified'
  | 'unrecognized-pdu'
  | 'unexpected-pdu'
  | 'unrecognized-pdu-parameter'
  | 'unexpected-pdu-parameter'
  | 'invalid-pdu-parameter-value';

/** PS3.8 Table 9-26. Value 3 is reserved. */
export const ABORT_REASONS: Readonly<Record<AbortReason, number>> = {
  'reason-not-specified': 0,
  'unrecognized-pdu': 1,
  'unexpected-pdu': 2,
  'unrecognized-pdu-parameter': 4,
  'unexpected-pdu-parameter': 5,
  'invalid-pdu-parameter-value': 6,
};

/** The peer broke the protocol. `offset` counts bytes from the start of the PDU or command set at fault. */
export class ProtocolError extends DicomError {
  readonly code = 'PROTOCOL';
  readonly reason: AbortReason;
  readonly offset: number | undefined;

  constructor(reason: AbortReason, message: string, offset?: number) {
    super(offset === undefined ? message : `${message} (at byte ${offset})`);
    this.reason = reason;
    this.offset = offset;
  }
}

/** Bytes that are not a data set as its transfer syntax says. `offset` counts bytes from the start of the data set. */
export class DataSetError extends DicomError {
  readonly code = 'DATA_SET';
  readonly offset: number | undefined;
  /** Tag of the element at fault, `0xggggeeee`. */
  readonly tag: number | undefined;

  constructor(message: string, at: { readonly offset?: number; readonly tag?: number } = {}) {
    const tag = at.tag === undefined ? '' : ` in ${formatTag(at.tag)}`;
    const offset = at.offset === undefined ? '' : ` at byte ${at.offset}`;
    super(`${message}${tag}${offset}`);
    this.offset = at.offset;
    this.tag = at.tag;
  }
}

/** A file that cannot be read, or is no DICOM file that can be sent. `path` as the caller gave it. */
export class FileError extends DicomError {
  readonly code = 'FILE';
  readonly path: string;

  constructor(path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

/** A file that is no instance and was hardly meant to be sent: no DICOM file at all, or a DICOMDIR. */
export class NotAnInstance extends FileError {}

/** The peer accepted no presentation context that fits. `sopClassUid` is undefined when it accepted none at all. */
export class NoPresentationContext extends DicomError {
  readonly code = 'NO_PRESENTATION_CONTEXT';
  readonly sopClassUid: string | undefined;

  constructor(message: string, sopClassUid?: string) {
    super(message);
    this.sopClassUid = sopClassUid;
  }
}

/** Text that is no UID or no AE title (PS3.5 9.1, PS3.5 6.2). */
export class InvalidIdentifier extends DicomError {
  readonly code = 'INVALID_IDENTIFIER';
}

/** The library was called in a way that cannot work: an option out of range, a call after the end. */
export class UsageError extends DicomError {
  readonly code = 'USAGE';
}

/** Thrown by a service provider to answer a request with this status (PS3.7 Annex C) and comment. */
export class StatusError extends DicomError {
  readonly code = 'STATUS';
  readonly status: number;

  /** @throws {UsageError} a status that the field of 16 bits cannot hold */
  constructor(status: number, comment: string, options?: ErrorOptions) {
    super(comment, options);
    if (!Number.isInteger(status) || status < 0 || status > 0xffff)
      throw new UsageError(`status ${status} is not an integer from 0 to 65535`);
    this.status = status;
  }
}

/** `(gggg,eeee)` of a tag given as `0xggggeeee`. */
export function formatTag(tag: number): string {
  const hex = tag.toString(16).toUpperCase().padStart(8, '0');
  return `(${hex.slice(0, 4)},${hex.slice(4)})`;
}

// PS3.8 Table 9-21.
const REJECT_RESULTS: Readonly<Record<number, string>> = { 1: 'rejected permanent', 2: 'rejected transient' };
const REJECT_SOURCES: Readonly<Record<number, string>> = {
  1: 'service user',
  2: 'service provider (ACSE)',
  3: 'service provider (presentation)',
};
const REJECT_REASONS: Readonly<Record<number, Readonly<Record<number, string>>>> = {
  1: {
    1: 'no reason given',
    2: 'application context name not supported',
    3: 'calling AE title not recognized',
    7: 'called AE title not recognized',
  },
  2: { 1: 'no reason given', 2: 'protocol version not supported' },
  3: { 1: 'temporary congestion', 2: 'local limit exceeded' },
};

/** The three fields of an A-ASSOCIATE-RJ in words (PS3.8 Table 9-21). */
export function rejectionInWords(rejection: {
  readonly result: number;
  readonly source: number;
  readonly reason: number;
}): { readonly result: string; readonly source: string; readonly reason: string } {
  const { result, source, reason } = rejection;
  return {
    result: REJECT_RESULTS[result] ?? `unknown result ${result}`,
    source: REJECT_SOURCES[source] ?? `unknown source ${source}`,
    reason: REJECT_REASONS[source]?.[reason] ?? `unknown reason ${reason}`,
  };
}

function describeRejection(rejection: {
  readonly result: number;
  readonly source: number;
  readonly reason: number;
}): string {
  const words = rejectionInWords(rejection);
  const codes = `${rejection.result}/${rejection.source}/${rejection.reason}`;
  return `${words.reason} (${words.result}, by ${words.source}, ${codes})`;
}

const ABORT_REASON_WORDS: Readonly<Record<number, string>> = {
  0: 'reason not specified',
  1: 'unrecognized PDU',
  2: 'unexpected PDU',
  4: 'unrecognized PDU parameter',
  5: 'unexpected PDU parameter',
  6: 'invalid PDU parameter value',
};

/** The two fields of an A-ABORT in words (PS3.8 Table 9-26). A reason means nothing from a service user. */
export function abortInWords(abort: { readonly source: number; readonly reason: number }): {
  readonly source: string;
  readonly reason: string;
} {
  if (abort.source === 0) return { source: 'service user', reason: 'no reason given' };
  return {
    source: abort.source === 2 ? 'service provider' : `unknown source ${abort.source}`,
    reason: ABORT_REASON_WORDS[abort.reason] ?? `unknown reason ${abort.reason}`,
  };
}

function describeAbort(abort: { readonly by: AbortedBy; readonly source?: number; readonly reason?: number }): string {
  if (abort.by === 'transport') return 'connection lost';
  if (abort.source === undefined) return `by ${abort.by}`;
  const words = abortInWords({ source: abort.source, reason: abort.reason ?? 0 });
  const who = abort.by === 'peer' ? 'by the peer' : 'by us';
  return `${who}, ${words.source}: ${words.reason} (${abort.source}/${abort.reason ?? 0})`;
}

/** What was thrown, which need not be an error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
