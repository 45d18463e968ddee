/** PDUs to bytes and back: hex tables and laws. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProtocolError, UsageError } from '../../../src/base/errors.js';
import { encodePdu } from '../../../src/pdu/codec.js';
import type { Pdu } from '../../../src/pdu/types.js';
import { controlPdus, pdus } from '../../support/pdu-arbitraries.js';
import { hex } from '../../support/pdu-hex.js';
import {
  AC,
  APPLICATION_CONTEXT,
  acBytes,
  acBytesWith,
  acWith,
  decode,
  EXPLICIT_LE,
  IMPLICIT_LE,
  RQ,
  rqBytes,
  rqBytesWith,
  rqWith,
} from '../../support/pdu-samples.js';

const NAME = 'NETDICOM_010';
const SUB_ITEM = {
  maximumLength: hex`51 00 0004 00004000`,
  implementationClass: hex`52 00 0007 ${'1.2.3.4'}`,
  window: hex`53 00 0004 0008 0000`,
  role: hex`54 00 0007 0003 ${'1.2'} 00 01`,
  versionName: hex`55 00 000c ${NAME}`,
  extended: hex`56 00 0008 0003 ${'1.2'} 010203`,
  commonExtended: hex`57 00 0015 0003 ${'1.2'} 0003 ${'1.3'} 0009 0003 ${'1.4'} 0002 ${'10'}`,
  userIdentity: hex`58 00 000d 02 01 0003 ${'bob'} 0004 ${'s3cr'}`,
  userIdentityResponse: hex`59 00 0004 0002 beef`,
};

const TABLE: readonly (readonly [name: string, bytes: Buffer, pdu: Pdu])[] = [
  ['A-ASSOCIATE-RQ', rqBytesWith(hex``), RQ],
  [
    'A-ASSOCIATE-RQ with two contexts',
    rqBytes(
      APPLICATION_CONTEXT,
      hex`20 00 0027 03 000000 30 00 0003 ${'1.9'} 40 00 0011 ${IMPLICIT_LE} 40 00 0003 ${'1.8'}`,
      hex`20 00 0026 ff 000000 30 00 0003 ${'1.9'} 40 00 0013 ${EXPLICIT_LE} 40 00 0000`,
      hex`50 00 0000`,
    ),
    {
      ...RQ,
      presentationContexts: [
        { id: 3, abstractSyntax: '1.9', transferSyntaxes: [IMPLICIT_LE, '1.8'] },
        { id: 255, abstractSyntax: '1.9', transferSyntaxes: [EXPLICIT_LE, ''] },
      ],
    },
  ],
  ['51H in a request', rqBytesWith(SUB_ITEM.maximumLength), rqWith({ maximumLength: 16_384 })],
  ['52H in a request', rqBytesWith(SUB_ITEM.implementationClass), rqWith({ implementationClassUid: '1.2.3.4' })],
  [
    '53H in a request',
    rqBytesWith(SUB_ITEM.window),
    rqWith({ asynchronousOperationsWindow: { maximumInvoked: 8, maximumPerformed: 0 } }),
  ],
  [
    '54H in a request',
    rqBytesWith(SUB_ITEM.role),
    rqWith({ roleSelections: [{ sopClassUid: '1.2', scuRole: false, scpRole: true }] }),
  ],
  ['55H in a request', rqBytesWith(SUB_ITEM.versionName), rqWith({ implementationVersionName: NAME })],
  [
    '56H in a request',
    rqBytesWith(SUB_ITEM.extended),
    rqWith({ extendedNegotiations: [{ sopClassUid: '1.2', applicationInformation: hex`010203` }] }),
  ],
  [
    '57H in a request',
    rqBytesWith(SUB_ITEM.commonExtended),
    rqWith({
      commonExtendedNegotiations: [
        { sopClassUid: '1.2', serviceClassUid: '1.3', relatedGeneralSopClassUids: ['1.4', '10'] },
      ],
    }),
  ],
  [
    '58H in a request',
    rqBytesWith(SUB_ITEM.userIdentity),
    rqWith({
      userIdentity: {
        type: 2,
        positiveResponseRequested: true,
        primaryField: Buffer.from('bob'),
        secondaryField: Buffer.from('s3cr'),
      },
    }),
  ],
  ['A-ASSOCIATE-AC', acBytesWith(hex``), AC],
  [
    'A-ASSOCIATE-AC with a rejected context',
    acBytes(APPLICATION_CONTEXT, hex`21 00 0019 05 00 03 00 40 00 0011 ${IMPLICIT_LE}`, hex`50 00 0000`),
    { ...AC, presentationContexts: [{ id: 5, result: 3, transferSyntax: IMPLICIT_LE }] },
  ],
  ['51H in an acceptance', acBytesWith(SUB_ITEM.maximumLength), acWith({ maximumLength: 16_384 })],
  ['52H in an acceptance', acBytesWith(SUB_ITEM.implementationClass), acWith({ implementationClassUid: '1.2.3.4' })],
  [
    '53H in an acceptance',
    acBytesWith(SUB_ITEM.window),
    acWith({ asynchronousOperationsWindow: { maximumInvoked: 8, maximumPerformed: 0 } }),
  ],
  [
    '54H in an acceptance',
    acBytesWith(SUB_ITEM.role),
    acWith({ roleSelections: [{ sopClassUid: '1.2', scuRole: false, scpRole: true }] }),
  ],
  ['55H in an acceptance', acBytesWith(SUB_ITEM.versionName), acWith({ implementationVersionName: NAME })],
  [
    '56H in an acceptance',
    acBytesWith(SUB_ITEM.extended),
    acWith({ extendedNegotiations: [{ sopClassUid: '1.2', applicationInformation: hex`010203` }] }),
  ],
  ['59H in an acceptance', acBytesWith(SUB_ITEM.userIdentityResponse), acWith({ userIdentityResponse: hex`beef` })],
  ['A-ASSOCIATE-RJ', hex`03 00 00000004 00 01 02 07`, { type: 'A-ASSOCIATE-RJ', result: 1, source: 2, reason: 7 }],
  [
    'P-DATA-TF with the end of a command and the start of a data set',
    hex`04 00 00000011 00000006 01 03 aabbccdd 00000003 01 00 ee`,
    {
      type: 'P-DATA-TF',
      pdvs: [
        { presentationContextId: 1, isCommand: true, isLast: true, data: hex`aabbccdd` },
        { presentationContextId: 1, isCommand: false, isLast: false, data: hex`ee` },
      ],
    },
  ],
  [
    'P-DATA-TF with an empty last fragment',
    hex`04 00 00000006 00000002 ff 02`,
    { type: 'P-DATA-TF', pdvs: [{ presentationContextId: 255, isCommand: false, isLast: true, data: hex`` }] },
  ],
  ['A-RELEASE-RQ', hex`05 00 00000004 00000000`, { type: 'A-RELEASE-RQ' }],
  ['A-RELEASE-RP', hex`06 00 00000004 00000000`, { type: 'A-RELEASE-RP' }],
  ['A-ABORT', hex`07 00 00000004 0000 02 06`, { type: 'A-ABORT', source: 2, reason: 6 }],
];

for (const [name, bytes, pdu] of TABLE) {
  test(`${name} is encoded as the standard lays it out`, () => {
    assert.equal(encodePdu(pdu).toString('hex'), bytes.toString('hex'));
  });
  test(`${name} is decoded from that layout`, () => {
    assert.deepEqual(decode(bytes), pdu);
  });
}

test('an AE title over 16 characters is not encoded', () => {
  assert.throws(() => encodePdu({ ...RQ, calledAeTitle: 'SEVENTEEN-LETTERS' }), UsageError);
});

test('decoding keeps no view of the bytes', () => {
  const bytes = rqBytesWith(SUB_ITEM.userIdentity);
  const pdu = decode(bytes);
  bytes.fill(0);
  assert.ok(pdu.type === 'A-ASSOCIATE-RQ');
  assert.equal(pdu.userInformation.userIdentity?.primaryField.toString(), 'bob');
});

test('decoding undoes encoding, and the length in the header is right', () => {
  fc.assert(
    fc.property(pdus, (pdu) => {
      const bytes = encodePdu(pdu);
      assert.equal(bytes.readUInt32BE(2), bytes.length - 6);
      assert.deepEqual(decode(bytes), pdu);
    }),
    { numRuns: 500 },
  );
});

test('every truncation of a control PDU is a PDU or a ProtocolError', () => {
  fc.assert(
    fc.property(controlPdus, (pdu) => {
      const bytes = encodePdu(pdu);
      for (let length = 6; length < bytes.length; length++) assertDecodesOrRefuses(bytes.subarray(0, length));
    }),
    { numRuns: 50 },
  );
});

test('every corruption of one byte of a control PDU is a PDU or a ProtocolError', () => {
  fc.assert(
    fc.property(controlPdus, fc.nat(), fc.nat(255), (pdu, place, value) => {
      const bytes = encodePdu(pdu);
      bytes[place % bytes.length] = value;
      assertDecodesOrRefuses(bytes);
    }),
    { numRuns: 1000 },
  );
});

function assertDecodesOrRefuses(bytes: Buffer): void {
  try {
    decode(bytes);
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
  }
}
