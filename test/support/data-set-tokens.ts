/** Tokens as tests compare them: with their values put together, however the bytes were cut. */
import assert from 'node:assert/strict';
import { TokenReader } from '../../src/dataset/token-reader.js';
import type { Token, ValueToken } from '../../src/dataset/tokens.js';
import type { TransferSyntax } from '../../src/dataset/transfer-syntax.js';
import type { DataSetNode, ElementNode, PixelSequenceNode, SequenceNode, TestEncoding } from './data-set-arbitrary.js';
import { encode, encodeItems, innerEncoding, orderWords } from './data-set-arbitrary.js';

export type WholeToken = Exclude<Token, ValueToken> & { readonly value?: Buffer };

/** The tokens with each value in the element or fragment before it; checks that the pieces add up to its length. */
export function wholeTokens(tokens: Iterable<Token>): WholeToken[] {
  const whole: WholeToken[] = [];
  let pieces: Buffer[] = [];
  let missing = 0;
  for (const token of tokens) {
    if (token.type === 'value') {
      pieces.push(Buffer.from(token.data));
      missing -= token.data.length;
      assert.equal(token.isLast, missing === 0);
      const owner = whole.at(-1);
      if (token.isLast && owner !== undefined) whole[whole.length - 1] = { ...owner, value: Buffer.concat(pieces) };
    } else {
      assert.equal(missing, 0, 'a value ends before its length');
      whole.push(token);
      pieces = [];
      missing = token.type === 'element' || token.type === 'fragment' ? token.length : 0;
    }
  }
  assert.equal(missing, 0, 'a value ends before its length');
  return whole;
}

/** All tokens of the chunks, the end included. */
export function* tokensOf(chunks: Iterable<Buffer>, syntax: TransferSyntax): Generator<Token> {
  const reader = new TokenReader(syntax);
  for (const chunk of chunks) yield* reader.feed(chunk);
  yield* reader.end();
}

export function readWhole(bytes: Buffer, syntax: TransferSyntax): WholeToken[] {
  return wholeTokens(tokensOf([bytes], syntax));
}

/** The bytes in chunks of the given sizes, again and again to the end. */
export function* cut(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const size = Math.max(1, sizes[index % sizes.length] ?? bytes.length);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** What a reader has to make of `encode(nodes, encoding)`, told from the tree. */
export function* expectedTokens(nodes: readonly DataSetNode[], encoding: TestEncoding): Generator<WholeToken> {
  for (const node of nodes) {
    if (node.kind === 'element') yield expectedElement(node, encoding);
    else if (node.kind === 'sequence') yield* expectedSequence(node, encoding);
    else yield* expectedPixelSequence(node);
  }
}

function expectedElement({ tag, vr, value }: ElementNode, encoding: TestEncoding): WholeToken {
  const { explicitVr, bigEndian } = encoding;
  const isPrivate = Math.floor(tag / 0x10000) % 2 === 1;
  const token: WholeToken = {
    type: 'element',
    tag,
    vr: !explicitVr && isPrivate ? 'UN' : vr,
    length: value.length,
    bigEndian,
  };
  return value.length === 0 ? token : { ...token, value: orderWords(value, vr, encoding) };
}

function* expectedSequence(node: SequenceNode, encoding: TestEncoding): Generator<WholeToken> {
  const inner = innerEncoding(node, encoding);
  yield {
    type: 'sequence',
    tag: node.tag,
    vr: encoding.explicitVr ? node.vr : 'SQ',
    length: node.isDefined ? encodeItems(node, encoding).length : undefined,
  };
  for (const item of node.items) {
    yield { type: 'item', length: item.isDefined ? encode(item.nodes, inner).length : undefined };
    yield* expectedTokens(item.nodes, inner);
    yield { type: 'item-end' };
  }
  yield { type: 'sequence-end' };
}

function* expectedPixelSequence(node: PixelSequenceNode): Generator<WholeToken> {
  yield { type: 'pixel-sequence', tag: node.tag, vr: node.vr };
  for (const value of node.fragments) {
    const token: WholeToken = { type: 'fragment', length: value.length };
    yield value.length === 0 ? token : { ...token, value };
  }
  yield { type: 'sequence-end' };
}
