/** A data set of one transfer syntax rewritten in another as it passes by, or cleaned up in its own. */
import { DataSetError, UsageError } from '../base/errors.js';
import { isDropped } from './dropped.js';
import { ImpliedSequences } from './implied-sequence.js';
import { OffsetTableRemoval } from './offset-tables.js';
import { endOfShortElements } from './short-elements.js';
import { TokenReader } from './token-reader.js';
import { TokenWriter } from './token-writer.js';
import type { Token } from './tokens.js';
import type { TransferSyntax } from './transfer-syntax.js';
import { DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, isNative } from './transfer-syntax.js';
import { VrChoice } from './vr-choice.js';

/** True between any two that keep pixel data native, deflated or not, and from any syntax to itself. */
export function canConvert(from: TransferSyntax, to: TransferSyntax): boolean {
  return from.uid === to.uid || (hasNativePixelData(from) && hasNativePixelData(to));
}

function hasNativePixelData(syntax: TransferSyntax): boolean {
  return isNative(syntax) || syntax.uid === DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN.uid;
}

export interface TranscoderOptions {
  /** `remove` where fragments do not stay where they are, which the tables then tell wrong (PS3.5 A.4). Default: `keep`. */
  readonly offsetTables?: 'keep' | 'remove';
}

/**
 * Bytes in `from` to bytes in `to`, at a memory that does not depend on the data set. Text is never touched. From Explicit VR
 * every element keeps the VR it came with; from Implicit VR it gets the dictionary's, and UN if that has none.
 * Deflation is not done here: both sides of a deflated syntax are the bytes inside.
 */
export class Transcoder {
  readonly #reader: TokenReader;
  readonly #tokens: TokenTranscoder;
  readonly #isToImplicit: boolean;
  readonly #removal: OffsetTableRemoval | undefined;

  /** @throws {UsageError} if `canConvert` says no. */
  constructor(from: TransferSyntax, to: TransferSyntax, { offsetTables = 'keep' }: TranscoderOptions = {}) {
    if (!canConvert(from, to)) throw new UsageError(`no conversion from ${from.name} to ${to.name}`);
    this.#reader = new TokenReader(from);
    this.#tokens = new TokenTranscoder(to);
    this.#isToImplicit = to.uid === IMPLICIT_VR_LITTLE_ENDIAN.uid;
    this.#removal = offsetTables === 'remove' ? new OffsetTableRemoval() : undefined;
  }

  /** The bytes that the next bytes lead to, valid until the next call: large values among them are views of `chunk`. */
  feed(chunk: Buffer): readonly Buffer[] {
    for (const token of this.#reader.feed(chunk)) {
      this.#pass(token);
      if (this.#isToImplicit && !this.#tokens.isDropping) this.#passShort();
    }
    return this.#tokens.take();
  }

  /** The last bytes. @throws {DataSetError} if the data set is not whole. */
  end(): readonly Buffer[] {
    for (const token of this.#reader.end()) this.#pass(token);
    return this.#tokens.finish();
  }

  #pass(token: Token): void {
    const kept = this.#removal === undefined ? token : this.#removal.pass(token);
    if (kept !== undefined) this.#tokens.pass(kept);
  }

  #passShort(): void {
    const elements = this.#reader.takeElements(endOfShortElements);
    if (elements !== undefined) this.#tokens.passShort(elements);
  }
}

/** The half of a `Transcoder` behind its token reader, for whoever changes tokens on the way. */
export class TokenTranscoder {
  readonly #to: TransferSyntax;
  readonly #writer: TokenWriter;
  readonly #choice = new VrChoice();
  readonly #implied: ImpliedSequences | undefined;
  /** Sequences open within one that is dropped, that one included. */
  #droppedDepth = 0;
  #isValueDropped = false;

  constructor(to: TransferSyntax) {
    this.#to = to;
    this.#implied = to.explicitVr ? undefined : new ImpliedSequences();
    this.#writer = new TokenWriter(to);
  }

  /** The next token. @throws {DataSetError} on encapsulated pixel data where `to` has none, and as `ImpliedSequences` does */
  pass(token: Token): void {
    if (this.#drops(token)) return;
    this.#choice.watch(token);
    this.#implied?.watch(token);
    if (token.type === 'pixel-sequence' && !this.#to.encapsulated)
      throw new DataSetError(`encapsulated pixel data in ${this.#to.name}`, { tag: token.tag });
    this.#writer.write(token.type === 'element' ? this.#choice.settle(token) : token);
  }

  /** Whether what comes is part of a sequence that is left out. */
  get isDropping(): boolean {
    return this.#droppedDepth > 0;
  }

  /** Elements that come instead of their tokens, on the way to Implicit VR Little Endian (see `endOfShortElements`). */
  passShort(elements: Buffer): void {
    this.#writer.writeShort(elements);
  }

  /** The bytes that are ready, valid for as long as the data of the tokens that were passed. */
  take(): readonly Buffer[] {
    return this.#writer.take();
  }

  /** The last bytes, after the last token. */
  finish(): readonly Buffer[] {
    return this.#writer.finish();
  }

  #drops(token: Token): boolean {
    switch (token.type) {
      case 'element':
        this.#isValueDropped = this.#droppedDepth > 0 || isDropped(token.tag);
        return this.#isValueDropped;
      case 'fragment':
        this.#isValueDropped = this.#droppedDepth > 0;
        return this.#isValueDropped;
      case 'value':
        return this.#isValueDropped;
      case 'sequence':
      case 'pixel-sequence':
        if (this.#droppedDepth > 0 || isDropped(token.tag)) this.#droppedDepth++;
        return this.#droppedDepth > 0;
      case 'sequence-end':
        if (this.#droppedDepth === 0) return false;
        this.#droppedDepth--;
        return true;
      case 'item':
      case 'item-end':
        return this.#droppedDepth > 0;
    }
  }
}
