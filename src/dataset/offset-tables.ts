/** The tables that tell where frames begin in encapsulated pixel data. */
import type { Token } from './tokens.js';

const PIXEL_DATA = 0x7fe00010;
export const EXTENDED_OFFSET_TABLE = 0x7fe00001;
/** PS3.3 C.7.6.3.1.8: the first says where frames are in the fragments, the others how long they are and all are. */
const OF_ENCAPSULATED_PIXELS = [EXTENDED_OFFSET_TABLE, 0x7fe00002, 0x7fe00003];
/** Of one in the Basic Offset Table, whose first is 0 (PS3.5 A.4). */
const OFFSET_BYTES = 4;

/** True for elements that tell of fragments and are not there without them. */
export function isOfEncapsulatedPixels(tag: number): boolean {
  return OF_ENCAPSULATED_PIXELS.includes(tag);
}

/** Finds out whether padding moves fragments of Pixel Data away from where the tables have them. */
export class FragmentMoves {
  #isInPixelData = false;
  #isTableNext = false;
  #hasOddFragment = false;
  #areMoved = false;
  /** Of the first offset of a table, bytes that have not come yet. */
  #offsetLeft = 0;
  #isTableMissing = false;

  /** False for all of a data set in which something else stands in the place of a table, be it that of an icon. */
  get areMoved(): boolean {
    return this.#areMoved && !this.#isTableMissing;
  }

  /** Whether bytes are still to be shown to `look`: they are not to be skipped. */
  get isLooking(): boolean {
    return this.#offsetLeft > 0;
  }

  open(tag: number): void {
    this.#isInPixelData = tag === PIXEL_DATA;
    this.#isTableNext = this.#isInPixelData;
    this.#hasOddFragment = false;
  }

  /** @returns whether its value is to be shown to `look` */
  begin(length: number): boolean {
    if (!this.#isInPixelData) return false;
    if (this.#isTableNext) {
      this.#isTableNext = false;
      if (length % OFFSET_BYTES !== 0) this.#isTableMissing = true;
      else if (length > 0) this.#offsetLeft = OFFSET_BYTES;
      return this.#offsetLeft > 0;
    }
    if (this.#hasOddFragment) this.#areMoved = true;
    this.#hasOddFragment ||= length % 2 === 1;
    return false;
  }

  look(data: Buffer): void {
    if (this.#offsetLeft === 0) return;
    const begun = data.subarray(0, this.#offsetLeft);
    this.#offsetLeft -= begun.length;
    if (begun.some((byte) => byte !== 0)) this.#isTableMissing = true;
  }
}

/**
 * Takes the tables out of the tokens that pass by. All may be missing: the Basic Offset Table is then an empty item (PS3.5 A.4).
 * For data sets in which the first item of Pixel Data is one wherever there are fragments: see `movesFragments` of the scan.
 */
export class OffsetTableRemoval {
  #isTableNext = false;
  #isValueRemoved = false;

  /** The token that goes on instead; undefined for none. */
  pass(token: Token): Token | undefined {
    switch (token.type) {
      case 'element':
        this.#isValueRemoved = isOfEncapsulatedPixels(token.tag);
        return this.#isValueRemoved ? undefined : token;
      case 'pixel-sequence':
        this.#isTableNext = token.tag === PIXEL_DATA;
        return token;
      case 'fragment':
        this.#isValueRemoved = this.#isTableNext;
        this.#isTableNext = false;
        return this.#isValueRemoved ? { type: 'fragment', length: 0 } : token;
      case 'value':
        return this.#isValueRemoved ? undefined : token;
      default:
        return token;
    }
  }
}
