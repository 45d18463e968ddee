/** Every file of the shared test data that tells its transfer syntax: read, scanned, and converted there and back. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DataSetError } from '../../../src/base/errors.js';
import { convertedChunks } from '../../../src/dataset/convert.js';
import { inflated } from '../../../src/dataset/deflate.js';
import { DataSetScan } from '../../../src/dataset/scan.js';
import { canConvert } from '../../../src/dataset/transcode.js';
import type { TransferSyntax } from '../../../src/dataset/transfer-syntax.js';
import {
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  transferSyntax,
} from '../../../src/dataset/transfer-syntax.js';
import { cut, readWhole, tokensOf, wholeTokens } from '../../support/data-set-tokens.js';

// The project's root from .build/test/unit/dataset, and the data beside it.
const DATA = fileURLToPath(new URL('../../../../../shared/data/', import.meta.url));

/** Files that no reader should take. */
const BROKEN: Readonly<Record<string, RegExp>> = {
  'DICOMDIR-nooffset': /over the end of the item/,
  'MR_truncated.dcm': /cut short/,
  'rtplan_truncated.dcm': /cut short/,
  // Implicit VR where the file says JPEG Baseline, which is explicit.
  'SC_rgb_jpeg.dcm': /cut short/,
};

interface DataSetFile {
  readonly name: string;
  readonly syntax: TransferSyntax;
  readonly dataSet: Buffer;
}

/** Group 0002 read as far as needed here (PS3.10 7.1): explicit little endian, its one long VR being OB. */
function openFile(path: string): DataSetFile | undefined {
  const bytes = readFileSync(path);
  if (bytes.toString('latin1', 128, 132) !== 'DICM') return undefined;
  let syntax: TransferSyntax | undefined;
  let at = 132;
  while (at + 12 <= bytes.length && bytes.readUInt16LE(at) === 0x0002) {
    const isLong = bytes.toString('latin1', at + 4, at + 6) === 'OB';
    const length = isLong ? bytes.readUInt32LE(at + 8) : bytes.readUInt16LE(at + 6);
    const valueAt = at + (isLong ? 12 : 8);
    const value = bytes.toString('latin1', valueAt, valueAt + length);
    if (bytes.readUInt16LE(at + 2) === 0x0010) syntax = transferSyntax(value.replace(/[\0 ]+$/, ''));
    at = valueAt + length;
  }
  return syntax === undefined ? undefined : { name: basename(path), syntax, dataSet: bytes.subarray(at) };
}

function dataSetFiles(): readonly DataSetFile[] {
  return readdirSync(DATA, { recursive: true, encoding: 'utf8' })
    .map((name) => join(DATA, name))
    .filter((path) => statSync(path).isFile())
    .map(openFile)
    .filter((file) => file !== undefined);
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer, void, void> {
  yield bytes;
}

async function gather(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(Buffer.from(chunk));
  return Buffer.concat(all);
}

/** What a reader sees of the file: the bytes, or the bytes inside. */
function plain({ syntax, dataSet }: DataSetFile): Promise<Buffer> {
  return gather(syntax.deflated ? inflated(once(dataSet)) : once(dataSet));
}

function checkReading(bytes: Buffer, syntax: TransferSyntax): void {
  const tokens = readWhole(bytes, syntax);
  assert.deepEqual(wholeTokens(tokensOf(cut(bytes, [13, 1, 700, 2]), syntax)), tokens);
  const scan = new DataSetScan(syntax);
  scan.feed(bytes);
  scan.end();
  assert.equal(scan.result.headComplete, true);
}

async function checkConversion({ syntax, dataSet }: DataSetFile, to: TransferSyntax): Promise<void> {
  const there = await gather(convertedChunks(once(dataSet), syntax, to));
  const back = await gather(convertedChunks(once(there), to, syntax));
  const normalised = await gather(convertedChunks(once(dataSet), syntax, syntax));
  // Implicit VR loses the VRs of private elements, so an explicit data set does not come back from it the same.
  if (to.explicitVr || !syntax.explicitVr) assert.ok(back.equals(normalised), to.name);
}

const hasData = existsSync(DATA);

test('every real file reads the same however it is cut, or is refused for its fault', {
  skip: hasData ? false : `no test data in ${DATA}`,
}, async () => {
  const files = dataSetFiles();
  assert.ok(files.length > 150);
  for (const file of files) {
    const bytes = await plain(file);
    const fault = BROKEN[file.name];
    if (fault === undefined) checkReading(bytes, file.syntax);
    else
      assert.throws(
        () => checkReading(bytes, file.syntax),
        (error: unknown) => error instanceof DataSetError && fault.test(error.message),
      );
  }
});

test('every real file converts to all it can and comes back the same', {
  skip: hasData ? false : `no test data in ${DATA}`,
}, async () => {
  const targets = [
    IMPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
  ];
  for (const file of dataSetFiles().filter(({ name }) => BROKEN[name] === undefined))
    for (const to of [...targets, file.syntax].filter((target) => canConvert(file.syntax, target)))
      await checkConversion(file, to);
});
