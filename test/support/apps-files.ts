/** Files for the applications to send, and folders for them to write to, each test file's own. */
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import {
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  transferSyntax,
} from '../../src/dataset/transfer-syntax.js';
import { encodeDataSet } from './data-set.js';
import { CT_IMAGE, MR_IMAGE, part10Of, sampleImage, samplePart10 } from './sample-instance.js';

export interface Folder extends AsyncDisposable {
  readonly path: string;
}

/** An empty folder that is removed in the end. */
export async function temporaryFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'netdicom-apps-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export const CT_INSTANCE = '1.2.3.4.5.6';
export const ctImage = sampleImage({ sopClassUid: CT_IMAGE, sopInstanceUid: CT_INSTANCE });
const mrImage = sampleImage({ sopClassUid: MR_IMAGE, sopInstanceUid: '1.2.3.4.5.7' });
const jpegImage = sampleImage({
  sopInstanceUid: '1.2.3.4.5.8',
  fragments: [Buffer.alloc(0), Buffer.from('ffd8ffd9', 'hex')],
});

/** `ct` and `mr` are in Explicit VR Little Endian, the other files' names tell their syntax; `folder` has a text in it. */
export async function sampleFolder(): Promise<Folder> {
  const folder = await temporaryFolder();
  const jpeg = transferSyntax('1.2.840.10008.1.2.4.50') ?? EXPLICIT_VR_LITTLE_ENDIAN;
  const deflated = deflateRawSync(encodeDataSet(ctImage, EXPLICIT_VR_LITTLE_ENDIAN));
  const files: Readonly<Record<string, Buffer | string>> = {
    'ct.dcm': samplePart10(ctImage),
    'mr.dcm': samplePart10(mrImage),
    'implicit.dcm': samplePart10(ctImage, IMPLICIT_VR_LITTLE_ENDIAN),
    'big.dcm': samplePart10(ctImage, EXPLICIT_VR_BIG_ENDIAN),
    'jpeg.dcm': samplePart10(jpegImage, jpeg),
    'deflated.dcm': part10Of(deflated, ctImage, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN),
    'folder/a.dcm': samplePart10(ctImage),
    'folder/notes.txt': 'No image, whatever its name says.\n',
    'folder/deeper/b.dcm': samplePart10(mrImage),
  };
  await mkdir(join(folder.path, 'folder', 'deeper'), { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder.path, name), content);
  return folder;
}

/** A CT image in Explicit VR Little Endian with so many bytes of pixel data, which take no room on the disk. */
export async function writeBigImage(path: string, pixelBytes: number): Promise<void> {
  const file = samplePart10(sampleImage({ sopClassUid: CT_IMAGE, sopInstanceUid: CT_INSTANCE, rows: 0, columns: 0 }));
  // Pixel Data comes last, and its length comes last in a header without a value.
  file.writeUInt32LE(pixelBytes, file.length - 4);
  await writeFile(path, file);
  await truncate(path, file.length + pixelBytes);
}
