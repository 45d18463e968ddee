/** RLE against an encoder of the test's own, and frames that are none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DataSetError } from '../../../src/base/errors.js';
import type { Image } from '../../../src/codecs/image.js';
import { beginsRle, decodeRle } from '../../../src/codecs/rle.js';
import { encodeRle } from '../../support/codecs-rle.js';
import { hex } from '../../support/pdu-hex.js';

function imageOf(pixels: number, samplesPerPixel: number, sampleBytes: number): Image {
  return {
    rows: 1,
    columns: pixels,
    samplesPerPixel,
    photometricInterpretation: 'RGB',
    isByPlane: false,
    isSigned: false,
    numberOfFrames: 1,
    decompressed: {
      photometricInterpretation: 'RGB',
      bitsAllocated: sampleBytes * 8,
      bytesPerFrame: pixels * samplesPerPixel * sampleBytes,
    },
  };
}

/** A header for segments of the bytes given. */
function rle(...segments: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(64);
  header.writeUInt32LE(segments.length);
  let start = 64;
  for (const [index, segment] of segments.entries()) {
    header.writeUInt32LE(start, 4 + index * 4);
    start += segment.length;
  }
  return Buffer.concat([header, ...segments]);
}

test('law: what was encoded comes back, of any sample size and number of samples', () => {
  const bytes = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constant(0), fc.constant(0xff));
  const runs = fc.array(fc.tuple(bytes, fc.integer({ min: 1, max: 300 })), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(runs, fc.constantFrom(1, 3), fc.constantFrom(1, 2, 4), (drawn, samples, sampleBytes) => {
      const all = Buffer.concat(drawn.map(([value, length]) => Buffer.alloc(length, value)));
      const pixelBytes = samples * sampleBytes;
      const pixels = Math.ceil(all.length / pixelBytes);
      const frame = Buffer.concat([all, Buffer.alloc(pixels * pixelBytes - all.length, 7)]);
      assert.ok(decodeRle(encodeRle(frame, samples, sampleBytes), imageOf(pixels, samples, sampleBytes)).equals(frame));
    }),
    { numRuns: 300 },
  );
});

const DECODED: readonly (readonly [string, Buffer, number, number, Buffer])[] = [
  ['literal, run, and a control byte that does nothing', rle(hex`01 aabb 80 fe cc 00`), 5, 1, hex`aabb cccccc`],
  ['the most significant bytes come first', rle(hex`01 0102`, hex`01 a1a2`), 2, 2, hex`a101 a202`],
  ['what is behind the last pixel is padding', rle(hex`00 aa 00`), 1, 1, hex`aa`],
  ['a literal over the end is padding there', rle(hex`03 aabbcc00`), 3, 1, hex`aabbcc`],
  ['a run over the end is padding there', rle(hex`00 aa fc bb`), 3, 1, hex`aabbbb`],
  ['a run over the end of a plane stays in it', rle(hex`fc 01`, hex`fc a1`), 2, 2, hex`a101 a101`],
];

for (const [what, frame, pixels, sampleBytes, expected] of DECODED)
  test(what, () => {
    assert.equal(decodeRle(frame, imageOf(pixels, 1, sampleBytes)).toString('hex'), expected.toString('hex'));
  });

/** Nine pixels in a row. */
const BITS: Image = {
  ...imageOf(9, 1, 1),
  decompressed: { photometricInterpretation: 'MONOCHROME2', bitsAllocated: 1, bytesPerFrame: 2 },
};

test('a single bit has a byte in its segment (PS3.5 G.2), and is packed', () => {
  assert.deepEqual(decodeRle(rle(hex`01 0001 fb 00 00 01`), BITS), hex`02 01`);
});

test('single bits that are packed in their segment are refused', () => {
  assert.throws(() => decodeRle(rle(hex`01 0201`), BITS), /ends before its last pixel/);
});

const FAULTS: readonly (readonly [string, Buffer, RegExp])[] = [
  ['no header', hex`0100 0000`, /without a header/],
  ['no segments', Buffer.alloc(64), /with 0 segments/],
  ['too many segments', rle(hex`00 aa`, hex`00 aa`), /2 segments instead of 1/],
  ['a segment that begins in the header', Buffer.concat([hex`01000000 10000000`, Buffer.alloc(58)]), /from byte 16/],
  ['a segment that begins after the end', Buffer.concat([hex`01000000 ff000000`, Buffer.alloc(58)]), /from byte 255/],
  ['a segment that ends early', rle(hex`01 aabb`), /ends before its last pixel/],
  ['a literal that is cut', rle(hex`03 aabb`), /ends within a run/],
  ['a run without its byte', rle(hex`fd`), /ends within a run/],
  ['a literal over the end that is cut', rle(hex`04 01020304`), /ends within a run/],
];

for (const [what, frame, message] of FAULTS)
  test(`${what} is refused`, () => {
    assert.throws(
      () => decodeRle(frame, imageOf(4, 1, 1)),
      (error) => error instanceof DataSetError && message.test(error.message),
    );
  });

test('an RLE frame is told by its header', () => {
  const one = rle(Buffer.alloc(2));
  const most = rle(...Array.from({ length: 15 }, () => Buffer.alloc(2)));
  for (const frame of [one, most, one.subarray(0, 64)]) assert.ok(beginsRle(frame));
  const changed = (at: number, value: number) => {
    const frame = Buffer.from(most);
    frame.writeUInt32LE(value, at);
    return frame;
  };
  const others = [changed(0, 0), changed(0, 16), changed(0, 14), changed(4, 66), changed(12, 66), one.subarray(0, 63)];
  for (const bytes of others) assert.equal(beginsRle(bytes), false);
});
