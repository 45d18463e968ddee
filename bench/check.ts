/** That every byte arrived: how many files, and in each of them the data set, byte by byte. */
import assert from 'node:assert/strict';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readFileHead } from '../src/file/file-meta.js';
import { HEAD_BYTES } from '../src/file/open-file.js';
import type { Corpus } from './corpora.js';
import { instanceUid } from './images.js';

const CHUNK_BYTES = 4 * 1024 * 1024;
const [oneBuffer, otherBuffer] = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)];

export interface Received {
  readonly inbox: string;
  /** Whether the provider writes data sets of its own making, as long as it likes. */
  readonly isRewritten: boolean;
}

/**
 * Data sets in the syntax they were sent from are compared whole, converted and rewritten ones by their pixels.
 * @throws {AssertionError} if anything is missing or other than what was sent
 */
export async function checkReceived(received: Received, corpus: Corpus, corpusFolder: string): Promise<void> {
  const { inbox, isRewritten } = received;
  // A provider may put the modality before the UID: CT.2.25.1
  const names = new Map((await readdir(inbox)).map((name) => [name.replace(/^\w+\.(?=2\.25\.)/, ''), name]));
  assert.equal(names.size, corpus.count, 'files received');
  for (let index = 0; index < corpus.count; index++) {
    const uid = instanceUid(index);
    const here = await open(join(inbox, names.get(uid) ?? uid));
    const there = await open(join(corpusFolder, uid));
    try {
      await checkFile(here, there, { pixelBytes: corpus.pixelBytes, isRewritten });
    } finally {
      await here.close();
      await there.close();
    }
  }
}

interface Expected {
  readonly pixelBytes: number;
  readonly isRewritten: boolean;
}

async function checkFile(received: FileHandle, sent: FileHandle, expected: Expected): Promise<void> {
  const [here, there] = [await layout(received), await layout(sent)];
  if (here.transferSyntaxUid === there.transferSyntaxUid && !expected.isRewritten) {
    assert.equal(here.size - here.dataSetOffset, there.size - there.dataSetOffset, 'length of the data set');
    await compare(received, here.dataSetOffset, sent, there.dataSetOffset);
  } else await compare(received, here.size - expected.pixelBytes, sent, there.size - expected.pixelBytes);
}

async function layout(file: FileHandle) {
  const { size } = await file.stat();
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  const head = readFileHead(buffer.subarray(0, bytesRead), size);
  assert.ok('dataSetOffset' in head, 'file meta information');
  return { size, dataSetOffset: head.dataSetOffset, transferSyntaxUid: head.transferSyntaxUid };
}

/** From the two positions to the ends, which are equally far. */
async function compare(one: FileHandle, onePosition: number, other: FileHandle, otherPosition: number): Promise<void> {
  for (let offset = 0; ; offset += CHUNK_BYTES) {
    const { bytesRead } = await one.read(oneBuffer, 0, CHUNK_BYTES, onePosition + offset);
    const { bytesRead: alsoRead } = await other.read(otherBuffer, 0, CHUNK_BYTES, otherPosition + offset);
    const isEqual = oneBuffer.subarray(0, bytesRead).equals(otherBuffer.subarray(0, alsoRead));
    assert.ok(isEqual, `bytes differ between ${offset} and ${offset + CHUNK_BYTES}`);
    if (bytesRead < CHUNK_BYTES) return;
  }
}
