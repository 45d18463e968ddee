/** From a transfer syntax and an image to the function that decompresses its frames. */
import type { TransferSyntax } from '../dataset/transfer-syntax.js';
import { loadCodecLibrary } from './codec-library.js';
import { decodeJpeg, decodeJpeg2000, decodeJpegLs } from './codestreams.js';
import type { Compression } from './compression.js';
import type { Image } from './image.js';
import { inflateFrame, unwrapFrame } from './native-frames.js';
import { loadOpenJpeg } from './openjpeg-library.js';
import { decodeRle } from './rle.js';

/** A whole frame to its native pixels, `image.decompressed.bytesPerFrame` of them. @throws {DataSetError} */
export type FrameDecoder = (frame: Buffer, image: Image) => Buffer;

/** @throws {DataSetError} if it takes a package that is not there. */
export async function frameDecoder(
  compression: Compression,
  { name }: TransferSyntax,
  image: Image,
): Promise<FrameDecoder> {
  switch (compression) {
    case 'none':
      return unwrapFrame;
    case 'deflate':
      return inflateFrame;
    case 'rle':
      return decodeRle;
    case 'jpeg-ls':
      return decodeJpegLs;
    case 'jpeg':
    case 'jpeg-lossless': {
      const { decodeJpeg: decode } = await loadCodecLibrary(name);
      return (frame) => decodeJpeg(frame, image, decode);
    }
    case 'jpeg-2000': {
      // Each of the two packages does right what the other does wrong.
      const isWideColour = image.samplesPerPixel > 1 && image.decompressed.bitsAllocated > 8;
      const decode = isWideColour
        ? await loadOpenJpeg(`${name} in colour of more than 8 bits`)
        : (await loadCodecLibrary(name)).decodeJpeg2000;
      return (frame) => decodeJpeg2000(frame, image, decode);
    }
  }
}
