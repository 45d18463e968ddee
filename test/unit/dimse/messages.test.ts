/** Responses to requests, and the numbers of requests. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../src/base/errors.js';
import { MessageIds } from '../../../src/dimse/message-id.js';
import {
  type CStoreRq,
  type DimseMessage,
  type DimseResponse,
  isRequest,
  isResponse,
  PRIORITY,
  responseTo,
} from '../../../src/dimse/messages.js';

const STORE: CStoreRq = {
  type: 'C-STORE-RQ',
  affectedSopClassUid: '1.2',
  messageId: 41,
  priority: PRIORITY.low,
  affectedSopInstanceUid: '1.3',
};

test('the response to a C-ECHO-RQ has its message id and SOP class', () => {
  const response = responseTo({ type: 'C-ECHO-RQ', affectedSopClassUid: '1.2.840.10008.1.1', messageId: 9 }, 0);
  const expected: DimseResponse = {
    type: 'C-ECHO-RSP',
    affectedSopClassUid: '1.2.840.10008.1.1',
    messageIdBeingRespondedTo: 9,
    status: 0,
  };
  assert.deepEqual(response, expected);
});

test('the response to a C-STORE-RQ names the instance and tells what was wrong', () => {
  const details = { errorComment: 'disk full', offendingElement: [0x7fe00010], errorId: 3 };
  const expected: DimseResponse = {
    type: 'C-STORE-RSP',
    affectedSopClassUid: '1.2',
    affectedSopInstanceUid: '1.3',
    messageIdBeingRespondedTo: 41,
    status: 0xa700,
    ...details,
  };
  assert.deepEqual(responseTo(STORE, 0xa700, details), expected);
});

test('an unknown operation is answered under its own command field', () => {
  const response = responseTo(
    { type: 'UNKNOWN-RQ', commandField: 0x0020, messageId: 2, affectedSopClassUid: '1.4' },
    0x0211,
  );
  const expected: DimseResponse = {
    type: 'UNKNOWN-RSP',
    commandField: 0x8020,
    affectedSopClassUid: '1.4',
    messageIdBeingRespondedTo: 2,
    status: 0x0211,
  };
  assert.deepEqual(response, expected);
});

test('a C-CANCEL-RQ is neither a request to answer nor a response', () => {
  const messages: readonly DimseMessage[] = [
    STORE,
    responseTo(STORE, 0),
    { type: 'C-CANCEL-RQ', messageIdBeingRespondedTo: 1 },
  ];
  assert.deepEqual(messages.map(isRequest), [true, false, false]);
  assert.deepEqual(messages.map(isResponse), [false, true, false]);
});

test('message ids count from 1 and go round after 65535', () => {
  const ids = new MessageIds();
  const none = new Set<number>();
  assert.deepEqual([ids.next(none), ids.next(none)], [1, 2]);
  for (let expected = 3; expected <= 0xffff; expected++) assert.equal(ids.next(none), expected);
  assert.equal(ids.next(none), 1);
});

test('a message id that waits for its response is skipped', () => {
  const ids = new MessageIds();
  for (let count = 0; count < 0xffff; count++) ids.next(new Set());
  assert.equal(ids.next(new Set([1, 2])), 3);
});

test('with every message id waiting there is no next one', () => {
  const all = new Set(Array.from({ length: 0xffff }, (_, index) => index + 1));
  assert.throws(() => new MessageIds().next(all), UsageError);
});
