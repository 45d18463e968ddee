/** Whole data sets with frames that need no package: attributes, offset tables, every target, memory, what is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { DataSetError, UsageError } from '../../../src/base/errors.js';
import { canDecompress } from '../../../src/codecs/compression.js';
import { decompressedChunks } from '../../../src/codecs/decompress.js';
import { packedBits } from '../../../src/codecs/samples.js';
import {
  EXPLICIT_VR_BIG_ENDIAN as BE,
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN as DEFLATED,
  IMPLICIT_VR_LITTLE_ENDIAN as IMPLICIT,
  EXPLICIT_VR_LITTLE_ENDIAN as LE,
  type TransferSyntax,
} from '../../../src/dataset/transfer-syntax.js';
import {
  attributeOf,
  decompressedDataSet,
  fragments,
  framesOf,
  gathered,
  imageDataSet,
  pixelData,
  pixelsOf,
  syntaxOf,
  testImage,
} from '../../support/codecs-images.js';
import { encodeRle } from '../../support/codecs-rle.js';
import { type DataElement, type DataSet, encodeDataSet } from '../../support/data-set.js';

const RLE = syntaxOf('1.2.840.10008.1.2.5');
const UNCOMPRESSED = syntaxOf('1.2.840.10008.1.2.1.98');
const DEFLATED_FRAMES = syntaxOf('1.2.840.10008.1.2.8.1');
const MPEG = syntaxOf('1.2.840.10008.1.2.4.102');
const TARGETS = [IMPLICIT, LE, BE, DEFLATED];

const COLOUR = testImage({ samples: 3, allocated: 8, stored: 8, frames: 3, rows: 7, columns: 9 });
const WIDE = testImage({ allocated: 16, stored: 16, isSigned: true, frames: 2 });

function rleDataSet(image = COLOUR, others: readonly DataElement[] = []): DataSet {
  const frames = framesOf(image).map((frame) => encodeRle(frame, image.samples, image.allocated / 8));
  return imageDataSet(image, fragments(frames), others);
}

function byPlane(frame: Buffer): Buffer {
  const planes = [0, 1, 2].map((sample) => frame.filter((_: number, index: number) => index % 3 === sample));
  return Buffer.concat(planes);
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer, void, void> {
  yield bytes;
}

for (const to of TARGETS)
  test(`RLE to ${to.name}, 8 bits in colour and 16 bits`, async () => {
    for (const image of [COLOUR, WIDE]) {
      const bytes = await gathered(decompressedChunks(once(encodeDataSet(rleDataSet(image), RLE)), RLE, to));
      const native = imageDataSet(image, { tag: 0x7fe00010, vr: 'OW', value: pixelsOf(image) });
      // The UIDs of the sample are new each time; what is compared is the pixel data at the end, words turned round.
      const end = encodeDataSet(
        native.filter(({ tag }) => tag === 0x7fe00010),
        to,
      );
      if (!to.deflated) assert.ok(bytes.subarray(-end.length).equals(end));
      assert.equal(bytes.length % 2, 0);
    }
  });

test('it is the same however the bytes are cut, and in every target', async () => {
  for (const to of TARGETS.filter(({ deflated }) => !deflated))
    for (const sizes of [[1], [7, 300, 2], [100_000]])
      assert.ok(pixelData(await decompressedDataSet(rleDataSet(WIDE), RLE, to, sizes)).equals(pixelsOf(WIDE)));
});

test('an odd total gets a NUL', async () => {
  const odd = testImage({ rows: 3, columns: 3, allocated: 8, stored: 8, frames: 3 });
  const pixels = pixelData(await decompressedDataSet(rleDataSet(odd), RLE));
  assert.deepEqual(pixels, Buffer.concat([pixelsOf(odd), Buffer.of(0)]));
});

test('a frame of odd length may have a NUL behind it, deflated or not', async () => {
  const odd = testImage({ rows: 3, columns: 3, allocated: 8, stored: 8, frames: 2 });
  const padded = framesOf(odd).map((frame) => Buffer.concat([frame, Buffer.of(0)]));
  assert.deepEqual(
    pixelData(await decompressedDataSet(imageDataSet(odd, fragments(padded)), UNCOMPRESSED)),
    pixelsOf(odd),
  );
  const deflated = framesOf(odd).map((frame) => Buffer.concat([deflateRawSync(frame), Buffer.of(0)]));
  assert.deepEqual(
    pixelData(await decompressedDataSet(imageDataSet(odd, fragments(deflated)), DEFLATED_FRAMES)),
    pixelsOf(odd),
  );
});

test('planes become pixels, and Planar Configuration says so', async () => {
  const planar: DataElement = { tag: 0x00280006, vr: 'US', value: [1] };
  const dataSet = imageDataSet(COLOUR, fragments(framesOf(COLOUR).map(byPlane)), [planar]);
  const output = await decompressedDataSet(dataSet, UNCOMPRESSED);
  assert.equal(attributeOf(output, 0x00280006), 0);
  assert.ok(pixelData(output).subarray(0, -1).equals(pixelsOf(COLOUR)));
  const deflated = imageDataSet(COLOUR, fragments(framesOf(COLOUR).map((frame) => deflateRawSync(byPlane(frame)))), [
    planar,
  ]);
  assert.ok(pixelData(await decompressedDataSet(deflated, DEFLATED_FRAMES)).equals(pixelData(output)));
  // RLE is by plane within, whatever the attribute says.
  assert.ok(pixelData(await decompressedDataSet(rleDataSet(COLOUR, [planar]), RLE)).equals(pixelData(output)));
});

test('single bits of RLE may take eight times as much as decompressed', async () => {
  const image = testImage({ rows: 1024, columns: 2048, allocated: 8, stored: 1 });
  const samples = Buffer.from(pixelsOf(image).map((_, index) => ((index >> 3) ^ (index * 5)) & 1));
  const frame = encodeRle(samples, 1, 1);
  assert.ok(frame.length > samples.length);
  const dataSet = imageDataSet(image, fragments([frame]), [{ tag: 0x00280100, vr: 'US', value: [1] }]);
  assert.ok(pixelData(await decompressedDataSet(dataSet, RLE)).equals(packedBits(samples)));
});

test('single bits come out as they went in', async () => {
  const bits = testImage({ rows: 4, columns: 6, allocated: 8, stored: 8, frames: 2 });
  const frames = [Buffer.of(1, 2, 3), Buffer.of(4, 5, 6)];
  const dataSet = imageDataSet(bits, fragments(frames.map((frame) => deflateRawSync(frame))), [
    { tag: 0x00280100, vr: 'US', value: [1] },
  ]);
  assert.deepEqual(pixelData(await decompressedDataSet(dataSet, DEFLATED_FRAMES)), Buffer.concat(frames));
});

test('everything else stays: sequences with native icons, lossy attributes, what comes after the pixels', async () => {
  const others: readonly DataElement[] = [
    { tag: 0x00282110, vr: 'CS', value: ['01'] },
    { tag: 0x00282114, vr: 'CS', value: ['ISO_10918_1'] },
    {
      tag: 0x00880200,
      vr: 'SQ',
      items: [
        [
          { tag: 0x00280004, vr: 'CS', value: ['YBR_RCT'] },
          { tag: 0x00280006, vr: 'US', value: [1] },
          { tag: 0x7fe00010, vr: 'OB', value: Buffer.from('icon') },
        ],
      ],
    },
    { tag: 0x7fe10010, vr: 'LO', value: ['BEHIND'] },
  ];
  const input = rleDataSet(COLOUR, others);
  const output = await decompressedDataSet(input, RLE);
  const without = (dataSet: DataSet): DataSet => dataSet.filter(({ tag }) => tag !== 0x7fe00010);
  assert.deepEqual(without(output), without(input));
});

const LOSSY = 0x00282110;

test('Lossy Image Compression stays as it is where the transfer syntax does not tell', async () => {
  for (const value of ['00', '01'])
    assert.equal(
      attributeOf(await decompressedDataSet(rleDataSet(COLOUR, [{ tag: LOSSY, vr: 'CS', value: [value] }]), RLE), LOSSY)
        ?.toString()
        .trim(),
      value,
    );
  assert.equal(attributeOf(await decompressedDataSet(rleDataSet(), RLE), LOSSY), undefined);
});

test('extended offset tables are dropped, and mean a fragment for each frame', async () => {
  const image = testImage({ allocated: 8, stored: 8, frames: 2 });
  const offsets = Buffer.alloc(16);
  const table: readonly DataElement[] = [
    { tag: 0x7fe00001, vr: 'OV', value: [0n, 8n] },
    { tag: 0x7fe00002, vr: 'OV', value: [9n, 9n] },
    { tag: 0x7fe00003, vr: 'UV', value: [99n] },
  ].map(({ tag, vr }) => ({ tag, vr: vr === 'OV' ? 'OB' : 'OW', value: offsets }));
  const output = await decompressedDataSet(imageDataSet(image, fragments(framesOf(image)), table), UNCOMPRESSED);
  assert.deepEqual(
    output.filter(({ tag }) => tag >>> 16 === 0x7fe0).map(({ tag }) => tag),
    [0x7fe00010],
  );
});

test('Bits Allocated of 12 becomes 16', async () => {
  const dataSet = rleDataSet(testImage(), [{ tag: 0x00280100, vr: 'US', value: [12] }]);
  assert.equal(attributeOf(await decompressedDataSet(dataSet, RLE), 0x00280100), 16);
});

test('a data set without pixel data passes', async () => {
  const report: DataSet = [{ tag: 0x00080060, vr: 'CS', value: ['SR'] }];
  assert.deepEqual(await decompressedDataSet(report, RLE), report);
});

test('law: no more frames have come in than have come out, and two', async () => {
  const image = testImage({ allocated: 8, stored: 8, rows: 64, columns: 64, frames: 40 });
  const bytes = encodeDataSet(imageDataSet(image, fragments(framesOf(image))), UNCOMPRESSED);
  const frameBytes = 64 * 64;
  let fed = 0;
  async function* counted(): AsyncGenerator<Buffer, void, void> {
    for (let at = 0; at < bytes.length; at += 1000) {
      fed = at;
      yield bytes.subarray(at, at + 1000);
    }
  }
  let given = 0;
  let most = 0;
  for await (const chunk of decompressedChunks(counted(), UNCOMPRESSED, LE)) {
    most = Math.max(most, fed - given);
    given += chunk.length;
  }
  assert.ok(most < 2 * (frameBytes + 8) + 2000, `${most} bytes were held`);
});

test('law: frames come out one by one even if they all came in at once', async () => {
  const image = testImage({ allocated: 8, stored: 8, rows: 64, columns: 64, frames: 40 });
  const frames = framesOf(image).map((frame) => encodeRle(frame, 1, 1));
  const bytes = encodeDataSet(imageDataSet(image, fragments(frames)), RLE);
  const sizes: number[] = [];
  for await (const chunk of decompressedChunks(once(bytes), RLE, LE)) sizes.push(chunk.length);
  assert.equal(sizes.filter((size) => size === 64 * 64).length, 40);
});

test('closing early closes what the bytes come from', async () => {
  let isClosed = false;
  async function* source(): AsyncGenerator<Buffer, void, void> {
    try {
      yield encodeDataSet(rleDataSet(), RLE);
      yield Buffer.alloc(0);
    } finally {
      isClosed = true;
    }
  }
  for await (const chunk of decompressedChunks(source(), RLE, LE)) {
    assert.ok(chunk.length > 0);
    break;
  }
  assert.ok(isClosed);
});

const ONE = testImage({ rows: 2, columns: 2, allocated: 8, stored: 8 });
const FAULTS: readonly (readonly [string, DataSet, TransferSyntax, RegExp])[] = [
  [
    'pixel data that is native',
    imageDataSet(ONE, { tag: 0x7fe00010, vr: 'OW', value: pixelsOf(ONE) }),
    RLE,
    /native pixel data in a compressed/,
  ],
  [
    'a second frame that is broken',
    imageDataSet(
      testImage({ rows: 2, columns: 2, allocated: 8, stored: 8, frames: 2 }),
      fragments([encodeRle(pixelsOf(ONE), 1, 1), Buffer.alloc(4)]),
    ),
    RLE,
    /^frame 2 of 2 cannot be decompressed: RLE without a header in \(7FE0,0010\)$/,
  ],
  ['a frame too short', imageDataSet(ONE, fragments([Buffer.alloc(2)])), UNCOMPRESSED, /2 bytes instead of 4/],
  [
    'two deflated frames where there should be one',
    imageDataSet(ONE, fragments([deflateRawSync(pixelsOf(ONE)), deflateRawSync(pixelsOf(ONE))])),
    DEFLATED_FRAMES,
    /there is more behind its end/,
  ],
  ['no deflate stream', imageDataSet(ONE, fragments([Buffer.alloc(4, 0xff)])), DEFLATED_FRAMES, /does not inflate/],
  [
    'a frame that inflates to more',
    imageDataSet(ONE, fragments([deflateRawSync(Buffer.alloc(100_000))])),
    DEFLATED_FRAMES,
    /longer than a frame/,
  ],
  [
    'a frame far longer than its pixels',
    imageDataSet(ONE, fragments([Buffer.alloc(2_000_000)])),
    DEFLATED_FRAMES,
    /far more than it has decompressed/,
  ],
  [
    'an attribute too long to be one',
    rleDataSet(COLOUR, [{ tag: 0x00280010, vr: 'US', value: Array.from({ length: 33 }, () => 7) }]),
    RLE,
    /^no Rows for the compressed image in \(7FE0,0010\)$/,
  ],
  [
    'fragments that are not pixel data',
    rleDataSet(COLOUR, [{ tag: 0x00091010, vr: 'OB', fragments: [Buffer.alloc(0), Buffer.alloc(2)] }]),
    RLE,
    /encapsulated pixel data in Explicit/,
  ],
];

for (const [what, dataSet, from, message] of FAULTS)
  test(`${what}: refused`, async () => {
    await assert.rejects(
      decompressedDataSet(dataSet, from),
      (error) => error instanceof DataSetError && message.test(error.message) && !error.message.includes('\n'),
    );
  });

test('a first frame that fails does so before anything of the data set has come out', async () => {
  const broken = imageDataSet(ONE, fragments([Buffer.alloc(4)]));
  const chunks = decompressedChunks(once(encodeDataSet(broken, RLE)), RLE, LE)[Symbol.asyncIterator]();
  await assert.rejects(chunks.next(), DataSetError);
});

test('syntaxes without a way from one to the other are refused at once', () => {
  for (const from of [LE, BE, IMPLICIT, DEFLATED, MPEG]) {
    assert.ok(!canDecompress(from));
    assert.throws(() => decompressedChunks(once(Buffer.alloc(0)), from, LE), UsageError);
  }
  assert.ok(canDecompress(RLE));
  assert.throws(() => decompressedChunks(once(Buffer.alloc(0)), RLE, UNCOMPRESSED), UsageError);
});
