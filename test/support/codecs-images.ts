/** Images that tests of the codecs make: pixels that are easy and hard to compress, data sets around them, both ways. */
import { decompressedChunks } from '../../src/codecs/decompress.js';
import type { TransferSyntax } from '../../src/dataset/transfer-syntax.js';
import { EXPLICIT_VR_LITTLE_ENDIAN, transferSyntax } from '../../src/dataset/transfer-syntax.js';
import { type DataElement, type DataSet, decodeDataSet, encodeDataSet } from './data-set.js';
import { cut } from './data-set-tokens.js';
import { sampleImage } from './sample-instance.js';

export const PIXEL_DATA = 0x7fe00010;
export const PHOTOMETRIC_INTERPRETATION = 0x00280004;
export const PLANAR_CONFIGURATION = 0x00280006;
export const BITS_ALLOCATED = 0x00280100;

export interface TestImage {
  readonly rows: number;
  readonly columns: number;
  readonly samples: 1 | 3;
  readonly allocated: number;
  readonly stored: number;
  readonly isSigned: boolean;
  readonly frames: number;
  readonly photometric: string;
}

/** A grey image of 12 bits in 16, unless said otherwise. */
export function testImage(changes: Partial<TestImage> = {}): TestImage {
  const samples = changes.samples ?? 1;
  return {
    rows: 19,
    columns: 23,
    samples,
    allocated: 16,
    stored: 12,
    isSigned: false,
    frames: 1,
    photometric: samples === 3 ? 'RGB' : 'MONOCHROME2',
    ...changes,
  };
}

/** All frames in little endian, pixel by pixel: slopes, noise, and a corner of extremes; each frame another. */
export function pixelsOf(image: TestImage): Buffer {
  const { rows, columns, samples, allocated, stored, isSigned, frames } = image;
  const bytes = allocated / 8;
  const pixels = Buffer.alloc(rows * columns * samples * frames * bytes);
  const range = 2 ** stored;
  let noise = 12345;
  for (let index = 0; index * bytes < pixels.length; index++) {
    const pixel = Math.floor(index / samples);
    const [x, y] = [pixel % columns, Math.floor(pixel / columns) % rows];
    noise = (Math.imul(noise, 1103515245) + 12345) >>> 0;
    const slope = Math.floor((range * (x + y + 3 * (index % samples))) / (rows + columns + 9));
    const value = x < 4 && y < 4 ? ((x + y) % 2) * (range - 1) : x > columns - 6 ? noise % range : slope;
    const shifted = (value + Math.floor(pixel / (rows * columns))) % range;
    if (isSigned) pixels.writeIntLE(shifted - range / 2, index * bytes, bytes);
    else pixels.writeUIntLE(shifted, index * bytes, bytes);
  }
  return pixels;
}

/** The pixels of each frame. */
export function framesOf(image: TestImage): readonly Buffer[] {
  const pixels = pixelsOf(image);
  const length = pixels.length / image.frames;
  return Array.from({ length: image.frames }, (_, frame) => pixels.subarray(frame * length, (frame + 1) * length));
}

/** A data set with that image, of which the last element is its pixel data. */
export function imageDataSet(image: TestImage, pixelData: DataElement, others: readonly DataElement[] = []): DataSet {
  return sampleImage({ elements: imageElements(image, pixelData, others) });
}

/** What PS3.3 C.7.6.3 has of that image, in order, with `others` in place of their like. */
export function imageElements(image: TestImage, pixelData: DataElement, others: readonly DataElement[] = []): DataSet {
  const { rows, columns, samples, allocated, stored, isSigned, frames, photometric } = image;
  const elements: DataElement[] = [
    { tag: 0x00280002, vr: 'US', value: [samples] },
    { tag: PHOTOMETRIC_INTERPRETATION, vr: 'CS', value: [photometric] },
    { tag: 0x00280010, vr: 'US', value: [rows] },
    { tag: 0x00280011, vr: 'US', value: [columns] },
    { tag: BITS_ALLOCATED, vr: 'US', value: [allocated] },
    { tag: 0x00280101, vr: 'US', value: [stored] },
    { tag: 0x00280102, vr: 'US', value: [stored - 1] },
    { tag: 0x00280103, vr: 'US', value: [isSigned ? 1 : 0] },
    pixelData,
  ];
  if (samples === 3) elements.push({ tag: PLANAR_CONFIGURATION, vr: 'US', value: [0] });
  if (frames > 1) elements.push({ tag: 0x00280008, vr: 'IS', value: [`${frames}`] });
  const replaced = new Set(others.map(({ tag }) => tag));
  return [...elements.filter(({ tag }) => !replaced.has(tag)), ...others].sort((one, other) => one.tag - other.tag);
}

/** Pixel data of one fragment for each frame, with an empty offset table unless one is given. */
export function fragments(frames: readonly Buffer[], table: Buffer = Buffer.alloc(0)): DataElement {
  return { tag: PIXEL_DATA, vr: 'OB', fragments: [table, ...frames] };
}

/** What becomes of a data set in a compressed syntax, its bytes coming in chunks of the sizes given. */
export async function decompressedDataSet(
  dataSet: DataSet,
  from: TransferSyntax,
  to: TransferSyntax = EXPLICIT_VR_LITTLE_ENDIAN,
  sizes: readonly number[] = [4099],
): Promise<DataSet> {
  async function* chunks(): AsyncGenerator<Buffer, void, void> {
    yield* cut(encodeDataSet(dataSet, from), sizes);
  }
  return decodeDataSet(await gathered(decompressedChunks(chunks(), from, to)), to);
}

export async function gathered(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(Buffer.from(chunk));
  return Buffer.concat(all);
}

/** The value of an element as bytes or its first value; undefined if it is absent. */
export function attributeOf(dataSet: DataSet, tag: number): unknown {
  const element = dataSet.find((candidate) => candidate.tag === tag);
  if (element === undefined || !('value' in element)) return undefined;
  return Buffer.isBuffer(element.value) ? element.value : element.value[0];
}

export function pixelData(dataSet: DataSet): Buffer {
  const value = attributeOf(dataSet, PIXEL_DATA);
  if (!Buffer.isBuffer(value)) throw new Error('no native pixel data');
  return value;
}

/** A transfer syntax of the standard. */
export function syntaxOf(uid: string): TransferSyntax {
  const syntax = transferSyntax(uid);
  if (syntax === undefined) throw new Error(`no transfer syntax: ${uid}`);
  return syntax;
}
