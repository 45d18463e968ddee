/** `--resume`: what an earlier run has stored, by the report of it. */
import { createHash } from 'node:crypto';
import { type InstanceFile, printable } from '../index.js';
import { modifiedOf, type StoreRecord } from './store-record.js';

/** A million of them take a hundred megabytes, whatever the length of their paths. */
const KEY_BYTES = 16;

/** Files that are stored: of these paths, instances, sizes and times, since another file may be under the name by now. */
export class StoredFiles {
  readonly #keys = new Set<string>();
  readonly #absolute: (path: string) => string;
  #met = 0;

  /** @param absolute makes a path absolute */
  constructor(absolute: (path: string) => string) {
    this.#absolute = absolute;
  }

  /** How often `has` has said yes. */
  get met(): number {
    return this.#met;
  }

  /** Whether the record is of one, which it then remembers. */
  add({ outcome, path, sopInstanceUid = '', fileSize = -1, fileModified = '' }: StoreRecord): boolean {
    if (outcome === 'stored') this.#keys.add(keyOf([path, sopInstanceUid, `${fileSize}`, fileModified]));
    return outcome === 'stored';
  }

  has(instance: InstanceFile): boolean {
    const { path, sopInstanceUid, size } = instance;
    const isStored = this.#keys.has(keyOf([this.#absolute(path), sopInstanceUid, `${size}`, modifiedOf(instance)]));
    if (isStored) this.#met++;
    return isStored;
  }
}

/** As a CSV file holds them: there a line end in a path is escaped. */
function keyOf(parts: readonly string[]): string {
  return createHash('sha256')
    .update(printable(parts.join('\0')))
    .digest()
    .toString('latin1', 0, KEY_BYTES);
}
