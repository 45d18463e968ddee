import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { uint16BE, uint16LE, uint16LEText, uint32BE, uint32LE, uint32LEText } from '../../../src/base/bytes.js';

const bytesAndPlace = fc
  .uint8Array({ minLength: 4, maxLength: 40 })
  .chain((bytes) => fc.tuple(fc.constant(Buffer.from(bytes)), fc.nat(bytes.length - 4)));

test('numbers are read as Buffer reads them', () => {
  fc.assert(
    fc.property(bytesAndPlace, ([bytes, at]) => {
      assert.equal(uint16LE(bytes, at), bytes.readUInt16LE(at));
      assert.equal(uint16BE(bytes, at), bytes.readUInt16BE(at));
      assert.equal(uint32LE(bytes, at), bytes.readUInt32LE(at));
      assert.equal(uint32BE(bytes, at), bytes.readUInt32BE(at));
    }),
  );
});

test('numbers become the text of the bytes that Buffer writes', () => {
  fc.assert(
    fc.property(fc.nat(0xffff), fc.nat(0xffffffff), (small, large) => {
      const written = Buffer.alloc(6);
      written.writeUInt16LE(small, 0);
      written.writeUInt32LE(large, 2);
      assert.equal(uint16LEText(small) + uint32LEText(large), written.toString('latin1'));
    }),
  );
});
