/** Fragments to messages: any cut gives the same parts, and every fragment has its place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AbortReason, ProtocolError } from '../../../src/base/errors.js';
import { encodeCommand } from '../../../src/dimse/command-codec.js';
import { type MessagePart, MessageReader } from '../../../src/dimse/message-reader.js';
import type { DimseMessage } from '../../../src/dimse/messages.js';
import type { PdvFragment } from '../../../src/pdu/pdu-reader.js';
import { anyMessage, compact, element } from '../../support/dimse-messages.js';

const ECHO: DimseMessage = { type: 'C-ECHO-RQ', affectedSopClassUid: '1.2.840.10008.1.1', messageId: 1 };
const STORE: DimseMessage = {
  type: 'C-STORE-RQ',
  affectedSopClassUid: '1.2.840.10008.5.1.4.1.1.2',
  messageId: 2,
  priority: 0,
  affectedSopInstanceUid: '1.2.3',
};

function fragment(data: Buffer, place: Partial<PdvFragment> = {}): PdvFragment {
  return { type: 'P-DATA-TF', presentationContextId: 1, isCommand: false, isLast: true, data, ...place };
}

function command(message: DimseMessage, hasDataSet: boolean, place: Partial<PdvFragment> = {}): PdvFragment {
  return fragment(encodeCommand(message, hasDataSet), { isCommand: true, ...place });
}

function newReader(): MessageReader {
  return new MessageReader({ isAccepted: (id) => id === 1 || id === 3 });
}

function feedAll(reader: MessageReader, fragments: readonly PdvFragment[]): MessagePart[] {
  return fragments.flatMap((each) => [...reader.feed(each)]);
}

/** The fragments of `bytes` cut at `cuts`, empty ones included; the last is marked unless it is sent empty after them. */
function cut(bytes: Buffer, cuts: readonly number[], place: Partial<PdvFragment>): PdvFragment[] {
  const ends = [...cuts.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  let from = 0;
  return ends.map((end, index) => {
    const data = bytes.subarray(from, end);
    from = end;
    return fragment(data, { ...place, isLast: index === ends.length - 1 });
  });
}

/** Messages as the reader told them, the data of each put together. */
function gather(
  parts: readonly MessagePart[],
): { message: object; presentationContextId: number; data: string | undefined }[] {
  const messages: { message: object; presentationContextId: number; data: string | undefined }[] = [];
  for (const part of parts) {
    const last = messages.at(-1);
    if (part.type === 'command') {
      const { message, presentationContextId, hasDataSet } = part;
      messages.push({ message: compact(message), presentationContextId, data: hasDataSet ? '' : undefined });
    } else if (part.type === 'data' && last?.data !== undefined) {
      assert.ok(part.data.length > 0);
      last.data += part.data.toString('hex');
    }
  }
  return messages;
}

test('any cut of commands and data sets into fragments gives the same messages', () => {
  const anyCuts = fc.array(fc.nat(1000), { maxLength: 12 });
  const anySent = fc.record({
    message: anyMessage,
    presentationContextId: fc.constantFrom(1, 3),
    dataSet: fc.option(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      { nil: undefined },
    ),
    commandCuts: anyCuts,
    dataCuts: anyCuts,
  });
  fc.assert(
    fc.property(fc.array(anySent, { maxLength: 4 }), (sent) => {
      const reader = newReader();
      const fragments = sent.flatMap(({ message, presentationContextId, dataSet, commandCuts, dataCuts }) => [
        ...cut(encodeCommand(message, dataSet !== undefined), commandCuts, { isCommand: true, presentationContextId }),
        ...(dataSet === undefined ? [] : cut(dataSet, dataCuts, { presentationContextId })),
      ]);
      const parts = feedAll(reader, fragments);
      assert.deepEqual(
        gather(parts),
        sent.map(({ message, presentationContextId, dataSet }) => ({
          message: compact(message),
          presentationContextId,
          data: dataSet?.toString('hex'),
        })),
      );
      const ends = parts.filter((part) => part.type === 'data-end');
      assert.equal(ends.length, sent.filter(({ dataSet }) => dataSet !== undefined).length);
      assert.equal(reader.inMessage, false);
    }),
    { numRuns: 200 },
  );
});

test('a message is begun with its first fragment and ends with the last of its data set', () => {
  const reader = newReader();
  const bytes = encodeCommand(STORE, true);
  const steps: readonly (readonly [PdvFragment, readonly MessagePart['type'][], boolean])[] = [
    [fragment(bytes.subarray(0, 0), { isCommand: true, isLast: false }), [], true],
    [fragment(bytes.subarray(0, 20), { isCommand: true, isLast: false }), [], true],
    [fragment(bytes.subarray(20), { isCommand: true }), ['command'], true],
    [fragment(Buffer.alloc(4), { isLast: false }), ['data'], true],
    [fragment(Buffer.alloc(0), { isLast: false }), [], true],
    [fragment(Buffer.alloc(0)), ['data-end'], false],
    [command(ECHO, false), ['command'], false],
  ];
  assert.equal(reader.inMessage, false);
  for (const [sent, types, inMessage] of steps) {
    const parts = [...reader.feed(sent)];
    assert.deepEqual(
      parts.map(({ type }) => type),
      types,
    );
    assert.equal(reader.inMessage, inMessage);
  }
});

test('data is passed on as the view that came', () => {
  const reader = newReader();
  const data = Buffer.from('abcd');
  const parts = feedAll(reader, [command(STORE, true), fragment(data)]);
  const passed = parts.find((part) => part.type === 'data');
  assert.equal(passed?.data, data);
});

test('a command does not change when the chunks under its fragments are reused', () => {
  const bytes = encodeCommand(STORE, true);
  const reader = newReader();
  const first = Buffer.from(bytes.subarray(0, 30));
  assert.deepEqual([...reader.feed(fragment(first, { isCommand: true, isLast: false }))], []);
  first.fill(0xff);
  const [part] = [...reader.feed(fragment(bytes.subarray(30), { isCommand: true }))];
  assert.ok(part?.type === 'command');
  assert.deepEqual(compact(part.message), STORE);
});

test('a command of 16 KiB is taken, in one fragment or in many', () => {
  const bytes = encodeCommand(ECHO, false);
  const filler = element(0x4000, Buffer.alloc(16 * 1024 - bytes.length - 8));
  const longest = Buffer.concat([bytes, filler]);
  const whole = feedAll(newReader(), [fragment(longest, { isCommand: true })]);
  const pieces = feedAll(newReader(), cut(longest, [100, 5000, 5001, 16_000], { isCommand: true }));
  assert.deepEqual(
    [whole, pieces].map((parts) => parts.map(({ type }) => type)),
    [['command'], ['command']],
  );
});

const TOO_LONG = Buffer.alloc(16 * 1024 + 1);
const COMMAND_BYTES = encodeCommand(STORE, true);

const REFUSED: readonly (readonly [string, readonly PdvFragment[], AbortReason, RegExp])[] = [
  ['data before any command', [fragment(Buffer.alloc(2))], 'unexpected-pdu-parameter', /data fragment where command/],
  [
    'data after a command that said there is none',
    [command(ECHO, false), fragment(Buffer.alloc(2))],
    'unexpected-pdu-parameter',
    /data fragment where command/,
  ],
  [
    'data within a command',
    [fragment(COMMAND_BYTES.subarray(0, 10), { isCommand: true, isLast: false }), fragment(Buffer.alloc(2))],
    'unexpected-pdu-parameter',
    /data fragment where command/,
  ],
  [
    'a command where a data set was announced',
    [command(STORE, true), command(ECHO, false)],
    'unexpected-pdu-parameter',
    /command fragment where data/,
  ],
  [
    'a command within a data set',
    [command(STORE, true), fragment(Buffer.alloc(2), { isLast: false }), command(ECHO, false)],
    'unexpected-pdu-parameter',
    /command fragment where data/,
  ],
  [
    'a data set on another presentation context than its command',
    [command(STORE, true), fragment(Buffer.alloc(2), { presentationContextId: 3 })],
    'unexpected-pdu-parameter',
    /context 3 in a message on presentation context 1/,
  ],
  [
    'a command on two presentation contexts',
    [
      fragment(COMMAND_BYTES.subarray(0, 10), { isCommand: true, isLast: false }),
      fragment(COMMAND_BYTES.subarray(10), { isCommand: true, presentationContextId: 3 }),
    ],
    'unexpected-pdu-parameter',
    /context 3 in a message on presentation context 1/,
  ],
  [
    'a presentation context that was not accepted',
    [command(ECHO, false, { presentationContextId: 5 })],
    'unexpected-pdu-parameter',
    /context 5 was not accepted/,
  ],
  [
    'a command over 16 KiB in one fragment',
    [fragment(TOO_LONG, { isCommand: true })],
    'invalid-pdu-parameter-value',
    /over 16384 bytes/,
  ],
  [
    'a command over 16 KiB in fragments that do not end',
    [
      fragment(TOO_LONG.subarray(0, 10_000), { isCommand: true, isLast: false }),
      fragment(TOO_LONG.subarray(0, 10_000), { isCommand: true, isLast: false }),
    ],
    'invalid-pdu-parameter-value',
    /over 16384 bytes/,
  ],
  [
    'a command that cannot be read',
    [fragment(Buffer.alloc(0), { isCommand: true })],
    'invalid-pdu-parameter-value',
    /\(0000,0100\) is missing/,
  ],
];

for (const [what, fragments, reason, fault] of REFUSED) {
  test(`${what} is a protocol error`, () => {
    assert.throws(
      () => feedAll(newReader(), fragments),
      (error: unknown) => {
        assert.ok(error instanceof ProtocolError);
        assert.equal(error.reason, reason);
        assert.match(error.message, fault);
        return true;
      },
    );
  });
}
