/** One PDU, fragment and block of each kind, for playing the state machine. */
import type { PdvFragment } from '../../src/pdu/pdu-reader.js';
import type { Abort, AssociateAc, AssociateRj, AssociateRq } from '../../src/pdu/types.js';

export const REQUEST: AssociateRq = {
  type: 'A-ASSOCIATE-RQ',
  protocolVersion: 1,
  calledAeTitle: 'STORESCP',
  callingAeTitle: 'STORESCU',
  applicationContext: '1.2.840.10008.3.1.1.1',
  presentationContexts: [{ id: 1, abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] }],
  userInformation: { roleSelections: [], extendedNegotiations: [], commonExtendedNegotiations: [] },
};
export const ACCEPT: AssociateAc = {
  ...REQUEST,
  type: 'A-ASSOCIATE-AC',
  presentationContexts: [{ id: 1, result: 0, transferSyntax: '1.2.840.10008.1.2' }],
  userInformation: { roleSelections: [], extendedNegotiations: [] },
};
export const REJECT: AssociateRj = { type: 'A-ASSOCIATE-RJ', result: 1, source: 1, reason: 7 };
export const PEER_ABORT: Abort = { type: 'A-ABORT', source: 2, reason: 5 };
export const FRAGMENT: PdvFragment = {
  type: 'P-DATA-TF',
  presentationContextId: 1,
  isCommand: false,
  isLast: true,
  data: Buffer.from('data'),
};
export const PDUS = Buffer.from('framed');
