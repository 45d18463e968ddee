/** Tags and UIDs looked up: exact, repeating, private and unknown ones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dictionaryVr, keywordOf, parseUids, tagOf, uidName, VRS } from '../../../src/dictionary/lookup.js';
import { ELEMENTS, REPEATING_ELEMENTS } from '../../../src/dictionary/tags.js';
import { OTHER_UIDS, TRANSFER_SYNTAXES } from '../../../src/dictionary/uids.js';

const KNOWN: readonly [tag: number, vr: string, keyword: string][] = [
  [0x00000002, 'UI', 'AffectedSOPClassUID'],
  [0x00020010, 'UI', 'TransferSyntaxUID'],
  [0x00080005, 'CS', 'SpecificCharacterSet'],
  [0x00100010, 'PN', 'PatientName'],
  [0x00280106, 'US or SS', 'SmallestImagePixelValue'],
  [0x00281200, 'US or SS or OW', 'GrayLookupTableData'],
  [0x00283006, 'US or OW', 'LUTData'],
  [0x7fe00001, 'OV', 'ExtendedOffsetTable'],
  [0x7fe00010, 'OB or OW', 'PixelData'],
  [0xfffee000, 'NONE', 'Item'],
];

test('A tag of the registry has its VR and keyword, and the keyword leads back to it', () => {
  for (const [tag, vr, keyword] of KNOWN) {
    assert.equal(dictionaryVr(tag), vr);
    assert.equal(keywordOf(tag), keyword);
    assert.equal(tagOf(keyword), tag);
  }
});

test('Repeating groups and elements are found by their masks', () => {
  const repeating: readonly [number, string, string][] = [
    [0x60000010, 'US', 'OverlayRows'],
    [0x601e3000, 'OB or OW', 'OverlayData'],
    [0x50040005, 'US', 'CurveDimensions'],
    [0x7f020010, 'OB or OW', 'VariablePixelData'],
    [0x002031ff, 'CS', 'SourceImageIDs'],
    [0x00280412, 'LO', 'CoefficientCoding'],
    [0x002808f4, 'US', 'BitsForCodeWord'],
    [0x10001235, 'US', 'ShiftTableTriplet'],
    [0x1010abcd, 'US', 'ZonalMap'],
  ];
  for (const [tag, vr, keyword] of repeating) {
    assert.equal(dictionaryVr(tag), vr);
    assert.equal(keywordOf(tag), keyword);
    assert.equal(tagOf(keyword), undefined);
  }
});

test('Every group has a group length, even where a repeating element would match', () => {
  for (const tag of [0x00080000, 0x00090000, 0x10000000, 0x10100000, 0x60000000, 0x7fe00000])
    assert.equal(dictionaryVr(tag), 'UL');
  assert.equal(keywordOf(0x10000000), undefined);
});

test('A private creator is LO, other private elements are unknown', () => {
  for (const tag of [0x00090010, 0x000900ff, 0x60010010, 0xfffd0020]) assert.equal(dictionaryVr(tag), 'LO');
  for (const tag of [0x00090001, 0x00091000, 0x00090100, 0x60013000]) assert.equal(dictionaryVr(tag), undefined);
});

test('Unknown tags, keywords and UIDs give undefined', () => {
  assert.equal(dictionaryVr(0x0008ffff), undefined);
  assert.equal(keywordOf(0x0008ffff), undefined);
  for (const keyword of ['', 'or', 'PixelData OB', 'NoSuchKeyword', 'patientname'])
    assert.equal(tagOf(keyword), undefined);
  assert.equal(uidName('1.2.3'), undefined);
});

test('A retired element without a keyword still has its VR', () => {
  assert.equal(dictionaryVr(0x00080202), 'OB');
  assert.equal(keywordOf(0x00080202), undefined);
});

test('UIDs have the names of the registry', () => {
  for (const [uid, name] of [
    ['1.2.840.10008.1.1', 'Verification SOP Class'],
    ['1.2.840.10008.1.2', 'Implicit VR Little Endian'],
    ['1.2.840.10008.5.1.4.1.1.2', 'CT Image Storage'],
    ['1.2.840.10008.3.1.1.1', 'DICOM Application Context Name'],
    ['1.2.840.10008.5.1.4.1.1.40', undefined],
  ] as const)
    assert.equal(uidName(uid), name);
});

test('Every line of the registry is found, and what stands between two is not', () => {
  let before = -1;
  for (const line of ELEMENTS.split('\n')) {
    const [digits = '', keyword = '', ...vr] = line.split(' ');
    const tag = parseInt(digits, 16);
    assert.ok(tag > before, `${digits} is not in order`);
    assert.equal(dictionaryVr(tag), vr.join(' '), digits);
    assert.equal(keywordOf(tag), keyword || undefined, digits);
    if (keyword !== '') assert.notEqual(keywordOf(tag - 1), keyword, digits);
    if (keyword !== '') assert.notEqual(keywordOf(tag + 1), keyword, digits);
    before = tag;
  }
  assert.equal(keywordOf(0xfffffffe), undefined);
});

test('Every line of the generated tables is well formed', () => {
  const vrs = [...VRS, 'OB or OW', 'US or SS', 'US or OW', 'US or SS or OW', 'NONE'].join('|');
  const element = new RegExp(`^[0-9A-Fx]{8} \\w* (${vrs})$`);
  for (const line of [...ELEMENTS.split('\n'), ...REPEATING_ELEMENTS.split('\n')]) assert.match(line, element);
  for (const { uid, keyword, name } of [...parseUids(TRANSFER_SYNTAXES), ...parseUids(OTHER_UIDS)]) {
    assert.match(uid, /^[\d.]+$/);
    assert.match(keyword, /^\w*$/);
    assert.equal(name === '', keyword === '');
  }
});
