/** What strangers send on an association: PDUs and PDVs that are malformed, out of turn or out of place. */
import { encodePdu } from '../../src/pdu/codec.js';
import {
  commandSet,
  dataPdu,
  LAST_COMMAND,
  LAST_DATA,
  MORE_COMMAND,
  MORE_DATA,
  messageOf,
  pduHeader,
  pduOf,
  pdv,
  REQUEST,
  type Row,
  storeElements,
} from './hostile.js';
import { ctDataSet, echoRq } from './loopback-peer.js';
import { hex } from './pdu-hex.js';
import { ACCEPTED, APPLICATION_CONTEXT, acBytes } from './pdu-samples.js';

const aborted = (reason: string) => `E: Association Aborted (PEER): ${reason}`;
const LOST = aborted('connection lost');
const RELEASE_RQ = pduOf(5, Buffer.alloc(4));
const ECHO = messageOf(echoRq(1), 3);
const DATA_SET = ctDataSet();

function pData(...pdvs: readonly Buffer[]): Buffer {
  return pduOf(4, ...pdvs);
}

const TURNS: readonly Row[] = [
  ['another request', encodePdu(REQUEST), 'A-ABORT 2/2', aborted('A-ASSOCIATE-RQ out of turn')],
  ['an acceptance', acBytes(APPLICATION_CONTEXT, ACCEPTED), 'A-ABORT 2/2', aborted('A-ASSOCIATE-AC out of turn')],
  ['a rejection', pduOf(3, Buffer.of(0, 1, 1, 1)), 'A-ABORT 2/2', aborted('A-ASSOCIATE-RJ out of turn')],
  ['an answer to no release', pduOf(6, Buffer.alloc(4)), 'A-ABORT 2/2', aborted('A-RELEASE-RP out of turn')],
  ['a release', RELEASE_RQ, 'A-RELEASE-RP', ''],
  ['a release twice', Buffer.concat([RELEASE_RQ, RELEASE_RQ]), 'A-ABORT 2/2', aborted('A-RELEASE-RQ out of turn')],
  ['a request after a release', Buffer.concat([RELEASE_RQ, ECHO]), 'A-ABORT 2/2', aborted('P-DATA-TF out of turn')],
  ['a release after a request', Buffer.concat([ECHO, RELEASE_RQ]), 'C-ECHO-RSP 0000, A-RELEASE-RP', ''],
  [
    'an answer after a release',
    Buffer.concat([RELEASE_RQ, pduOf(6, Buffer.alloc(4))]),
    'A-ABORT 2/2',
    aborted('A-RELEASE-RP out of turn'),
  ],
  [
    'a release in the middle of a command',
    Buffer.concat([pData(pdv(1, MORE_COMMAND, Buffer.alloc(8))), RELEASE_RQ]),
    'A-ABORT 2/2',
    aborted('release was requested in the middle of a message'),
  ],
  [
    'a release before a data set',
    Buffer.concat([commandSet(1, ...storeElements()), RELEASE_RQ]),
    'A-ABORT 2/2',
    aborted('release was requested in the middle of a message'),
  ],
  [
    'a release in the middle of a data set',
    Buffer.concat([commandSet(1, ...storeElements()), dataPdu(1, DATA_SET, false), RELEASE_RQ]),
    'A-ABORT 2/2',
    aborted('release was requested in the middle of a message'),
  ],
  [
    'an abort of a user',
    pduOf(7, Buffer.of(0, 0, 0, 0)),
    '',
    aborted('by the peer, service user: no reason given (0/0)'),
  ],
  [
    'an abort of no known source',
    pduOf(7, Buffer.of(0, 0, 255, 255)),
    '',
    aborted('by the peer, unknown source 255: unknown reason 255 (255/255)'),
  ],
  [
    'an abort in the middle of a data set',
    Buffer.concat([commandSet(1, ...storeElements()), dataPdu(1, DATA_SET, false), pduOf(7, Buffer.of(0, 0, 2, 6))]),
    '',
    aborted('by the peer, service provider: invalid PDU parameter value (2/6)'),
  ],
  [
    'HTTP',
    hex`${'POST /studies HTTP/1.1\r\n\r\n'}`,
    'A-ABORT 2/1',
    aborted('no PDU has the type 80: is it text, such as HTTP? (at byte 0)'),
  ],
  ['PDU type 0', pduOf(0, Buffer.alloc(4)), 'A-ABORT 2/1', aborted('no PDU has the type 0 (at byte 0)')],
  ['PDU type 255', pduOf(255), 'A-ABORT 2/1', aborted('no PDU has the type 255 (at byte 0)')],
];

const LENGTHS: readonly Row[] = (
  [
    [5, 0, 'PDU of type 5 with a length of 0 bytes (at byte 2)'],
    [5, 5, 'PDU of type 5 with a length of 5 bytes (at byte 2)'],
    [6, 0xffffffff, 'PDU of type 6 with a length of 4294967295 bytes (at byte 2)'],
    [7, 3, 'PDU of type 7 with a length of 3 bytes (at byte 2)'],
    [7, 0xffffffff, 'PDU of type 7 with a length of 4294967295 bytes (at byte 2)'],
    [3, 0, 'PDU of type 3 with a length of 0 bytes (at byte 2)'],
    [2, 0xffffffff, 'PDU of type 2 with a length of 4294967295 bytes (at byte 2)'],
    [4, 0, '0 bytes of P-DATA-TF where a PDV should be (at byte 6)'],
    [4, 5, '5 bytes of P-DATA-TF where a PDV should be (at byte 6)'],
    [4, 16_385, 'P-DATA-TF of 16385 bytes, over the announced 16384 (at byte 2)'],
    [4, 0x80000000, 'P-DATA-TF of 2147483648 bytes, over the announced 16384 (at byte 2)'],
    [4, 0xffffffff, 'P-DATA-TF of 4294967295 bytes, over the announced 16384 (at byte 2)'],
  ] as const
).map(
  ([type, length, reason]): Row => [
    `PDU type ${type} that says it has ${length} bytes`,
    Buffer.concat([pduHeader(type, length), Buffer.alloc(5)]),
    'A-ABORT 2/6',
    aborted(reason),
  ],
);

const PDVS: readonly Row[] = [
  ...([0, 1] as const).map(
    (length): Row => [
      `a PDV of ${length} bytes`,
      pData(pdv(3, LAST_COMMAND, Buffer.alloc(10), length)),
      'A-ABORT 2/6',
      aborted(`PDV of ${length} bytes where 12 are left (at byte 6)`),
    ],
  ),
  ...([13, 0x7fffffff, 0xffffffff] as const).map(
    (length): Row => [
      `a PDV of ${length} bytes in a PDU of 16`,
      pData(pdv(3, LAST_COMMAND, Buffer.alloc(10), length)),
      'A-ABORT 2/6',
      aborted(`PDV of ${length} bytes where 12 are left (at byte 6)`),
    ],
  ),
  [
    'a second PDV past its PDU',
    pData(pdv(1, MORE_COMMAND, Buffer.alloc(4)), pdv(1, LAST_COMMAND, Buffer.alloc(4), 7)),
    'A-ABORT 2/6',
    aborted('PDV of 7 bytes where 6 are left (at byte 16)'),
  ],
  [
    'three bytes after a PDV',
    pData(pdv(1, MORE_COMMAND, Buffer.alloc(4)), Buffer.alloc(3)),
    'A-ABORT 2/6',
    aborted('3 bytes of P-DATA-TF where a PDV should be (at byte 16)'),
  ],
  [
    'a PDV without data',
    pData(pdv(3, LAST_COMMAND, Buffer.alloc(0))),
    'A-ABORT 2/6',
    aborted('(0000,0100) is missing in the command set'),
  ],
  [
    'a thousand PDVs without data, then a command',
    Buffer.concat([pData(...Array<Buffer>(1000).fill(pdv(3, MORE_COMMAND, Buffer.alloc(0)))), ECHO, RELEASE_RQ]),
    'C-ECHO-RSP 0000, A-RELEASE-RP',
    '',
  ],
  [
    'a command in fragments of a byte',
    Buffer.concat(
      [...ECHO.subarray(12)]
        .map((byte, index, all) =>
          pData(pdv(3, index === all.length - 1 ? LAST_COMMAND : MORE_COMMAND, Buffer.of(byte))),
        )
        .concat(RELEASE_RQ),
    ),
    'C-ECHO-RSP 0000, A-RELEASE-RP',
    '',
  ],
  [
    'reserved bits of a message control header',
    Buffer.concat([pData(pdv(3, LAST_COMMAND | 0xfc, ECHO.subarray(12))), RELEASE_RQ]),
    'C-ECHO-RSP 0000, A-RELEASE-RP',
    '',
  ],
  ...([0, 2, 11, 15, 255] as const).map(
    (id): Row => [
      `a command on context ${id}, which was not accepted`,
      messageOf(echoRq(1), id),
      'A-ABORT 2/5',
      aborted(`presentation context ${id} was not accepted`),
    ],
  ),
  [
    'data where a command is expected',
    dataPdu(1, DATA_SET),
    'A-ABORT 2/5',
    aborted('a data fragment where command is expected'),
  ],
  [
    'data in the middle of a command',
    pData(pdv(1, MORE_COMMAND, Buffer.alloc(8)), pdv(1, LAST_DATA, Buffer.alloc(8))),
    'A-ABORT 2/5',
    aborted('a data fragment where command is expected'),
  ],
  [
    'data after a command without a data set',
    Buffer.concat([ECHO, dataPdu(3, DATA_SET)]),
    'A-ABORT 2/5',
    aborted('a data fragment where command is expected'),
  ],
  [
    'two commands before a data set',
    Buffer.concat([commandSet(1, ...storeElements()), ECHO]),
    'A-ABORT 2/5',
    aborted('presentation context 3 in a message on presentation context 1'),
  ],
  [
    'a command in the middle of a data set',
    Buffer.concat([
      commandSet(1, ...storeElements()),
      dataPdu(1, DATA_SET.subarray(0, 20), false),
      commandSet(1, ...storeElements()),
    ]),
    'A-ABORT 2/5',
    aborted('a command fragment where data is expected'),
  ],
  [
    'a command on two contexts',
    pData(pdv(1, MORE_COMMAND, ECHO.subarray(12, 20)), pdv(3, LAST_COMMAND, ECHO.subarray(20))),
    'A-ABORT 2/5',
    aborted('presentation context 3 in a message on presentation context 1'),
  ],
  [
    'a data set on another context than its command',
    Buffer.concat([commandSet(1, ...storeElements()), dataPdu(5, DATA_SET)]),
    'A-ABORT 2/5',
    aborted('presentation context 5 in a message on presentation context 1'),
  ],
  [
    'a data set on two contexts',
    Buffer.concat([
      commandSet(1, ...storeElements()),
      pData(pdv(1, MORE_DATA, DATA_SET.subarray(0, 20)), pdv(5, LAST_DATA, DATA_SET.subarray(20))),
    ]),
    'A-ABORT 2/5',
    aborted('presentation context 5 in a message on presentation context 1'),
  ],
  [
    'a command set over 16 KiB',
    Buffer.concat(Array<Buffer>(2).fill(pData(pdv(1, MORE_COMMAND, Buffer.alloc(16_000))))),
    'A-ABORT 2/6',
    aborted('a command set over 16384 bytes'),
  ],
];

const WHOLE = Buffer.concat([commandSet(1, ...storeElements()), dataPdu(1, DATA_SET)]);
const COMMAND_LENGTH = WHOLE.length - DATA_SET.length - 12;

const CUT: readonly Row[] = [
  1,
  5,
  6,
  9,
  11,
  12,
  20,
  COMMAND_LENGTH - 1,
  COMMAND_LENGTH,
  COMMAND_LENGTH + 3,
  COMMAND_LENGTH + 12,
  COMMAND_LENGTH + 30,
  WHOLE.length - 1,
].map(
  (length): Row => [
    `${length} of the ${WHOLE.length} bytes of a request to store`,
    WHOLE.subarray(0, length),
    '',
    LOST,
  ],
);

export const PDUS: readonly Row[] = [...TURNS, ...LENGTHS, ...PDVS, ...CUT];
