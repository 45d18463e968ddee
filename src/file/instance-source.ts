/** The data set of a file as a source to send from, converted on the way where that is wanted. */
import { DataSetError, FileError } from '../base/errors.js';
import { transcodedBytes, transcodedSource } from '../dataset/convert.js';
import { bufferSource, chunkSource, type DataSetSource } from '../dataset/source.js';
import { canConvert, type TranscoderOptions } from '../dataset/transcode.js';
import type { TransferSyntax } from '../dataset/transfer-syntax.js';
import { afterBytes, type Glance, type OpenFile, READ_ONLY } from './disk.js';
import type { InstanceFile } from './instance-file.js';
import { chunksOf, inputDisk, toFileError } from './open-file.js';

/** Up to this size a data set is read when it is opened, so that it waits in memory for its turn, and its file is closed. */
const SMALL_BYTES = 64 * 1024;

/**
 * Opens the data set of a file for sending in transfer syntax `to`, converted on the way if that is not its own.
 * @param dataSet what `readInstance` has read of it: then there is nothing to wait for
 * @throws {FileError} now or from the source
 */
export function openDataSet(
  instance: InstanceFile,
  to: TransferSyntax | undefined,
  dataSet?: Buffer,
): DataSetSource | Promise<DataSetSource> {
  if (dataSet !== undefined) return sourceIn(to, instance, contentInMemory(dataSet));
  return contentOf(instance).then((content) => sourceIn(to, instance, content));
}

function sourceIn(to: TransferSyntax | undefined, instance: InstanceFile, content: Content): DataSetSource {
  const from = instance.transferSyntax;
  if (from === undefined || to === undefined || (from.uid === to.uid && !instance.needsRewrite)) return content.source;
  const { bytes, source: raw } = content;
  const options: TranscoderOptions = { offsetTables: instance.movesFragments ? 'remove' : 'keep' };
  try {
    if (bytes !== undefined && canConvert(from, to) && !from.deflated && !to.deflated)
      return bufferSource(transcodedBytes(bytes, from, to, options));
  } catch (error) {
    throw toFileError(instance.path, error);
  }
  const chunks = content.chunks();
  const source = canConvert(from, to)
    ? transcodedSource(chunks, from, to, options)
    : chunkSource(decompressed(instance.path, chunks, { from, to }));
  return {
    async readInto(bodies) {
      try {
        return await source.readInto(bodies);
      } catch (error) {
        throw toFileError(instance.path, error);
      }
    },
    async close() {
      await source.close();
      await raw.close();
    },
  };
}

/** The bytes of a data set as they stand in its file. To be read from one or the other, and `source` to be closed. */
interface Content {
  readonly source: DataSetSource;
  /** All of them, if they are in memory. */
  readonly bytes?: Buffer;
  readonly chunks: () => AsyncIterable<Buffer>;
}

async function contentOf(instance: InstanceFile): Promise<Content> {
  const { path, location = path, dataSetOffset, size } = instance;
  try {
    if (size - dataSetOffset > SMALL_BYTES) return largeContent(await inputDisk.open(location, READ_ONLY), instance);
    const buffer = Buffer.allocUnsafe(size - dataSetOffset);
    const { stat, bytes } = await inputDisk.glance(location, dataSetOffset, () => buffer);
    assertUnchanged(instance, stat);
    if (bytes.length < buffer.length) throw becameShorter(path);
    return contentInMemory(buffer);
  } catch (error) {
    throw toFileError(path, error);
  }
}

function contentInMemory(bytes: Buffer): Content {
  return { source: bufferSource(bytes), bytes, chunks: () => only(bytes) };
}

async function largeContent(file: OpenFile, instance: InstanceFile): Promise<Content> {
  try {
    assertUnchanged(instance, await file.stat());
  } catch (error) {
    await file.close();
    throw error;
  }
  return { source: fileSource(file, instance), chunks: () => chunksOf(file, instance.dataSetOffset) };
}

/**
 * Some file systems give a file another number now and then, and a file may get another name or other permissions meanwhile: it
 * takes both to show that it is another one.
 */
function assertUnchanged(instance: InstanceFile, stat: Glance['stat']): void {
  const { path, size, modifiedMs, changedMs, inode } = instance;
  const isOther = stat.ino !== inode && stat.ctimeMs !== changedMs;
  if (stat.size < size || stat.mtimeMs !== modifiedMs || isOther)
    throw new FileError(path, `Bad DICOM file ${path}: it has changed since it was looked at`);
}

async function* only(chunk: Buffer): AsyncGenerator<Buffer, void, void> {
  yield chunk;
}

/**
 * Says of an image that cannot be decompressed what it is about: the fault may be a codec's that is not installed. Most runs
 * decompress nothing, and do not wait for what it takes to be loaded.
 */
async function* decompressed(
  path: string,
  chunks: AsyncIterable<Buffer>,
  { from, to }: { readonly from: TransferSyntax; readonly to: TransferSyntax },
): AsyncGenerator<Buffer, void, void> {
  const { decompressedChunks } = await import('../codecs/decompress.js');
  try {
    yield* decompressedChunks(chunks, from, to);
  } catch (error) {
    if (!(error instanceof DataSetError)) throw error;
    throw new FileError(path, `Cannot decompress ${path}: ${error.message}`, { cause: error });
  }
}

/** Read straight into what is sent. */
function fileSource(file: OpenFile, { path, dataSetOffset, size }: InstanceFile): DataSetSource {
  let position = dataSetOffset;
  return {
    async readInto(bodies) {
      const from = position;
      let rest = bodies;
      while (rest.length > 0 && position < size) {
        const bytes = await readOn(file, path, rest, position);
        // A file that has grown meanwhile is sent as it was when looked at.
        const taken = Math.min(bytes, size - position);
        position += taken;
        rest = afterBytes(rest, taken);
      }
      return { bytes: position - from, isLast: position === size };
    },
    close: () => file.close(),
  };
}

/** @throws {FileError} also at the end, which should not be there */
async function readOn(file: OpenFile, path: string, bodies: readonly Buffer[], position: number): Promise<number> {
  try {
    const bytes = await file.readv(bodies, position);
    if (bytes > 0) return bytes;
  } catch (error) {
    throw toFileError(path, error);
  }
  throw becameShorter(path);
}

function becameShorter(path: string): FileError {
  return new FileError(path, `Bad DICOM file ${path}: it became shorter while it was sent`);
}
