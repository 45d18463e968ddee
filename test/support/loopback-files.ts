/** Instances in files, for the tests of storeFiles and of the sinks. */
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXPLICIT_VR_LITTLE_ENDIAN, type TransferSyntax } from '../../src/dataset/transfer-syntax.js';
import { encodeFileMeta } from '../../src/file/file-meta.js';
import { encodeDataSet } from './data-set.js';
import { sampleImage, samplePart10 } from './sample-instance.js';

export interface FileOptions {
  readonly sopClassUid?: string;
  readonly sopInstanceUid?: string;
  readonly syntax?: TransferSyntax;
}

/** Writes a sample image into `folder` under this name. */
export async function writeInstance(folder: string, name: string, options: FileOptions = {}): Promise<string> {
  const { syntax = EXPLICIT_VR_LITTLE_ENDIAN, ...sample } = options;
  const path = join(folder, name);
  const encapsulated = syntax.encapsulated ? { fragments: [Buffer.alloc(0), Buffer.alloc(100, 0xff)] } : {};
  await writeFile(path, samplePart10(sampleImage({ ...sample, ...encapsulated }), syntax));
  return path;
}

/** Writes an instance with `bytes` of pixel data that take no room on the disk: the file has a hole there. */
export async function writeBigInstance(
  folder: string,
  name: string,
  bytes: number,
  { sopClassUid = '1.2.840.10008.5.1.4.1.1.2', sopInstanceUid = '1.2.3' }: FileOptions = {},
): Promise<string> {
  const meta = encodeFileMeta({
    mediaStorageSopClassUid: sopClassUid,
    mediaStorageSopInstanceUid: sopInstanceUid,
    transferSyntaxUid: EXPLICIT_VR_LITTLE_ENDIAN.uid,
  });
  const head = encodeDataSet(
    [
      { tag: 0x00080016, vr: 'UI', value: [sopClassUid] },
      { tag: 0x00080018, vr: 'UI', value: [sopInstanceUid] },
    ],
    EXPLICIT_VR_LITTLE_ENDIAN,
  );
  const pixelData = Buffer.from('e07f10004f57000000000000', 'hex');
  pixelData.writeUInt32LE(bytes, 8);
  const start = Buffer.concat([meta, head, pixelData]);
  const path = join(folder, name);
  const file = await open(path, 'w');
  await file.write(start);
  await file.truncate(start.length + bytes);
  await file.close();
  return path;
}
