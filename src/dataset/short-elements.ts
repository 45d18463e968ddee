/** From Explicit to Implicit VR, most elements change in four bytes of their headers only: they are rewritten in one loop. */
import { uint16BE, uint16LE } from '../base/bytes.js';
import { dictionaryVr } from '../dictionary/lookup.js';
import { isDropped } from './dropped.js';
import { FIRST_ITEM_TAG, LONG_HEADER, SHORT_HEADER } from './element-header.js';
import type { TransferSyntax } from './transfer-syntax.js';
import { plainHeaderSize } from './vr.js';

/** Longest run at once: it is copied to where a block has room for it. */
const MAX_RUN_BYTES = 16 * 1024;

/**
 * Where the run of short elements ends that begins at `from`, if one does. Short ones are in Explicit VR Little Endian with the
 * short form of header, whole in `bytes`, of even length, kept, and no sequences in Implicit VR. Their VRs need no choice and make no difference there.
 */
export function endOfShortElements(bytes: Buffer, from: number, { explicitVr, bigEndian }: TransferSyntax): number {
  if (!explicitVr || bigEndian) return from;
  let at = from;
  while (at + LONG_HEADER <= bytes.length) {
    const tag = uint16LE(bytes, at) * 0x10000 + uint16LE(bytes, at + 2);
    // Those have no VR: where it would be, a delimiter may have a length that nobody minds.
    if (tag >= FIRST_ITEM_TAG || isDropped(tag)) break;
    if (plainHeaderSize(uint16BE(bytes, at + 4)) !== SHORT_HEADER || dictionaryVr(tag) === 'SQ') break;
    const length = uint16LE(bytes, at + 6);
    const end = at + SHORT_HEADER + length;
    if (length % 2 === 1 || end > bytes.length || end - from > MAX_RUN_BYTES) break;
    at = end;
  }
  return at;
}

/** Puts a run of short elements in Implicit VR, where it stands. */
export function toImplicitVr(bytes: Buffer, from: number, end: number): void {
  for (let at = from; at < end; ) {
    const length = uint16LE(bytes, at + 6);
    bytes[at + 4] = length & 0xff;
    bytes[at + 5] = length >>> 8;
    bytes[at + 6] = 0;
    bytes[at + 7] = 0;
    at += SHORT_HEADER + length;
  }
}
