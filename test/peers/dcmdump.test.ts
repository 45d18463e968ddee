/** What our storescu converts, compared with what DCMTK's dcmconv makes of the same files, in the words of dcmdump. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { dcmtk, dcmtkStorescp, skipWithoutDcmtk } from '../support/peers-dcmtk.js';
import { SYNTAXES, sopInstanceUid, TemporaryFolder, writeSamples } from '../support/peers-files.js';
import { storescu } from '../support/processes.js';

describe('what our storescu converts', { skip: skipWithoutDcmtk() }, () => {
  for (const target of 'ieb')
    test(`to ${SYNTAXES[target]?.name} is what dcmconv makes of it`, async () => {
      using folder = new TemporaryFolder();
      const sent = writeSamples(folder.path, 'iebd');
      await using receiver = await dcmtkStorescp();
      const { stderr } = await storescu([`-x${target}`, ...receiver.address, folder.path]);
      assert.equal(stderr, '');
      const stored = receiver.stored();
      for (const file of sent) {
        const copy = stored.find((candidate) => sopInstanceUid(candidate) === sopInstanceUid(file));
        assert.ok(copy, `${file.path} is stored`);
        const converted = join(folder.path, 'converted.dcm');
        // -e: sequences of undefined length, as ours are.
        const { code } = await dcmtk('dcmconv', ['-q', `+t${target}`, '-e', file.path, converted]);
        assert.equal(code, 0);
        assert.deepEqual(await dumped(copy.path), await dumped(converted), file.path);
      }
    });
});

/** The data set, a line for each element. */
async function dumped(path: string): Promise<readonly string[]> {
  const { code, stdout, stderr } = await dcmtk('dcmdump', ['-q', '+L', path]);
  assert.equal(stderr, '');
  assert.equal(code, 0);
  const lines = stdout.split('\n').filter((line) => !line.startsWith('(0002,') && !isDisputed(line));
  assert.ok(lines.length > 50);
  return lines;
}

/** From Implicit VR, DCMTK takes LUT Descriptor for US even where Pixel Representation makes it SS (PS3.3 C.11.1.1.1). */
function isDisputed(line: string): boolean {
  return /^\s*\(0028,3002\)/.test(line);
}
