/** What strangers send, as rows of tables: bytes on one connection, the answers they get, and what the log says of it. */
import { associateRq } from '../../src/acse/propose.js';
import type { DimseMessage } from '../../src/dimse/messages.js';
import type { ProposedPresentationContext } from '../../src/pdu/types.js';
import { element, uint16 } from './dimse-messages.js';
import { type Arrival, CT, command, EXPLICIT, IMPLICIT, RawPeer, VERIFICATION } from './loopback-peer.js';
import { withLength } from './pdu-hex.js';

/**
 * `answer` is all that comes back, in the words of `inWords` with commas between; `log` is what is logged at the level
 * of warnings, PEER being the stranger, one line each. `stored` is the file that has come into being, if one has.
 */
export type Row = readonly [what: string, sent: Buffer, answer: string, log: string, stored?: string];

/** An association as the rows find it: what each context is for, and one, 11, that is refused. */
export const CONTEXTS: readonly ProposedPresentationContext[] = [
  { id: 1, abstractSyntax: CT, transferSyntaxes: [EXPLICIT] },
  { id: 3, abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT] },
  { id: 5, abstractSyntax: CT, transferSyntaxes: [IMPLICIT] },
  { id: 7, abstractSyntax: CT, transferSyntaxes: ['1.2.840.10008.1.2.1.99'] },
  { id: 9, abstractSyntax: CT, transferSyntaxes: ['1.2.840.10008.1.2.4.50'] },
  { id: 11, abstractSyntax: '1.2.3.4', transferSyntaxes: [IMPLICIT] },
  { id: 13, abstractSyntax: CT, transferSyntaxes: ['1.2.840.10008.1.2.2'] },
];

export const REQUEST = associateRq({
  calledAeTitle: 'ANY-SCP',
  callingAeTitle: 'STRANGER',
  contexts: CONTEXTS,
  maxPduLength: 16_384,
});

/** Plays a row and hears it out: as many answers as are expected, then what comes until the connection is closed. */
export async function play(port: number, sent: Buffer, expected: number, opens: boolean): Promise<string> {
  await using peer = await RawPeer.connect(port);
  if (opens) {
    peer.send(REQUEST);
    await peer.expect('A-ASSOCIATE-AC');
  }
  peer.send(sent);
  const heard: string[] = [];
  for (let ended = false; ; ) {
    if (!ended && heard.length >= expected) {
      peer.end();
      ended = true;
    }
    const arrival = await peer.next(`an answer after ${heard.join(', ') || 'nothing'}`);
    if (arrival.type === 'closed') return heard.join(', ');
    heard.push(inWords(arrival));
  }
}

/** `A-ABORT 2/6`, `A-ASSOCIATE-RJ 1/1/2`, `A-ASSOCIATE-AC 0 3` with a result for each context, `C-STORE-RSP 0117`. */
function inWords(arrival: Arrival): string {
  switch (arrival.type) {
    case 'A-ABORT':
      return `A-ABORT ${arrival.source}/${arrival.reason}`;
    case 'A-ASSOCIATE-RJ':
      return `A-ASSOCIATE-RJ ${arrival.result}/${arrival.source}/${arrival.reason}`;
    case 'A-ASSOCIATE-AC':
      return ['A-ASSOCIATE-AC', ...arrival.presentationContexts.map(({ result }) => result)].join(' ');
    case 'message':
      return `${arrival.message.type} ${'status' in arrival.message ? hex4(arrival.message.status) : ''}`;
    default:
      return arrival.type;
  }
}

function hex4(value: number): string {
  return value.toString(16).toUpperCase().padStart(4, '0');
}

/** A PDU of any type, whole: header and body. */
export function pduOf(type: number, ...bodies: readonly Buffer[]): Buffer {
  return withLength(type, 4, ...bodies);
}

/** The header of a PDU that says another length than its body has. */
export function pduHeader(type: number, length: number): Buffer {
  const header = Buffer.alloc(6);
  header.writeUInt8(type);
  header.writeUInt32BE(length, 2);
  return header;
}

/** One PDV; `says` is the length in its header, where that is not the right one. */
export function pdv(contextId: number, control: number, data: Buffer, says = data.length + 2): Buffer {
  const header = Buffer.alloc(6);
  header.writeUInt32BE(says);
  header.writeUInt8(contextId, 4);
  header.writeUInt8(control, 5);
  return Buffer.concat([header, data]);
}

/** Message control headers (PS3.8 Annex E.2). */
export const [MORE_DATA, MORE_COMMAND, LAST_DATA, LAST_COMMAND] = [0, 1, 2, 3] as const;

/** A command set of these elements with its group length in front, in one PDU. */
export function commandSet(contextId: number, ...elements: readonly Buffer[]): Buffer {
  const body = Buffer.concat(elements);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return pduOf(4, pdv(contextId, LAST_COMMAND, Buffer.concat([element(0x0000, length), body])));
}

/** The elements of a C-STORE-RQ by number, in order, to be left out, doubled or replaced. */
export function storeElements(replaced: Readonly<Record<number, readonly Buffer[]>> = {}, hasDataSet = true): Buffer[] {
  const usual: Readonly<Record<number, readonly Buffer[]>> = {
    2: [element(0x0002, Buffer.from(`${CT}\0`))],
    256: [element(0x0100, uint16(0x0001))],
    272: [element(0x0110, uint16(1))],
    1792: [element(0x0700, uint16(0))],
    2048: [element(0x0800, uint16(hasDataSet ? 0x0001 : 0x0101))],
    4096: [element(0x1000, Buffer.from('1.2.3\0'))],
  };
  return Object.values({ ...usual, ...replaced }).flat();
}

/** A data set in one PDU, or the beginning of one. */
export function dataPdu(contextId: number, bytes: Buffer, isLast = true): Buffer {
  return pduOf(4, pdv(contextId, isLast ? LAST_DATA : MORE_DATA, bytes));
}

/** A message whose command set is in order. */
export function messageOf(message: DimseMessage, contextId: number, dataSet?: Buffer): Buffer {
  const { pdvs } = command(message, contextId, dataSet !== undefined);
  const head = pduOf(4, ...pdvs.map(({ data }) => pdv(contextId, LAST_COMMAND, data)));
  return dataSet === undefined ? head : Buffer.concat([head, dataPdu(contextId, dataSet)]);
}
