/** A data set with compressed frames as it passes by: attributes corrected, frames decompressed one by one. */
import { DataSetError } from '../base/errors.js';
import { TokenReader } from '../dataset/token-reader.js';
import type { ElementToken, Token, ValueToken } from '../dataset/tokens.js';
import { TokenTranscoder } from '../dataset/transcode.js';
import type { TransferSyntax } from '../dataset/transfer-syntax.js';
import { type Compression, isCodestream } from './compression.js';
import type { FrameDecoder } from './frame-decoder.js';
import { FrameAssembler } from './frames.js';
import { type Image, ImageAttributes, isImageAttribute, PIXEL_DATA, pixelDataError } from './image.js';

/** Of an attribute whose value is wanted; they are numbers and code strings. */
const MAX_VALUE_BYTES = 64;
/** PS3.3 C.7.6.3.1.8: the first says where frames are in the fragments, the others how long they are and all are. */
const EXTENDED_OFFSET_TABLE = 0x7fe00001;
const OF_ENCAPSULATED_PIXELS = [EXTENDED_OFFSET_TABLE, 0x7fe00002, 0x7fe00003];

/** Frames that do not get smaller may get a little larger, and have headers. */
const maxCompressedBytes = ({ decompressed }: Image): number => decompressed.bytesPerFrame * 2 + 1024 * 1024;

interface Pixels {
  readonly image: Image;
  readonly frames: FrameAssembler;
  decoded: number;
}

interface Attribute {
  readonly element: ElementToken;
  readonly value: Buffer;
  filled: number;
}

/**
 * Bytes in the compressed syntax → bytes in `to`. At most two frames are in memory as they came, and one decompressed.
 * The first is decompressed before anything of Pixel Data comes out, so that most of what can fail does so early.
 */
export class Decompressor {
  readonly #compression: Compression;
  readonly #decode: FrameDecoder;
  readonly #reader: TokenReader;
  readonly #output: TokenTranscoder;
  readonly #attributes: ImageAttributes;
  /** Sequences open. */
  #depth = 0;
  #hasExtendedOffsetTable = false;
  #isValueDropped = false;
  /** The one whose value is coming in. */
  #attribute: Attribute | undefined;
  /** While in the pixel sequence of the data set itself. */
  #pixels: Pixels | undefined;

  constructor(from: TransferSyntax, to: TransferSyntax, decoder: { compression: Compression; decode: FrameDecoder }) {
    this.#compression = decoder.compression;
    this.#decode = decoder.decode;
    this.#reader = new TokenReader(from);
    this.#output = new TokenTranscoder(to);
    this.#attributes = new ImageAttributes(decoder.compression);
  }

  /** The bytes that the next bytes lead to, each valid until the next is asked for. */
  *feed(chunk: Buffer): Generator<Buffer, void, void> {
    yield* this.#pass(this.#reader.feed(chunk));
    yield* this.#output.take();
  }

  /** The last bytes. @throws {DataSetError} if the data set is not whole. */
  *end(): Generator<Buffer, void, void> {
    yield* this.#pass(this.#reader.end());
    yield* this.#output.finish();
  }

  /** Lets go of each frame before the next is decompressed. */
  *#pass(tokens: Iterable<Token>): Generator<Buffer, void, void> {
    for (const token of tokens) {
      if (this.#pixels === undefined) this.#passToken(token);
      else if (this.#passFrame(this.#pixels, token)) yield* this.#output.take();
    }
  }

  #passToken(token: Token): void {
    switch (token.type) {
      case 'element':
        this.#element(token);
        return;
      case 'value':
        if (this.#attribute !== undefined) this.#gather(this.#attribute, token);
        else if (!this.#isValueDropped) this.#output.pass(token);
        return;
      case 'pixel-sequence':
        if (this.#depth === 0 && token.tag === PIXEL_DATA) {
          this.#pixels = this.#beginPixels();
          return;
        }
        this.#depth++;
        break;
      case 'sequence':
        this.#depth++;
        break;
      case 'sequence-end':
        this.#depth--;
        break;
    }
    this.#output.pass(token);
  }

  #element(element: ElementToken): void {
    const { tag, length } = element;
    const isOfImage = this.#depth === 0;
    if (isOfImage && tag === PIXEL_DATA) throw pixelDataError('native pixel data in a compressed transfer syntax');
    this.#isValueDropped = isOfImage && OF_ENCAPSULATED_PIXELS.includes(tag);
    if (this.#isValueDropped) this.#hasExtendedOffsetTable ||= tag === EXTENDED_OFFSET_TABLE && length > 0;
    else if (isOfImage && isImageAttribute(tag) && length > 0) this.#beginAttribute(element);
    else this.#output.pass(element);
  }

  #beginAttribute(element: ElementToken): void {
    const { tag, length } = element;
    if (length > MAX_VALUE_BYTES) throw new DataSetError(`a value of ${length} bytes`, { tag });
    this.#attribute = { element, value: Buffer.alloc(length), filled: 0 };
  }

  #gather(attribute: Attribute, { data, isLast }: ValueToken): void {
    attribute.filled += data.copy(attribute.value, attribute.filled);
    if (!isLast) return;
    this.#attribute = undefined;
    const { element, value } = attribute;
    const corrected = this.#attributes.set(element.tag, value);
    this.#output.pass({ ...element, length: corrected.length });
    this.#output.pass({ type: 'value', data: corrected, isLast: true });
  }

  #beginPixels(): Pixels {
    const image = this.#attributes.image();
    const frames = new FrameAssembler({
      numberOfFrames: image.numberOfFrames,
      begins: isCodestream(this.#compression) ? 'codestream' : 'fragment',
      hasExtendedOffsetTable: this.#hasExtendedOffsetTable,
      maxBytes: maxCompressedBytes(image),
    });
    return { image, frames, decoded: 0 };
  }

  /** True if a frame has become ready. */
  #passFrame(pixels: Pixels, token: Token): boolean {
    if (token.type !== 'fragment' && token.type !== 'value') {
      // All that can be in a pixel sequence besides fragments is its end.
      this.#pixels = undefined;
      this.#decodeFrame(pixels, pixels.frames.end());
      return true;
    }
    const frame = pixels.frames.take(token);
    if (frame !== undefined) this.#decodeFrame(pixels, frame);
    return frame !== undefined;
  }

  #decodeFrame(pixels: Pixels, frame: Buffer): void {
    const { image } = pixels;
    const data = this.#tryDecode(pixels, frame);
    if (pixels.decoded === 0) this.#output.pass(pixelDataElement(image));
    pixels.decoded++;
    this.#output.pass({ type: 'value', data, isLast: pixels.decoded === image.numberOfFrames });
  }

  #tryDecode({ image, decoded }: Pixels, frame: Buffer): Buffer {
    try {
      return this.#decode(frame, image);
    } catch (error) {
      if (!(error instanceof DataSetError)) throw error;
      throw pixelDataError(`frame ${decoded + 1} of ${image.numberOfFrames} cannot be decompressed: ${error.message}`);
    }
  }
}

/** PS3.5 A.2: native Pixel Data is OW if Bits Allocated is over 8, and may be so up to 8, as DCMTK has it. */
function pixelDataElement({ numberOfFrames, decompressed }: Image): ElementToken {
  const length = numberOfFrames * decompressed.bytesPerFrame;
  return { type: 'element', tag: PIXEL_DATA, vr: 'OW', length, bigEndian: false };
}
