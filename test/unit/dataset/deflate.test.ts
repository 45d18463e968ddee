/** PS3.5 A.5: deflated data sets as streams, whole, cut, padded and broken. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { DataSetError } from '../../../src/base/errors.js';
import { deflated, inflated, inflation } from '../../../src/dataset/deflate.js';
import { patterned } from '../../support/data-set-arbitrary.js';
import { cut } from '../../support/data-set-tokens.js';

const PLAIN = patterned(300_000);
const DEFLATED = deflateRawSync(PLAIN);

async function* chunked(bytes: Buffer, size = bytes.length): AsyncGenerator<Buffer, void, void> {
  yield* cut(bytes, [size]);
}

async function gather(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

for (const size of [1, 7, 1000, DEFLATED.length])
  test(`a deflated data set in chunks of ${size} bytes is inflated`, async () => {
    assert.ok((await gather(inflated(chunked(DEFLATED, size)))).equals(PLAIN));
  });

for (const [what, chunks] of [
  ['in the last chunk', [Buffer.concat([DEFLATED, Buffer.of(0)])]],
  ['in a chunk of its own', [DEFLATED, Buffer.of(0)]],
  ['and more, in many chunks', [DEFLATED, Buffer.of(0), Buffer.of(0), patterned(100_000)]],
] as const)
  test(`padding behind the deflate stream is not read: ${what}`, async () => {
    async function* source(): AsyncGenerator<Buffer> {
      yield* chunks;
    }
    assert.ok((await gather(inflated(source()))).equals(PLAIN));
  });

for (const plain of [Buffer.alloc(0), Buffer.of(1), patterned(5), patterned(1001), PLAIN])
  test(`${plain.length} bytes are deflated to an even number and back`, async () => {
    const bytes = await gather(deflated(chunked(plain, 997)));
    assert.equal(bytes.length % 2, 0);
    assert.ok(inflateRawSync(bytes).equals(plain));
    assert.ok((await gather(inflated(chunked(bytes)))).equals(plain));
  });

for (const [what, bytes] of [
  ['a deflate stream that is cut', DEFLATED.subarray(0, -10)],
  ['nothing', Buffer.alloc(0)],
  ['what is no deflate stream', Buffer.alloc(100, 0xff)],
  ['a broken deflate stream', Buffer.concat([DEFLATED.subarray(0, 50), Buffer.alloc(500, 0xff)])],
] as const)
  test(`${what} is refused`, async () => {
    await assert.rejects(gather(inflated(chunked(bytes, 64))), DataSetError);
  });

test('an error of whoever brings the chunks comes through as it is', async () => {
  const failure = new RangeError('disk gone');
  async function* source(): AsyncGenerator<Buffer> {
    yield DEFLATED.subarray(0, 100);
    throw failure;
  }
  await assert.rejects(gather(inflated(source())), failure);
  await assert.rejects(gather(deflated(source())), failure);
});

test('leaving the loop early closes the chunks', async () => {
  let isClosed = false;
  async function* endless(): AsyncGenerator<Buffer> {
    try {
      for (;;) yield patterned(100_000);
    } finally {
      isClosed = true;
    }
  }
  for await (const chunk of deflated(endless())) {
    assert.ok(chunk.length > 0);
    break;
  }
  assert.ok(isClosed);
});

test('only as much is read as the output asks for', async () => {
  let chunksRead = 0;
  async function* source(): AsyncGenerator<Buffer> {
    for (const chunk of cut(deflateRawSync(Buffer.alloc(50_000_000)), [1000])) {
      chunksRead++;
      yield chunk;
    }
  }
  for await (const chunk of inflated(source())) {
    assert.ok(chunk.length > 0);
    break;
  }
  assert.equal(chunksRead, 1);
});

test('pieces that are handed in give the same, and end where the deflate stream does', async () => {
  for (const [size, behind] of [
    [1000, Buffer.alloc(0)],
    [1000, Buffer.of(0)],
    [DEFLATED.length, Buffer.of(0)],
    [DEFLATED.length, patterned(5000)],
  ] as const) {
    const pull = inflation();
    const output: Buffer[] = [];
    for (const piece of [...cut(DEFLATED, [size]), behind])
      for await (const chunk of pull.write(piece)) output.push(chunk);
    for await (const chunk of pull.end()) output.push(chunk);
    assert.ok(pull.hasEnded);
    for await (const chunk of pull.write(Buffer.alloc(10))) assert.fail(`${chunk.length} bytes behind the end`);
    for await (const chunk of pull.end()) assert.fail(`${chunk.length} bytes behind the end`);
    assert.ok(Buffer.concat(output).equals(PLAIN));
    pull.close();
  }
});

test('pieces that stop too early are refused at the end', async () => {
  const pull = inflation();
  for await (const chunk of pull.write(DEFLATED.subarray(0, -10))) assert.ok(chunk.length > 0);
  assert.equal(pull.hasEnded, false);
  await assert.rejects(pull.end().next(), DataSetError);
  pull.close();
});
