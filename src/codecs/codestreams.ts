/** Frames that are codestreams, each checked against the data set before the codec sees it, and laid out after it. */
import { DataSetError } from '../base/errors.js';
import type { Image } from './image.js';
import { jpeg2000Codestream, readJpeg2000Header } from './jpeg-2000-header.js';
import { type JpegHeader, readJpegHeader } from './jpeg-header.js';
import { decodeJpegLsCodestream } from './jpeg-ls.js';
import type { CodestreamDecoder } from './optional-package.js';
import { nativeFrame } from './samples.js';

const LOSSLESS = 3;
const JPEG_LS = 55;

/** ISO 10918-1, lossy or lossless. @throws {DataSetError} */
export function decodeJpeg(frame: Buffer, image: Image, decode: CodestreamDecoder): Buffer {
  const header = readJpegHeader(frame);
  checkShape({ ...header, components: header.components.length }, image);
  const toRgb = isTurnedToRgb(image);
  if (image.samplesPerPixel === 3) checkColour(header, image, toRgb);
  const { precision } = header;
  const bytes = decode(frame, { ...image, precision, toRgb });
  return nativeFrame({ bytes, precision, isSigned: false }, image);
}

/** ISO 14495-1. @throws {DataSetError} */
export function decodeJpegLs(frame: Buffer, image: Image): Buffer {
  const header = readJpegHeader(frame);
  if (header.process !== JPEG_LS) throw new DataSetError('no JPEG-LS codestream');
  checkShape({ ...header, components: header.components.length }, image);
  const bytes = decodeJpegLsCodestream(frame, header);
  return nativeFrame({ bytes, precision: header.precision, isSigned: false }, image);
}

/** ISO 15444-1 and -15. @throws {DataSetError} */
export function decodeJpeg2000(frame: Buffer, image: Image, decode: CodestreamDecoder): Buffer {
  const codestream = jpeg2000Codestream(frame);
  const header = readJpeg2000Header(codestream);
  const { precision, isSigned } = header;
  checkShape(header, image);
  if (!header.isUniform) throw new DataSetError('components that differ in size, depth or sign');
  if (isTurnedToRgb(image) && !header.hasComponentTransform)
    throw new DataSetError(`${image.photometricInterpretation}, but the codestream has no component transform`);
  const bytes = decode(codestream, { ...image, precision, isSigned, toRgb: false });
  return nativeFrame({ bytes, precision, isSigned }, image);
}

function isTurnedToRgb({ photometricInterpretation, decompressed }: Image): boolean {
  return photometricInterpretation !== 'RGB' && decompressed.photometricInterpretation === 'RGB';
}

/** The codecs go by their own headers and some by ours: where these differ, memory is read that is no pixels. */
function checkShape(
  codestream: {
    readonly rows: number;
    readonly columns: number;
    readonly components: number;
    readonly precision: number;
  },
  image: Image,
): void {
  const { bitsAllocated } = image.decompressed;
  const found = `${codestream.columns} x ${codestream.rows} x ${codestream.components}`;
  const wanted = `${image.columns} x ${image.rows} x ${image.samplesPerPixel}`;
  if (found !== wanted) throw new DataSetError(`the codestream is ${found} samples, the data set says ${wanted}`);
  if (codestream.precision > bitsAllocated || bitsAllocated > 16)
    throw new DataSetError(`samples of ${codestream.precision} bits in Bits Allocated ${bitsAllocated}`);
}

/**
 * The attributes have gone out already, so what they say is what must be in the codestream (and what DCMTK goes by); a
 * header that says the opposite in so many words means that one of them is wrong.
 */
function checkColour({ process, components, adobeTransform }: JpegHeader, image: Image, toRgb: boolean): void {
  const isRgb = adobeTransform === 0 || String.fromCharCode(...components.map(({ id }) => id)) === 'RGB';
  const isSubsampled = components.some(
    ({ horizontal, vertical }) => horizontal !== components[0]?.horizontal || vertical !== components[0]?.vertical,
  );
  const isYcc = process !== LOSSLESS && (adobeTransform === 1 || isSubsampled);
  const { photometricInterpretation } = image;
  if (toRgb && (isRgb || process === LOSSLESS))
    throw new DataSetError(`Photometric Interpretation is ${photometricInterpretation}, but the codestream is RGB`);
  if (photometricInterpretation === 'RGB' && isYcc)
    throw new DataSetError('Photometric Interpretation is RGB, but the codestream is YCbCr');
}
