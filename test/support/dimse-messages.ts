/** What the tests of DIMSE share: arbitrary messages, command sets by hand, and a P-DATA parser of its own. */
import fc from 'fast-check';
import type { DimseMessage } from '../../src/dimse/messages.js';
import type { PdvFragment } from '../../src/pdu/pdu-reader.js';

/** The bytes of a hex dump with spaces, line ends and `#` comments. */
export function hex(text: string): Buffer {
  const digits = text.replace(/#.*$/gm, '').replace(/\s/g, '');
  return Buffer.from(digits, 'hex');
}

/** One element of group 0000 in implicit VR little endian. */
export function element(number: number, value: Buffer, group = 0x0000): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16LE(group, 0);
  header.writeUInt16LE(number, 2);
  header.writeUInt32LE(value.length, 4);
  return Buffer.concat([header, value]);
}

export function uint16(...values: readonly number[]): Buffer {
  return Buffer.concat(values.map((value) => Buffer.from([value & 0xff, value >>> 8])));
}

const anyUint16 = fc.integer({ min: 0, max: 0xffff });
const anyUid = fc
  .array(fc.integer({ min: 0, max: 99_999 }), { minLength: 1, maxLength: 10 })
  .map((groups) => groups.join('.'));
const anyText = (maxLength: number) =>
  fc
    .string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength })
    .map((text) => text.replaceAll('\\', '/').trim())
    .filter((text) => text.length > 0);
const perhaps = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const anyTag = fc.integer({ min: 0, max: 0xffffffff });

const anyStatus = {
  status: anyUint16,
  offendingElement: perhaps(fc.array(anyTag, { minLength: 1, maxLength: 4 })),
  errorComment: perhaps(anyText(64)),
  errorId: perhaps(anyUint16),
};
const named = new Set([0x0001, 0x0030, 0x0fff]);
const anyUnknownOperation = fc.integer({ min: 0, max: 0x7fff }).filter((operation) => !named.has(operation));

/** Every kind of message, each with and without its optional elements. */
export const anyMessage: fc.Arbitrary<DimseMessage> = fc.oneof(
  fc.record({ type: fc.constant('C-ECHO-RQ' as const), messageId: anyUint16, affectedSopClassUid: anyUid }),
  fc.record({
    type: fc.constant('C-ECHO-RSP' as const),
    messageIdBeingRespondedTo: anyUint16,
    affectedSopClassUid: perhaps(anyUid),
    ...anyStatus,
  }),
  fc.record({
    type: fc.constant('C-STORE-RQ' as const),
    messageId: anyUint16,
    priority: anyUint16,
    affectedSopClassUid: anyUid,
    affectedSopInstanceUid: anyUid,
    moveOriginatorAeTitle: perhaps(anyText(16)),
    moveOriginatorMessageId: perhaps(anyUint16),
  }),
  fc.record({
    type: fc.constant('C-STORE-RSP' as const),
    messageIdBeingRespondedTo: anyUint16,
    affectedSopClassUid: perhaps(anyUid),
    affectedSopInstanceUid: perhaps(anyUid),
    ...anyStatus,
  }),
  fc.record({ type: fc.constant('C-CANCEL-RQ' as const), messageIdBeingRespondedTo: anyUint16 }),
  fc.record({
    type: fc.constant('UNKNOWN-RQ' as const),
    commandField: anyUnknownOperation,
    messageId: anyUint16,
    affectedSopClassUid: perhaps(anyUid),
  }),
  fc.record({
    type: fc.constant('UNKNOWN-RSP' as const),
    commandField: anyUnknownOperation.map((operation) => operation | 0x8000),
    messageIdBeingRespondedTo: anyUint16,
    affectedSopClassUid: perhaps(anyUid),
    ...anyStatus,
  }),
);

/** A message without the elements that are there but undefined, as decoding may spell what encoding left out. */
export function compact(message: DimseMessage): object {
  return Object.fromEntries(Object.entries(message).filter(([, value]) => value !== undefined));
}

/** PS3.8 9.3.5 and Annex E.2 read once more: the PDVs of whole P-DATA-TF PDUs, one fragment each. */
export function parsePData(bytes: Buffer): PdvFragment[] {
  const fragments: PdvFragment[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] !== 0x04) throw new Error(`PDU type ${bytes[at]} at ${at}`);
    const end = at + 6 + bytes.readUInt32BE(at + 2);
    for (at += 6; at < end; ) {
      const length = bytes.readUInt32BE(at);
      const control = bytes.readUInt8(at + 5);
      fragments.push({
        type: 'P-DATA-TF',
        presentationContextId: bytes.readUInt8(at + 4),
        isCommand: (control & 1) !== 0,
        isLast: (control & 2) !== 0,
        data: bytes.subarray(at + 6, at + 4 + length),
      });
      at += 4 + length;
    }
    if (at !== end) throw new Error(`a PDV ends at ${at}, its PDU at ${end}`);
  }
  return fragments;
}
