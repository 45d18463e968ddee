/** Reading files: opened so that nothing can wait for them, read in pieces, and their errors in words. */
import { DataSetError, FileError, NotAnInstance } from '../base/errors.js';
import { Disk, type OpenFile, READ_ONLY } from './disk.js';
import { type FileHead, NotDicom, readFileHead } from './file-meta.js';
import { fileErrorInWords, isSystemError } from './system-error.js';

/** A path; in bytes if a name in it is no UTF-8, which a string cannot say. */
export type Location = string | Buffer;

/** Most files have their meta group and all but the pixel data in this many bytes. */
export const HEAD_BYTES = 16 * 1024;
const CHUNK_BYTES = 256 * 1024;

/** Where files are read from, whoever reads them: how fast it answers is seen by all. */
export const inputDisk = new Disk();

/** @throws {FileError} */
export async function openForReading(location: Location): Promise<OpenFile> {
  try {
    return await inputDisk.open(location, READ_ONLY);
  } catch (error) {
    throw toFileError(location.toString(), error);
  }
}

/** Something to read at any place of. */
export type Readable = Pick<OpenFile, 'read'>;

/** Opened when it is read the first time. */
export class LazyFile implements Readable {
  readonly #location: Location;
  #file: OpenFile | undefined;

  constructor(location: Location) {
    this.#location = location;
  }

  /** @throws {FileError} if it cannot be opened */
  async read(buffer: Buffer, position: number): Promise<number> {
    this.#file ??= await openForReading(this.#location);
    return this.#file.read(buffer, position);
  }

  get isOpen(): boolean {
    return this.#file !== undefined;
  }

  close(): void | Promise<void> {
    return this.#file?.close();
  }
}

/**
 * Reads as much of the beginning of a file of `size` bytes as it takes to know what stands there.
 * @throws {DataSetError} as `readFileHead`
 */
export async function readHead(
  file: Readable,
  size: number,
  wanted = HEAD_BYTES,
): Promise<{ readonly bytes: Buffer; readonly head: FileHead }> {
  for (let length = wanted; ; ) {
    const bytes = await readAt(file, 0, Buffer.allocUnsafe(length));
    const head = readFileHead(bytes, size);
    if (!('needed' in head)) return { bytes, head };
    // It would be needed for ever.
    if (bytes.length < Math.min(length, size))
      throw new DataSetError(`only ${bytes.length} of its ${size} bytes are there`);
    length = head.needed;
  }
}

/** Fills `buffer` from `position` on, or as much of it as the file has. */
export async function readAt(file: Readable, position: number, buffer: Buffer): Promise<Buffer> {
  let filled = 0;
  while (filled < buffer.length) {
    const bytes = await file.read(buffer.subarray(filled), position + filled);
    if (bytes === 0) break;
    filled += bytes;
  }
  return buffer.subarray(0, filled);
}

/** A buffer that passes from one user to the next, as long as they come one after the other. */
export class SpareBuffer {
  readonly #bytes: number;
  #spare: Buffer | undefined;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  take(): Buffer {
    const buffer = this.#spare ?? Buffer.allocUnsafeSlow(this.#bytes);
    this.#spare = undefined;
    return buffer;
  }

  giveBack(buffer: Buffer): void {
    this.#spare = buffer;
  }
}

const chunkBuffer = new SpareBuffer(CHUNK_BYTES);

/** One buffer, read into again and again: a chunk is valid until the next is asked for. */
export async function* chunksOf(file: Readable, offset: number): AsyncGenerator<Buffer, void, void> {
  const buffer = chunkBuffer.take();
  try {
    for (let position = offset; ; ) {
      const bytes = await file.read(buffer, position);
      if (bytes === 0) return;
      position += bytes;
      yield buffer.subarray(0, bytes);
    }
  } finally {
    chunkBuffer.giveBack(buffer);
  }
}

/** What was thrown while a file was read, as a `FileError`; anything that is not about the file as it is. */
export function toFileError(path: string, error: unknown): unknown {
  if (isSystemError(error))
    return new FileError(path, `Cannot read input file ${path}: ${fileErrorInWords(error)}`, { cause: error });
  if (error instanceof NotDicom)
    return new NotAnInstance(path, `Bad DICOM file ${path}: ${error.message}`, { cause: error });
  if (error instanceof DataSetError)
    return new FileError(path, `Bad DICOM file ${path}: ${error.message}`, { cause: error });
  return error;
}
