/** Files that go from one application to another, and whether what arrived is what was sent. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import {
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  type TransferSyntax,
  transferSyntax,
} from '../../src/dataset/transfer-syntax.js';
import { type DataElement, type DataSet, decodeDataSet, encodeDataSet, textOf } from './data-set.js';
import { encodeValue } from './encode-value.js';
import { CT_IMAGE, part10Of, readPart10, type SampleOptions, sampleImage } from './sample-instance.js';

/** A PS3.10 file on the disk. */
export interface Part10File {
  readonly path: string;
  readonly syntax: TransferSyntax;
  readonly sourceApplicationEntityTitle: string | undefined;
  /** The data set as it stands in the file, deflated if its syntax says so. */
  readonly bytes: Buffer;
  readonly dataSet: DataSet;
}

/** The transfer syntaxes that tables know by one letter. */
export const SYNTAXES: Readonly<Record<string, TransferSyntax>> = {
  i: IMPLICIT_VR_LITTLE_ENDIAN,
  e: EXPLICIT_VR_LITTLE_ENDIAN,
  b: EXPLICIT_VR_BIG_ENDIAN,
  d: DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
  j: standardSyntax('1.2.840.10008.1.2.4.50'),
};

function standardSyntax(uid: string): TransferSyntax {
  const syntax = transferSyntax(uid);
  if (syntax === undefined) throw new Error(`no transfer syntax of the standard: ${uid}`);
  return syntax;
}

/** A folder of its own under the system's for temporary files, gone when disposed of. */
export class TemporaryFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'netdicom-'));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Writes one CT image per letter to `folder`, alike but for transfer syntax and UID, as `LETTER.dcm`. */
export function writeSamples(folder: string, letters: string): readonly Part10File[] {
  return [...letters].map((letter) => {
    const syntax = SYNTAXES[letter];
    if (syntax === undefined) throw new Error(`no syntax ${letter}`);
    return writeSample(join(folder, `${letter}.dcm`), syntax);
  });
}

/** Writes one image with something of everything in it: by default a small CT image. */
export function writeSample(path: string, syntax: TransferSyntax, options: SampleOptions = {}): Part10File {
  const fragments = [Buffer.alloc(0), Buffer.alloc(1000, 0x5a), Buffer.of(1, 2)];
  const dataSet = sampleImage({
    sopClassUid: CT_IMAGE,
    rows: 200,
    columns: 100,
    elements: EVERYTHING,
    ...(syntax.encapsulated && { fragments }),
    ...options,
  });
  const plain = encodeDataSet(dataSet, syntax);
  writeFileSync(path, part10Of(syntax.deflated ? deflate(plain) : plain, dataSet, syntax));
  return readFile(path);
}

/** PS3.5 A.5: padded to even length. */
export function deflate(bytes: Buffer): Buffer {
  const stream = deflateRawSync(bytes);
  return stream.length % 2 === 0 ? stream : Buffer.concat([stream, Buffer.of(0)]);
}

const CREATOR: DataElement = { tag: 0x00090010, vr: 'LO', value: ['NETDICOM PEERS'] };

// Private and nested elements, every width of word, and those whose VR only the rest of the data set tells (PS3.5 A.1).
const EVERYTHING: readonly DataElement[] = [
  { tag: 0x00080008, vr: 'CS', value: ['ORIGINAL', 'PRIMARY', 'AXIAL'] },
  { tag: 0x00081161, vr: 'UL', value: [1, 0xfffffffe] },
  CREATOR,
  { tag: 0x00091001, vr: 'LO', value: ['private text'] },
  { tag: 0x00091002, vr: 'US', value: [1, 2, 65_535] },
  { tag: 0x00091003, vr: 'SQ', items: [[CREATOR, { tag: 0x00091004, vr: 'FD', value: [1.5] }], []] },
  { tag: 0x00091005, vr: 'OB', value: Buffer.of(1, 2, 3, 4, 5, 6) },
  { tag: 0x00091006, vr: 'UN', value: Buffer.of(9, 8, 7, 6) },
  { tag: 0x00104000, vr: 'LT', value: ['one \\ text, \xe4\xf6\xfc\r\nnot two'] },
  { tag: 0x00189089, vr: 'FD', value: [0.5, -1, 1e-300] },
  { tag: 0x00280009, vr: 'AT', value: [0x00181063, 0x00181065] },
  { tag: 0x00280120, vr: 'SS', value: [-2000] },
  { tag: 0x00281201, vr: 'OW', value: Buffer.from('0001020304050607', 'hex') },
  {
    tag: 0x00283000,
    vr: 'SQ',
    items: [
      [
        { tag: 0x00283002, vr: 'SS', value: [4, -1024, 16] },
        { tag: 0x00283004, vr: 'LO', value: ['HU'] },
        { tag: 0x00283006, vr: 'OW', value: Buffer.from('0000ff0001000080', 'hex') },
      ],
    ],
  },
  { tag: 0x0040a160, vr: 'UT', value: ['long '.repeat(14_000)] },
  { tag: 0x00660016, vr: 'OF', value: Buffer.from('0000803f000000c0', 'hex') },
  { tag: 0x00700022, vr: 'FL', value: [1.25, -3] },
  { tag: 0x00700052, vr: 'SL', value: [-1, 0x7fffffff] },
  {
    tag: 0x00880200,
    vr: 'SQ',
    items: [
      [
        { tag: 0x00280010, vr: 'US', value: [2] },
        { tag: 0x00280011, vr: 'US', value: [2] },
        { tag: 0x00280100, vr: 'US', value: [8] },
        { tag: 0x00280103, vr: 'US', value: [0] },
        { tag: 0x7fe00010, vr: 'OB', value: Buffer.of(0, 85, 170, 255) },
      ],
    ],
  },
  { tag: 0x60000010, vr: 'US', value: [4] },
  { tag: 0x60003000, vr: 'OW', value: Buffer.of(0xaa, 0x55) },
];

/** Reads a PS3.10 file in a transfer syntax of the standard. */
export function readFile(path: string): Part10File {
  return part10File(path, readFileSync(path));
}

/** The same of a file in memory, whatever `path` it has or had. */
export function part10File(path: string, file: Buffer): Part10File {
  const { meta, syntax, bytes, dataSet } = readPart10(file);
  return {
    path,
    syntax,
    sourceApplicationEntityTitle: meta?.sourceApplicationEntityTitle,
    bytes,
    dataSet: syntax.deflated ? decodeDataSet(inflateRawSync(bytes), syntax) : dataSet,
  };
}

/** Reads all files of a folder. */
export function readFiles(folder: string): readonly Part10File[] {
  return readdirSync(folder).map((name) => readFile(join(folder, name)));
}

/**
 * Checks what a transfer has left: for each sent file the letter in `expected` of the syntax it must be stored in, `-` for
 * none. What is stored must have the same elements, and if `bytesKept` the same bytes wherever the syntax did not change.
 */
export function assertStored(
  sent: readonly Part10File[],
  stored: readonly Part10File[],
  { expected, bytesKept = false }: { readonly expected: string; readonly bytesKept?: boolean },
): void {
  const pairs = sent.map((file) => ({
    file,
    copy: stored.find((candidate) => sopInstanceUid(candidate) === sopInstanceUid(file)),
  }));
  assert.equal(pairs.map(({ copy }) => (copy === undefined ? '-' : letterOf(copy.syntax))).join(''), expected);
  assert.equal(stored.length, pairs.filter(({ copy }) => copy !== undefined).length, 'nothing else is stored');
  for (const { file, copy } of pairs) {
    if (copy === undefined) continue;
    assertSameElements(copy, file);
    if (bytesKept && copy.syntax === file.syntax)
      assert.ok(copy.bytes.equals(file.bytes), `${file.path} is stored with other bytes`);
  }
}

export function sopInstanceUid({ dataSet }: Part10File): string | undefined {
  return textOf(dataSet, 0x00080018);
}

/** The letter that tables know a syntax by, or its UID. */
export function letterOf(syntax: TransferSyntax): string {
  return Object.entries(SYNTAXES).find(([, candidate]) => candidate === syntax)?.[0] ?? syntax.uid;
}

/** Element by element. VRs count if both files have them. */
export function assertSameElements(actual: Part10File, expected: Part10File): void {
  const hasVrs = actual.syntax.explicitVr && expected.syntax.explicitVr;
  const lines = ({ dataSet }: Part10File) => [...elementLines(dataSet, '')].map((line) => line(hasVrs));
  assert.deepEqual(lines(actual), lines(expected), `elements of ${expected.path}`);
}

type Line = (hasVr: boolean) => string;

/** Group lengths and padding are left out: they are about an encoding, not about the instance (PS3.5 7.2, PS3.10 7.2). */
function* elementLines(dataSet: DataSet, indent: string): Generator<Line, void, void> {
  for (const element of dataSet) {
    if ((element.tag & 0xffff) === 0 || element.tag === DATA_SET_TRAILING_PADDING) continue;
    const tag = `${indent}${element.tag.toString(16).padStart(8, '0')}`;
    const items = itemsOf(element);
    if (items !== undefined) {
      yield () => `${tag} SQ`;
      for (const [index, item] of items.entries()) {
        yield () => `${indent} item ${index}`;
        yield* elementLines(item, `${indent}  `);
      }
    } else {
      // Pixel data in fragments is OB, whatever some files say (PS3.5 A.4).
      const isEncapsulated = 'fragments' in element;
      const value = isEncapsulated ? element.fragments.map(inShort).join(' ') : inShort(paddedValue(element));
      yield (hasVr) => `${tag} ${hasVr && !isEncapsulated ? element.vr : ''} ${value}`;
    }
  }
}

const DATA_SET_TRAILING_PADDING = 0xfffcfffc;
const NOTHING = Buffer.alloc(0);
const ITEM_TAG = Buffer.from('feff00e0', 'hex');

/** A private sequence of defined length is UN in Implicit VR, its items still being items (PS3.5 6.2.2). */
function itemsOf(element: DataElement): readonly DataSet[] | undefined {
  if ('items' in element) return element.items;
  if (element.vr !== 'UN' || !('value' in element) || !element.value.subarray(0, 4).equals(ITEM_TAG)) return undefined;
  const header = Buffer.from('0800401100000000', 'hex');
  header.writeUInt32LE(element.value.length, 4);
  const [sequence] = decodeDataSet(Buffer.concat([header, element.value]), IMPLICIT_VR_LITTLE_ENDIAN);
  return sequence !== undefined && 'items' in sequence ? sequence.items : undefined;
}

/** As it is encoded, since text of which the VR is not known has its padding (PS3.5 6.2). */
function paddedValue(element: DataElement): Buffer {
  const value = 'value' in element ? encodeValue(element) : NOTHING;
  return value.length % 2 === 0 ? value : Buffer.concat([value, Buffer.from(element.vr === 'UI' ? '\0' : ' ')]);
}

function inShort(value: Buffer): string {
  if (value.length <= 64) return value.toString('hex');
  return `${value.length} bytes, SHA-256 ${createHash('sha256').update(value).digest('hex')}`;
}
