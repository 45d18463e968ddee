/** What a provider that is broken or evil answers storescu, at each stage of an association. */
import { encodePdu } from '../../src/pdu/codec.js';
import type { AssociateAc, AssociateRq } from '../../src/pdu/types.js';
import { acceptance } from './apps-peer.js';
import { element, uint16 } from './dimse-messages.js';
import { commandSet, dataPdu, LAST_COMMAND, MORE_COMMAND, messageOf, pduHeader, pduOf, pdv } from './hostile.js';
import { CT, echoRq, echoRsp, storeRq, storeRsp } from './loopback-peer.js';
import { hex } from './pdu-hex.js';

/**
 * `bytes` are what is answered; `heard` is all that storescu then says, in words; `error` is its one line, or lines, with
 * PEER for the address and port of the provider, and '' where it says nothing.
 */
export type AnswerRow = readonly [
  what: string,
  bytes: Buffer | ((request: AssociateRq) => Buffer),
  heard: string,
  error: string,
  code: number,
];

const aborted = (reason: string) => `E: Association Aborted (PEER): ${reason}`;
const whileSending = (reason: string) => `E: Association Aborted (PEER) while sending ct.dcm: ${reason}`;
const NOTHING_ACCEPTED = 'E: No Acceptable Presentation Contexts';
const RELEASE_RQ = pduOf(5, Buffer.alloc(4));
const RELEASE_RP = pduOf(6, Buffer.alloc(4));
const SUCCESS = messageOf(storeRsp(1), 1);

/** The acceptance of all that was proposed, with something changed. */
function accepting(change: Partial<AssociateAc>): (request: AssociateRq) => Buffer {
  return (request) => encodePdu({ ...acceptance(request), ...change });
}

/** An acceptance cut after so many bytes of it, or with other bytes somewhere. */
function changed(change: (bytes: Buffer) => Buffer): (request: AssociateRq) => Buffer {
  return (request) => change(encodePdu(acceptance(request)));
}

const result = (id: number, code: number, transferSyntax = '1.2.840.10008.1.2') =>
  accepting({ presentationContexts: [{ id, result: code, transferSyntax }] });

function maximumLength(length: number) {
  return accepting({ userInformation: { maximumLength: length, roleSelections: [], extendedNegotiations: [] } });
}

/** A PDU whose length is not that of what follows. */
function says(type: number, length: number): Buffer {
  return Buffer.concat([pduHeader(type, length), Buffer.alloc(4)]);
}

/** In answer to A-ASSOCIATE-RQ. The provider hangs up after what it says here, unless storescu does so first. */
export const TO_REQUEST: readonly AnswerRow[] = [
  [
    'nothing, and says no more',
    Buffer.alloc(0),
    '',
    'E: Association Failed: PEER closed the connection without an answer',
    1,
  ],
  [
    'nothing, and hangs up',
    Buffer.alloc(0),
    '',
    'E: Association Failed: PEER closed the connection without an answer',
    1,
  ],
  [
    'half a header, and hangs up',
    hex`02 00 00`,
    '',
    'E: Association Failed: PEER closed the connection without an answer',
    1,
  ],
  [
    'half an acceptance, and hangs up',
    changed((bytes) => bytes.subarray(0, 100)),
    '',
    'E: Association Failed: PEER closed the connection without an answer',
    1,
  ],
  [
    'HTTP',
    hex`${'HTTP/1.1 400 Bad Request\r\n\r\n'}`,
    'A-ABORT 2/1',
    aborted('no PDU has the type 72: is it text, such as HTTP? (at byte 0)'),
    1,
  ],
  ['a TLS alert', hex`150301 0002 0228`, 'A-ABORT 2/1', aborted('no PDU has the type 21: is it TLS? (at byte 0)'), 1],
  ['zeros', Buffer.alloc(20), 'A-ABORT 2/1', aborted('no PDU has the type 0 (at byte 0)'), 1],
  ['its own request', (request) => encodePdu(request), 'A-ABORT 2/2', aborted('A-ASSOCIATE-RQ out of turn'), 1],
  ['data', dataPdu(1, Buffer.alloc(10)), 'A-ABORT 2/2', aborted('P-DATA-TF out of turn'), 1],
  ['a response', SUCCESS, 'A-ABORT 2/2', aborted('P-DATA-TF out of turn'), 1],
  ['a request for release', RELEASE_RQ, 'A-ABORT 2/2', aborted('A-RELEASE-RQ out of turn'), 1],
  ['an answer to a release', RELEASE_RP, 'A-ABORT 2/2', aborted('A-RELEASE-RP out of turn'), 1],
  ['an abort', pduOf(7, Buffer.of(0, 0, 0, 0)), '', aborted('by the peer, service user: no reason given (0/0)'), 1],
  [
    'an abort of odd codes',
    pduOf(7, Buffer.of(9, 9, 9, 9)),
    '',
    aborted('by the peer, unknown source 9: unknown reason 9 (9/9)'),
    1,
  ],
  [
    'an abort of no length',
    says(7, 0),
    'A-ABORT 2/6',
    aborted('PDU of type 7 with a length of 0 bytes (at byte 2)'),
    1,
  ],
  [
    'a rejection of odd codes',
    pduOf(3, Buffer.of(0, 0, 0, 0)),
    '',
    'E: Association Rejected (PEER): unknown reason 0 (unknown result 0, by unknown source 0, 0/0/0)',
    1,
  ],
  [
    'a rejection of the highest codes',
    pduOf(3, Buffer.of(255, 255, 255, 255)),
    '',
    'E: Association Rejected (PEER): unknown reason 255 (unknown result 255, by unknown source 255, 255/255/255)',
    1,
  ],
  [
    'a rejection that is too long',
    says(3, 5),
    'A-ABORT 2/6',
    aborted('PDU of type 3 with a length of 5 bytes (at byte 2)'),
    1,
  ],
  [
    'an acceptance of 4 GiB',
    says(2, 0xffffffff),
    'A-ABORT 2/6',
    aborted('PDU of type 2 with a length of 4294967295 bytes (at byte 2)'),
    1,
  ],
  [
    'an acceptance of no length',
    says(2, 0),
    'A-ABORT 2/6',
    aborted('PDU of type 2 with a length of 0 bytes (at byte 2)'),
    1,
  ],
  [
    'an acceptance without items',
    changed((bytes) => Buffer.concat([pduHeader(2, 68), bytes.subarray(6, 74)])),
    'A-ABORT 2/6',
    aborted('the application context item is missing (at byte 74)'),
    1,
  ],
  [
    'an acceptance with an item past its end',
    changed((bytes) => Buffer.concat([bytes.subarray(0, 76), hex`ffff`, bytes.subarray(78)])),
    'A-ABORT 2/6',
    aborted('cut short: 65535 bytes should follow, 62 do (at byte 78)'),
    1,
  ],
  ['an acceptance of no context', accepting({ presentationContexts: [] }), 'A-ABORT 0/0', NOTHING_ACCEPTED, 1],
  ['an acceptance of a context never proposed', result(77, 0), 'A-ABORT 0/0', NOTHING_ACCEPTED, 1],
  ['an acceptance of context 0', result(0, 0), 'A-ABORT 0/0', NOTHING_ACCEPTED, 1],
  [
    'an acceptance with a transfer syntax never proposed',
    result(1, 0, '1.2.840.10008.1.2.4.50'),
    'A-ABORT 0/0',
    NOTHING_ACCEPTED,
    1,
  ],
  ['an acceptance with no transfer syntax', result(1, 0, ''), 'A-ABORT 0/0', NOTHING_ACCEPTED, 1],
  ...[1, 2, 3, 4, 5, 255].map(
    (code): AnswerRow => [`a context with the result ${code}`, result(1, code), 'A-ABORT 0/0', NOTHING_ACCEPTED, 1],
  ),
  [
    'an acceptance of two results for one context: the first counts',
    accepting({
      presentationContexts: [
        { id: 1, result: 3, transferSyntax: '' },
        { id: 1, result: 0, transferSyntax: '1.2.840.10008.1.2' },
      ],
    }),
    'A-ABORT 0/0',
    NOTHING_ACCEPTED,
    1,
  ],
  [
    'an acceptance of PDUs of 1 byte',
    maximumLength(1),
    'A-ABORT 2/6',
    aborted('the peer takes PDUs of 1 bytes: too few'),
    1,
  ],
  [
    'an acceptance of PDUs of 7 bytes',
    maximumLength(7),
    'A-ABORT 2/6',
    aborted('the peer takes PDUs of 7 bytes: too few'),
    1,
  ],
  [
    'an acceptance and at once a response',
    (request) => Buffer.concat([encodePdu(acceptance(request)), SUCCESS]),
    'A-ABORT 2/5',
    aborted('a C-STORE-RSP to message 1, which is not waiting for one on that context'),
    1,
  ],
  [
    'an acceptance and another',
    (request) => Buffer.concat([encodePdu(acceptance(request)), encodePdu(acceptance(request))]),
    'A-ABORT 2/2',
    aborted('A-ASSOCIATE-AC out of turn'),
    1,
  ],
  [
    'an acceptance and a rejection',
    (request) => Buffer.concat([encodePdu(acceptance(request)), pduOf(3, Buffer.of(0, 1, 1, 1))]),
    'A-ABORT 2/2',
    aborted('A-ASSOCIATE-RJ out of turn'),
    1,
  ],
  [
    'an acceptance and HTTP',
    (request) => Buffer.concat([encodePdu(acceptance(request)), hex`${'HTTP/1.1'}`]),
    'A-ABORT 2/1',
    aborted('no PDU has the type 72: is it text, such as HTTP? (at byte 0)'),
    1,
  ],
];

/** A C-STORE-RSP with its elements as they are given. */
function response(...elements: readonly Buffer[]): Buffer {
  return commandSet(1, element(0x0100, uint16(0x8001)), ...elements);
}

const ANSWERS_1 = element(0x0120, uint16(1));
const NO_DATA = element(0x0800, uint16(0x0101));
const status = (code: number) => element(0x0900, uint16(code));
const unexpected = (what: string) => whileSending(`${what}, which is not waiting for one on that context`);
const refused = (line: string) => `E: Not stored: ct.dcm: ${line}`;

/** In answer to C-STORE-RQ, which is message 1 on context 1. Where it is an answer, storescu goes on to release. */
export const TO_STORE: readonly AnswerRow[] = [
  ['nothing, and says no more', Buffer.alloc(0), '', whileSending('connection lost'), 1],
  ['nothing, and hangs up', Buffer.alloc(0), '', whileSending('connection lost'), 1],
  ['half a response, and hangs up', SUCCESS.subarray(0, 30), '', whileSending('connection lost'), 1],
  ['to another message', messageOf(storeRsp(2), 1), 'A-ABORT 2/5', unexpected('a C-STORE-RSP to message 2'), 1],
  ['to message 0', messageOf(storeRsp(0), 1), 'A-ABORT 2/5', unexpected('a C-STORE-RSP to message 0'), 1],
  [
    'on a context that was not accepted',
    messageOf(storeRsp(1), 3),
    'A-ABORT 2/5',
    whileSending('presentation context 3 was not accepted'),
    1,
  ],
  [
    'on context 0',
    messageOf(storeRsp(1), 0),
    'A-ABORT 2/5',
    whileSending('presentation context 0 was not accepted'),
    1,
  ],
  ['with a response to an echo', messageOf(echoRsp(1), 1), 'A-ABORT 2/5', unexpected('a C-ECHO-RSP to message 1'), 1],
  [
    'with a response of no known kind',
    commandSet(1, element(0x0100, uint16(0x8888)), ANSWERS_1, NO_DATA, status(0)),
    'A-ABORT 2/5',
    unexpected('a UNKNOWN-RSP to message 1'),
    1,
  ],
  [
    'with a request of its own',
    Buffer.concat([messageOf(storeRq(1, '../../x'), 1), SUCCESS]),
    'P-DATA-TF, A-RELEASE-RQ',
    'E: Store Request failed (PEER, SOP Instance ../../x): 0x0211 - Failure: Unrecognized Operation: operation not supported',
    0,
  ],
  [
    'with an echo of its own',
    Buffer.concat([messageOf(echoRq(1), 1), SUCCESS]),
    'P-DATA-TF, A-RELEASE-RQ',
    'E: Echo Request failed (PEER): 0x0211 - Failure: Unrecognized Operation: operation not supported',
    0,
  ],
  [
    'with a cancellation',
    Buffer.concat([commandSet(1, element(0x0100, uint16(0x0fff)), ANSWERS_1, NO_DATA), SUCCESS]),
    'A-RELEASE-RQ',
    '',
    0,
  ],
  ['twice', Buffer.concat([SUCCESS, SUCCESS]), 'A-ABORT 2/5', '', 0],
  ['with a data set', messageOf(storeRsp(1), 1, Buffer.alloc(1000)), 'A-RELEASE-RQ', '', 0],
  [
    'with a data set that does not come',
    Buffer.concat([
      commandSet(1, element(0x0100, uint16(0x8001)), ANSWERS_1, element(0x0800, uint16(1)), status(0)),
      SUCCESS,
    ]),
    'A-ABORT 2/5',
    '',
    0,
  ],
  [
    'with a data set on another context',
    Buffer.concat([
      commandSet(1, element(0x0100, uint16(0x8001)), ANSWERS_1, element(0x0800, uint16(1)), status(0)),
      dataPdu(3, Buffer.alloc(4)),
    ]),
    'A-ABORT 2/5',
    '',
    0,
  ],
  [
    'with data alone',
    dataPdu(1, Buffer.alloc(10)),
    'A-ABORT 2/5',
    whileSending('a data fragment where command is expected'),
    1,
  ],
  [
    'without a status',
    response(ANSWERS_1, NO_DATA),
    'A-ABORT 2/6',
    whileSending('(0000,0900) is missing in C-STORE-RSP'),
    1,
  ],
  [
    'without a message id',
    response(NO_DATA, status(0)),
    'A-ABORT 2/6',
    whileSending('(0000,0120) is missing in C-STORE-RSP'),
    1,
  ],
  [
    'with a status of four bytes',
    response(ANSWERS_1, NO_DATA, element(0x0900, Buffer.alloc(4))),
    'A-ABORT 2/6',
    whileSending('(0000,0900) has 4 bytes, not 2'),
    1,
  ],
  [
    'with a command set that is cut',
    pduOf(4, pdv(1, LAST_COMMAND, hex`0000 0001 0200`)),
    'A-ABORT 2/6',
    whileSending('cut short: 8 bytes should follow, 6 do (at byte 0)'),
    1,
  ],
  [
    'with an element of 4 GiB',
    pduOf(4, pdv(1, LAST_COMMAND, hex`0000 0209 ffffffff ${'x'}`)),
    'A-ABORT 2/6',
    whileSending('cut short: 4294967295 bytes should follow, 1 do (at byte 8)'),
    1,
  ],
  [
    'with a command that never ends',
    Buffer.concat(Array<Buffer>(5).fill(pduOf(4, pdv(1, MORE_COMMAND, Buffer.alloc(16_000))))),
    'A-ABORT 2/6',
    whileSending('a command set over 16384 bytes'),
    1,
  ],
  [
    'with two statuses: the first counts',
    response(ANSWERS_1, NO_DATA, status(0xa700), status(0)),
    'A-RELEASE-RQ',
    refused('0xA700 - Failure: Out of Resources'),
    3,
  ],
  [
    'with an offending element of three bytes',
    response(ANSWERS_1, NO_DATA, status(0xa900), element(0x0901, Buffer.alloc(3))),
    'A-ABORT 2/6',
    whileSending('(0000,0901) has 3 bytes, not a multiple of 4'),
    1,
  ],
  [
    'with 3,000 offending elements',
    response(ANSWERS_1, NO_DATA, status(0xa900), element(0x0901, Buffer.alloc(12_000))),
    'A-RELEASE-RQ',
    refused(
      `0xA900 - Failure: Data Set Does Not Match SOP Class, ${'(0000,0000), '.repeat(20).slice(0, 256)}... (38998 characters)`,
    ),
    3,
  ],
  [
    'with a comment that is a line and a command',
    response(ANSWERS_1, NO_DATA, status(0xc000), element(0x0902, hex`${'no\r\nI: Stored\x1b[2J\x9b1m\x7f'}`)),
    'A-RELEASE-RQ',
    refused('0xC000 - Failure: Cannot Understand, "no\\r\\nI: Stored\\x1b[2J\\x9b1m\\x7f"'),
    3,
  ],
  [
    'with a comment of 10,000 characters',
    response(ANSWERS_1, NO_DATA, status(0xc000), element(0x0902, Buffer.alloc(10_000, 'x'))),
    'A-RELEASE-RQ',
    refused(`0xC000 - Failure: Cannot Understand, "${'x'.repeat(256)}... (10000 characters)"`),
    3,
  ],
  [
    'with another class and instance',
    messageOf(
      {
        ...{ type: 'C-STORE-RSP', messageIdBeingRespondedTo: 1, status: 0 },
        affectedSopClassUid: `${CT}.9`,
        affectedSopInstanceUid: '../../x',
      },
      1,
    ),
    'A-RELEASE-RQ',
    '',
    0,
  ],
  ...(
    [
      [0x0001, 'W: Stored ct.dcm: 0x0001 - Warning: Requested Optional Attributes Are Not Supported', 0],
      [0x0210, refused('0x0210 - Failure: Duplicate Invocation'), 3],
      [0x7fff, refused('0x7FFF - Failure: Unknown Status'), 3],
      [0xb001, 'W: Stored ct.dcm: 0xB001 - Warning: Unknown Warning', 0],
      [0xcfff, refused('0xCFFF - Failure: Cannot Understand'), 3],
      [0xfe00, refused('0xFE00 - Cancel'), 3],
      [0xff01, refused('0xFF01 - Pending: Optional Keys Not Supported'), 3],
      [0xffff, refused('0xFFFF - Failure: Unknown Status'), 3],
    ] as const
  ).map(
    ([code, error, exitCode]): AnswerRow => [
      `with the status ${code.toString(16).padStart(4, '0')}`,
      response(ANSWERS_1, NO_DATA, status(code)),
      'A-RELEASE-RQ',
      error,
      exitCode,
    ],
  ),
  [
    'as pending for ever',
    Buffer.concat(Array<Buffer>(100).fill(response(ANSWERS_1, NO_DATA, status(0xff00)))),
    'A-ABORT 2/5',
    refused('0xFF00 - Pending'),
    3,
  ],
  ['by asking for release', RELEASE_RQ, 'A-RELEASE-RP', whileSending('released by the peer before it answered'), 1],
  ['and asks for release', Buffer.concat([SUCCESS, RELEASE_RQ]), 'A-RELEASE-RP', '', 0],
  ['with an answer to no release', RELEASE_RP, 'A-ABORT 2/2', whileSending('A-RELEASE-RP out of turn'), 1],
  [
    'with another acceptance',
    encodePdu(
      acceptance({
        type: 'A-ASSOCIATE-RQ',
        protocolVersion: 1,
        calledAeTitle: 'A',
        callingAeTitle: 'B',
        applicationContext: '1.2.840.10008.3.1.1.1',
        presentationContexts: [],
        userInformation: { roleSelections: [], extendedNegotiations: [], commonExtendedNegotiations: [] },
      }),
    ),
    'A-ABORT 2/2',
    whileSending('A-ASSOCIATE-AC out of turn'),
    1,
  ],
  [
    'with a P-DATA-TF of no PDV',
    pduOf(4),
    'A-ABORT 2/6',
    whileSending('0 bytes of P-DATA-TF where a PDV should be (at byte 6)'),
    1,
  ],
  [
    'with a P-DATA-TF of 4 GiB',
    says(4, 0xffffffff),
    'A-ABORT 2/6',
    whileSending('P-DATA-TF of 4294967295 bytes, over the announced 16384 (at byte 2)'),
    1,
  ],
  [
    'with a PDV past its PDU',
    pduOf(4, pdv(1, LAST_COMMAND, Buffer.alloc(4), 100)),
    'A-ABORT 2/6',
    whileSending('PDV of 100 bytes where 6 are left (at byte 6)'),
    1,
  ],
  ['with PDU type 9', pduOf(9, Buffer.alloc(4)), 'A-ABORT 2/1', whileSending('no PDU has the type 9 (at byte 0)'), 1],
  [
    'with an abort',
    pduOf(7, Buffer.of(0, 0, 2, 1)),
    '',
    whileSending('by the peer, service provider: unrecognized PDU (2/1)'),
    1,
  ],
];

/** In answer to A-RELEASE-RQ, when every response is in. */
export const TO_RELEASE: readonly AnswerRow[] = [
  ['nothing, and says no more', Buffer.alloc(0), '', '', 0],
  ['nothing, and hangs up', Buffer.alloc(0), '', '', 0],
  ['half an answer, and hangs up', RELEASE_RP.subarray(0, 7), '', '', 0],
  ['an abort', pduOf(7, Buffer.of(0, 0, 0, 0)), '', '', 0],
  ['a request for release, and an answer', Buffer.concat([RELEASE_RQ, RELEASE_RP]), 'A-ABORT 2/2', '', 0],
  ['a request for release, and hangs up', RELEASE_RQ, '', '', 0],
  ['the response once more', SUCCESS, 'A-ABORT 2/5', '', 0],
  ['data', dataPdu(1, Buffer.alloc(4)), 'A-ABORT 2/5', '', 0],
  ['HTTP', hex`${'HTTP/1.1 408 Request Timeout\r\n'}`, 'A-ABORT 2/1', '', 0],
  ['an acceptance', (request) => encodePdu(acceptance(request)), 'A-ABORT 2/2', '', 0],
  ['an answer of 4 GiB', says(6, 0xffffffff), 'A-ABORT 2/6', '', 0],
];
