/** Calls to the file system: on the spot while it answers at once, else over Node's threads, which cost more than most calls. */
import {
  close,
  closeSync,
  constants,
  fdatasync,
  fstat,
  fstatSync,
  fsync,
  open,
  openSync,
  read,
  readSync,
  readv,
  readvSync,
  type Stats,
  writev,
  writevSync,
} from 'node:fs';

/** Nobody should wait for longer: neither for one call or those of one turn, nor for work that never waits itself. */
const LONG_MS = 20;
/** Quicker calls do not come to that in a turn. */
const SLOW_MS = 0.5;
/**
 * After calls that took longer, a disk, a network or a crowd being slow, all go over the threads for so many times as long
 * as they took: so for a tenth of the time at most anybody waits.
 */
const CAREFUL_TIMES = 10;

/** Without O_NONBLOCK, opening a named pipe waits for a writer. */
export const READ_ONLY = constants.O_RDONLY | constants.O_NONBLOCK;

export interface Glance {
  readonly stat: Stats;
  /** What was read. */
  readonly bytes: Buffer;
}

/** Gives what to read into. */
export type RoomFor = (stat: Stats) => Buffer;

export interface DiskOptions {
  /** Whether every call follows from an event of another kind, so that others have their turns anyway if it is quick. Default false. */
  readonly isEventDriven?: boolean | undefined;
  /** Others have a turn after so many milliseconds: fewer than 20, the default, where answers of theirs take several turns. */
  readonly turnMs?: number | undefined;
}

/** One file system, or several as long as they are about as fast. Calls throw or reject with Node's system errors. */
export class Disk {
  readonly #turnMs: number;
  #carefulUntil = 0;
  /** What slow calls have taken in this turn of the event loop. */
  #slowMs = 0;
  /** When a call went over the threads last, so that everybody had a turn. */
  #lastTurn = 0;

  constructor({ isEventDriven = false, turnMs = LONG_MS }: DiskOptions = {}) {
    this.#turnMs = isEventDriven ? Infinity : turnMs;
  }

  /** @param later the same as `now`, but without holding up the event loop */
  run<T>(now: () => T, later: () => Promise<T>): T | Promise<T> {
    const begun = performance.now();
    if (begun < this.#carefulUntil) return later();
    if (begun - this.#lastTurn > this.#turnMs) {
      this.#lastTurn = begun;
      return later();
    }
    try {
      return now();
    } finally {
      const ms = performance.now() - begun;
      if (ms > SLOW_MS) this.#onSlow(ms);
    }
  }

  #onSlow(ms: number): void {
    if (this.#slowMs === 0)
      setImmediate(() => {
        this.#slowMs = 0;
      });
    this.#slowMs += ms;
    if (this.#slowMs > LONG_MS) this.#carefulUntil = performance.now() + CAREFUL_TIMES * this.#slowMs;
  }

  /** Stats a file and fills a buffer from `position` on as far as the file goes; leaves nothing open. */
  glance(location: string | Buffer, position: number, roomFor: RoomFor): Glance | Promise<Glance> {
    return this.run(
      () => glanceNow(location, position, roomFor),
      () => this.#glanceLater(location, position, roomFor),
    );
  }

  /** @param flags as for open(2) */
  open(location: string | Buffer, flags: number | string, mode?: number): OpenFile | Promise<OpenFile> {
    return this.run(
      () => new OpenFile(this, openSync(location, flags, mode)),
      async () => new OpenFile(this, await answered<number>((done) => open(location, flags, mode, done))),
    );
  }

  async #glanceLater(location: string | Buffer, position: number, roomFor: RoomFor): Promise<Glance> {
    const file = await this.open(location, READ_ONLY);
    try {
      const stat = await file.stat();
      const room = roomFor(stat);
      const wanted = room.subarray(0, bytesFrom(stat, position));
      let filled = 0;
      for (let bytes = 1; filled < wanted.length && bytes > 0; filled += bytes)
        bytes = await file.read(wanted.subarray(filled), position + filled);
      return { stat, bytes: firstOf(room, filled) };
    } finally {
      await file.close();
    }
  }
}

function glanceNow(location: string | Buffer, position: number, roomFor: RoomFor): Glance {
  const fd = openSync(location, READ_ONLY);
  try {
    const stat = fstatSync(fd);
    const room = roomFor(stat);
    const wanted = Math.min(room.length, bytesFrom(stat, position));
    let filled = 0;
    for (let bytes = 1; filled < wanted && bytes > 0; filled += bytes)
      bytes = readSync(fd, room, filled, wanted - filled, position + filled);
    return { stat, bytes: firstOf(room, filled) };
  } finally {
    closeSync(fd);
  }
}

function firstOf(room: Buffer, filled: number): Buffer {
  return filled === room.length ? room : room.subarray(0, filled);
}

/** Nothing is read of what is no regular file. */
function bytesFrom(stat: Stats, position: number): number {
  return stat.isFile() ? Math.max(0, stat.size - position) : 0;
}

/** A file descriptor. Nobody closes it but its owner. */
export class OpenFile {
  readonly #disk: Disk;
  readonly #fd: number;

  constructor(disk: Disk, fd: number) {
    this.#disk = disk;
    this.#fd = fd;
  }

  stat(): Stats | Promise<Stats> {
    return this.#disk.run(
      () => fstatSync(this.#fd),
      () => answered((done) => fstat(this.#fd, done)),
    );
  }

  /** Returns how many bytes were read; 0 at the end. */
  read(buffer: Buffer, position: number): number | Promise<number> {
    return this.#disk.run(
      () => readSync(this.#fd, buffer, 0, buffer.length, position),
      () => answered((done) => read(this.#fd, buffer, 0, buffer.length, position, done)),
    );
  }

  /** The same into several buffers, one after the other. */
  readv(buffers: readonly Buffer[], position: number): number | Promise<number> {
    return this.#disk.run(
      () => readvSync(this.#fd, buffers, position),
      () => answered((done) => readv(this.#fd, buffers, position, done)),
    );
  }

  /** Writes at the end of what was written; returns how many bytes, which may be fewer than there are. */
  writev(buffers: readonly Buffer[]): number | Promise<number> {
    return this.#disk.run(
      () => writevSync(this.#fd, buffers),
      () => answered((done) => writev(this.#fd, buffers, done)),
    );
  }

  /** Never on the spot: it waits for the device. */
  sync(): Promise<void> {
    return answered((done) => fsync(this.#fd, done));
  }

  /** The same of the bytes alone and what it takes to find them, not of the times of the file. */
  datasync(): Promise<void> {
    return answered((done) => fdatasync(this.#fd, done));
  }

  close(): void | Promise<void> {
    return this.#disk.run(
      () => closeSync(this.#fd),
      () => answered((done) => close(this.#fd, done)),
    );
  }
}

/** What `call` gives to its callback. */
function answered<T>(call: (done: (error?: Error | null, value?: T) => void) => void): Promise<T>;
function answered(call: (done: (error?: Error | null, value?: unknown) => void) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error ? reject(error) : resolve(value)));
  });
}

/** What is left of `buffers` after their first `bytes` bytes, for when `readv` or `writev` has stopped short. */
export function afterBytes(buffers: readonly Buffer[], bytes: number): readonly Buffer[] {
  let skipped = 0;
  for (const [index, buffer] of buffers.entries()) {
    if (skipped + buffer.length > bytes) return [buffer.subarray(bytes - skipped), ...buffers.slice(index + 1)];
    skipped += buffer.length;
  }
  return [];
}
