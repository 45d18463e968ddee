/** Requests under way: their ids, and which response is whose. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtocolError, UsageError } from '../../../src/base/errors.js';
import type { DimseRequest, DimseResponse } from '../../../src/dimse/messages.js';
import { type PendingResponse, PendingResponses } from '../../../src/net/pending-responses.js';

const echo = (messageId: number): DimseRequest => ({ type: 'C-ECHO-RQ', messageId, affectedSopClassUid: '1.2' });
/** Of turns, which most of these tests are not about. */
const MANY = 65_535;

/** What the timer for responses is told. */
class TimerCalls {
  readonly calls: string[] = [];
  readonly start = () => void this.calls.push('start');
  readonly stop = () => void this.calls.push('stop');
}

const echoed = (messageIdBeingRespondedTo: number): DimseResponse => ({
  type: 'C-ECHO-RSP',
  messageIdBeingRespondedTo,
  status: 0,
});

test('message ids count from 1, wrap after 65535, and pass over those under way', () => {
  const pending = new PendingResponses(MANY, new TimerCalls());
  const open = () => pending.open(echo, 1);
  const idsOf = (opened: readonly PendingResponse[]) => opened.map(({ request }) => request.messageId);
  const [first, second, third] = [open(), open(), open()];
  assert.deepEqual(idsOf([first, second, third]), [1, 2, 3]);
  pending.close(first);
  pending.close(third);
  for (let id = 4; id <= 65_535; id++) {
    const next = open();
    assert.equal(next.request.messageId, id);
    pending.close(next);
  }
  assert.deepEqual(idsOf([open(), open(), open()]), [1, 3, 4], '2 is still under way');
});

test('when every id is under way there is none left', () => {
  const pending = new PendingResponses(MANY, new TimerCalls());
  const all = Array.from({ length: 65_535 }, () => pending.open(echo, 1));
  assert.throws(() => pending.open(echo, 1), UsageError);
  const some = all[4710];
  assert.ok(some !== undefined);
  pending.close(some);
  assert.equal(pending.open(echo, 1).request.messageId, 4711);
});

test('a response goes to its request only: id, context and type', async () => {
  const pending = new PendingResponses(MANY, new TimerCalls());
  const first = pending.open(echo, 1);
  const second = pending.open(echo, 3);
  for (const each of [first, second]) {
    each.begin();
    each.onHandedOver();
  }
  const store: DimseResponse = { type: 'C-STORE-RSP', messageIdBeingRespondedTo: 1, status: 0 };
  for (const [response, context] of [
    [echoed(0), 1],
    [echoed(3), 1],
    [echoed(1), 3],
    [store, 1],
    [{ type: 'UNKNOWN-RSP', commandField: 0x8020, messageIdBeingRespondedTo: 1, status: 0 }, 1],
  ] as const)
    assert.throws(() => pending.settle(response, context), ProtocolError);
  pending.settle(echoed(2), 3);
  pending.settle(echoed(1), 1);
  assert.deepEqual(await first.answer, echoed(1));
  assert.deepEqual(await second.answer, echoed(2));
  pending.close(first);
  assert.throws(() => pending.settle(echoed(1), 1), ProtocolError, 'once it is done, a second response is none');
});

test('a request that has not begun to be sent has no response yet', async () => {
  const pending = new PendingResponses(MANY, new TimerCalls());
  const opened = pending.open(echo, 1);
  assert.throws(() => pending.settle(echoed(1), 1), ProtocolError);
  opened.begin();
  assert.throws(() => pending.settle(echoed(1), 1), ProtocolError, 'the peer cannot have read all of it');
  opened.onHandedOver();
  pending.settle(echoed(1), 1);
  assert.deepEqual(await opened.answer, echoed(1));
});

test('the next request has its turn when a response comes, or when nobody waits for one any more', async () => {
  const pending = new PendingResponses(2, new TimerCalls());
  const open = () => pending.open(echo, 1);
  const [first, second, third, fourth, fifth] = [open(), open(), open(), open(), open()];
  const areDue = () => [first, second, third, fourth, fifth].map(({ turn }) => turn.isDue);
  for (const each of [first, second]) {
    each.begin();
    each.onHandedOver();
  }
  assert.deepEqual(areDue(), [true, true, false, false, false]);
  pending.settle(echoed(2), 1);
  assert.deepEqual(areDue(), [true, true, true, false, false]);
  pending.close(second);
  assert.deepEqual(areDue(), [true, true, true, false, false], 'it had one turn');
  pending.close(first);
  assert.deepEqual(areDue(), [true, true, true, true, false]);
  const never = new Promise((_, reject) => fifth.turn.whenDue(() => assert.fail('it is over'), reject));
  const error = new Error('lost');
  pending.fail(error);
  await assert.rejects(never, error);
});

test('a request keeps the message id that it was given', () => {
  const pending = new PendingResponses(1, new TimerCalls());
  assert.throws(() => pending.open((id) => echo(id + 1), 1), UsageError);
  assert.ok(pending.open(echo, 1).turn.isDue);
});

test('a request that cannot be made takes no turn', () => {
  const pending = new PendingResponses(1, new TimerCalls());
  const fail = () => {
    throw new Error('no UID');
  };
  assert.throws(() => pending.open(fail, 1), /no UID/);
  assert.ok(pending.open(echo, 1).turn.isDue);
});

test('a failure is for all that is under way', async () => {
  const pending = new PendingResponses(MANY, new TimerCalls());
  const answers = [pending.open(echo, 1), pending.open(echo, 1)].map(({ answer }) => answer);
  const error = new Error('lost');
  pending.fail(error);
  for (const answer of answers) await assert.rejects(answer, error);
});

test('the timer runs from the last byte sent of the first request that is owed a response, and anew from each response', () => {
  const timer = new TimerCalls();
  const pending = new PendingResponses(MANY, timer);
  const [first, second, third] = [pending.open(echo, 1), pending.open(echo, 1), pending.open(echo, 1)];
  for (const each of [first, second, third]) {
    each.begin();
    each.onHandedOver();
  }
  assert.deepEqual(timer.calls.splice(0), []);
  first.onSent();
  assert.deepEqual(timer.calls.splice(0), ['start']);
  second.onSent();
  assert.deepEqual(timer.calls.splice(0), [], 'the peer owes the first response no later for it');
  pending.settle(echoed(2), 1);
  assert.deepEqual(timer.calls.splice(0), ['start'], 'the first may have waited for the second');
  pending.settle(echoed(1), 1);
  assert.deepEqual(timer.calls.splice(0), ['stop']);
  for (const each of [first, second]) pending.close(each);
  assert.deepEqual(timer.calls.splice(0), []);
  third.onSent();
  pending.close(third);
  assert.deepEqual(timer.calls.splice(0), ['start', 'stop']);
});

for (const [status, isTaken] of [
  [0x0000, false],
  [0x0001, false],
  [0xb000, false],
  [0xfe00, false],
  [0xff00, false],
  [0x0110, true],
  [0xa700, true],
  [0xffff, true],
] as const)
  test(`the status ${status.toString(16)} before a request is all sent is ${isTaken ? 'its answer' : 'a fault'}`, async () => {
    const pending = new PendingResponses(MANY, new TimerCalls());
    const opened = pending.open(echo, 1);
    opened.begin();
    const response = { ...echoed(1), status };
    if (isTaken) {
      pending.settle(response, 1);
      assert.deepEqual(await opened.answer, response);
    } else assert.throws(() => pending.settle(response, 1), ProtocolError);
  });

test('a response that comes before its request is all sent is not owed any more', () => {
  const timer = new TimerCalls();
  const pending = new PendingResponses(MANY, timer);
  const opened = pending.open(echo, 1);
  opened.begin();
  pending.settle({ ...echoed(1), status: 0xa700 }, 1);
  timer.calls.splice(0);
  opened.onSent();
  pending.close(opened);
  assert.deepEqual(timer.calls, []);
});

test('nothing is owed by an association that has ended', () => {
  const timer = new TimerCalls();
  const pending = new PendingResponses(MANY, timer);
  const both = [pending.open(echo, 1), pending.open(echo, 1)];
  for (const each of both) each.onSent();
  pending.fail(new Error('lost'));
  assert.deepEqual(timer.calls, ['start', 'stop']);
  for (const each of both) pending.close(each);
  assert.deepEqual(timer.calls, ['start', 'stop']);
});
