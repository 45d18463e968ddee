/** Real files: every one of ../shared/data that is a whole DICOM file arrives with the data set it left with. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { EXPLICIT_VR_LITTLE_ENDIAN, STANDARD_TRANSFER_SYNTAXES } from '../../src/dataset/transfer-syntax.js';
import { dcmrecv, dcmtk, dcmtkStorescp, skipWithoutDcmtk } from '../support/peers-dcmtk.js';
import { ourStorescp } from '../support/peers-ours.js';
import type { Receiver } from '../support/peers-receiver.js';
import {
  dataSetOf,
  linkName,
  NOT_SENT,
  Round,
  reasonsIn,
  rounds,
  sentDataSet,
  skipWithoutData,
  takeStored,
} from '../support/peers-shared-data.js';
import { storescu } from '../support/processes.js';
import { readPart10 } from '../support/sample-instance.js';

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

  test("go from our storescu -xo to DCMTK's dcmrecv without a changed byte", {
    skip: skipWithoutDcmtk(),
  }, async () => {
    const files = (await rounds()).flat();
    const sopClasses = new Set(files.flatMap(({ instance }) => instance?.sopClassUid ?? []));
    await using receiver = await dcmrecv(profileForAll([...sopClasses]), 'ALL');
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

/** DCMTK's words for any of these classes in any transfer syntax of the standard. */
function profileForAll(sopClasses: readonly string[]): string {
  return [
    '[[TransferSyntaxes]]',
    '[Any]',
    ...STANDARD_TRANSFER_SYNTAXES.map(({ uid }, index) => `TransferSyntax${index + 1} = ${uid}`),
    '[[PresentationContexts]]',
    '[All]',
    ...sopClasses.map((uid, index) => `PresentationContext${index + 1} = ${uid}\\Any`),
    '[[Profiles]]',
    '[ALL]',
    'PresentationContexts = All',
  ].join('\n');
}

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

/** Two receivers have got the same, unless only the other has left it compressed when it had the choice. */
function assertAlike(name: string, ours: Buffer | undefined, theirs: Buffer | undefined): void {
  assert.equal(ours === undefined, theirs === undefined, name);
  if (ours === undefined || theirs === undefined) return;
  const ourSyntax = readPart10(ours).syntax;
  const theirSyntax = readPart10(theirs).syntax;
  if (ourSyntax === theirSyntax) assert.ok(dataSetOf(ours).equals(dataSetOf(theirs)), `${name} differs`);
  else assert.equal(ourSyntax, EXPLICIT_VR_LITTLE_ENDIAN, name);
}
