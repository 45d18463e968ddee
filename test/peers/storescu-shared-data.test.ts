/** DCMTK's storescu and our storescp: every file of ../shared/data, proposed with the option that is for its syntax. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { dcmtk, skipWithoutDcmtk } from '../support/peers-dcmtk.js';
import { WITH_NATIVE } from '../support/peers-dcmtk-files.js';
import { ourStorescp } from '../support/peers-ours.js';
import { assertArrived, NO_IDENTITY } from '../support/peers-reencoded.js';
import { NOT_SENT, rounds, skipWithoutData, takeStored } from '../support/peers-shared-data.js';

const OPTIONS: Readonly<Record<string, string>> = {
  ...WITH_NATIVE,
  '-xi': '1.2.840.10008.1.2',
  '-xe': '1.2.840.10008.1.2.1',
  '-xb': '1.2.840.10008.1.2.2',
  '-xd': '1.2.840.10008.1.2.1.99',
};

describe('the files of ../shared/data', { skip: skipWithoutData || skipWithoutDcmtk() }, () => {
  test("come from DCMTK's storescu to our storescp in their own transfer syntaxes", async () => {
    await using receiver = await ourStorescp();
    for (const files of await rounds()) {
      // With a file that it finds no instance in, storescu does not even begin.
      const sent = files.filter(({ name }) => !(name in NOT_SENT) && !NO_IDENTITY.includes(name));
      for (const [option, uid] of Object.entries(OPTIONS)) {
        const paths = sent.filter(({ instance }) => instance?.transferSyntaxUid === uid).map(({ path }) => path);
        if (paths.length === 0) continue;
        const { code, stderr } = await dcmtk('storescu', ['-R', option, ...receiver.address, ...paths]);
        assert.equal(code, 0, stderr);
      }
      for (const file of sent) {
        const copy = takeStored(receiver, file);
        assert.ok(copy !== undefined, `${file.name} is not stored`);
        assertArrived(copy, file, 'sender');
      }
      assert.deepEqual(readdirSync(receiver.folder), [], 'nothing else is stored');
    }
    assert.equal(receiver.server.stderr, '');
  });
});
