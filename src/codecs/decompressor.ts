/** A data set with compressed frames as it passes by: attributes corrected, frames decompressed one by one. */
import { DataSetError, formatTag } from '../base/errors.js';
import { EXTENDED_OFFSET_TABLE, isOfEncapsulatedPixels } from '../dataset/offset-tables.js';
import { TokenReader } from '../dataset/token-reader.js';
import type { ElementToken, Token, ValueToken } from '../dataset/tokens.js';
import { TokenTranscoder } from '../dataset/transcode.js';
import type { TransferSyntax } from '../dataset/transfer-syntax.js';
import { type Compression, isCodestream, isLossy } from './compression.js';
import { type FrameDecoder, frameDecoder } from './frame-decoder.js';
import { FrameAssembler } from './frames.js';
import { type Decision, HeldTokens } from './held-tokens.js';
import { bytesPerSample, type Image, ImageAttributes, isImageAttribute, PIXEL_DATA, pixelDataError } from './image.js';
import { beginsRle } from './rle.js';

const LOSSY_IMAGE_COMPRESSION = 0x00282110;
/** Its value for an image that has been compressed with loss. */
const YES = '01';

/** Frames that do not get smaller may get a little larger, and have headers. */
const maxCompressedBytes = ({ rows, columns, samplesPerPixel, decompressed }: Image): number =>
  rows * columns * samplesPerPixel * bytesPerSample(decompressed.bitsAllocated) * 2 + 1024 * 1024;

/** The data set, or an item open in it. */
interface Level extends Decision {
  /** In which the item is; undefined for the data set. */
  readonly sequence: number | undefined;
  readonly attributes: ImageAttributes;
  hasExtendedOffsetTable: boolean;
}

interface Pixels {
  readonly image: Image;
  readonly frames: FrameAssembler;
  readonly sequence: number | undefined;
  decode: FrameDecoder | undefined;
  decoded: number;
}

interface Attribute {
  readonly element: ElementToken;
  readonly value: Buffer;
  filled: number;
}

/**
 * Bytes in the compressed syntax to bytes in `to`. At most two frames are in memory as they came, and one decompressed.
 * The first is decompressed before anything of its Pixel Data comes out, so that most of what can fail does so early.
 * Pixel data in items (icons) may be compressed or not (PS3.5 A.4); of the data set itself it must be.
 */
export class Decompressor {
  readonly #from: TransferSyntax;
  readonly #compression: Compression;
  readonly #reader: TokenReader;
  readonly #output: TokenTranscoder;
  readonly #tokens: HeldTokens;
  readonly #levels: [Level, ...Level[]];
  /** Open ones. */
  readonly #sequences: number[] = [];
  #isMarkedLossy = false;
  #isValueDropped = false;
  /** The one whose value is coming in. */
  #attribute: Attribute | undefined;
  /** While in a pixel sequence. */
  #pixels: Pixels | undefined;

  constructor(from: TransferSyntax, to: TransferSyntax, compression: Compression) {
    this.#from = from;
    this.#compression = compression;
    this.#reader = new TokenReader(from);
    this.#output = new TokenTranscoder(to);
    this.#tokens = new HeldTokens(this.#output);
    this.#levels = [{ ...this.#newLevel(undefined), isCompressed: true }];
  }

  /** The bytes that the next bytes lead to, each valid until the next is asked for. */
  async *feed(chunk: Buffer): AsyncGenerator<Buffer, void, void> {
    yield* this.#pass(this.#reader.feed(chunk));
    yield* this.#output.take();
  }

  /** The last bytes. @throws {DataSetError} if the data set is not whole. */
  async *end(): AsyncGenerator<Buffer, void, void> {
    yield* this.#pass(this.#reader.end());
    yield* this.#output.finish();
  }

  /** Lets go of each frame before the next is decompressed. */
  async *#pass(tokens: Iterable<Token>): AsyncGenerator<Buffer, void, void> {
    for (const token of tokens) {
      if (this.#pixels === undefined) this.#passToken(token);
      else if (await this.#passFrame(this.#pixels, token)) yield* this.#output.take();
    }
  }

  #newLevel(sequence: number | undefined): Level {
    const attributes = new ImageAttributes(this.#compression);
    return { sequence, attributes, isCompressed: undefined, hasExtendedOffsetTable: false };
  }

  get #level(): Level {
    return this.#levels.at(-1) ?? this.#levels[0];
  }

  #passToken(token: Token): void {
    switch (token.type) {
      case 'element':
        this.#element(token);
        return;
      case 'value':
        if (this.#attribute !== undefined) this.#gather(this.#attribute, token);
        else if (!this.#isValueDropped) this.#tokens.pass(token);
        return;
      case 'item':
        this.#levels.push(this.#newLevel(this.#sequences.at(-1)));
        break;
      case 'item-end':
        this.#decide(this.#level, false);
        this.#levels.pop();
        break;
      case 'pixel-sequence':
        if (token.tag === PIXEL_DATA) {
          this.#beginPixels(this.#level);
          return;
        }
        this.#sequences.push(token.tag);
        break;
      case 'sequence':
        this.#markLossy(token.tag);
        this.#sequences.push(token.tag);
        break;
      case 'sequence-end':
        this.#sequences.pop();
        break;
    }
    this.#tokens.pass(token);
  }

  #element(element: ElementToken): void {
    const { tag, length } = element;
    const level = this.#level;
    if (tag === PIXEL_DATA) {
      if (level === this.#levels[0]) throw pixelDataError('native pixel data in a compressed transfer syntax');
      this.#decide(level, false);
    }
    this.#isValueDropped = this.#markLossy(tag) || isOfEncapsulatedPixels(tag);
    if (this.#isValueDropped) level.hasExtendedOffsetTable ||= tag === EXTENDED_OFFSET_TABLE && length > 0;
    else if (isImageAttribute(tag, length)) this.#attribute = { element, value: Buffer.alloc(length), filled: 0 };
    else this.#tokens.pass(element);
  }

  #gather(attribute: Attribute, { data, isLast }: ValueToken): void {
    attribute.filled += data.copy(attribute.value, attribute.filled);
    if (!isLast) return;
    this.#attribute = undefined;
    const { element, value: original } = attribute;
    const level = this.#level;
    this.#tokens.passAttribute(level, { element, original, corrected: level.attributes.set(element.tag, original) });
  }

  /**
   * PS3.3 C.7.6.1.1.5: once lossy, always so, and the native syntax does not tell any more. Called for each element before it
   * passes; true if it is to be dropped.
   */
  #markLossy(tag: number): boolean {
    if (this.#isMarkedLossy || this.#levels.length > 1 || tag < LOSSY_IMAGE_COMPRESSION) return false;
    this.#isMarkedLossy = true;
    if (!isLossy(this.#from) || !this.#level.attributes.tellsOfImage) return false;
    const data = Buffer.from(YES, 'latin1');
    this.#tokens.pass({
      type: 'element',
      tag: LOSSY_IMAGE_COMPRESSION,
      vr: 'CS',
      length: data.length,
      bigEndian: false,
    });
    this.#tokens.pass({ type: 'value', data, isLast: true });
    return tag === LOSSY_IMAGE_COMPRESSION;
  }

  #decide(level: Level, isCompressed: boolean): void {
    level.isCompressed ??= isCompressed;
    this.#tokens.release();
  }

  #beginPixels(level: Level): void {
    this.#markLossy(PIXEL_DATA);
    this.#decide(level, true);
    const { sequence, attributes, hasExtendedOffsetTable } = level;
    try {
      if (level.isCompressed !== true) throw pixelDataError('too much between its attributes and its pixel data');
      const image = attributes.image();
      const frames = new FrameAssembler({
        numberOfFrames: image.numberOfFrames,
        begins: isCodestream(this.#compression) ? 'codestream' : 'fragment',
        isFrame: this.#compression === 'rle' ? beginsRle : () => false,
        hasExtendedOffsetTable,
        maxBytes: maxCompressedBytes(image),
      });
      this.#pixels = { image, frames, sequence, decode: undefined, decoded: 0 };
    } catch (error) {
      throw placed(error, sequence);
    }
  }

  /** True if a frame has become ready. */
  async #passFrame(pixels: Pixels, token: Token): Promise<boolean> {
    // All that can be in a pixel sequence besides fragments is its end.
    const isFragment = token.type === 'fragment' || token.type === 'value';
    if (!isFragment) this.#pixels = undefined;
    try {
      const frame = isFragment ? pixels.frames.take(token) : pixels.frames.end();
      if (frame === undefined) return false;
      await this.#decodeFrame(pixels, frame);
      return true;
    } catch (error) {
      throw placed(error, pixels.sequence);
    }
  }

  async #decodeFrame(pixels: Pixels, frame: Buffer): Promise<void> {
    const { image } = pixels;
    pixels.decode ??= await frameDecoder(this.#compression, this.#from, image);
    const data = tryDecode(pixels.decode, frame, pixels);
    if (pixels.decoded === 0) this.#tokens.pass(pixelDataElement(image));
    pixels.decoded++;
    this.#tokens.pass({ type: 'value', data, isLast: pixels.decoded === image.numberOfFrames });
  }
}

function tryDecode(decode: FrameDecoder, frame: Buffer, { image, decoded }: Pixels): Buffer {
  try {
    const pixels = decode(frame, image);
    const { bytesPerFrame } = image.decompressed;
    // The length of the Pixel Data goes out before its last frame is decompressed.
    if (pixels.length !== bytesPerFrame)
      throw new DataSetError(`${pixels.length} bytes came out instead of ${bytesPerFrame}`);
    return pixels;
  } catch (error) {
    if (!(error instanceof DataSetError)) throw error;
    throw pixelDataError(`frame ${decoded + 1} of ${image.numberOfFrames} cannot be decompressed: ${error.message}`);
  }
}

/** An error about an image, told apart from those about the image that the data set is. */
function placed(error: unknown, sequence: number | undefined): unknown {
  if (sequence === undefined || !(error instanceof DataSetError)) return error;
  return new DataSetError(`in an item of ${formatTag(sequence)}: ${error.message}`);
}

/** PS3.5 A.2: native Pixel Data is OW if Bits Allocated is over 8, and may be so up to 8, as DCMTK has it. */
function pixelDataElement({ numberOfFrames, decompressed }: Image): ElementToken {
  const length = numberOfFrames * decompressed.bytesPerFrame;
  return { type: 'element', tag: PIXEL_DATA, vr: 'OW', length, bigEndian: false };
}
