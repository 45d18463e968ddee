/** PS3.3 C.7.6.3: what must be known of an image before its pixel data, gathered and corrected as the data set passes by. */
import { DataSetError } from '../base/errors.js';
import { type Compression, decompressedPhotometric } from './compression.js';

export const PIXEL_DATA = 0x7fe00010;

const SAMPLES_PER_PIXEL = 0x00280002;
const PHOTOMETRIC_INTERPRETATION = 0x00280004;
const PLANAR_CONFIGURATION = 0x00280006;
const NUMBER_OF_FRAMES = 0x00280008;
const ROWS = 0x00280010;
const COLUMNS = 0x00280011;
const BITS_ALLOCATED = 0x00280100;
const PIXEL_REPRESENTATION = 0x00280103;

const SIGNED = 1;
const BY_PLANE = 1;
/** PS3.5 8.2: of any pixel data, floating point included. */
const MAX_BITS_ALLOCATED = 64;
/** Longest value with an even length that a 32-bit length can tell (PS3.5 7.1). */
const MAX_PIXEL_DATA_BYTES = 0xfffffffe;
/** The largest images there are have a fourth of it; a file of a few bytes that says to be larger is no image. */
const MAX_FRAME_BYTES = 1024 * 1024 * 1024;
/** Longest value that is an image attribute's: numbers and code strings. */
const MAX_VALUE_BYTES = 64;

/** One for all frames. `decompressed` is what the data set says of the native pixels instead. */
export interface Image {
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: number;
  readonly photometricInterpretation: string;
  readonly isByPlane: boolean;
  readonly isSigned: boolean;
  readonly numberOfFrames: number;
  readonly decompressed: {
    readonly photometricInterpretation: string;
    /** 1 or a multiple of 8. */
    readonly bitsAllocated: number;
    readonly bytesPerFrame: number;
  };
}

const ATTRIBUTES: ReadonlySet<number> = new Set([
  SAMPLES_PER_PIXEL,
  PHOTOMETRIC_INTERPRETATION,
  PLANAR_CONFIGURATION,
  NUMBER_OF_FRAMES,
  ROWS,
  COLUMNS,
  BITS_ALLOCATED,
  PIXEL_REPRESENTATION,
]);

/** True for the elements whose values `ImageAttributes` wants. */
export function isImageAttribute(tag: number, length: number): boolean {
  return ATTRIBUTES.has(tag) && length > 0 && length <= MAX_VALUE_BYTES;
}

/** Of a data set or an item. What is wrong with them shows when they are to tell of an image, as they may never have to. */
export class ImageAttributes {
  readonly #compression: Compression;
  readonly #numbers = new Map<number, number>();
  #photometricInterpretation = '';
  #numberOfFrames = '1';

  constructor(compression: Compression) {
    this.#compression = compression;
  }

  /** Takes note of a little endian value, and gives the one that it has in the decompressed data set. */
  set(tag: number, value: Buffer): Buffer {
    switch (tag) {
      case PHOTOMETRIC_INTERPRETATION:
        return this.#setPhotometricInterpretation(value);
      case NUMBER_OF_FRAMES:
        this.#numberOfFrames = textOf(value) || '1';
        return value;
    }
    // PS3.3 C.7.6.3: the others are one US each.
    if (value.length !== 2) return value;
    const number = value.readUInt16LE();
    this.#numbers.set(tag, number);
    if (tag === PLANAR_CONFIGURATION) return Buffer.alloc(2);
    if (tag === BITS_ALLOCATED && number < MAX_BITS_ALLOCATED) return Buffer.of(nativeBitsAllocated(number), 0);
    return value;
  }

  /** True if there is anything that only images have. */
  get tellsOfImage(): boolean {
    return this.#numbers.has(ROWS);
  }

  /** @throws {DataSetError} if what there is does not tell of an image that can be decompressed. */
  image(): Image {
    const rows = this.#required(ROWS, 'Rows');
    const columns = this.#required(COLUMNS, 'Columns');
    const samplesPerPixel = this.#required(SAMPLES_PER_PIXEL, 'Samples per Pixel');
    const bitsAllocated = nativeBitsAllocated(this.#required(BITS_ALLOCATED, 'Bits Allocated'));
    if (bitsAllocated > MAX_BITS_ALLOCATED) throw pixelDataError(`${bitsAllocated} bits allocated`);
    if (samplesPerPixel !== 1 && samplesPerPixel !== 3) throw pixelDataError(`${samplesPerPixel} samples per pixel`);
    // Nothing writes them, and planes of bits cannot be put together byte by byte.
    if (bitsAllocated === 1 && samplesPerPixel > 1)
      throw pixelDataError(`${samplesPerPixel} samples per pixel of a single bit`);
    const numberOfFrames = parseNumberOfFrames(this.#numberOfFrames);
    return {
      rows,
      columns,
      samplesPerPixel,
      photometricInterpretation: this.#photometricInterpretation,
      isByPlane: this.#numbers.get(PLANAR_CONFIGURATION) === BY_PLANE,
      isSigned: this.#numbers.get(PIXEL_REPRESENTATION) === SIGNED,
      numberOfFrames,
      decompressed: {
        photometricInterpretation: this.#decompressedPhotometricInterpretation(),
        bitsAllocated,
        bytesPerFrame: bytesPerFrame(rows * columns * samplesPerPixel, bitsAllocated, numberOfFrames),
      },
    };
  }

  #setPhotometricInterpretation(value: Buffer): Buffer {
    const text = textOf(value);
    this.#photometricInterpretation = text;
    const decompressed = decompressedPhotometric(text, this.#compression);
    return decompressed === undefined || decompressed === text ? value : Buffer.from(decompressed, 'latin1');
  }

  #required(tag: number, name: string): number {
    const number = this.#numbers.get(tag);
    if (!number) throw pixelDataError(`no ${name} for the compressed image`);
    return number;
  }

  #decompressedPhotometricInterpretation(): string {
    const compressed = this.#photometricInterpretation;
    const decompressed = decompressedPhotometric(compressed, this.#compression);
    if (decompressed === undefined) throw pixelDataError(`Photometric Interpretation ${JSON.stringify(compressed)}`);
    return decompressed;
  }
}

/** PS3.5 6.2: without its padding. */
function textOf(value: Buffer): string {
  return value.toString('latin1').replace(/[\0 ]+$/, '');
}

function parseNumberOfFrames(text: string): number {
  if (!/^ *\+?\d+$/.test(text) || Number(text) === 0)
    throw new DataSetError(`Number of Frames is ${JSON.stringify(text)}`, { tag: NUMBER_OF_FRAMES });
  return Number(text);
}

/** PS3.5 8.1.1: native pixel cells are of 1 bit or of whole bytes; a compressed image may say 12. */
function nativeBitsAllocated(bitsAllocated: number): number {
  return bitsAllocated === 1 ? 1 : Math.ceil(bitsAllocated / 8) * 8;
}

/** PS3.5 G.2, and what codecs do: before it is packed, a single bit has a byte for itself. */
export function bytesPerSample(bitsAllocated: number): number {
  return Math.ceil(bitsAllocated / 8);
}

function bytesPerFrame(samples: number, bitsAllocated: number, numberOfFrames: number): number {
  const bits = samples * bitsAllocated;
  // PS3.5 8.1.1: native frames of single bits follow one another without a gap, which would mean shifting them.
  if (bits % 8 !== 0 && numberOfFrames > 1)
    throw pixelDataError('several frames of bits that do not fill their last byte');
  const bytes = Math.ceil(bits / 8);
  const decodedBytes = samples * bytesPerSample(bitsAllocated);
  if (decodedBytes > MAX_FRAME_BYTES)
    throw pixelDataError(`a decompressed frame would have ${decodedBytes} bytes, over the limit of 1 GiB`);
  if (bytes * numberOfFrames > MAX_PIXEL_DATA_BYTES)
    throw pixelDataError(`the decompressed image would have ${bytes * numberOfFrames} bytes, over the limit of 4 GiB`);
  return bytes;
}

/** What is wrong with an image, as an error that names its Pixel Data. */
export function pixelDataError(message: string): DataSetError {
  return new DataSetError(message, { tag: PIXEL_DATA });
}
