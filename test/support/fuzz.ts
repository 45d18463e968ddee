/** Property tests over data sets as files: how many runs, instances as trees, and files and damage made of them. */
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import type { TransferSyntax } from '../../src/dataset/transfer-syntax.js';
import { encodeFileMeta } from '../../src/file/file-meta.js';
import { type DataSetNode, encode } from './data-set-arbitrary.js';
import { CT_IMAGE } from './sample-instance.js';

/** As many runs as the environment asks for, or so many that the unit tests stay fast. */
export function fuzzRuns(usual: number): { readonly numRuns: number } {
  const wanted = Number(process.env.NETDICOM_FUZZ_RUNS);
  return { numRuns: Number.isInteger(wanted) && wanted > 0 ? wanted : usual };
}

/** The UIDs of a CT image 1.2.3, then what of a tree does not contradict them. */
export function instanceTree(nodes: readonly DataSetNode[]): readonly DataSetNode[] {
  const others = nodes.filter(({ tag }) => tag !== 0x00080016 && tag !== 0x00080018);
  return [uid(0x00080016, `${CT_IMAGE}\0`), uid(0x00080018, '1.2.3\0'), ...others];
}

function uid(tag: number, text: string): DataSetNode {
  return { kind: 'element', tag, vr: 'UI', value: Buffer.from(text) };
}

export function encodeIn(syntax: TransferSyntax, nodes: readonly DataSetNode[]): Buffer {
  const bytes = encode(nodes, syntax);
  if (!syntax.deflated) return bytes;
  const deflated = deflateRawSync(bytes);
  return deflated.length % 2 === 0 ? deflated : Buffer.concat([deflated, Buffer.alloc(1)]);
}

/** What stands before the data set in a file: all there should be, no preamble, or nothing. */
export type FileForm = 'part 10' | 'no preamble' | 'bare';

/** Deflated and encapsulated data sets cannot be told without their meta information. */
export function formsOf(syntax: TransferSyntax): readonly FileForm[] {
  return syntax.deflated || syntax.encapsulated ? ['part 10', 'no preamble'] : ['part 10', 'no preamble', 'bare'];
}

export function fileOf(form: FileForm, syntax: TransferSyntax, dataSet: Buffer): Buffer {
  if (form === 'bare') return dataSet;
  const meta = encodeFileMeta({
    mediaStorageSopClassUid: CT_IMAGE,
    mediaStorageSopInstanceUid: '1.2.3',
    transferSyntaxUid: syntax.uid,
  });
  return Buffer.concat([form === 'part 10' ? meta : meta.subarray(132), dataSet]);
}

/** Something that goes wrong with bytes. */
export type Damage = (bytes: Buffer) => Buffer;

const HOSTILE = ['00000000', 'ffffffff', 'feffffff', 'ffffff7f', '00000080', 'ffff', 'feff00e0', 'feffdde0', '554e'];

function overwritten(bytes: Buffer, at: number, patch: Buffer): Buffer {
  const damaged = Buffer.from(bytes);
  if (damaged.length > 0) patch.copy(damaged, at % damaged.length);
  return damaged;
}

/** A byte or a number that is another, bytes that are missing at the end or in the middle, or bytes too many. */
export const damageArbitrary: fc.Arbitrary<Damage> = fc.oneof(
  fc.tuple(fc.nat(), fc.nat(255)).map(
    ([at, byte]): Damage =>
      (bytes) =>
        overwritten(bytes, at, Buffer.of(byte)),
  ),
  fc.tuple(fc.nat(), fc.constantFrom(...HOSTILE)).map(
    ([at, patch]): Damage =>
      (bytes) =>
        overwritten(bytes, at, Buffer.from(patch, 'hex')),
  ),
  fc.nat().map(
    (length): Damage =>
      (bytes) =>
        bytes.subarray(0, length % (bytes.length + 1)),
  ),
  fc.tuple(fc.nat(), fc.integer({ min: 1, max: 20 })).map(
    ([from, length]): Damage =>
      (bytes) => {
        const at = from % (bytes.length + 1);
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
      },
  ),
  fc.tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 20 })).map(
    ([from, added]): Damage =>
      (bytes) => {
        const at = from % (bytes.length + 1);
        return Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at)]);
      },
  ),
);
