/** Files that an instance has until it is whole: hidden names that tell whose they are, and the end of those that are nobody's. */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { link, readdir, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';
import { join } from 'node:path';
import { isSystemError } from '../file/system-error.js';

const PART_NAME = /^\.netdicom-(?<place>[^-]+)-(?<pid>\d+)-[0-9a-f]+\.part$/;
const PLACE = placeOfProcesses();
/** Of a writer that cannot be asked after: a part file as old as this has none, and what is younger is watched for a while. */
const FOREIGN_LEFTOVER_AGE_MS = 24 * 60 * 60 * 1000;
/** Every writer touches its part files so often that whoever watches one sees it, over a network file system's cache as well. */
const BEAT_MS = 10_000;
const WATCH_MS = 120_000;
/** Linux counts the times of processes in hundredths of a second, on every machine. */
const TICK_MS = 10;

/**
 * Where process ids mean the same: on one system from one start of it to the next, in one container. Host names tell none of
 * that: containers can share one, as they can share a directory.
 */
function placeOfProcesses(): string {
  const host = hostname().replace(/[^0-9A-Za-z.]/g, '_') || 'localhost';
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1');
    const namespace = readlinkSync('/proc/self/ns/pid');
    return `${host}_${createHash('sha256').update(`${boot} ${namespace}`).digest('hex').slice(0, 8)}`;
  } catch {
    // Only Linux has those, and containers.
    return host;
  }
}

/** Makes the names of part files, no two alike: see `PART_NAME`. */
export class PartFiles {
  readonly #prefix: string;
  readonly #beatMs: number;
  readonly #inUse = new Set<string>();
  #count = 0;
  #beat: NodeJS.Timeout | undefined;
  #isTouching = false;

  constructor(directory: string, beatMs = BEAT_MS) {
    this.#prefix = join(directory, `.netdicom-${PLACE}-${process.pid}-${randomBytes(8).toString('hex')}`);
    this.#beatMs = beatMs;
  }

  /** The path of a file that is not there yet. It is in use until `done`. */
  next(): string {
    this.#count++;
    const path = `${this.#prefix}${this.#count.toString(16)}.part`;
    this.#inUse.add(path);
    this.#beat ??= setInterval(() => void this.#touch(), this.#beatMs).unref();
    return path;
  }

  /** It has another name now, or is gone. */
  done(path: string): void {
    this.#inUse.delete(path);
  }

  async #touch(): Promise<void> {
    if (this.#inUse.size === 0) {
      clearInterval(this.#beat);
      this.#beat = undefined;
    } else if (!this.#isTouching) {
      this.#isTouching = true;
      // Not yet there, gone by now, or on a disk that has other troubles, of which its writer hears.
      for (const path of [...this.#inUse]) await utimes(path, new Date(), new Date()).catch(() => undefined);
      this.#isTouching = false;
    }
  }
}

/**
 * Tries whether a file can be made in a directory, which nothing that can be asked of it tells. A full disk is none that cannot be
 * written: there may be room again.
 * @throws Node's error if not
 */
export async function tryFile(directory: string): Promise<void> {
  const names = new PartFiles(directory);
  const file = names.next();
  try {
    await writeFile(file, '', { flag: 'wx' });
    await unlink(file);
  } catch (error) {
    if (!isFull(error)) throw error;
  } finally {
    names.done(file);
  }
}

function isFull(error: unknown): boolean {
  return isSystemError(error) && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

/** Tries whether the file system of a directory has hard links, which one that is full may have. @throws Node's error if not */
export async function tryLink(directory: string): Promise<void> {
  const names = new PartFiles(directory);
  const [file, other] = [names.next(), names.next()];
  try {
    await writeFile(file, '', { flag: 'wx' });
    try {
      await link(file, other);
      await unlink(other);
    } finally {
      await unlink(file);
    }
  } catch (error) {
    if (!isFull(error)) throw error;
  } finally {
    names.done(file);
    names.done(other);
  }
}

/** A part file of a writer that cannot be asked after, or has an id that is another's by now, as it was at the start. */
interface Doubtful {
  readonly path: string;
  readonly mtimeMs: number;
}

/**
 * Removes part files whose writer is gone; those of another running storescp in the same directory stay. Where the writer was
 * in another container or on another machine, or its id is another's by now, that shows only with time. What cannot be removed stays
 * as well, somebody else's in a folder that many share.
 * @returns `watched` resolves when those have been watched for long enough and are removed or found to be in use
 */
export async function removeLeftovers(
  directory: string,
  watchMs = WATCH_MS,
): Promise<{ readonly watched: Promise<void> }> {
  const doubtful: Doubtful[] = [];
  for (const name of await readdir(directory)) {
    const match = PART_NAME.exec(name);
    if (match?.groups === undefined) continue;
    const path = join(directory, name);
    const { place = '', pid = '' } = match.groups;
    try {
      const { mtimeMs } = await stat(path);
      const use = place === PLACE ? useOf(mtimeMs, Number(pid)) : useElsewhere(mtimeMs);
      if (use === 'none') await unlink(path);
      else if (use === 'doubtful') doubtful.push({ path, mtimeMs });
    } catch (error) {
      if (!isSystemError(error)) throw error;
    }
  }
  return { watched: doubtful.length > 0 ? watch(doubtful, watchMs) : Promise.resolve() };
}

async function watch(doubtful: readonly Doubtful[], watchMs: number): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, watchMs).unref());
  for (const { path, mtimeMs } of doubtful)
    try {
      if ((await stat(path)).mtimeMs === mtimeMs) await unlink(path);
    } catch {
      // It is gone, or cannot be removed now: the next start sees.
    }
}

/** Of a part file. `doubtful`: that shows with time. */
type Use = 'none' | 'doubtful' | 'in-use';

function useElsewhere(mtimeMs: number): Use {
  return isOlderThan(mtimeMs, FOREIGN_LEFTOVER_AGE_MS) ? 'none' : 'doubtful';
}

/**
 * One older than the system is of a process that went down with it. One that nobody has touched since the process with its id was
 * begun is most likely another's, which had the same id; a writer that is older may have been stopped for a while.
 */
function useOf(mtimeMs: number, pid: number): Use {
  if (pid === process.pid) return isOlderThan(mtimeMs, performance.now()) ? 'none' : 'in-use';
  if (isOlderThan(mtimeMs, uptime() * 1000) || !isRunning(pid)) return 'none';
  const ageMs = ageOf(pid);
  return ageMs !== undefined && !isOlderThan(mtimeMs, ageMs) ? 'in-use' : 'doubtful';
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isSystemError(error) && error.code === 'EPERM';
  }
}

/** Of a process, in milliseconds, by our own: what the system says of its age may be the container's. Undefined if nobody tells. */
function ageOf(pid: number): number | undefined {
  try {
    return performance.now() + (beginOf(process.pid) - beginOf(pid)) * TICK_MS;
  } catch {
    return undefined;
  }
}

/** In ticks. */
function beginOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The second field is a name in brackets, with whatever is in it; the 22nd is when the process began.
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
}

function isOlderThan(mtimeMs: number, ms: number): boolean {
  return Date.now() - mtimeMs > ms;
}
