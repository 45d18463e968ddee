/** The values of chosen attributes, kept while a data set passes of which nothing else is. */
import { turnWords } from './element-value.js';
import type { ElementToken, ValueToken } from './tokens.js';
import type { Vr } from './vr.js';
import { VrChoice } from './vr-choice.js';

/**
 * The longest value that is kept, in bytes. Those that name something (titles, identifiers, times, codes) are far shorter, and
 * what is kept of a data set is bounded by the number of attributes asked for.
 */
export const MAX_CAPTURED_BYTES = 1024;

/** The tag of (0008,0005), without which texts cannot be read. */
export const SPECIFIC_CHARACTER_SET = 0x00080005;

/** An attribute as it came. */
export interface CapturedAttribute {
  /** Where Implicit VR leaves a choice, the unsigned one. */
  readonly vr: Vr;
  /** The value with its padding, if any; words in little endian, whatever the transfer syntax. Text is in the character set of the data set. */
  readonly bytes: Buffer;
}

/**
 * Keeps the attributes of some tags, of the data set itself and not of the items in it. Sequences, fragments and values of more
 * than `MAX_CAPTURED_BYTES` are not kept. Of a tag that comes twice, which none should, the first counts.
 */
export class AttributeCapture {
  readonly #wanted: ReadonlySet<number>;
  readonly #attributes = new Map<number, CapturedAttribute>();
  /** The one whose value is passing by. */
  #current: ElementToken<Vr> | undefined;
  #bytes: Buffer = Buffer.alloc(0);
  #filled = 0;

  /** @param wanted tags `0xggggeeee` */
  constructor(wanted: ReadonlySet<number>) {
    this.#wanted = wanted;
  }

  /** What there is of them so far: whole values only. */
  get attributes(): ReadonlyMap<number, CapturedAttribute> {
    return this.#attributes;
  }

  /** To be called for each element of the data set itself; true if its value is wanted by `add`. */
  begin(element: ElementToken): boolean {
    const { tag, length } = element;
    if (!this.#wanted.has(tag) || length > MAX_CAPTURED_BYTES || this.#attributes.has(tag)) return false;
    this.#current = new VrChoice().settle(element);
    this.#bytes = Buffer.alloc(length);
    this.#filled = 0;
    if (length === 0) this.#finish(this.#current);
    return length > 0;
  }

  /** The next piece of the value, which is copied. */
  add({ data, isLast }: ValueToken): void {
    if (this.#current === undefined) return;
    this.#filled += data.copy(this.#bytes, this.#filled);
    if (isLast) this.#finish(this.#current);
  }

  #finish({ tag, vr, bigEndian }: ElementToken<Vr>): void {
    if (bigEndian) turnWords(this.#bytes, vr);
    this.#attributes.set(tag, { vr, bytes: this.#bytes });
    this.#current = undefined;
  }
}
