/** Messages go out one after another, and one that fails does not spoil the next more than it must. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deferred } from '../../../src/base/deferred.js';
import { Turns } from '../../../src/base/turns.js';
import { bufferSource, type DataSetSource, type Filled } from '../../../src/dataset/source.js';
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
  const send = (turn: number): Promise<number> =>
    sender.send(echo(turn), TO, { onTurn: () => log.push(`turn ${turn}`) });
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
  const store = (dataSet: DataSetSource): Promise<number> =>
    sender.send(echo(1), { presentationContextId: 1, dataSet }, { onTurn: () => undefined });
  await assert.rejects(store(failingSource(0)), RangeError);
  assert.equal(writes, 0);
  await assert.rejects(
    sender.send(echo(1), TO, {
      onTurn: () => {
        throw new TypeError('no turn');
      },
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
  const stuck = sender.send(echo(1), TO, { onTurn: () => undefined });
  await new Promise(setImmediate);
  const behind = sender.send(echo(2), TO, {
    onTurn: () => {
      throw new TypeError('it is over');
    },
  });
  const error = new Error('given up');
  sender.fail(error);
  await Promise.all([
    assert.rejects(stuck, (thrown) => thrown instanceof MessageCutShort && thrown.cause === error),
    assert.rejects(behind, (thrown) => thrown instanceof TypeError || thrown instanceof MessageCutShort),
  ]);
});

/** A source that tells of its reads, and is at its end after `reads` of them. */
class ToldSource implements DataSetSource {
  reads = 0;
  readonly #last: number;

  constructor(reads: number) {
    this.#last = reads;
  }

  readInto(bodies: readonly Buffer[]): Promise<Filled> {
    this.reads++;
    const isLast = this.reads === this.#last;
    return Promise.resolve({
      bytes: isLast ? 100 : bodies.reduce((sum, { length }) => sum + length, 0),
      isLast,
    });
  }

  readonly close = () => Promise.resolve();
}

const store = (messageId: number): DimseMessage => ({
  ...{ type: 'C-STORE-RQ', messageId, affectedSopClassUid: '1.2', affectedSopInstanceUid: '1.2.3', priority: 2 },
});

for (const reads of [1, 2])
  test(`a message that waits for its turn is read ahead, once, and leaves when its turn comes: ${reads} blocks`, async () => {
    const log: string[] = [];
    const sender = new MessageSender(0, () => {
      log.push('write');
      return Promise.resolve();
    });
    const source = new ToldSource(reads);
    const turns = new Turns(1);
    const before = turns.enter();
    const to = { presentationContextId: 1, dataSet: source };
    const sent = sender.send(store(1), to, { turn: turns.enter(), onTurn: () => log.push('turn') });
    for (let round = 0; round < 3; round++) await new Promise(setImmediate);
    assert.deepEqual([source.reads, ...log], [1]);
    await sender.idle();
    await sender.send(echo(2), TO, { onTurn: () => log.push('turn of another') });
    assert.deepEqual(log.splice(0), ['turn of another', 'write'], 'who has a turn does not wait for who has none');
    await sender.idle();
    before.leave();
    sender.flush();
    assert.deepEqual([source.reads, ...log], [reads, 'turn', 'write'], 'what is read leaves at once');
    await sent;
    assert.deepEqual([source.reads, ...log], [reads, 'turn', ...Array<string>(reads).fill('write')]);
  });

test('a message whose turn never comes is told why, once nothing reads for it; what fails before its turn is told at its turn', async () => {
  let writes = 0;
  const sender = new MessageSender(0, () => {
    writes++;
    return Promise.resolve();
  });
  const source = new ToldSource(1);
  const [never, late] = [new Turns(1), new Turns(1)];
  never.enter();
  const beforeLate = late.enter();
  const refused = sender.send(
    store(1),
    { presentationContextId: 1, dataSet: source },
    { turn: never.enter(), onTurn: () => assert.fail('it has no turn') },
  );
  await new Promise(setImmediate);
  assert.equal(source.reads, 1);
  never.fail(new RangeError('never'));
  await assert.rejects(refused, RangeError);
  let hasTurn = false;
  const broken = sender.send(
    store(2),
    { presentationContextId: 1, dataSet: failingSource(0) },
    {
      turn: late.enter(),
      onTurn: () => {
        hasTurn = true;
      },
    },
  );
  await new Promise(setImmediate);
  assert.equal(hasTurn, false);
  beforeLate.leave();
  await assert.rejects(broken, { message: 'cannot read' });
  assert.deepEqual([hasTurn, writes], [false, 0], 'nothing of it was on its way');
  await sender.send(echo(3), TO, { onTurn: () => undefined });
  assert.equal(writes, 1);
});

test('a data set that throws at once while it is read ahead is told at its turn', async () => {
  const sender = new MessageSender(0, () => Promise.resolve());
  const turns = new Turns(1);
  const before = turns.enter();
  const reading = deferred();
  const throwing: DataSetSource = {
    readInto: () => {
      reading.resolve();
      throw new RangeError('at once');
    },
    close: () => undefined,
  };
  const sent = sender.send(
    store(1),
    { presentationContextId: 1, dataSet: throwing },
    { turn: turns.enter(), onTurn: () => assert.fail('nothing of it is sent') },
  );
  await reading.promise;
  before.leave();
  await assert.rejects(sent, { message: 'at once' });
  await sender.send(echo(2), TO, { onTurn: () => undefined });
});

test('a data set that hangs while it is read ahead does not keep its message from being refused', async () => {
  const sender = new MessageSender(0, () => Promise.resolve());
  const reading = deferred();
  const hanging: DataSetSource = {
    readInto: () => {
      reading.resolve();
      return new Promise(() => undefined);
    },
    close: () => undefined,
  };
  const turns = new Turns(1);
  turns.enter();
  const sent = sender.send(
    store(1),
    { presentationContextId: 1, dataSet: hanging },
    { turn: turns.enter(), onTurn: () => assert.fail('it has no turn') },
  );
  await reading.promise;
  turns.fail(new RangeError('never'));
  await assert.rejects(sent, RangeError);
  await sender.send(echo(2), TO, { onTurn: () => undefined });
});
