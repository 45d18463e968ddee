/** A data set is measured as it goes out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bufferSource, chunkSource } from '../../../src/dataset/source.js';
import { MessageWriter } from '../../../src/dimse/message-writer.js';
import { PRIORITY } from '../../../src/dimse/messages.js';
import { BLOCK_BYTES, PDataBlock } from '../../../src/pdu/p-data-block.js';
import { MeasuredSource } from '../../../src/services/measured-source.js';

async function* only(bytes: Buffer): AsyncGenerator<Buffer, void, void> {
  yield bytes;
}

for (const length of [0, 1, 2, 3, 4095, 4096, 1_000_001])
  test(`of ${length} bytes in memory or in chunks, as many are told as are framed`, async () => {
    for (const source of [bufferSource(Buffer.alloc(length)), chunkSource(only(Buffer.alloc(length)))]) {
      const told: number[] = [];
      const measured = new MeasuredSource(source, (bytes) => told.push(bytes));
      const request = {
        type: 'C-STORE-RQ',
        affectedSopClassUid: '1.2.840.10008.5.1.4.1.1.2',
        messageId: 1,
        priority: PRIORITY.medium,
        affectedSopInstanceUid: '1.2.3.4.5.6',
      } as const;
      const writer = new MessageWriter(request, measured, 1);
      const block = new PDataBlock(4096, BLOCK_BYTES);
      while (!(await writer.fill(block))) block.truncate(0);
      assert.equal(measured.bytes, length + (length % 2));
      assert.equal(measured.bytes, writer.dataSetBytes);
      assert.equal(told.at(-1), measured.bytes);
    }
  });
