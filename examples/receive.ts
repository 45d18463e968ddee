/**
 * Receives with a sink of its own: a folder for each caller, every instance compressed by gzip, one line for each on
 * standard output with the SHA-256 of the DICOM file.
 * Usage: receive PORT FOLDER [AE_TITLE...]    with AE titles, only those may store
 */
import { createHash, type Hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type IncomingInstance, STATUS, StatusError, serve, storageProvider, verificationProvider } from 'netdicom';

/** PS3.7 C.5.18, Refused: Not Authorized. */
const NOT_AUTHORIZED = 0x0124;

const [port = '11112', folder = '.', ...callers] = process.argv.slice(2);

/** The peer is told Success when this resolves: by then the file must be safe. What it throws is a failure status. */
async function store(instance: IncomingInstance): Promise<void> {
  const { callingAeTitle, fileName, part10, signal } = instance;
  if (callers.length > 0 && !callers.includes(callingAeTitle))
    throw new StatusError(NOT_AUTHORIZED, `${callingAeTitle} may not store here`);
  // A title comes from the peer and could be `..`; the file name is made of a UID, which cannot.
  const directory = join(folder, encodeURIComponent(callingAeTitle).replaceAll('.', '%2E'));
  if ((await mkdir(directory, { recursive: true })) !== undefined) await flush(folder);
  const path = join(directory, `${fileName}.dcm.gz`);
  const part = `${path}.${process.hrtime.bigint()}.part`;
  const sha256 = createHash('sha256');
  try {
    // `signal` aborts when the association ends early: nobody is left to answer then.
    await pipeline(hashed(part10, sha256), createGzip(), createWriteStream(part), { signal });
    await flush(part);
    await rename(part, path);
    await flush(directory);
  } catch (error) {
    await rm(part, { force: true });
    // One that tells what is wrong with the instance comes out of `part10`; all else is ours.
    throw error instanceof StatusError
      ? error
      : new StatusError(STATUS.outOfResources, 'not written', { cause: error });
  }
  console.log(`${sha256.digest('hex')}  ${path}`);
}

/** The batches are lent, and good until the next is asked for: a stream, which buffers, needs its own copy. */
async function* hashed(batches: AsyncIterable<readonly Buffer[]>, sha256: Hash): AsyncGenerator<Buffer> {
  for await (const batch of batches) {
    const bytes = Buffer.concat(batch);
    sha256.update(bytes);
    yield bytes;
  }
}

async function flush(path: string): Promise<void> {
  const file = await open(path);
  await file.sync().finally(() => file.close());
}

const server = await serve({
  port: Number(port),
  aeTitle: 'EXAMPLE',
  services: [verificationProvider(), storageProvider({ store, aeTitle: 'EXAMPLE' })],
  trace: ({ remote, event }) => {
    if (event.type === 'request-failed') console.error(`${remote}: ${event.error.message}`);
  },
});
console.log(`listening on port ${server.port}`);
process.once('SIGTERM', () => server.close({ graceMs: 10_000 }));
await server.closed;
