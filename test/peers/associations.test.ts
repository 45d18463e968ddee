/** What two strangers settle before data flows: PDU sizes, titles, SOP classes, and how many files share an association. */
import assert from 'node:assert/strict';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { EXPLICIT_VR_LITTLE_ENDIAN } from '../../src/dataset/transfer-syntax.js';
import { dcmtk, dcmtkStorescp, skipWithoutDcmtk } from '../support/peers-dcmtk.js';
import { assertStored, type Part10File, TemporaryFolder, writeSample } from '../support/peers-files.js';
import { ourStorescp } from '../support/peers-ours.js';
import { type Ended, storescu } from '../support/processes.js';
import type { SampleOptions } from '../support/sample-instance.js';

const skip = skipWithoutDcmtk();

/** For SOP classes that nobody knows. */
const PRIVATE_ROOT = '1.2.826.0.1.3680043.10.9999';

/** Files in Explicit VR Little Endian. */
function writeFiles(folder: TemporaryFolder, count: number, options: SampleOptions = {}): readonly Part10File[] {
  return Array.from({ length: count }, (_, index) =>
    writeSample(join(folder.path, `${index}.dcm`), EXPLICIT_VR_LITTLE_ENDIAN, options),
  );
}

function assertGood({ code, stderr }: Ended): void {
  assert.doesNotMatch(stderr, /^[EF]:/m);
  assert.equal(code, 0, stderr);
}

function occurrences(log: string, pattern: RegExp): number {
  return [...log.matchAll(pattern)].length;
}

const HALF_A_MEBIBYTE = { rows: 512, columns: 512 };

describe('PDUs of many sizes', { skip }, () => {
  for (const ours of ['4096', '131072', '0'])
    for (const theirs of ['4096', '131072'])
      test(`from our storescu -pdu ${ours} to DCMTK's storescp -pdu ${theirs}`, async () => {
        using folder = new TemporaryFolder();
        const sent = writeFiles(folder, 1, HALF_A_MEBIBYTE);
        await using receiver = await dcmtkStorescp(['-pdu', theirs]);
        assertGood(await storescu(['-xo', '-pdu', ours, ...receiver.address, folder.path]));
        assertStored(sent, receiver.stored(), { expected: 'e', bytesKept: true });
      });

  for (const ours of ['4096', '131072', '0'])
    for (const theirs of [
      ['-pdu', '4096'],
      ['-pdu', '131072'],
      ['--max-send-pdu', '4096'],
      ['--max-send-pdu', '131072'],
    ])
      test(`from DCMTK's storescu ${theirs.join(' ')} to our storescp -pdu ${ours}`, async () => {
        using folder = new TemporaryFolder();
        const sent = writeFiles(folder, 1, HALF_A_MEBIBYTE);
        await using receiver = await ourStorescp(['-pdu', ours]);
        assertGood(await dcmtk('storescu', [...theirs, '+sd', ...receiver.address, folder.path]));
        assertStored(sent, receiver.stored(), { expected: 'e' });
      });
});

describe('several files', { skip }, () => {
  test("share one association from our storescu to DCMTK's storescp, each with its own message id", async () => {
    using folder = new TemporaryFolder();
    const sent = writeFiles(folder, 12);
    await using receiver = await dcmtkStorescp(['-v']);
    assertGood(await storescu([...receiver.address, folder.path]));
    await receiver.logged(/Association Release/);
    const log = receiver.server.stderr;
    const ids = [...log.matchAll(/Received Store Request \(MsgID (\d+), CT\)/g)].map(([, id]) => Number(id));
    assert.deepEqual(
      ids,
      Array.from({ length: 12 }, (_, index) => index + 1),
    );
    assert.equal(occurrences(log, /Association Acknowledged/g), 1);
    assertStored(sent, receiver.stored(), { expected: 'i'.repeat(12) });
  });

  test("share one association from DCMTK's dcmsend to our storescp", async () => {
    using folder = new TemporaryFolder();
    const sent = writeFiles(folder, 12);
    await using receiver = await ourStorescp(['-v']);
    assertGood(await dcmtk('dcmsend', ['+sd', ...receiver.address, folder.path]));
    await receiver.logged(/Association Released/);
    const log = receiver.server.stderr;
    assert.equal(occurrences(log, /^I: Association Received$/gm), 1);
    assert.equal(occurrences(log, /^I: Received Store Request$/gm), 12);
    assertStored(sent, receiver.stored(), { expected: 'e'.repeat(12) });
  });

  test('come from four senders of each make at once', async () => {
    using folder = new TemporaryFolder();
    const sent = writeFiles(folder, 8);
    await using receiver = await ourStorescp();
    const senders = sent.map(({ path }, index) =>
      index % 2 === 0
        ? storescu(['-xe', ...receiver.address, path])
        : dcmtk('storescu', ['-xe', ...receiver.address, path]),
    );
    for (const ended of await Promise.all(senders)) assertGood(ended);
    assertStored(sent, receiver.stored(), { expected: 'e'.repeat(8) });
  });

  test("of 130 SOP classes share two associations with DCMTK's storescp, 128 contexts being the most", async () => {
    using folder = new TemporaryFolder();
    for (let index = 0; index < 130; index++)
      writeSample(join(folder.path, `${index}.dcm`), EXPLICIT_VR_LITTLE_ENDIAN, {
        sopClassUid: `${PRIVATE_ROOT}.${index}`,
        elements: [],
      });
    await using receiver = await dcmtkStorescp(['-v', '--promiscuous']);
    assertGood(await storescu([...receiver.address, folder.path]));
    await receiver.logged(/(?:Association Release[\s\S]*){2}/);
    assert.equal(occurrences(receiver.server.stderr, /Association Acknowledged/g), 2);
    assert.equal(receiver.stored().length, 130);
  });

  test("are sent three times each to DCMTK's storescp with --repeat 3", async () => {
    using folder = new TemporaryFolder();
    const sent = writeFiles(folder, 2);
    await using receiver = await dcmtkStorescp(['-v']);
    assertGood(await storescu(['--repeat', '3', ...receiver.address, folder.path]));
    await receiver.logged(/Association Release/);
    assert.equal(occurrences(receiver.server.stderr, /Received Store Request/g), 6);
    assertStored(sent, receiver.stored(), { expected: 'ii' });
  });
});

describe('application entity titles', { skip }, () => {
  test("of our storescu arrive at DCMTK's storescp", async () => {
    using folder = new TemporaryFolder();
    writeFiles(folder, 1);
    await using receiver = await dcmtkStorescp(['-d']);
    assertGood(await storescu(['-aet', 'A SENDER', '-aec', 'SIXTEEN_LETTERS_', ...receiver.address, folder.path]));
    await receiver.logged(/Calling Application Name: +A SENDER$/m);
    await receiver.logged(/Called Application Name: +SIXTEEN_LETTERS_$/m);
    assert.equal(receiver.stored()[0]?.sourceApplicationEntityTitle, 'A SENDER');
  });

  test("of DCMTK's storescu are in the file that our storescp writes", async () => {
    using folder = new TemporaryFolder();
    writeFiles(folder, 1);
    await using receiver = await ourStorescp();
    const titles = ['-aet', 'A SENDER', '-aec', 'SIXTEEN_LETTERS_'];
    assertGood(await dcmtk('storescu', [...titles, '+sd', ...receiver.address, folder.path]));
    assert.equal(receiver.stored()[0]?.sourceApplicationEntityTitle, 'A SENDER');
  });
});

describe('a private SOP class', { skip }, () => {
  const options = { sopClassUid: `${PRIVATE_ROOT}.1` };

  test("from DCMTK's dcmsend is refused by our storescp", async () => {
    using folder = new TemporaryFolder();
    writeFiles(folder, 1, options);
    await using receiver = await ourStorescp();
    const { stderr } = await dcmtk('dcmsend', ['-nuc', '+sd', ...receiver.address, folder.path]);
    assert.match(stderr, /No Acceptable Presentation Contexts/);
    assert.deepEqual(receiver.stored(), []);
  });

  test("from DCMTK's dcmsend is stored by our storescp --promiscuous, as UN", async () => {
    using folder = new TemporaryFolder();
    const sent = writeFiles(folder, 1, options);
    await using receiver = await ourStorescp(['--promiscuous']);
    assertGood(await dcmtk('dcmsend', ['-nuc', '+sd', ...receiver.address, folder.path]));
    assertStored(sent, receiver.stored(), { expected: 'e' });
    assert.match(basename(receiver.stored()[0]?.path ?? ''), /^UN\.2\.25\.\d+$/);
  });

  test("from our storescu is refused by DCMTK's storescp", async () => {
    using folder = new TemporaryFolder();
    writeFiles(folder, 1, options);
    await using receiver = await dcmtkStorescp();
    const { code, stderr } = await storescu([...receiver.address, folder.path]);
    assert.equal(stderr, 'E: No Acceptable Presentation Contexts\n');
    assert.equal(code, 1);
    assert.deepEqual(receiver.stored(), []);
  });

  test("from our storescu is stored by DCMTK's storescp --promiscuous", async () => {
    using folder = new TemporaryFolder();
    const sent = writeFiles(folder, 1, options);
    await using receiver = await dcmtkStorescp(['--promiscuous']);
    assertGood(await storescu(['-xo', ...receiver.address, folder.path]));
    assertStored(sent, receiver.stored(), { expected: 'e', bytesKept: true });
  });
});
