/**
 * The floor where the other end is DCMTK's (bare-user.ts, bare-provider.ts): C-STORE by Node in as few steps as it takes, one
 * object at a time. It knows nothing but what DCMTK sends and the corpora are made of, looks into no data set, and leaves
 * what is cut short where it is. But a file has its name when it is whole and not before, and who replaces one is told so: that is
 * what ours promises, and what those steps cost is no overhead. Here are the PDUs, put together as text: byte for character.
 */
import { uint16LE, uint16LEText, uint32LE, uint32LEText } from '../src/base/bytes.js';

const APPLICATION_CONTEXT = '1.2.840.10008.3.1.1.1';
export const IMPLEMENTATION_CLASS = '2.25.1';
export const P_DATA_TF = 4;
/** Of a P-DATA-TF and its only PDV. */
export const HEADERS = 12;
/** PS3.8 9.3.1: the types that an answer can have here. */
export const ASSOCIATE_AC = 2;
export const RELEASE_RP = 6;
/** As long as what DCMTK tuned announces, since a floor is to be as low as it can. Our applications announce 16 KiB by default. */
export const MAXIMUM_LENGTH = 128 * 1024;

function uint16BEText(value: number): string {
  return String.fromCharCode((value >>> 8) & 0xff, value & 0xff);
}

function uint32BEText(value: number): string {
  return uint16BEText(value >>> 16) + uint16BEText(value);
}

/** PS3.8 9.3: a PDU without fragments. */
export function pdu(type: number, body: string): Buffer {
  return Buffer.from(`${String.fromCharCode(type, 0)}${uint32BEText(body.length)}${body}`, 'latin1');
}

export function item(type: number, body: string): string {
  return String.fromCharCode(type, 0) + uint16BEText(body.length) + body;
}

/** What A-ASSOCIATE-RQ and -AC have in common; `aeTitles` is 32 characters. */
export function associate(type: number, aeTitles: string, contexts: string, maximumLength: number): Buffer {
  const user = item(0x51, uint32BEText(maximumLength)) + item(0x52, IMPLEMENTATION_CLASS);
  const head = `\0\x01\0\0${aeTitles}${'\0'.repeat(32)}`;
  return pdu(type, head + item(0x10, APPLICATION_CONTEXT) + contexts + item(0x50, user));
}

interface Item {
  readonly type: number;
  readonly body: Buffer;
}

export function itemsIn(bytes: Buffer): readonly Item[] {
  const items: Item[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt16BE(at + 2);
    items.push({ type: bytes[at] ?? 0, body: bytes.subarray(at + 4, end) });
    at = end;
  }
  return items;
}

/** Of the body of an A-ASSOCIATE PDU, behind its fixed fields. */
export const VARIABLE_ITEMS = 68;

/** PS3.7 E.1: a command set in one PDV. */
export function command(contextId: number, elements: string): string {
  const set = element(0x0000, uint32LEText(elements.length)) + elements;
  return `\x04\0${uint32BEText(set.length + 6)}${uint32BEText(set.length + 2)}${String.fromCharCode(contextId, 3)}${set}`;
}

export function element(number: number, value: string): string {
  return uint16LEText(0x0000) + uint16LEText(number) + uint32LEText(value.length) + value;
}

export function even(uid: string): string {
  return uid.length % 2 === 0 ? uid : `${uid}\0`;
}

/** The value of an element of a command set. */
export function elementIn(set: Buffer, number: number): Buffer {
  for (let at = 0; at + 8 <= set.length; ) {
    const end = at + 8 + uint32LE(set, at + 4);
    if (uint16LE(set, at + 2) === number) return set.subarray(at + 8, end);
    at = end;
  }
  throw new Error(`a command without (0000,${number.toString(16).padStart(4, '0')})`);
}
