/** When a log file is moved away, and under which name: as Python's two rotating handlers do it. */
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

export interface Rotation {
  /** `size`: bytes in the file; `added`: bytes about to be written. */
  isDue(size: number, added: number): boolean;
  /** Moves the file away, which is closed. Throws the system's error. */
  rotate(): void;
}

/** `log.1` is the newest of `backupCount` old files. Without a count or a limit the file only grows: no rotation. */
export function rotationBySize(path: string, maxBytes: number, backupCount: number): Rotation | undefined {
  if (maxBytes <= 0 || backupCount <= 0) return undefined;
  return {
    isDue: (size, added) => size > 0 && size + added >= maxBytes,
    rotate() {
      for (let index = backupCount - 1; index > 0; index--)
        if (existsSync(`${path}.${index}`)) renameSync(`${path}.${index}`, `${path}.${index + 1}`);
      renameSync(path, `${path}.1`);
    },
  };
}

export interface TimedRotationOptions {
  /** In any case: S, M, H and D count from the file's time; MIDNIGHT and W0 (Monday) to W6 end with the day. */
  readonly when: string;
  /** So many units of `when` to a file. */
  readonly interval: number;
  /** Old files kept; 0 keeps all. */
  readonly backupCount: number;
  /** Days and names in UTC instead of local time. */
  readonly utc: boolean;
  /** Milliseconds since 1970; default `Date.now`. */
  readonly now?: () => number;
}

/** Old files are `log.` and the time at which they began, such as `log.2026-11-22`. Throws on a wrong `when`. */
export function rotationByTime(path: string, options: TimedRotationOptions): Rotation {
  const { backupCount, utc, now = Date.now } = options;
  const { dueAfter, startOf, stampLength } = scheduleOf(options);
  const isOldFile = new RegExp(`^${'dddd-dd-dd_dd-dd-dd'.slice(0, stampLength).replaceAll('d', '\\d')}$`);
  let due = dueAfter(wholeSeconds(existsSync(path) ? statSync(path).mtimeMs : now()));
  return {
    isDue: () => now() >= due,
    rotate() {
      const target = `${path}.${stampOf(startOf(due), utc).slice(0, stampLength)}`;
      due = dueAfter(wholeSeconds(now()));
      // Two files of one name, after a change of the clock for example: the lines stay where they are.
      if (existsSync(target)) return;
      renameSync(path, target);
      if (backupCount > 0) removeOldest(path, isOldFile, backupCount);
    },
  };
}

interface Schedule {
  /** When a file that begins at `time` ends. */
  dueAfter(time: number): number;
  /** When a file that ends at `due` began. */
  startOf(due: number): number;
  /** How much of `2026-11-22_01-02-03` names an old file. */
  readonly stampLength: number;
}

const UNITS: Readonly<Record<string, { readonly ms: number; readonly stampLength: number }>> = {
  S: { ms: 1000, stampLength: 19 },
  M: { ms: 60_000, stampLength: 16 },
  H: { ms: 3_600_000, stampLength: 13 },
  D: { ms: 86_400_000, stampLength: 10 },
};

function scheduleOf({ when, interval, utc }: TimedRotationOptions): Schedule {
  if (interval < 1) throw new RangeError(`interval: ${interval} is less than 1`);
  const kind = when.toUpperCase();
  const unit = UNITS[kind];
  if (unit !== undefined) {
    const { ms, stampLength } = unit;
    return { dueAfter: (time) => time + interval * ms, startOf: (due) => due - interval * ms, stampLength };
  }
  const lastDay = /^W[0-6]$/.test(kind) ? Number(kind[1]) : undefined;
  if (lastDay === undefined && kind !== 'MIDNIGHT')
    throw new RangeError(`when: '${when}' is not S, M, H, D, midnight or W0 to W6`);
  const days = lastDay === undefined ? interval : 7 * interval;
  return {
    dueAfter(time) {
      const shortenedBy = lastDay === undefined ? 0 : (weekdayOf(time, utc) - lastDay + 6) % 7;
      return startOfDay(time, days - shortenedBy, utc);
    },
    startOf: (due) => startOfDay(due, -days, utc),
    stampLength: 10,
  };
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

/** 0 is Monday. */
function weekdayOf(time: number, utc: boolean): number {
  const date = new Date(time);
  return ((utc ? date.getUTCDay() : date.getDay()) + 6) % 7;
}

/** Midnight at the start of the day `days` after that of `time`. */
function startOfDay(time: number, days: number, utc: boolean): number {
  const date = new Date(time);
  if (utc) return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + days);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime();
}

/** `2026-11-22_01-02-03` */
function stampOf(time: number, utc: boolean): string {
  const offsetMs = utc ? 0 : new Date(time).getTimezoneOffset() * 60_000;
  return new Date(time - offsetMs).toISOString().slice(0, 19).replace('T', '_').replaceAll(':', '-');
}

function removeOldest(path: string, isOldFile: RegExp, kept: number): void {
  const prefix = `${basename(path)}.`;
  const old = readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix) && isOldFile.test(name.slice(prefix.length)))
    .sort();
  for (const name of old.slice(0, -kept)) rmSync(join(dirname(path), name));
}
