/** Tokens on their way out, held back behind an attribute whose value depends on what comes later. */
import type { ElementToken, Token } from '../dataset/tokens.js';
import type { TokenTranscoder } from '../dataset/transcode.js';

/** Icons have lookup tables and profiles between their attributes and their pixels, of less than this together. */
const MAX_HELD_BYTES = 4 * 1024 * 1024;
/** What a token takes besides its data. */
const TOKEN_BYTES = 128;

/** The data set or an item. Its pixel data is compressed or not, which is undefined as long as that is not known. */
export interface Decision {
  isCompressed: boolean | undefined;
}

/** One attribute, with the value that it came with and the one that it has if pixel data is decompressed. */
export interface Alternatives {
  readonly element: ElementToken;
  readonly original: Buffer;
  readonly corrected: Buffer;
}

interface Undecided extends Alternatives {
  readonly type: 'undecided';
  readonly decision: Decision;
}

/** In front of a `TokenTranscoder`. All goes straight through while nothing is undecided, as in most data sets nothing ever is. */
export class HeldTokens {
  readonly #output: TokenTranscoder;
  #held: (Token | Undecided)[] = [];
  #bytes = 0;

  constructor(output: TokenTranscoder) {
    this.#output = output;
  }

  pass(token: Token): void {
    if (this.#held.length === 0) this.#output.pass(token);
    else this.#hold(token.type === 'value' ? { ...token, data: Buffer.from(token.data) } : token);
  }

  passAttribute(decision: Decision, alternatives: Alternatives): void {
    const { element, original, corrected } = alternatives;
    const isSettled = decision.isCompressed !== undefined || corrected.equals(original);
    if (!isSettled) this.#hold({ ...alternatives, type: 'undecided', decision });
    else {
      const value = decision.isCompressed === true ? corrected : original;
      this.pass({ ...element, length: value.length });
      this.pass({ type: 'value', data: value, isLast: true });
    }
  }

  /** To be called when a decision may have been made: lets go of all up to the next that has not. */
  release(): void {
    const held = this.#held;
    const [first] = held;
    if (first?.type !== 'undecided' || first.decision.isCompressed === undefined) return;
    this.#held = [];
    this.#bytes = 0;
    for (const token of held)
      if (token.type === 'undecided') this.passAttribute(token.decision, token);
      else this.pass(token);
  }

  /** Behind too much, what is undecided stays as it came; compressed pixel data may not follow then. */
  #hold(token: Token | Undecided): void {
    this.#held.push(token);
    this.#bytes += TOKEN_BYTES + (token.type === 'value' ? token.data.length : 0);
    if (this.#bytes <= MAX_HELD_BYTES) return;
    for (const held of this.#held) if (held.type === 'undecided') held.decision.isCompressed = false;
    this.release();
  }
}
