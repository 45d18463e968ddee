/** Files that hold an instance, and what is in them. */
import { DataSetError, FileError, InvalidIdentifier } from '../base/errors.js';
import { MAX_TOLERATED_UID_LENGTH, parseUid } from '../base/identifiers.js';
import { inflated } from '../dataset/deflate.js';
import { DataSetScan, type ScanResult } from '../dataset/scan.js';
import { type TransferSyntax, transferSyntax } from '../dataset/transfer-syntax.js';
import type { Glance } from './disk.js';
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
    const glancing = inputDisk.glance(location, 0, roomFor);
    const { stat, bytes } = glancing instanceof Promise ? await glancing : glancing;
    const inspecting = inspect(file, { path, stat, buffer, beginning: bytes });
    const instance = inspecting instanceof Promise ? await inspecting : inspecting;
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

interface Beginning {
  readonly path: string;
  readonly stat: Glance['stat'];
  readonly beginning: Buffer;
  /** It stands in there, and makes room for what is read after it. */
  readonly buffer: Buffer;
}

/** There is nothing to wait for if the beginning tells all. */
function inspect(file: Readable, { path, stat, beginning, buffer }: Beginning): InstanceFile | Promise<InstanceFile> {
  if (!stat.isFile()) {
    const kind = stat.isDirectory() ? 'is a directory' : 'not a regular file';
    throw new FileError(path, `Cannot read input file ${path}: ${kind}`);
  }
  const head = readFileHead(beginning, stat.size);
  if (!('needed' in head)) return inspectDataSet(file, { path, stat, head, bytes: beginning, buffer });
  return readHead(file, stat.size, head.needed).then((known) => inspectDataSet(file, { path, stat, buffer, ...known }));
}

interface KnownHead {
  readonly path: string;
  readonly stat: Glance['stat'];
  readonly head: FileHead;
  /** The beginning of the file. */
  readonly bytes: Buffer;
  /** For what is read after that. */
  readonly buffer: Buffer;
}

function inspectDataSet(file: Readable, known: KnownHead): InstanceFile | Promise<InstanceFile> {
  const { head, stat } = known;
  if (head.dataSetOffset === stat.size) throw new DataSetError('there is no data set in it');
  const syntax = transferSyntax(head.transferSyntaxUid);
  if (syntax === undefined) return instanceOf(known, syntax, undefined);
  const scanning = scan(file, syntax, known);
  if (!(scanning instanceof Promise)) return instanceOf(known, syntax, scanning);
  return scanning.then((facts) => instanceOf(known, syntax, facts));
}

/** @param facts of its data set, undefined if it is in a transfer syntax that nobody knows */
function instanceOf(
  { path, stat, head }: KnownHead,
  syntax: TransferSyntax | undefined,
  facts: ScanResult | undefined,
): InstanceFile {
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
    size: stat.size,
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

function scan(
  file: Readable,
  syntax: TransferSyntax,
  { head, stat, bytes, buffer }: KnownHead,
): ScanResult | Promise<ScanResult> {
  const facts = new DataSetScan(syntax);
  if (syntax.deflated) return scanInflated(facts, file, head);
  facts.feed(bytes.subarray(head.dataSetOffset));
  const left = Math.max(0, stat.size - bytes.length);
  if (facts.skippable < left) return scanOn(facts, file, { from: bytes.length, size: stat.size, buffer });
  facts.skip(left);
  facts.end();
  return facts.result;
}

async function scanInflated(facts: DataSetScan, file: Readable, { dataSetOffset }: FileHead): Promise<ScanResult> {
  for await (const chunk of inflated(chunksOf(file, dataSetOffset))) facts.feed(chunk);
  facts.end();
  return facts.result;
}

async function scanOn(
  facts: DataSetScan,
  file: Readable,
  { from, size, buffer }: { readonly from: number; readonly size: number; readonly buffer: Buffer },
): Promise<ScanResult> {
  for (let position = from; ; ) {
    const jump = Math.min(facts.skippable, size - position);
    facts.skip(jump);
    position += jump;
    if (position >= size) break;
    const chunk = await readAt(file, position, jump > 0 ? buffer.subarray(0, AFTER_JUMP_BYTES) : buffer);
    if (chunk.length === 0) break;
    facts.feed(chunk);
    position += chunk.length;
  }
  facts.end();
  return facts.result;
}
