/** Real files: every one of ../shared/data that is a whole DICOM file arrives with the data set it left with. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { describe, test } from 'node:test';
import { EXPLICIT_VR_LITTLE_ENDIAN } from '../../src/dataset/transfer-syntax.js';
import { dcmtk, dcmtkStorescp, skipWithoutDcmtk } from '../support/peers-dcmtk.js';
import { ourStorescp } from '../support/peers-ours.js';
import type { Receiver } from '../support/peers-receiver.js';
import { linkName, type RealFile, Round, rounds, skipWithoutData, storedPath } from '../support/peers-shared-data.js';
import { storescu } from '../support/processes.js';
import { readPart10 } from '../support/sample-instance.js';

const NOT_DICOM = /^not a DICOM file$/;
const DICOMDIR = /^it is a DICOMDIR$/;
const NO_IDENTITY = /^no SOP Class or Instance UID in it$/;

/** Why storescu skips a file. */
const NOT_SENT: Readonly<Record<string, RegExp>> = {
  'README.md': NOT_DICOM,
  'dicomdir/README.txt': NOT_DICOM,
  'dicomdir/TINY_ALPHA/README': NOT_DICOM,
  'dicomdir/DICOMDIR': DICOMDIR,
  'dicomdir/DICOMDIR-bigEnd': DICOMDIR,
  'dicomdir/DICOMDIR-empty.dcm': DICOMDIR,
  'dicomdir/DICOMDIR-implicit': DICOMDIR,
  'dicomdir/DICOMDIR-nooffset': /24 .*over .* in \(FFFE,E000\)/,
  'dicomdir/DICOMDIR-nopatient': DICOMDIR,
  'dicomdir/DICOMDIR-reordered': DICOMDIR,
  'dicomdir/TINY_ALPHA/DICOMDIR': DICOMDIR,
  'files/MR_truncated.dcm': /cut short: 62 more bytes .* in \(7FE0,0010\)/,
  // Says JPEG Baseline and is in Implicit VR.
  'files/SC_rgb_jpeg.dcm': /^encapsulated pixel data in Implicit VR/,
  'files/empty_charset_LEI.dcm': NO_IDENTITY,
  'files/meta_missing_tsyntax.dcm': NO_IDENTITY,
  'files/nested_priv_SQ.dcm': NO_IDENTITY,
  // Begins in the middle of an element.
  'files/no_meta.dcm': NOT_DICOM,
  'files/rtplan_truncated.dcm': /cut short: 21 more bytes .* in \(300A,012C\)/,
};

/** Where the data set begins in a file whose meta group does not say how long it is. */
const DATA_SET_AT: Readonly<Record<string, number>> = { 'files/no_meta_group_length.dcm': 338 };

/** A deflated data set of odd length, which gets a NUL on the way (PS3.5 A.5). */
const PADDED = 'files/image_dfl.dcm';

describe('the files of ../shared/data', { skip: skipWithoutData }, () => {
  test('go from our storescu -xo to our storescp without a changed byte', async () => {
    await using receiver = await ourStorescp();
    await sendAll(receiver);
  });

  test("go from our storescu -xo to DCMTK's storescp without a changed byte", {
    skip: skipWithoutDcmtk(),
  }, async () => {
    await using receiver = await dcmtkStorescp(['+xa']);
    await sendAll(receiver);
  });

  test("come from DCMTK's dcmsend with the bytes that DCMTK's storescp gets", {
    skip: skipWithoutDcmtk(),
  }, async () => {
    await using ours = await ourStorescp();
    await using theirs = await dcmtkStorescp(['+xa']);
    for (const files of await rounds()) {
      using round = new Round(files);
      for (const { address } of [ours, theirs]) await dcmtk('dcmsend', ['-q', '-nh', '+sd', ...address, round.path]);
      assert.notEqual(readdirSync(ours.folder).length, 0);
      for (const file of files) assertAlike(file.name, takeStored(ours, file), takeStored(theirs, file));
    }
  });
});

/** Sends all files and checks each: either it is stored with the bytes it has, or the log gives the reason it should. */
async function sendAll(receiver: Receiver): Promise<void> {
  for (const files of await rounds()) {
    using round = new Round(files);
    const { code, stderr } = await storescu(['-xo', ...receiver.address, round.path]);
    const reasons = reasonsIn(stderr);
    for (const file of files) {
      const stored = takeStored(receiver, file);
      const exception = NOT_SENT[file.name];
      assert.match(reasons.get(linkName(file)) ?? '', exception ?? /^$/, file.name);
      assert.equal(stored === undefined, exception !== undefined, file.name);
      if (stored !== undefined)
        assert.ok(dataSetOf(stored).equals(sentDataSet(file)), `${file.name} is stored with other bytes`);
    }
    assert.deepEqual(readdirSync(receiver.folder), [], 'nothing else is stored');
    assert.equal(code, /^E: /m.test(stderr) ? 3 : 0, stderr);
  }
}

/** What the log of storescu says about files that were skipped or refused, by the name of their link. */
function reasonsIn(log: string): ReadonlyMap<string, string> {
  const lines = log.matchAll(/^(?:W: Skipped|E): .*\/([^/]+?): (.*)$/gm);
  return new Map([...lines].map(([, name = '', reason = '']) => [name, reason]));
}

/** The file that a storescp has written for another one, which is then removed. */
function takeStored(receiver: Receiver, file: RealFile): Buffer | undefined {
  const path = storedPath(receiver, file);
  if (path === undefined) return undefined;
  const bytes = readFileSync(path);
  rmSync(path);
  return bytes;
}

/** As it goes out. */
function sentDataSet({ name, path }: RealFile): Buffer {
  const bytes = readFileSync(path);
  const at = DATA_SET_AT[name];
  const dataSet = at === undefined ? dataSetOf(bytes) : bytes.subarray(at);
  return name === PADDED ? Buffer.concat([dataSet, Buffer.of(0)]) : dataSet;
}

/** What follows group 0002 as its group length has it (PS3.10 7.1), or the whole of a file that has none. */
function dataSetOf(bytes: Buffer): Buffer {
  if (bytes.toString('latin1', 128, 132) !== 'DICM') return bytes;
  return bytes.subarray(144 + bytes.readUInt32LE(140));
}

/** Two receivers have got the same, unless only the other has left it compressed when it had the choice. */
function assertAlike(name: string, ours: Buffer | undefined, theirs: Buffer | undefined): void {
  assert.equal(ours === undefined, theirs === undefined, name);
  if (ours === undefined || theirs === undefined) return;
  const ourSyntax = readPart10(ours).syntax;
  const theirSyntax = readPart10(theirs).syntax;
  if (ourSyntax === theirSyntax) assert.ok(dataSetOf(ours).equals(dataSetOf(theirs)), `${name} differs`);
  else assert.equal(ourSyntax, EXPLICIT_VR_LITTLE_ENDIAN, name);
}
