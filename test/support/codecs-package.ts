/** The encoders of the codec package, for codestreams that no other tool at hand makes. */
import codecs from 'dcmjs-codecs';
import type { TestImage } from './codecs-images.js';

export type Encoder = 'encodeJpeg' | 'encodeJpegLs' | 'encodeJpeg2000' | 'encodeHtJpeg2000';

let initialization: Promise<void> | undefined;

function initialized(): Promise<void> {
  initialization ??= codecs.NativeCodecs.initializeAsync();
  return initialization;
}

/** One frame as a codestream, losslessly unless `options` say otherwise. */
export async function encodeFrame(
  encoder: Encoder,
  frame: Buffer,
  image: TestImage,
  options: Readonly<Record<string, unknown>> = {},
): Promise<Buffer> {
  await initialized();
  const context = new codecs.Context({
    width: image.columns,
    height: image.rows,
    bitsAllocated: image.allocated,
    bitsStored: image.stored,
    samplesPerPixel: image.samples,
    pixelRepresentation: image.isSigned ? 1 : 0,
    planarConfiguration: 0,
    photometricInterpretation: image.photometric,
    decodedBuffer: frame,
  });
  const encoded = codecs.NativeCodecs[encoder](context, options).getEncodedBuffer() ?? Buffer.alloc(0);
  const padding = Buffer.alloc(encoded.length % 2);
  return Buffer.concat([encoded, padding]);
}

/** A JPEG-LS codestream as the package decodes it, which we do not leave to it. */
export async function decodeJpegLsByPackage(codestream: Buffer, image: TestImage): Promise<Buffer> {
  await initialized();
  const context = new codecs.Context({
    width: image.columns,
    height: image.rows,
    bitsAllocated: image.allocated,
    bitsStored: image.stored,
    samplesPerPixel: image.samples,
    pixelRepresentation: 0,
    planarConfiguration: 0,
    photometricInterpretation: image.photometric,
    encodedBuffer: codestream,
  });
  return Buffer.from(codecs.NativeCodecs.decodeJpegLs(context).getDecodedBuffer() ?? []);
}
