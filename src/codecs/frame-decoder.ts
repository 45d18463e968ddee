/** From a transfer syntax to the function that decompresses its frames. */
import { loadCodecLibrary } from './codec-library.js';
import { decodeJpeg, decodeJpeg2000, decodeJpegLs } from './codestreams.js';
import type { Compression } from './compression.js';
import type { Image } from './image.js';
import { inflateFrame, unwrapFrame } from './native-frames.js';
import { decodeRle } from './rle.js';

/** A whole frame → its native pixels, `image.decompressed.bytesPerFrame` of them. @throws {DataSetError} */
export type FrameDecoder = (frame: Buffer, image: Image) => Buffer;

/**
 * @param name of the transfer syntax, for the message.
 * @throws {DataSetError} if it takes a package that is not there.
 */
export async function frameDecoder(compression: Compression, name: string): Promise<FrameDecoder> {
  switch (compression) {
    case 'none':
      return unwrapFrame;
    case 'deflate':
      return inflateFrame;
    case 'rle':
      return decodeRle;
  }
  const library = await loadCodecLibrary(name);
  switch (compression) {
    case 'jpeg':
    case 'jpeg-lossless':
      return (frame, image) => decodeJpeg(frame, image, library);
    case 'jpeg-ls':
      return (frame, image) => decodeJpegLs(frame, image, library);
    case 'jpeg-2000':
      return (frame, image) => decodeJpeg2000(frame, image, library);
  }
}
