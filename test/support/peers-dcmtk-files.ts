/** Files that DCMTK itself has written, whose bytes it sends as they are, and its options to propose their syntaxes. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { TransferSyntax } from '../../src/dataset/transfer-syntax.js';
import { imageDataSet, pixelsOf, type TestImage, testImage } from './codecs-images.js';
import { type DcmtkProgram, dcmtk } from './peers-dcmtk.js';
import { type Part10File, readFile, writeSample } from './peers-files.js';
import { CT_IMAGE, samplePart10 } from './sample-instance.js';

/** Options of storescu that propose a compressed transfer syntax and the native ones. */
export const WITH_NATIVE: Readonly<Record<string, string>> = {
  '-xs': '1.2.840.10008.1.2.4.70',
  '-xy': '1.2.840.10008.1.2.4.50',
  '-xx': '1.2.840.10008.1.2.4.51',
  '-xv': '1.2.840.10008.1.2.4.90',
  '-xw': '1.2.840.10008.1.2.4.91',
  '-xt': '1.2.840.10008.1.2.4.80',
  '-xu': '1.2.840.10008.1.2.4.81',
  '-xr': '1.2.840.10008.1.2.5',
};

/** Options of storescu that propose a compressed transfer syntax alone. */
export const ALONE: Readonly<Record<string, string>> = {
  '-xm': '1.2.840.10008.1.2.4.100',
  '-xh': '1.2.840.10008.1.2.4.101',
  '-xn': '1.2.840.10008.1.2.4.102',
  '-xl': '1.2.840.10008.1.2.4.103',
  '-x2': '1.2.840.10008.1.2.4.104',
  '-x3': '1.2.840.10008.1.2.4.105',
  '-xo': '1.2.840.10008.1.2.4.106',
  '-x4': '1.2.840.10008.1.2.4.107',
  '-x5': '1.2.840.10008.1.2.4.108',
};

/** Which program compresses an image. Of what is not here DCMTK has no encoder, and does not look at the fragments. */
const ENCODERS: Readonly<Record<string, readonly [DcmtkProgram, ...string[]]>> = {
  '1.2.840.10008.1.2.1.99': ['dcmconv', '+td'],
  '1.2.840.10008.1.2.5': ['dcmcrle'],
  '1.2.840.10008.1.2.4.50': ['dcmcjpeg', '+eb'],
  '1.2.840.10008.1.2.4.51': ['dcmcjpeg', '+ee'],
  '1.2.840.10008.1.2.4.70': ['dcmcjpeg', '+e1'],
  '1.2.840.10008.1.2.4.80': ['dcmcjpls', '+el'],
  '1.2.840.10008.1.2.4.81': ['dcmcjpls', '+en'],
};

const EIGHT_BITS: Partial<TestImage> = { allocated: 8, stored: 8 };
const NEEDS_EIGHT_BITS = '1.2.840.10008.1.2.4.50';

/** Writes a CT image in this transfer syntax: compressed in earnest, or with fragments that are no codestreams. */
export async function writeDcmtkSample(path: string, syntax: TransferSyntax): Promise<Part10File> {
  const input = `${path}.in`;
  const [program, ...options] = ENCODERS[syntax.uid] ?? (['dcmconv'] as const);
  if (program === 'dcmconv') writeSample(input, syntax);
  else writeFileSync(input, nativeImage(testImage(syntax.uid === NEEDS_EIGHT_BITS ? EIGHT_BITS : {})));
  const { code, stderr } = await dcmtk(program, [...options, input, path]);
  assert.equal(code, 0, stderr);
  return readFile(path);
}

function nativeImage(image: TestImage): Buffer {
  const pixelData = { tag: 0x7fe00010, vr: image.allocated === 8 ? 'OB' : 'OW', value: pixelsOf(image) } as const;
  return samplePart10(imageDataSet(image, pixelData, [{ tag: 0x00080016, vr: 'UI', value: [CT_IMAGE] }]));
}
