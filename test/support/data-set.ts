/** Data sets in memory, to bytes and back. The library has none: what it sends and stores goes through as tokens. */
import { decodeValue, turnWords, type ValueElement } from '../../src/dataset/element-value.js';
import { TokenReader } from '../../src/dataset/token-reader.js';
import { TokenWriter } from '../../src/dataset/token-writer.js';
import type { ElementToken, Token, WritableToken } from '../../src/dataset/tokens.js';
import type { TransferSyntax } from '../../src/dataset/transfer-syntax.js';
import type { Vr } from '../../src/dataset/vr.js';
import { VrChoice } from '../../src/dataset/vr-choice.js';
import { encodeValue } from './encode-value.js';

/** Encapsulated pixel data: the fragments, the basic offset table first (PS3.5 A.4). */
export interface FragmentsElement {
  readonly tag: number;
  readonly vr: 'OB' | 'OW';
  readonly fragments: readonly Buffer[];
}

export interface SequenceElement {
  readonly tag: number;
  readonly vr: 'SQ';
  readonly items: readonly DataSet[];
}

export type DataElement = ValueElement | FragmentsElement | SequenceElement;

/** Decoded ones are in the order of the bytes. The order of others does not matter: encoding sorts by tag. */
export type DataSet = readonly DataElement[];

/** The first value of a text element; undefined if it has none, is absent or is not text. */
export function textOf(dataSet: DataSet, tag: number): string | undefined {
  const element = dataSet.find((candidate) => candidate.tag === tag);
  const first = element !== undefined && 'value' in element ? element.value[0] : undefined;
  return typeof first === 'string' ? first : undefined;
}

/**
 * The bytes of a data set. Those of a deflated transfer syntax are the bytes inside, not yet deflated.
 * @throws {UsageError} on text that is not one character per byte.
 */
export function encodeDataSet(dataSet: DataSet, syntax: TransferSyntax): Buffer {
  const writer = new TokenWriter(syntax);
  const pieces: Buffer[] = [];
  for (const token of tokensOf(dataSet)) {
    writer.write(token);
    pieces.push(...writer.take());
  }
  return Buffer.concat([...pieces, ...writer.finish()]);
}

/**
 * The data set in these bytes, of which nothing is kept. VRs that Implicit VR leaves open are settled. Of a deflated
 * transfer syntax, `bytes` are those inside.
 * @throws {DataSetError} if the bytes are not a whole data set in this syntax.
 */
export function decodeDataSet(bytes: Buffer, syntax: TransferSyntax): DataSet {
  const reader = new TokenReader(syntax);
  return gather([...reader.feed(bytes), ...reader.end()]);
}

function* tokensOf(dataSet: DataSet): Generator<WritableToken, void, void> {
  for (const element of dataSet.toSorted((a, b) => a.tag - b.tag)) {
    if ('items' in element) yield* sequenceTokens(element);
    else if ('fragments' in element) yield* fragmentTokens(element);
    else {
      const { tag, vr } = element;
      const data = encodeValue(element);
      yield { type: 'element', tag, vr, length: data.length, bigEndian: false };
      if (data.length > 0) yield { type: 'value', data, isLast: true };
    }
  }
}

function* sequenceTokens({ tag, vr, items }: SequenceElement): Generator<WritableToken, void, void> {
  yield { type: 'sequence', tag, vr, length: undefined };
  for (const item of items) {
    yield { type: 'item', length: undefined };
    yield* tokensOf(item);
    yield { type: 'item-end' };
  }
  yield { type: 'sequence-end' };
}

function* fragmentTokens({ tag, vr, fragments }: FragmentsElement): Generator<WritableToken, void, void> {
  yield { type: 'pixel-sequence', tag, vr };
  for (const data of fragments) {
    yield { type: 'fragment', length: data.length };
    if (data.length > 0) yield { type: 'value', data, isLast: true };
  }
  yield { type: 'sequence-end' };
}

const NOTHING = Buffer.alloc(0);

/** What is open around the next element is a stack and not a recursion: whoever sent the bytes decides how deep it gets. */
function gather(tokens: Iterable<Token>): DataSet {
  const root: DataElement[] = [];
  let elements = root;
  let element: ElementToken<Vr> | undefined;
  let fragments: Buffer[] | undefined;
  const sequences: { readonly items: DataSet[]; readonly around: DataElement[] }[] = [];
  const choice = new VrChoice();

  function endOfValue(data: Buffer): void {
    if (fragments !== undefined) fragments.push(Buffer.from(data));
    else if (element !== undefined) elements.push(decodeElement(element, data));
  }

  for (const token of tokens) {
    choice.watch(token);
    switch (token.type) {
      case 'element':
        element = choice.settle(token);
        if (token.length === 0) endOfValue(NOTHING);
        break;
      case 'fragment':
        if (token.length === 0) endOfValue(NOTHING);
        break;
      case 'value':
        // All bytes came at once, and so does each value.
        endOfValue(token.data);
        break;
      case 'pixel-sequence':
        fragments = [];
        elements.push({ tag: token.tag, vr: token.vr, fragments });
        break;
      case 'sequence': {
        const items: DataSet[] = [];
        elements.push({ tag: token.tag, vr: 'SQ', items });
        sequences.push({ items, around: elements });
        break;
      }
      case 'item':
        elements = [];
        sequences.at(-1)?.items.push(elements);
        break;
      case 'sequence-end':
        if (fragments === undefined) elements = sequences.pop()?.around ?? root;
        fragments = undefined;
        break;
      case 'item-end':
        break;
      default:
        token satisfies never;
    }
  }
  return root;
}

function decodeElement({ tag, vr, bigEndian }: ElementToken<Vr>, data: Buffer): DataElement {
  if (vr === 'SQ') return { tag, vr, items: [] };
  const bytes = Buffer.from(data);
  if (bigEndian) turnWords(bytes, vr);
  return decodeValue(tag, vr, bytes);
}
