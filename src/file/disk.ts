/** Calls to the file system: on the spot while it answers at once, else over Node's threads, which cost more than most calls. */
import {
  close,
  closeSync,
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

/** A call that takes longer has met a disk, a network or a crowd: others should not wait for the next ones. */
const SLOW_MS = 8;
/** For so long after a slow call all go over the threads. */
const CAREFUL_MS = 1000;
/** Work that never waits must let others have a turn too: after so long without one, a call goes over the threads. */
const TURN_MS = 20;

/** One file system, or several as long as they are about as fast. Calls throw or reject with Node's system errors. */
export class Disk {
  #carefulUntil = 0;
  #lastTurn = 0;

  /** @param later the same as `now`, but without holding up the event loop */
  run<T>(now: () => T, later: () => Promise<T>): T | Promise<T> {
    const begun = performance.now();
    if (begun < this.#carefulUntil) return later();
    if (begun - this.#lastTurn > TURN_MS) {
      this.#lastTurn = begun;
      return later();
    }
    try {
      return now();
    } finally {
      const ended = performance.now();
      if (ended - begun > SLOW_MS) this.#carefulUntil = ended + CAREFUL_MS;
    }
  }

  /** @param flags as for open(2) */
  open(location: string | Buffer, flags: number | string, mode?: number): OpenFile | Promise<OpenFile> {
    return this.run(
      () => new OpenFile(this, openSync(location, flags, mode)),
      async () => new OpenFile(this, await answered<number>((done) => open(location, flags, mode, done))),
    );
  }
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
