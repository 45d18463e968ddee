/** Messages to blocks: what a reader gets back, and when buffers may be reused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bufferSource, type DataSetSource } from '../../../src/dataset/source.js';
import { encodeCommand } from '../../../src/dimse/command-codec.js';
import { type MessagePart, MessageReader } from '../../../src/dimse/message-reader.js';
import { MessageWriter } from '../../../src/dimse/message-writer.js';
import { type CStoreRq, PRIORITY } from '../../../src/dimse/messages.js';
import { BLOCK_BYTES, PDataBlock } from '../../../src/pdu/p-data-block.js';
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

/** The blocks that a message fills one after another, in one and the same buffer. */
async function write(
  maximumLength: number | undefined,
  source: DataSetSource | undefined,
  block = new PDataBlock(maximumLength, BLOCK_BYTES),
): Promise<readonly Buffer[]> {
  const writer = new MessageWriter(STORE, source, CONTEXT);
  const blocks: Buffer[] = [];
  for (let isComplete = false; !isComplete; ) {
    isComplete = await writer.fill(block);
    assert.ok(isComplete || !block.hasRoom, 'full before the next is begun');
    blocks.push(Buffer.from(block.pdus));
    block.truncate(0);
  }
  return blocks;
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
    for (const length of lengthsAround(fragment)) {
      const sent = pattern(length);
      const bytes = Buffer.concat(await write(maximumLength, bufferSource(sent)));
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
    const bytes = Buffer.concat(await write(maximumLength, bufferSource(pattern(1001))));
    const { dataSet } = read(bytes);
    assert.ok(dataSet.subarray(0, 1001).equals(pattern(1001)));
    for (const { data } of parsePData(bytes)) assert.ok(data.length % 2 === 0 && data.length <= maximumLength - 6);
  });
}

test('a message without data set is its command alone', async () => {
  const turns = await write(16_384, undefined);
  assert.equal(turns.length, 1);
  const fragments = parsePData(Buffer.concat(turns));
  assert.deepEqual(
    fragments.map(({ isCommand, isLast, data }) => [isCommand, isLast, data]),
    [[true, true, encodeCommand(STORE, false)]],
  );
});

test('a small message is in one block, and so is an image of half a megabyte', async () => {
  for (const length of [0, 1, 30 * KIB, 64 * KIB, 525_000]) {
    const turns = await write(16_384, bufferSource(pattern(length)));
    assert.equal(turns.length, 1);
  }
});

test('a data set of no bytes ends with an empty last fragment', async () => {
  const [, data, ...more] = parsePData(Buffer.concat(await write(0, bufferSource(Buffer.alloc(0)))));
  assert.deepEqual([data?.isCommand, data?.isLast, data?.data.length, more.length], [false, true, 0, 0]);
});

test('messages go into a block one behind the other', async () => {
  const block = new PDataBlock(16_384, BLOCK_BYTES);
  const lengths = [100, 0, 20_001];
  for (const length of lengths) {
    const writer = new MessageWriter(STORE, bufferSource(pattern(length)), CONTEXT);
    assert.equal(writer.isAtHand, true);
    assert.equal(await writer.fill(block), true);
  }
  const reader = new MessageReader({ isAccepted: (id) => id === CONTEXT });
  const parts = parsePData(block.pdus).flatMap((fragment) => [...reader.feed(fragment)]);
  assert.equal(parts.filter(({ type }) => type === 'command').length, 3);
  const bytes = parts.reduce((sum, part) => sum + (part.type === 'data' ? part.data.length : 0), 0);
  assert.equal(bytes, 100 + 0 + 20_002);
});

test('a block that once went out short is whole again in the next message', async () => {
  const block = new PDataBlock(4096, BLOCK_BYTES);
  for (const length of [1, 4091, 300 * KIB, 3, 90 * KIB, 5001]) {
    const { dataSet } = read(Buffer.concat(await write(4096, bufferSource(pattern(length)), block)));
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

test('a source that fails is what fill throws, in the first block or a later one', async () => {
  for (const turns of [0, 1, 3]) {
    const writer = new MessageWriter(STORE, failingSource(turns), CONTEXT);
    assert.equal(writer.isAtHand, false);
    for (let turn = 0; turn < turns; turn++) {
      const block = new PDataBlock(16_384, BLOCK_BYTES);
      assert.equal(await writer.fill(block), false);
    }
    await assert.rejects(async () => writer.fill(new PDataBlock(16_384, BLOCK_BYTES)), /disk gone/);
  }
});
