/** `--resume`: what an earlier run has stored, by the report of it. */
import { createHash } from 'node:crypto';
import { type InstanceFile, printable } from '../index.js';
import { modifiedOf, type StoreRecord } from './store-record.js';

/** A million of them take a hundred megabytes, whatever the length of their paths. */
const KEY_BYTES = 16;

/** Whom a run sends to, as its records have it. */
export type RecordedPeer = Required<Pick<StoreRecord, 'peer' | 'calledAet'>>;

/**
 * Files that are stored at a peer: of these paths, instances, sizes and times, since another file may be under the name by now.
 */
export class StoredFiles {
  readonly #keys = new Set<string>();
  readonly #peer: RecordedPeer;
  readonly #absolute: (path: string) => string;
  #elsewhere: string | undefined;
  #met = 0;

  /** @param absolute makes a path absolute */
  constructor(peer: RecordedPeer, absolute: (path: string) => string) {
    this.#peer = peer;
    this.#absolute = absolute;
  }

  /** How often `has` has said yes. */
  get met(): number {
    return this.#met;
  }

  /** If files are stored at other peers and none at this one: one of those, in words. */
  get onlyElsewhere(): string | undefined {
    return this.#keys.size === 0 ? this.#elsewhere : undefined;
  }

  /** Remembers what the record says is stored at the peer. */
  add({ outcome, peer, calledAet, path, sopInstanceUid = '', fileSize = -1, fileModified = '' }: StoreRecord): void {
    if (outcome !== 'stored') return;
    if (peer === this.#peer.peer && calledAet === this.#peer.calledAet)
      this.#keys.add(keyOf([path, sopInstanceUid, `${fileSize}`, fileModified]));
    else this.#elsewhere ??= `${calledAet ?? 'unknown'} at ${peer ?? 'unknown'}`;
  }

  has(instance: InstanceFile): boolean {
    const { path, sopInstanceUid, size } = instance;
    const modified = modifiedOf(instance);
    // Without a time it may have changed.
    if (modified === undefined) return false;
    const isStored = this.#keys.has(keyOf([this.#absolute(path), sopInstanceUid, `${size}`, modified]));
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
