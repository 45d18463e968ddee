import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteReader, ByteWriter } from '../../../src/base/cursor.js';

test('what a writer writes a reader reads', () => {
  fc.assert(
    fc.property(
      fc.nat(0xff),
      fc.nat(0xffff),
      fc.nat(0xffffffff),
      fc.uint8Array({ maxLength: 2000 }),
      fc.string({ unit: fc.nat(0xff).map((code) => String.fromCharCode(code)), maxLength: 1000 }),
      (small, middle, large, bytes, text) => {
        const written = new ByteWriter()
          .uint8(small)
          .uint16BE(middle)
          .uint32BE(large)
          .bytes(bytes)
          .text(text)
          .zeros(3)
          .finish();
        const reader = new ByteReader(written);
        assert.equal(reader.uint8(), small);
        assert.equal(reader.uint16BE(), middle);
        assert.equal(reader.uint32BE(), large);
        assert.deepEqual([...reader.bytes(bytes.length)], [...bytes]);
        assert.equal(reader.text(text.length), text);
        assert.deepEqual([...reader.bytes(3)], [0, 0, 0]);
        assert.equal(reader.remaining, 0);
      },
    ),
  );
});

test('counts are of the bytes they stand before, nested or not', () => {
  const writer = new ByteWriter();
  writer.counted16BE(() => {
    writer.uint8(1);
    writer.counted32BE(() => writer.zeros(700));
  });
  const reader = new ByteReader(writer.finish());
  assert.equal(reader.uint16BE(), 1 + 4 + 700);
  assert.equal(reader.uint8(), 1);
  assert.equal(reader.section(4 + 700).uint32BE(), 700);
});

test('reading past the end is the peer’s fault and names the place in the whole', () => {
  const reader = new ByteReader(Buffer.alloc(10), 100);
  reader.skip(8);
  assert.throws(() => reader.uint32BE(), { code: 'PROTOCOL', offset: 108, reason: 'invalid-pdu-parameter-value' });
  assert.throws(() => reader.section(3), { offset: 108 });
});
