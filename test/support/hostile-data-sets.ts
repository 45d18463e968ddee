/** Data sets from strangers: cut anywhere, with lengths that are not there, of another instance, or no data sets at all. */
import { deflateRawSync } from 'node:zlib';
import { EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN } from '../../src/dataset/transfer-syntax.js';
import { commandSet, dataPdu, pduOf, type Row, storeElements } from './hostile.js';
import { CT, ctDataSet, EXPLICIT } from './loopback-peer.js';
import { hex } from './pdu-hex.js';
import { part10Of, sampleImage } from './sample-instance.js';

const RELEASE_RQ = pduOf(5, Buffer.alloc(4));
const UIDS = ctDataSet();
const OVERWRITTEN = 'W: DICOM file already exists, overwriting';
const STORED = 'C-STORE-RSP 0000, A-RELEASE-RP';
const MAX_FRAGMENT = 16_000;

/** The request to store 1.2.3 on a context with this data set, in as many PDUs as it takes. */
function store(dataSet: Buffer, contextId = 1): Buffer {
  const pdus = [commandSet(contextId, ...storeElements())];
  for (let at = 0; at === 0 || at < dataSet.length; at += MAX_FRAGMENT)
    pdus.push(dataPdu(contextId, dataSet.subarray(at, at + MAX_FRAGMENT), at + MAX_FRAGMENT >= dataSet.length));
  return Buffer.concat([...pdus, RELEASE_RQ]);
}

function refused(status: string, why: string): readonly [answer: string, log: string] {
  const meaning = status === 'A900' ? 'Data Set Does Not Match SOP Class' : 'Cannot Understand';
  return [
    `C-STORE-RSP ${status}, A-RELEASE-RP`,
    `E: Store Request failed (PEER, SOP Instance 1.2.3): 0x${status} - Failure: ${meaning}: ${why}`,
  ];
}

/** Where a data set of a sequence and fragments may be cut, and what is said of it. */
const NESTED = hex`${UIDS} 0800 4011 5351 0000 ffffffff feff 00e0 ffffffff 0800 5011 5549 0400 ${'1.2\0'} feff 0de0 00000000 feff dde0 00000000 1000 1000 504e 0400 ${'A^B '}`;

const CUTS = (
  [
    [1, 'cut short within the header of an element at byte 0'],
    [7, 'cut short within the header of an element at byte 0'],
    [8, 'cut short: 26 more bytes should follow in (0008,0016) at byte 8'],
    [33, 'cut short: 1 more bytes should follow in (0008,0016) at byte 33'],
    [50, 'cut short within the header of an element at byte 48'],
    [72, 'cut short within the header of an element at byte 68'],
    [NESTED.length - 1, 'cut short: 1 more bytes should follow in (0010,0010) at byte 107'],
  ] as const
).map(
  ([length, why]): Row => [
    `a data set cut after ${length} of its ${NESTED.length} bytes`,
    store(NESTED.subarray(0, length)),
    ...refused('C000', why),
  ],
);

/** What is stored if it is cut there: between two elements, or where nothing but delimiters is missing. */
const WHOLE_AT: ReadonlySet<number> = new Set([34, 48, 60, 68, 80, 88, 96, NESTED.length]);

/** The data set cut at every byte, and what comes of each. */
export const EVERY_CUT: readonly (readonly [length: number, sent: Buffer, answer: string])[] = Array.from(
  { length: NESTED.length + 1 },
  (_, length) => [
    length,
    store(NESTED.subarray(0, length)),
    WHOLE_AT.has(length) ? STORED : 'C-STORE-RSP C000, A-RELEASE-RP',
  ],
);

const SEQUENCE = hex`0800 4011 5351 0000 ffffffff feff 00e0 ffffffff`;

/** So many sequences within one another, none of which ends. */
function nested(depth: number): Buffer {
  return Buffer.concat([UIDS, Buffer.alloc(depth * SEQUENCE.length, SEQUENCE)]);
}

const BAD: readonly (readonly [what: string, dataSet: Buffer, status: string, why: string])[] = [
  ['no bytes', Buffer.alloc(0), 'C000', 'there is nothing in the data set'],
  [
    'text',
    hex`${'GET / HTTP/1.1\r\nHost: pacs\r\n\r\n'}`,
    'C000',
    'cut short: 21554 more bytes should follow in (4547,2054) at byte 30',
  ],
  ['zeros', Buffer.alloc(1000), 'C000', 'there is nothing in the data set'],
  ['ones', Buffer.alloc(1000, 0xff), 'C000', 'cut short: 64543 more bytes should follow in (FFFF,FFFF) at byte 1000'],
  [
    'an element of 4 GiB',
    hex`${UIDS} e07f 1000 4f57 0000 feffffff 0000`,
    'C000',
    'cut short: 4294967292 more bytes should follow in (7FE0,0010) at byte 62',
  ],
  [
    'a text of undefined length',
    hex`${UIDS} 1000 1000 5554 0000 ffffffff 0000`,
    'C000',
    'undefined length with VR UT in (0010,0010) at byte 60',
  ],
  [
    'a sequence of 4 GiB',
    hex`${UIDS} 0800 4011 5351 0000 feffffff feff 00e0 00000000`,
    'C000',
    'cut short within a sequence in (0008,1140) at byte 68',
  ],
  [
    'an item of 4 GiB',
    hex`${UIDS} 0800 4011 5351 0000 ffffffff feff 00e0 feffffff`,
    'C000',
    'cut short within an item in (0008,1140) at byte 68',
  ],
  [
    'an item longer than its sequence',
    hex`${UIDS} 0800 4011 5351 0000 10000000 feff 00e0 ff000000 ${Buffer.alloc(300)}`,
    'C000',
    '255 bytes run 247 over the end of the item or sequence around them in (FFFE,E000) at byte 60',
  ],
  [
    'an item outside of a sequence',
    hex`${UIDS} feff 00e0 00000000`,
    'C000',
    'an item or delimiter where an element should be in (FFFE,E000) at byte 48',
  ],
  [
    'a delimiter outside of a sequence',
    hex`${UIDS} feff dde0 00000000`,
    'C000',
    'an item or delimiter where an element should be in (FFFE,E0DD) at byte 48',
  ],
  [
    'an element in a sequence that has no item',
    hex`${UIDS} 0800 4011 5351 0000 ffffffff 0800 5011 5549 0400 ${'1.2\0'}`,
    'C000',
    'no item where a sequence should have one in (0008,1150) at byte 60',
  ],
  [
    'a fragment of 4 GiB',
    hex`${UIDS} e07f 1000 4f42 0000 ffffffff feff 00e0 feffffff`,
    'C000',
    'cut short: 4294967294 more bytes should follow in (7FE0,0010) at byte 68',
  ],
  ['sequences 1,001 deep', nested(1001), 'C000', 'sequences nested more than 1000 deep in (0008,1140) at byte 20060'],
  [
    'the same in big endian',
    hex`0008 0016 5549 001a ${`${CT}\0`}`,
    'C000',
    'cut short: 6630 more bytes should follow in (0800,1600) at byte 34',
  ],
  ['another instance', ctDataSet('1.2.4'), 'A900', 'SOP Instance UID differs in command and data set'],
  ['an instance that is a path', ctDataSet('../../x'), 'A900', 'SOP Instance UID differs in command and data set'],
  [
    'another class',
    hex`0800 1600 5549 0400 ${'1.2\0'} 0800 1800 5549 0600 ${'1.2.3\0'}`,
    'A900',
    'SOP Class UID differs in command and data set',
  ],
  [
    'a file of another transfer syntax',
    part10Of(UIDS, sampleImage({ sopClassUid: CT, sopInstanceUid: '1.2.3' }), IMPLICIT_VR_LITTLE_ENDIAN),
    'C000',
    'a file in 1.2.840.10008.1.2 in place of the data set',
  ],
  [
    'group 0002 of undefined length',
    hex`0200 1000 5351 0000 ffffffff ${UIDS}`,
    'C000',
    'an element of undefined length before the data set',
  ],
];

/** A megabyte of zeros, deflated to a kilobyte, after what makes it an instance. */
const BOMB = deflateRawSync(Buffer.concat([UIDS, hex`e07f 1000 4f57 0000 00001000`, Buffer.alloc(0x100000)]));

export const DATA_SETS: readonly Row[] = [
  ...CUTS,
  ...BAD.map(([what, dataSet, status, why]): Row => [`a data set of ${what}`, store(dataSet), ...refused(status, why)]),
  [
    'a deflated data set of noise',
    store(Buffer.alloc(100, 0xa5), 7),
    ...refused('C000', 'the deflated data set cannot be read: invalid code lengths set'),
  ],
  [
    'a deflated data set that is cut',
    store(BOMB.subarray(0, 500), 7),
    ...refused('C000', 'the deflated data set cannot be read: unexpected end of file'),
  ],
  ['a deflated data set that unfolds to a thousand times as much', store(BOMB, 7), STORED, OVERWRITTEN, 'CT.1.2.3'],
  [
    'a data set in fragments that never ends',
    store(hex`${UIDS} e07f 1000 4f42 0000 ffffffff feff 00e0 00000000`, 9),
    STORED,
    OVERWRITTEN,
    'CT.1.2.3',
  ],
  [
    'a data set with an element of no VR',
    store(hex`${UIDS} 1000 1000 0000 0400 ${'A^B '}`),
    STORED,
    OVERWRITTEN,
    'CT.1.2.3',
  ],
  [
    'a data set with a delimiter that has a length',
    store(hex`${UIDS} 0800 4011 5351 0000 ffffffff feff dde0 04000000 00000000`),
    STORED,
    OVERWRITTEN,
    'CT.1.2.3',
  ],
  ['a data set without UIDs', store(hex`1000 1000 504e 0400 ${'A^B '}`), STORED, OVERWRITTEN, 'CT.1.2.3'],
  ['a data set in the wrong order', store(hex`1000 1000 504e 0400 ${'A^B '} ${UIDS}`), STORED, OVERWRITTEN, 'CT.1.2.3'],
  [
    'a data set of texts that are no texts',
    store(hex`${UIDS} 1000 1000 504e 0400 1b5b324a`),
    STORED,
    OVERWRITTEN,
    'CT.1.2.3',
  ],
  ['sequences 1,000 deep that do not end', store(nested(1000)), STORED, OVERWRITTEN, 'CT.1.2.3'],
  [
    'a whole file in place of a data set',
    store(part10Of(UIDS, sampleImage({ sopClassUid: CT, sopInstanceUid: '1.2.3' }), EXPLICIT_VR_LITTLE_ENDIAN)),
    STORED,
    OVERWRITTEN,
    'CT.1.2.3',
  ],
  [
    'meta information of its own before it',
    store(hex`0200 1000 5549 1400 ${`${EXPLICIT}\0`.slice(0, 20)} 0200 1600 4145 0400 ${'EVIL'} ${UIDS}`),
    STORED,
    OVERWRITTEN,
    'CT.1.2.3',
  ],
  [
    'a data set of one-byte fragments',
    Buffer.concat([
      commandSet(1, ...storeElements()),
      ...[...UIDS].map((byte, index) => dataPdu(1, Buffer.of(byte), index === UIDS.length - 1)),
      RELEASE_RQ,
    ]),
    STORED,
    OVERWRITTEN,
    'CT.1.2.3',
  ],
];
