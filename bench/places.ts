/** Where the benchmark keeps what it sends and what comes in: in memory where there is a file system for that. */
import { closeSync, existsSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { freemem, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../test/support/paths.js';

const MEMORY = '/dev/shm';
const GIB = 1024 ** 3;
const ZEROS = Buffer.alloc(1024 * 1024);
/** The corpora and as much again coming in. */
const WANTED_BYTES = 8 * GIB;

const folder = join(roomyFolder(), `netdicom-bench-${userInfo().uid}`);
export const corporaFolder = join(folder, 'corpora');
mkdirSync(corporaFolder, { recursive: true });

export type Place = 'memory' | 'disk';

/** A new empty folder; on the project's own disk if that is asked for. */
export function inbox(place: Place): Promise<string> {
  return mkdtemp(join(place === 'memory' ? folder : join(projectRoot, '.build'), 'in-'));
}

/** Why so many bytes cannot be received in memory; undefined if they can. */
export function lacksRoom(bytes: number): string | undefined {
  const free = freeBytes(folder);
  return free > bytes
    ? undefined
    : `${(bytes / GIB).toFixed(1)} GiB are needed, ${(free / GIB).toFixed(1)} GiB are free`;
}

/** Takes memory before it is measured who does: a guest whose host has had it meanwhile waits for each page, and that counts as its CPU. */
export function claimMemory(inbox: string, bytes: number): void {
  if (!inbox.startsWith(MEMORY)) return;
  const path = join(inbox, 'claimed');
  const fd = openSync(path, 'w');
  for (let left = bytes; left > 0; ) left -= writeSync(fd, ZEROS, 0, Math.min(left, ZEROS.length));
  closeSync(fd);
  rmSync(path);
}

/** Corpora and what was left behind. */
export function removeAll(): Promise<void> {
  return removeFolder(folder);
}

export function removeFolder(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true });
}

function roomyFolder(): string {
  // Only Linux has it.
  return existsSync(MEMORY) && freeBytes(MEMORY) >= WANTED_BYTES ? MEMORY : tmpdir();
}

function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return path.startsWith(MEMORY) ? Math.min(bavail * bsize, freemem()) : bavail * bsize;
}
