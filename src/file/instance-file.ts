/** Files that hold an instance: what is in them, and their data set as a source to send from. */
import { DataSetError, FileError, InvalidIdentifier } from '../base/errors.js';
import { MAX_TOLERATED_UID_LENGTH, parseUid } from '../base/identifiers.js';
import { decompressedChunks } from '../codecs/decompress.js';
import { transcodedSource } from '../dataset/convert.js';
import { inflated } from '../dataset/deflate.js';
import { DataSetScan, type ScanResult } from '../dataset/scan.js';
import { chunkSource, type DataSetSource } from '../dataset/source.js';
import { canConvert } from '../dataset/transcode.js';
import { type TransferSyntax, transferSyntax } from '../dataset/transfer-syntax.js';
import type { OpenFile } from './disk.js';
import type { FileHead } from './file-meta.js';
import { chunksOf, HEAD_BYTES, type Location, openForReading, readAt, readHead, toFileError } from './open-file.js';

/** What is read after a jump over a value: mostly one element header is wanted. */
const AFTER_JUMP_BYTES = 4 * 1024;

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
  /** Whether the bytes cannot go out as they are (odd lengths, elements of groups 0000 or 0002). */
  readonly needsRewrite: boolean;
  /** What is wrong with the file that can be lived with. */
  readonly warnings: readonly string[];
}

/**
 * Looks through a file without reading its big values.
 * @throws {FileError} unreadable, no DICOM file, cut short, or without a SOP Class or Instance UID
 */
export async function inspectInstance(location: Location): Promise<InstanceFile> {
  const path = location.toString();
  const file = await openForReading(location);
  try {
    const instance = await inspect(file, path);
    return typeof location === 'string' ? instance : { ...instance, location };
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
  const file = await openForReading(instance.location ?? instance.path);
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

async function inspect(file: OpenFile, path: string): Promise<InstanceFile> {
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

interface ScanInput {
  readonly syntax: TransferSyntax;
  readonly head: FileHead;
  /** The beginning of the file. */
  readonly bytes: Buffer;
  readonly size: number;
}

async function scan(file: OpenFile, { syntax, head, bytes, size }: ScanInput): Promise<ScanResult> {
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
function fileSource(file: OpenFile, { path, dataSetOffset, size }: InstanceFile): DataSetSource {
  let position = dataSetOffset;
  return {
    async readInto(bodies) {
      const from = position;
      let rest = bodies;
      while (rest.length > 0 && position < size) {
        const bytesRead = await file.readv(rest, position);
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
