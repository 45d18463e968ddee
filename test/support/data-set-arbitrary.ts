/** Arbitrary data sets as trees, and an encoder of its own for them, which shares nothing with the one under test. */
import fc from 'fast-check';
import type { Vr } from '../../src/dictionary/lookup.js';
import { VRS } from '../../src/dictionary/lookup.js';

export interface ElementNode {
  readonly kind: 'element';
  readonly tag: number;
  readonly vr: Vr;
  /** Words in little endian. */
  readonly value: Buffer;
}

export interface SequenceNode {
  readonly kind: 'sequence';
  readonly tag: number;
  /** UN is of undefined length, with its items in Implicit VR Little Endian. */
  readonly vr: 'SQ' | 'UN';
  readonly isDefined: boolean;
  readonly items: readonly ItemNode[];
}

export interface ItemNode {
  readonly isDefined: boolean;
  readonly nodes: readonly DataSetNode[];
}

export interface PixelSequenceNode {
  readonly kind: 'pixel-sequence';
  readonly tag: number;
  readonly vr: 'OB';
  readonly fragments: readonly Buffer[];
}

export type DataSetNode = ElementNode | SequenceNode | PixelSequenceNode;

/** A native encoding: `ELE`, `EBE` or `ILE`. */
export interface TestEncoding {
  readonly explicitVr: boolean;
  readonly bigEndian: boolean;
}

export const ELE: TestEncoding = { explicitVr: true, bigEndian: false };
export const EBE: TestEncoding = { explicitVr: true, bigEndian: true };
export const ILE: TestEncoding = { explicitVr: false, bigEndian: false };

const LONG_FORM = new Set<string>('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '));
const WIDTHS: Readonly<Record<string, number>> = {
  ...{ AT: 2, OW: 2, SS: 2, US: 2, FL: 4, OF: 4, OL: 4, SL: 4, UL: 4 },
  ...{ FD: 8, OD: 8, OV: 8, SV: 8, UV: 8 },
};
const UNDEFINED = 0xffffffff;

export function encode(nodes: readonly DataSetNode[], encoding: TestEncoding): Buffer {
  return Buffer.concat(nodes.map((node) => encodeNode(node, encoding)));
}

function encodeNode(node: DataSetNode, encoding: TestEncoding): Buffer {
  switch (node.kind) {
    case 'element':
      return Buffer.concat([
        header(node.tag, node.vr, node.value.length, encoding),
        orderWords(node.value, node.vr, encoding),
      ]);
    case 'sequence': {
      const inner = innerEncoding(node, encoding);
      const items = encodeItems(node, encoding);
      return node.isDefined
        ? Buffer.concat([header(node.tag, node.vr, items.length, encoding), items])
        : Buffer.concat([header(node.tag, node.vr, UNDEFINED, encoding), items, bare(0xfffee0dd, 0, inner)]);
    }
    case 'pixel-sequence':
      return Buffer.concat([
        header(node.tag, node.vr, UNDEFINED, encoding),
        ...node.fragments.flatMap((fragment) => [bare(0xfffee000, fragment.length, encoding), fragment]),
        bare(0xfffee0dd, 0, encoding),
      ]);
  }
}

/** The bytes between a sequence's header and its delimiter. */
export function encodeItems(node: SequenceNode, encoding: TestEncoding): Buffer {
  return Buffer.concat(node.items.map((item) => encodeItem(item, innerEncoding(node, encoding))));
}

export function innerEncoding(node: SequenceNode, encoding: TestEncoding): TestEncoding {
  return node.vr === 'UN' ? ILE : encoding;
}

function encodeItem(item: ItemNode, encoding: TestEncoding): Buffer {
  const content = encode(item.nodes, encoding);
  return item.isDefined
    ? Buffer.concat([bare(0xfffee000, content.length, encoding), content])
    : Buffer.concat([bare(0xfffee000, UNDEFINED, encoding), content, bare(0xfffee00d, 0, encoding)]);
}

function header(tag: number, vr: string, length: number, encoding: TestEncoding): Buffer {
  if (!encoding.explicitVr) return bare(tag, length, encoding);
  const letters = Buffer.from(vr, 'latin1');
  const tail = LONG_FORM.has(vr)
    ? [Buffer.alloc(2), number(length, 4, encoding)]
    : [number(Math.min(length, 0xffff), 2, encoding)];
  return Buffer.concat([tagBytes(tag, encoding), letters, ...tail]);
}

function bare(tag: number, length: number, encoding: TestEncoding): Buffer {
  return Buffer.concat([tagBytes(tag, encoding), number(length, 4, encoding)]);
}

function tagBytes(tag: number, encoding: TestEncoding): Buffer {
  return Buffer.concat([number(Math.floor(tag / 0x10000), 2, encoding), number(tag % 0x10000, 2, encoding)]);
}

function number(value: number, size: number, encoding: TestEncoding): Buffer {
  const bytes = Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex');
  return encoding.bigEndian ? bytes : bytes.reverse();
}

/** The value in the encoding's byte order; whole words only: what is left over at the end has none. */
export function orderWords(value: Buffer, vr: string, encoding: TestEncoding): Buffer {
  const width = WIDTHS[vr] ?? 1;
  const ordered = Buffer.from(value);
  if (encoding.bigEndian)
    for (let at = 0; at + width <= ordered.length; at += width) ordered.subarray(at, at + width).reverse();
  return ordered;
}

/** One element of each VR that PS3.6 settles, so that Implicit VR keeps the VR. */
const KNOWN_TAGS: Readonly<Record<Exclude<Vr, 'SQ' | 'UN'>, number>> = {
  AE: 0x00080054,
  AS: 0x00101010,
  AT: 0x00209165,
  CS: 0x00080060,
  DA: 0x00080020,
  DS: 0x00082130,
  DT: 0x0008002a,
  FD: 0x00081163,
  FL: 0x00089459,
  IS: 0x00081160,
  LO: 0x00080070,
  LT: 0x00080401,
  OB: 0x0008041b,
  OD: 0x003a032e,
  OF: 0x00181638,
  OL: 0x00660040,
  OV: 0x00720081,
  OW: 0x00281201,
  PN: 0x00100010,
  SH: 0x00080050,
  SL: 0x00186020,
  SS: 0x00189219,
  ST: 0x00080081,
  SV: 0x00720082,
  TM: 0x00080030,
  UC: 0x00080119,
  UI: 0x00080018,
  UL: 0x00041200,
  UR: 0x0008010e,
  US: 0x00280010,
  UT: 0x0040a160,
  UV: 0x0008040c,
};
const KNOWN_VRS = VRS.filter((vr) => vr !== 'SQ' && vr !== 'UN');
const SEQUENCE_TAGS = [0x00081140, 0x00400555, 0x52009229];
const PRIVATE_TAGS = [0x00091001, 0x00111002, 0x30031003];
const SIZES = [0, 1, 2, 3, 4, 8, 13, 16, 200];

export interface DataSetLimits {
  /** No private elements, whose VR Implicit VR loses. */
  readonly isKnownOnly?: boolean;
  /** No values of odd length. */
  readonly isEven?: boolean;
  /** Also values longer than a writer's block, and than the short form can tell. */
  readonly hasBigValues?: boolean;
}

export function dataSetArbitrary(limits: DataSetLimits = {}): fc.Arbitrary<readonly DataSetNode[]> {
  return nodesArbitrary(limits, 3);
}

function nodesArbitrary(limits: DataSetLimits, depth: number): fc.Arbitrary<readonly DataSetNode[]> {
  const element = elementArbitrary(limits);
  if (depth === 0) return fc.array(element, { maxLength: 3 });
  const sequence = sequenceArbitrary(limits, depth);
  return fc.array(fc.oneof({ weight: 4, arbitrary: element }, { weight: 1, arbitrary: sequence }), { maxLength: 6 });
}

function sequenceArbitrary(limits: DataSetLimits, depth: number): fc.Arbitrary<DataSetNode> {
  const items = (inner: DataSetLimits) =>
    fc.array(fc.record({ isDefined: fc.boolean(), nodes: nodesArbitrary(inner, depth - 1) }), { maxLength: 3 });
  const known = fc
    .record({ tag: fc.constantFrom(...SEQUENCE_TAGS), isDefined: fc.boolean(), items: items(limits) })
    .map(({ tag, isDefined, items }): DataSetNode => ({ kind: 'sequence', tag, vr: 'SQ', isDefined, items }));
  if (limits.isKnownOnly) return known;
  const unknown = fc
    .record({ tag: fc.constantFrom(...PRIVATE_TAGS), items: items({ ...limits, isKnownOnly: true }) })
    .map(({ tag, items }): DataSetNode => ({ kind: 'sequence', tag, vr: 'UN', isDefined: false, items }));
  return fc.oneof({ weight: 3, arbitrary: known }, { weight: 1, arbitrary: unknown });
}

function elementArbitrary(limits: DataSetLimits): fc.Arbitrary<DataSetNode> {
  const known = fc.constantFrom(...KNOWN_VRS).map((vr): readonly [number, Vr] => [KNOWN_TAGS[vr], vr]);
  const secret = fc.tuple(fc.constantFrom(...PRIVATE_TAGS), fc.constantFrom<Vr>(...KNOWN_VRS, 'UN'));
  const kind = limits.isKnownOnly ? known : fc.oneof({ weight: 3, arbitrary: known }, { weight: 1, arbitrary: secret });
  return fc
    .record({ kind, value: valueArbitrary(limits) })
    .map(({ kind: [tag, vr], value }) => ({ kind: 'element', tag, vr, value: fit(value, vr) }));
}

function valueArbitrary(limits: DataSetLimits): fc.Arbitrary<Buffer> {
  const small = fc.constantFrom(...SIZES.filter((size) => !limits.isEven || size % 2 === 0));
  const size = limits.hasBigValues
    ? fc.oneof({ weight: 30, arbitrary: small }, { weight: 1, arbitrary: fc.constantFrom(5000, 70_000, 150_000) })
    : small;
  return fc.tuple(size, fc.nat(250)).map(([length, seed]) => patterned(length, seed));
}

/** A value that a short header can tell. */
function fit(value: Buffer, vr: Vr): Buffer {
  return LONG_FORM.has(vr) ? value : value.subarray(0, 0xfffe);
}

/** Bytes in which no stretch looks like another. */
export function patterned(length: number, seed = 0): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 7 + (at >> 8) + seed) & 0xff;
  return bytes;
}
