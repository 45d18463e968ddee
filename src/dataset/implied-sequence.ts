/** Elements that are no sequences where they come from, but become some in Implicit VR, where the registry alone tells the VR. */
import { DataSetError } from '../base/errors.js';
import { dictionaryVr } from '../dictionary/lookup.js';
import { TokenReader } from './token-reader.js';
import type { Token } from './tokens.js';
import { IMPLICIT_VR_LITTLE_ENDIAN } from './transfer-syntax.js';

const HEADER_BYTES = 8;

/**
 * Looks at the tokens that go into Implicit VR. Every reader takes an element that the registry has as SQ for a sequence, so a
 * value that is none would make the whole data set unreadable. One with VR UN may be a sequence (PS3.5 6.2.2).
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
    }
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
      const iterator = tokens[Symbol.iterator]();
      while (!iterator.next().done);
    } catch (error) {
      if (!(error instanceof DataSetError)) throw error;
      throw new DataSetError('a value that is no sequence, for which Implicit VR would have it', { tag: this.#tag });
    }
  }
}
