/** Files that hold an instance: what is in them, and their data set as a source to send from. */
import { constants, type FileHandle, open } from 'node:fs/promises';
import { DataSetError, FileError, InvalidIdentifier, NotAnInstance } from '../base/errors.js';
import { MAX_TOLERATED_UID_LENGTH, parseUid } from '../base/identifiers.js';
import { decompressedChunks } from '../codecs/decompress.js';
import { transcodedSource } from '../dataset/convert.js';
import { inflated } from '../dataset/deflate.js';
import { DataSetScan, type ScanResult } from '../dataset/scan.js';
import { chunkSource, type DataSetSource } from '../dataset/source.js';
import { canConvert } from '../dataset/transcode.js';

import { type TransferSyntax, transferSyntax } from '../dataset/transfer-syntax.js';
import { type FileHead, NotDicom, readFileHead } from './file-meta.js';
import { fileErrorInWords, isSystemError } from './system-error.js';

/** Most files have their meta group and all but the pixel data in this many bytes. */
const HEAD_BYTES = 64 * 1024;
/** What is read after a jump over a value: mostly one element header is wanted. */
const AFTER_JUMP_BYTES = 4 * 1024;
const CHUNK_BYTES = 256 * 1024;

/** A file that can be sent: its data set is whole and names its class and instance. */
export interface InstanceFile {
  readonly path: string;
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
  /** Whether the bytes cannot go out as they are (odd lengths, elements of groups 0000 or 0002). */
  readonly needsRewrite: boolean;
  /** What is wrong with the file that can be lived with. */
  readonly warnings: readonly string[];
}

/**
 * Looks through a file without reading its big values.
 * @throws {FileError} unreadable, no DICOM file, cut short, or without a SOP Class or Instance UID
 */
export async function inspectInstance(path: string): Promise<InstanceFile> {
  const file = await openForReading(path);
  try {
    return await inspect(file, path);
  } catch (error) {
    throw toFileError(path, error);
  } finally {
    await file.close();
  }
}

/**
 * Opens the data set of a file for sending in transfer syntax `to`, converted on the way if that is not its own.
 * @throws {FileError} now or from the source
 */
export async function openDataSet(instance: InstanceFile, to: TransferSyntax | undefined): Promise<DataSetSource> {
  const file = await openForReading(instance.path);
  const { size, mtimeMs } = await file.stat();
  if (size < instance.size || mtimeMs !== instance.modifiedMs) {
    await file.close();
    throw new FileError(instance.path, `Bad DICOM file ${instance.path}: it has changed since it was looked at`);
  }
  const from = instance.transferSyntax;
  const source =
    from === undefined || to === undefined || (from.uid === to.uid && !instance.needsRewrite)
      ? fileSource(file, instance)
      : rewrittenSource(instance, chunksOf(file, instance.dataSetOffset), { from, to });
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
      await file.close();
    },
  };
}

function rewrittenSource(
  { path }: InstanceFile,
  chunks: AsyncIterable<Buffer>,
  { from, to }: { readonly from: TransferSyntax; readonly to: TransferSyntax },
): DataSetSource {
  return canConvert(from, to)
    ? transcodedSource(chunks, from, to)
    : chunkSource(inWords(path, decompressedChunks(chunks, from, to)));
}

/** Says of an image that cannot be decompressed what it is about: the fault may be a codec's that is not installed. */
async function* inWords(path: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  try {
    yield* chunks;
  } catch (error) {
    if (!(error instanceof DataSetError)) throw error;
    throw new FileError(path, `Cannot decompress ${path}: ${error.message}`, { cause: error });
  }
}

async function inspect(file: FileHandle, path: string): Promise<InstanceFile> {
  const stat = await file.stat();
  if (!stat.isFile()) {
    const kind = stat.isDirectory() ? 'is a directory' : 'not a regular file';
    throw new FileError(path, `Cannot read input file ${path}: ${kind}`);
  }
  const { size } = stat;
  const { bytes, head } = await readHead(file, size);
  if (head.dataSetOffset === size) throw new DataSetError('there is no data set in it');
  const syntax = transferSyntax(head.transferSyntaxUid);
  const facts = syntax === undefined ? undefined : await scan(file, { syntax, head, bytes, size });
  const sopClassUid = facts?.sopClassUid ?? head.meta?.mediaStorageSopClassUid;
  const sopInstanceUid = facts?.sopInstanceUid ?? head.meta?.mediaStorageSopInstanceUid;
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
    needsRewrite: facts?.needsRewrite ?? false,
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

async function readHead(file: FileHandle, size: number): Promise<{ bytes: Buffer; head: FileHead }> {
  for (let wanted = HEAD_BYTES; ; ) {
    const bytes = await readAt(file, 0, Buffer.allocUnsafe(Math.min(wanted, size)));
    const head = readFileHead(bytes, size);
    if (!('needed' in head)) return { bytes, head };
    wanted = head.needed;
  }
}

interface ScanInput {
  readonly syntax: TransferSyntax;
  readonly head: FileHead;
  /** The beginning of the file. */
  readonly bytes: Buffer;
  readonly size: number;
}

async function scan(file: FileHandle, { syntax, head, bytes, size }: ScanInput): Promise<ScanResult> {
  const facts = new DataSetScan(syntax);
  if (syntax.deflated) {
    for await (const chunk of inflated(chunksOf(file, head.dataSetOffset))) facts.feed(chunk);
    facts.end();
    return facts.result;
  }
  let chunk = bytes.subarray(head.dataSetOffset);
  let position = head.dataSetOffset;
  const buffer = Buffer.allocUnsafe(HEAD_BYTES);
  for (;;) {
    facts.feed(chunk);
    position += chunk.length;
    const jump = Math.min(facts.skippable, size - position);
    facts.skip(jump);
    position += jump;
    if (position >= size) break;
    chunk = await readAt(file, position, buffer.subarray(0, jump > 0 ? AFTER_JUMP_BYTES : HEAD_BYTES));
    if (chunk.length === 0) break;
  }
  facts.end();
  return facts.result;
}

/** The data set's bytes as they stand in the file, read straight into what is sent. */
function fileSource(file: FileHandle, { path, dataSetOffset, size }: InstanceFile): DataSetSource {
  let position = dataSetOffset;
  return {
    async readInto(bodies) {
      const from = position;
      let rest = bodies;
      while (rest.length > 0 && position < size) {
        const { bytesRead } = await file.readv(rest, position);
        if (bytesRead === 0) throw new FileError(path, `Bad DICOM file ${path}: it became shorter while it was sent`);
        // A file that has grown meanwhile is sent as it was when looked at.
        const taken = Math.min(bytesRead, size - position);
        position += taken;
        rest = afterBytes(rest, taken);
      }
      return { bytes: position - from, isLast: position === size };
    },
    close: () => Promise.resolve(),
  };
}

/** What is left of `buffers` after their first `bytes` bytes. */
function afterBytes(buffers: readonly Buffer[], bytes: number): readonly Buffer[] {
  let skipped = 0;
  for (const [index, buffer] of buffers.entries()) {
    if (skipped + buffer.length > bytes) return [buffer.subarray(bytes - skipped), ...buffers.slice(index + 1)];
    skipped += buffer.length;
  }
  return [];
}

/** One buffer, read into again and again: a chunk is valid until the next is asked for. */
async function* chunksOf(file: FileHandle, offset: number): AsyncGenerator<Buffer, void, void> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  for (let position = offset; ; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Fills `buffer` from `position` on, or as much of it as the file has. */
async function readAt(file: FileHandle, position: number, buffer: Buffer): Promise<Buffer> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK, opening a named pipe waits for a writer.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw toFileError(path, error);
  }
}

function toFileError(path: string, error: unknown): unknown {
  if (isSystemError(error))
    return new FileError(path, `Cannot read input file ${path}: ${fileErrorInWords(error)}`, { cause: error });
  if (error instanceof NotDicom)
    return new NotAnInstance(path, `Bad DICOM file ${path}: ${error.message}`, { cause: error });
  if (error instanceof DataSetError)
    return new FileError(path, `Bad DICOM file ${path}: ${error.message}`, { cause: error });
  return error;
}
