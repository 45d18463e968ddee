/** Messages go out one after another, and one that fails does not spoil the next more than it must. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deferred } from '../../../src/base/deferred.js';
import { bufferSource, type DataSetSource } from '../../../src/dataset/source.js';
import type { DimseMessage } from '../../../src/dimse/messages.js';
import { MessageCutShort, MessageSender } from '../../../src/net/message-sender.js';

const echo = (messageId: number): DimseMessage => ({ type: 'C-ECHO-RQ', messageId, affectedSopClassUid: '1.2' });
const TO = { presentationContextId: 1, dataSet: undefined };

/** A source that brings full bodies and fails at read number `failsAt`. */
function failingSource(failsAt: number): DataSetSource {
  let reads = 0;
  return {
    readInto(bodies) {
      if (reads++ === failsAt) return Promise.reject(new RangeError('cannot read'));
      return Promise.resolve({ bytes: bodies.reduce((sum, { length }) => sum + length, 0), isLast: false });
    },
    close: () => Promise.resolve(),
  };
}

test('small messages that wait together go out in one write, the next while none is under way, and idle waits for all', async () => {
  const log: string[] = [];
  const writes = [deferred(), deferred()];
  let count = 0;
  const sender = new MessageSender(0, () => {
    log.push(`write ${count}`);
    return writes[count++]?.promise ?? Promise.resolve();
  });
  const send = (turn: number): Promise<void> => sender.send(echo(turn), TO, () => log.push(`turn ${turn}`));
  const first = [send(1), send(2)];
  const idle = sender.idle().then(() => log.push('idle'));
  await new Promise(setImmediate);
  assert.deepEqual(log, ['turn 1', 'turn 2', 'write 0']);
  assert.equal(sender.isWriting, true);
  const third = send(3);
  await new Promise(setImmediate);
  assert.ok(!log.includes('write 1'));
  writes[0]?.resolve();
  await Promise.all(first);
  await new Promise(setImmediate);
  assert.deepEqual(log, ['turn 1', 'turn 2', 'write 0', 'turn 3', 'write 1']);
  writes[1]?.resolve();
  await Promise.all([third, idle]);
  assert.equal(log.at(-1), 'idle');
  assert.equal(sender.isWriting, false);
});

test('an error before the first byte is told as it is; later it has cut the message short', async () => {
  let writes = 0;
  const sender = new MessageSender(0, () => {
    writes++;
    return Promise.resolve();
  });
  const store = (dataSet: DataSetSource): Promise<void> =>
    sender.send(echo(1), { presentationContextId: 1, dataSet }, () => undefined);
  await assert.rejects(store(failingSource(0)), RangeError);
  assert.equal(writes, 0);
  await assert.rejects(
    sender.send(echo(1), TO, () => {
      throw new TypeError('no turn');
    }),
    TypeError,
  );
  await store(bufferSource(Buffer.alloc(100)));
  assert.equal(writes, 1);
  await assert.rejects(store(failingSource(2)), (error) => {
    assert.ok(error instanceof MessageCutShort);
    assert.ok(error.cause instanceof RangeError);
    return true;
  });
});

test('fail ends a write that never ends, and the messages behind it get their turn', async () => {
  const sender = new MessageSender(0, () => new Promise(() => undefined));
  const stuck = sender.send(echo(1), TO, () => undefined);
  await new Promise(setImmediate);
  const behind = sender.send(echo(2), TO, () => {
    throw new TypeError('it is over');
  });
  const error = new Error('given up');
  sender.fail(error);
  await Promise.all([
    assert.rejects(stuck, (thrown) => thrown instanceof MessageCutShort && thrown.cause === error),
    assert.rejects(behind, (thrown) => thrown instanceof TypeError || thrown instanceof MessageCutShort),
  ]);
});
