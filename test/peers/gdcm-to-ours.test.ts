/** GDCM's gdcmscu and our storescp: real files, native and compressed, many on one association. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { assertSameElements, type Part10File, part10File } from '../support/peers-files.js';
import { ourStorescp } from '../support/peers-ours.js';
import { skipWithout } from '../support/peers-required.js';
import {
  NOT_SENT,
  type RealFile,
  rounds,
  sentDataSet,
  skipWithoutData,
  takeStored,
} from '../support/peers-shared-data.js';
import { run } from '../support/processes.js';

/** The SOP Class UID is in the file meta information only, and gdcmscu proposes what it finds in the data set: nothing. */
const NOT_PROPOSED: readonly string[] = [
  'charsets/chrSQEncoding.dcm',
  'charsets/chrSQEncoding1.dcm',
  'files/UN_sequence.dcm',
  'files/no_meta_group_length.dcm',
  'files/priv_SQ.dcm',
];

/** Files of which GDCM changes bytes when it sends them. */
const REENCODED: readonly string[] = [
  // Fragments of VR OW are OB (PS3.5 A.4).
  'files/693_J2KI.dcm',
  'files/MR_small_jp2klossless.dcm',
  'files/MR_small_jpeg_ls_lossless.dcm',
  'files/SC_rgb_rle_16bit.dcm',
  'files/SC_rgb_rle_16bit_2frame.dcm',
  'files/rtdose_rle.dcm',
  'files/rtdose_rle_1frame.dcm',
];
/** Private creators of VR UN are LO. */
const OTHER_VRS = 'files/J2K_pixelrep_mismatch.dcm';
/** Of odd length in the file and sent so, against PS3.5 A.5, instead of with a NUL: the file's bytes are what is left. */
const NOT_PADDED = 'files/image_dfl.dcm';

describe('the files of ../shared/data', { skip: skipWithoutData || skipWithout(['gdcmscu'], 'libgdcm-tools') }, () => {
  test("come from GDCM's gdcmscu to our storescp as they are", async () => {
    await using receiver = await ourStorescp();
    for (const files of await rounds()) {
      const sent = files.filter(({ name }) => NOT_SENT[name] === undefined && !NOT_PROPOSED.includes(name));
      if (sent.length === 0) continue;
      // Debian's gdcmscu aborts itself at its end, after the release: what counts is what has arrived.
      await run('gdcmscu', ['--store', ...receiver.address, ...sent.map(({ path }) => path)]);
      for (const file of sent) assertArrived(takeStored(receiver, file), file);
      assert.deepEqual(readdirSync(receiver.folder), [], 'nothing else is stored');
    }
    assert.equal(receiver.server.stderr, '');
  });
});

function assertArrived(copy: Buffer | undefined, file: RealFile): void {
  assert.ok(copy !== undefined, `${file.name} is not stored`);
  const stored = part10File(file.name, copy);
  const sent = part10File(file.path, readFileSync(file.path));
  assert.equal(stored.syntax, sent.syntax, file.name);
  if (file.name === OTHER_VRS) {
    assert.deepEqual(tagsOf(stored), tagsOf(sent));
    return;
  }
  assertSameElements(stored, sent);
  const bytes = file.name === NOT_PADDED ? sent.bytes : sentDataSet(file);
  if (!REENCODED.includes(file.name)) assert.ok(stored.bytes.equals(bytes), `${file.name} is stored with other bytes`);
}

function tagsOf({ dataSet }: Part10File): readonly number[] {
  return dataSet.map(({ tag }) => tag);
}
