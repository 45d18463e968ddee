/** The blocks that -d prints, line by line. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dumpMessage } from '../../../src/dimse/dump.js';
import { type CStoreRq, type DimseMessage, type Direction, PRIORITY, responseTo } from '../../../src/dimse/messages.js';
import { anyMessage } from '../../support/dimse-messages.js';

const STORE: CStoreRq = {
  type: 'C-STORE-RQ',
  affectedSopClassUid: '1.2.840.10008.5.1.4.1.1.2',
  messageId: 1,
  priority: PRIORITY.low,
  affectedSopInstanceUid: '1.2.3.4.5.6',
};

interface Block {
  readonly name: string;
  readonly message: DimseMessage;
  readonly direction: Direction;
  readonly presentationContextId: number;
  readonly hasDataSet: boolean;
  readonly lines: string;
}

const BLOCKS: readonly Block[] = [
  {
    name: "a C-STORE-RQ that is sent is dumped as on storescu's page",
    message: STORE,
    direction: 'outgoing',
    presentationContextId: 15,
    hasDataSet: true,
    lines: `
===================== OUTGOING DIMSE MESSAGE ====================
Message Type                  : C-STORE RQ
Message ID                    : 1
Affected SOP Class UID        : 1.2.840.10008.5.1.4.1.1.2
Affected SOP Instance UID     : 1.2.3.4.5.6
Data Set                      : Present
Priority                      : Low
======================= END DIMSE MESSAGE =======================`,
  },
  {
    name: "a C-STORE-RSP that is received is dumped as on storescu's page",
    message: responseTo(STORE, 0x0000),
    direction: 'incoming',
    presentationContextId: 15,
    hasDataSet: false,
    lines: `
===================== INCOMING DIMSE MESSAGE ====================
Message Type                  : C-STORE RSP
Presentation Context ID       : 15
Message ID Being Responded To : 1
Affected SOP Class UID        : 1.2.840.10008.5.1.4.1.1.2
Affected SOP Instance UID     : 1.2.3.4.5.6
Data Set                      : None
DIMSE Status                  : 0x0000 - Success
======================= END DIMSE MESSAGE =======================`,
  },
  {
    name: "a C-STORE-RQ that is received is dumped as on storescp's page",
    message: STORE,
    direction: 'incoming',
    presentationContextId: 41,
    hasDataSet: true,
    lines: `
===================== INCOMING DIMSE MESSAGE ====================
Message Type                  : C-STORE RQ
Presentation Context ID       : 41
Message ID                    : 1
Affected SOP Class UID        : 1.2.840.10008.5.1.4.1.1.2
Affected SOP Instance UID     : 1.2.3.4.5.6
Data Set                      : Present
Priority                      : Low
======================= END DIMSE MESSAGE =======================`,
  },
  {
    name: 'a C-STORE-RQ on behalf of a C-MOVE names its originator',
    message: { ...STORE, priority: PRIORITY.high, moveOriginatorAeTitle: 'MOVER', moveOriginatorMessageId: 12 },
    direction: 'incoming',
    presentationContextId: 1,
    hasDataSet: true,
    lines: `
===================== INCOMING DIMSE MESSAGE ====================
Message Type                  : C-STORE RQ
Presentation Context ID       : 1
Message ID                    : 1
Affected SOP Class UID        : 1.2.840.10008.5.1.4.1.1.2
Affected SOP Instance UID     : 1.2.3.4.5.6
Move Originator               : MOVER
Move Originator Message ID    : 12
Data Set                      : Present
Priority                      : High
======================= END DIMSE MESSAGE =======================`,
  },
  {
    name: 'a failure is dumped with what explains it',
    message: {
      type: 'C-STORE-RSP',
      messageIdBeingRespondedTo: 1,
      status: 0xa900,
      offendingElement: [0x00080018, 0x00080016],
      errorComment: 'no match',
      errorId: 7,
    },
    direction: 'incoming',
    presentationContextId: 3,
    hasDataSet: false,
    lines: `
===================== INCOMING DIMSE MESSAGE ====================
Message Type                  : C-STORE RSP
Presentation Context ID       : 3
Message ID Being Responded To : 1
Data Set                      : None
DIMSE Status                  : 0xA900 - Failure
Offending Element             : (0008,0018), (0008,0016)
Error Comment                 : no match
Error ID                      : 7
======================= END DIMSE MESSAGE =======================`,
  },
  {
    name: 'a C-ECHO-RQ is dumped in the same manner',
    message: { type: 'C-ECHO-RQ', affectedSopClassUid: '1.2.840.10008.1.1', messageId: 2 },
    direction: 'outgoing',
    presentationContextId: 1,
    hasDataSet: false,
    lines: `
===================== OUTGOING DIMSE MESSAGE ====================
Message Type                  : C-ECHO RQ
Message ID                    : 2
Affected SOP Class UID        : 1.2.840.10008.1.1
Data Set                      : None
======================= END DIMSE MESSAGE =======================`,
  },
  {
    name: 'an operation that is not provided is dumped by its name',
    message: { type: 'UNKNOWN-RQ', commandField: 0x0020, messageId: 2 },
    direction: 'incoming',
    presentationContextId: 1,
    hasDataSet: true,
    lines: `
===================== INCOMING DIMSE MESSAGE ====================
Message Type                  : C-FIND RQ
Presentation Context ID       : 1
Message ID                    : 2
Data Set                      : Present
======================= END DIMSE MESSAGE =======================`,
  },
  {
    name: 'so is a response to one',
    message: { type: 'UNKNOWN-RSP', commandField: 0x8020, messageIdBeingRespondedTo: 2, status: 0x0211 },
    direction: 'outgoing',
    presentationContextId: 1,
    hasDataSet: false,
    lines: `
===================== OUTGOING DIMSE MESSAGE ====================
Message Type                  : C-FIND RSP
Message ID Being Responded To : 2
Data Set                      : None
DIMSE Status                  : 0x0211 - Failure
======================= END DIMSE MESSAGE =======================`,
  },
  {
    name: 'an operation without a name is dumped by its command field',
    message: { type: 'UNKNOWN-RSP', commandField: 0x9abc, messageIdBeingRespondedTo: 2, status: 0x0211 },
    direction: 'outgoing',
    presentationContextId: 1,
    hasDataSet: false,
    lines: `
===================== OUTGOING DIMSE MESSAGE ====================
Message Type                  : 0x9ABC RSP
Message ID Being Responded To : 2
Data Set                      : None
DIMSE Status                  : 0x0211 - Failure
======================= END DIMSE MESSAGE =======================`,
  },
];

for (const { name, message, direction, lines, ...facts } of BLOCKS) {
  test(name, () => assert.deepEqual(dumpMessage(message, direction, facts), lines.trim().split('\n')));
}

test('priorities are words, and a value that is none is shown as it is', () => {
  const priorities = [PRIORITY.low, PRIORITY.medium, PRIORITY.high, 0x000a].map((priority) => {
    const lines = dumpMessage({ ...STORE, priority }, 'outgoing', { presentationContextId: 1, hasDataSet: true });
    return lines.find((line) => line.startsWith('Priority'))?.slice(32);
  });
  assert.deepEqual(priorities, ['Low', 'Medium', 'High', '0x000A']);
});

test('no message can add a line to its block', () => {
  const nasty = fc.string({
    unit: fc.constantFrom('\n', '\r', '\0', '\x85', '\u2028', '=', 'D', ':', ' '),
    minLength: 1,
  });
  fc.assert(
    fc.property(anyMessage, nasty, (message, text) => {
      const forged = { ...message, ...('errorComment' in message ? { errorComment: text } : {}) };
      const lines = dumpMessage(forged, 'incoming', { presentationContextId: 1, hasDataSet: false });
      for (const line of lines) assert.doesNotMatch(line, /[\p{Cc}\u2028\u2029]/u);
      assert.equal(lines.filter((line) => line.startsWith('=')).length, 2);
    }),
  );
});
