/** A request and an acceptance as objects and as bytes, to be varied by the tests of the codec. */
import assert from 'node:assert/strict';
import { decodePdu, PDU_TYPES } from '../../src/pdu/codec.js';
import { PduReader } from '../../src/pdu/pdu-reader.js';
import type {
  AssociateAc,
  AssociateRq,
  PDataTf,
  Pdu,
  Pdv,
  UserInformationAc,
  UserInformationRq,
} from '../../src/pdu/types.js';
import { hex, withLength } from './pdu-hex.js';

export const VERIFICATION = '1.2.840.10008.1.1';
export const IMPLICIT_LE = '1.2.840.10008.1.2';
export const EXPLICIT_LE = '1.2.840.10008.1.2.1';

const FIXED_PART = hex`0001 0000 ${'ANY-SCP         '} ${'ECHOSCU         '} ${Buffer.alloc(32)}`;
export const APPLICATION_CONTEXT = hex`10 00 0015 ${'1.2.840.10008.3.1.1.1'}`;
export const PROPOSED = hex`20 00 002e 01 000000 30 00 0011 ${VERIFICATION} 40 00 0011 ${IMPLICIT_LE}`;
export const ACCEPTED = hex`21 00 0019 01 00 00 00 40 00 0011 ${IMPLICIT_LE}`;

export const RQ: AssociateRq = {
  type: 'A-ASSOCIATE-RQ',
  protocolVersion: 1,
  calledAeTitle: 'ANY-SCP',
  callingAeTitle: 'ECHOSCU',
  applicationContext: '1.2.840.10008.3.1.1.1',
  presentationContexts: [{ id: 1, abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT_LE] }],
  userInformation: { roleSelections: [], extendedNegotiations: [], commonExtendedNegotiations: [] },
};

export const AC: AssociateAc = {
  type: 'A-ASSOCIATE-AC',
  protocolVersion: 1,
  calledAeTitle: 'ANY-SCP',
  callingAeTitle: 'ECHOSCU',
  applicationContext: '1.2.840.10008.3.1.1.1',
  presentationContexts: [{ id: 1, result: 0, transferSyntax: IMPLICIT_LE }],
  userInformation: { roleSelections: [], extendedNegotiations: [] },
};

export const rqWith = (information: Partial<UserInformationRq>): AssociateRq => ({
  ...RQ,
  userInformation: { ...RQ.userInformation, ...information },
});
export const acWith = (information: Partial<UserInformationAc>): AssociateAc => ({
  ...AC,
  userInformation: { ...AC.userInformation, ...information },
});
export const rqBytes = (...items: readonly Buffer[]) => withLength(1, 4, FIXED_PART, ...items);
export const acBytes = (...items: readonly Buffer[]) => withLength(2, 4, FIXED_PART, ...items);
export const rqBytesWith = (subItem: Buffer) => rqBytes(APPLICATION_CONTEXT, PROPOSED, withLength(0x50, 2, subItem));
export const acBytesWith = (subItem: Buffer) => acBytes(APPLICATION_CONTEXT, ACCEPTED, withLength(0x50, 2, subItem));

/** A control PDU, or a P-DATA-TF with one PDV for each fragment that the reader takes from it. */
export function decode(bytes: Buffer): Pdu {
  return bytes[0] === PDU_TYPES['P-DATA-TF'] ? readPData(bytes) : decodePdu(bytes[0] ?? 0, bytes.subarray(6));
}

function readPData(bytes: Buffer): PDataTf {
  const pdvs: Pdv[] = [];
  for (const received of new PduReader({ maxPDataLength: 0 }).feed(bytes)) {
    if (received.type === 'invalid') throw received.error;
    assert.ok(received.type === 'P-DATA-TF');
    const { presentationContextId, isCommand, isLast, data } = received;
    pdvs.push({ presentationContextId, isCommand, isLast, data });
  }
  return { type: 'P-DATA-TF', pdvs };
}
