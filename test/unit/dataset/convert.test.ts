/** Whole data sets converted as streams, deflation included. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { DataSetError, UsageError } from '../../../src/base/errors.js';
import { convertedChunks, transcodedSource } from '../../../src/dataset/convert.js';
import type { TransferSyntax } from '../../../src/dataset/transfer-syntax.js';
import {
  EXPLICIT_VR_BIG_ENDIAN as BE,
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN as DEFLATED,
  IMPLICIT_VR_LITTLE_ENDIAN as IMPLICIT,
  EXPLICIT_VR_LITTLE_ENDIAN as LE,
  transferSyntax,
} from '../../../src/dataset/transfer-syntax.js';
import { patterned } from '../../support/data-set-arbitrary.js';
import { cut } from '../../support/data-set-tokens.js';
import { hex } from '../../support/pdu-hex.js';

const JPEG = transferSyntax('1.2.840.10008.1.2.4.50') ?? LE;
const PIXELS = patterned(100_000);
const BYTES: readonly (readonly [TransferSyntax, Buffer])[] = [
  [IMPLICIT, hex`1000 1000 04000000 ${'A^B '} e07f 1000 a0860100 ${PIXELS}`],
  [LE, hex`1000 1000 504e 0400 ${'A^B '} e07f 1000 4f57 0000 a0860100 ${PIXELS}`],
  [BE, hex`0010 0010 504e 0004 ${'A^B '} 7fe0 0010 4f57 0000 000186a0 ${Buffer.from(PIXELS).swap16()}`],
];

async function* chunked(bytes: Buffer): AsyncGenerator<Buffer, void, void> {
  yield* cut(bytes, [4097]);
}

async function gather(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(Buffer.from(chunk));
  return Buffer.concat(all);
}

for (const [from, input] of BYTES) {
  for (const [to, output] of BYTES)
    test(`${from.name} becomes ${to.name}`, async () => {
      assert.ok((await gather(convertedChunks(chunked(input), from, to))).equals(output));
    });

  test(`${from.name} becomes deflated and comes back`, async () => {
    const bytes = await gather(convertedChunks(chunked(input), from, DEFLATED));
    assert.equal(bytes.length % 2, 0);
    assert.ok(inflateRawSync(bytes).equals(BYTES[1]?.[1] ?? input));
    assert.ok((await gather(convertedChunks(chunked(bytes), DEFLATED, from))).equals(input));
  });
}

test('a deflated data set is cleaned up inside', async () => {
  const bytes = deflateRawSync(hex`1000 1000 504e 0300 ${'A^B'}`);
  const output = await gather(convertedChunks(chunked(bytes), DEFLATED, DEFLATED));
  assert.deepEqual(inflateRawSync(output), hex`1000 1000 504e 0400 ${'A^B '}`);
});

test('a source of a converted data set fills bodies to its end', async () => {
  const [from, input] = BYTES[0] ?? [IMPLICIT, PIXELS];
  const source = transcodedSource(chunked(input), from, BE);
  const bodies = [Buffer.alloc(60_000), Buffer.alloc(60_000)];
  const { bytes, isLast } = await source.readInto(bodies);
  assert.ok(isLast);
  assert.ok(
    Buffer.concat(bodies)
      .subarray(0, bytes)
      .equals(BYTES[2]?.[1] ?? input),
  );
  await source.close();
});

test('closing a converted source closes what it reads from', async () => {
  let isClosed = false;
  async function* endless(): AsyncGenerator<Buffer, void, void> {
    try {
      yield hex`e07f 1000 4f57 0000 feffffff`;
      for (;;) yield PIXELS;
    } finally {
      isClosed = true;
    }
  }
  const source = transcodedSource(endless(), LE, DEFLATED);
  await source.readInto([Buffer.alloc(16)]);
  await source.close();
  assert.ok(isClosed);
});

test('what cannot be converted is refused at once, what is no data set on the way', async () => {
  assert.throws(() => convertedChunks(chunked(PIXELS), JPEG, LE), UsageError);
  await assert.rejects(gather(convertedChunks(chunked(hex`1000 10`), LE, BE)), DataSetError);
  await assert.rejects(gather(convertedChunks(chunked(hex`ffff`), DEFLATED, BE)), DataSetError);
});
