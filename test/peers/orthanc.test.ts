/** Orthanc and ours: every file of ../shared/data that it understands gets there, and from there to us, as it is. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { IMPLICIT_VR_LITTLE_ENDIAN, isNative } from '../../src/dataset/transfer-syntax.js';
import { assertSameElements, part10File, sopInstanceUid } from '../support/peers-files.js';
import { Orthanc, skipWithoutOrthanc } from '../support/peers-orthanc.js';
import { ourStorescp } from '../support/peers-ours.js';
import { assertArrived, NO_IDENTITY } from '../support/peers-reencoded.js';
import {
  linkName,
  NOT_SENT,
  type RealFile,
  Round,
  reasonsIn,
  rounds,
  skipWithoutData,
  takeStored,
} from '../support/peers-shared-data.js';
import { storescu } from '../support/processes.js';

const CANNOT_UNDERSTAND = /^0xC000 - Failure: Cannot Understand$/;
const OUT_OF_RESOURCES = /^0xA700 - Failure: Out of Resources$/;

/** What Orthanc does not take, and how it says so: it files an instance by the identifiers in its data set. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  ...Object.fromEntries(NO_IDENTITY.map((name) => [name, CANNOT_UNDERSTAND])),
  // There are no Patient ID, Study and Series Instance UID.
  'files/JPEGLSNearLossless_08.dcm': OUT_OF_RESOURCES,
  'files/JPEGLSNearLossless_16.dcm': OUT_OF_RESOURCES,
  'files/SC_rgb_jls_lossy_line.dcm': OUT_OF_RESOURCES,
  'files/SC_rgb_jls_lossy_sample.dcm': OUT_OF_RESOURCES,
};

describe('the files of ../shared/data', { skip: skipWithoutData || skipWithoutOrthanc() }, () => {
  test('go from our storescu -xo to Orthanc as they are', async () => {
    await using orthanc = await Orthanc.start();
    await sendAll(orthanc, ['-xo'], (file, copy) => assertArrived(copy, file, 'receiver'));
  });

  test('go from our storescu to Orthanc in Implicit VR, compressed ones as they are', async () => {
    await using orthanc = await Orthanc.start();
    await sendAll(orthanc, [], ({ path }, copy) => {
      const stored = part10File(path, copy);
      const sent = part10File(path, readFileSync(path));
      assert.equal(stored.syntax, isNative(sent.syntax) ? IMPLICIT_VR_LITTLE_ENDIAN : sent.syntax, path);
      assertSameElements(stored, sent);
    });
  });

  test('come from Orthanc to our storescp as they are', async () => {
    await using orthanc = await Orthanc.start();
    await using receiver = await ourStorescp();
    for (const files of await rounds()) {
      for (const { path } of files) await orthanc.upload(readFileSync(path));
      await orthanc.sendTo(receiver.address);
      await orthanc.clear();
      for (const file of files) {
        const copy = takeStored(receiver, file);
        const exception = NOT_SENT[file.name] ?? REFUSED[file.name];
        assert.equal(copy === undefined, exception !== undefined, file.name);
        if (copy !== undefined) assertArrived(copy, file, 'sender');
      }
      assert.deepEqual(readdirSync(receiver.folder), [], 'nothing else is stored');
    }
    assert.equal(receiver.server.stderr, '');
  });
});

/** Sends all files. Each is either there in the end, which `check` is called for, or the log gives the reason it should. */
async function sendAll(
  orthanc: Orthanc,
  options: readonly string[],
  check: (file: RealFile, copy: Buffer) => void,
): Promise<void> {
  for (const files of await rounds()) {
    using round = new Round(files);
    const { stderr } = await storescu([...options, ...orthanc.address, round.path]);
    const reasons = reasonsIn(stderr);
    const copies = new Map((await orthanc.take()).map((copy) => [sopInstanceUid(part10File('', copy)), copy]));
    for (const file of files) {
      const copy = copies.get(file.instance?.sopInstanceUid);
      const exception = NOT_SENT[file.name] ?? REFUSED[file.name];
      assert.match(reasons.get(linkName(file)) ?? '', exception ?? /^$/, file.name);
      assert.equal(copy === undefined, exception !== undefined, file.name);
      if (copy !== undefined) check(file, copy);
      copies.delete(file.instance?.sopInstanceUid);
    }
    assert.equal(copies.size, 0, 'nothing else is stored');
  }
}
