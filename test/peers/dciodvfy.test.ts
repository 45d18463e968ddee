/** What our storescu converts and decompresses gives dciodvfy no more to complain of than the file that it was made of. */
import assert from 'node:assert/strict';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { attributeOf, BITS_ALLOCATED } from '../support/codecs-images.js';
import { verdicts } from '../support/peers-dciodvfy.js';
import { dcmtk, skipWithoutDcmtk } from '../support/peers-dcmtk.js';
import { readFile, sopInstanceUid, TemporaryFolder, writeSamples } from '../support/peers-files.js';
import { ourStorescp } from '../support/peers-ours.js';
import type { Receiver } from '../support/peers-receiver.js';
import { skipWithout } from '../support/peers-required.js';
import { NOT_SENT, type RealFile, Round, rounds, skipWithoutData, storedPath } from '../support/peers-shared-data.js';
import { storescu } from '../support/processes.js';

/** What storescu proposes; the default is Implicit VR Little Endian. */
const PROPOSALS: readonly (readonly string[])[] = [[], ['-xe'], ['-xb']];

/** Its codestream is broken off by a delimiter in the middle, and GDCM does not decompress it either. */
const NOT_DECOMPRESSED = 'files/JPEG2000-embedded-sequence-delimiter.dcm';

/**
 * Complaints that the conversion to Implicit VR brings to light: in the files two private elements are LO that dciodvfy's
 * dictionary has as PN, and where no VR is written it goes by its dictionary and finds their text wanting.
 */
const PRIVATE_NAMES =
  /Value dubious for this VR - \(0x0009,0x1040\) PN Patient Object Name .* - Retired Person Name form$/;
const BROUGHT_TO_LIGHT: Readonly<Record<string, RegExp>> = {
  'files/JPEG-lossy.dcm': PRIVATE_NAMES,
  'files/JPEG2000.dcm': PRIVATE_NAMES,
  'files/JPGExtended.dcm': PRIVATE_NAMES,
};

/** A note rather than a complaint: dciodvfy makes it of an unknown private element where a VR is written, right or wrong. */
const NOTE = / - Warning - Unrecognized tag - /;

interface Conversion {
  readonly name: string;
  readonly original: string;
  readonly converted: string;
}

const skip = skipWithout(['dciodvfy'], 'dicom3tools') || skipWithoutDcmtk();

describe('dciodvfy has no new complaint of what our storescu makes', { skip }, () => {
  for (const proposal of PROPOSALS) {
    const title = ['storescu', ...proposal].join(' ');

    test(`of our samples: ${title}`, async () => {
      using folder = new TemporaryFolder();
      const sent = writeSamples(folder.path, 'iebd');
      await using receiver = await ourStorescp(['--accept-native']);
      const { code, stderr } = await storescu([...proposal, ...receiver.address, folder.path]);
      assert.equal(code, 0, stderr);
      const stored = new Map(receiver.stored().map((file) => [sopInstanceUid(file), file.path]));
      const conversions = sent.map((file) => ({
        name: file.path,
        original: file.path,
        converted: stored.get(sopInstanceUid(file)) ?? assert.fail(`${file.path} is not stored`),
      }));
      await assertNoNewComplaints(conversions);
    });

    test(`of ../shared/data: ${title}`, { skip: skipWithoutData }, async () => {
      await using receiver = await ourStorescp(['--accept-native']);
      for (const files of await rounds()) await convertAndCheck(files, proposal, receiver);
    });
  }
});

async function convertAndCheck(
  files: readonly RealFile[],
  proposal: readonly string[],
  receiver: Receiver,
): Promise<void> {
  using round = new Round(files);
  await storescu([...proposal, ...receiver.address, round.path]);
  const conversions: Conversion[] = [];
  for (const file of files) {
    const { name, path, instance } = file;
    const converted = storedPath(receiver, file);
    assert.equal(converted === undefined, name in NOT_SENT || name === NOT_DECOMPRESSED, name);
    if (converted === undefined || readFile(converted).syntax === instance?.transferSyntax) continue;
    conversions.push({ name, original: path, converted });
  }
  await assertNoNewComplaints(conversions);
  receiver.take();
}

async function assertNoNewComplaints(conversions: readonly Conversion[]): Promise<void> {
  using folder = new TemporaryFolder();
  const originals = await Promise.all(conversions.map(({ original }) => readable(original, folder.path)));
  const before = await verdicts(originals);
  const after = await verdicts(conversions.map(({ converted }) => converted));
  for (const [index, { name, converted }] of conversions.entries()) {
    // It dies over native pixel data of 32 bits, whoever has written it, as it does over rtdose.dcm of ../shared/data.
    assert.equal(after[index]?.crashed, attributeOf(readFile(converted).dataSet, BITS_ALLOCATED) === 32, name);
    const old = [...(before[index]?.complaints ?? [])];
    for (const complaint of after[index]?.complaints ?? []) {
      const at = old.indexOf(complaint);
      if (at >= 0) old.splice(at, 1);
      else if (!NOTE.test(complaint)) assert.match(complaint, BROUGHT_TO_LIGHT[name] ?? /^$/, name);
    }
  }
}

/** dciodvfy does not read what is deflated: what DCMTK makes of such a file stands in for it. */
async function readable(path: string, folder: string): Promise<string> {
  if (!readFile(path).syntax.deflated) return path;
  const output = join(folder, basename(path));
  const { code, stderr } = await dcmtk('dcmconv', ['+te', path, output]);
  assert.equal(code, 0, stderr);
  return output;
}
