/** PS3.5 A.1 and A.2: which VR an element takes where the registry leaves a choice and Implicit VR did not tell. */
import type { Vr } from '../dictionary/lookup.js';
import type { ElementToken, ElementVr, Token } from './tokens.js';

const PIXEL_REPRESENTATION = 0x00280103;
const UNSIGNED = 0;
const SIGNED = 1;
/** Bytes of a lookup table with a single entry. */
const ONE_ENTRY = 2;

/**
 * Watches the tokens of a data set go by for what the choice depends on. Of a value that comes later than the element it
 * decides on, the choice knows nothing: the bytes are the same either way, only the sign may be told wrong.
 */
export class VrChoice {
  /** Pixel Representation (0028,0103) of the data set and of each item open in it. */
  readonly #representations: number[] = [UNSIGNED];
  /** Where the low byte of a Pixel Representation comes in the bytes of its value still to come. */
  #lowByteAt: number | undefined;

  /** To be called for each token, before `settle` for an element after it. */
  watch(token: Token): void {
    switch (token.type) {
      case 'element':
        this.#lowByteAt = token.tag === PIXEL_REPRESENTATION ? Number(token.bigEndian) : undefined;
        break;
      case 'value':
        if (this.#lowByteAt !== undefined) this.#readLowByte(token.data);
        break;
      case 'item':
        this.#representations.push(this.#representation);
        break;
      case 'item-end':
        this.#representations.pop();
        break;
    }
  }

  /** The element with a VR that can be written. */
  settle(element: ElementToken): ElementToken<Vr> {
    const { type, tag, length, bigEndian } = element;
    return { type, tag, vr: this.#choose(element.vr, length), length, bigEndian };
  }

  #choose(vr: ElementVr, length: number): Vr {
    switch (vr) {
      case 'US or SS':
        return this.#representation === SIGNED ? 'SS' : 'US';
      // PS3.3 C.11.1.1.1: numbers (US) make sense for a single entry; and US cannot tell the length of more than 32767.
      case 'US or OW':
      case 'US or SS or OW':
        return length === ONE_ENTRY ? 'US' : 'OW';
      // PS3.5 A.2: OB is for 8 bits or fewer only, and a choice even there. OW is right for any native pixel, overlay and
      // waveform data, and what Implicit VR means them to be (A.1).
      case 'OB or OW':
        return 'OW';
      default:
        return vr;
    }
  }

  /** Of the innermost item; an item without its own has that of what is around it. */
  get #representation(): number {
    return this.#representations.at(-1) ?? UNSIGNED;
  }

  #readLowByte(data: Buffer): void {
    const at = this.#lowByteAt ?? 0;
    const value = data[at];
    if (value === undefined) {
      this.#lowByteAt = at - data.length;
      return;
    }
    this.#representations[this.#representations.length - 1] = value;
    this.#lowByteAt = undefined;
  }
}
