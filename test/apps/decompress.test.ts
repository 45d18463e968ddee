/** Compressed images and peers that take them decompressed only: the built applications with one another. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { IMPLICIT_VR_LITTLE_ENDIAN } from '../../src/dataset/transfer-syntax.js';
import { withoutSummary } from '../support/apps-run.js';
import {
  attributeOf,
  BITS_ALLOCATED,
  fragments,
  framesOf,
  imageDataSet,
  imageElements,
  pixelData,
  pixelsOf,
  syntaxOf,
  testImage,
} from '../support/codecs-images.js';
import { encodeRle } from '../support/codecs-rle.js';
import { startStorescp, storescu } from '../support/processes.js';
import { CT_IMAGE, readPart10, samplePart10 } from '../support/sample-instance.js';

const RLE = '1.2.840.10008.1.2.5';
const JPEG_BASELINE = '1.2.840.10008.1.2.4.50';
const IDENTITY = [
  { tag: 0x00080016, vr: 'UI', value: [CT_IMAGE] },
  { tag: 0x00080018, vr: 'UI', value: ['1.2.3'] },
] as const;

/** Sends one file to a storescp that takes native transfer syntaxes only; gives what it stored. */
async function send(file: Buffer, options: readonly string[] = []) {
  const folder = await mkdtemp(join(tmpdir(), 'netdicom-decompress-'));
  try {
    const path = join(folder, 'image.dcm');
    await writeFile(path, file);
    const { storescp, port } = await startStorescp(['--accept-native', '-od', folder]);
    await using _ = storescp;
    const { code, stderr } = await storescu(['127.0.0.1', String(port), path, ...options]);
    const name = (await readdir(folder)).find((candidate) => candidate.startsWith('CT.'));
    const stored = name === undefined ? undefined : readPart10(await readFile(join(folder, name)));
    return { code, stderr: withoutSummary({ code, stderr }).replaceAll(folder, 'FOLDER'), stored };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const image = testImage({ frames: 3 });
const samples = image.samples;
const bytesPerSample = image.allocated / 8;
const frames = framesOf(image).map((frame) => encodeRle(frame, samples, bytesPerSample));
const icon = testImage({ rows: 8, columns: 8, allocated: 8, stored: 8 });
const icons = {
  tag: 0x00880200,
  vr: 'SQ',
  items: [imageElements(icon, fragments([encodeRle(pixelsOf(icon), 1, 1)]))],
} as const;
const rle = samplePart10(imageDataSet(image, fragments(frames), [...IDENTITY, icons]), syntaxOf(RLE));

test('an RLE image goes out decompressed, frame by frame, and its icon too', async () => {
  const { code, stderr, stored } = await send(rle);
  assert.equal(stderr, '');
  assert.equal(code, 0);
  assert.ok(stored !== undefined);
  assert.equal(stored.syntax, IMPLICIT_VR_LITTLE_ENDIAN);
  assert.equal(attributeOf(stored.dataSet, BITS_ALLOCATED), image.allocated);
  assert.ok(pixelData(stored.dataSet).equals(pixelsOf(image)));
  const sequence = stored.dataSet.find(({ tag }) => tag === icons.tag);
  assert.ok(sequence !== undefined && 'items' in sequence);
  assert.ok(pixelData(sequence.items[0] ?? []).equals(pixelsOf(icon)));
});

test('with --no-decompress it does not go out at all', async () => {
  const { code, stderr, stored } = await send(rle, ['--no-decompress']);
  assert.match(stderr, /^E: No Acceptable Presentation Contexts\n$/);
  assert.equal(code, 1);
  assert.equal(stored, undefined);
});

test('an image that cannot be decompressed is not sent without its pixel data', async () => {
  const broken = fragments(framesOf(image).map(() => Buffer.from('no codestream')));
  const { code, stderr, stored } = await send(
    samplePart10(imageDataSet(image, broken, IDENTITY), syntaxOf(JPEG_BASELINE)),
  );
  assert.match(stderr, /^E: Cannot decompress FOLDER\/image\.dcm: .*\(7FE0,0010\)\n$/);
  assert.equal(code, 3);
  assert.equal(stored, undefined);
});
