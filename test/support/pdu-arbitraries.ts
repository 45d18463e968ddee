/** fast-check arbitraries for every PDU, as decoding makes them: without padding, without undefined properties. */
import fc from 'fast-check';
import type {
  Abort,
  AssociateAc,
  AssociateRj,
  AssociateRq,
  ControlPdu,
  PDataTf,
  Pdu,
  UserInformationAc,
  UserInformationRq,
} from '../../src/pdu/types.js';

/** fc.record of plain objects: decoded PDUs have a prototype. */
function record<T, K extends keyof T = keyof T>(model: { [P in keyof T]: fc.Arbitrary<T[P]> }, requiredKeys?: K[]) {
  return fc.record(
    model,
    requiredKeys === undefined ? { noNullPrototype: true } : { requiredKeys, noNullPrototype: true },
  );
}

const byte = fc.nat(0xff);
const word = fc.nat(0xffff);

export const uidText = fc.array(fc.nat(99_999), { minLength: 1, maxLength: 8 }).map((groups) => groups.join('.'));

const latin1 = (maxLength: number) =>
  fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength });

export const aeTitleText = latin1(16).map((text) => text.replace(/^ +| +$/g, ''));
const nameText = latin1(16).map((text) => text.replace(/ +$/, ''));

export const someBytes = (maxLength: number) =>
  fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));

const oddId = fc.nat(127).map((index) => 2 * index + 1);

const sharedInformation = {
  maximumLength: fc.nat(0xffffffff),
  implementationClassUid: uidText,
  implementationVersionName: nameText,
  asynchronousOperationsWindow: record({ maximumInvoked: word, maximumPerformed: word }),
  roleSelections: fc.array(record({ sopClassUid: uidText, scuRole: fc.boolean(), scpRole: fc.boolean() }), {
    maxLength: 3,
  }),
  extendedNegotiations: fc.array(record({ sopClassUid: uidText, applicationInformation: someBytes(8) }), {
    maxLength: 3,
  }),
};

const userInformationRq: fc.Arbitrary<UserInformationRq> = record(
  {
    ...sharedInformation,
    commonExtendedNegotiations: fc.array(
      record({
        sopClassUid: uidText,
        serviceClassUid: uidText,
        relatedGeneralSopClassUids: fc.array(uidText, { maxLength: 3 }),
      }),
      { maxLength: 3 },
    ),
    userIdentity: record({
      type: byte,
      positiveResponseRequested: fc.boolean(),
      primaryField: someBytes(20),
      secondaryField: someBytes(20),
    }),
  },
  ['roleSelections', 'extendedNegotiations', 'commonExtendedNegotiations'],
);

const userInformationAc: fc.Arbitrary<UserInformationAc> = record(
  { ...sharedInformation, userIdentityResponse: someBytes(20) },
  ['roleSelections', 'extendedNegotiations'],
);

const associate = {
  protocolVersion: word,
  calledAeTitle: aeTitleText,
  callingAeTitle: aeTitleText,
  applicationContext: uidText,
};

export const associateRqs: fc.Arbitrary<AssociateRq> = record({
  type: fc.constant('A-ASSOCIATE-RQ' as const),
  ...associate,
  presentationContexts: fc.uniqueArray(
    record({ id: oddId, abstractSyntax: uidText, transferSyntaxes: fc.array(uidText, { maxLength: 3 }) }),
    { minLength: 1, maxLength: 5, selector: (context) => context.id },
  ),
  userInformation: userInformationRq,
});

export const associateAcs: fc.Arbitrary<AssociateAc> = record({
  type: fc.constant('A-ASSOCIATE-AC' as const),
  ...associate,
  presentationContexts: fc.uniqueArray(record({ id: oddId, result: byte, transferSyntax: uidText }), {
    minLength: 1,
    maxLength: 5,
    selector: (context) => context.id,
  }),
  userInformation: userInformationAc,
});

export const associateRjs: fc.Arbitrary<AssociateRj> = record({
  type: fc.constant('A-ASSOCIATE-RJ' as const),
  result: byte,
  source: byte,
  reason: byte,
});

const aborts: fc.Arbitrary<Abort> = record({ type: fc.constant('A-ABORT' as const), source: byte, reason: byte });

export const controlPdus: fc.Arbitrary<ControlPdu> = fc.oneof(
  associateRqs,
  associateAcs,
  associateRjs,
  fc.constant({ type: 'A-RELEASE-RQ' as const }),
  fc.constant({ type: 'A-RELEASE-RP' as const }),
  aborts,
);

export const pDataTfs: fc.Arbitrary<PDataTf> = record({
  type: fc.constant('P-DATA-TF' as const),
  pdvs: fc.array(
    record({
      presentationContextId: oddId,
      isCommand: fc.boolean(),
      isLast: fc.boolean(),
      data: someBytes(40),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

export const pdus: fc.Arbitrary<Pdu> = fc.oneof(controlPdus, pDataTfs);
