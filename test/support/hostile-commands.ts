/** Command sets from strangers: elements that are missing, doubled, wrong or foreign, and UIDs that are none. */

import { element, uint16 } from './dimse-messages.js';
import { commandSet, dataPdu, LAST_COMMAND, messageOf, pduOf, pdv, type Row, storeElements } from './hostile.js';
import { ctDataSet, echoRq, echoRsp, storeRsp, VERIFICATION } from './loopback-peer.js';
import { hex } from './pdu-hex.js';

const aborted = (reason: string) => `E: Association Aborted (PEER): ${reason}`;
const RELEASE_RQ = pduOf(5, Buffer.alloc(4));

/** The request to store with some of its elements replaced, and its data set. */
function store(replaced: Readonly<Record<number, readonly Buffer[]>>, dataSet = ctDataSet()): Buffer {
  return Buffer.concat([commandSet(1, ...storeElements(replaced)), dataPdu(1, dataSet), RELEASE_RQ]);
}

/** A command set of these bytes, whatever they are. */
function raw(bytes: Buffer): Buffer {
  return pduOf(4, pdv(1, LAST_COMMAND, bytes));
}

const MALFORMED = (
  [
    [
      'of nothing but its group length',
      hex`0000 0000 0400 0000 0000 0000`,
      '(0000,0100) is missing in the command set',
    ],
    ['cut in the header of an element', hex`0000 0001 02`, 'cut short: 8 bytes should follow, 5 do (at byte 0)'],
    ['with a value past its end', hex`0000 0001 0200 0000 01`, 'cut short: 2 bytes should follow, 1 do (at byte 8)'],
    [
      'with a value of 4 GiB',
      hex`0000 0001 ffff ffff 0100`,
      'cut short: 4294967295 bytes should follow, 2 do (at byte 8)',
    ],
    ['in Explicit VR', hex`0000 0001 5553 0200 0100`, 'cut short: 152405 bytes should follow, 2 do (at byte 8)'],
    ['in big endian', hex`0000 0100 0000 0002 0001`, 'cut short: 33554432 bytes should follow, 2 do (at byte 8)'],
    ['with an element of another group', hex`0800 1600 0200 0000 312e`, '(0008,0016) in a command set (at byte 0)'],
    ['that is a data set', ctDataSet(), '(0008,0016) in a command set (at byte 0)'],
    ['that is a file', hex`${Buffer.alloc(128)} ${'DICM'} 0200 0000`, '(4944,4D43) in a command set (at byte 128)'],
    ['of text', hex`${'GET / HTTP/1.1\r\n\r\n'}`, '(4547,2054) in a command set (at byte 0)'],
  ] as const
).map(([what, bytes, reason]): Row => [`a command set ${what}`, raw(bytes), 'A-ABORT 2/6', aborted(reason)]);

const long = (text: string) => Buffer.from(text.length % 2 === 0 ? text : `${text}\0`, 'latin1');

const ELEMENTS: readonly Row[] = [
  ...(
    [
      [0x0100, '(0000,0100) is missing in the command set'],
      [0x0800, '(0000,0800) is missing in the command set'],
      [0x0110, '(0000,0110) is missing in C-STORE-RQ'],
      [0x0002, '(0000,0002) is missing in C-STORE-RQ'],
      [0x1000, '(0000,1000) is missing in C-STORE-RQ'],
    ] as const
  ).map(
    ([number, reason]): Row => [
      `a request to store without (0000,${number.toString(16).padStart(4, '0')})`,
      store({ [number]: [] }),
      'A-ABORT 2/6',
      aborted(reason),
    ],
  ),
  ...(
    [
      [0x0100, Buffer.of(1), '(0000,0100) has 1 bytes, not 2'],
      [0x0100, Buffer.of(1, 0, 0, 0), '(0000,0100) has 4 bytes, not 2'],
      [0x0110, Buffer.alloc(0), '(0000,0110) has 0 bytes, not 2'],
      [0x0110, Buffer.alloc(3), '(0000,0110) has 3 bytes, not 2'],
      [0x0700, Buffer.alloc(1), '(0000,0700) has 1 bytes, not 2'],
      [0x0800, Buffer.alloc(0), '(0000,0800) has 0 bytes, not 2'],
    ] as const
  ).map(
    ([number, value, reason]): Row => [
      `a request to store whose ${reason}`,
      store({ [number]: [element(number, value)] }),
      'A-ABORT 2/6',
      aborted(reason),
    ],
  ),
  ['a request to store without a priority', store({ 1792: [] }), 'C-STORE-RSP 0000, A-RELEASE-RP', '', 'CT.1.2.3'],
  [
    'a priority that is none',
    store({ 1792: [element(0x0700, uint16(0xffff))] }),
    'C-STORE-RSP 0000, A-RELEASE-RP',
    'W: DICOM file already exists, overwriting',
    'CT.1.2.3',
  ],
  [
    'a doubled instance: the first counts',
    store({ 4096: [element(0x1000, long('1.2.3')), element(0x1000, long('../../x'))] }),
    'C-STORE-RSP 0000, A-RELEASE-RP',
    'W: DICOM file already exists, overwriting',
    'CT.1.2.3',
  ],
  [
    'a doubled command field: the first counts',
    store({ 256: [element(0x0100, uint16(1)), element(0x0100, uint16(0x30))] }),
    'C-STORE-RSP 0000, A-RELEASE-RP',
    'W: DICOM file already exists, overwriting',
    'CT.1.2.3',
  ],
  [
    'elements that nobody knows',
    store({ 9: [element(0x0009, Buffer.alloc(1000))], 36864: [element(0x9000, Buffer.alloc(0))] }),
    'C-STORE-RSP 0000, A-RELEASE-RP',
    'W: DICOM file already exists, overwriting',
    'CT.1.2.3',
  ],
  [
    'elements from the last to the first',
    Buffer.concat([commandSet(1, ...storeElements().reverse()), dataPdu(1, ctDataSet()), RELEASE_RQ]),
    'C-STORE-RSP 0000, A-RELEASE-RP',
    'W: DICOM file already exists, overwriting',
    'CT.1.2.3',
  ],
  [
    'a group length of 4 GiB',
    Buffer.concat([
      raw(Buffer.concat([hex`0000 0000 0400 0000 ffff ffff`, ...storeElements()])),
      dataPdu(1, ctDataSet()),
      RELEASE_RQ,
    ]),
    'C-STORE-RSP 0000, A-RELEASE-RP',
    'W: DICOM file already exists, overwriting',
    'CT.1.2.3',
  ],
  [
    'a move originator that is a line of its own',
    store({ 4144: [element(0x1030, Buffer.from('X\nE: forged\x1b[2J'))] }),
    'C-STORE-RSP 0000, A-RELEASE-RP',
    'W: DICOM file already exists, overwriting',
    'CT.1.2.3',
  ],
  [
    'a request to store that says it has no data set',
    Buffer.concat([commandSet(1, ...storeElements({}, false)), RELEASE_RQ]),
    'C-STORE-RSP C000, A-RELEASE-RP',
    failed('1.2.3', '0xC000 - Failure: Cannot Understand: no data set in the request'),
  ],
  [
    'an echo with a data set',
    Buffer.concat([messageOf(echoRq(1), 3, Buffer.alloc(5000)), RELEASE_RQ]),
    'C-ECHO-RSP 0000, A-RELEASE-RP',
    '',
  ],
  [
    'an echo on the context of an image',
    Buffer.concat([messageOf(echoRq(1), 1), RELEASE_RQ]),
    'C-ECHO-RSP 0000, A-RELEASE-RP',
    '',
  ],
  [
    'a request to store on the context of an echo',
    Buffer.concat([commandSet(3, ...storeElements()), dataPdu(3, ctDataSet()), RELEASE_RQ]),
    'C-STORE-RSP C000, A-RELEASE-RP',
    failed(
      '1.2.3',
      '0xC000 - Failure: Cannot Understand: cut short: 1722669 more bytes should follow in (0008,0016) at byte 48',
    ),
  ],
  [
    'an answer to no request',
    messageOf(storeRsp(1), 1),
    'A-ABORT 2/5',
    aborted('a C-STORE-RSP to message 1, which is not waiting for one on that context'),
  ],
  [
    'an answer to no echo',
    messageOf(echoRsp(65_535), 3),
    'A-ABORT 2/5',
    aborted('a C-ECHO-RSP to message 65535, which is not waiting for one on that context'),
  ],
  [
    'an answer of no known kind',
    commandSet(
      1,
      element(0x0100, uint16(0xffff)),
      element(0x0120, uint16(1)),
      element(0x0800, uint16(0x0101)),
      element(0x0900, uint16(0)),
    ),
    'A-ABORT 2/5',
    aborted('a UNKNOWN-RSP to message 1, which is not waiting for one on that context'),
  ],
  [
    'a cancellation',
    Buffer.concat([
      commandSet(1, element(0x0100, uint16(0x0fff)), element(0x0120, uint16(1)), element(0x0800, uint16(0x0101))),
      RELEASE_RQ,
    ]),
    'A-RELEASE-RP',
    '',
  ],
  ...[0x0000, 0x0010, 0x0020, 0x0021, 0x0100, 0x0140, 0x0150, 0x7fff].map(
    (field): Row => [
      `operation ${field.toString(16)}`,
      Buffer.concat([
        commandSet(1, element(0x0100, uint16(field)), element(0x0110, uint16(7)), element(0x0800, uint16(1))),
        dataPdu(1, ctDataSet()),
        RELEASE_RQ,
      ]),
      'UNKNOWN-RSP 0211, A-RELEASE-RP',
      `E: Unknown Request (command 0x${field.toString(16).toUpperCase().padStart(4, '0')}) failed (PEER): 0x0211 - Failure: Unrecognized Operation: operation not supported`,
    ],
  ),
];

function failed(uid: string, why: string): string {
  return `E: Store Request failed (PEER, SOP Instance ${uid}): ${why}`;
}

function invalid(uid: string, why: string): string {
  return failed(uid, `0x0117 - Failure: Invalid SOP Instance: Affected SOP Instance UID: ${why}`);
}

function notServed(sopClass: string): string {
  return failed('1.2.3', `0x0122 - Failure: SOP Class Not Supported: ${sopClass} is not served`);
}

/** Instance UIDs, each in the command and, where it fits, in the data set. */
const REFUSED_UIDS: readonly (readonly [what: string, uid: string, shown: string])[] = [
  ['a path up', '../../etc/passwd', '../../etc/passwd'],
  ['an absolute path', '/etc/passwd', '/etc/passwd'],
  ['the folder above', '..', '..'],
  ['this folder', '.', '.'],
  ['a path below', '1.2/3', '1.2/3'],
  ['a path of another system', '..\\..\\windows', '..\\..\\windows'],
  ['a name with a NUL in it', '1.2.3\0/x', '1.2.3\\x00/x'],
  ['a hidden file', '.netdicom-x-1-0.part', '.netdicom-x-1-0.part'],
  ['two lines', '1.2\nE: forged', '1.2\\nE: forged'],
  ['a sequence for terminals', '1.2\x1b[2J\x9b31m', '1.2\\x1b[2J\\x9b31m'],
  ['a tab', '1.2\t3', '1.2\\t3'],
  ['a space before it', ' 1.2.3', ' 1.2.3'],
  ['a minus', '-1.2', '-1.2'],
  ['two dots', '1..2', '1..2'],
  ['a dot before it', '.1.2', '.1.2'],
  ['a dot behind it', '1.2.', '1.2.'],
  ['letters', '1.2.abc', '1.2.abc'],
  ['a wildcard', '1.2.*', '1.2.*'],
  ['digits that are not ASCII', '1.2.\xb2', '1.2.\xb2'],
];

const UIDS: readonly Row[] = [
  ...REFUSED_UIDS.map(
    ([what, uid, shown]): Row => [
      `an instance UID that is ${what}`,
      store({ 4096: [element(0x1000, long(uid))] }),
      'C-STORE-RSP 0117, A-RELEASE-RP',
      invalid(shown, `not a UID: "${shown}"`),
    ],
  ),
  [
    'an empty instance UID',
    store({ 4096: [element(0x1000, Buffer.alloc(0))] }),
    'C-STORE-RSP 0117, A-RELEASE-RP',
    invalid('', 'a UID is empty'),
  ],
  [
    'an instance UID of NULs',
    store({ 4096: [element(0x1000, Buffer.alloc(8))] }),
    'C-STORE-RSP 0117, A-RELEASE-RP',
    invalid('', 'a UID is empty'),
  ],
  [
    'an instance UID of 129 characters',
    store({ 4096: [element(0x1000, long('1'.repeat(129)))] }),
    'C-STORE-RSP 0117, A-RELEASE-RP',
    invalid('1'.repeat(129), 'a UID has more than 128 characters'),
  ],
  [
    'an instance UID of 16,000 characters',
    Buffer.concat([
      ...splitCommand(storeElements({ 4096: [element(0x1000, long('1'.repeat(16_000)))] })),
      dataPdu(1, ctDataSet()),
      RELEASE_RQ,
    ]),
    'C-STORE-RSP 0117, A-RELEASE-RP',
    invalid(`${'1'.repeat(256)}... (16000 characters)`, 'a UID has more than 128 characters'),
  ],
  [
    'an instance UID of 65 characters',
    store({ 4096: [element(0x1000, long(`1.${'2'.repeat(63)}`))] }, ctDataSet(`1.${'2'.repeat(63)}`)),
    'C-STORE-RSP 0000, A-RELEASE-RP',
    '',
    `CT.1.${'2'.repeat(63)}`,
  ],
  [
    'an instance UID of 128 characters',
    store({ 4096: [element(0x1000, long(`1.${'2'.repeat(126)}`))] }, ctDataSet(`1.${'2'.repeat(126)}`)),
    'C-STORE-RSP 0000, A-RELEASE-RP',
    '',
    `CT.1.${'2'.repeat(126)}`,
  ],
  [
    'an instance UID with leading zeros',
    store({ 4096: [element(0x1000, long('01.002'))] }, ctDataSet('01.002')),
    'C-STORE-RSP 0000, A-RELEASE-RP',
    '',
    'CT.01.002',
  ],
  [
    'an instance UID padded with spaces and NULs',
    store({ 4096: [element(0x1000, Buffer.from('1.2.4 \0 \0'))] }, ctDataSet('1.2.4')),
    'C-STORE-RSP 0000, A-RELEASE-RP',
    '',
    'CT.1.2.4',
  ],
  [
    'a class UID that is a path',
    store({ 2: [element(0x0002, long('../../etc'))] }),
    'C-STORE-RSP 0122, A-RELEASE-RP',
    notServed('../../etc'),
  ],
  [
    'an empty class UID',
    store({ 2: [element(0x0002, Buffer.alloc(0))] }),
    'C-STORE-RSP 0122, A-RELEASE-RP',
    notServed(''),
  ],
  [
    'the class of an echo',
    store({ 2: [element(0x0002, long(VERIFICATION))] }),
    'C-STORE-RSP 0122, A-RELEASE-RP',
    notServed(VERIFICATION),
  ],
  [
    'a class with a line of its own',
    store({ 2: [element(0x0002, long('1.2\nE: forged'))] }),
    'C-STORE-RSP 0122, A-RELEASE-RP',
    notServed('1.2\\nE: forged'),
  ],
];

/** A command set too long for one PDU. */
function splitCommand(elements: readonly Buffer[]): readonly Buffer[] {
  const bytes = Buffer.concat(elements);
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 16_000)
    pieces.push(pduOf(4, pdv(1, at + 16_000 < bytes.length ? 1 : LAST_COMMAND, bytes.subarray(at, at + 16_000))));
  return pieces;
}

export const COMMANDS: readonly Row[] = [...MALFORMED, ...ELEMENTS, ...UIDS];
