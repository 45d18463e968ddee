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

export class Comparisons {
  // Reading goes on for long, and an answer to somebody else takes several turns.
  readonly #disk = new Disk({ turnMs: 2 });
  readonly #turns = new Turns(MAX_COMPARISONS);

  /**
   * Compares two files. What stands before the data set, such as who sent it, does not count.
   * @throws Node's errors of the file system
   */
  async holdSameInstance(path: string, otherPath: string): Promise<boolean> {
    const turn = this.#turns.enter();
    try {
      await due(turn);
      return await holdSame(this.#disk, path, otherPath);
    } finally {
      turn.leave();
    }
  }
}

async function holdSame(disk: Disk, path: string, otherPath: string): Promise<boolean> {
  const file = await disk.open(path, NOT_BY_LINK);
  try {
    const other = await disk.open(otherPath, NOT_BY_LINK);
    try {
      return await areSame(file, other);
    } finally {
      await other.close();
    }
  } catch (error) {
    // What cannot be made out as a data set is not the same as one.
    if (!(error instanceof DataSetError)) throw error;
    return false;
  } finally {
    await file.close();
  }
}

async function areSame(file: OpenFile, other: OpenFile): Promise<boolean> {
  const [own, others] = [await dataSetOf(file), await dataSetOf(other)];
  if (own.transferSyntaxUid !== others.transferSyntaxUid || own.length !== others.length) return false;
  const [chunk, otherChunk] = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)];
  for (let at = 0; at < own.length; at += CHUNK_BYTES) {
    const bytes = await readAt(file, own.offset + at, chunk);
    if (bytes.length === 0 || !bytes.equals(await readAt(other, others.offset + at, otherChunk))) return false;
  }
  return true;
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
