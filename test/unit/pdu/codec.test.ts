/** PDUs to bytes and back: hex tables, tolerance, refusals and laws. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AbortReason, ProtocolError, UsageError } from '../../../src/base/errors.js';
import { decodePDataTf, decodePdu, encodePdu } from '../../../src/pdu/codec.js';
import type { AssociateAc, AssociateRq, Pdu, UserInformationAc, UserInformationRq } from '../../../src/pdu/types.js';
import { controlPdus, pdus } from '../../support/pdu-arbitraries.js';
import { hex, withLength } from '../../support/pdu-hex.js';

const VERIFICATION = '1.2.840.10008.1.1';
const IMPLICIT_LE = '1.2.840.10008.1.2';
const EXPLICIT_LE = '1.2.840.10008.1.2.1';

const FIXED_PART = hex`0001 0000 ${'ANY-SCP         '} ${'ECHOSCU         '} ${Buffer.alloc(32)}`;
const APPLICATION_CONTEXT = hex`10 00 0015 ${'1.2.840.10008.3.1.1.1'}`;
const PROPOSED = hex`20 00 002e 01 000000 30 00 0011 ${VERIFICATION} 40 00 0011 ${IMPLICIT_LE}`;
const ACCEPTED = hex`21 00 0019 01 00 00 00 40 00 0011 ${IMPLICIT_LE}`;

const RQ: AssociateRq = {
  type: 'A-ASSOCIATE-RQ',
  protocolVersion: 1,
  calledAeTitle: 'ANY-SCP',
  callingAeTitle: 'ECHOSCU',
  applicationContext: '1.2.840.10008.3.1.1.1',
  presentationContexts: [{ id: 1, abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT_LE] }],
  userInformation: { roleSelections: [], extendedNegotiations: [], commonExtendedNegotiations: [] },
};

const AC: AssociateAc = {
  type: 'A-ASSOCIATE-AC',
  protocolVersion: 1,
  calledAeTitle: 'ANY-SCP',
  callingAeTitle: 'ECHOSCU',
  applicationContext: '1.2.840.10008.3.1.1.1',
  presentationContexts: [{ id: 1, result: 0, transferSyntax: IMPLICIT_LE }],
  userInformation: { roleSelections: [], extendedNegotiations: [] },
};

const rqWith = (information: Partial<UserInformationRq>): AssociateRq => ({
  ...RQ,
  userInformation: { ...RQ.userInformation, ...information },
});
const acWith = (information: Partial<UserInformationAc>): AssociateAc => ({
  ...AC,
  userInformation: { ...AC.userInformation, ...information },
});
const rqBytes = (...items: readonly Buffer[]) => withLength(1, 4, FIXED_PART, ...items);
const acBytes = (...items: readonly Buffer[]) => withLength(2, 4, FIXED_PART, ...items);
const rqBytesWith = (subItem: Buffer) => rqBytes(APPLICATION_CONTEXT, PROPOSED, withLength(0x50, 2, subItem));
const acBytesWith = (subItem: Buffer) => acBytes(APPLICATION_CONTEXT, ACCEPTED, withLength(0x50, 2, subItem));

function decode(bytes: Buffer): Pdu {
  const body = bytes.subarray(6);
  return bytes[0] === 4 ? decodePDataTf(body) : decodePdu(bytes[0] ?? 0, body);
}

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

const TOLERATED: readonly (readonly [name: string, bytes: Buffer, pdu: Pdu])[] = [
  ['a request without user information', rqBytes(APPLICATION_CONTEXT, PROPOSED), RQ],
  ['an acceptance without user information', acBytes(APPLICATION_CONTEXT, ACCEPTED), AC],
  [
    'items in another order',
    rqBytes(withLength(0x50, 2, SUB_ITEM.versionName, SUB_ITEM.maximumLength), PROPOSED, APPLICATION_CONTEXT),
    rqWith({ implementationVersionName: NAME, maximumLength: 16_384 }),
  ],
  [
    'unknown items and sub-items',
    rqBytes(
      APPLICATION_CONTEXT,
      hex`77 00 0002 ffff`,
      hex`20 00 0032 01 000000 31 00 0000 30 00 0011 ${VERIFICATION} 40 00 0011 ${IMPLICIT_LE}`,
      withLength(0x50, 2, hex`5f ff 0001 00`, SUB_ITEM.maximumLength),
    ),
    rqWith({ maximumLength: 16_384 }),
  ],
  [
    'an item that is there twice, of which the first counts',
    rqBytesWith(hex`${SUB_ITEM.maximumLength} 51 00 0004 00000001`),
    rqWith({ maximumLength: 16_384 }),
  ],
  [
    'reserved bytes that are not zero',
    hex`01 ff 00000093 0001 ffff ${'ANY-SCP         '} ${'ECHOSCU         '} ${Buffer.alloc(32, 0xff)}
        10 ff 0015 ${'1.2.840.10008.3.1.1.1'}
        20 ff 002e 01 ffffff 30 ff 0011 ${VERIFICATION} 40 ff 0011 ${IMPLICIT_LE} 50 ff 0000`,
    RQ,
  ],
  [
    'UIDs padded with NUL or space',
    rqBytes(
      hex`10 00 0016 ${'1.2.840.10008.3.1.1.1'}00`,
      hex`20 00 0030 01 000000 30 00 0012 ${VERIFICATION}20 40 00 0012 ${IMPLICIT_LE}00`,
    ),
    RQ,
  ],
  [
    'AE titles padded in front and with NULs',
    withLength(
      1,
      4,
      hex`0001 0000 ${'         ANY-SCP'} ${'ECHOSCU'}000000000000000000 ${Buffer.alloc(32)}`,
      APPLICATION_CONTEXT,
      PROPOSED,
    ),
    RQ,
  ],
  [
    'AE titles of spaces only',
    withLength(1, 4, hex`0001 0000 ${' '.repeat(32)} ${Buffer.alloc(32)}`, APPLICATION_CONTEXT, PROPOSED),
    { ...RQ, calledAeTitle: '', callingAeTitle: '' },
  ],
  [
    'a rejected context without a transfer syntax',
    acBytes(APPLICATION_CONTEXT, hex`21 00 0004 01 00 04 00`),
    { ...AC, presentationContexts: [{ id: 1, result: 4, transferSyntax: '' }] },
  ],
  [
    'a rejected context with an empty transfer syntax',
    acBytes(APPLICATION_CONTEXT, hex`21 00 0008 01 00 04 00 40 00 0000`),
    { ...AC, presentationContexts: [{ id: 1, result: 4, transferSyntax: '' }] },
  ],
  ['reserved bytes of an A-RELEASE-RQ', hex`05 00 00000004 ffffffff`, { type: 'A-RELEASE-RQ' }],
  ['the reserved source of an A-ABORT', hex`07 00 00000004 ffff 01 03`, { type: 'A-ABORT', source: 1, reason: 3 }],
  [
    'reserved bits of the message control header',
    hex`04 00 00000006 00000002 01 fd`,
    { type: 'P-DATA-TF', pdvs: [{ presentationContextId: 1, isCommand: true, isLast: false, data: hex`` }] },
  ],
];

for (const [name, bytes, pdu] of TOLERATED)
  test(`the decoder puts up with ${name}`, () => {
    assert.deepEqual(decode(bytes), pdu);
  });

const REFUSED: readonly (readonly [name: string, bytes: Buffer, reason: AbortReason, offset?: number])[] = [
  ['a PDU of type 0', hex`00 00 00000000`, 'unrecognized-pdu', 0],
  ['a PDU of type 8', hex`08 00 00000000`, 'unrecognized-pdu', 0],
  ['an A-ASSOCIATE-RJ of 3 bytes', hex`03 00 00000003 000101`, 'invalid-pdu-parameter-value', 2],
  ['an A-RELEASE-RQ of 5 bytes', hex`05 00 00000005 0000000000`, 'invalid-pdu-parameter-value', 2],
  ['an A-RELEASE-RP without body', hex`06 00 00000000`, 'invalid-pdu-parameter-value', 2],
  ['an A-ABORT of 5 bytes', hex`07 00 00000005 0000000000`, 'invalid-pdu-parameter-value', 2],
  ['a request that ends in the AE titles', hex`01 00 00000006 0001 0000 ${'AB'}`, 'invalid-pdu-parameter-value', 10],
  ['a request without application context', rqBytes(PROPOSED), 'invalid-pdu-parameter-value', 124],
  ['a request without contexts', rqBytes(APPLICATION_CONTEXT), 'invalid-pdu-parameter-value'],
  ['an acceptance without contexts', acBytes(APPLICATION_CONTEXT), 'invalid-pdu-parameter-value'],
  [
    'an even context id in a request',
    rqBytes(APPLICATION_CONTEXT, hex`20 00 0004 02 000000`),
    'invalid-pdu-parameter-value',
    103,
  ],
  [
    'an even context id in an acceptance',
    acBytes(APPLICATION_CONTEXT, hex`21 00 0004 00 00 00 00`),
    'invalid-pdu-parameter-value',
    103,
  ],
  ['a context id twice in a request', rqBytes(APPLICATION_CONTEXT, PROPOSED, PROPOSED), 'invalid-pdu-parameter-value'],
  [
    'a context id twice in an acceptance',
    acBytes(APPLICATION_CONTEXT, ACCEPTED, ACCEPTED),
    'invalid-pdu-parameter-value',
  ],
  ['an item that runs past its PDU', rqBytes(hex`10 00 0016 ${'1.2.3'}`), 'invalid-pdu-parameter-value', 78],
  ['a sub-item that runs past its item', rqBytesWith(hex`51 00 0004 0000`), 'invalid-pdu-parameter-value'],
  ['a maximum length of two bytes', rqBytesWith(hex`51 00 0002 4000`), 'invalid-pdu-parameter-value'],
  ['a P-DATA-TF without a PDV', hex`04 00 00000000`, 'invalid-pdu-parameter-value', 6],
  ['a PDV of one byte', hex`04 00 00000005 00000001 01`, 'invalid-pdu-parameter-value', 11],
];

for (const [name, bytes, reason, offset] of REFUSED)
  test(`the decoder refuses ${name}`, () => {
    assert.throws(
      () => decode(bytes),
      (error) => {
        assert.ok(error instanceof ProtocolError);
        assert.equal(error.reason, reason);
        if (offset !== undefined) assert.equal(error.offset, offset, error.message);
        return true;
      },
    );
  });

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
