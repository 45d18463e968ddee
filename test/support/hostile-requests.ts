/** What strangers send instead of an association request, and requests that break its rules or go to their limits. */
import { encodePdu } from '../../src/pdu/codec.js';
import { pduHeader, pduOf, type Row } from './hostile.js';
import { CT, EXPLICIT, IMPLICIT } from './loopback-peer.js';
import { hex, withLength } from './pdu-hex.js';
import {
  ACCEPTED,
  APPLICATION_CONTEXT,
  acBytes,
  PROPOSED,
  RQ,
  rqBytes,
  rqBytesWith,
  rqWith,
  VERIFICATION,
} from './pdu-samples.js';

const GOOD = rqBytes(APPLICATION_CONTEXT, PROPOSED);

const none = (reason: string) => `W: No association request (PEER): ${reason}`;

const rejected = (reason: string) => `W: Association Rejected (PEER, "ECHOSCU" to "ANY-SCP"): ${reason}`;

/** The good request with other bytes at `at`. */
function patched(at: number, bytes: Buffer): Buffer {
  return Buffer.concat([GOOD.subarray(0, at), bytes, GOOD.subarray(at + bytes.length)]);
}

/** A presentation context item of any id and syntaxes. */
function context(id: number, abstractSyntax: string, ...transferSyntaxes: readonly string[]): Buffer {
  const syntaxes = transferSyntaxes.map((uid) => withLength(0x40, 2, Buffer.from(uid, 'latin1')));
  const abstract = withLength(0x30, 2, Buffer.from(abstractSyntax, 'latin1'));
  return withLength(0x20, 2, Buffer.of(id, 0, 0, 0), abstract, ...syntaxes);
}

function contexts(count: number): Buffer {
  return Buffer.concat(
    Array.from({ length: count }, (_, index) => context((2 * index + 1) & 0xff, VERIFICATION, IMPLICIT)),
  );
}

const asking = (...items: readonly Buffer[]) => rqBytes(APPLICATION_CONTEXT, ...items);
const CALLED_AT = 10;
const CALLING_AT = 26;
const title = (text: string) => Buffer.from(text.padEnd(16), 'latin1').subarray(0, 16);

export const NO_REQUESTS: readonly Row[] = [
  [
    'HTTP',
    hex`${'GET / HTTP/1.1\r\nHost: pacs\r\n\r\n'}`,
    'A-ABORT 0/0',
    none('no PDU has the type 71: is it text, such as HTTP? (at byte 0)'),
  ],
  [
    'TLS',
    hex`160301 00f8 010000f4 0303 ${Buffer.alloc(240)}`,
    'A-ABORT 0/0',
    none('no PDU has the type 22: is it TLS? (at byte 0)'),
  ],
  [
    'SSH',
    hex`${'SSH-2.0-OpenSSH_9.2\r\n'}`,
    'A-ABORT 0/0',
    none('no PDU has the type 83: is it text, such as HTTP? (at byte 0)'),
  ],
  ['HL7 in MLLP', hex`0b ${'MSH|^~\\&|A|B'} 1c0d`, 'A-ABORT 0/0', none('no PDU has the type 11 (at byte 0)')],
  ['zeros', Buffer.alloc(64), 'A-ABORT 0/0', none('no PDU has the type 0 (at byte 0)')],
  ['ones', Buffer.alloc(64, 0xff), 'A-ABORT 0/0', none('no PDU has the type 255 (at byte 0)')],
  ['PDU type 8', pduOf(8, Buffer.alloc(4)), 'A-ABORT 0/0', none('no PDU has the type 8 (at byte 0)')],
  ['a file', hex`${Buffer.alloc(128)} ${'DICM'}`, 'A-ABORT 0/0', none('no PDU has the type 0 (at byte 0)')],
  ['an A-ASSOCIATE-AC', acBytes(APPLICATION_CONTEXT, ACCEPTED), 'A-ABORT 0/0', none('A-ASSOCIATE-AC out of turn')],
  ['an A-ASSOCIATE-RJ', pduOf(3, Buffer.of(0, 1, 1, 1)), 'A-ABORT 0/0', none('A-ASSOCIATE-RJ out of turn')],
  ['a P-DATA-TF', hex`04 00 00000006 00000002 0103`, 'A-ABORT 0/0', none('P-DATA-TF out of turn')],
  ['an A-RELEASE-RQ', pduOf(5, Buffer.alloc(4)), 'A-ABORT 0/0', none('A-RELEASE-RQ out of turn')],
  ['an A-RELEASE-RP', pduOf(6, Buffer.alloc(4)), 'A-ABORT 0/0', none('A-RELEASE-RP out of turn')],
  ['an A-ABORT', pduOf(7, Buffer.of(0, 0, 2, 6)), '', ''],
  ['nothing at all', Buffer.alloc(0), '', ''],
];

const TRUNCATED: readonly Row[] = [1, 5, 6, 7, 9, 26, 42, 73, 74, 80, GOOD.length - 1].map(
  (length): Row => [`a request cut after ${length} bytes`, GOOD.subarray(0, length), '', ''],
);

const LENGTHS: readonly Row[] = (
  [
    [0, 'PDU of type 1 with a length of 0 bytes (at byte 2)'],
    [3, 'PDU of type 1 with a length of 3 bytes (at byte 2)'],
    [1024 * 1024 + 1, 'PDU of type 1 with a length of 1048577 bytes (at byte 2)'],
    [0x7fffffff, 'PDU of type 1 with a length of 2147483647 bytes (at byte 2)'],
    [0xffffffff, 'PDU of type 1 with a length of 4294967295 bytes (at byte 2)'],
    [67, 'cut short: 32 bytes should follow, 31 do (at byte 42)'],
    [68, 'the application context item is missing (at byte 74)'],
  ] as const
).map(
  ([length, reason]): Row => [
    `a request that says it has ${length} bytes`,
    Buffer.concat([pduHeader(1, length), GOOD.subarray(6)]),
    'A-ABORT 0/0',
    none(reason),
  ],
);

export const REQUESTS: readonly Row[] = [
  ...TRUNCATED,
  ...LENGTHS,
  [
    'a request of protocol version 0',
    patched(6, hex`0000`),
    'A-ASSOCIATE-RJ 1/2/2',
    rejected('protocol version not supported (1/2/2)'),
  ],
  [
    'a request of protocol version 2',
    patched(6, hex`0002`),
    'A-ASSOCIATE-RJ 1/2/2',
    rejected('protocol version not supported (1/2/2)'),
  ],
  [
    'a request of all protocol versions',
    patched(6, hex`ffff`),
    'A-ASSOCIATE-AC 0',
    'E: Association Aborted (PEER): connection lost',
  ],
  [
    'a request without an application context',
    rqBytes(PROPOSED),
    'A-ABORT 0/0',
    none('the application context item is missing (at byte 124)'),
  ],
  [
    'a request with an empty application context',
    rqBytes(hex`10 00 0000`, PROPOSED),
    'A-ASSOCIATE-RJ 1/1/2',
    rejected('application context name not supported (1/1/2)'),
  ],
  [
    'a request for another application context',
    rqBytes(hex`10 00 0005 ${'1.2.3'}`, PROPOSED),
    'A-ASSOCIATE-RJ 1/1/2',
    rejected('application context name not supported (1/1/2)'),
  ],
  ['a request without contexts', asking(), 'A-ABORT 0/0', none('no presentation context')],
  [
    'a request with context id 0',
    asking(context(0, VERIFICATION, IMPLICIT)),
    'A-ABORT 0/0',
    none('presentation context id 0 is even (at byte 103)'),
  ],
  [
    'a request with an even context id',
    asking(context(2, VERIFICATION, IMPLICIT)),
    'A-ABORT 0/0',
    none('presentation context id 2 is even (at byte 103)'),
  ],
  [
    'a request with two contexts of one id',
    asking(PROPOSED, PROPOSED),
    'A-ABORT 0/0',
    none('two presentation contexts have the same id'),
  ],
  [
    'a request with 200 contexts',
    asking(contexts(200)),
    'A-ABORT 0/0',
    none('two presentation contexts have the same id'),
  ],
  [
    'a request with a context of no syntaxes',
    asking(hex`20 00 0004 01000000`),
    'A-ASSOCIATE-AC 3',
    'E: Association Aborted (PEER): connection lost',
  ],
  [
    'a request with a context that is cut',
    asking(hex`20 00 0003 010000`),
    'A-ABORT 0/0',
    none('cut short: 3 bytes should follow, 2 do (at byte 104)'),
  ],
  [
    'a request with an item that goes past its PDU',
    asking(PROPOSED, hex`50 00 ffff 51 00 0004 00004000`),
    'A-ABORT 0/0',
    none('cut short: 65535 bytes should follow, 8 do (at byte 153)'),
  ],
  [
    'a request with a sub-item that goes past its item',
    rqBytesWith(hex`51 00 ffff 00004000`),
    'A-ABORT 0/0',
    none('cut short: 65535 bytes should follow, 4 do (at byte 157)'),
  ],
  [
    'a request with a transfer syntax that goes past its context',
    asking(hex`20 00 000b 01000000 40 00 00ff ${'1.2'}`),
    'A-ABORT 0/0',
    none('cut short: 255 bytes should follow, 3 do (at byte 111)'),
  ],
  [
    'a request with one byte after its items',
    asking(PROPOSED, hex`50`),
    'A-ABORT 0/0',
    none('cut short: 1 bytes should follow, 0 do (at byte 150)'),
  ],
  [
    'a request with items of no known type',
    asking(hex`99 00 0003 616263`, PROPOSED, hex`00 00 0000 ff ff 0000`),
    'A-ASSOCIATE-AC 0',
    'E: Association Aborted (PEER): connection lost',
  ],
  [
    'a request with a sub-item of no known type',
    rqBytesWith(hex`7f 00 0002 ffff`),
    'A-ASSOCIATE-AC 0',
    'E: Association Aborted (PEER): connection lost',
  ],
  [
    'a request with two application contexts',
    rqBytes(APPLICATION_CONTEXT, hex`10 00 0005 ${'1.2.3'}`, PROPOSED),
    'A-ASSOCIATE-AC 0',
    'E: Association Aborted (PEER): connection lost',
  ],
  [
    'a request with a maximum length of two bytes',
    rqBytesWith(hex`51 00 0002 4000`),
    'A-ABORT 0/0',
    none('cut short: 4 bytes should follow, 2 do (at byte 157)'),
  ],
  [
    'a request that takes PDUs of 1 byte',
    encodePdu(rqWith({ maximumLength: 1 })),
    'A-ASSOCIATE-RJ 1/1/1',
    rejected('its maximum PDU length of 1 has no room for data (1/1/1)'),
  ],
  [
    'a request that takes PDUs of 4 GiB',
    encodePdu(rqWith({ maximumLength: 0xffffffff })),
    'A-ASSOCIATE-AC 0',
    'E: Association Aborted (PEER): connection lost',
  ],
  [
    'a request with a window of three bytes',
    rqBytesWith(hex`53 00 0003 000100`),
    'A-ABORT 0/0',
    none('cut short: 2 bytes should follow, 1 do (at byte 159)'),
  ],
  [
    'a request with a window of 65,535',
    encodePdu(rqWith({ asynchronousOperationsWindow: { maximumInvoked: 65_535, maximumPerformed: 65_535 } })),
    'A-ASSOCIATE-AC 0',
    'E: Association Aborted (PEER): connection lost',
  ],
  [
    'a request with a role whose UID goes past it',
    rqBytesWith(hex`54 00 0006 00ff ${'1.2'} 01`),
    'A-ABORT 0/0',
    none('cut short: 255 bytes should follow, 4 do (at byte 159)'),
  ],
  [
    'a request with a user whose name goes past it',
    rqBytesWith(hex`58 00 0006 01 00 0040 ${'ab'}`),
    'A-ABORT 0/0',
    none('cut short: 64 bytes should follow, 2 do (at byte 161)'),
  ],
  [
    'a request with a user of no known kind',
    rqBytesWith(hex`58 00 0008 63 01 0002 ${'ab'} 0000`),
    'A-ASSOCIATE-AC 0',
    'E: Association Aborted (PEER): connection lost',
  ],
  [
    'a request with an extended negotiation that is cut',
    rqBytesWith(hex`56 00 0001 00`),
    'A-ABORT 0/0',
    none('cut short: 2 bytes should follow, 1 do (at byte 157)'),
  ],
  [
    'a request with a related class that goes past its list',
    rqBytesWith(hex`57 00 000e 0003 ${'1.2'} 0003 ${'1.3'} 0002 00ff`),
    'A-ABORT 0/0',
    none('cut short: 255 bytes should follow, 0 do (at byte 171)'),
  ],
  [
    '128 contexts',
    asking(contexts(128)),
    `A-ASSOCIATE-AC ${Array(128).fill(0).join(' ')}`,
    'E: Association Aborted (PEER): connection lost',
  ],
  [
    '2,000 transfer syntaxes in one context',
    asking(context(1, CT, ...Array<string>(2000).fill('1.2.3'), EXPLICIT)),
    'A-ASSOCIATE-AC 0',
    'E: Association Aborted (PEER): connection lost',
  ],
  [
    'an abstract syntax that is a path',
    asking(context(1, '../../../etc/passwd', IMPLICIT)),
    'A-ASSOCIATE-AC 3',
    'E: Association Aborted (PEER): connection lost',
  ],
  [
    'a transfer syntax that is a path',
    asking(context(1, CT, '../../../etc/passwd')),
    'A-ASSOCIATE-AC 4',
    'E: Association Aborted (PEER): connection lost',
  ],
  [
    'an AE title that is not ASCII',
    patched(CALLING_AT, title('\xc4\xd6\xdc\xe9\xff')),
    'A-ASSOCIATE-AC 0',
    'E: Association Aborted (PEER): connection lost',
  ],
  [
    'AE titles of control characters',
    patched(CALLED_AT, Buffer.alloc(32, '\n\r\x1b\x9b')),
    'A-ASSOCIATE-AC 0',
    'E: Association Aborted (PEER): connection lost',
  ],
  [
    'AE titles of spaces',
    patched(CALLED_AT, Buffer.alloc(32, ' ')),
    'A-ASSOCIATE-AC 0',
    'E: Association Aborted (PEER): connection lost',
  ],
  [
    'AE titles of NULs',
    patched(CALLED_AT, Buffer.alloc(32)),
    'A-ASSOCIATE-AC 0',
    'E: Association Aborted (PEER): connection lost',
  ],
  [
    'AE titles that are paths',
    patched(CALLED_AT, Buffer.from('../../etc/passwd../../etc/shadow')),
    'A-ASSOCIATE-AC 0',
    'E: Association Aborted (PEER): connection lost',
  ],
  [
    'a version name with a line of its own',
    encodePdu(rqWith({ implementationVersionName: 'X\nE: forged' })),
    'A-ASSOCIATE-AC 0',
    'E: Association Aborted (PEER): connection lost',
  ],
  [
    'a request and another',
    Buffer.concat([encodePdu(RQ), encodePdu(RQ)]),
    'A-ASSOCIATE-AC 0, A-ABORT 2/2',
    'E: Association Aborted (PEER): A-ASSOCIATE-RQ out of turn',
  ],
];
