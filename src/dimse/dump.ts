/** The text behind -d: a DIMSE message as a block of lines. */
import { formatTag } from '../base/errors.js';
import { excerpt } from '../base/printable.js';
import { type CStoreRq, type CStoreRsp, type DimseMessage, type Direction, PRIORITY } from './messages.js';
import { formatStatus } from './status.js';

/** What is told of a message beside its command set. */
export interface MessageFacts {
  readonly presentationContextId: number;
  readonly hasDataSet: boolean;
}

/** The elements that any message may have; those of the C-STORE pair are all there are. */
type StoreFields = Omit<CStoreRq, 'type'> & Omit<CStoreRsp, 'type'>;
type AnyFields = { readonly [N in keyof StoreFields]?: StoreFields[N] | undefined };

const HEADINGS: Readonly<Record<Direction, string>> = {
  outgoing: '===================== OUTGOING DIMSE MESSAGE ====================',
  incoming: '===================== INCOMING DIMSE MESSAGE ====================',
};
const END = '======================= END DIMSE MESSAGE =======================';
const LABEL_WIDTH = 30;

/** The lines of the block, without level prefixes and line ends. Nothing a peer sent can add a line to it. */
export function dumpMessage(message: DimseMessage, direction: Direction, facts: MessageFacts): readonly string[] {
  const fields: AnyFields = message;
  const rows: readonly (readonly [label: string, value: string | number | undefined])[] = [
    ['Message Type', messageName(message)],
    ['Presentation Context ID', direction === 'incoming' ? facts.presentationContextId : undefined],
    ['Message ID', fields.messageId],
    ['Message ID Being Responded To', fields.messageIdBeingRespondedTo],
    ['Affected SOP Class UID', fields.affectedSopClassUid],
    ['Affected SOP Instance UID', fields.affectedSopInstanceUid],
    ['Move Originator', fields.moveOriginatorAeTitle],
    ['Move Originator Message ID', fields.moveOriginatorMessageId],
    ['Data Set', facts.hasDataSet ? 'Present' : 'None'],
    ['Priority', fields.priority === undefined ? undefined : priorityName(fields.priority)],
    ['DIMSE Status', fields.status === undefined ? undefined : formatStatus(fields.status)],
    ['Offending Element', fields.offendingElement?.map(formatTag).join(', ')],
    ['Error Comment', fields.errorComment],
    ['Error ID', fields.errorId],
  ];
  const lines = rows
    .filter(([, value]) => value !== undefined)
    .map(([label, value]) => `${label.padEnd(LABEL_WIDTH)}: ${excerpt(String(value))}`);
  return [HEADINGS[direction], ...lines, END];
}

/** PS3.7 Table E.1-1, (0000,0100): the operations that this library knows by name only. */
const OPERATIONS: Readonly<Record<number, string>> = {
  16: 'C-GET',
  32: 'C-FIND',
  33: 'C-MOVE',
  256: 'N-EVENT-REPORT',
  272: 'N-GET',
  288: 'N-SET',
  304: 'N-ACTION',
  320: 'N-CREATE',
  336: 'N-DELETE',
};

/** `C-STORE RQ`; an operation without a name is shown by its command field. */
export function messageName(message: DimseMessage): string {
  const [, operation = message.type, kind = ''] = /^(.+)-(RQ|RSP)$/.exec(message.type) ?? [];
  if (!('commandField' in message)) return `${operation} ${kind}`;
  return `${OPERATIONS[message.commandField & 0x7fff] ?? `0x${hex(message.commandField, 4)}`} ${kind}`;
}

function priorityName(priority: number): string {
  switch (priority) {
    case PRIORITY.medium:
      return 'Medium';
    case PRIORITY.high:
      return 'High';
    case PRIORITY.low:
      return 'Low';
    default:
      return `0x${hex(priority, 4)}`;
  }
}

function hex(value: number, width: number): string {
  return value.toString(16).toUpperCase().padStart(width, '0');
}
