/** PS3.5 7.1: tag, VR and length before a value, in each of the three native encodings. */
import { uint16BE, uint16LE, uint32BE, uint32LE } from '../base/bytes.js';
import type { Vr } from '../dictionary/lookup.js';
import type { TransferSyntax } from './transfer-syntax.js';
import { EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN } from './transfer-syntax.js';
import { hasLongHeader, LONG_HEADER, parseVr, SHORT_HEADER, vrCode, vrInfo } from './vr.js';

export { LONG_HEADER, SHORT_HEADER };

/** Of items and delimiters, whose headers have no VR in any encoding (PS3.5 7.5). */
export const ITEM_GROUP = 0xfffe;
/** From here on no tag is one of an element: PS3.5 7.5, and 7.8 for group FFFF. */
export const FIRST_ITEM_TAG = ITEM_GROUP * 0x10000;
export const ITEM = 0xfffee000;
export const ITEM_DELIMITATION = 0xfffee00d;
export const SEQUENCE_DELIMITATION = 0xfffee0dd;

/** PS3.5 7.1.1: the length field of what is closed by a delimiter. */
export const UNDEFINED_LENGTH = 0xffffffff;
/** Longest even value that the 16-bit length of a short header can tell. */
const MAX_SHORT_LENGTH = 0xfffe;

export type ElementEncoding = Pick<TransferSyntax, 'explicitVr' | 'bigEndian'>;

export interface ElementHeader {
  readonly tag: number;
  /** Undefined in Implicit VR, for items and delimiters, and where the two letters name no VR. */
  readonly vr: Vr | undefined;
  /** As written, `UNDEFINED_LENGTH` included. */
  readonly length: number;
  /** Bytes of the header itself. */
  readonly size: number;
}

/** Size of the header at `at`, of which `SHORT_HEADER` bytes must be there. */
export function headerSize(bytes: Buffer, at: number, encoding: ElementEncoding): number {
  if (!encoding.explicitVr || readGroup(bytes, at, encoding) === ITEM_GROUP) return SHORT_HEADER;
  return hasLongHeader(uint16BE(bytes, at + 4)) ? LONG_HEADER : SHORT_HEADER;
}

/** Decodes the header at `at`, all of whose `size` bytes must be there. */
export function readHeader(bytes: Buffer, at: number, size: number, encoding: ElementEncoding): ElementHeader {
  const { bigEndian } = encoding;
  const group = readGroup(bytes, at, encoding);
  const tag = group * 0x10000 + (bigEndian ? uint16BE(bytes, at + 2) : uint16LE(bytes, at + 2));
  const hasVr = encoding.explicitVr && group !== ITEM_GROUP;
  const vr = hasVr ? parseVr(uint16BE(bytes, at + 4)) : undefined;
  if (hasVr && size === SHORT_HEADER) {
    const length = bigEndian ? uint16BE(bytes, at + 6) : uint16LE(bytes, at + 6);
    return { tag, vr, length, size };
  }
  const lengthAt = at + size - 4;
  const length = bigEndian ? uint32BE(bytes, lengthAt) : uint32LE(bytes, lengthAt);
  return { tag, vr, length, size };
}

/**
 * How the headers of an item are really encoded, told from its first one, of which `SHORT_HEADER` bytes must be there.
 * Private sequences come in Implicit VR in explicit data sets; and a UN of undefined length, whose items PS3.5 6.2.2 wants
 * in Implicit VR, comes with explicit ones.
 * @param isUnknown the item is one of a UN
 * @param room bytes that the item has behind the header; 0 if that is not known
 */
export function probeItemEncoding(
  bytes: Buffer,
  at: number,
  declared: TransferSyntax,
  { isUnknown, room }: { readonly isUnknown: boolean; readonly room: number },
): TransferSyntax {
  const code = uint16BE(bytes, at + 4);
  if (declared.explicitVr) {
    // Without a VR there stand the low bytes of a length, most often with NUL in the high ones. Two characters are rather letters that
    // are no VR, of an empty element: as a length they are 8 KiB and more, which a first value seldom has but in a private sequence.
    const isLength = areCharacters(code) ? isPrivateLength(bytes, at, room) : code !== 0;
    const isImplicit = isLength && uint16LE(bytes, at + 6) === 0;
    return isImplicit && !isDelimiter(bytes, at) ? IMPLICIT_VR_LITTLE_ENDIAN : declared;
  }
  return isUnknown && parseVr(code) !== undefined && !isDelimiter(bytes, at) ? EXPLICIT_VR_LITTLE_ENDIAN : declared;
}

/**
 * The VR that a value of this even length can be written with: UN where the short form cannot tell the length
 * (PS3.5 6.2.2).
 */
export function encodableVr(vr: Vr, length: number, encoding: ElementEncoding): Vr {
  return encoding.explicitVr && length > MAX_SHORT_LENGTH && !vrInfo(vr).hasLongHeader ? 'UN' : vr;
}

/** Writes an element's header to `target` at `at`, where `LONG_HEADER` bytes are free, and returns its size. */
export function writeHeader(
  target: Buffer,
  at: number,
  element: { readonly tag: number; readonly vr: Vr; readonly length: number },
  encoding: ElementEncoding,
): number {
  if (!encoding.explicitVr) return writeItemHeader(target, at, element, encoding);
  const { bigEndian } = encoding;
  writeTag(target, at, element.tag, bigEndian);
  target.writeUInt16BE(vrCode(element.vr), at + 4);
  if (vrInfo(element.vr).hasLongHeader) {
    target.writeUInt16LE(0, at + 6);
    writeUInt32(target, at + 8, element.length, bigEndian);
    return LONG_HEADER;
  }
  if (bigEndian) target.writeUInt16BE(element.length, at + 6);
  else target.writeUInt16LE(element.length, at + 6);
  return SHORT_HEADER;
}

/** Writes a header without VR, which is that of every item and delimiter (PS3.5 7.5), and returns its size. */
export function writeItemHeader(
  target: Buffer,
  at: number,
  item: { readonly tag: number; readonly length: number },
  encoding: ElementEncoding,
): number {
  writeTag(target, at, item.tag, encoding.bigEndian);
  writeUInt32(target, at + 4, item.length, encoding.bigEndian);
  return SHORT_HEADER;
}

function readGroup(bytes: Buffer, at: number, encoding: ElementEncoding): number {
  return encoding.bigEndian ? uint16BE(bytes, at) : uint16LE(bytes, at);
}

function isDelimiter(bytes: Buffer, at: number): boolean {
  return uint16LE(bytes, at) === ITEM_GROUP || uint16BE(bytes, at) === ITEM_GROUP;
}

function writeTag(target: Buffer, at: number, tag: number, bigEndian: boolean): void {
  if (bigEndian) {
    target.writeUInt32BE(tag, at);
  } else {
    target.writeUInt16LE(tag >>> 16, at);
    target.writeUInt16LE(tag & 0xffff, at + 2);
  }
}

function writeUInt32(target: Buffer, at: number, value: number, bigEndian: boolean): void {
  if (bigEndian) target.writeUInt32BE(value, at);
  else target.writeUInt32LE(value, at);
}

/** Whether what stands in place of a VR may be the length of a private element: even, and no more than there is room for. */
function isPrivateLength(bytes: Buffer, at: number, room: number): boolean {
  const length = uint16LE(bytes, at + 4);
  const isPrivate = uint16LE(bytes, at) % 2 === 1;
  return isPrivate && !isCapitals(uint16BE(bytes, at + 4)) && length % 2 === 0 && length <= room;
}

function isCapitals(code: number): boolean {
  return isCapital(code >> 8) && isCapital(code & 0xff);
}

function isCapital(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}

function areCharacters(code: number): boolean {
  return isCharacter(code >> 8) && isCharacter(code & 0xff);
}

function isCharacter(byte: number): boolean {
  return byte >= 0x20 && byte <= 0x7e;
}
