/** PS3.5 6.2: the bytes of values, words in little endian: the way back of src/dataset/element-value.ts. */
import { UsageError } from '../../src/base/errors.js';
import type { BigIntElement, NumberElement, ValueElement } from '../../src/dataset/element-value.js';

/** The bytes of a value, not yet padded to even length. @throws {UsageError} on text that is not one character per byte. */
export function encodeValue(element: ValueElement): Buffer {
  switch (element.vr) {
    case 'AT':
    case 'FD':
    case 'FL':
    case 'SL':
    case 'SS':
    case 'UL':
    case 'US':
      return encodeWords(NUMBERS[element.vr], element.value);
    case 'SV':
    case 'UV':
      return encodeWords(BIG_INTS[element.vr], element.value);
    case 'OB':
    case 'OD':
    case 'OF':
    case 'OL':
    case 'OV':
    case 'OW':
    case 'UN':
      return element.value;
    default:
      return encodeText(element.value.join('\\'));
  }
}

interface WordForm<T> {
  readonly size: number;
  write(bytes: Buffer, at: number, value: T): void;
}

const NUMBERS: Readonly<Record<NumberElement['vr'], WordForm<number>>> = {
  AT: {
    size: 4,
    write: (bytes, at, tag) => bytes.writeUInt16LE(tag & 0xffff, bytes.writeUInt16LE(tag >>> 16, at)),
  },
  FD: { size: 8, write: (bytes, at, value) => bytes.writeDoubleLE(value, at) },
  FL: { size: 4, write: (bytes, at, value) => bytes.writeFloatLE(value, at) },
  SL: { size: 4, write: (bytes, at, value) => bytes.writeInt32LE(value, at) },
  SS: { size: 2, write: (bytes, at, value) => bytes.writeInt16LE(value, at) },
  UL: { size: 4, write: (bytes, at, value) => bytes.writeUInt32LE(value, at) },
  US: { size: 2, write: (bytes, at, value) => bytes.writeUInt16LE(value, at) },
};

const BIG_INTS: Readonly<Record<BigIntElement['vr'], WordForm<bigint>>> = {
  SV: { size: 8, write: (bytes, at, value) => bytes.writeBigInt64LE(value, at) },
  UV: { size: 8, write: (bytes, at, value) => bytes.writeBigUInt64LE(value, at) },
};

function encodeWords<T>({ size, write }: WordForm<T>, values: readonly T[]): Buffer {
  const bytes = Buffer.alloc(values.length * size);
  for (const [index, value] of values.entries()) write(bytes, index * size, value);
  return bytes;
}

function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.toString('latin1') !== text) throw new UsageError('text with characters that are not a byte each');
  return bytes;
}
