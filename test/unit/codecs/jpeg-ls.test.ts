/** JPEG-LS: the standard's example, what another encoder makes, scans in every order, and what cannot be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DataSetError } from '../../../src/base/errors.js';
import { readJpegHeader } from '../../../src/codecs/jpeg-header.js';
import { decodeJpegLsCodestream } from '../../../src/codecs/jpeg-ls.js';
import { framesOf, pixelsOf, type TestImage, testImage } from '../../support/codecs-images.js';
import { decodeJpegLsByPackage, encodeFrame } from '../../support/codecs-package.js';
import { hex } from '../../support/pdu-hex.js';

function decode(codestream: Buffer): Buffer {
  return decodeJpegLsCodestream(codestream, readJpegHeader(codestream));
}

// ISO 14495-1 H.3.
const SOF = hex`fff7 000b 08 0004 0004 01 01 11 00`;
const SOS = hex`ffda 0008 01 01 00 00 00 00`;
const CODED = hex`c000006c 80208e01 c0000057 4000006e e6000001 bc180000 05d80000 9160`;
const EXAMPLE = hex`ffd8 ${SOF} ${SOS} ${CODED} ffd9`;
const EXAMPLE_PIXELS = [0, 0, 90, 74, 68, 50, 43, 205, 64, 145, 145, 145, 100, 145, 145, 145];

test("the standard's example", () => {
  assert.deepEqual([...decode(EXAMPLE)], EXAMPLE_PIXELS);
});

test('parameters that are the defaults change nothing, others make it another codestream', () => {
  const preset = (maximum: number, t3: number): Buffer => {
    const segment = hex`fff8 000d 01 0000 0003 0000 0000 0040`;
    segment.writeUInt16BE(maximum, 5);
    segment.writeUInt16BE(t3, 11);
    return hex`ffd8 ${SOF} ${segment} ${SOS} ${CODED} ffd9`;
  };
  for (const same of [preset(0, 0), preset(255, 21)]) assert.deepEqual([...decode(same)], EXAMPLE_PIXELS);
  assert.throws(() => decode(preset(255, 50)), /ends before its last pixel/);
});

test('padding and the end of the image may be missing, pixels may not', () => {
  assert.deepEqual([...decode(EXAMPLE.subarray(0, -2))], EXAMPLE_PIXELS);
  assert.deepEqual([...decode(hex`${EXAMPLE} 00`)], EXAMPLE_PIXELS);
  for (let length = 0; length < EXAMPLE.length - 3; length++)
    assert.throws(() => decode(EXAMPLE.subarray(0, length)), DataSetError);
});

const image = fc.record({
  rows: fc.integer({ min: 1, max: 20 }),
  columns: fc.integer({ min: 1, max: 20 }),
  samples: fc.constantFrom(1, 3),
  stored: fc.integer({ min: 2, max: 16 }),
});

/** Levels, so that there are runs, and noise on some of the pixels. */
function patches({ rows, columns, samples, stored }: Pick<TestImage, 'rows' | 'columns' | 'samples' | 'stored'>) {
  const count = rows * columns * samples;
  const value = fc.integer({ min: 0, max: 2 ** stored - 1 });
  return fc.array(fc.record({ value, length: fc.integer({ min: 1, max: 60 }) }), { minLength: 1 }).map((levels) => {
    const pixels = levels.flatMap((level) => Array.from({ length: level.length }, () => level.value));
    const all = Array.from({ length: count }, (_, index) => pixels[index % pixels.length] ?? 0);
    return Buffer.from((stored <= 8 ? Uint8Array.from(all) : Uint16Array.from(all)).buffer);
  });
}

test('law: what another encoder makes, lossless or near it, is decoded as by its own decoder', async () => {
  const drawn = image.chain((shape) => fc.record({ shape: fc.constant(shape), pixels: patches(shape) }));
  await fc.assert(
    fc.asyncProperty(drawn, fc.integer({ min: 0, max: 4 }), async ({ shape, pixels }, near) => {
      const allocated = shape.stored <= 8 ? 8 : 16;
      const options = { lossy: near > 0, allowedLossyError: Math.min(near, 2 ** (shape.stored - 1) - 1) };
      const codestream = await encodeFrame('encodeJpegLs', pixels, testImage({ ...shape, allocated }), options);
      const ours = decode(codestream);
      if (!options.lossy) assert.deepEqual(ours, pixels);
      assert.deepEqual(ours, await decodeJpegLsByPackage(codestream, testImage({ ...shape, allocated })));
    }),
    { numRuns: 150 },
  );
});

const COLOUR = testImage({ samples: 3, allocated: 8, stored: 8 });

/** A codestream of three scans, made of the scans of three images (C.2.3). */
async function scanForEachComponent(order: readonly number[]): Promise<Buffer> {
  const [frame = Buffer.alloc(0)] = framesOf(COLOUR);
  const scans: Buffer[] = [];
  for (const sample of order) {
    const plane = Buffer.from(frame.filter((_: number, index: number) => index % 3 === sample));
    const codestream = await encodeFrame('encodeJpegLs', plane, testImage({ allocated: 8, stored: 8 }));
    const from = codestream.indexOf(Buffer.of(0xff, 0xda));
    const scan = Buffer.from(codestream.subarray(from, codestream.lastIndexOf(Buffer.of(0xff, 0xd9))));
    scan[5] = sample + 1;
    scans.push(scan);
  }
  return Buffer.concat([hex`ffd8 fff7 0011 08 0013 0017 03 01 11 00 02 11 00 03 11 00`, ...scans, hex`ffd9`]);
}

test('a scan for each component, in any order, is put together to pixels', async () => {
  for (const order of [
    [0, 1, 2],
    [2, 0, 1],
  ])
    assert.ok(decode(await scanForEachComponent(order)).equals(pixelsOf(COLOUR)));
});

test('a component that is missing or there twice is refused', async () => {
  const whole = await scanForEachComponent([0, 1, 2]);
  const last = whole.lastIndexOf(Buffer.of(0xff, 0xda));
  assert.throws(() => decode(Buffer.concat([whole.subarray(0, last), hex`ffd9`])), /before its last scan/);
  const twice = Buffer.from(whole);
  twice[last + 5] = 1;
  assert.throws(() => decode(twice), /two scans of one component/);
});

const FAULTS: readonly (readonly [string, Buffer, RegExp])[] = [
  ['restart intervals', hex`ffd8 ${SOF} ffdd 0004 0001 ${SOS} ${CODED} ffd9`, /restart/],
  ['a mapping table', hex`ffd8 ${SOF} fff8 0007 02 01 01 0001 ${SOS} ${CODED} ffd9`, /mapping table/],
  ['the use of one', hex`ffd8 ${SOF} ffda 0008 01 01 01 00 00 00 ${CODED} ffd9`, /mapping table/],
  ['a colour transform', hex`ffd8 ffe8 0007 ${'mrfx'} 01 ${SOF} ${SOS} ${CODED} ffd9`, /colour transform/],
  ['a point transform', hex`ffd8 ${SOF} ffda 0008 01 01 00 00 00 01 ${CODED} ffd9`, /point transform/],
  ['an order for one component', hex`ffd8 ${SOF} ffda 0008 01 01 00 00 02 00 ${CODED} ffd9`, /in order 2/],
  ['another component', hex`ffd8 ${SOF} ffda 0008 01 02 00 00 00 00 ${CODED} ffd9`, /not there/],
  ['a larger difference than there is', hex`ffd8 ${SOF} ffda 0008 01 01 00 80 00 00 ${CODED} ffd9`, /parameters/],
  ['thresholds out of order', hex`ffd8 ${SOF} fff8 000d 01 00ff 0009 0007 0015 0040 ${SOS} ${CODED}`, /parameters/],
  ['a maximum of more bits', hex`ffd8 ${SOF} fff8 000d 01 01ff 0000 0000 0000 0000 ${SOS} ${CODED}`, /parameters/],
  ['parameters that are cut', hex`ffd8 ${SOF} fff8 0005 01 00ff ${SOS} ${CODED} ffd9`, /cut short/],
  ['a scan header that is cut', hex`ffd8 ${SOF} ffda 0005 01 01 00 ${CODED} ffd9`, /cut short/],
  [
    'components that differ in size',
    hex`ffd8 fff7 000b 08 0004 0004 01 01 12 00 ${SOS} ${CODED} ffd9`,
    /differ in size/,
  ],
  ['a code of zeros only', hex`ffd8 ${SOF} ${SOS} 00 0000 0000 0000 0000 ffd9`, /too long/],
  ['a run over the end of its line', hex`ffd8 ${SOF} ffda 0008 01 01 00 00 00 00 f7ff 7f ffd9`, /damaged|ends/],
];

for (const [what, codestream, message] of FAULTS)
  test(`${what}: refused`, () => {
    assert.throws(
      () => decode(codestream),
      (error) => error instanceof DataSetError && message.test(error.message),
    );
  });
