/** PS3.5 6.2: what a codec must know of each value representation. A VR is its two letters; `vrInfo` has the rest. */
import type { Vr } from '../dictionary/lookup.js';
import { VRS } from '../dictionary/lookup.js';

export type { Vr };

/** Every header but those of long-form explicit VRs. */
export const SHORT_HEADER = 8;
/** With two reserved bytes and 32 bits of length (PS3.5 Table 7.1-1). */
export const LONG_HEADER = 12;

export interface VrInfo {
  /** Explicit header with two reserved bytes and a 32-bit length (PS3.5 Table 7.1-1). */
  readonly hasLongHeader: boolean;
  /** What makes an odd value even (PS3.5 6.2): NUL or space. */
  readonly padding: 0x00 | 0x20;
  /** Bytes in a unit that the byte ordering turns round (PS3.5 7.3); 1 where it turns nothing. */
  readonly swapWidth: 1 | 2 | 4 | 8;
}

const TEXT: VrInfo = { hasLongHeader: false, padding: 0x20, swapWidth: 1 };
const LONG_TEXT: VrInfo = { hasLongHeader: true, padding: 0x20, swapWidth: 1 };
const UID: VrInfo = { hasLongHeader: false, padding: 0x00, swapWidth: 1 };
const OPAQUE: VrInfo = { hasLongHeader: true, padding: 0x00, swapWidth: 1 };
const BINARY_16: VrInfo = { hasLongHeader: false, padding: 0x00, swapWidth: 2 };
const BINARY_32: VrInfo = { hasLongHeader: false, padding: 0x00, swapWidth: 4 };
const BINARY_64: VrInfo = { hasLongHeader: false, padding: 0x00, swapWidth: 8 };
const LONG_BINARY_16: VrInfo = { hasLongHeader: true, padding: 0x00, swapWidth: 2 };
const LONG_BINARY_32: VrInfo = { hasLongHeader: true, padding: 0x00, swapWidth: 4 };
const LONG_BINARY_64: VrInfo = { hasLongHeader: true, padding: 0x00, swapWidth: 8 };

const VR_INFO: Readonly<Record<Vr, VrInfo>> = {
  AE: TEXT,
  AS: TEXT,
  // A tag is two 16-bit numbers, group and element.
  AT: BINARY_16,
  CS: TEXT,
  DA: TEXT,
  DS: TEXT,
  DT: TEXT,
  FD: BINARY_64,
  FL: BINARY_32,
  IS: TEXT,
  LO: TEXT,
  LT: TEXT,
  OB: OPAQUE,
  OD: LONG_BINARY_64,
  OF: LONG_BINARY_32,
  OL: LONG_BINARY_32,
  OV: LONG_BINARY_64,
  OW: LONG_BINARY_16,
  PN: TEXT,
  SH: TEXT,
  SL: BINARY_32,
  SQ: OPAQUE,
  SS: BINARY_16,
  ST: TEXT,
  SV: LONG_BINARY_64,
  TM: TEXT,
  UC: LONG_TEXT,
  UI: UID,
  UL: BINARY_32,
  UN: OPAQUE,
  UR: LONG_TEXT,
  US: BINARY_16,
  UT: LONG_TEXT,
  UV: LONG_BINARY_64,
};

export function vrInfo(vr: Vr): VrInfo {
  return VR_INFO[vr];
}

// Both letters are A to Z, so a table of 26 by 26 finds a VR without making a string; its last row is for all that are not.
const LETTERS = 26;
const LETTER_A = 0x41;
const NO_LETTERS = LETTERS * LETTERS;

function letterIndex(code: number): number {
  const first = (code >> 8) - LETTER_A;
  const second = (code & 0xff) - LETTER_A;
  return first >= 0 && first < LETTERS && second >= 0 && second < LETTERS ? first * LETTERS + second : NO_LETTERS;
}

const BY_LETTERS = new Array<Vr | undefined>(NO_LETTERS + 1).fill(undefined);
// PS3.5 6.2 note: a VR yet to come has the long form. What is no pair of capitals ("??", NULs) was written by mistake, in the
// short form as far as it has been seen.
const HAS_LONG_HEADER = new Array<boolean>(NO_LETTERS + 1).fill(true, 0, NO_LETTERS).fill(false, NO_LETTERS);
const PLAIN_HEADER_SIZE = new Array<number | undefined>(NO_LETTERS + 1).fill(undefined);
for (const vr of VRS) {
  const at = letterIndex(vrCode(vr));
  BY_LETTERS[at] = vr;
  HAS_LONG_HEADER[at] = VR_INFO[vr].hasLongHeader;
  if (vr !== 'SQ') PLAIN_HEADER_SIZE[at] = VR_INFO[vr].hasLongHeader ? LONG_HEADER : SHORT_HEADER;
}

/** The VR that two header bytes name, given as `first << 8 | second`; undefined if they name none. */
export function parseVr(code: number): Vr | undefined {
  return BY_LETTERS[letterIndex(code)];
}

/** Whether a header with those two bytes has the long form, be they a VR or not. */
export function hasLongHeader(code: number): boolean {
  return HAS_LONG_HEADER[letterIndex(code)] === true;
}

/** Bytes of the header with a VR that is known and no sequence; undefined for any other two bytes. */
export function plainHeaderSize(code: number): number | undefined {
  return PLAIN_HEADER_SIZE[letterIndex(code)];
}

/** The two letters of a VR as one number, the inverse of `parseVr`. */
export function vrCode(vr: Vr): number {
  return (vr.charCodeAt(0) << 8) | vr.charCodeAt(1);
}
