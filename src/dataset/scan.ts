/** What must be known of a data set before it is sent or stored, told as its bytes pass by. */
import { MAX_TOLERATED_UID_LENGTH, withoutPadding } from '../base/identifiers.js';
import type { AttributeCapture } from './attribute-capture.js';
import { FragmentMoves } from './offset-tables.js';
import { endOfPlainElements } from './plain-elements.js';
import { TokenReader, type TokenReaderOptions } from './token-reader.js';
import type { ElementToken, Token, ValueToken } from './tokens.js';
import type { TransferSyntax } from './transfer-syntax.js';

const SOP_CLASS_UID = 0x00080016;
const SOP_INSTANCE_UID = 0x00080018;
/** What is longer is cut, and is too long still. */
const MAX_UID_BYTES = MAX_TOLERATED_UID_LENGTH + 1;

const endOfPlain = (bytes: Buffer, from: number, encoding: TransferSyntax) =>
  endOfPlainElements(bytes, from, SOP_INSTANCE_UID, encoding);
const endOfPlainInItem = (bytes: Buffer, from: number, encoding: TransferSyntax) =>
  endOfPlainElements(bytes, from, -1, encoding);

export interface ScanResult {
  /** Text of (0008,0016) of the data set itself without its padding; undefined if there is none. Not checked. */
  readonly sopClassUid: string | undefined;
  /** Text of (0008,0018), likewise. */
  readonly sopInstanceUid: string | undefined;
  /** True once the two above will not change any more: a later element, or the end, was met. */
  readonly headComplete: boolean;
  /** True while no element was met that belongs into a data set. */
  readonly isEmpty: boolean;
  /**
   * True if the bytes so far may not go out as they are: values of odd length (PS3.5 7.1.1), elements of group 0000 or 0002,
   * which are not part of a data set (PS3.10 7.1), or zeros at the end, which are not part of anything.
   */
  readonly needsRewrite: boolean;
  /**
   * True if one of them is a fragment with others behind it: padding moves those away from where the offset tables have them. But
   * not if something else stands in the place of a table (PS3.5 A.4), for which it would be taken.
   */
  readonly movesFragments: boolean;
}

export interface DataSetScanOptions extends TokenReaderOptions {
  /** Is given what it wants of the elements that are met. */
  readonly capture?: AttributeCapture | undefined;
}

/**
 * Reads a data set to its end without keeping any of it. A large value costs no more than a small one, and may be left out:
 * after each `feed`, `skippable` bytes of the file may be passed over and told to `skip` instead.
 * A deflated data set has to be inflated before.
 * @throws {DataSetError} from `feed` and `end` if the bytes are no data set in this syntax.
 */
export class DataSetScan {
  readonly #reader: TokenReader;
  /** Sequences that are open. */
  #depth = 0;
  readonly #uids = new Map<number, string>();
  /** The element whose value is passing by, if it is one of the two. */
  #uidTag: number | undefined;
  readonly #capture: AttributeCapture | undefined;
  #isCaptured = false;
  #headComplete = false;
  #isEmpty = true;
  #needsRewrite = false;
  readonly #fragments = new FragmentMoves();

  constructor(syntax: TransferSyntax, options?: DataSetScanOptions) {
    this.#reader = new TokenReader(syntax, options);
    this.#capture = options?.capture;
  }

  feed(chunk: Buffer): void {
    for (const token of this.#reader.feed(chunk)) {
      this.#see(token);
      if (this.#capture === undefined) this.#passPlain();
    }
  }

  /** No more bytes will come. */
  end(): void {
    for (const token of this.#reader.end()) this.#see(token);
    if (this.#reader.unread > 0) this.#needsRewrite = true;
    this.#headComplete = true;
  }

  /** Bytes of the current value that need not be fed. */
  get skippable(): number {
    const isWanted = this.#uidTag !== undefined || this.#isCaptured || this.#fragments.isLooking;
    return isWanted ? 0 : this.#reader.skippable;
  }

  /** Passes over the next `length` bytes, `skippable` at most. */
  skip(length: number): void {
    this.#reader.skip(length);
  }

  get result(): ScanResult {
    return {
      sopClassUid: this.#uid(SOP_CLASS_UID),
      sopInstanceUid: this.#uid(SOP_INSTANCE_UID),
      headComplete: this.#headComplete,
      isEmpty: this.#isEmpty,
      needsRewrite: this.#needsRewrite,
      movesFragments: this.#fragments.areMoved,
    };
  }

  #see(token: Token): void {
    switch (token.type) {
      case 'element':
        if (this.#depth === 0) this.#topLevelTag(token.tag);
        this.#beginValue(token.length, this.#depth === 0 ? token : undefined);
        break;
      case 'fragment':
        this.#beginFragment(token.length);
        break;
      case 'value':
        this.#fragments.look(token.data);
        if (this.#uidTag !== undefined) this.#gather(this.#uidTag, token);
        if (this.#isCaptured) this.#captureValue(token);
        break;
      case 'sequence':
      case 'pixel-sequence':
        if (this.#depth === 0) this.#topLevelTag(token.tag);
        if (token.type === 'pixel-sequence') this.#fragments.open(token.tag);
        this.#depth++;
        break;
      case 'sequence-end':
        this.#depth--;
        break;
    }
  }

  /** What follows without being one of the two, or anything that makes a difference. */
  #passPlain(): void {
    const isTopLevel = this.#depth === 0;
    const passed = this.#reader.takeElements(isTopLevel ? endOfPlain : endOfPlainInItem);
    if (passed === undefined || !isTopLevel) return;
    this.#isEmpty = false;
    this.#headComplete = true;
  }

  #topLevelTag(tag: number): void {
    const group = tag >>> 16;
    if (group === 0x0000 || group === 0x0002) this.#needsRewrite = true;
    else this.#isEmpty = false;
    if (tag > SOP_INSTANCE_UID) this.#headComplete = true;
  }

  #beginFragment(length: number): void {
    if (length % 2 === 1) this.#needsRewrite = true;
    if (!this.#fragments.begin(length)) this.#reader.pass();
  }

  #beginValue(length: number, topLevel: ElementToken | undefined): void {
    if (length % 2 === 1) this.#needsRewrite = true;
    if (topLevel !== undefined && this.#capture !== undefined) this.#isCaptured = this.#capture.begin(topLevel);
    if (topLevel?.tag !== SOP_CLASS_UID && topLevel?.tag !== SOP_INSTANCE_UID) {
      if (!this.#isCaptured) this.#reader.pass();
      return;
    }
    this.#uids.set(topLevel.tag, '');
    if (length > 0) this.#uidTag = topLevel.tag;
  }

  #captureValue(token: ValueToken): void {
    this.#capture?.add(token);
    if (token.isLast) this.#isCaptured = false;
  }

  #gather(tag: number, { data, isLast }: ValueToken): void {
    const text = `${this.#uids.get(tag)}${data.toString('latin1', 0, MAX_UID_BYTES)}`;
    this.#uids.set(tag, text.slice(0, MAX_UID_BYTES));
    if (isLast) this.#uidTag = undefined;
  }

  #uid(tag: number): string | undefined {
    const text = this.#uids.get(tag);
    return text === undefined ? undefined : withoutPadding(text);
  }
}
