/** The heads of the real files of ../shared/data: what the odd ones among them give. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DataSetError } from '../../../src/base/errors.js';
import { shortName, transferSyntax } from '../../../src/dataset/transfer-syntax.js';
import { readFileHead } from '../../../src/file/file-meta.js';
import { sharedData } from '../../support/paths.js';

const DATA = sharedData() ?? '';
const skip = DATA === '' ? 'there is no ../shared/data beside the project' : false;

/** Transfer syntax and warnings in one line, or the error. */
function describe(path: string): string {
  const file = readFileSync(join(DATA, path));
  try {
    const head = readFileHead(file, file.length);
    assert.ok('dataSetOffset' in head);
    const syntax = transferSyntax(head.transferSyntaxUid);
    return [syntax === undefined ? head.transferSyntaxUid : shortName(syntax), ...head.warnings].join('; ');
  } catch (error) {
    assert.ok(error instanceof DataSetError);
    return error.message;
  }
}

const ODD: Readonly<Record<string, string>> = {
  'README.md': 'not a DICOM file',
  'dicomdir/README.txt': 'not a DICOM file',
  'dicomdir/TINY_ALPHA/README': 'not a DICOM file',
  'files/ExplVR_BigEndNoMeta.dcm':
    'Big Endian Explicit; no file meta information, data set taken for Explicit VR Big Endian',
  'files/ExplVR_LitEndNoMeta.dcm':
    'Little Endian Explicit; no file meta information, data set taken for Explicit VR Little Endian',
  // JPEG by its meta, Implicit VR by its bytes: legal as neither.
  'files/SC_rgb_jpeg.dcm':
    'Little Endian Implicit; data set taken for Implicit VR Little Endian, though the file says JPEG Baseline (Process 1)',
  // Begins with a private sequence in Implicit VR.
  'files/meta_missing_tsyntax.dcm':
    'Little Endian Implicit; data set taken for Implicit VR Little Endian, though the file says nothing',
  // Has a stray byte before its first element.
  'files/no_meta.dcm': 'not a DICOM file',
  'files/no_meta_group_length.dcm': 'Little Endian Implicit; no group length in the file meta information',
  'files/rtstruct.dcm':
    'Little Endian Implicit; no file meta information, data set taken for Implicit VR Little Endian',
};

test('All but the odd ones are read without a warning, and those with the right one', { skip }, () => {
  const names = readdirSync(DATA, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(DATA.length + 1));
  assert.ok(names.length > 100);
  for (const name of names) {
    const found = describe(name);
    if (name in ODD) assert.equal(found, ODD[name], name);
    else assert.doesNotMatch(found, /; |not a|ends/, name);
  }
});

test('The transfer syntax is the one the file says', { skip }, () => {
  const expected: Readonly<Record<string, string>> = {
    'files/image_dfl.dcm': 'Deflated Little Endian Explicit',
    'files/CT_small.dcm': 'Little Endian Explicit',
    'files/MR_small_implicit.dcm': 'Little Endian Implicit',
    'files/ExplVR_BigEnd.dcm': 'Big Endian Explicit',
    'files/MR_small_RLE.dcm': 'RLE Lossless',
    'files/JPEG2000.dcm': 'JPEG 2000 Image Compression',
    'dicomdir/DICOMDIR-bigEnd': 'Big Endian Explicit',
    'dicomdir/DICOMDIR-implicit': 'Little Endian Implicit',
  };
  for (const [name, syntax] of Object.entries(expected)) assert.equal(describe(name), syntax, name);
});
