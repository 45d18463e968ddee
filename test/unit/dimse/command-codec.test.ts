/** Command sets: bytes to messages and back, what passes, and what does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProtocolError, UsageError } from '../../../src/base/errors.js';
import { decodeCommand, encodeCommand } from '../../../src/dimse/command-codec.js';
import type { DimseMessage } from '../../../src/dimse/messages.js';
import { anyMessage, compact, element, hex, uint16 } from '../../support/dimse-messages.js';

const VERIFICATION = '0000 0200 12000000 312e322e3834302e31303030382e312e3100';
const CT = '0000 0200 1a000000 312e322e3834302e31303030382e352e312e342e312e312e3200';

const TABLE: readonly (readonly [message: DimseMessage, hasDataSet: boolean, bytes: string])[] = [
  [
    { type: 'C-ECHO-RQ', affectedSopClassUid: '1.2.840.10008.1.1', messageId: 7 },
    false,
    `0000 0000 04000000 38000000
     ${VERIFICATION}
     0000 0001 02000000 3000
     0000 1001 02000000 0700
     0000 0008 02000000 0101`,
  ],
  [
    {
      type: 'C-ECHO-RSP',
      affectedSopClassUid: '1.2.840.10008.1.1',
      messageIdBeingRespondedTo: 0xfffe,
      status: 0x0000,
    },
    false,
    `0000 0000 04000000 42000000
     ${VERIFICATION}
     0000 0001 02000000 3080
     0000 2001 02000000 feff
     0000 0008 02000000 0101
     0000 0009 02000000 0000`,
  ],
  [
    {
      type: 'C-STORE-RQ',
      affectedSopClassUid: '1.2.840.10008.5.1.4.1.1.2',
      messageId: 1,
      priority: 2,
      affectedSopInstanceUid: '1.2.3.4.5.6',
      moveOriginatorAeTitle: 'MOVER',
      moveOriginatorMessageId: 515,
    },
    true,
    `0000 0000 04000000 76000000
     ${CT}
     0000 0001 02000000 0100
     0000 1001 02000000 0100
     0000 0007 02000000 0200
     0000 0008 02000000 0100
     0000 0010 0c000000 312e322e332e342e352e3600
     0000 3010 06000000 4d4f56455220
     0000 3110 02000000 0302`,
  ],
  [
    {
      type: 'C-STORE-RSP',
      affectedSopClassUid: '1.2.840.10008.5.1.4.1.1.2',
      messageIdBeingRespondedTo: 1,
      affectedSopInstanceUid: '1.2.3.4.5.6',
      status: 0xa900,
      offendingElement: [0x00080018, 0xfffee000],
      errorComment: 'no match',
      errorId: 9,
    },
    false,
    `0000 0000 04000000 88000000
     ${CT}
     0000 0001 02000000 0180
     0000 2001 02000000 0100
     0000 0008 02000000 0101
     0000 0009 02000000 00a9
     0000 0109 08000000 0800 1800 feff 00e0
     0000 0209 08000000 6e6f206d61746368
     0000 0309 02000000 0900
     0000 0010 0c000000 312e322e332e342e352e3600`,
  ],
  [
    { type: 'C-CANCEL-RQ', messageIdBeingRespondedTo: 3 },
    false,
    `0000 0000 04000000 1e000000
     0000 0001 02000000 ff0f
     0000 2001 02000000 0300
     0000 0008 02000000 0101`,
  ],
  [
    { type: 'UNKNOWN-RQ', affectedSopClassUid: '1.2', commandField: 0x0020, messageId: 5 },
    true,
    `0000 0000 04000000 2a000000
     0000 0200 04000000 312e3200
     0000 0001 02000000 2000
     0000 1001 02000000 0500
     0000 0008 02000000 0100`,
  ],
  [
    {
      type: 'UNKNOWN-RSP',
      affectedSopClassUid: '1.2',
      commandField: 0x8020,
      messageIdBeingRespondedTo: 5,
      status: 0x0211,
    },
    false,
    `0000 0000 04000000 34000000
     0000 0200 04000000 312e3200
     0000 0001 02000000 2080
     0000 2001 02000000 0500
     0000 0008 02000000 0101
     0000 0009 02000000 1102`,
  ],
];

for (const [message, hasDataSet, bytes] of TABLE) {
  test(`${message.type} has the bytes of the standard`, () => {
    assert.equal(encodeCommand(message, hasDataSet).toString('hex'), hex(bytes).toString('hex'));
  });

  test(`the bytes of ${message.type} are read`, () => {
    const decoded = decodeCommand(hex(bytes));
    assert.deepEqual(decoded.message, message);
    assert.equal(decoded.hasDataSet, hasDataSet);
  });
}

test('decoding undoes encoding', () => {
  fc.assert(
    fc.property(anyMessage, fc.boolean(), (message, hasDataSet) => {
      const bytes = encodeCommand(message, hasDataSet);
      assert.equal(bytes.length % 2, 0);
      assert.equal(bytes.readUInt32LE(8), bytes.length - 12);
      const decoded = decodeCommand(bytes);
      assert.deepEqual(decoded.message, compact(message));
      assert.equal(decoded.hasDataSet, hasDataSet);
    }),
  );
});

test('no bytes make decoding fail with anything but a ProtocolError', () => {
  const anyElement = fc
    .tuple(
      fc.constantFrom(0x0000, 0x0002, 0x0003, 0x0100, 0x0110, 0x0120, 0x0700, 0x0800, 0x0900, 0x0901, 0x1000),
      fc.uint8Array({ maxLength: 6 }),
    )
    .map(([number, value]) => element(number, Buffer.from(value)));
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    fc.array(anyElement).map((elements) => Buffer.concat(elements)),
  );
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      try {
        decodeCommand(bytes);
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error));
      }
    }),
  );
});

const ECHO = {
  commandField: element(0x0100, uint16(0x0030)),
  messageId: element(0x0110, uint16(7)),
  noDataSet: element(0x0800, uint16(0x0101)),
};
const STORE = {
  sopClass: element(0x0002, Buffer.from('1.2.')),
  commandField: element(0x0100, uint16(0x0001)),
  messageId: element(0x0110, uint16(7)),
  dataSet: element(0x0800, uint16(0x0000)),
  instance: element(0x1000, Buffer.from('1.3.')),
};

function decode(elements: readonly Buffer[] | Readonly<Record<string, Buffer>>): object {
  return decodeCommand(Buffer.concat(Object.values(elements))).message;
}

const ECHO_7 = { type: 'C-ECHO-RQ', affectedSopClassUid: '1.2.840.10008.1.1', messageId: 7 };
const STORE_7 = {
  type: 'C-STORE-RQ',
  affectedSopClassUid: '1.2.',
  messageId: 7,
  priority: 0,
  affectedSopInstanceUid: '1.3.',
};

const TOLERATED: readonly (readonly [what: string, elements: Readonly<Record<string, Buffer>>, expected: object])[] = [
  ['a C-ECHO-RQ without SOP class is for Verification', ECHO, ECHO_7],
  ['a C-STORE-RQ without priority has priority medium', STORE, STORE_7],
  ['a C-STORE-RQ with an empty priority has priority medium', { ...STORE, p: element(0x0700, uint16()) }, STORE_7],
  ['a group length that is wrong does not matter', { length: element(0x0000, Buffer.alloc(4, 0xff)), ...ECHO }, ECHO_7],
  ['elements may come in any order', { n: ECHO.noDataSet, m: ECHO.messageId, c: ECHO.commandField }, ECHO_7],
  ['the first of two elements with one tag counts', { ...ECHO, again: element(0x0110, uint16(8)) }, ECHO_7],
  ['an unknown element is skipped', { old: element(0x0001, Buffer.alloc(4)), ...ECHO }, ECHO_7],
  ['a field that an operation has not is skipped', { ...ECHO, status: element(0x0900, uint16(1)) }, ECHO_7],
  ['an optional element without value was not sent', { ...STORE, a: element(0x1030, uint16()) }, STORE_7],
  [
    'an optional text of padding alone stays empty',
    { ...STORE, a: element(0x1030, Buffer.from('  ')) },
    { ...STORE_7, moveOriginatorAeTitle: '' },
  ],
  ['a UID may be padded with spaces', { ...STORE, sopClass: element(0x0002, Buffer.from('1.2.  ')) }, STORE_7],
  ['a UID may be padded with NULs', { ...STORE, sopClass: element(0x0002, Buffer.from('1.2.\0\0')) }, STORE_7],
  [
    'an AE title may stand between spaces',
    { ...STORE, a: element(0x1030, Buffer.from('  AE 1  ')) },
    { ...STORE_7, moveOriginatorAeTitle: 'AE 1' },
  ],
  [
    'an instance UID without value is left to the service',
    { ...STORE, instance: element(0x1000, uint16()) },
    { ...STORE_7, affectedSopInstanceUid: '' },
  ],
  [
    'the requested SOP class of an unknown operation counts as its affected one',
    { ...STORE, sopClass: element(0x0003, Buffer.from('1.2.')), commandField: element(0x0100, uint16(0x0110)) },
    { type: 'UNKNOWN-RQ', commandField: 0x0110, messageId: 7, affectedSopClassUid: '1.2.' },
  ],
];

for (const [what, elements, expected] of TOLERATED) {
  test(what, () => assert.deepEqual(decode(elements), expected));
}

for (const [value, hasDataSet] of [
  [0x0000, true],
  [0x0001, true],
  [0x0100, true],
  [0x0102, true],
  [0xffff, true],
  [0x0101, false],
] as const) {
  test(`data set type ${value.toString(16)} says ${hasDataSet ? 'a' : 'no'} data set follows`, () => {
    const bytes = Buffer.concat([ECHO.commandField, ECHO.messageId, element(0x0800, uint16(value))]);
    assert.equal(decodeCommand(bytes).hasDataSet, hasDataSet);
  });
}

function without(name: keyof typeof STORE): Readonly<Record<string, Buffer>> {
  return Object.fromEntries(Object.entries(STORE).filter(([each]) => each !== name));
}

const REFUSED: readonly (readonly [what: string, elements: Readonly<Record<string, Buffer>>, fault: RegExp])[] = [
  ['nothing', {}, /\(0000,0100\) is missing/],
  ['no command field', without('commandField'), /\(0000,0100\) is missing/],
  ['no data set type', without('dataSet'), /\(0000,0800\) is missing/],
  ['no message id', without('messageId'), /\(0000,0110\) is missing in C-STORE-RQ/],
  ['no instance UID', without('instance'), /\(0000,1000\) is missing in C-STORE-RQ/],
  [
    'no message id in an unknown request',
    { ...without('messageId'), commandField: element(0x0100, uint16(0x0020)) },
    /\(0000,0110\) is missing in UNKNOWN-RQ/,
  ],
  [
    'no status in a response',
    { commandField: element(0x0100, uint16(0x8001)), id: element(0x0120, uint16(1)), none: ECHO.noDataSet },
    /\(0000,0900\) is missing in C-STORE-RSP/,
  ],
  [
    'two message ids in one element',
    { ...STORE, messageId: element(0x0110, uint16(1, 2)) },
    /\(0000,0110\) has 4 bytes/,
  ],
  ['a message id without value', { ...STORE, messageId: element(0x0110, uint16()) }, /\(0000,0110\) has 0 bytes/],
  [
    'a command field of 4 bytes',
    { ...STORE, commandField: element(0x0100, uint16(1, 0)) },
    /\(0000,0100\) has 4 bytes/,
  ],
  [
    'half a tag',
    {
      commandField: element(0x0100, uint16(0x8001)),
      id: element(0x0120, uint16(1)),
      none: ECHO.noDataSet,
      status: element(0x0900, uint16(0)),
      offending: element(0x0901, uint16(8)),
    },
    /\(0000,0901\) has 2 bytes/,
  ],
  [
    'an element of the data set',
    { ...ECHO, name: element(0x0010, Buffer.alloc(2), 0x0010) },
    /\(0010,0010\) in a command set/,
  ],
  [
    'a value that is cut off',
    { ...ECHO, cut: element(0x1000, Buffer.alloc(8)).subarray(0, 12) },
    /8 bytes should follow, 4 do/,
  ],
  ['an undefined length', { ...ECHO, sq: hex('0000 0010 ffffffff') }, /4294967295 bytes should follow, 0 do/],
];

for (const [what, elements, fault] of REFUSED) {
  test(`${what} is a protocol error`, () => {
    assert.throws(
      () => decode(elements),
      (error: unknown) => {
        assert.ok(error instanceof ProtocolError);
        assert.equal(error.reason, 'invalid-pdu-parameter-value');
        assert.match(error.message, fault);
        return true;
      },
    );
  });
}

test('an error comment is sent as one value of 64 ASCII characters at most', () => {
  const errorComment = `a\\b\nc\u00e4\u{1f600}${'x'.repeat(100)}`;
  const bytes = encodeCommand(
    { type: 'C-ECHO-RSP', messageIdBeingRespondedTo: 1, status: 0x0110, errorComment },
    false,
  );
  const { message } = decodeCommand(bytes);
  assert.ok(message.type === 'C-ECHO-RSP');
  assert.equal(message.errorComment, `a?b?c??${'x'.repeat(57)}`);
});

test('a decoded command keeps nothing of the bytes it was read from', () => {
  const bytes = Buffer.concat(Object.values(STORE));
  const { message } = decodeCommand(bytes);
  bytes.fill(0xff);
  assert.deepEqual(message, STORE_7);
});

test('a number that has no place in 16 bits is the fault of whoever gives it, and not cut', () => {
  for (const status of [0x10000, -1, 0.5, NaN]) {
    const message = { type: 'C-ECHO-RSP', messageIdBeingRespondedTo: 1, status } as const;
    assert.throws(() => encodeCommand(message, false), UsageError);
  }
});

test('what programs without types leave out or give as something else is told, and not sent', () => {
  for (const wrong of [
    '{}',
    '{"status":"0"}',
    '{"status":0,"offendingElement":8}',
    '{"status":0,"offendingElement":[8,null]}',
    '{"status":0,"offendingElement":[-1]}',
    '{"status":0,"errorComment":7}',
  ]) {
    const message = { type: 'C-ECHO-RSP', messageIdBeingRespondedTo: 1, ...JSON.parse(wrong) } as const;
    assert.throws(() => encodeCommand(message, false), UsageError, wrong);
  }
});
