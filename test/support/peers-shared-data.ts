/** The real files of ../shared/data in portions that can be sent and stored side by side. */
import { readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type InstanceFile, inspectInstance } from '../../src/file/instance-file.js';
import { sharedData } from './paths.js';
import { TemporaryFolder } from './peers-files.js';
import type { Receiver } from './peers-receiver.js';

const DATA = sharedData() ?? '';

/** For the `skip` of a suite. */
export const skipWithoutData = DATA === '' && 'skipped: there is no folder ../shared/data';

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
