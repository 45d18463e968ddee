/** Input as users have it: folders of small instances, and DICOMDIRs that refer to them. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EXPLICIT_VR_LITTLE_ENDIAN, type TransferSyntax } from '../../src/dataset/transfer-syntax.js';
import { encodeFileMeta } from '../../src/file/file-meta.js';
import type { WalkOptions } from '../../src/services/folder-walk.js';
import { findInstances, type InputFile, type Paths } from '../../src/services/input-files.js';
import { type DataElement, type DataSet, encodeDataSet } from './data-set.js';
import { writeInstance } from './loopback-files.js';

/** What `findInstances` finds, each looked into when it is asked for. */
export async function* instancesIn(paths: Paths, options: WalkOptions): AsyncGenerator<InputFile, void, void> {
  for await (const looks of findInstances(paths, options)) for (const look of looks) yield await look();
}

/** What to make of a path: an instance, a text that is none, or a symbolic link to what is named after the arrow. */
export async function makeTree(root: string, lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    const [name = '', target] = line.split(' -> ');
    await mkdir(join(root, name.endsWith('/') ? name : dirname(name)), { recursive: true });
    if (target !== undefined) await symlink(target, join(root, name));
    else if (name.endsWith('.txt')) await writeFile(join(root, name), 'no DICOM file, whatever its name may be');
    else if (!name.endsWith('/')) await writeInstance(root, name);
  }
}

export interface RecordOptions {
  /** Components with backslashes between them; undefined for a record without a file. */
  readonly file?: string | undefined;
  readonly type?: string;
  readonly inUse?: number;
  readonly elements?: readonly DataElement[];
}

/** A directory record (PS3.3 F.3.2.2). */
export function directoryRecord({ file, type = 'IMAGE', inUse = 0xffff, elements = [] }: RecordOptions): DataSet {
  return [
    { tag: 0x00041400, vr: 'UL', value: [0] },
    { tag: 0x00041410, vr: 'US', value: [inUse] },
    { tag: 0x00041420, vr: 'UL', value: [0] },
    { tag: 0x00041430, vr: 'CS', value: [type] },
    ...(file === undefined ? [] : [{ tag: 0x00041500, vr: 'CS', value: file.split('\\') } as const]),
    ...elements,
  ];
}

/** The data set of a DICOMDIR. */
export function directoryDataSet(records: readonly DataSet[]): DataSet {
  return [
    { tag: 0x00041130, vr: 'CS', value: ['SAMPLE'] },
    { tag: 0x00041212, vr: 'US', value: [0] },
    { tag: 0x00041220, vr: 'SQ', items: records },
  ];
}

/** A DICOMDIR as a file. */
export function dicomdirFile(
  records: readonly RecordOptions[],
  syntax: TransferSyntax = EXPLICIT_VR_LITTLE_ENDIAN,
): Buffer {
  const meta = encodeFileMeta({
    mediaStorageSopClassUid: '1.2.840.10008.1.3.10',
    mediaStorageSopInstanceUid: '1.2.3',
    transferSyntaxUid: syntax.uid,
  });
  return Buffer.concat([meta, encodeDataSet(directoryDataSet(records.map(directoryRecord)), syntax)]);
}
