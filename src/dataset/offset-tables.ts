/** The tables that tell where frames begin in encapsulated pixel data. */
import type { Token } from './tokens.js';

export const EXTENDED_OFFSET_TABLE = 0x7fe00001;
/** PS3.3 C.7.6.3.1.8: the first says where frames are in the fragments, the others how long they are and all are. */
const OF_ENCAPSULATED_PIXELS = [EXTENDED_OFFSET_TABLE, 0x7fe00002, 0x7fe00003];
/** Bytes of an offset in the Basic Offset Table. */
const OFFSET_BYTES = 4;

/** True for elements that tell of fragments and are not there without them. */
export function isOfEncapsulatedPixels(tag: number): boolean {
  return OF_ENCAPSULATED_PIXELS.includes(tag);
}

/**
 * Takes the tables out of the tokens that pass by. All may be missing: the Basic Offset Table is then an empty item (PS3.5 A.4).
 * What stands in its place and cannot be one is taken for a fragment, and stays.
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
        this.#isTableNext = true;
        return token;
      case 'fragment':
        this.#isValueRemoved = this.#isTableNext && token.length % OFFSET_BYTES === 0;
        this.#isTableNext = false;
        return this.#isValueRemoved ? { type: 'fragment', length: 0 } : token;
      case 'value':
        return this.#isValueRemoved ? undefined : token;
      default:
        return token;
    }
  }
}
