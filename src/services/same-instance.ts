/** Whether two files hold the same instance: the same data set in the same transfer syntax, byte for byte. */
import { constants } from 'node:fs';
import { DataSetError } from '../base/errors.js';
import { due, Turns } from '../base/turns.js';
import { Disk, type OpenFile, READ_ONLY } from '../file/disk.js';
import { readAt, readHead } from '../file/open-file.js';

const CHUNK_BYTES = 256 * 1024;
/** The name is one of ours: what it leads to elsewhere is not looked at. Windows has no such flag. */
const NOT_BY_LINK = READ_ONLY | (constants.O_NOFOLLOW ?? 0);

/** A few at a time, so that their memory is bounded; the others wait for their turns. */
const MAX_COMPARISONS = 2;

/** Of a file beside another. `no-instance`: it is empty, say, as a loss of power may leave one, and no DICOM file. */
export type Likeness = 'same' | 'different' | 'no-instance';

export class Comparisons {
  // Reading goes on for long, and an answer to somebody else takes several turns.
  readonly #disk = new Disk({ turnMs: 2 });
  readonly #turns = new Turns(MAX_COMPARISONS);

  /**
   * Compares a file with another. What stands before the data set, such as who sent it, does not count.
   * @throws Node's errors of the file system
   */
  async likeness(path: string, otherPath: string): Promise<Likeness> {
    const turn = this.#turns.enter();
    try {
      await due(turn);
      return await likenessOf(this.#disk, path, otherPath);
    } finally {
      turn.leave();
    }
  }
}

async function likenessOf(disk: Disk, path: string, otherPath: string): Promise<Likeness> {
  const file = await disk.open(path, NOT_BY_LINK);
  try {
    const other = await disk.open(otherPath, NOT_BY_LINK);
    try {
      return await compared(file, other);
    } finally {
      await other.close();
    }
  } catch (error) {
    if (!(error instanceof DataSetError)) throw error;
    return 'no-instance';
  } finally {
    await file.close();
  }
}

async function compared(file: OpenFile, other: OpenFile): Promise<Likeness> {
  const [own, wanted] = [await dataSetOf(file), await dataSetOf(other)];
  if (own.transferSyntaxUid !== wanted.transferSyntaxUid || own.length !== wanted.length) return 'different';
  const [chunk, otherChunk] = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)];
  for (let at = 0; at < own.length; at += CHUNK_BYTES) {
    const bytes = await readAt(file, own.offset + at, chunk);
    const others = await readAt(other, wanted.offset + at, otherChunk);
    if (bytes.length === 0 || !bytes.equals(others)) return 'different';
  }
  return 'same';
}

interface DataSetPlace {
  readonly transferSyntaxUid: string;
  readonly offset: number;
  readonly length: number;
}

/** @throws {DataSetError} if there is no file meta information to find it by */
async function dataSetOf(file: OpenFile): Promise<DataSetPlace> {
  const { size } = await file.stat();
  const { head } = await readHead(file, size);
  return { transferSyntaxUid: head.transferSyntaxUid, offset: head.dataSetOffset, length: size - head.dataSetOffset };
}
