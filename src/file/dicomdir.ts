/** PS3.3 F, PS3.10 8: DICOMDIR files, and what their directory records refer to. */
import { DataSetError } from '../base/errors.js';
import { trimmed } from '../base/identifiers.js';
import { TokenReader } from '../dataset/token-reader.js';
import type { Token } from '../dataset/tokens.js';
import { type TransferSyntax, transferSyntax } from '../dataset/transfer-syntax.js';
import type { OpenFile } from './disk.js';
import { chunksOf, type Location, openForReading, readHead, toFileError } from './open-file.js';

/** PS3.4 I: a DICOMDIR refers to instances and is none. */
export const MEDIA_STORAGE_DIRECTORY = '1.2.840.10008.1.3.10';

const DIRECTORY_RECORD_SEQUENCE = 0x00041220;
const RECORD_IN_USE_FLAG = 0x00041410;
const DIRECTORY_RECORD_TYPE = 0x00041430;
const REFERENCED_FILE_ID = 0x00041500;
const WANTED: readonly number[] = [RECORD_IN_USE_FLAG, DIRECTORY_RECORD_TYPE, REFERENCED_FILE_ID];
/** Of a value; a File ID has 71 at most (PS3.10 8.2). What is longer is cut. */
const MAX_VALUE_BYTES = 1024;

/** A directory record that refers to a file. */
export interface FileReference {
  /** Place of the record in the DICOMDIR, from 1. */
  readonly record: number;
  /** Directory Record Type (0004,1430); empty if there is none. */
  readonly type: string;
  /** Components of Referenced File ID (0004,1500), without padding. Nobody has checked them. */
  readonly fileId: readonly string[];
}

/** Whether the file says so of itself; false as well for a file that cannot be read. */
export async function isDicomdir(location: Location): Promise<boolean> {
  let file: OpenFile | undefined;
  try {
    file = await openForReading(location);
    const { head } = await readHead(file, (await file.stat()).size);
    return head.meta?.mediaStorageSopClassUid === MEDIA_STORAGE_DIRECTORY;
  } catch {
    // Whoever reads it for what it is instead is told what is wrong with it.
    return false;
  } finally {
    await file?.close();
  }
}

/**
 * The references of a DICOMDIR in the order of its records, those in use. Read as a stream, however many there are.
 * @throws {FileError} unreadable or damaged; what was yielded before is to be believed
 */
export async function* fileReferences(path: string): AsyncGenerator<FileReference, void, void> {
  const file = await openForReading(path);
  try {
    const { head } = await readHead(file, (await file.stat()).size);
    const syntax = transferSyntax(head.transferSyntaxUid);
    if (syntax === undefined || syntax.deflated)
      throw new DataSetError(`a DICOMDIR in transfer syntax ${head.transferSyntaxUid}`);
    const reader = new DirectoryReader(syntax);
    for await (const chunk of chunksOf(file, head.dataSetOffset)) yield* reader.feed(chunk);
    yield* reader.end();
  } catch (error) {
    throw toFileError(path, error);
  } finally {
    await file.close();
  }
}

/**
 * Finds the references in the bytes of a DICOMDIR's data set. Goes by the order of the records and never by the offsets that
 * link them (PS3.3 F.3.2.2): those are wrong in files that were edited.
 * @throws {DataSetError} from `feed` and `end` if the bytes are no data set in this syntax.
 */
export class DirectoryReader {
  readonly #reader: TokenReader;
  /** Sequences that are open. */
  #depth = 0;
  /** Whether the outermost of them is the Directory Record Sequence. */
  #isInRecords = false;
  #record = 0;
  /** Text of what is wanted of the current record, a character per byte. */
  readonly #values = new Map<number, string>();
  /** The element whose value is passing by, if it is wanted. */
  #tag: number | undefined;

  constructor(syntax: TransferSyntax) {
    this.#reader = new TokenReader(syntax);
  }

  *feed(chunk: Buffer): Generator<FileReference, void, void> {
    for (const token of this.#reader.feed(chunk)) yield* this.#see(token);
  }

  /** No more bytes will come. */
  *end(): Generator<FileReference, void, void> {
    for (const token of this.#reader.end()) yield* this.#see(token);
  }

  *#see(token: Token): Generator<FileReference, void, void> {
    const isOfRecord = this.#isInRecords && this.#depth === 1;
    switch (token.type) {
      case 'sequence':
      case 'pixel-sequence':
        if (this.#depth === 0) this.#isInRecords = token.tag === DIRECTORY_RECORD_SEQUENCE;
        this.#depth++;
        break;
      case 'sequence-end':
        this.#depth--;
        break;
      case 'item':
        if (isOfRecord) this.#beginRecord();
        break;
      case 'item-end':
        if (isOfRecord) yield* this.#reference();
        break;
      case 'element':
        if (isOfRecord && token.length > 0 && WANTED.includes(token.tag)) this.#tag = token.tag;
        break;
      case 'value':
        if (this.#tag !== undefined) this.#gather(this.#tag, token.data);
        if (token.isLast) this.#tag = undefined;
        break;
      case 'fragment':
        break;
      default:
        token satisfies never;
    }
  }

  #beginRecord(): void {
    this.#record++;
    this.#values.clear();
  }

  #gather(tag: number, data: Buffer): void {
    const text = `${this.#values.get(tag) ?? ''}${data.toString('latin1', 0, MAX_VALUE_BYTES)}`;
    this.#values.set(tag, text.slice(0, MAX_VALUE_BYTES));
  }

  *#reference(): Generator<FileReference, void, void> {
    const type = trimmed(this.#values.get(DIRECTORY_RECORD_TYPE) ?? '');
    const fileId = (this.#values.get(REFERENCED_FILE_ID) ?? '').split('\\').map(trimmed);
    // PS3.3 F.3.2.2: FFFFH in use, 0000H inactive, which is how a record is deleted in place.
    const isInUse = this.#values.get(RECORD_IN_USE_FLAG) !== '\0\0';
    if (isInUse && fileId.join('') !== '') yield { record: this.#record, type, fileId };
  }
}
