/** The real files of ../shared/data in portions that can be sent and stored side by side, and what must become of each. */
import { readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type InstanceFile, inspectInstance } from '../../src/file/instance-file.js';
import { sharedData } from './paths.js';
import { TemporaryFolder } from './peers-files.js';
import type { Receiver } from './peers-receiver.js';

const DATA = sharedData() ?? '';

/** For the `skip` of a suite. */
export const skipWithoutData = DATA === '' && 'skipped: there is no folder ../shared/data';

const NOT_DICOM = /^not a DICOM file$/;
const DICOMDIR = /^it is a DICOMDIR$/;
const NO_IDENTITY = /^no SOP Class or Instance UID in it$/;

/** Why storescu does not send a file; what is not here goes out. */
export const NOT_SENT: Readonly<Record<string, RegExp>> = {
  'README.md': NOT_DICOM,
  'dicomdir/README.txt': NOT_DICOM,
  'dicomdir/TINY_ALPHA/README': NOT_DICOM,
  'dicomdir/DICOMDIR': DICOMDIR,
  'dicomdir/DICOMDIR-bigEnd': DICOMDIR,
  'dicomdir/DICOMDIR-empty.dcm': DICOMDIR,
  'dicomdir/DICOMDIR-implicit': DICOMDIR,
  'dicomdir/DICOMDIR-nooffset': DICOMDIR,
  'dicomdir/DICOMDIR-nopatient': DICOMDIR,
  'dicomdir/DICOMDIR-reordered': DICOMDIR,
  'dicomdir/TINY_ALPHA/DICOMDIR': DICOMDIR,
  'files/MR_truncated.dcm': /cut short: 62 more bytes .* in \(7FE0,0010\)/,
  // Says JPEG Baseline and is in Implicit VR.
  'files/SC_rgb_jpeg.dcm': /^encapsulated pixel data in Implicit VR/,
  'files/empty_charset_LEI.dcm': NO_IDENTITY,
  'files/meta_missing_tsyntax.dcm': NO_IDENTITY,
  'files/nested_priv_SQ.dcm': NO_IDENTITY,
  // Begins in the middle of an element.
  'files/no_meta.dcm': NOT_DICOM,
  'files/rtplan_truncated.dcm': /cut short: 21 more bytes .* in \(300A,012C\)/,
};

/** Where the data set begins in a file whose meta group does not say how long it is. */
const DATA_SET_AT: Readonly<Record<string, number>> = { 'files/no_meta_group_length.dcm': 338 };

/** A deflated data set of odd length, which gets a NUL on the way (PS3.5 A.5). */
const PADDED = 'files/image_dfl.dcm';

export interface RealFile {
  /** Relative to the folder of all data. */
  readonly name: string;
  readonly path: string;
  /** Undefined for what cannot be sent. */
  readonly instance: InstanceFile | undefined;
}

/** Files with links to them in a folder of their own. */
export class Round extends TemporaryFolder {
  readonly files: readonly RealFile[];

  constructor(files: readonly RealFile[]) {
    super();
    this.files = files;
    for (const file of files) symlinkSync(file.path, join(this.path, linkName(file)));
  }
}

/** The name of a file's link: unlike the file's own it is unique in the folder. */
export function linkName({ name }: RealFile): string {
  return name.replaceAll('/', '__');
}

/** All files; in no round two with one SOP Instance UID, of which the second would replace the first where it is stored. */
export async function rounds(): Promise<readonly (readonly RealFile[])[]> {
  const all: RealFile[][] = [];
  for (const name of readdirSync(DATA, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(DATA, name);
    if (statSync(path).isDirectory()) continue;
    const file = { name, path, instance: await inspectInstance(path).catch(() => undefined) };
    const round = all.find((files) => !files.some((other) => isSameInstance(file, other)));
    if (round === undefined) all.push([file]);
    else round.push(file);
  }
  return all;
}

function isSameInstance({ instance }: RealFile, other: RealFile): boolean {
  return instance !== undefined && instance.sopInstanceUid === other.instance?.sopInstanceUid;
}

/** The file that a storescp has written for another one: `PREFIX.SOPInstanceUID`. */
export function storedPath({ folder }: Receiver, { instance }: RealFile): string | undefined {
  const name = readdirSync(folder).find(
    (candidate) => candidate.replace(/^[A-Za-z]\w*\./, '') === instance?.sopInstanceUid,
  );
  return name === undefined ? undefined : join(folder, name);
}

/** The file that a storescp has written for another one, which is then removed. */
export function takeStored(receiver: Receiver, file: RealFile): Buffer | undefined {
  const path = storedPath(receiver, file);
  if (path === undefined) return undefined;
  const bytes = readFileSync(path);
  rmSync(path);
  return bytes;
}

/** The data set of a file as it goes out. */
export function sentDataSet({ name, path }: RealFile): Buffer {
  const bytes = readFileSync(path);
  const at = DATA_SET_AT[name];
  const dataSet = at === undefined ? dataSetOf(bytes) : bytes.subarray(at);
  return name === PADDED ? Buffer.concat([dataSet, Buffer.of(0)]) : dataSet;
}

/** What follows group 0002 as its group length has it (PS3.10 7.1), or the whole of a file that has none. */
export function dataSetOf(bytes: Buffer): Buffer {
  if (bytes.toString('latin1', 128, 132) !== 'DICM') return bytes;
  return bytes.subarray(144 + bytes.readUInt32LE(140));
}

/** What the log of storescu says about files that were skipped or refused, by the name of their link. */
export function reasonsIn(log: string): ReadonlyMap<string, string> {
  const lines = log.matchAll(/^(?:W: Skipped|E): .*\/([^/]+?): (.*)$/gm);
  return new Map([...lines].map(([, name = '', reason = '']) => [name, reason]));
}
