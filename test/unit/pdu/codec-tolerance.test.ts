/** What the decoder puts up with from careless peers, and what it refuses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AbortReason, ProtocolError } from '../../../src/base/errors.js';
import type { Pdu } from '../../../src/pdu/types.js';
import { hex, withLength } from '../../support/pdu-hex.js';
import {
  AC,
  ACCEPTED,
  APPLICATION_CONTEXT,
  acBytes,
  decode,
  IMPLICIT_LE,
  PROPOSED,
  RQ,
  rqBytes,
  rqBytesWith,
  rqWith,
  VERIFICATION,
} from '../../support/pdu-samples.js';

const MAXIMUM_LENGTH = hex`51 00 0004 00004000`;
const VERSION_NAME = hex`55 00 000c ${'NETDICOM_010'}`;

const TOLERATED: readonly (readonly [name: string, bytes: Buffer, pdu: Pdu])[] = [
  ['a request without user information', rqBytes(APPLICATION_CONTEXT, PROPOSED), RQ],
  ['an acceptance without user information', acBytes(APPLICATION_CONTEXT, ACCEPTED), AC],
  [
    'items in another order',
    rqBytes(withLength(0x50, 2, VERSION_NAME, MAXIMUM_LENGTH), PROPOSED, APPLICATION_CONTEXT),
    rqWith({ implementationVersionName: 'NETDICOM_010', maximumLength: 16_384 }),
  ],
  [
    'unknown items and sub-items',
    rqBytes(
      APPLICATION_CONTEXT,
      hex`77 00 0002 ffff`,
      hex`20 00 0032 01 000000 31 00 0000 30 00 0011 ${VERIFICATION} 40 00 0011 ${IMPLICIT_LE}`,
      withLength(0x50, 2, hex`5f ff 0001 00`, MAXIMUM_LENGTH),
    ),
    rqWith({ maximumLength: 16_384 }),
  ],
  [
    'an item that is there twice, of which the first counts',
    rqBytesWith(hex`${MAXIMUM_LENGTH} 51 00 0004 00000001`),
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
    'AE titles with NULs in front',
    withLength(
      1,
      4,
      hex`0001 0000 000000000000000000 ${'ANY-SCP'} 00 20 0020 ${'ECHOSCU'} 2000200020 ${Buffer.alloc(32)}`,
      APPLICATION_CONTEXT,
      PROPOSED,
    ),
    RQ,
  ],
  [
    // PS3.7 D.3.3.4: 1 is support of a role, 0 is none, and another value says nothing of support.
    'roles that are neither 0 nor 1, which are not supported',
    rqBytesWith(hex`54 00 0009 0005 ${'1.2.3'} ff 02 54 00 0009 0005 ${'1.2.4'} 01 80`),
    rqWith({
      roleSelections: [
        { sopClassUid: '1.2.3', scuRole: false, scpRole: false },
        { sopClassUid: '1.2.4', scuRole: true, scpRole: false },
      ],
    }),
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
  ['an acceptance without contexts', acBytes(APPLICATION_CONTEXT), { ...AC, presentationContexts: [] }],
  [
    'an even context id in an acceptance',
    acBytes(APPLICATION_CONTEXT, hex`21 00 0004 02 00 03 00`, ACCEPTED),
    { ...AC, presentationContexts: [{ id: 2, result: 3, transferSyntax: '' }, ...AC.presentationContexts] },
  ],
  [
    'a context id twice in an acceptance, of which the first counts',
    acBytes(APPLICATION_CONTEXT, ACCEPTED, hex`21 00 0004 01 00 03 00`),
    AC,
  ],
  ['reserved bytes of an A-RELEASE-RQ', hex`05 00 00000004 ffffffff`, { type: 'A-RELEASE-RQ' }],
  ['the reserved source of an A-ABORT', hex`07 00 00000004 ffff 01 03`, { type: 'A-ABORT', source: 1, reason: 3 }],
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
  [
    'an even context id in a request',
    rqBytes(APPLICATION_CONTEXT, hex`20 00 0004 02 000000`),
    'invalid-pdu-parameter-value',
    103,
  ],
  ['a context id twice in a request', rqBytes(APPLICATION_CONTEXT, PROPOSED, PROPOSED), 'invalid-pdu-parameter-value'],
  ['an item that runs past its PDU', rqBytes(hex`10 00 0016 ${'1.2.3'}`), 'invalid-pdu-parameter-value', 78],
  ['a sub-item that runs past its item', rqBytesWith(hex`51 00 0004 0000`), 'invalid-pdu-parameter-value'],
  ['a maximum length of two bytes', rqBytesWith(hex`51 00 0002 4000`), 'invalid-pdu-parameter-value'],
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
