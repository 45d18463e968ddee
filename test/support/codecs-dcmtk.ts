/** DCMTK's and GDCM's own compression and decompression of files, to compare ours with. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decompressedChunks } from '../../src/codecs/decompress.js';
import { EXPLICIT_VR_LITTLE_ENDIAN } from '../../src/dataset/transfer-syntax.js';
import { gathered } from './codecs-images.js';
import { type DataSet, decodeDataSet } from './data-set.js';
import { skipWithout } from './peers-required.js';
import { readPart10, samplePart10 } from './sample-instance.js';

const PROGRAMS = ['dcmcjpeg', 'dcmcjpls', 'dcmcrle', 'dcmdjpeg', 'dcmdjpls', 'dcmdrle'];

/**
 * For the `skip` of a test: why it cannot run here, or false.
 * @throws {Error} instead of a reason if NETDICOM_REQUIRE_PEERS is set.
 */
export function skipWithoutDcmtkCodecs(): string | false {
  return skipWithout(PROGRAMS, 'dcmtk');
}

/** DCMTK has no JPEG 2000, so GDCM is asked where it is there. */
export function skipWithoutGdcm(): string | false {
  return skipWithout(['gdcmconv'], 'libgdcm-tools');
}

/** The data set that a command makes of a file. */
export function convertedBy(folder: string, command: string, input: string): DataSet {
  const output = join(folder, 'converted.dcm');
  run(command, input, output);
  return readPart10(readFileSync(output)).dataSet;
}

/** A file that a command makes of a native data set, until it makes the next. */
export function compressedFile(folder: string, dataSet: DataSet, command: string): string {
  const input = join(folder, 'native.dcm');
  writeFileSync(input, samplePart10(dataSet));
  const output = join(folder, 'compressed.dcm');
  run(command, input, output);
  return output;
}

function run(command: string, input: string, output: string): void {
  const [program = '', ...options] = command.split(' ');
  const { status, stderr } = spawnSync(program, [...options, input, output], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} of ${input} failed: ${stderr}`);
}

/** The data set that we make of a file, in Explicit VR Little Endian. */
export async function decompressedFile(path: string): Promise<DataSet> {
  const { syntax, bytes } = readPart10(readFileSync(path));
  async function* chunks(): AsyncGenerator<Buffer, void, void> {
    for (let at = 0; at < bytes.length; at += 10_007) yield bytes.subarray(at, at + 10_007);
  }
  const output = await gathered(decompressedChunks(chunks(), syntax, EXPLICIT_VR_LITTLE_ENDIAN));
  return decodeDataSet(output, EXPLICIT_VR_LITTLE_ENDIAN);
}

/** Which of DCMTK's programs decompresses a transfer syntax, by pixel; undefined for JPEG 2000. */
export function dcmtkDecoder(uid: string): string | undefined {
  if (uid === '1.2.840.10008.1.2.5') return 'dcmdrle';
  if (/\.4\.(5\d|70)$/.test(uid)) return 'dcmdjpeg +px';
  return /\.4\.8[01]$/.test(uid) ? 'dcmdjpls +px' : undefined;
}

/** How far apart the samples of two buffers are at most. */
export function largestDifference(a: Buffer, b: Buffer, sampleBytes: number): number {
  if (a.length !== b.length) return Infinity;
  let largest = 0;
  for (let at = 0; at + sampleBytes <= a.length; at += sampleBytes)
    largest = Math.max(largest, Math.abs(a.readUIntLE(at, sampleBytes) - b.readUIntLE(at, sampleBytes)));
  return largest;
}
