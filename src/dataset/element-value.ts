/** PS3.5 6.2: values of elements from their bytes, words in little endian. */
import { withoutPadding } from '../base/identifiers.js';
import { type Vr, vrInfo } from './vr.js';

type NumberVr = 'AT' | 'FD' | 'FL' | 'SL' | 'SS' | 'UL' | 'US';
type BigIntVr = 'SV' | 'UV';
type BytesVr = 'OB' | 'OD' | 'OF' | 'OL' | 'OV' | 'OW' | 'UN';
type TextVr = Exclude<Vr, NumberVr | BigIntVr | BytesVr | 'SQ'>;

/** One character per byte (ISO 8859-1) whatever the character set, without padding. LT, ST, UR and UT are one string. */
export interface TextElement {
  readonly tag: number;
  readonly vr: TextVr;
  readonly value: readonly string[];
}

/** The values of AT are tags, `0xggggeeee`. */
export interface NumberElement {
  readonly tag: number;
  readonly vr: NumberVr;
  readonly value: readonly number[];
}

/** Of SV and UV, which a number cannot hold. */
export interface BigIntElement {
  readonly tag: number;
  readonly vr: BigIntVr;
  readonly value: readonly bigint[];
}

/** Words are in little endian, whatever the transfer syntax. */
export interface BytesElement {
  readonly tag: number;
  readonly vr: BytesVr;
  readonly value: Buffer;
}

/** An element with a value and not with items or fragments. */
export type ValueElement = TextElement | NumberElement | BigIntElement | BytesElement;

/** The element of a value, padded or not. That of a buffer is a view. */
export function decodeValue(tag: number, vr: Exclude<Vr, 'SQ'>, bytes: Buffer): ValueElement {
  switch (vr) {
    case 'AT':
    case 'FD':
    case 'FL':
    case 'SL':
    case 'SS':
    case 'UL':
    case 'US':
      return { tag, vr, value: decodeWords(NUMBERS[vr], bytes) };
    case 'SV':
    case 'UV':
      return { tag, vr, value: decodeWords(BIG_INTS[vr], bytes) };
    case 'OB':
    case 'OD':
    case 'OF':
    case 'OL':
    case 'OV':
    case 'OW':
    case 'UN':
      return { tag, vr, value: bytes };
    default:
      return { tag, vr, value: decodeText(vr, bytes) };
  }
}

/** Turns the bytes of a value in big endian to little endian, or back, in place; what is left over behind the last word stays. */
export function turnWords(bytes: Buffer, vr: Vr): void {
  const width = vrInfo(vr).swapWidth;
  const words = bytes.subarray(0, bytes.length - (bytes.length % width));
  if (width === 2) words.swap16();
  else if (width === 4) words.swap32();
  else if (width === 8) words.swap64();
}

interface WordForm<T> {
  readonly size: number;
  read(bytes: Buffer, at: number): T;
}

const NUMBERS: Readonly<Record<NumberVr, WordForm<number>>> = {
  AT: { size: 4, read: (bytes, at) => bytes.readUInt16LE(at) * 0x10000 + bytes.readUInt16LE(at + 2) },
  FD: { size: 8, read: (bytes, at) => bytes.readDoubleLE(at) },
  FL: { size: 4, read: (bytes, at) => bytes.readFloatLE(at) },
  SL: { size: 4, read: (bytes, at) => bytes.readInt32LE(at) },
  SS: { size: 2, read: (bytes, at) => bytes.readInt16LE(at) },
  UL: { size: 4, read: (bytes, at) => bytes.readUInt32LE(at) },
  US: { size: 2, read: (bytes, at) => bytes.readUInt16LE(at) },
};

const BIG_INTS: Readonly<Record<BigIntVr, WordForm<bigint>>> = {
  SV: { size: 8, read: (bytes, at) => bytes.readBigInt64LE(at) },
  UV: { size: 8, read: (bytes, at) => bytes.readBigUInt64LE(at) },
};

function decodeWords<T>({ size, read }: WordForm<T>, bytes: Buffer): T[] {
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, index) => read(bytes, index * size));
}

// PS3.5 6.2: in these a backslash is a character like any other.
const SINGLE_VALUED: ReadonlySet<Vr> = new Set(['LT', 'ST', 'UR', 'UT']);

function decodeText(vr: TextVr, bytes: Buffer): string[] {
  // Padding is one space or NUL in a UID as in any text, but some writers put many.
  const text = withoutPadding(bytes.toString('latin1'));
  if (text === '') return [];
  return SINGLE_VALUED.has(vr) ? [text] : text.split('\\').map(withoutPadding);
}
