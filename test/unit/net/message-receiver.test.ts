/** Fragments to requests and responses, and when the peer is held back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtocolError } from '../../../src/base/errors.js';
import { encodeCommand } from '../../../src/dimse/command-codec.js';
import type { DimseMessage } from '../../../src/dimse/messages.js';
import { MessageReceiver, type ReceivedRequest } from '../../../src/net/message-receiver.js';
import type { PdvFragment } from '../../../src/pdu/pdu-reader.js';

const STORE_RQ: DimseMessage = {
  type: 'C-STORE-RQ',
  messageId: 1,
  priority: 0,
  affectedSopClassUid: '1.2',
  affectedSopInstanceUid: '1.3',
};
const ECHO_RQ: DimseMessage = { type: 'C-ECHO-RQ', messageId: 2, affectedSopClassUid: '1.2' };
const MIB = 1024 * 1024;

function fragment(data: Buffer, isCommand: boolean, isLast = true, presentationContextId = 1): PdvFragment {
  return { type: 'P-DATA-TF', presentationContextId, isCommand, isLast, data };
}

const command = (message: DimseMessage, hasDataSet = false): PdvFragment =>
  fragment(encodeCommand(message, hasDataSet), true);
const data = (length: number, isLast: boolean): PdvFragment => fragment(Buffer.alloc(length), false, isLast);

function receiver(): {
  readonly receiver: MessageReceiver;
  readonly calls: string[];
  readonly requests: AsyncIterator<ReceivedRequest>;
} {
  const calls: string[] = [];
  const made = new MessageReceiver(
    new Map([[1, { id: 1, abstractSyntax: '1.2', transferSyntax: '1.2.840.10008.1.2' }]]),
    {
      onCommand: (message, context, hasDataSet) => calls.push(`${message.type} ${context.id} ${hasDataSet}`),
      onResponse: (response) => calls.push(`response ${response.messageIdBeingRespondedTo}`),
      pause: () => calls.push('pause'),
      resume: () => calls.push('resume'),
    },
  );
  return { receiver: made, calls, requests: made.requests[Symbol.asyncIterator]() };
}

async function next(requests: AsyncIterator<ReceivedRequest>): Promise<ReceivedRequest> {
  const { value, done } = await requests.next();
  assert.ok(!done);
  return value;
}

test('commands are told, responses handed on, requests queued, a cancel forgotten', async () => {
  const { receiver: made, calls, requests } = receiver();
  made.onFragment(command(ECHO_RQ));
  made.onFragment(command({ type: 'C-ECHO-RSP', messageIdBeingRespondedTo: 9, status: 0 }));
  made.onFragment(command({ type: 'C-CANCEL-RQ', messageIdBeingRespondedTo: 9 }));
  made.onFragment(command(STORE_RQ, true));
  assert.deepEqual(calls, [
    'C-ECHO-RQ 1 false',
    'C-ECHO-RSP 1 false',
    'response 9',
    'C-CANCEL-RQ 1 false',
    'C-STORE-RQ 1 true',
  ]);
  assert.equal((await next(requests)).dataSet, undefined);
  const { message, dataSet, context } = await next(requests);
  assert.deepEqual([message.type, context.id], ['C-STORE-RQ', 1]);
  assert.equal(made.inMessage, true);
  made.onFragment(data(10, false));
  made.onFragment(data(4, true));
  assert.equal(made.inMessage, false);
  let bytes = 0;
  for await (const batch of dataSet ?? []) for (const { length } of batch) bytes += length;
  assert.equal(bytes, 14);
});

test('a data set over 4 MiB that nobody reads holds the peer back until it is read', async () => {
  const { receiver: made, calls, requests } = receiver();
  made.onFragment(command(STORE_RQ, true));
  const { dataSet } = await next(requests);
  for (let count = 0; count < 3; count++) made.onFragment(data(MIB, false));
  assert.equal(made.isHolding, false);
  made.onFragment(data(MIB, false));
  made.onFragment(data(MIB, false));
  assert.equal(made.isHolding, true);
  assert.deepEqual(calls.slice(1), ['pause']);
  await dataSet?.[Symbol.asyncIterator]().next();
  assert.equal(made.isHolding, false);
  assert.deepEqual(calls.slice(1), ['pause', 'resume']);
});

test('requests ahead of our answers hold the peer back: 64 small ones, or 2 with data sets', async () => {
  for (const [count, hasDataSet] of [
    [64, false],
    [2, true],
  ] as const) {
    const { receiver: made, calls, requests } = receiver();
    for (let index = 0; index < count; index++) {
      assert.equal(made.isHolding, false);
      made.onFragment(command(hasDataSet ? STORE_RQ : ECHO_RQ, hasDataSet));
      if (hasDataSet) made.onFragment(data(10, true));
    }
    assert.equal(made.isHolding, true);
    for (let index = 0; index < count; index++) await next(requests);
    assert.equal(made.isHolding, false);
    assert.deepEqual(
      calls.filter((call) => /pause|resume/.test(call)),
      ['pause', 'resume'],
    );
  }
});

test('two reasons to hold the peer back: it may go on when both have gone', async () => {
  const { receiver: made, calls, requests } = receiver();
  made.onFragment(command(STORE_RQ, true));
  const { dataSet } = await next(requests);
  made.onFragment(data(5 * MIB, true));
  for (let index = 0; index < 64; index++) made.onFragment(command(ECHO_RQ));
  await dataSet?.drained();
  assert.equal(made.isHolding, true);
  for (let index = 0; index < 64; index++) await next(requests);
  assert.equal(made.isHolding, false);
  assert.deepEqual(
    calls.filter((call) => /pause|resume/.test(call)),
    ['pause', 'pause', 'resume'],
  );
});

test('an end lets the peer go on, so that its close is seen; with an error it is told to the reader of the data set', async () => {
  for (const error of [undefined, new Error('lost')]) {
    const { receiver: made, calls, requests } = receiver();
    made.onFragment(command(STORE_RQ, true));
    const { dataSet } = await next(requests);
    made.onFragment(data(5 * MIB, false));
    made.end(error);
    assert.equal(made.isHolding, false);
    assert.ok(calls.includes('resume'));
    const read = (async () => {
      for await (const _ of dataSet ?? []);
    })();
    if (error === undefined) await read;
    else await assert.rejects(read, error);
    if (error === undefined) assert.equal((await requests.next()).done, true);
    else await assert.rejects(requests.next(), error);
  }
});

test('what is out of place is a fault of the peer', () => {
  assert.throws(() => receiver().receiver.onFragment(data(10, true)), ProtocolError);
  assert.throws(() => receiver().receiver.onFragment(fragment(Buffer.alloc(0), true, true, 3)), ProtocolError);
});
