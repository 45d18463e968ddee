/** Elements that are sequences on one side of a conversion to Implicit VR only: there the registry alone tells the VR. */
import { DataSetError } from '../base/errors.js';
import { dictionaryVr } from '../dictionary/lookup.js';
import { TokenReader } from './token-reader.js';
import type { Token } from './tokens.js';
import { IMPLICIT_VR_LITTLE_ENDIAN } from './transfer-syntax.js';

const HEADER_BYTES = 8;

/**
 * Looks at the tokens that go into Implicit VR. Every reader takes an element that the registry has as SQ for a sequence, so a
 * value that is none would make the whole data set unreadable. One with VR UN may be a sequence (PS3.5 6.2.2). A sequence
 * where the registry has another VR is as bad: many readers take its undefined length for that of a value.
 */
export class ImpliedSequences {
  #tag = 0;
  /** Reads what is to be a sequence, while its value passes. */
  #reader: TokenReader | undefined;

  /** @throws {DataSetError} if it will not be readable */
  watch(token: Token): void {
    if (token.type === 'element') {
      if (token.length > 0 && dictionaryVr(token.tag) === 'SQ') this.#begin(token.tag, token.length);
    } else if (token.type === 'value' && this.#reader !== undefined) {
      this.#read(this.#reader.feed(token.data));
      if (token.isLast) this.#end(this.#reader);
    } else checkSequence(token);
  }

  #begin(tag: number, length: number): void {
    this.#tag = tag;
    this.#reader = new TokenReader(IMPLICIT_VR_LITTLE_ENDIAN);
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt16LE(tag >>> 16, 0);
    header.writeUInt16LE(tag & 0xffff, 2);
    header.writeUInt32LE(length, 4);
    this.#read(this.#reader.feed(header));
  }

  #end(reader: TokenReader): void {
    this.#reader = undefined;
    this.#read(reader.end());
  }

  #read(tokens: Iterable<Token>): void {
    try {
      for (const token of tokens) checkSequence(token);
    } catch (error) {
      if (!(error instanceof DataSetError)) throw error;
      throw new DataSetError('a value that is no sequence, for which Implicit VR would have it', { tag: this.#tag });
    }
  }
}

/** The registry knows nothing of private elements but their creators (PS3.5 7.8.1). */
function checkSequence(token: Token): void {
  if (token.type !== 'sequence') return;
  const vr = dictionaryVr(token.tag) ?? 'UN';
  if (vr !== 'SQ' && vr !== 'UN')
    throw new DataSetError(`a sequence, for which Implicit VR would have ${vr}`, { tag: token.tag });
}
