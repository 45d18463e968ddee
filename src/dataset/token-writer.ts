/** Tokens to bytes of a data set. Sequences and items go out with undefined length, so nothing is looked ahead. */
import type { Vr } from '../dictionary/lookup.js';
import {
  encodableVr,
  ITEM,
  ITEM_DELIMITATION,
  LONG_HEADER,
  SEQUENCE_DELIMITATION,
  UNDEFINED_LENGTH,
  writeHeader,
  writeItemHeader,
} from './element-header.js';
import { OutputBlock } from './output-block.js';
import { toImplicitVr } from './short-elements.js';
import type { ElementToken, FragmentToken, ValueToken, WritableToken } from './tokens.js';
import type { TransferSyntax } from './transfer-syntax.js';
import { vrInfo } from './vr.js';

const NUL = Buffer.of(0x00);
const SPACE = Buffer.of(0x20);

/**
 * PS3.5 clause 7 for any transfer syntax but the deflation itself. Values come out in the syntax's byte order and padded to
 * even length (PS3.5 6.2), a value too long for its VR's short header as UN (6.2.2), and a UN of undefined length as SQ.
 * The tokens must be in good order, as a token reader gives them.
 */
export class TokenWriter {
  readonly #syntax: TransferSyntax;
  readonly #output = new OutputBlock();
  /** Of the value that is being written. */
  #swapWidth: 1 | 2 | 4 | 8 = 1;
  #padding: Buffer | undefined;

  constructor(syntax: TransferSyntax) {
    this.#syntax = syntax;
  }

  write(token: WritableToken): void {
    switch (token.type) {
      case 'element':
        this.#element(token);
        break;
      case 'value':
        this.#value(token);
        break;
      case 'sequence':
        this.#header(token.tag, 'SQ', UNDEFINED_LENGTH);
        break;
      case 'item':
        this.#itemHeader(ITEM, UNDEFINED_LENGTH);
        break;
      case 'item-end':
        this.#itemHeader(ITEM_DELIMITATION, 0);
        break;
      case 'sequence-end':
        this.#itemHeader(SEQUENCE_DELIMITATION, 0);
        break;
      case 'pixel-sequence':
        this.#header(token.tag, token.vr, UNDEFINED_LENGTH);
        break;
      case 'fragment':
        this.#fragment(token);
        break;
      default:
        token satisfies never;
    }
  }

  /** Elements in Explicit VR, put in Implicit VR (see `endOfShortElements`). */
  writeShort(elements: Buffer): void {
    const { target, at } = this.#output.room(elements.length);
    target.set(elements, at);
    toImplicitVr(target, at, at + elements.length);
    this.#output.wrote(elements.length);
  }

  /**
   * The bytes that are ready. Large values among them are views of the tokens' data, valid for as long as those are; the
   * rest is the caller's.
   */
  take(): readonly Buffer[] {
    return this.#output.take();
  }

  /** The last bytes, after the last token. */
  finish(): readonly Buffer[] {
    return this.#output.finish();
  }

  #element({ tag, vr, length, bigEndian }: ElementToken<Vr>): void {
    const evenLength = length + (length % 2);
    const writtenVr = encodableVr(vr, evenLength, this.#syntax);
    const info = vrInfo(vr);
    this.#header(tag, writtenVr, evenLength);
    // PS3.5 6.2.2: the value of a UN is in little endian, whatever the data set around it is in.
    const targetBigEndian = this.#syntax.bigEndian && writtenVr !== 'UN';
    this.#swapWidth = bigEndian === targetBigEndian ? 1 : info.swapWidth;
    this.#padding = evenLength === length ? undefined : info.padding === 0 ? NUL : SPACE;
  }

  #fragment({ length }: FragmentToken): void {
    const evenLength = length + (length % 2);
    this.#itemHeader(ITEM, evenLength);
    this.#swapWidth = 1;
    this.#padding = evenLength === length ? undefined : NUL;
  }

  #value({ data, isLast }: ValueToken): void {
    this.#valueBytes(data);
    if (!isLast) return;
    if (this.#padding !== undefined) this.#valueBytes(this.#padding);
    this.#output.endValue();
  }

  #valueBytes(data: Buffer): void {
    if (this.#swapWidth === 1) this.#output.add(data);
    else this.#output.addSwapped(data, this.#swapWidth);
  }

  #header(tag: number, vr: Vr, length: number): void {
    const { target, at } = this.#output.room(LONG_HEADER);
    this.#output.wrote(writeHeader(target, at, { tag, vr, length }, this.#syntax));
  }

  #itemHeader(tag: number, length: number): void {
    const { target, at } = this.#output.room(LONG_HEADER);
    this.#output.wrote(writeItemHeader(target, at, { tag, length }, this.#syntax));
  }
}
