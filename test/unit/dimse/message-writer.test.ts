/** Messages to blocks: what a reader gets back, and when buffers may be reused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../src/base/errors.js';
import { bufferSource, type DataSetSource } from '../../../src/dataset/source.js';
import { encodeCommand } from '../../../src/dimse/command-codec.js';
import { type MessagePart, MessageReader } from '../../../src/dimse/message-reader.js';
import { MessageWriter } from '../../../src/dimse/message-writer.js';
import { type CStoreRq, PRIORITY } from '../../../src/dimse/messages.js';
import { compact, parsePData } from '../../support/dimse-messages.js';

const STORE: CStoreRq = {
  type: 'C-STORE-RQ',
  affectedSopClassUid: '1.2.840.10008.5.1.4.1.1.2',
  messageId: 1,
  priority: PRIORITY.medium,
  affectedSopInstanceUid: '1.2.3.4.5.6',
};
const CONTEXT = 5;
const KIB = 1024;

function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let index = 0; index < length; index++) bytes[index] = (index * 7 + (index >>> 8)) & 0xff;
  return bytes;
}

/** What leaves for the network: each turn's buffers copied before the next is asked for. */
async function write(writer: MessageWriter, source: DataSetSource | undefined): Promise<readonly Buffer[]> {
  const turns: Buffer[] = [];
  for await (const buffers of writer.blocks(STORE, source, CONTEXT)) turns.push(Buffer.concat(buffers));
  return turns;
}

function read(bytes: Buffer): { parts: readonly MessagePart[]; dataSet: Buffer } {
  const reader = new MessageReader({ isAccepted: (id) => id === CONTEXT });
  const parts = parsePData(bytes).flatMap((fragment) => [...reader.feed(fragment)]);
  assert.equal(reader.inMessage, false);
  return { parts, dataSet: Buffer.concat(parts.flatMap((part) => (part.type === 'data' ? [part.data] : []))) };
}

/** Lengths round the ends of one fragment, of the first block and of the full ones. */
function lengthsAround(fragment: number): readonly number[] {
  const edges = [fragment, 2 * fragment, 64 * KIB, 576 * KIB, 1088 * KIB, 1100 * KIB];
  return [0, 1, 2, ...edges.flatMap((edge) => [edge - 2, edge - 1, edge, edge + 1, edge + 2])];
}

const MAXIMUM_LENGTHS: readonly (readonly [maximumLength: number | undefined, fragment: number])[] = [
  [4096, 4090],
  [16_384, 16_378],
  [16_385, 16_378],
  [131_072, 131_066],
  [0, 262_138],
  [undefined, 262_138],
  [0xffffffff, 262_138],
];

for (const [maximumLength, fragment] of MAXIMUM_LENGTHS) {
  test(`a reader gets back what is written for a maximum length of ${maximumLength}`, async () => {
    const writer = new MessageWriter(maximumLength);
    for (const length of lengthsAround(fragment)) {
      const sent = pattern(length);
      const bytes = Buffer.concat(await write(writer, bufferSource(sent)));
      const { parts, dataSet } = read(bytes);
      const [command] = parts;
      assert.ok(command?.type === 'command' && command.hasDataSet, `${length}`);
      assert.deepEqual(compact(command.message), STORE);
      assert.equal(command.presentationContextId, CONTEXT);
      assert.equal(dataSet.length, length + (length % 2), `${length}`);
      assert.ok(dataSet.subarray(0, length).equals(sent), `${length}`);
      if (length % 2 !== 0) assert.equal(dataSet.at(-1), 0);
      for (const { data } of parsePData(bytes))
        assert.ok(data.length % 2 === 0 && data.length <= fragment, `${length}`);
    }
  });
}

for (const maximumLength of [8, 9, 14, 15]) {
  test(`a peer that takes ${maximumLength} bytes gets a command and a data set in small even fragments`, async () => {
    const bytes = Buffer.concat(await write(new MessageWriter(maximumLength), bufferSource(pattern(1001))));
    const { dataSet } = read(bytes);
    assert.ok(dataSet.subarray(0, 1001).equals(pattern(1001)));
    for (const { data } of parsePData(bytes)) assert.ok(data.length % 2 === 0 && data.length <= maximumLength - 6);
  });
}

test('a peer that leaves no room for data is an error at once', () => {
  assert.throws(() => new MessageWriter(7), UsageError);
});

test('a message without data set is its command alone', async () => {
  const turns = await write(new MessageWriter(16_384), undefined);
  assert.equal(turns.length, 1);
  const fragments = parsePData(Buffer.concat(turns));
  assert.deepEqual(
    fragments.map(({ isCommand, isLast, data }) => [isCommand, isLast, data]),
    [[true, true, encodeCommand(STORE, false)]],
  );
});

test('a small message leaves in one write', async () => {
  for (const length of [0, 1, 30 * KIB, 64 * KIB]) {
    const turns = await write(new MessageWriter(16_384), bufferSource(pattern(length)));
    assert.equal(turns.length, 1);
  }
});

test('a data set of no bytes ends with an empty last fragment', async () => {
  const [, data, ...more] = parsePData(Buffer.concat(await write(new MessageWriter(0), bufferSource(Buffer.alloc(0)))));
  assert.deepEqual([data?.isCommand, data?.isLast, data?.data.length, more.length], [false, true, 0, 0]);
});

/** A source of so many turns, whose reads end when the test says so. */
class SteppedSource implements DataSetSource {
  readonly started: (readonly Buffer[])[] = [];
  readonly #turns: number;
  #finish: (() => void) | undefined;

  constructor(turns: number) {
    this.#turns = turns;
  }

  readInto(bodies: readonly Buffer[]): Promise<{ bytes: number; isLast: boolean }> {
    assert.equal(this.#finish, undefined, 'one read at a time');
    this.started.push(bodies);
    const turn = this.started.length;
    return new Promise((resolve) => {
      this.#finish = () => {
        let bytes = 0;
        for (const body of bodies) bytes += body.fill(turn).length;
        resolve({ bytes, isLast: turn === this.#turns });
      };
    });
  }

  finish(): void {
    const finish = this.#finish;
    this.#finish = undefined;
    finish?.();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

test('the next block is being read while one is written, and never the one that is written', async () => {
  const source = new SteppedSource(5);
  const blocks = new MessageWriter(16_384).blocks(STORE, source, CONTEXT);
  for (let turn = 1; turn <= 5; turn++) {
    const next = blocks.next();
    source.finish();
    const { value } = await next;
    assert.ok(value !== undefined);
    assert.equal(source.started.length, Math.min(turn + 1, 5));
    const before = value.map((buffer) => Buffer.from(buffer));
    source.started.at(-1)?.forEach((body) => {
      if (turn < 5) body.fill(0xee);
    });
    assert.deepEqual(value, before);
  }
  assert.equal((await blocks.next()).done, true);
});

test('blocks are kept from one message to the next', async () => {
  const writer = new MessageWriter(16_384);
  const buffersOf = async (): Promise<readonly (ArrayBufferLike | undefined)[]> => {
    const buffers: (ArrayBufferLike | undefined)[] = [];
    for await (const pdus of writer.blocks(STORE, bufferSource(pattern(1500 * KIB)), CONTEXT))
      buffers.push(pdus.at(-1)?.buffer);
    return buffers;
  };
  const first = await buffersOf();
  const second = await buffersOf();
  assert.equal(first.length, 4);
  assert.equal(new Set(first).size, 3);
  second.forEach((buffer, index) => {
    assert.equal(buffer, first[index]);
  });
});

test('a block that once went out short is whole again in the next message', async () => {
  const writer = new MessageWriter(4096);
  for (const length of [1, 4091, 300 * KIB, 3, 90 * KIB, 5001]) {
    const { dataSet } = read(Buffer.concat(await write(writer, bufferSource(pattern(length)))));
    assert.ok(dataSet.subarray(0, length).equals(pattern(length)), `${length}`);
  }
});

function failingSource(turns: number): DataSetSource {
  let turn = 0;
  return {
    readInto(bodies) {
      if (++turn > turns) return Promise.reject(new Error('disk gone'));
      const bytes = bodies.reduce((sum, body) => sum + body.length, 0);
      return Promise.resolve({ bytes, isLast: false });
    },
    close: () => Promise.resolve(),
  };
}

test('a source that fails at once lets nothing of the message out', async () => {
  const blocks = new MessageWriter(16_384).blocks(STORE, failingSource(0), CONTEXT);
  await assert.rejects(blocks.next(), /disk gone/);
  assert.equal((await blocks.next()).done, true);
});

test('a source that fails during a write is told on the next turn, and never unhandled', async () => {
  const blocks = new MessageWriter(16_384).blocks(STORE, failingSource(1), CONTEXT);
  assert.equal((await blocks.next()).done, false);
  // A slow write: long enough for the rejection to be seen as unhandled if it were.
  await new Promise((resolve) => setImmediate(resolve));
  await assert.rejects(blocks.next(), /disk gone/);
});

test('a caller that stops early gets away without the error of the read it did not wait for', async () => {
  for await (const buffers of new MessageWriter(16_384).blocks(STORE, failingSource(1), CONTEXT)) {
    assert.equal(buffers.length, 2);
    break;
  }
});

test('a caller that stops early waits until the source has left the block alone', async () => {
  const source = new SteppedSource(3);
  const blocks = new MessageWriter(16_384).blocks(STORE, source, CONTEXT);
  const first = blocks.next();
  source.finish();
  await first;
  let stopped = false;
  const stopping = blocks.return().then(() => {
    stopped = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(stopped, false);
  source.finish();
  await stopping;
  assert.equal(stopped, true);
});
