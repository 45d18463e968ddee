/** Objects that are known by their UID alone: what was sent can be made once more, and compared with what was stored. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { CT_IMAGE, readPart10 } from './sample-instance.js';

const KIB = 1024;

/** The data set of an object, in Explicit VR Little Endian: class, instance, noise for pixel data; from 1 KiB to 2 MiB. */
export function dataSetOf(sopInstanceUid: string): Buffer {
  const digest = createHash('sha256').update(sopInstanceUid).digest();
  const pixels = noise(digest, sizeOf(digest));
  const header = Buffer.from('e07f10004f57000000000000', 'hex');
  header.writeUInt32LE(pixels.length, 8);
  return Buffer.concat([uidElement(0x16, CT_IMAGE), uidElement(0x18, sopInstanceUid), header, pixels]);
}

/** Most are small, as those of a CT; every eighth is long enough to be written in many pieces. */
function sizeOf(digest: Buffer): number {
  const kind = digest.readUInt8(0) % 8;
  const fraction = digest.readUInt16LE(1) / 0x1_0000;
  const [from, to] = kind === 0 ? [512, 2048] : kind < 4 ? [16, 512] : [1, 16];
  return 4 * Math.floor((KIB * (from + fraction * (to - from))) / 4);
}

/** No two places of an object, and no two objects, are alike. */
function noise(digest: Buffer, bytes: number): Buffer {
  const words = new Uint32Array(bytes / 4);
  let state = digest.readUInt32LE(4) | 1;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return Buffer.from(words.buffer);
}

function uidElement(element: number, uid: string): Buffer {
  const value = Buffer.from(uid.length % 2 === 0 ? uid : `${uid}\0`, 'latin1');
  return Buffer.concat([Buffer.from([0x08, 0x00, element, 0x00, 0x55, 0x49, value.length, 0x00]), value]);
}

/** What senders know of their objects, by UID. */
export class Ledger {
  readonly sent = new Set<string>();
  /** Answered with Success. */
  readonly acknowledged = new Set<string>();
  /** Answered with anything else: the status, in hex. */
  readonly refused = new Map<string, string>();

  answered(uid: string, status: number): void {
    if (status === 0) this.acknowledged.add(uid);
    else this.refused.set(uid, status.toString(16));
  }
}

/** What a storescp has not finished, by the name that it gives to that. */
const PART_NAME = /^\.netdicom-[^-]+-\d+-[0-9a-f]+\.part$/;
const FINAL_NAME = /^CT\.([0-9.]+)$/;

/** What a storescp has in its directory. */
export interface Inventory {
  /** UIDs of the files under final names. */
  readonly stored: readonly string[];
  /** Names of part files. */
  readonly parts: readonly string[];
  /** Everything else. */
  readonly others: readonly string[];
}

export function inventory(directory: string): Inventory {
  const stored: string[] = [];
  const parts: string[] = [];
  const others: string[] = [];
  for (const name of readdirSync(directory).sort()) {
    const uid = FINAL_NAME.exec(name)?.[1];
    if (uid !== undefined) stored.push(uid);
    else (PART_NAME.test(name) ? parts : others).push(name);
  }
  return { stored, parts, others };
}

/**
 * What is wrong with a directory, in words: an acknowledged object that is not there, a file under a final name, whether
 * acknowledged or not, that is not what was sent, byte for byte, or that nobody has sent. Others have their turns meanwhile.
 */
export async function faultsOf(directory: string, { sent, acknowledged }: Ledger): Promise<readonly string[]> {
  const { stored } = inventory(directory);
  const there = new Set(stored);
  const faults = [...acknowledged].filter((uid) => !there.has(uid)).map((uid) => `${uid} was acknowledged and is lost`);
  for (const uid of stored) {
    if (!sent.has(uid)) faults.push(`${uid} was never sent`);
    else if (!isWhole(join(directory, `CT.${uid}`), uid)) faults.push(`${uid} is not what was sent`);
    await setImmediate();
  }
  return faults;
}

function isWhole(path: string, uid: string): boolean {
  const { meta, bytes, dataSet } = readPart10(readFileSync(path));
  return meta?.mediaStorageSopInstanceUid === uid && dataSet.length === 3 && bytes.equals(dataSetOf(uid));
}
