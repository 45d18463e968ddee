/** Fragments to requests and responses, and when the peer is held back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deferred } from '../../../src/base/deferred.js';
import { ProtocolError } from '../../../src/base/errors.js';
import { encodeCommand } from '../../../src/dimse/command-codec.js';
import type { DimseMessage } from '../../../src/dimse/messages.js';
import { MessageReceiver, type ReceivedRequest } from '../../../src/net/message-receiver.js';
import type { RequestQueue } from '../../../src/net/request-queue.js';
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
  /** What became of the timer for the rest of a message. */
  readonly rest: string[];
  readonly requests: RequestQueue<ReceivedRequest>;
} {
  const calls: string[] = [];
  const rest: string[] = [];
  const made = new MessageReceiver(
    new Map([[1, { id: 1, abstractSyntax: '1.2', transferSyntax: '1.2.840.10008.1.2' }]]),
    { start: () => rest.push('start'), stop: () => rest.push('stop') },
    {
      onCommand: (message, context, hasDataSet) => calls.push(`${message.type} ${context.id} ${hasDataSet}`),
      onResponse: (response) => calls.push(`response ${response.messageIdBeingRespondedTo}`),
      pause: () => calls.push('pause'),
      resume: () => calls.push('resume'),
    },
  );
  return { receiver: made, calls, rest, requests: made.requests };
}

async function next(requests: RequestQueue<ReceivedRequest>): Promise<ReceivedRequest> {
  const request = await requests.next();
  assert.ok(request !== undefined);
  return request;
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

test('4 MiB of data sets that nobody has done with hold the peer back, be they of one request or of many', async () => {
  for (const bytes of [MIB, 64 * 1024, 100]) {
    const { receiver: made, calls, requests } = receiver();
    let sent = 0;
    const read: Promise<void>[] = [];
    const { promise: opened, resolve: open } = deferred();
    while (!made.isHolding) {
      made.onFragment(command(STORE_RQ, true));
      made.onFragment(data(bytes, true));
      const { dataSet } = await next(requests);
      sent += bytes;
      read.push(
        (async () => {
          for await (const _ of dataSet ?? []) await opened;
        })(),
      );
    }
    assert.ok(sent + 256 * read.length >= 4 * MIB, `${sent} bytes`);
    assert.ok(sent <= 4 * MIB, `${sent} bytes`);
    open();
    await Promise.all(read);
    assert.equal(made.isHolding, false);
    assert.deepEqual(
      calls.filter((call) => /pause|resume/.test(call)),
      ['pause', 'resume'],
    );
  }
});

test('64 requests ahead of those at work hold the peer back, with data sets or without', async () => {
  for (const hasDataSet of [false, true]) {
    const { receiver: made, calls, requests } = receiver();
    for (let index = 0; index < 64; index++) {
      assert.equal(made.isHolding, false);
      made.onFragment(command(hasDataSet ? STORE_RQ : ECHO_RQ, hasDataSet));
      if (hasDataSet) made.onFragment(data(10, true));
    }
    assert.equal(made.isHolding, true);
    for (let index = 0; index < 64; index++) await next(requests);
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

test('the rest of a message is waited for anew from each fragment, and from when the peer may send again', async () => {
  const { receiver: made, rest, requests } = receiver();
  made.onFragment(command(ECHO_RQ));
  assert.deepEqual(rest.splice(0), ['stop']);
  made.onFragment(command(STORE_RQ, true));
  made.onFragment(data(5 * MIB, false));
  assert.deepEqual(rest.splice(0), ['start', 'start']);
  await next(requests);
  const { dataSet } = await next(requests);
  dataSet?.discard();
  assert.deepEqual(rest.splice(0), ['start']);
  made.onFragment(data(1, true));
  assert.deepEqual(rest.splice(0), ['stop']);
  made.onFragment(command(STORE_RQ, true));
  made.end();
  made.onFragment(data(1, false));
  assert.deepEqual(rest, ['start', 'stop', 'stop']);
});

test('an end lets the peer go on, so that its close is seen; with an error it is told to the reader of the data set', async () => {
  for (const error of [undefined, new Error('lost')]) {
    const { receiver: made, calls, requests } = receiver();
    made.onFragment(command(STORE_RQ, true));
    const { dataSet } = await next(requests);
    made.onFragment(data(5 * MIB, false));
    assert.equal(made.isHolding, true);
    made.end(error);
    assert.equal(made.isHolding, false);
    assert.ok(calls.includes('resume'));
    const read = (async () => {
      for await (const _ of dataSet ?? []);
    })();
    if (error === undefined) await read;
    else await assert.rejects(read, error);
    if (error === undefined) assert.equal(await requests.next(), undefined);
    else await assert.rejects(requests.next(), error);
  }
});

test('what is out of place is a fault of the peer', () => {
  assert.throws(() => receiver().receiver.onFragment(data(10, true)), ProtocolError);
  assert.throws(() => receiver().receiver.onFragment(fragment(Buffer.alloc(0), true, true, 3)), ProtocolError);
});
