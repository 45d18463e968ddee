/**
 * npm run bench:memory: the peak memory of both applications while one object of 64 MiB and one of 1 GiB goes from one to
 * the other, as it is and converted. Peak resident memory is the kernel's own figure (VmHWM in /proc, so Linux only).
 */
import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  type TransferSyntax,
} from '../src/dataset/transfer-syntax.js';
import { encodeDataSet } from '../test/support/data-set.js';
import { applicationPath } from '../test/support/paths.js';
import { Running, startStorescp } from '../test/support/processes.js';
import { part10Of, sampleImage } from '../test/support/sample-instance.js';

const MIB = 1024 * 1024;
const SIZES = [64 * MIB, 1024 * MIB];
const LIMIT_MB = 150;

interface Path {
  readonly name: string;
  readonly option: string;
  readonly syntax: TransferSyntax;
}

const PATHS: readonly Path[] = [
  { name: 'as it is (-xo)', option: '-xo', syntax: EXPLICIT_VR_LITTLE_ENDIAN },
  { name: 'to Implicit VR (-xi)', option: '-xi', syntax: EXPLICIT_VR_LITTLE_ENDIAN },
  { name: 'to Big Endian (-xb)', option: '-xb', syntax: EXPLICIT_VR_LITTLE_ENDIAN },
  { name: 'from Big Endian (-xe)', option: '-xe', syntax: EXPLICIT_VR_BIG_ENDIAN },
];

/** Run inside storescu before its own code: says the peak when it ends. */
const REPORT_PEAK = `
import { readFileSync, writeSync } from 'node:fs';
process.on('exit', () => {
  const peak = /VmHWM:\\s+(\\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1];
  writeSync(2, 'peak ' + peak + ' kB\\n');
});`;

const folder = await mkdtemp(join(tmpdir(), 'netdicom-memory-'));
let isOver = false;
try {
  console.log(`Peak resident memory in MB (limit ${LIMIT_MB}), Node ${process.version}\n`);
  console.log('| path | object | storescu | storescp | seconds |');
  console.log('| --- | ---: | ---: | ---: | ---: |');
  for (const path of PATHS) for (const size of SIZES) await measure(path, size);
} finally {
  await rm(folder, { recursive: true });
}
process.exitCode = isOver ? 1 : 0;

async function measure({ name, option, syntax }: Path, size: number): Promise<void> {
  const file = join(folder, 'object.dcm');
  await writeLargeImage(file, syntax, size);
  const { storescp, port } = await startStorescp(['-od', folder, '--no-fsync']);
  const started = performance.now();
  const storescu = new Running(process.execPath, [
    '--import',
    `data:text/javascript,${encodeURIComponent(REPORT_PEAK)}`,
    applicationPath('storescu'),
    '127.0.0.1',
    String(port),
    file,
    option,
    '-v',
  ]);
  const ended = await storescu.ended;
  const seconds = (performance.now() - started) / 1000;
  if (ended.code !== 0) throw new Error(`storescu ended with ${ended.code}: ${ended.stderr}`);
  const user = Number(/peak (\d+) kB/.exec(ended.stderr)?.[1]) / 1024;
  const provider = peakOf(await readFile(`/proc/${storescp.pid}/status`, 'utf8'));
  const { stderr } = await storescp.stop();
  if (stderr !== '') throw new Error(stderr);
  await checkStored(size);
  isOver ||= user > LIMIT_MB || provider > LIMIT_MB;
  console.log(`| ${name} | ${size / MIB} MiB | ${user.toFixed(0)} | ${provider.toFixed(0)} | ${seconds.toFixed(2)} |`);
}

function peakOf(status: string): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

/** A Secondary Capture image whose Pixel Data is `size` bytes of zeros, written as a file with a hole in it. */
async function writeLargeImage(path: string, syntax: TransferSyntax, size: number): Promise<void> {
  const dataSet = sampleImage({
    sopInstanceUid: '2.25.4711',
    elements: [{ tag: 0x7fe00010, vr: 'OW', value: Buffer.alloc(0) }],
  });
  const bytes = encodeDataSet(dataSet, syntax);
  // Pixel Data is the last element and ends with its 32-bit length.
  if (syntax.bigEndian) bytes.writeUInt32BE(size, bytes.length - 4);
  else bytes.writeUInt32LE(size, bytes.length - 4);
  const head = part10Of(bytes, dataSet, syntax);
  const file = await open(path, 'w');
  await file.write(head);
  await file.truncate(head.length + size);
  await file.close();
}

async function checkStored(size: number): Promise<void> {
  const stored = join(folder, 'SC.2.25.4711');
  const { size: storedSize } = await stat(stored);
  if (storedSize < size) throw new Error(`only ${storedSize} bytes were stored`);
  await rm(stored);
}
