/** The streaming reader: what it yields, what it refuses, and that it does not matter where TCP cuts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AbortReason } from '../../../src/base/errors.js';
import { encodePdu } from '../../../src/pdu/codec.js';
import { PduReader, type PduReaderLimits, type ReceivedPdu } from '../../../src/pdu/pdu-reader.js';
import { controlPdus, pdus } from '../../support/pdu-arbitraries.js';
import { hex } from '../../support/pdu-hex.js';

const UNLIMITED: PduReaderLimits = { maxPDataLength: 0 };

function read(chunks: readonly Buffer[], limits = UNLIMITED): readonly ReceivedPdu[] {
  const reader = new PduReader(limits);
  return chunks.flatMap((chunk) => [...reader.feed(chunk)]);
}

function fragment(presentationContextId: number, isCommand: boolean, isLast: boolean, data: string) {
  return { type: 'P-DATA-TF', presentationContextId, isCommand, isLast, data: Buffer.from(data, 'hex') };
}

/** Joins the pieces of one command or data set, which chunks and PDUs cut at will. */
function merged(received: readonly ReceivedPdu[]): readonly unknown[] {
  const result: ReceivedPdu[] = [];
  for (const pdu of received) {
    const before = result.at(-1);
    if (
      pdu.type === 'P-DATA-TF' &&
      before?.type === 'P-DATA-TF' &&
      !before.isLast &&
      before.presentationContextId === pdu.presentationContextId &&
      before.isCommand === pdu.isCommand
    )
      result[result.length - 1] = { ...pdu, data: Buffer.concat([before.data, pdu.data]) };
    else result.push(pdu);
  }
  return result.map((pdu) => (pdu.type === 'invalid' ? [pdu.error.reason, pdu.error.message] : pdu));
}

test('data is handed on before its PDV and PDU are complete', () => {
  const reader = new PduReader(UNLIMITED);
  assert.deepEqual([...reader.feed(hex`04 00 0000000a 00000006 01`)], []);
  assert.deepEqual([...reader.feed(hex`02 aa`)], [fragment(1, false, false, 'aa')]);
  assert.deepEqual([...reader.feed(hex`bb cc`)], [fragment(1, false, false, 'bbcc')]);
  assert.deepEqual([...reader.feed(hex`dd`)], [fragment(1, false, true, 'dd')]);
});

test('fragments are views of the chunk', () => {
  const chunk = hex`04 00 00000008 00000004 01 02 aabb`;
  const [received] = read([chunk]);
  assert.ok(received?.type === 'P-DATA-TF');
  assert.equal(received.data.buffer, chunk.buffer);
  assert.equal(received.data.byteOffset, chunk.byteOffset + 12);
});

test('several PDVs of a PDU and several PDUs of a chunk come one by one', () => {
  assert.deepEqual(
    read([
      hex`04 00 0000000e 00000003 01 03 aa 00000003 01 00 bb  04 00 00000006 00000002 01 02  05 00 00000004 00000000`,
    ]),
    [
      fragment(1, true, true, 'aa'),
      fragment(1, false, false, 'bb'),
      fragment(1, false, true, ''),
      { type: 'A-RELEASE-RQ' },
    ],
  );
});

test('an empty fragment is yielded once', () => {
  assert.deepEqual(read([hex`04 00 00000006 00000002 03`, hex`01`, hex`05 00 00000004 00000000`]), [
    fragment(3, true, false, ''),
    { type: 'A-RELEASE-RQ' },
  ]);
});

test('of the message control header only two bits count', () => {
  assert.deepEqual(read([hex`04 00 00000007 00000003 01 fe aa`]), [fragment(1, false, true, 'aa')]);
  assert.deepEqual(read([hex`04 00 00000007 00000003 01 fd aa`]), [fragment(1, true, false, 'aa')]);
});

const TOO_LONG = 'invalid-pdu-parameter-value';
const LIMITS: PduReaderLimits = { maxPDataLength: 16, maxControlLength: 200 };
const REFUSED: readonly (readonly [name: string, bytes: Buffer, reason: AbortReason, offset: number])[] = [
  ['type 0', hex`00 00 00000004`, 'unrecognized-pdu', 0],
  ['type 8', hex`08 00 00000004`, 'unrecognized-pdu', 0],
  ['an HTTP request', hex`${'GET / HTTP/1.1\r\n'}`, 'unrecognized-pdu', 0],
  ['an A-ASSOCIATE-RQ over the limit', hex`01 00 000000c9`, TOO_LONG, 2],
  ['an A-ASSOCIATE-AC of 4 GiB', hex`02 00 ffffffff`, TOO_LONG, 2],
  ['an A-ASSOCIATE-RQ without body', hex`01 00 00000000`, TOO_LONG, 2],
  ['an A-RELEASE-RQ of 5 bytes', hex`05 00 00000005`, TOO_LONG, 2],
  ['an A-RELEASE-RP of 3 bytes', hex`06 00 00000003`, TOO_LONG, 2],
  ['an A-ABORT without body', hex`07 00 00000000`, TOO_LONG, 2],
  ['a P-DATA-TF over the announced maximum', hex`04 00 00000011`, TOO_LONG, 2],
  ['a P-DATA-TF without a PDV', hex`04 00 00000000`, TOO_LONG, 6],
  ['a P-DATA-TF shorter than a PDV header', hex`04 00 00000005`, TOO_LONG, 6],
  ['a PDV of one byte', hex`04 00 00000008 00000001 01 00`, TOO_LONG, 6],
  ['a PDV past the end of its PDU', hex`04 00 00000008 00000005 01 00`, TOO_LONG, 6],
  ['a PDV of 4 GiB', hex`04 00 00000008 ffffffff 01 00`, TOO_LONG, 6],
];

for (const [name, bytes, reason, offset] of REFUSED)
  test(`${name} is invalid as soon as its header has come, and nothing is read after it`, () => {
    const reader = new PduReader(LIMITS);
    const [received, ...more] = reader.feed(bytes);
    assert.ok(received?.type === 'invalid');
    assert.equal(received.error.reason, reason);
    assert.equal(received.error.offset, offset);
    assert.deepEqual(more, []);
    assert.deepEqual([...reader.feed(hex`05 00 00000004 00000000`)], []);
  });

for (const [bytes, guess] of [
  [hex`16 0301 02 0001 00`, ': is it TLS?'],
  [hex`15 0303 00 02 0228`, ': is it TLS?'],
  [hex`${'GET / HTTP/1.1'}`, ': is it text, such as HTTP?'],
  [hex`17 0303 00 0200`, ''],
  [hex`00 00 00000004`, ''],
] as const)
  test(`what begins with byte ${bytes[0]} is no PDU${guess}`, () => {
    const [received] = read([bytes]);
    assert.ok(received?.type === 'invalid');
    assert.equal(received.error.message, `no PDU has the type ${bytes[0]}${guess} (at byte 0)`);
  });

test('bytes left over after the last PDV are invalid once that has been handed on', () => {
  const [first, second, ...more] = read([hex`04 00 0000000a 00000004 01 02 aabb 0000`]);
  assert.deepEqual(first, fragment(1, false, true, 'aabb'));
  assert.ok(second?.type === 'invalid');
  assert.equal(second.error.offset, 14);
  assert.deepEqual(more, []);
});

test('a P-DATA-TF of exactly the announced maximum is taken', () => {
  assert.deepEqual(read([hex`04 00 00000010 0000000c 01 00 ${Buffer.alloc(10)}`], LIMITS), [
    fragment(1, false, false, '00'.repeat(10)),
  ]);
});

test('room for a control PDU is made as it comes, not as it is announced', () => {
  const before = process.memoryUsage().arrayBuffers;
  const readers = Array.from({ length: 100 }, () => new PduReader(UNLIMITED));
  for (const reader of readers) assert.deepEqual([...reader.feed(hex`01 00 00100000 00 00`)], []);
  assert.ok(process.memoryUsage().arrayBuffers - before < 1024 * 1024);
});

test('any cut of the bytes into chunks brings the same', () => {
  fc.assert(
    fc.property(fc.array(pdus, { minLength: 1, maxLength: 4 }), fc.array(fc.nat(), { maxLength: 12 }), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map(encodePdu));
      assert.deepEqual(merged(read(cut(bytes, cuts))), merged(read([bytes])));
    }),
    { numRuns: 300 },
  );
});

test('bytes one at a time bring the same', () => {
  fc.assert(
    fc.property(fc.array(pdus, { minLength: 1, maxLength: 3 }), (sent) => {
      const bytes = Buffer.concat(sent.map(encodePdu));
      const single = Array.from(bytes, (byte) => Buffer.from([byte]));
      assert.deepEqual(merged(read(single)), merged(read([bytes])));
    }),
    { numRuns: 50 },
  );
});

test('what was sent comes out', () => {
  fc.assert(
    fc.property(fc.array(pdus, { minLength: 1, maxLength: 4 }), (sent) => {
      const expected = sent.flatMap((pdu): readonly ReceivedPdu[] =>
        pdu.type === 'P-DATA-TF' ? pdu.pdvs.map((pdv) => ({ type: 'P-DATA-TF', ...pdv })) : [pdu],
      );
      assert.deepEqual(merged(read(sent.map(encodePdu))), merged(expected));
    }),
    { numRuns: 300 },
  );
});

test('a control PDU with one byte changed, however cut, is a PDU or invalid and never an exception', () => {
  fc.assert(
    fc.property(controlPdus, fc.nat(), fc.nat(255), fc.array(fc.nat(), { maxLength: 4 }), (pdu, place, value, cuts) => {
      const bytes = encodePdu(pdu);
      bytes[place % bytes.length] = value;
      assert.deepEqual(merged(read(cut(bytes, cuts))), merged(read([bytes])));
    }),
    { numRuns: 500 },
  );
});

test('arbitrary bytes, however cut, never make it throw', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 }), fc.uint8Array({ maxLength: 60 }), (type, rest) => {
      const bytes = hex`${Buffer.from([type])} 00 000000 ${Buffer.from(rest)}`;
      assert.deepEqual(merged(read(cut(bytes, [7, 13, 29]))), merged(read([bytes])));
    }),
    { numRuns: 500 },
  );
});

function cut(bytes: Buffer, places: readonly number[]): readonly Buffer[] {
  const sorted = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...sorted].map((from, index) => bytes.subarray(from, sorted[index] ?? bytes.length));
}
