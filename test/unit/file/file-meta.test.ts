/** File meta information: the bytes we write, and what we make of the files of others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DataSetError } from '../../../src/base/errors.js';
import type { TransferSyntax } from '../../../src/dataset/transfer-syntax.js';
import {
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
} from '../../../src/dataset/transfer-syntax.js';
import type { FileHead, FileMeta } from '../../../src/file/file-meta.js';
import { encodeFileMeta, readFileHead } from '../../../src/file/file-meta.js';
import { encodeDataSet } from '../../support/data-set.js';

const NATIVE = [IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN];
const JPEG = '1.2.840.10008.1.2.4.50';
const CT = '1.2.840.10008.5.1.4.1.1.2';
const PREAMBLE = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]);

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
}

function dataSet(syntax: TransferSyntax): Buffer {
  return encodeDataSet(
    [
      { tag: 0x00080016, vr: 'UI', value: [CT] },
      { tag: 0x00080018, vr: 'UI', value: ['1.2.3'] },
      { tag: 0x7fe00010, vr: 'OW', value: Buffer.alloc(300) },
    ],
    syntax,
  );
}

function transferSyntaxElement(uid: string, encoding = EXPLICIT_VR_LITTLE_ENDIAN): Buffer {
  return encodeDataSet([{ tag: 0x00020010, vr: 'UI', value: [uid] }], encoding);
}

function groupLength(length: number, encoding = EXPLICIT_VR_LITTLE_ENDIAN): Buffer {
  return encodeDataSet([{ tag: 0x00020000, vr: 'UL', value: [length] }], encoding);
}

function read(...parts: Buffer[]): FileHead {
  const file = Buffer.concat(parts);
  const head = readFileHead(file, file.length);
  assert.ok(!('needed' in head));
  return head;
}

test('The group is complete, in order, padded, and its length right', () => {
  const bytes = encodeFileMeta({
    sourceApplicationEntityTitle: 'STORESCU1',
    implementationVersionName: 'NETDICOM_010',
    implementationClassUid: '2.25.1',
    transferSyntaxUid: '1.2.840.10008.1.2',
    mediaStorageSopInstanceUid: '1.2.3',
    mediaStorageSopClassUid: CT,
  });
  assert.deepEqual(bytes.subarray(0, 132), PREAMBLE);
  const expected = `
    02000000 554c 0400 8c000000
    02000100 4f42 0000 02000000 0001
    02000200 5549 1a00 312e322e3834302e31303030382e352e312e342e312e312e3200
    02000300 5549 0600 312e322e3300
    02001000 5549 1200 312e322e3834302e31303030382e312e3200
    02001200 5549 0600 322e32352e31
    02001300 5348 0c00 4e4554444943 4f4d5f303130
    02001600 4145 0a00 53544f5245534355 3120`;
  assert.equal(bytes.subarray(132).toString('hex'), hex(expected).toString('hex'));
});

test('What is not given is not written', () => {
  const bytes = encodeFileMeta({ transferSyntaxUid: '1.2' });
  assert.equal(
    bytes.subarray(132).toString('hex'),
    hex('02000000 554c 0400 1a000000 02000100 4f42 0000 02000000 0001 02001000 5549 0400 312e3200').toString('hex'),
  );
});

const uid = fc.stringMatching(/^[1-9]\d{0,4}(\.[1-9]\d{0,4}){1,8}$/);
const title = fc.stringMatching(/^[A-Z_]{1,16}$/);
const arbitraryMeta: fc.Arbitrary<FileMeta> = fc.record(
  {
    mediaStorageSopClassUid: uid,
    mediaStorageSopInstanceUid: uid,
    transferSyntaxUid: uid,
    implementationClassUid: uid,
    implementationVersionName: title,
    sourceApplicationEntityTitle: title,
  },
  { requiredKeys: ['transferSyntaxUid'] },
);

test('What was written is read back, however much of the file comes at first', () => {
  fc.assert(
    fc.property(arbitraryMeta, fc.nat(400), (meta, first) => {
      const encoded = encodeFileMeta(meta);
      const file = Buffer.concat([encoded, dataSet(EXPLICIT_VR_LITTLE_ENDIAN)]);
      let head = readFileHead(file.subarray(0, first), file.length);
      for (let length = first; 'needed' in head; head = readFileHead(file.subarray(0, length), file.length)) {
        assert.ok(head.needed > length && head.needed <= file.length);
        length = head.needed;
      }
      const { transferSyntaxUid } = meta;
      assert.deepEqual({ ...head.meta }, { ...meta });
      assert.deepEqual(head, { meta: head.meta, dataSetOffset: encoded.length, transferSyntaxUid, warnings: [] });
    }),
  );
});

test('A file without meta is recognised by its first element', () => {
  for (const syntax of NATIVE)
    assert.deepEqual(read(dataSet(syntax)), {
      meta: undefined,
      dataSetOffset: 0,
      transferSyntaxUid: syntax.uid,
      warnings: [`no file meta information, data set taken for ${syntax.name}`],
    });
});

test('A preamble may be followed by the data set at once', () => {
  for (const syntax of NATIVE) {
    const { meta, dataSetOffset, transferSyntaxUid } = read(PREAMBLE, dataSet(syntax));
    assert.deepEqual([meta, dataSetOffset, transferSyntaxUid], [undefined, 132, syntax.uid]);
  }
});

test('The group may come without preamble, or with the prefix alone', () => {
  const group = encodeFileMeta({ transferSyntaxUid: JPEG }).subarray(132);
  for (const prefix of ['', 'DICM']) {
    const head = read(Buffer.from(prefix), group, dataSet(EXPLICIT_VR_LITTLE_ENDIAN));
    assert.equal(head.transferSyntaxUid, JPEG);
    assert.equal(head.dataSetOffset, prefix.length + group.length);
    assert.deepEqual(head.warnings, ['no preamble before the file meta information']);
  }
});

test('DICM in the middle of a value is no prefix', () => {
  const bytes = encodeDataSet(
    [
      { tag: 0x00080016, vr: 'UI', value: [CT] },
      { tag: 0x00104000, vr: 'LT', value: [`${'x'.repeat(86)}DICM and more`] },
    ],
    IMPLICIT_VR_LITTLE_ENDIAN,
  );
  assert.equal(bytes.indexOf('DICM'), 128);
  assert.equal(read(bytes).dataSetOffset, 0);
});

test('A wrong or missing group length does not matter', () => {
  const syntax = transferSyntaxElement(JPEG);
  const data = dataSet(EXPLICIT_VR_LITTLE_ENDIAN);
  const cases: readonly [Buffer, RegExp | undefined][] = [
    [groupLength(syntax.length), undefined],
    [groupLength(syntax.length + 20), /off by 20 bytes/],
    [groupLength(0), /off by -\d+ bytes/],
    [groupLength(0xffffffff), /off by/],
    [Buffer.alloc(0), /no group length/],
  ];
  for (const [length, warning] of cases) {
    const head = read(PREAMBLE, length, syntax, data);
    assert.equal(head.dataSetOffset, 132 + length.length + syntax.length);
    assert.equal(head.transferSyntaxUid, JPEG);
    if (warning === undefined) assert.deepEqual(head.warnings, []);
    else assert.match(head.warnings.join(), warning);
  }
});

test('The group may be in any native encoding', () => {
  for (const encoding of [IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN]) {
    const syntax = transferSyntaxElement(JPEG, encoding);
    const head = read(PREAMBLE, groupLength(syntax.length, encoding), syntax, dataSet(EXPLICIT_VR_LITTLE_ENDIAN));
    assert.equal(head.transferSyntaxUid, JPEG);
    assert.deepEqual(head.warnings, [`file meta information in ${encoding.name}`]);
  }
});

test('A missing or empty transfer syntax is told by the data set', () => {
  for (const syntax of NATIVE)
    for (const missing of [Buffer.alloc(0), transferSyntaxElement('')]) {
      const head = read(PREAMBLE, groupLength(missing.length), missing, dataSet(syntax));
      assert.equal(head.transferSyntaxUid, syntax.uid);
      assert.deepEqual(head.meta, {});
      assert.deepEqual(head.warnings, [`data set taken for ${syntax.name}, though the file says nothing`]);
    }
});

test('A data set that begins with a private element is guessed too when nothing is said', () => {
  const unknown = hex('09001000 4c4f 0400 41424344');
  const cases: readonly [string, Buffer][] = [
    [IMPLICIT_VR_LITTLE_ENDIAN.uid, hex('01000100 ffffffff feff00e0 ffffffff')],
    [EXPLICIT_VR_LITTLE_ENDIAN.uid, hex('01000100 5351 0000 ffffffff feff00e0')],
    [EXPLICIT_VR_BIG_ENDIAN.uid, hex('00010001 5351 0000 ffffffff fffee000')],
    [EXPLICIT_VR_LITTLE_ENDIAN.uid, unknown],
    [IMPLICIT_VR_LITTLE_ENDIAN.uid, Buffer.alloc(0)],
  ];
  for (const [uid, bytes] of cases) assert.equal(read(PREAMBLE, groupLength(0), bytes).transferSyntaxUid, uid);
});

test('The bytes are believed where they contradict the meta, and only there', () => {
  const { uid: deflated } = DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN;
  const explicit = [EXPLICIT_VR_LITTLE_ENDIAN.uid, JPEG, '1.2.3.4.5'];
  for (const found of NATIVE)
    for (const told of [...NATIVE.map(({ uid }) => uid), JPEG, deflated, '1.2.3.4.5']) {
      const head = read(encodeFileMeta({ transferSyntaxUid: told }), dataSet(found));
      const isFine =
        told === found.uid || told === '1.2.3.4.5' || (found === EXPLICIT_VR_LITTLE_ENDIAN && explicit.includes(told));
      assert.equal(head.transferSyntaxUid, isFine ? told : found.uid);
      assert.equal(head.warnings.length, isFine ? 0 : 1);
      assert.equal(head.meta?.transferSyntaxUid, told);
    }
});

test('Deflated bytes and private first elements leave the meta alone', () => {
  const { uid: deflated } = DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN;
  for (const [told, bytes] of [
    [deflated, hex('4b4cca4a4d2e51304e02 0000 00ff ff')],
    [EXPLICIT_VR_LITTLE_ENDIAN.uid, hex('01000100 ffffffff feff00e0 ffffffff')],
    [JPEG, Buffer.alloc(0)],
  ] as const) {
    const head = read(encodeFileMeta({ transferSyntaxUid: told }), bytes);
    assert.equal(head.transferSyntaxUid, told);
    assert.deepEqual(head.warnings, []);
  }
});

test('What is no DICOM file is refused in one line', () => {
  const strangers: readonly Buffer[] = [
    Buffer.alloc(0),
    Buffer.from('DICM'),
    Buffer.alloc(4096),
    Buffer.alloc(4096, 0xff),
    Buffer.alloc(4096, 0x20),
    PREAMBLE,
    Buffer.concat([PREAMBLE, Buffer.alloc(4096)]),
    hex('0002 0a00 0000 0000 0000 0000'),
    hex('0200 0a00 0000 0000 0000 0000'),
    Buffer.concat([hex('ffd8ffe000104a46494600010101'), Buffer.alloc(200)]),
    Buffer.concat([hex('89504e470d0a1a0a0000000d49484452'), Buffer.alloc(200)]),
    Buffer.concat([hex('504b0304140000000800'), Buffer.alloc(200)]),
    Buffer.concat([hex('7f454c4602010100'), Buffer.alloc(200)]),
    Buffer.concat([hex('00010000000f0080'), Buffer.alloc(200)]),
    Buffer.from('The quick brown fox jumps over the lazy dog. '.repeat(20)),
    Buffer.from('<?xml version="1.0"?>\n'.repeat(20)),
    Buffer.from('{ "PatientName": "Doe" }'.repeat(20)),
  ];
  for (const bytes of strangers)
    assert.throws(
      () => read(bytes),
      { name: 'NotDicom', message: 'not a DICOM file' },
      bytes.toString('latin1', 0, 20),
    );
});

test('A group that ends with the file is an error', () => {
  const file = encodeFileMeta({ transferSyntaxUid: JPEG, implementationVersionName: 'X' });
  for (const cut of [1, 2])
    assert.throws(() => read(file.subarray(0, -cut)), /^DataSetError: the file ends within its meta information$/);
});

test('A group of more than a mebibyte is an error, less is asked for', () => {
  const large = (bytes: number) =>
    Buffer.concat([
      encodeFileMeta({ transferSyntaxUid: JPEG }),
      encodeDataSet([{ tag: 0x00020102, vr: 'OB', value: Buffer.alloc(bytes) }], EXPLICIT_VR_LITTLE_ENDIAN),
      dataSet(EXPLICIT_VR_LITTLE_ENDIAN),
    ]);
  const small = large(100_000);
  const head = readFileHead(small.subarray(0, 1000), small.length);
  assert.ok('needed' in head);
  const again = readFileHead(small.subarray(0, head.needed), small.length);
  assert.ok('dataSetOffset' in again && again.transferSyntaxUid === JPEG);
  // The header of the large element, and that of the first one of the data set, which tells that the group is over.
  const most = 1_048_576 - encodeFileMeta({ transferSyntaxUid: JPEG }).length - 12 - 12;
  const largest = large(most);
  assert.deepEqual(readFileHead(largest.subarray(0, 1000), largest.length), { needed: 1_048_576 });
  const tooLarge = large(most + 2);
  assert.throws(() => readFileHead(tooLarge.subarray(0, 1000), tooLarge.length), DataSetError);
});

test('No bytes make it do anything but return or throw a DataSetError', () => {
  const valid = Buffer.concat([encodeFileMeta({ transferSyntaxUid: JPEG }), dataSet(EXPLICIT_VR_LITTLE_ENDIAN)]);
  const change = fc.tuple(fc.nat(valid.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 6 }), fc.nat(valid.length), (changes, length) => {
      const bytes = Buffer.from(valid.subarray(0, length));
      for (const [at, value] of changes) if (at < length) bytes[at] = value;
      try {
        const head = readFileHead(bytes, bytes.length);
        assert.ok('dataSetOffset' in head && head.dataSetOffset <= length);
      } catch (error) {
        assert.ok(error instanceof DataSetError);
      }
    }),
    { numRuns: 500 },
  );
});
