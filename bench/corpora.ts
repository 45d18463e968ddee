/** What is sent: corpora of files, written by our own encoder, kept between runs and made again if they are not whole. */
import { link, mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IMPLEMENTATION_CLASS_UID } from '../src/base/identifiers.js';
import { EXPLICIT_VR_LITTLE_ENDIAN, type TransferSyntax, transferSyntax } from '../src/dataset/transfer-syntax.js';
import { encodeFileMeta } from '../src/file/file-meta.js';
import { type DataSet, encodeDataSet, textOf } from '../test/support/data-set.js';
import { BYTES_PER_PIXEL, ctSlice, instanceUid, multiFrameImage } from './images.js';
import { corporaFolder } from './places.js';

const CT_SIDE = 512;
/** One frame of 512 x 512 pixels. */
const FRAME_BYTES = CT_SIDE * CT_SIDE * BYTES_PER_PIXEL;
const SMALL_SIDE = 64;
const MIB = 1024 * 1024;

/** Files of one size in one folder, each named by its SOP Instance UID. */
export interface Corpus {
  /** In a table. */
  readonly title: string;
  /** Of the folder that holds it. */
  readonly name: string;
  readonly count: number;
  readonly fileBytes: number;
  /** Pixel Data ends each file with so many bytes; in encapsulated ones their last fragment. */
  readonly pixelBytes: number;
  readonly write: (folder: string) => Promise<void>;
}

/** The path of the folder, with all files in it. */
export async function prepared(corpus: Corpus): Promise<string> {
  const folder = join(corporaFolder, corpus.name);
  if (await isWhole(corpus, folder)) return folder;
  console.error(`making ${corpus.title} in ${folder}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await corpus.write(folder);
  if (!(await isWhole(corpus, folder))) throw new Error(`${folder} is not what it should be`);
  return folder;
}

async function isWhole({ count, fileBytes }: Corpus, folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => []);
  if (names.length !== count) return false;
  for (const name of names) if ((await stat(join(folder, name))).size !== fileBytes) return false;
  return true;
}

/** Slices of 512 x 512 pixels, 525 kB each. */
export function ctSlices(count: number): Corpus {
  return slices(`${grouped(count)} CT`, { count, side: CT_SIDE });
}

/** Slices of 64 x 64 pixels, 9 kB each. */
export function smallObjects(count: number): Corpus {
  return slices(`${grouped(count)} small`, { count, side: SMALL_SIDE });
}

function slices(title: string, { count, side }: { readonly count: number; readonly side: number }): Corpus {
  const pixelBytes = side * side * BYTES_PER_PIXEL;
  const noise = noiseOf(2 * pixelBytes);
  const file = (index: number): Buffer => {
    const from = (index * BYTES_PER_PIXEL) % pixelBytes;
    const dataSet = ctSlice(index, side, noise.subarray(from, from + pixelBytes));
    return part10(dataSet, EXPLICIT_VR_LITTLE_ENDIAN, encodeDataSet(dataSet, EXPLICIT_VR_LITTLE_ENDIAN));
  };
  return {
    title,
    name: `slices-${side}-${count}`,
    count,
    fileBytes: file(0).length,
    pixelBytes,
    write: async (folder) => {
      for (let index = 0; index < count; index++) await writeFile(join(folder, instanceUid(index)), file(index));
    },
  };
}

/** The first files of another corpus, which costs no room. */
export function firstOf(whole: Corpus, count: number): Corpus {
  return {
    ...whole,
    title: whole.title.replace(grouped(whole.count), grouped(count)),
    name: `${whole.name}-first-${count}`,
    count,
    write: async (folder) => {
      const from = await prepared(whole);
      for (let index = 0; index < count; index++) {
        const uid = instanceUid(index);
        await link(join(from, uid), join(folder, uid));
      }
    },
  };
}

export interface LargeOptions {
  readonly mib: number;
  readonly syntax?: TransferSyntax;
  /** Frames are holes in the file, which read as zeros: such a file takes no room. Default false. */
  readonly hollow?: boolean;
}

/** One multi-frame object. A native one of 4096 MiB lacks the last frame: its length must fit in 32 bits. */
export function largeObject({ mib, syntax = EXPLICIT_VR_LITTLE_ENDIAN, hollow = false }: LargeOptions): Corpus {
  const frames = Math.min(Math.floor((mib * MIB) / FRAME_BYTES), Math.floor(0xfffffffe / FRAME_BYTES));
  const head = headOf(multiFrameImage(frames, CT_SIDE), syntax, frames * FRAME_BYTES);
  return {
    title: `1 x ${size(mib)}${hollow ? ' of zeros' : ''}${syntax.bigEndian ? ', big endian' : ''}`,
    name: `large-${mib}-${syntax.bigEndian ? 'big' : 'little'}${hollow ? '-hollow' : ''}`,
    count: 1,
    fileBytes: head.length + frames * FRAME_BYTES,
    pixelBytes: frames * FRAME_BYTES,
    write: async (folder) => {
      const file = await open(join(folder, instanceUid(0)), 'w');
      await file.write(head);
      const frame = noiseOf(FRAME_BYTES);
      if (hollow) await file.truncate(head.length + frames * FRAME_BYTES);
      else for (let index = 0; index < frames; index++) await file.write(frame);
      await file.close();
    },
  };
}

/** Pixel Data comes last and ends with its 32-bit length. */
function headOf(dataSet: DataSet, syntax: TransferSyntax, pixelBytes: number): Buffer {
  const bytes = encodeDataSet([...dataSet, { tag: 0x7fe00010, vr: 'OW', value: Buffer.alloc(0) }], syntax);
  if (syntax.bigEndian) bytes.writeUInt32BE(pixelBytes, bytes.length - 4);
  else bytes.writeUInt32LE(pixelBytes, bytes.length - 4);
  return part10(dataSet, syntax, bytes);
}

/** A file of a data set whose bytes are these. */
function part10(dataSet: DataSet, syntax: TransferSyntax, bytes: Buffer): Buffer {
  const meta = encodeFileMeta({
    mediaStorageSopClassUid: textOf(dataSet, 0x00080016) ?? '',
    mediaStorageSopInstanceUid: textOf(dataSet, 0x00080018) ?? '',
    transferSyntaxUid: syntax.uid,
    implementationClassUid: IMPLEMENTATION_CLASS_UID,
  });
  return Buffer.concat([meta, bytes]);
}

/** Encapsulated Uncompressed (PS3.5 A.4.11): each frame a fragment, which no 32-bit length of the whole limits. */
export function encapsulatedObject(mib: number): Corpus {
  const syntax = transferSyntax('1.2.840.10008.1.2.1.98');
  if (syntax === undefined) throw new Error('no Encapsulated Uncompressed Explicit VR Little Endian');
  const frames = Math.floor((mib * MIB) / FRAME_BYTES);
  const dataSet = multiFrameImage(frames, CT_SIDE);
  const empty = encodeDataSet([...dataSet, { tag: 0x7fe00010, vr: 'OB', fragments: [Buffer.alloc(0)] }], syntax);
  const delimiter = empty.subarray(-8);
  const head = part10(dataSet, syntax, empty.subarray(0, -8));
  const item = Buffer.from('feff00e000000000', 'hex');
  item.writeUInt32LE(FRAME_BYTES, 4);
  const itemBytes = item.length + FRAME_BYTES;
  return {
    title: `1 x ${size(mib)}, encapsulated`,
    name: `encapsulated-${mib}`,
    count: 1,
    fileBytes: head.length + frames * itemBytes + delimiter.length,
    pixelBytes: FRAME_BYTES,
    write: async (folder) => {
      const file = await open(join(folder, instanceUid(0)), 'w');
      await file.write(head);
      for (let index = 0; index < frames; index++)
        await file.write(item, 0, item.length, head.length + index * itemBytes);
      await file.write(delimiter, 0, delimiter.length, head.length + frames * itemBytes);
      await file.close();
    },
  };
}

/** Pixels of 12 bits that no compression of the file system makes small. */
function noiseOf(bytes: number): Buffer {
  const noise = Buffer.alloc(bytes);
  let state = 1;
  for (let offset = 0; offset < bytes; offset += BYTES_PER_PIXEL) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    noise.writeUInt16LE(state >>> 20, offset);
  }
  return noise;
}

/** Of so many MiB. */
export function size(mib: number): string {
  return mib % 1024 === 0 ? `${mib / 1024} GiB` : `${mib} MiB`;
}

export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
