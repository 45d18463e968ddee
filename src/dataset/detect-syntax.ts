/** Which native transfer syntax bytes are in, told by the first element: for files that do not say, or say it wrong. */
import { uint16BE, uint16LE } from '../base/bytes.js';
import { dictionaryVr } from '../dictionary/lookup.js';
import { headerSize, readHeader, SHORT_HEADER, UNDEFINED_LENGTH } from './element-header.js';
import type { TransferSyntax } from './transfer-syntax.js';
import { EXPLICIT_VR_BIG_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN } from './transfer-syntax.js';
import { parseVr } from './vr.js';

// Explicit ones first: two letters that are a VR would be a strange length in Implicit VR.
const CANDIDATES = [EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN];

/**
 * The native transfer syntax in which an element of the registry could begin at `at` and end before `end`, the length of
 * all the bytes of which `bytes` are the first. What is compressed or no data set passes about once in a million times.
 */
export function detectSyntax(bytes: Buffer, at: number, end: number): TransferSyntax | undefined {
  return CANDIDATES.find((syntax) => isElement(bytes, at, end, syntax));
}

/** The likeliest native transfer syntax of what is known to be a data set, deflated and encapsulated ones left aside. */
export function guessSyntax(bytes: Buffer, at: number, end: number): TransferSyntax {
  const detected = detectSyntax(bytes, at, end);
  if (detected !== undefined || bytes.length < at + SHORT_HEADER) return detected ?? IMPLICIT_VR_LITTLE_ENDIAN;
  if (parseVr(uint16BE(bytes, at + 4)) === undefined) return IMPLICIT_VR_LITTLE_ENDIAN;
  return uint16BE(bytes, at) < uint16LE(bytes, at) ? EXPLICIT_VR_BIG_ENDIAN : EXPLICIT_VR_LITTLE_ENDIAN;
}

function isElement(bytes: Buffer, at: number, end: number, syntax: TransferSyntax): boolean {
  if (bytes.length < at + SHORT_HEADER) return false;
  const size = headerSize(bytes, at, syntax);
  if (bytes.length < at + size) return false;
  const { tag, vr, length } = readHeader(bytes, at, size, syntax);
  if (syntax.explicitVr && vr === undefined) return false;
  const registered = dictionaryVr(tag);
  // Zeros are no command group, and a group length of nothing in particular is no evidence.
  if (registered === undefined || registered === 'NONE' || tag >>> 16 === 0x0000) return false;
  if ((tag & 0xffff) === 0x0000) return length === 4;
  return length === UNDEFINED_LENGTH ? registered === 'SQ' : at + size + length <= end;
}
