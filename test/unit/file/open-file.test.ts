/** Reading the beginning of files that are not what their size says. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { DataSetError, FileError } from '../../../src/base/errors.js';
import { encodeFileMeta } from '../../../src/file/file-meta.js';
import { inspectInstance } from '../../../src/file/instance-file.js';
import { type Readable, readHead } from '../../../src/file/open-file.js';

const META = encodeFileMeta({
  mediaStorageSopClassUid: '1.2.840.10008.5.1.4.1.1.2',
  mediaStorageSopInstanceUid: '1.2.3',
  transferSyntaxUid: '1.2.840.10008.1.2.1',
});

function fileOf(bytes: Buffer): Readable {
  return { read: (buffer, position) => bytes.copy(buffer, 0, Math.min(position, bytes.length)) };
}

test('a file that ends before its size is an error as soon as more of it is needed', async () => {
  for (const length of [0, 6, 100, META.length - 1])
    await assert.rejects(
      readHead(fileOf(META.subarray(0, length)), 4096),
      (error: unknown) =>
        error instanceof DataSetError && error.message === `only ${length} of its 4096 bytes are there`,
    );
});

test('what is needed of a file is read, however little was asked for first', async () => {
  const whole = Buffer.concat([META, Buffer.alloc(100)]);
  const { bytes, head } = await readHead(fileOf(whole), whole.length, 10);
  assert.equal(head.dataSetOffset, META.length);
  assert.ok(bytes.length >= META.length);
});

const kernels = '/sys/class/net/lo/mtu';
test('a file of the kernel is an error of its own, though its size is no more than a promise', {
  skip: !existsSync(kernels) && 'skipped: this system has no /sys',
}, async () => {
  await assert.rejects(inspectInstance(kernels), (error: unknown) => error instanceof FileError);
});
