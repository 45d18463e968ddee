/** Every transfer syntax of the registry and how it encodes a data set. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TransferSyntax } from '../../../src/dataset/transfer-syntax.js';
import {
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  isNative,
  STANDARD_TRANSFER_SYNTAXES,
  shortName,
  transferSyntax,
} from '../../../src/dataset/transfer-syntax.js';
import { uidName } from '../../../src/dictionary/lookup.js';

const ROOT = '1.2.840.10008.1.2';
const suffixes = (test: (syntax: TransferSyntax) => boolean) =>
  STANDARD_TRANSFER_SYNTAXES.filter(test)
    .map(({ uid }) => uid.replace('1.2.840.10008.1.', ''))
    .join(' ');

test('The three native ones come first, each transfer syntax once and with its registered name', () => {
  assert.equal(STANDARD_TRANSFER_SYNTAXES.length, 63);
  assert.deepEqual(STANDARD_TRANSFER_SYNTAXES.slice(0, 3), [
    IMPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
  ]);
  assert.equal(new Set(STANDARD_TRANSFER_SYNTAXES.map(({ uid }) => uid)).size, 63);
  for (const { uid, name } of STANDARD_TRANSFER_SYNTAXES) assert.equal(name, uidName(uid));
});

test('A UID gives its object, an unknown one nothing', () => {
  for (const syntax of STANDARD_TRANSFER_SYNTAXES) assert.equal(transferSyntax(syntax.uid), syntax);
  for (const uid of ['', '1.2.840.10008.1.1', `${ROOT}.4.999`, `${ROOT} `])
    assert.equal(transferSyntax(uid), undefined);
});

test('Only the three can be converted', () => {
  assert.equal(suffixes(isNative), '2 2.1 2.2');
});

test('Deflated and JPIP deflated data sets are deflated', () => {
  assert.equal(
    suffixes(({ deflated }) => deflated),
    '2.1.99 2.4.95 2.4.205',
  );
  assert.ok(DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN.deflated);
});

test('Implicit and big endian are the exceptions', () => {
  assert.equal(
    suffixes(({ explicitVr }) => !explicitVr),
    '2 20',
  );
  assert.equal(
    suffixes(({ bigEndian }) => bigEndian),
    '2.2',
  );
});

test('Pixel data is encapsulated but in native and deflated ones and where there is none', () => {
  assert.equal(
    suffixes(({ encapsulated }) => !encapsulated),
    '2 2.1 2.2 2.1.99 2.4.94 2.4.95 2.4.204 2.4.205 2.6.1 2.6.2 2.7.1 2.7.2 2.7.3 20',
  );
  for (const suffix of ['1.98', '5', '4.50', '4.201', '8.1'])
    assert.ok(transferSyntax(`${ROOT}.${suffix}`)?.encapsulated);
});

test('The log calls the common ones by their short names', () => {
  assert.deepEqual(STANDARD_TRANSFER_SYNTAXES.slice(0, 6).map(shortName), [
    'Little Endian Implicit',
    'Little Endian Explicit',
    'Big Endian Explicit',
    'Encapsulated Uncompressed Explicit VR Little Endian',
    'Deflated Little Endian Explicit',
    'JPEG Baseline (Process 1)',
  ]);
});
