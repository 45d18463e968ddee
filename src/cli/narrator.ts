/** What happens on associations, in the words of the log: one line for a person, the dump behind `-d`. */
import {
  AssociationAborted,
  type AssociationEvent,
  type AssociationTrace,
  type DimseMessage,
  describeTrace,
  excerpt,
  modalityPrefix,
  quoted,
  shortName,
  statusLine,
  type TlsSession,
  transferSyntax,
} from '../index.js';
import type { Log } from './log.js';
import type { LogFields } from './log-fields.js';
import { TraceFields } from './trace-fields.js';

/** Logs every association of an application; `role` tells the words that differ between the two. */
export class Narrator {
  readonly #role: 'user' | 'provider';
  readonly #log: Log;
  readonly #acse: Log;
  readonly #dimse: Log;
  readonly #dataset: Log;
  /** Only for a log that takes fields. */
  readonly #fields: TraceFields | undefined;

  constructor(role: 'user' | 'provider', log: Log) {
    this.#role = role;
    this.#log = log;
    this.#acse = log.named('netdicom.acse');
    this.#dimse = log.named('netdicom.dimse');
    this.#dataset = log.named('netdicom.dataset');
    this.#fields = log.takesFields ? new TraceFields() : undefined;
  }

  /** The next C-STORE request to go out is for this file. */
  sending(path: string): void {
    this.#fields?.sending(path);
  }

  tell(trace: AssociationTrace): void {
    const { remote, event } = trace;
    const fields = this.#fields?.of(trace);
    switch (event.type) {
      case 'requesting':
        this.#log.info('Requesting Association', fields);
        break;
      case 'secured':
        this.#log.info(`TLS Connection Established (${tlsWords(event.session)})`, fields);
        break;
      case 'associate-rq':
        if (event.direction === 'incoming') this.#log.info('Association Received', fields);
        this.#dump(this.#acse, event, fields);
        break;
      case 'associate-ac':
        if (event.direction === 'outgoing') this.#log.info('Association Accepted', fields);
        this.#dump(this.#acse, event, fields);
        if (event.direction === 'incoming') this.#log.info('Association Accepted', fields);
        break;
      case 'associate-rj':
        if (event.direction === 'outgoing') this.#log.warning(rejectionWords(remote, event), fields);
        this.#dump(this.#acse, event, fields);
        break;
      case 'message':
        this.#message(event, fields);
        break;
      case 'answered':
        // The text log is as the manuals of both applications have it, which have no such line.
        if (fields !== undefined)
          this.#log.info(`${messageWords(event.request)} answered: ${statusLine(event.response.status)}`, fields);
        break;
      case 'request-failed':
        this.#log.error(
          `${messageWords(event.request)} failed (${remote}${instanceOf(event.request)}): ${statusLine(event.status)}: ${event.error.message}`,
          fields,
        );
        break;
      case 'no-request':
        if (event.error === undefined) this.#log.debug(`Connection without an association request (${remote})`, fields);
        else this.#log.warning(`No association request (${remote}): ${event.error.message}`, fields);
        break;
      case 'accept-failed':
        this.#log.error(`Cannot accept connections: ${event.error.message}`, fields);
        break;
      case 'releasing':
        this.#log.info('Releasing Association', fields);
        break;
      case 'released':
        if (this.#role === 'provider' || fields !== undefined) this.#log.info('Association Released', fields);
        break;
      case 'aborting':
        this.#log.info('Aborting Association', fields);
        break;
      case 'aborted':
        this.#aborted(remote, event, fields);
        break;
      default:
        event satisfies never;
    }
  }

  /** The command set is always Implicit VR Little Endian; the data set is as the context has it (PS3.7 6.3.1). */
  #message(event: Extract<AssociationEvent, { type: 'message' }>, fields: LogFields | undefined): void {
    const { message, direction, context, hasDataSet } = event;
    if (direction === 'incoming') {
      this.#reading('Little Endian Implicit', fields);
      this.#log.info(`Received ${messageWords(message)}${echoId(message)}`, fields);
      this.#dump(this.#dimse, event, fields);
      // PS3.4 B.3.1.4 allows it for some, and senders exist that do it for others.
      if (message.type === 'C-STORE-RQ' && message.affectedSopClassUid !== context.abstractSyntax)
        this.#dimse.debug(`The SOP class is not that of presentation context ${context.id}`, fields);
      const syntax = transferSyntax(context.transferSyntax);
      if (hasDataSet) this.#reading(syntax === undefined ? context.transferSyntax : shortName(syntax), fields);
    } else if ('messageId' in message) {
      this.#log.info(`Sending ${messageWords(message)}: MsgID ${message.messageId}${modality(message)}`, fields);
      this.#dump(this.#dimse, event, fields);
    }
  }

  #reading(syntax: string, fields: LogFields | undefined): void {
    this.#dataset.debug(`netdicom.read_dataset() TransferSyntax="${syntax}"`, fields);
  }

  /** A provider has nobody else to tell; a user's own error ends its run and is told there. */
  #aborted(remote: string, event: Extract<AssociationEvent, { type: 'aborted' }>, fields: LogFields | undefined): void {
    if (this.#role === 'provider')
      this.#log.error(`Association Aborted (${remote}): ${whyAborted(event.error)}`, fields);
    this.#dump(this.#acse, event, fields);
  }

  #dump(log: Log, event: AssociationEvent, fields: LogFields | undefined): void {
    if (!log.isEnabled('debug')) return;
    const lines = describeTrace(event);
    if (lines.length > 0) log.debug(lines, fields);
  }
}

function rejectionWords(
  remote: string,
  { pdu, request, why }: Extract<AssociationEvent, { type: 'associate-rj'; direction: 'outgoing' }>,
): string {
  const titles = [request.callingAeTitle, request.calledAeTitle].map(quoted).join(' to ');
  return `Association Rejected (${remote}, ${titles}): ${why} (${pdu.result}/${pdu.source}/${pdu.reason})`;
}

function tlsWords({ protocol, cipherSuite, peerSubject }: TlsSession): string {
  return [protocol, cipherSuite, peerSubject === undefined ? 'peer without a certificate' : `peer ${peerSubject}`].join(
    ', ',
  );
}

function whyAborted(error: Error): string {
  return error instanceof AssociationAborted ? error.detail : error.message;
}

const MESSAGE_WORDS: Readonly<Record<DimseMessage['type'], string>> = {
  'C-ECHO-RQ': 'Echo Request',
  'C-ECHO-RSP': 'Echo Response',
  'C-STORE-RQ': 'Store Request',
  'C-STORE-RSP': 'Store Response',
  'C-CANCEL-RQ': 'Cancel Request',
  'UNKNOWN-RQ': 'Unknown Request',
  'UNKNOWN-RSP': 'Unknown Response',
};

function messageWords(message: DimseMessage): string {
  const words = MESSAGE_WORDS[message.type];
  if (!('commandField' in message)) return words;
  return `${words} (command 0x${message.commandField.toString(16).toUpperCase().padStart(4, '0')})`;
}

function instanceOf(message: DimseMessage): string {
  return message.type === 'C-STORE-RQ' ? `, SOP Instance ${excerpt(message.affectedSopInstanceUid)}` : '';
}

/** Echoes have no instance to tell them apart by, so their line has the message id. */
function echoId(message: DimseMessage): string {
  return message.type === 'C-ECHO-RQ' ? ` (MsgID ${message.messageId})` : '';
}

/** `, (CT)` where the log of a C-STORE request names the modality. */
function modality(message: DimseMessage): string {
  if (message.type !== 'C-STORE-RQ') return '';
  const prefix = modalityPrefix(message.affectedSopClassUid);
  return prefix === 'UN' ? '' : `, (${prefix})`;
}
