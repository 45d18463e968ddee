/** A lock file that one process holds at a time, and that one which was killed does not leave locked. */
import {
  linkSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, uptime } from 'node:os';
import { messageOf } from './printable.js';
import { systemCodeOf } from './system-code.js';

/** How often a lock shows that its holder is alive, for those in other places, who cannot ask for its process. */
const BEAT_MS = 30_000;
const FOREIGN_AGE_MS = 4 * BEAT_MS;

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly place: string;
  /** What tells a process from a later one of the same id, where the system says it. */
  readonly started: string;
}

/** How long a lock without content is one in the making, where it cannot be put in place whole. */
const MAKING_MS = 1000;
const LOOK_MS = 20;

/** To be released. */
export interface Lock {
  /**
   * Before anything is done that only one may do: whoever was stopped for minutes may have lost it to one in another place.
   * @throws {Error} it is held no longer
   */
  check(): void;
  release(): void;
}

/**
 * @param onLost is told when a beat finds that another process has taken the lock, or somebody has removed it
 * @throws {Error} it is held by another process, which the message names, or cannot be written
 */
export function lock(path: string, onLost?: (error: Error) => void): Lock {
  const holder = { pid: process.pid, host: hostname(), place: placeOfProcesses(), started: startOf(process.pid) };
  const own = JSON.stringify(holder satisfies Holder);
  while (!tryToCreate(path, own)) {
    const found = readWhole(path);
    if (found === undefined) continue;
    const other = parseHolder(found);
    if (other !== undefined && isHeld(path, other))
      throw new Error(
        `in use by process ${other.pid} on ${other.host}; if there is none, remove ${path} and start again`,
      );
    takeAway(path, found);
  }
  const check = () => {
    if (readIfThere(path) !== own) throw new Error(`${path} is not that of this process any more`);
  };
  const beat = setInterval(() => {
    try {
      check();
      beatOf(path);
    } catch (error) {
      clearInterval(beat);
      onLost?.(error instanceof Error ? error : new Error(String(error)));
    }
  }, BEAT_MS).unref();
  return {
    check,
    release() {
      clearInterval(beat);
      if (readIfThere(path) === own) unlinkSync(path);
    },
  };
}

function tryToCreate(path: string, content: string): boolean {
  // Linked into place whole: nobody reads half a lock.
  const draft = `${path}.${process.pid}`;
  writeOrRemove(draft, content);
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false;
    // A file system without links: then created alone.
    return createAlone(path, content);
  } finally {
    unlinkSync(draft);
  }
}

/** A full disk leaves nothing of it. */
function writeOrRemove(path: string, content: string): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

function createAlone(path: string, content: string): boolean {
  try {
    writeFileSync(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a lock that was left, unless another process has just done so and has one of its own there. */
function takeAway(path: string, content: string): void {
  const aside = `${path}.${process.pid}.left`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return;
    throw error;
  }
  try {
    const taken = readIfThere(aside);
    // If a third has one there by now, the second finds that it has lost its own.
    if (taken !== undefined && taken !== content) tryToCreate(path, taken);
  } finally {
    rmSync(aside, { force: true });
  }
}

/** What the lock says; of one that says nothing yet, what it says soon. */
function readWhole(path: string): string | undefined {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; ; waited += LOOK_MS) {
    const found = readIfThere(path);
    if (found === undefined || parseHolder(found) !== undefined || waited >= MAKING_MS) return found;
    Atomics.wait(pause, 0, 0, LOOK_MS);
  }
}

/**
 * Where process ids mean the same: on one system from one start of it to the next, in one container. Containers can share a host
 * name, as they can share a directory.
 */
function placeOfProcesses(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    // Only Linux has those, and containers.
    return hostname();
  }
}

function isHeld(path: string, { pid, place, started }: Holder): boolean {
  const age = ageOf(path);
  if (place !== placeOfProcesses()) return age < FOREIGN_AGE_MS;
  if (age > uptime() * 1000 || !isRunning(pid)) return false;
  return started === '' || started === startOf(pid);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCodeOf(error) === 'EPERM';
  }
}

/** In ticks since the system's start, or that it has ended, though nobody has asked how; empty where there is no /proc. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is a name in brackets, with whatever is in it.
    const [state, ...others] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? 'ended' : (others[18] ?? '');
  } catch {
    return '';
  }
}

function ageOf(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return Infinity;
  }
}

function beatOf(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // The next beat may do.
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, host, place, started } = JSON.parse(text) as Partial<Holder>;
    if (typeof pid !== 'number' || [host, place, started].some((each) => typeof each !== 'string')) return undefined;
    return { pid, host: `${host}`, place: `${place}`, started: `${started}` };
  } catch {
    return undefined;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw new Error(messageOf(error), { cause: error });
  }
}
