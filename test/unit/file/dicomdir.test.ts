/** What DICOMDIRs refer to: made ones in every syntax and cut anywhere, broken ones, and the real ones of ../shared/data. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { DataSetError, FileError } from '../../../src/base/errors.js';
import {
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  type TransferSyntax,
} from '../../../src/dataset/transfer-syntax.js';
import { DirectoryReader, fileReferences, isDicomdir } from '../../../src/file/dicomdir.js';
import { type DataElement, encodeDataSet } from '../../support/data-set.js';
import {
  dicomdirFile,
  directoryDataSet,
  directoryRecord,
  makeTree,
  type RecordOptions,
} from '../../support/input-files.js';
import { temporaryFolder } from '../../support/loopback-server.js';
import { sharedData } from '../../support/paths.js';

const LE = EXPLICIT_VR_LITTLE_ENDIAN;
const SYNTAXES = [LE, EXPLICIT_VR_BIG_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN];

/** `1 IMAGE A/B`: place, type and file id of each reference in the bytes of a data set, which come in these pieces. */
function references(pieces: readonly Buffer[], syntax: TransferSyntax): readonly string[] {
  const reader = new DirectoryReader(syntax);
  const found = [...pieces.flatMap((piece) => [...reader.feed(Buffer.from(piece))]), ...reader.end()];
  return found.map(({ record, type, fileId }) => `${record} ${type} ${fileId.join('/')}`);
}

function encoded(records: readonly RecordOptions[], syntax: TransferSyntax = LE): Buffer {
  return encodeDataSet(directoryDataSet(records.map(directoryRecord)), syntax);
}

async function referencesOf(path: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { fileId } of fileReferences(path)) found.push(fileId.join('/'));
  return found;
}

const icon: DataElement = {
  tag: 0x00880200,
  vr: 'SQ',
  items: [
    [
      ...directoryRecord({ file: 'ICON' }),
      { tag: 0x7fe00010, vr: 'OB', fragments: [Buffer.alloc(0), Buffer.alloc(8)] },
    ],
  ],
};

const ROWS: readonly (readonly [what: string, records: readonly RecordOptions[], expected: readonly string[]])[] = [
  ['no records', [], []],
  ['records without files', [{ type: 'PATIENT' }, { type: 'STUDY', file: '' }], []],
  [
    'their place, type and file',
    [{ type: 'SERIES' }, { file: 'A\\B' }, { type: 'PRIVATE', file: 'C' }],
    ['2 IMAGE A/B', '3 PRIVATE C'],
  ],
  [
    'only what is in use',
    [
      { file: 'A', inUse: 0 },
      { file: 'B', inUse: 0xffff },
    ],
    ['2 IMAGE B'],
  ],
  ['blanks around components', [{ file: ' A \\B  ' }], ['1 IMAGE A/B']],
  ['components that are none', [{ file: 'A\\\\B' }, { file: '..\\..\\C' }], ['1 IMAGE A//B', '2 IMAGE ../../C']],
  [
    'nothing of an icon',
    [
      { file: 'A', elements: [icon] },
      { file: 'B', elements: [icon] },
    ],
    ['1 IMAGE A', '2 IMAGE B'],
  ],
  ['a file id of any length, cut', [{ file: 'A'.repeat(5000) }], [`1 IMAGE ${'A'.repeat(1024)}`]],
];

describe('the references of a DICOMDIR', () => {
  for (const [what, records, expected] of ROWS)
    test(`give ${what}`, () => {
      for (const syntax of SYNTAXES) {
        // Encapsulated pixel data, which no DICOMDIR should have, is for Explicit VR.
        if (!syntax.explicitVr && what.includes('icon')) continue;
        assert.deepEqual(references([encoded(records, syntax)], syntax), expected, syntax.name);
      }
    });

  test('are the same however the bytes are cut', () => {
    const bytes = encoded([{ type: 'PATIENT' }, { file: 'A\\B', elements: [icon] }, { file: 'C' }]);
    const whole = references([bytes], LE);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 8 }), (cuts) => {
        const ends = [0, ...cuts, bytes.length].sort((a, b) => a - b);
        const pieces = ends.slice(1).map((end, index) => bytes.subarray(ends[index], end));
        assert.deepEqual(references(pieces, LE), whole);
      }),
    );
  });

  test('are a beginning of them, then an error, if the bytes end anywhere', () => {
    const bytes = encoded([{ file: 'A' }, { file: 'B' }, { file: 'C' }]);
    const whole = references([bytes], LE);
    for (let length = bytes.length - 1; length > 60; length--) {
      const reader = new DirectoryReader(LE);
      const found = [...reader.feed(bytes.subarray(0, length))].map(({ fileId }) => fileId.join('/'));
      assert.deepEqual(
        found,
        whole.slice(0, found.length).map((line) => line.slice(-1)),
      );
      assert.throws(() => [...reader.end()], DataSetError);
    }
  });

  test('do not come from sequences of another name', () => {
    const elsewhere: DataElement = { tag: 0x00041221, vr: 'SQ', items: [directoryRecord({ file: 'A' })] };
    assert.deepEqual(references([encodeDataSet([elsewhere], LE)], LE), []);
  });
});

describe('a file', () => {
  test('is a DICOMDIR by its class, whatever its name', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'x');
    await makeTree(folder.path, ['DICOMDIR', 'text.txt', 'd/']);
    await writeFile(path, dicomdirFile([{ file: 'A\\B' }]));
    assert.equal(await isDicomdir(path), true);
    for (const other of ['DICOMDIR', 'text.txt', 'd', 'nowhere', '/dev/null'])
      assert.equal(await isDicomdir(join(folder.path, other)), false, other);
    assert.deepEqual(await referencesOf(path), ['A/B']);
  });

  test('that ends too early gives what it has and names itself', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'DICOMDIR');
    const bytes = dicomdirFile([{ file: 'A' }, { file: 'B' }]);
    await writeFile(path, bytes.subarray(0, bytes.length - 40));
    assert.equal(await isDicomdir(path), true);
    const found: string[] = [];
    await assert.rejects(
      async () => {
        for await (const { fileId } of fileReferences(path)) found.push(fileId.join('/'));
      },
      (error) =>
        error instanceof FileError && error.path === path && /^Bad DICOM file .*: cut short/.test(error.message),
    );
    assert.deepEqual(found, ['A']);
  });
});

const DATA = sharedData();

describe('the DICOMDIRs of ../shared/data', {
  skip: DATA === undefined && 'skipped: there is no folder ../shared/data',
}, () => {
  const dicomdir = (name: string): string => join(DATA ?? '', 'dicomdir', name);

  for (const name of ['DICOMDIR-bigEnd', 'DICOMDIR-implicit', 'DICOMDIR-nopatient', 'DICOMDIR-reordered'])
    test(`${name} refers to the files of DICOMDIR`, async () => {
      const expected = await referencesOf(dicomdir('DICOMDIR'));
      assert.equal(expected.length, 31);
      assert.deepEqual(await referencesOf(dicomdir(name)), expected);
    });

  test('refer to as many files as there are', async () => {
    assert.equal((await referencesOf(dicomdir('TINY_ALPHA/DICOMDIR'))).length, 50);
    assert.deepEqual(await referencesOf(dicomdir('DICOMDIR-empty.dcm')), []);
  });
});
