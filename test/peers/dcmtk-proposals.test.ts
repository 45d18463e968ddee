/** What DCMTK's senders propose with each option of theirs, and what is stored of files in the syntaxes it is for. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { EXPLICIT_VR_LITTLE_ENDIAN } from '../../src/dataset/transfer-syntax.js';
import { syntaxOf } from '../support/codecs-images.js';
import { dcmtk, fromDcmtkStorescu, skipWithoutDcmtk } from '../support/peers-dcmtk.js';
import { ALONE, WITH_NATIVE, writeDcmtkSample } from '../support/peers-dcmtk-files.js';
import {
  assertStored,
  letterOf,
  type Part10File,
  sopInstanceUid,
  TemporaryFolder,
  writeSample,
} from '../support/peers-files.js';
import { testMatrix } from '../support/peers-matrix.js';
import { ourStorescp } from '../support/peers-ours.js';
import type { Receiver } from '../support/peers-receiver.js';

const skip = skipWithoutDcmtk();

// As in dcmtk-to-ours.test.ts. With +C all transfer syntaxes of a class are in one context, so that the receiver chooses.
const COMBINED = `
  |           | -x=  | -xb  | -xi  | --accept-native |
  | +C        | eeee | bbbb | iiii | eeee            |
  | -x= +C    | eeee | bbbb | iiii | eeee            |
  | -xe +C    | eeee | bbbb | iiii | eeee            |
  | -xb +C    | eeee | bbbb | iiii | eeee            |
  | -xi +C    | iiii | iiii | iiii | iiii            |
  | -R +C     | eeee | bbbb | iiii | eeee            |
  | -R -xi +C | iiii | iiii | iiii | iiii            |
  | -R -xd +C | eeee | bbbb | iiii | eeee            |
`;

describe("DCMTK's storescu +C to our storescp", { skip }, () => {
  testMatrix({
    table: COMBINED,
    ...fromDcmtkStorescu,
    receive: ourStorescp,
  });
});

describe("DCMTK's storescu with a compressed syntax to our storescp", { skip }, () => {
  const samples = samplesOf([...Object.values(WITH_NATIVE), ...Object.values(ALONE)]);

  for (const mode of [[], ['-R'], ['+C'], ['-R', '+C']])
    test(['proposed with its option', ...mode].join(' '), async (context) => {
      await using receiver = await ourStorescp();
      for (const [option, uid] of Object.entries({ ...WITH_NATIVE, ...ALONE }))
        await context.test(option, async () => {
          const native = samples(EXPLICIT_VR_LITTLE_ENDIAN.uid);
          const compressed = samples(uid);
          const sent = option in WITH_NATIVE ? [native, compressed] : [compressed];
          // Where the native ones are proposed in the same context, our storescp takes one of them.
          const isAccepted = option in ALONE || !mode.includes('+C');
          const { code } = await dcmtk('storescu', [option, ...mode, ...receiver.address, ...paths(sent)]);
          const expected = sent.map((file) => (file === native ? 'e' : isAccepted ? letterOf(file.syntax) : '-'));
          assertStored(sent, receiver.take(), { expected: expected.join(''), bytesKept: true });
          assert.equal(code === 0, isAccepted);
        });
    });
});

/** What dcmsend sends. */
const KINDS = ['1', '1.99', '5', '4.50', '4.51', '4.70', '4.80', '4.81', '4.90', '4.91', '4.100'];

// Cells: how each of the above is stored, `=` as it is, `e` decompressed, `-` not at all.
const FROM_DCMSEND: readonly (readonly [string, string, string])[] = [
  ['', '=ee==ee====', '=ee--ee----'],
  ['-dn', '===========', '=----------'],
  ['+dls', '=ee==ee====', '=ee--ee----'],
  ['+dly', '=eeeeeee===', '=eeeeeee---'],
  ['+ma', '=ee==ee====', '=ee--ee----'],
  ['-ma', '=ee==ee====', '=ee--ee----'],
];

describe("DCMTK's dcmsend to our storescp", { skip }, () => {
  const uids = KINDS.map((kind) => `1.2.840.10008.1.2.${kind}`);
  const samples = samplesOf(uids);

  for (const [index, ours] of [[], ['--accept-native']].entries())
    test(['receiving with', ...ours].join(' '), async (context) => {
      await using receiver = await ourStorescp(ours);
      for (const [option, ...columns] of FROM_DCMSEND)
        await context.test(`sending with ${option}`, async () => {
          const sent = uids.map(samples);
          const options = option === '' ? [] : [option];
          await dcmtk('dcmsend', ['-nh', ...options, ...receiver.address, ...paths(sent)]);
          assert.equal(traces(sent, receiver.take()), columns[index]);
        });
    });

  test('of 200 SOP classes over two associations, or over one as many as fit', async () => {
    using folder = new TemporaryFolder();
    for (let index = 0; index < 200; index++)
      writeSample(join(folder.path, `${index}.dcm`), EXPLICIT_VR_LITTLE_ENDIAN, {
        sopClassUid: `1.2.826.0.1.3680043.10.9999.${index}`,
        elements: [],
      });
    await using receiver = await ourStorescp(['--promiscuous', '-v']);
    const send = (option: string) => dcmtk('dcmsend', ['-nuc', option, '+sd', ...receiver.address, folder.path]);
    await send('+ma');
    await receiver.logged(/(?:Association Released[\s\S]*){2}/);
    assert.equal(associations(receiver), 2);
    assert.equal(receiver.take().length, 200);
    await send('-ma');
    await receiver.logged(/(?:Association Released[\s\S]*){3}/);
    assert.equal(associations(receiver), 3);
    assert.equal(receiver.take().length, 128);
  });
});

/** One file in each of these transfer syntaxes and one in Explicit VR, there while the tests of the suite run. */
function samplesOf(uids: readonly string[]): (uid: string) => Part10File {
  const folder = new TemporaryFolder();
  const files = new Map<string, Part10File>();
  before(async () => {
    for (const uid of new Set([EXPLICIT_VR_LITTLE_ENDIAN.uid, ...uids]))
      files.set(uid, await writeDcmtkSample(join(folder.path, uid), syntaxOf(uid)));
  });
  after(() => folder[Symbol.dispose]());
  return (uid) => files.get(uid) ?? assert.fail(uid);
}

function traces(sent: readonly Part10File[], stored: readonly Part10File[]): string {
  return sent
    .map((file) => {
      const copy = stored.find((candidate) => sopInstanceUid(candidate) === sopInstanceUid(file));
      if (copy === undefined) return '-';
      if (copy.syntax !== file.syntax) return letterOf(copy.syntax);
      // DCMTK deflates anew.
      assert.ok(file.syntax.deflated || copy.bytes.equals(file.bytes), `${file.path} is stored with other bytes`);
      return '=';
    })
    .join('');
}

function paths(files: readonly Part10File[]): readonly string[] {
  return files.map(({ path }) => path);
}

function associations({ server }: Receiver): number {
  return [...server.stderr.matchAll(/^I: Association Received$/gm)].length;
}
