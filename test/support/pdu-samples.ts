/** A request and an acceptance as objects and as bytes, to be varied by the tests of the codec. */
import { decodePDataTf, decodePdu } from '../../src/pdu/codec.js';
import type { AssociateAc, AssociateRq, Pdu, UserInformationAc, UserInformationRq } from '../../src/pdu/types.js';
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

export function decode(bytes: Buffer): Pdu {
  const body = bytes.subarray(6);
  return bytes[0] === 4 ? decodePDataTf(body) : decodePdu(bytes[0] ?? 0, body);
}
