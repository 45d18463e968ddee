/** Real files: every one of ../shared/data that is a whole DICOM file arrives with the data set it left with. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { EXPLICIT_VR_LITTLE_ENDIAN } from '../../src/dataset/transfer-syntax.js';
import { inspectInstance } from '../../src/file/instance-file.js';
import { sharedData } from '../support/paths.js';
import { dcmtk, dcmtkStorescp, skipWithoutDcmtk } from '../support/peers-dcmtk.js';
import { TemporaryFolder } from '../support/peers-files.js';
import { ourStorescp } from '../support/peers-ours.js';
import type { Receiver } from '../support/peers-receiver.js';
import { storescu } from '../support/processes.js';
import { readPart10 } from '../support/sample-instance.js';

const DATA = sharedData() ?? '';
const skipWithoutData = DATA === '' && 'skipped: there is no folder ../shared/data';

const NOT_DICOM = /^not a DICOM file$/;
const DICOMDIR = /^a DICOMDIR cannot be sent$/;
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
  'files/MR_truncated.dcm': /62 bytes short .* in \(7FE0,0010\)/,
  // Says JPEG Baseline and is in Implicit VR.
  'files/SC_rgb_jpeg.dcm': /^encapsulated pixel data in Implicit VR/,
  'files/empty_charset_LEI.dcm': NO_IDENTITY,
  'files/meta_missing_tsyntax.dcm': NO_IDENTITY,
  'files/nested_priv_SQ.dcm': NO_IDENTITY,
  // Begins in the middle of an element.
  'files/no_meta.dcm': NOT_DICOM,
  'files/rtplan_truncated.dcm': /21 bytes short .* in \(300A,012C\)/,
};

const NOT_THE_ANNOUNCED = /^0xA900 - Failure: Data Set Does Not Match SOP Class/;

/** What our storescp answers to data sets without SOP Class UID, which then only the file meta information has. */
const REFUSED_BY_STORESCP: Readonly<Record<string, RegExp>> = {
  'charsets/chrSQEncoding.dcm': NOT_THE_ANNOUNCED,
  'charsets/chrSQEncoding1.dcm': NOT_THE_ANNOUNCED,
  'files/UN_sequence.dcm': NOT_THE_ANNOUNCED,
  'files/no_meta_group_length.dcm': NOT_THE_ANNOUNCED,
  'files/priv_SQ.dcm': NOT_THE_ANNOUNCED,
};

/** Where the data set begins in a file whose meta group does not say how long it is. */
const DATA_SET_AT: Readonly<Record<string, number>> = { 'files/no_meta_group_length.dcm': 338 };

/** A deflated data set of odd length, which gets a NUL on the way (PS3.5 A.5). */
const PADDED = 'files/image_dfl.dcm';

describe('the files of ../shared/data', { skip: skipWithoutData }, () => {
  test('go from our storescu -xo to our storescp without a changed byte', async () => {
    await using receiver = await ourStorescp();
    await sendAll(receiver, { ...NOT_SENT, ...REFUSED_BY_STORESCP });
  });

  test("go from our storescu -xo to DCMTK's storescp without a changed byte", {
    skip: skipWithoutDcmtk(),
  }, async () => {
    await using receiver = await dcmtkStorescp(['+xa']);
    await sendAll(receiver, NOT_SENT);
  });

  test("come from DCMTK's dcmsend with the bytes that DCMTK's storescp gets", {
    skip: skipWithoutDcmtk(),
  }, async () => {
    await using ours = await ourStorescp();
    await using theirs = await dcmtkStorescp(['+xa']);
    for (const files of await rounds()) {
      using links = linked(files);
      for (const { address } of [ours, theirs]) await dcmtk('dcmsend', ['-q', '-nh', '+sd', ...address, links.path]);
      assert.notEqual(readdirSync(ours.folder).length, 0);
      for (const { path, sopInstanceUid } of files)
        assertAlike(path, takeStored(ours, sopInstanceUid), takeStored(theirs, sopInstanceUid));
    }
  });
});

/** Sends all files and checks each: either it is stored with the bytes it has, or the log gives the reason it should. */
async function sendAll(receiver: Receiver, exceptions: Readonly<Record<string, RegExp>>): Promise<void> {
  for (const files of await rounds()) {
    using links = linked(files);
    const { code, stderr } = await storescu(['-xo', ...receiver.address, links.path]);
    const reasons = reasonsIn(stderr);
    for (const { path, sopInstanceUid } of files) {
      const stored = takeStored(receiver, sopInstanceUid);
      const exception = exceptions[path];
      assert.match(reasons.get(linkName(path)) ?? '', exception ?? /^$/, path);
      assert.equal(stored === undefined, exception !== undefined, path);
      if (stored !== undefined)
        assert.ok(dataSetOf(stored).equals(sentDataSet(path)), `${path} is stored with other bytes`);
    }
    assert.deepEqual(readdirSync(receiver.folder), [], 'nothing else is stored');
    assert.equal(code, /^E: Not stored: /m.test(stderr) ? 3 : 0, stderr);
  }
}

interface RealFile {
  /** From the folder of all data. */
  readonly path: string;
  readonly sopInstanceUid: string | undefined;
}

/** All files; in no round two with one SOP Instance UID, of which the second would replace the first where it is stored. */
async function rounds(): Promise<readonly (readonly RealFile[])[]> {
  const all: RealFile[][] = [];
  for (const path of readdirSync(DATA, { recursive: true, encoding: 'utf8' }).sort()) {
    if (statSync(join(DATA, path)).isDirectory()) continue;
    const sopInstanceUid = await sopInstanceUidOf(join(DATA, path));
    const isNew = (files: readonly RealFile[]) => !files.some((file) => file.sopInstanceUid === sopInstanceUid);
    const round = all.find((files) => sopInstanceUid === undefined || isNew(files));
    if (round === undefined) all.push([{ path, sopInstanceUid }]);
    else round.push({ path, sopInstanceUid });
  }
  return all;
}

/** Undefined for what cannot be sent. */
async function sopInstanceUidOf(path: string): Promise<string | undefined> {
  try {
    return (await inspectInstance(path)).sopInstanceUid;
  } catch {
    return undefined;
  }
}

/** A folder with links to the files. */
function linked(files: readonly RealFile[]): TemporaryFolder {
  const folder = new TemporaryFolder();
  for (const { path } of files) symlinkSync(join(DATA, path), join(folder.path, linkName(path)));
  return folder;
}

function linkName(path: string): string {
  return path.replaceAll('/', '__');
}

/** What the log of storescu says about files that were skipped or refused, by the name of their link. */
function reasonsIn(log: string): ReadonlyMap<string, string> {
  const lines = log.matchAll(/^(?:W: Skipped:|E: Not stored:) .*\/([^/]+?): (.*)$/gm);
  return new Map([...lines].map(([, name = '', reason = '']) => [name, reason]));
}

/** The file that a storescp has written for an instance, which is then removed. */
function takeStored({ folder }: Receiver, sopInstanceUid: string | undefined): Buffer | undefined {
  const name = readdirSync(folder).find((candidate) => candidate.replace(/^[A-Za-z]\w*\./, '') === sopInstanceUid);
  if (name === undefined) return undefined;
  const bytes = readFileSync(join(folder, name));
  rmSync(join(folder, name));
  return bytes;
}

/** As it goes out. */
function sentDataSet(path: string): Buffer {
  const bytes = readFileSync(join(DATA, path));
  const at = DATA_SET_AT[path];
  const dataSet = at === undefined ? dataSetOf(bytes) : bytes.subarray(at);
  return path === PADDED ? Buffer.concat([dataSet, Buffer.of(0)]) : dataSet;
}

/** What follows group 0002 as its group length has it (PS3.10 7.1), or the whole of a file that has none. */
function dataSetOf(bytes: Buffer): Buffer {
  if (bytes.toString('latin1', 128, 132) !== 'DICM') return bytes;
  return bytes.subarray(144 + bytes.readUInt32LE(140));
}

/** Two receivers have got the same, unless only the other has left it compressed when it had the choice. */
function assertAlike(path: string, ours: Buffer | undefined, theirs: Buffer | undefined): void {
  assert.equal(ours === undefined, theirs === undefined, path);
  if (ours === undefined || theirs === undefined) return;
  const ourSyntax = readPart10(ours).syntax;
  const theirSyntax = readPart10(theirs).syntax;
  if (ourSyntax === theirSyntax) assert.ok(dataSetOf(ours).equals(dataSetOf(theirs)), `${path} differs`);
  else assert.equal(ourSyntax, EXPLICIT_VR_LITTLE_ENDIAN, path);
}
