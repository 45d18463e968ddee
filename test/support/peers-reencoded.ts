/** What DCMTK's code, which Orthanc is built on too, makes of the files of ../shared/data when it writes or sends them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { assertSameElements, part10File } from './peers-files.js';
import { type RealFile, sentDataSet } from './peers-shared-data.js';

/** It finds no instance in these, by the data set of which alone it goes. */
export const NO_IDENTITY: readonly string[] = [
  // SOP Class and Instance UID are in the file meta information only.
  'charsets/chrSQEncoding.dcm',
  'charsets/chrSQEncoding1.dcm',
  'files/UN_sequence.dcm',
  'files/no_meta_group_length.dcm',
  'files/priv_SQ.dcm',
  // They are of VR UN.
  'files/rtdose_rle.dcm',
  'files/rtdose_rle_1frame.dcm',
];

/** Files of which it encodes the elements in other bytes, by what it changes. */
const REENCODED: Readonly<Record<string, readonly string[]>> = {
  'sequences of undefined length get a length': [
    ...['6293', '6924'].map((name) => `dicomdir/98892001/CT2N/${name}`),
    ...['2062', '2392', '2693', '3023', '3353'].map((name) => `dicomdir/98892001/CT5N/${name}`),
    'files/693_J2KI.dcm',
    'files/JPEG-lossy.dcm',
    'files/JPEG2000-embedded-sequence-delimiter.dcm',
    'files/JPEG2000.dcm',
    'files/JPGExtended.dcm',
    'files/SC_rgb_gdcm_KY.dcm',
    'files/examples_jpeg2k.dcm',
    'files/examples_palette.dcm',
    'files/liver_1frame.dcm',
    'files/reportsi.dcm',
    'files/rtstruct.dcm',
    'files/waveform_ecg.dcm',
  ],
  'wrong group lengths are put right': ['charsets/chrJapMulti.dcm', 'charsets/chrKoreanMulti.dcm'],
  'text of nothing but padding becomes empty': ['files/examples_ybr_color.dcm'],
  'fragments of VR OW are OB (PS3.5 A.4)': [
    'files/MR_small_jp2klossless.dcm',
    'files/MR_small_jpeg_ls_lossless.dcm',
    'files/SC_rgb_rle_16bit.dcm',
    'files/SC_rgb_rle_16bit_2frame.dcm',
  ],
  'the data set is deflated anew': ['files/image_dfl.dcm'],
};

/** Files that end with padding, which it leaves out when it sends them. */
const WITH_TRAILING_PADDING: readonly string[] = [
  'files/CT_small.dcm',
  'files/MR_small.dcm',
  'files/MR_small_RLE.dcm',
  'files/MR_small_expb.dcm',
  'files/MR_small_padded.dcm',
  'files/examples_rgb_color.dcm',
];

/** A copy has the syntax and the elements of the file, and its bytes as well unless DCMTK, `by` which it came, changes them. */
export function assertArrived(copy: Buffer, file: RealFile, by: 'sender' | 'receiver'): void {
  const stored = part10File(file.name, copy);
  const sent = part10File(file.path, readFileSync(file.path));
  assert.equal(stored.syntax, sent.syntax, file.name);
  assertSameElements(stored, sent);
  if (Object.values(REENCODED).flat().includes(file.name)) return;
  if (by === 'sender' && WITH_TRAILING_PADDING.includes(file.name)) return;
  assert.ok(stored.bytes.equals(sentDataSet(file)), `${file.name} is stored with other bytes`);
}
