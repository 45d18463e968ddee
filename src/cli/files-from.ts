/** `--files-from`: names of files as somebody lists them, given on as they are read. */
import { closeSync, constants, createReadStream, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { isatty, ReadStream } from 'node:tty';
import type { Location } from '../index.js';
import { CommandLineError } from './command-line-error.js';
import { fileMessageOf } from './printable.js';

/** No path is longer where files come from; without a limit a list that is none would be held whole. */
const MAX_NAME_BYTES = 64 * 1024;
const NUL = 0;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = Buffer.from('\ufeff');

/** A list that is open. To be closed, since it may be waiting for what never comes. */
export interface FileList extends AsyncIterable<Location> {
  close(): void;
}

/**
 * Opens `path`, or standard input for `-`.
 * @throws {CommandLineError} if there is no such file
 */
export function openFileList(path: string): FileList {
  if (path === '-') return fileList(process.stdin, path);
  try {
    // A pipe, such as the shell makes for <(find ...), may have lost its writer already.
    return fileList(streamOf(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)), path);
  } catch (error) {
    throw new CommandLineError(`--files-from: cannot read ${path}: ${fileMessageOf(error)}`, { cause: error });
  }
}

/** Not a stream of files where it may have to wait: that waits in a thread of Node's, which does not end before it has read. */
function streamOf(fd: number): Readable {
  const stat = fstatSync(fd);
  if (stat.isFIFO() || stat.isSocket()) return new Socket({ fd, writable: false });
  if (isatty(fd)) return new ReadStream(fd);
  if (!stat.isDirectory()) return createReadStream('', { fd });
  closeSync(fd);
  throw new Error('it is a directory');
}

function fileList(stream: Readable, path: string): FileList {
  return { close: () => stream.destroy(), [Symbol.asyncIterator]: () => readNames(stream, path) };
}

async function* readNames(chunks: AsyncIterable<Buffer | string>, path: string): AsyncGenerator<Location, void, void> {
  try {
    yield* namesIn(chunks);
  } catch (error) {
    const list = path === '-' ? 'standard input' : path;
    throw new Error(`cannot read the list of files in ${list}: ${fileMessageOf(error)}`, { cause: error });
  }
}

/**
 * The names in a list, in bytes where they are no UTF-8. Whichever comes first, NUL or line feed, is what names end with: no name
 * holds a NUL. Empty ones are left out, and so is the carriage return before a line feed.
 * @throws {Error} a name is too long, or has a NUL in it after lines
 */
export async function* namesIn(chunks: AsyncIterable<Buffer | string>): AsyncGenerator<Location, void, void> {
  let end: number | undefined;
  let rest: Buffer = Buffer.alloc(0);
  let isFirst = true;
  for await (const chunk of chunks) {
    rest = Buffer.concat([rest, Buffer.from(chunk)]);
    end ??= endOfNames(rest);
    let from = 0;
    if (end !== undefined)
      for (let to = rest.indexOf(end); to >= 0; to = rest.indexOf(end, from)) {
        yield* nameOf(rest.subarray(from, to), end, isFirst);
        isFirst = false;
        from = to + 1;
      }
    // A copy: what is left would keep all of the chunk.
    rest = Buffer.from(rest.subarray(from));
    if (rest.length > MAX_NAME_BYTES) throw new Error(`a name has more than ${MAX_NAME_BYTES} bytes`);
  }
  yield* nameOf(rest, end ?? LINE_FEED, isFirst);
}

function endOfNames(bytes: Buffer): number | undefined {
  return bytes.find((byte) => byte === NUL || byte === LINE_FEED);
}

function* nameOf(bytes: Buffer, end: number, isFirst: boolean): Generator<Location, void, void> {
  let name = bytes;
  if (isFirst && name.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK))
    name = name.subarray(BYTE_ORDER_MARK.length);
  if (end === LINE_FEED) {
    if (name.at(-1) === CARRIAGE_RETURN) name = name.subarray(0, -1);
    if (name.includes(NUL)) throw new Error('a NUL in a list of lines');
  }
  if (name.length === 0) return;
  const text = name.toString();
  yield Buffer.from(text).equals(name) ? text : Buffer.from(name);
}
