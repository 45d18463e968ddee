/** Bytes of a data set in chunks of any size to tokens. Values are views of the chunks; nothing is gathered. */
import { DataSetError, UsageError } from '../base/errors.js';
import { dictionaryVr } from '../dictionary/lookup.js';
import type { ElementHeader } from './element-header.js';
import {
  headerSize,
  ITEM,
  ITEM_DELIMITATION,
  ITEM_GROUP,
  LONG_HEADER,
  probeItemEncoding,
  readHeader,
  SEQUENCE_DELIMITATION,
  SHORT_HEADER,
  UNDEFINED_LENGTH,
} from './element-header.js';
import type { ElementVr, ItemEndToken, SequenceEndToken, Token } from './tokens.js';
import type { TransferSyntax } from './transfer-syntax.js';
import { IMPLICIT_VR_LITTLE_ENDIAN } from './transfer-syntax.js';

export interface TokenReaderOptions {
  /**
   * What to do at the end of the bytes when nothing but delimiters is missing: `accept` closes what is open, as many
   * readers do; `reject` (default) takes it for a data set that was cut.
   */
  readonly missingDelimiters?: 'accept' | 'reject';
}

/**
 * Most sequences within one another. No information object needs a hundred; without a limit a peer could fill the memory
 * with open sequences, since each costs it a few bytes only and us ten times as many.
 */
export const MAX_NESTING = 1000;

const PIXEL_DATA = 0x7fe00010;
const NOTHING = Buffer.alloc(0);
const ITEM_END: ItemEndToken = { type: 'item-end' };
const SEQUENCE_END: SequenceEndToken = { type: 'sequence-end' };

/** What is open around the next header. A chain, not recursion: depth costs one of these each. */
interface Container {
  readonly kind: 'data-set' | 'sequence' | 'item' | 'pixel-sequence';
  readonly parent: Container | undefined;
  /** Sequences around and including this. */
  readonly depth: number;
  readonly tag: number | undefined;
  /** Offset at which a defined length ends. */
  readonly end: number | undefined;
  /** The nearest `end` of this and what is around it, which nothing within may pass. */
  readonly limit: number;
  /** How the headers within are encoded. Of an item, only its first header tells (see `#probe`). */
  encoding: TransferSyntax;
  isProbed: boolean;
}

/**
 * PS3.5 clause 7 as a pull of tokens. Feed the chunks in order, taking every token of one before the next, then `end`.
 * Takes as real files have them: values of odd length, elements out of order, letters that are no VR (read as UN),
 * delimiters with a length (ignored), zeros at the end, and items whose VR form is not that of the data set (`#probe`).
 * @throws {DataSetError} from `feed` and `end`, after which the reader is of no more use.
 */
export class TokenReader {
  readonly #missingDelimiters: 'accept' | 'reject';
  #container: Container;
  #chunk: Buffer = NOTHING;
  /** Next byte of `#chunk` to look at. */
  #at = 0;
  /** Bytes of the data set that have become tokens or were skipped. */
  #offset = 0;
  /** Bytes missing from the value that is being read. */
  #left = 0;
  #valueTag: number | undefined;
  /** The beginning of a header that the last chunk cut. */
  #held: Buffer = NOTHING;
  #heldLength = 0;

  constructor(syntax: TransferSyntax, options: TokenReaderOptions = {}) {
    this.#missingDelimiters = options.missingDelimiters ?? 'reject';
    this.#container = {
      kind: 'data-set',
      parent: undefined,
      depth: 0,
      tag: undefined,
      end: undefined,
      limit: Infinity,
      encoding: syntax,
      isProbed: true,
    };
  }

  /** The tokens of the next bytes. Their views stay valid for as long as the caller leaves `chunk` alone. */
  *feed(chunk: Buffer): Generator<Token, void, void> {
    this.#chunk = chunk;
    this.#at = 0;
    for (let token = this.#next(); token !== undefined; token = this.#next()) yield token;
    this.#chunk = NOTHING;
    this.#at = 0;
  }

  /** The tokens that only the end of the bytes brings about. @throws {DataSetError} if the data set is not whole. */
  *end(): Generator<Token, void, void> {
    yield* this.feed(NOTHING);
    if (this.#left > 0) throw this.#error(`cut short: ${this.#left} more bytes should follow`, this.#valueTag);
    if (this.#heldLength > 0 && !this.#isZeroPadding()) throw this.#error('cut short within the header of an element');
    while (this.#container.kind !== 'data-set') {
      if (this.#container.end !== undefined || this.#missingDelimiters === 'reject')
        throw this.#error(`cut short within ${this.#containerName()}`, this.#container.tag);
      yield this.#close();
    }
  }

  /** Bytes of the current value that `skip` may leave out instead of their being fed; 0 outside a value. */
  get skippable(): number {
    return this.#left;
  }

  /** Goes on as if the next `length` bytes had been fed; they give no tokens. @throws {UsageError} over `skippable`. */
  skip(length: number): void {
    if (length > this.#left) throw new UsageError(`${length} bytes skipped of a value with ${this.#left} left`);
    this.#offset += length;
    this.#left -= length;
  }

  /** Leaves out what the chunk that is being fed has of the current value: it gives no token. */
  pass(): void {
    const size = Math.min(this.#left, this.#chunk.length - this.#at);
    this.#at += size;
    this.skip(size);
  }

  /** The elements that come next in the chunk that is being fed, as they stand, up to where `findEnd` says: they give no tokens. */
  takeElements(findEnd: (bytes: Buffer, from: number, encoding: TransferSyntax) => number): Buffer | undefined {
    const { kind, isProbed, limit, encoding } = this.#container;
    const isAmongElements = (kind === 'data-set' || kind === 'item') && isProbed && limit === Infinity;
    if (!isAmongElements || this.#left > 0 || this.#heldLength > 0) return undefined;
    const from = this.#at;
    const end = findEnd(this.#chunk, from, encoding);
    if (end === from) return undefined;
    this.#at = end;
    this.#offset += end - from;
    return this.#chunk.subarray(from, end);
  }

  /** Bytes that were fed but are no token yet: of a header that is cut, and after `end` of padding that makes no element. */
  get unread(): number {
    return this.#heldLength;
  }

  #next(): Token | undefined {
    if (this.#left > 0) return this.#value();
    if (this.#offset === this.#container.end) return this.#close();
    const header = this.#header();
    if (header === undefined) return undefined;
    switch (this.#container.kind) {
      case 'sequence':
        return this.#sequenceMember(header);
      case 'pixel-sequence':
        return this.#pixelSequenceMember(header);
      case 'item':
      case 'data-set':
        return header.tag === ITEM_DELIMITATION ? this.#itemDelimitation(header) : this.#element(header);
    }
  }

  #value(): Token | undefined {
    const { length } = this.#chunk;
    const size = Math.min(this.#left, length - this.#at);
    if (size === 0) return undefined;
    const data = size === length ? this.#chunk : this.#chunk.subarray(this.#at, this.#at + size);
    this.#at += size;
    this.#offset += size;
    this.#left -= size;
    return { type: 'value', data, isLast: this.#left === 0 };
  }

  #element(header: ElementHeader): Token {
    const { tag, length } = header;
    if (tag >>> 16 === ITEM_GROUP) throw this.#error('an item or delimiter where an element should be', tag);
    const { encoding } = this.#container;
    const vr = encoding.explicitVr ? (header.vr ?? 'UN') : implicitVr(tag);
    if (length === UNDEFINED_LENGTH) return this.#elementOfUndefinedLength(header, vr);
    this.#consume(header, length);
    if (vr === 'SQ') {
      this.#open('sequence', { tag, length, encoding });
      return { type: 'sequence', tag, vr, length };
    }
    this.#left = length;
    this.#valueTag = tag;
    return { type: 'element', tag, vr, length, bigEndian: encoding.bigEndian };
  }

  /** PS3.5 7.1.1: a sequence, encapsulated pixel data, or (6.2.2) a UN that was a sequence before its VR was lost. */
  #elementOfUndefinedLength(header: ElementHeader, vr: ElementVr): Token {
    const { tag } = header;
    const { encoding } = this.#container;
    this.#consume(header, 0);
    if (!encoding.explicitVr) {
      if (tag === PIXEL_DATA) throw this.#error('encapsulated pixel data in Implicit VR', tag);
      this.#open('sequence', { tag, length: undefined, encoding });
      return { type: 'sequence', tag, vr: 'SQ', length: undefined };
    }
    if (vr === 'OB' || vr === 'OW') {
      this.#open('pixel-sequence', { tag, length: undefined, encoding });
      return { type: 'pixel-sequence', tag, vr };
    }
    // Letters that are no VR read as UN, but say nothing of how a value without a length would be encoded.
    if (vr !== 'SQ' && header.vr !== 'UN') throw this.#error(`undefined length with VR ${header.vr ?? 'unknown'}`, tag);
    const inner = header.vr === 'UN' ? IMPLICIT_VR_LITTLE_ENDIAN : encoding;
    this.#open('sequence', { tag, length: undefined, encoding: inner });
    return { type: 'sequence', tag, vr: header.vr === 'UN' ? 'UN' : 'SQ', length: undefined };
  }

  #sequenceMember(header: ElementHeader): Token {
    if (header.tag === SEQUENCE_DELIMITATION) return this.#sequenceDelimitation(header);
    if (header.tag !== ITEM) throw this.#error('no item where a sequence should have one', header.tag);
    const length = header.length === UNDEFINED_LENGTH ? undefined : header.length;
    this.#consume(header, length ?? 0);
    this.#open('item', { tag: this.#container.tag, length, encoding: this.#container.encoding });
    return { type: 'item', length };
  }

  #pixelSequenceMember(header: ElementHeader): Token {
    if (header.tag === SEQUENCE_DELIMITATION) return this.#sequenceDelimitation(header);
    if (header.tag !== ITEM) throw this.#error('no fragment where pixel data should have one', header.tag);
    if (header.length === UNDEFINED_LENGTH) throw this.#error('a fragment of undefined length', this.#container.tag);
    this.#consume(header, header.length);
    this.#left = header.length;
    this.#valueTag = this.#container.tag;
    return { type: 'fragment', length: header.length };
  }

  #itemDelimitation(header: ElementHeader): Token {
    const { kind, end } = this.#container;
    if (kind !== 'item' || end !== undefined) throw this.#error('an item delimiter with no item to close', header.tag);
    this.#consume(header, 0);
    return this.#close();
  }

  #sequenceDelimitation(header: ElementHeader): Token {
    if (this.#container.end !== undefined) throw this.#error('a delimiter in a sequence of defined length', header.tag);
    this.#consume(header, 0);
    return this.#close();
  }

  /** Steps over a header, once it and the value behind it are known to fit into what is around them. */
  #consume(header: ElementHeader, length: number): void {
    const end = this.#offset + header.size + length;
    const excess = end - this.#container.limit;
    if (excess > 0)
      throw this.#error(`${length} bytes run ${excess} over the end of the item or sequence around them`, header.tag);
    this.#offset += header.size;
  }

  #open(
    kind: Container['kind'],
    within: {
      readonly tag: number | undefined;
      readonly length: number | undefined;
      readonly encoding: TransferSyntax;
    },
  ): void {
    const parent = this.#container;
    const depth = kind === 'item' ? parent.depth : parent.depth + 1;
    if (depth > MAX_NESTING) throw this.#error(`sequences nested more than ${MAX_NESTING} deep`, within.tag);
    const end = within.length === undefined ? undefined : this.#offset + within.length;
    this.#container = {
      kind,
      parent,
      depth,
      tag: within.tag,
      end,
      limit: end ?? parent.limit,
      encoding: within.encoding,
      isProbed: kind !== 'item',
    };
  }

  #close(): Token {
    const { kind, parent } = this.#container;
    this.#container = parent ?? this.#container;
    return kind === 'item' ? ITEM_END : SEQUENCE_END;
  }

  /** The next header, or undefined if the chunk ends before it does; what there is of it is held. */
  #header(): ElementHeader | undefined {
    if (this.#heldLength === 0 && this.#chunk.length - this.#at >= LONG_HEADER) {
      const header = this.#decode(this.#chunk, this.#at);
      this.#at += header.size;
      return header;
    }
    if (!this.#hold(SHORT_HEADER)) return undefined;
    this.#probe(this.#held, 0);
    if (!this.#hold(headerSize(this.#held, 0, this.#container.encoding))) return undefined;
    this.#heldLength = 0;
    return this.#decode(this.#held, 0);
  }

  #decode(bytes: Buffer, at: number): ElementHeader {
    this.#probe(bytes, at);
    const { encoding } = this.#container;
    return readHeader(bytes, at, headerSize(bytes, at, encoding), encoding);
  }

  /** Moves bytes of the chunk to the held header until it has `size`; false if there were not enough. */
  #hold(size: number): boolean {
    if (this.#held === NOTHING) this.#held = Buffer.alloc(LONG_HEADER);
    const wanted = Math.max(0, size - this.#heldLength);
    const moved = this.#chunk.copy(this.#held, this.#heldLength, this.#at, this.#at + wanted);
    this.#at += moved;
    this.#heldLength += moved;
    return moved === wanted;
  }

  /** Settles how an item is encoded when its first header is there. */
  #probe(bytes: Buffer, at: number): void {
    const container = this.#container;
    if (container.isProbed) return;
    container.isProbed = true;
    const declared = container.encoding;
    const isUnknown = !declared.explicitVr && container.parent?.parent?.encoding.explicitVr === true;
    const room = container.end === undefined ? 0 : container.end - this.#offset - SHORT_HEADER;
    container.encoding = probeItemEncoding(bytes, at, declared, { isUnknown, room });
  }

  /** Zeros after the last element, not enough of them to make an element of their own. */
  #isZeroPadding(): boolean {
    return (
      this.#container.kind === 'data-set' &&
      this.#held.subarray(0, this.#heldLength).every((byte: number) => byte === 0)
    );
  }

  #containerName(): string {
    return this.#container.kind === 'item' ? 'an item' : 'a sequence';
  }

  #error(message: string, tag?: number): DataSetError {
    return new DataSetError(message, { offset: this.#offset, ...(tag === undefined ? {} : { tag }) });
  }
}

function implicitVr(tag: number): ElementVr {
  const vr = dictionaryVr(tag);
  return vr === undefined || vr === 'NONE' ? 'UN' : vr;
}
