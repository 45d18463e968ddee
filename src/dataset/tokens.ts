/** What a data set is made of, as one flat series: what the token reader gives and the token writer takes. */
import type { DictionaryVr, Vr } from '../dictionary/lookup.js';

/** What the registry leaves open in Implicit VR (PS3.5 A.1, A.2) or says exactly. */
export type ElementVr = Exclude<DictionaryVr, 'NONE'>;

/** Begins an element; `value` tokens of `length` bytes in all follow, none if it is 0. */
export interface ElementToken<V extends ElementVr = ElementVr> {
  readonly type: 'element';
  readonly tag: number;
  readonly vr: V;
  readonly length: number;
  /** Byte order of the value's words. */
  readonly bigEndian: boolean;
}

/** A piece of the value of the element or fragment before it. `data` is a view, valid until more bytes are asked for. */
export interface ValueToken {
  readonly type: 'value';
  readonly data: Buffer;
  readonly isLast: boolean;
}

/** Begins a sequence. UN is one of undefined length: its items are in Implicit VR Little Endian (PS3.5 6.2.2). */
export interface SequenceToken {
  readonly type: 'sequence';
  readonly tag: number;
  readonly vr: 'SQ' | 'UN';
  /** Undefined for undefined length. */
  readonly length: number | undefined;
}

export interface ItemToken {
  readonly type: 'item';
  readonly length: number | undefined;
}

/** Closes an item, however its length was given. */
export interface ItemEndToken {
  readonly type: 'item-end';
}

/** Closes a sequence or a pixel sequence. */
export interface SequenceEndToken {
  readonly type: 'sequence-end';
}

/** Begins encapsulated pixel data (PS3.5 A.4): fragments, the basic offset table first. */
export interface PixelSequenceToken {
  readonly type: 'pixel-sequence';
  readonly tag: number;
  readonly vr: 'OB' | 'OW';
}

/** Begins a fragment; `value` tokens follow as after an element. */
export interface FragmentToken {
  readonly type: 'fragment';
  readonly length: number;
}

type OtherToken =
  | ValueToken
  | SequenceToken
  | ItemToken
  | ItemEndToken
  | SequenceEndToken
  | PixelSequenceToken
  | FragmentToken;

export type Token = ElementToken | OtherToken;
/** A token whose VR is settled, so that Explicit VR can be written. */
export type WritableToken = ElementToken<Vr> | OtherToken;
