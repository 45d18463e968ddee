/** Instances in files: what is found in them, what is refused, and their data sets as sources. */
import assert from 'node:assert/strict';
import { appendFile, chmod, copyFile, link, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { FileError } from '../../../src/base/errors.js';
import {
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  type TransferSyntax,
  transferSyntax,
} from '../../../src/dataset/transfer-syntax.js';
import { encodeFileMeta } from '../../../src/file/file-meta.js';
import { type InstanceFile, inspectInstance, readInstance } from '../../../src/file/instance-file.js';
import { openDataSet } from '../../../src/file/instance-source.js';
import { type DataElement, type DataSet, decodeDataSet, encodeDataSet } from '../../support/data-set.js';
import { writeBigInstance } from '../../support/loopback-files.js';
import { rejection, type TemporaryFolder, temporaryFolder } from '../../support/loopback-server.js';
import { makeNamedPipe, noNamedPipes } from '../../support/named-pipe.js';
import { CT_IMAGE, part10Of, sampleImage, samplePart10 } from '../../support/sample-instance.js';

const ELE = EXPLICIT_VR_LITTLE_ENDIAN;
const DEFLATED = DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN;
const NATIVE = [IMPLICIT_VR_LITTLE_ENDIAN, ELE, EXPLICIT_VR_BIG_ENDIAN];
const JPEG = transferSyntax('1.2.840.10008.1.2.4.50') ?? ELE;
const SAMPLE = sampleImage({ sopClassUid: CT_IMAGE, sopInstanceUid: '1.2.3' });

async function fileOf(folder: TemporaryFolder, bytes: Buffer): Promise<string> {
  const path = join(folder.path, 'file.dcm');
  await writeFile(path, bytes);
  return path;
}

/** PS3.5 Annex F: Data Set Trailing Padding, in Explicit VR Little Endian. */
function paddingOf(bytes: number): Buffer {
  const header = Buffer.from('fcfffcff4f42000000000000', 'hex');
  header.writeUInt32LE(bytes, 8);
  return Buffer.concat([header, Buffer.alloc(bytes)]);
}

function bytesOf(dataSet: DataSet, syntax: TransferSyntax): Buffer {
  const bytes = encodeDataSet(dataSet, syntax);
  return syntax.deflated ? deflateRawSync(bytes) : bytes;
}

/** Reads a source to its end with bodies of these sizes, and closes it. */
async function readAll(
  instance: InstanceFile,
  to: TransferSyntax | undefined,
  sizes: readonly number[] = [100],
  dataSet?: Buffer,
): Promise<Buffer> {
  const source = await openDataSet(instance, to, dataSet);
  const pieces: Buffer[] = [];
  try {
    for (;;) {
      const bodies = sizes.map((size) => Buffer.alloc(size));
      const room = sizes.reduce((sum, size) => sum + size, 0);
      const { bytes, isLast } = await source.readInto(bodies);
      assert.ok(isLast || bytes === room, 'all bodies are filled but for the last');
      pieces.push(Buffer.concat(bodies).subarray(0, bytes));
      if (isLast) return Buffer.concat(pieces);
    }
  } finally {
    await source.close();
  }
}

for (const syntax of [...NATIVE, DEFLATED])
  test(`an instance in ${syntax.name} is known, and its source brings its bytes, however they are asked for`, async () => {
    await using folder = await temporaryFolder();
    const bytes = bytesOf(SAMPLE, syntax);
    const path = await fileOf(folder, part10Of(bytes, SAMPLE, syntax));
    const instance = await inspectInstance(path);
    assert.deepEqual(
      [instance.path, instance.sopClassUid, instance.sopInstanceUid, instance.transferSyntax],
      [path, CT_IMAGE, '1.2.3', syntax],
    );
    assert.deepEqual([instance.warnings, instance.needsRewrite], [[], false]);
    assert.equal(instance.size - instance.dataSetOffset, bytes.length);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 }), async (sizes) => {
        assert.equal((await readAll(instance, syntax, sizes)).equals(bytes), true);
      }),
      { numRuns: 15 },
    );
    assert.equal(
      (await readAll(instance, syntax, [bytes.length])).equals(bytes),
      true,
      'and the last byte is the last',
    );
  });

test('a source in another transfer syntax brings the same data set', async () => {
  await using folder = await temporaryFolder();
  for (const from of [...NATIVE, DEFLATED])
    for (const to of NATIVE) {
      const path = await fileOf(folder, part10Of(bytesOf(SAMPLE, from), SAMPLE, from));
      const bytes = await readAll(await inspectInstance(path), to);
      assert.deepEqual(decodeDataSet(bytes, to), decodeDataSet(encodeDataSet(SAMPLE, to), to));
    }
});

test('what may not go out as it is is rewritten in its own syntax', async () => {
  await using folder = await temporaryFolder();
  const withGroup2 = Buffer.concat([
    encodeDataSet([{ tag: 0x00080016, vr: 'UI', value: [CT_IMAGE] }], ELE),
    encodeDataSet([{ tag: 0x00080018, vr: 'UI', value: ['1.2.3'] }], ELE),
    Buffer.from('100010004c4f0300414243', 'hex'),
  ]);
  const instance = await inspectInstance(await fileOf(folder, part10Of(withGroup2, SAMPLE, ELE)));
  assert.equal(instance.needsRewrite, true);
  const sent = await readAll(instance, ELE);
  assert.equal(sent.length, withGroup2.length + 1, 'the odd value is padded');
});

/** Little endian words. */
function uint32s(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4);
  return bytes;
}

/** The sample with pixel data in fragments as they are, which may be odd. */
function inFragments(fragments: readonly Buffer[]): Buffer {
  const items = fragments.flatMap((data) => [uint32s(0xe000fffe, data.length), data]);
  const head = SAMPLE.filter(({ tag }) => tag < 0x7fe00000);
  const pixels = [Buffer.from('e07f10004f420000ffffffff', 'hex'), ...items, uint32s(0xe0ddfffe, 0)];
  return Buffer.concat([encodeDataSet([...head, EXTENDED_OFFSETS], ELE), ...pixels]);
}

const EXTENDED_OFFSETS: DataElement = { tag: 0x7fe00001, vr: 'OV', value: Buffer.alloc(16, 1) };
const ODD_LENGTHS = [
  { length: 69, where: 'read when it is looked into' },
  { length: 20_001, where: 'read when it is opened' },
  { length: 69_001, where: 'read as it is sent' },
];

for (const { length, where } of ODD_LENGTHS)
  test(`offset tables that padding makes wrong go from a file that is ${where}, others stay`, async () => {
    await using folder = await temporaryFolder();
    const sent = async (fragments: readonly Buffer[]): Promise<DataSet> => {
      const path = await fileOf(folder, part10Of(inFragments(fragments), SAMPLE, JPEG));
      const { instance, dataSet } = await readInstance(path);
      const bytes = await readAll(instance, JPEG);
      if (dataSet !== undefined) assert.deepEqual(await readAll(instance, JPEG, [100], dataSet), bytes);
      return decodeDataSet(bytes, JPEG).filter(({ tag }) => tag >= 0x7fe00000);
    };
    const odd = Buffer.alloc(length, 1);
    const padded = Buffer.concat([odd, Buffer.of(0)]);
    const pixels = (table: Buffer) => ({ tag: 0x7fe00010, vr: 'OB', fragments: [table, padded, padded] });
    const table = uint32s(0, length + 8);
    assert.deepEqual(await sent([table, odd, odd]), [pixels(Buffer.alloc(0))]);
    assert.deepEqual(await sent([table, padded, odd]), [EXTENDED_OFFSETS, pixels(table)]);
  });

test('UIDs that are left empty are those of the meta information', async () => {
  await using folder = await temporaryFolder();
  const bytes = encodeDataSet(sampleImage({ sopClassUid: '', sopInstanceUid: '' }), ELE);
  const { sopClassUid, sopInstanceUid } = await inspectInstance(await fileOf(folder, part10Of(bytes, SAMPLE, ELE)));
  assert.deepEqual([sopClassUid, sopInstanceUid], [CT_IMAGE, '1.2.3']);
});

test('a data set in a private transfer syntax is sent as it is, under the names of the meta information', async () => {
  await using folder = await temporaryFolder();
  const meta = encodeFileMeta({
    mediaStorageSopClassUid: '1.2.3',
    mediaStorageSopInstanceUid: '1.2.4',
    transferSyntaxUid: '1.2.5',
  });
  const body = Buffer.from('only its makers know');
  const instance = await inspectInstance(await fileOf(folder, Buffer.concat([meta, body])));
  assert.deepEqual(
    [instance.sopClassUid, instance.sopInstanceUid, instance.transferSyntaxUid, instance.transferSyntax],
    ['1.2.3', '1.2.4', '1.2.5', undefined],
  );
  assert.deepEqual(await readAll(instance, undefined), body);
});

test('a big value is not read to know the file', async () => {
  await using folder = await temporaryFolder();
  const bytes = 3 * 1024 * 1024 * 1024;
  const instance = await inspectInstance(await writeBigInstance(folder.path, 'big', bytes));
  assert.ok(instance.size > bytes);
  assert.equal(instance.needsRewrite, false);
});

test('another file of the same name, size and time is noticed; other permissions, and another name of it, are no matter', async () => {
  await using folder = await temporaryFolder();
  for (const bytes of [100, 200_000]) {
    const path = await fileOf(folder, Buffer.concat([samplePart10(SAMPLE), paddingOf(bytes)]));
    await utimes(path, 1, 1);
    const instance = await inspectInstance(path);
    await chmod(path, 0o600);
    await link(path, `${path}.link`);
    await rm(`${path}.link`);
    await readAll(instance, ELE);
    await copyFile(path, `${path}.new`);
    await utimes(`${path}.new`, 1, 1);
    await rename(`${path}.new`, path);
    assert.match((await rejection(readAll(instance, ELE))).message, /has changed since it was looked at/);
  }
});

test('a file that grew or shrank since it was looked at is an error that says so', async () => {
  await using folder = await temporaryFolder();
  const path = await fileOf(folder, samplePart10(SAMPLE));
  const instance = await inspectInstance(path);
  await appendFile(path, 'more');
  await utimes(path, 1, 1);
  assert.match((await rejection(readAll(instance, ELE))).message, /has changed since it was looked at/);
  await truncate(path, instance.size - 10);
  for (const to of [ELE, IMPLICIT_VR_LITTLE_ENDIAN]) {
    const error = await rejection(readAll(instance, to));
    assert.ok(error instanceof FileError, String(error));
    assert.equal(error.path, path);
    assert.match(error.message, /^Bad DICOM file .*file\.dcm: /);
  }
});

test('a long file that was cut between two elements since it was looked at is not sent, converted or not', async () => {
  await using folder = await temporaryFolder();
  const whole = samplePart10(SAMPLE);
  const path = await fileOf(folder, Buffer.concat([whole, paddingOf(200_000)]));
  await utimes(path, 1, 1);
  const instance = await inspectInstance(path);
  await truncate(path, whole.length);
  await utimes(path, 1, 1);
  for (const to of [ELE, IMPLICIT_VR_LITTLE_ENDIAN])
    assert.match((await rejection(readAll(instance, to))).message, /has changed since it was looked at/);
});

test('a long file that grows while it is sent is sent as it was when looked at', async () => {
  await using folder = await temporaryFolder();
  const whole = Buffer.concat([samplePart10(SAMPLE), paddingOf(200_000)]);
  const path = await fileOf(folder, whole);
  const instance = await inspectInstance(path);
  const source = await openDataSet(instance, ELE);
  await appendFile(path, paddingOf(100_000));
  const sent = Buffer.alloc(400_000);
  const { bytes, isLast } = await source.readInto([sent.subarray(0, 150_000), sent.subarray(150_000)]);
  await source.close();
  assert.equal(isLast, true);
  assert.ok(sent.subarray(0, bytes).equals(whole.subarray(instance.dataSetOffset)));
});

test('a small data set waits in no more than twice its bytes, however long what stands before it', async () => {
  await using folder = await temporaryFolder();
  for (const [before, padding] of [
    [9_000, 5_000],
    [100, 9_000],
  ] as const) {
    const own = encodeDataSet([{ tag: 0x00020102, vr: 'OB', value: Buffer.alloc(before) }], ELE);
    const dataSet = Buffer.concat([bytesOf(SAMPLE, ELE), paddingOf(padding)]);
    const path = await fileOf(folder, Buffer.concat([encodeFileMeta({ transferSyntaxUid: ELE.uid }), own, dataSet]));
    const { dataSet: kept } = await readInstance(path);
    assert.ok(kept !== undefined);
    assert.ok(kept.equals(dataSet));
    // What Node cuts small buffers from is there for others, too.
    const most = Math.max(2 * dataSet.length, Buffer.poolSize);
    assert.ok(kept.buffer.byteLength <= most, `${kept.buffer.byteLength} for ${dataSet.length}`);
  }
});

const LONG = '1'.repeat(200);

const REFUSED: readonly { readonly what: string; readonly bytes: Buffer; readonly message: RegExp }[] = [
  { what: 'no bytes', bytes: Buffer.alloc(0), message: /not a DICOM file|no data set/ },
  { what: 'text', bytes: Buffer.from('Dear reader, '.repeat(50)), message: /not a DICOM file/ },
  { what: 'zeros', bytes: Buffer.alloc(5000), message: /not a DICOM file/ },
  { what: 'meta information alone', bytes: part10Of(Buffer.alloc(0), SAMPLE, ELE), message: /there is no data set/ },
  { what: 'half a file', bytes: samplePart10(SAMPLE).subarray(0, -100), message: /./ },
  {
    what: 'half a file in fragments',
    bytes: samplePart10(sampleImage({ fragments: [Buffer.alloc(0), Buffer.alloc(1000)] }), JPEG).subarray(0, -500),
    message: /./,
  },
  {
    what: 'half a deflated file',
    bytes: part10Of(bytesOf(SAMPLE, DEFLATED).subarray(0, 100), SAMPLE, DEFLATED),
    message: /./,
  },
  {
    what: 'an instance without UIDs',
    bytes: Buffer.concat([
      encodeFileMeta({ transferSyntaxUid: ELE.uid }),
      encodeDataSet([{ tag: 0x00100010, vr: 'PN', value: ['A'] }], ELE),
    ]),
    message: /no SOP Class or Instance UID/,
  },
  {
    what: 'a private transfer syntax of 200 digits',
    bytes: Buffer.concat([
      encodeFileMeta({ mediaStorageSopClassUid: '1.2', mediaStorageSopInstanceUid: '1.3', transferSyntaxUid: LONG }),
      Buffer.alloc(100),
    ]),
    message: /a UID has more than 128 characters/,
  },
  {
    what: 'a SOP Instance UID of one digit more than is taken',
    bytes: samplePart10(sampleImage({ sopInstanceUid: '1'.repeat(129) })),
    message: /a UID has more than 128 characters/,
  },
];

for (const { what, bytes, message } of REFUSED)
  test(`${what}: refused, in one line that names the file`, async () => {
    await using folder = await temporaryFolder();
    const path = await fileOf(folder, bytes);
    const error = await rejection(inspectInstance(path));
    assert.ok(error instanceof FileError, String(error));
    assert.equal(error.path, path);
    assert.ok(error.message.startsWith(`Bad DICOM file ${path}: `), error.message);
    assert.match(error.message, message);
    assert.equal(error.message.includes('\n'), false);
  });

test('what is no file cannot be read, and nobody waits for a pipe', async () => {
  await using folder = await temporaryFolder();
  const pipe = join(folder.path, 'pipe');
  const cases: (readonly [string, string])[] = [
    [join(folder.path, 'missing'), 'no such file or directory'],
    [folder.path, 'is a directory'],
  ];
  if (noNamedPipes === false) {
    makeNamedPipe(pipe);
    cases.push([pipe, 'not a regular file']);
  }
  for (const [path, reason] of cases) {
    const error = await rejection(inspectInstance(path));
    assert.ok(error instanceof FileError);
    assert.equal(error.message, `Cannot read input file ${path}: ${reason}`);
  }
});

test('no prefix of a file makes it anything but a file or an error of its own', async () => {
  await using folder = await temporaryFolder();
  const whole = samplePart10(sampleImage({ sopClassUid: CT_IMAGE, rows: 2, columns: 2 }));
  for (let length = 0; length < whole.length; length += 7) {
    const path = await fileOf(folder, whole.subarray(0, length));
    const outcome = await inspectInstance(path).catch((error: unknown) => error);
    assert.ok(
      outcome instanceof FileError || (outcome instanceof Object && 'sopClassUid' in outcome),
      `${length} bytes`,
    );
  }
});

test('a file that another has replaced since it was looked at is not sent', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'image.dcm');
  await writeFile(path, samplePart10(sampleImage()));
  const instance = await inspectInstance(path);
  await writeFile(path, samplePart10(sampleImage({ rows: 64 })));
  await utimes(path, 1, 1);
  await assert.rejects(async () => openDataSet(instance, instance.transferSyntax), {
    name: 'FileError',
    message: /has changed/,
  });
});
