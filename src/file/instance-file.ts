/** Files that hold an instance: what is in them, and their data set as a source to send from. */
import { DataSetError, FileError, InvalidIdentifier } from '../base/errors.js';
import { MAX_TOLERATED_UID_LENGTH, parseUid } from '../base/identifiers.js';
import { transcodedBytes, transcodedSource } from '../dataset/convert.js';
import { inflated } from '../dataset/deflate.js';
import { DataSetScan, type ScanResult } from '../dataset/scan.js';
import { bufferSource, chunkSource, type DataSetSource } from '../dataset/source.js';
import { canConvert, type TranscoderOptions } from '../dataset/transcode.js';
import { type TransferSyntax, transferSyntax } from '../dataset/transfer-syntax.js';
import { afterBytes, type Glance, type OpenFile, READ_ONLY } from './disk.js';
import { type FileHead, readFileHead } from './file-meta.js';
import {
  chunksOf,
  HEAD_BYTES,
  inputDisk,
  LazyFile,
  type Location,
  type Readable,
  readAt,
  readHead,
  SpareBuffer,
  toFileError,
} from './open-file.js';

/** What is read after a jump over a value: mostly one element header is wanted. */
const AFTER_JUMP_BYTES = 4 * 1024;
/** Up to this size a data set is read when it is opened, so that it waits in memory for its turn, and its file is closed. */
const SMALL_BYTES = 64 * 1024;
const headBuffer = new SpareBuffer(HEAD_BYTES);

/** A file that can be sent: its data set is whole and names its class and instance. */
export interface InstanceFile {
  /** As words; U+FFFD stands in it for what is no UTF-8. */
  readonly path: string;
  /** The bytes of the path, if `path` cannot say them. */
  readonly location?: Buffer;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  /** Undefined for a private one: such a data set is sent as it is or not at all. */
  readonly transferSyntax: TransferSyntax | undefined;
  readonly dataSetOffset: number;
  /** Of the file, in bytes. */
  readonly size: number;
  /** When the file was last written, in milliseconds since 1970: another file under its name is not what was looked at. */
  readonly modifiedMs: number;
  /** When anything about the file was last changed, likewise, and its number in its file system. */
  readonly changedMs: number;
  readonly inode: number;
  /** Whether the bytes cannot go out as they are (odd lengths, elements of groups 0000 or 0002). */
  readonly needsRewrite: boolean;
  /** Whether that moves fragments, so that offset tables cannot go out as they are either. */
  readonly movesFragments: boolean;
  /** What is wrong with the file that can be lived with. */
  readonly warnings: readonly string[];
}

/**
 * Looks through a file without reading its big values.
 * @throws {FileError} unreadable, no DICOM file, cut short, or without a SOP Class or Instance UID
 */
export async function inspectInstance(location: Location): Promise<InstanceFile> {
  return (await readInstance(location)).instance;
}

/** The same, and the data set itself if the file is so small that it was read whole. @throws {FileError} likewise */
export async function readInstance(
  location: Location,
): Promise<{ readonly instance: InstanceFile; readonly dataSet: Buffer | undefined }> {
  const path = location.toString();
  const buffer = headBuffer.take();
  const file = new LazyFile(location);
  // What may wait in memory has its own.
  const roomFor = ({ size }: Glance['stat']) => (size < buffer.length ? Buffer.allocUnsafe(size) : buffer);
  try {
    const { stat, bytes } = await inputDisk.glance(location, 0, roomFor);
    const instance = await inspect(file, { path, stat, buffer, beginning: bytes });
    const isWhole = bytes.length === stat.size && bytes.buffer !== buffer.buffer;
    return {
      instance: typeof location === 'string' ? instance : { ...instance, location },
      dataSet: isWhole ? endOf(bytes, instance.dataSetOffset) : undefined,
    };
  } catch (error) {
    throw toFileError(path, error);
  } finally {
    headBuffer.giveBack(buffer);
    if (file.isOpen) await file.close();
  }
}

/** What is kept for it is no more than twice its bytes. */
function endOf(bytes: Buffer, from: number): Buffer {
  const end = bytes.subarray(from);
  return end.length < from ? Buffer.from(end) : end;
}

/**
 * Opens the data set of a file for sending in transfer syntax `to`, converted on the way if that is not its own.
 * @param dataSet what `readInstance` has read of it: then there is nothing to wait for
 * @throws {FileError} now or from the source
 */
export function openDataSet(
  instance: InstanceFile,
  to: TransferSyntax | undefined,
  dataSet?: Buffer,
): DataSetSource | Promise<DataSetSource> {
  if (dataSet !== undefined) return sourceIn(to, instance, contentInMemory(dataSet));
  return contentOf(instance).then((content) => sourceIn(to, instance, content));
}

function sourceIn(to: TransferSyntax | undefined, instance: InstanceFile, content: Content): DataSetSource {
  const from = instance.transferSyntax;
  if (from === undefined || to === undefined || (from.uid === to.uid && !instance.needsRewrite)) return content.source;
  const { bytes, source: raw } = content;
  const options: TranscoderOptions = { offsetTables: instance.movesFragments ? 'remove' : 'keep' };
  try {
    if (bytes !== undefined && canConvert(from, to) && !from.deflated && !to.deflated)
      return bufferSource(transcodedBytes(bytes, from, to, options));
  } catch (error) {
    throw toFileError(instance.path, error);
  }
  const chunks = content.chunks();
  const source = canConvert(from, to)
    ? transcodedSource(chunks, from, to, options)
    : chunkSource(decompressed(instance.path, chunks, { from, to }));
  return {
    async readInto(bodies) {
      try {
        return await source.readInto(bodies);
      } catch (error) {
        throw toFileError(instance.path, error);
      }
    },
    async close() {
      await source.close();
      await raw.close();
    },
  };
}

/** The bytes of a data set as they stand in its file. To be read from one or the other, and `source` to be closed. */
interface Content {
  readonly source: DataSetSource;
  /** All of them, if they are in memory. */
  readonly bytes?: Buffer;
  readonly chunks: () => AsyncIterable<Buffer>;
}

async function contentOf(instance: InstanceFile): Promise<Content> {
  const { path, location = path, dataSetOffset, size } = instance;
  try {
    if (size - dataSetOffset > SMALL_BYTES) return largeContent(await inputDisk.open(location, READ_ONLY), instance);
    const buffer = Buffer.allocUnsafe(size - dataSetOffset);
    const { stat, bytes } = await inputDisk.glance(location, dataSetOffset, () => buffer);
    assertUnchanged(instance, stat);
    if (bytes.length < buffer.length) throw becameShorter(path);
    return contentInMemory(buffer);
  } catch (error) {
    throw toFileError(path, error);
  }
}

function contentInMemory(bytes: Buffer): Content {
  return { source: bufferSource(bytes), bytes, chunks: () => only(bytes) };
}

async function largeContent(file: OpenFile, instance: InstanceFile): Promise<Content> {
  try {
    assertUnchanged(instance, await file.stat());
  } catch (error) {
    await file.close();
    throw error;
  }
  return { source: fileSource(file, instance), chunks: () => chunksOf(file, instance.dataSetOffset) };
}

/**
 * Some file systems give a file another number now and then, and a file may get another name or other permissions meanwhile: it
 * takes both to show that it is another one.
 */
function assertUnchanged(instance: InstanceFile, stat: Glance['stat']): void {
  const { path, size, modifiedMs, changedMs, inode } = instance;
  const isOther = stat.ino !== inode && stat.ctimeMs !== changedMs;
  if (stat.size < size || stat.mtimeMs !== modifiedMs || isOther)
    throw new FileError(path, `Bad DICOM file ${path}: it has changed since it was looked at`);
}

async function* only(chunk: Buffer): AsyncGenerator<Buffer, void, void> {
  yield chunk;
}

/**
 * Says of an image that cannot be decompressed what it is about: the fault may be a codec's that is not installed. Most runs
 * decompress nothing, and do not wait for what it takes to be loaded.
 */
async function* decompressed(
  path: string,
  chunks: AsyncIterable<Buffer>,
  { from, to }: { readonly from: TransferSyntax; readonly to: TransferSyntax },
): AsyncGenerator<Buffer, void, void> {
  const { decompressedChunks } = await import('../codecs/decompress.js');
  try {
    yield* decompressedChunks(chunks, from, to);
  } catch (error) {
    if (!(error instanceof DataSetError)) throw error;
    throw new FileError(path, `Cannot decompress ${path}: ${error.message}`, { cause: error });
  }
}

interface Beginning {
  readonly path: string;
  readonly stat: Glance['stat'];
  readonly beginning: Buffer;
  /** It stands in there, and makes room for what is read after it. */
  readonly buffer: Buffer;
}

async function inspect(file: Readable, { path, stat, beginning, buffer }: Beginning): Promise<InstanceFile> {
  if (!stat.isFile()) {
    const kind = stat.isDirectory() ? 'is a directory' : 'not a regular file';
    throw new FileError(path, `Cannot read input file ${path}: ${kind}`);
  }
  const { size } = stat;
  const known = readFileHead(beginning, size);
  const { bytes, head } =
    'needed' in known ? await readHead(file, size, known.needed) : { bytes: beginning, head: known };
  if (head.dataSetOffset === size) throw new DataSetError('there is no data set in it');
  const syntax = transferSyntax(head.transferSyntaxUid);
  const facts = syntax === undefined ? undefined : await scan(file, { syntax, head, bytes, size, buffer });
  const sopClassUid = facts?.sopClassUid || head.meta?.mediaStorageSopClassUid;
  const sopInstanceUid = facts?.sopInstanceUid || head.meta?.mediaStorageSopInstanceUid;
  if (!sopClassUid || !sopInstanceUid) throw new DataSetError('no SOP Class or Instance UID in it');
  for (const uid of [sopClassUid, sopInstanceUid, head.transferSyntaxUid]) checkUid(uid);
  return {
    path,
    sopClassUid,
    sopInstanceUid,
    transferSyntaxUid: head.transferSyntaxUid,
    transferSyntax: syntax,
    dataSetOffset: head.dataSetOffset,
    size,
    modifiedMs: stat.mtimeMs,
    changedMs: stat.ctimeMs,
    inode: stat.ino,
    needsRewrite: facts?.needsRewrite ?? false,
    movesFragments: facts?.movesFragments ?? false,
    warnings: [
      ...head.warnings,
      ...disagreement('SOP Class UID', head.meta?.mediaStorageSopClassUid, facts && (facts.sopClassUid ?? '')),
      ...disagreement('SOP Instance UID', head.meta?.mediaStorageSopInstanceUid, facts && (facts.sopInstanceUid ?? '')),
    ],
  };
}

/** A UID that is none fits no presentation context. */
function checkUid(uid: string): void {
  try {
    parseUid(uid, MAX_TOLERATED_UID_LENGTH);
  } catch (error) {
    throw error instanceof InvalidIdentifier ? new DataSetError(error.message) : error;
  }
}

/** Undefined is what cannot be known; an empty UID in the data set is one that is not there. */
function disagreement(what: string, inMeta: string | undefined, inDataSet: string | undefined): readonly string[] {
  if (inMeta === undefined || inDataSet === undefined || inMeta === inDataSet) return [];
  if (inDataSet === '') return [`no ${what} in the data set: sent as ${inMeta}, as the file meta information has it`];
  return [`${what} is ${inMeta} in the file meta information, ${inDataSet} in the data set: sent as the latter`];
}

interface ScanInput {
  readonly syntax: TransferSyntax;
  readonly head: FileHead;
  /** The beginning of the file. */
  readonly bytes: Buffer;
  readonly size: number;
  /** For what is read after that. */
  readonly buffer: Buffer;
}

async function scan(file: Readable, { syntax, head, bytes, size, buffer }: ScanInput): Promise<ScanResult> {
  const facts = new DataSetScan(syntax);
  if (syntax.deflated) {
    for await (const chunk of inflated(chunksOf(file, head.dataSetOffset))) facts.feed(chunk);
    facts.end();
    return facts.result;
  }
  let chunk = bytes.subarray(head.dataSetOffset);
  let position = head.dataSetOffset;
  for (;;) {
    facts.feed(chunk);
    position += chunk.length;
    const jump = Math.min(facts.skippable, size - position);
    facts.skip(jump);
    position += jump;
    if (position >= size) break;
    chunk = await readAt(file, position, jump > 0 ? buffer.subarray(0, AFTER_JUMP_BYTES) : buffer);
    if (chunk.length === 0) break;
  }
  facts.end();
  return facts.result;
}

/** Read straight into what is sent. */
function fileSource(file: OpenFile, { path, dataSetOffset, size }: InstanceFile): DataSetSource {
  let position = dataSetOffset;
  return {
    async readInto(bodies) {
      const from = position;
      let rest = bodies;
      while (rest.length > 0 && position < size) {
        const bytes = await readOn(file, path, rest, position);
        // A file that has grown meanwhile is sent as it was when looked at.
        const taken = Math.min(bytes, size - position);
        position += taken;
        rest = afterBytes(rest, taken);
      }
      return { bytes: position - from, isLast: position === size };
    },
    close: () => file.close(),
  };
}

/** @throws {FileError} also at the end, which should not be there */
async function readOn(file: OpenFile, path: string, bodies: readonly Buffer[], position: number): Promise<number> {
  try {
    const bytes = await file.readv(bodies, position);
    if (bytes > 0) return bytes;
  } catch (error) {
    throw toFileError(path, error);
  }
  throw becameShorter(path);
}

function becameShorter(path: string): FileError {
  return new FileError(path, `Bad DICOM file ${path}: it became shorter while it was sent`);
}
