/** What `--watch` has done with which file, in a file that only grows until it is written anew: no line in it is ever changed. */
import { closeSync, fdatasync, fsyncSync, ftruncateSync, openSync, readSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeFully } from './log.js';

/** What became of a file: the peer has it, the peer refuses it for good, it is nothing to send. */
export type Fate = 'stored' | 'refused' | 'unfit';

/** What tells a file from a later one under its name. */
export interface Version {
  readonly size: number;
  /** When it was last written, in milliseconds since 1970, with a fraction. */
  readonly modifiedMs: number;
  /** When anything about it was last changed, likewise, and its number in its file system. */
  readonly changedMs: number;
  readonly inode: number;
}

/**
 * Some file systems give a file another number now and then, and a file may get other permissions meanwhile: it takes both to show
 * that it is another one, if size and time of writing are the same.
 */
export function isSameVersion(one: Version, other: Version): boolean {
  const isOther = one.inode !== other.inode && one.changedMs !== other.changedMs;
  return one.size === other.size && one.modifiedMs === other.modifiedMs && !isOther;
}

const HEAD = { netdicom: 'watch', version: 1 };
const READ_BYTES = 256 * 1024;
/** It is written anew when it has so many lines more than twice what is needed. */
const SPARE_LINES = 1000;

/**
 * The fates of files by their paths below the folder. A fate is with the system when `record` returns, which outlives the
 * process; it is on the disk a moment later. One process at a time.
 */
export class Journal {
  readonly #path: string;
  /** Whom the files are for. */
  readonly #peer: string;
  readonly #fates = new Map<string, string>();
  #fd: number;
  #lines = 0;
  #flushing = false;
  #isFlushed = true;
  #flushError: Error | undefined;

  /** @throws {Error} `path` cannot be read or written, is no journal, or is one for another peer */
  constructor(path: string, peer: string) {
    this.#path = path;
    this.#peer = peer;
    this.#fd = openSync(path, 'a+', 0o600);
    try {
      this.#load();
      if (this.#lines === 0 || this.#hasMuchToSpare) this.#writeAnew();
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  get size(): number {
    return this.#fates.size;
  }

  paths(): IterableIterator<string> {
    return this.#fates.keys();
  }

  /** What became of this version of a file; undefined if it is another, or none is known. */
  fateOf(path: string, version: Version): Fate | undefined {
    const entry = this.#fates.get(path);
    if (entry === undefined) return undefined;
    const { fate, ...known } = unpacked(entry);
    return isSameVersion(known, version) ? fate : undefined;
  }

  /** @throws the system's error */
  record(path: string, { size, modifiedMs, changedMs, inode }: Version, fate: Fate): void {
    const entry = { size, modifiedMs, changedMs, inode, fate };
    this.#append({ path, ...entry });
    this.#fates.set(path, packed(entry));
  }

  /** Files that are no more. @throws the system's error */
  forget(paths: Iterable<string>): void {
    for (const path of paths) {
      if (!this.#fates.has(path)) continue;
      this.#append({ path, fate: 'gone' });
      this.#fates.delete(path);
    }
    if (this.#hasMuchToSpare) this.#writeAnew();
  }

  /** @throws the system's error; it is closed all the same */
  close(): void {
    const fd = this.#fd;
    this.#fd = -1;
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    if (this.#flushError !== undefined) throw this.#flushError;
  }

  get #hasMuchToSpare(): boolean {
    return this.#lines > 2 * this.#fates.size + SPARE_LINES;
  }

  #append(entry: object): void {
    if (this.#flushError !== undefined) throw this.#flushError;
    writeFully(this.#fd, `${JSON.stringify(entry)}\n`);
    this.#lines++;
    this.#isFlushed = false;
    this.#flush();
  }

  /** One flush at a time, for all that was written before it. That it fails is thrown at the next write. */
  #flush(): void {
    if (this.#flushing || this.#isFlushed || this.#fd < 0) return;
    this.#flushing = true;
    this.#isFlushed = true;
    const fd = this.#fd;
    fdatasync(fd, (error) => {
      this.#flushing = false;
      // Of one that was closed meanwhile all is on the disk.
      if (error !== null && fd === this.#fd) this.#flushError ??= error;
      this.#flush();
    });
  }

  /** A line that was cut short is of somebody who was killed in the middle: what it was to say has not happened. */
  #load(): void {
    const room = Buffer.alloc(READ_BYTES);
    let rest = Buffer.alloc(0);
    let whole = 0;
    for (let count = readSync(this.#fd, room, 0, READ_BYTES, 0); count > 0; ) {
      const bytes = Buffer.concat([rest, room.subarray(0, count)]);
      const end = bytes.lastIndexOf('\n') + 1;
      if (end > 0) for (const line of bytes.toString('utf8', 0, end - 1).split('\n')) this.#read(line);
      whole += end;
      rest = bytes.subarray(end);
      // What has no line in as many bytes is no journal; it is neither read on nor touched.
      if (rest.length > READ_BYTES) throw new Error('it is no state of --watch');
      count = readSync(this.#fd, room, 0, READ_BYTES, whole + rest.length);
    }
    if (this.#lines === 0 && rest.length > 0) throw new Error('it is no state of --watch');
    if (rest.length > 0) ftruncateSync(this.#fd, whole);
  }

  #read(line: string): void {
    const entry = parsed(line);
    if (this.#lines === 0) {
      if (entry?.netdicom !== HEAD.netdicom || entry.version !== HEAD.version)
        throw new Error('it is no state of --watch');
      if (entry.peer !== this.#peer)
        throw new Error(`it tells what ${String(entry.peer)} has, not ${this.#peer}: give --watch-state another file`);
    }
    this.#lines++;
    const { path, size, modifiedMs, changedMs, inode, fate } = entry ?? {};
    if (typeof path !== 'string') return;
    if (fate === 'gone') this.#fates.delete(path);
    // A line that a failing disk has spoilt leaves a file unknown, which is then sent again.
    else if (isNumber(size) && isNumber(modifiedMs) && isNumber(changedMs) && isNumber(inode) && isFate(fate))
      this.#fates.set(path, packed({ size, modifiedMs, changedMs, inode, fate }));
  }

  /** Beside it first, so that there is a whole one at every moment. */
  #writeAnew(): void {
    const path = `${this.#path}.new`;
    const fd = openSync(path, 'w', 0o600);
    let lines = 1;
    let text = `${JSON.stringify({ ...HEAD, peer: this.#peer })}\n`;
    for (const [name, entry] of this.#fates) {
      text += `${JSON.stringify({ path: name, ...unpacked(entry) })}\n`;
      lines++;
      if (text.length < READ_BYTES) continue;
      writeFully(fd, text);
      text = '';
    }
    writeFully(fd, text);
    fsyncSync(fd);
    closeSync(fd);
    renameSync(path, this.#path);
    flushDirectory(dirname(this.#path));
    const old = this.#fd;
    this.#fd = openSync(this.#path, 'a+', 0o600);
    this.#lines = lines;
    closeSync(old);
  }
}

type Entry = Version & { readonly fate: Fate };

/** As a text, which takes less memory than an object. */
function packed({ size, modifiedMs, changedMs, inode, fate }: Entry): string {
  return [size, modifiedMs, changedMs, inode, fate].join(' ');
}

function unpacked(text: string): Entry {
  const [size, modifiedMs, changedMs, inode, fate] = text.split(' ');
  return {
    ...{ size: Number(size), modifiedMs: Number(modifiedMs), changedMs: Number(changedMs), inode: Number(inode) },
    fate: fate as Fate,
  };
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function isFate(value: unknown): value is Fate {
  return value === 'stored' || value === 'refused' || value === 'unfit';
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function flushDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
