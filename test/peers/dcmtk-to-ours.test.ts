/** DCMTK's senders and our storescp: every proposal, every file syntax, every answer. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { dcmtk, fromDcmtkStorescu, skipWithoutDcmtk } from '../support/peers-dcmtk.js';
import { TemporaryFolder } from '../support/peers-files.js';
import { testMatrix } from '../support/peers-matrix.js';
import { ourStorescp } from '../support/peers-ours.js';
import { CT_IMAGE, sampleImage, samplePart10 } from '../support/sample-instance.js';

const skip = skipWithoutDcmtk();

// Rows: what the peer proposes. Columns: what our storescp prefers. Cells: the syntax in which the files in Implicit VR
// Little Endian (i), Explicit VR Little (e) and Big Endian (b), Deflated (d) and JPEG Baseline (j) are stored.

// Each transfer syntax before `-` in a context of its own, the other native ones in a second one; with +C all in one.
const FROM_STORESCU = `
  |         | -x=  | -xe  | -xb  | -xi  | --accept-native |
  | default | eebe | eebe | eebe | iiii | eebe            |
  | -xe     | eebe | eebe | eebe | iiii | eebe            |
  | -xb     | bebb | bebb | bebb | iiii | bebb            |
  | -xi     | iiii | iiii | iiii | iiii | iiii            |
  | -xd     | dddd | dddd | dddd | iiii | eeee            |
  | -xd +C  | eeee | eeee | bbbb | iiii | eeee            |
  | -R      | eebe | eebe | eebe | iiii | eebe            |
  | -R -xd  | dddd | dddd | dddd | iiii | eeee            |
`;

const FROM_DCMSEND = `
  |         | -x=   | -xe   | -xb   | -xi   | --accept-native |
  | default | eeeej | eeeej | bbbbj | iiii- | eeee-           |
`;

describe("DCMTK's storescu to our storescp", { skip }, () => {
  testMatrix({
    table: FROM_STORESCU,
    ...fromDcmtkStorescu,
    receive: ourStorescp,
  });
});

describe("DCMTK's dcmsend to our storescp", { skip }, () => {
  testMatrix({
    table: FROM_DCMSEND,
    samples: 'iebdj',
    receive: ourStorescp,
    send: (given, folder) => dcmtk('dcmsend', [...given, '-nh', '+sd', folder]),
    check: ({ code }) => assert.equal(code, 0),
    bytesKept: false,
  });
});

describe("DCMTK's echoscu to our storescp", { skip }, () => {
  for (const options of [[], ['-pts', '3'], ['-pts', '38', '-ppc', '128'], ['--repeat', '100'], ['--abort']])
    test(`with ${options.join(' ') || 'no option'}`, async () => {
      await using receiver = await ourStorescp();
      const { code, stderr } = await dcmtk('echoscu', [...options, ...receiver.address]);
      assert.equal(stderr, '');
      assert.equal(code, 0);
    });
});

describe("DCMTK's storescu to our storescp with folders by attributes", { skip }, () => {
  test('files go where dcmdump reads the same attributes, and a second time to the same place', async () => {
    using folder = new TemporaryFolder();
    const names = ['Müller^Jörg', 'Buc^Jérôme'];
    for (const [index, name] of names.entries()) {
      const image = sampleImage({
        sopClassUid: CT_IMAGE,
        sopInstanceUid: `1.2.3.${index}`,
        elements: [{ tag: 0x00100010, vr: 'PN', value: [name] }],
      });
      writeFileSync(join(folder.path, `${index}.dcm`), samplePart10(image));
    }
    const pattern = '{PatientName}/{StudyDate}/{Modality}.{SOPInstanceUID}.dcm';
    await using receiver = await ourStorescp(['--output-pattern', pattern, '--on-duplicate', 'keep']);
    for (const again of ['once', 'twice']) {
      const { code, stderr } = await dcmtk('storescu', [...receiver.address, '+sd', folder.path]);
      assert.deepEqual([code, stderr], [0, ''], again);
    }
    for (const [index, name] of names.entries()) {
      const path = join(receiver.folder, name, '20261122', `CT.1.2.3.${index}.dcm`);
      const { stdout } = await dcmtk('dcmdump', ['+U8', '+P', 'PatientName', '+P', 'SOPInstanceUID', path]);
      assert.ok(stdout.includes(`[${name}]`) && stdout.includes(`[1.2.3.${index}]`), stdout);
    }
  });
});
