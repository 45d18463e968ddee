/** Elements that nobody wants to look at, as most are not, passed over in one loop instead of becoming tokens one by one. */
import { uint16BE, uint16LE, uint32LE } from '../base/bytes.js';
import { dictionaryVr } from '../dictionary/lookup.js';
import { FIRST_ITEM_TAG, LONG_HEADER, SHORT_HEADER } from './element-header.js';
import type { TransferSyntax } from './transfer-syntax.js';
import { plainHeaderSize } from './vr.js';

/**
 * Where the first element begins, from the one at `from` on, that somebody may want to look at. Nobody does if it is in little
 * endian, whole in `bytes`, has a tag over `after`, a value of even length, and is no sequence: by its VR, which is to be one of
 * the standard's, or in Implicit VR by the registry. Items and delimiters are looked at (PS3.5 7.5).
 */
export function endOfPlainElements(
  bytes: Buffer,
  from: number,
  after: number,
  { explicitVr, bigEndian }: TransferSyntax,
): number {
  if (bigEndian) return from;
  let at = from;
  while (at + LONG_HEADER <= bytes.length) {
    const tag = uint16LE(bytes, at) * 0x10000 + uint16LE(bytes, at + 2);
    if (tag <= after || tag >= FIRST_ITEM_TAG) break;
    const header = explicitVr ? plainHeaderSize(uint16BE(bytes, at + 4)) : implicitHeaderSize(tag);
    if (header === undefined) break;
    const isShortForm = explicitVr && header === SHORT_HEADER;
    const length = isShortForm ? uint16LE(bytes, at + 6) : uint32LE(bytes, at + header - 4);
    const end = at + header + length;
    if (length % 2 === 1 || end > bytes.length) break;
    at = end;
  }
  return at;
}

function implicitHeaderSize(tag: number): number | undefined {
  return dictionaryVr(tag) === 'SQ' ? undefined : SHORT_HEADER;
}
