/** What our storescu converts, compared with what DCMTK's dcmconv makes of the same files, in the words of dcmdump. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { dcmtk, dcmtkStorescp, skipWithoutDcmtk } from '../support/peers-dcmtk.js';
import { SYNTAXES, sopInstanceUid, TemporaryFolder, writeSamples } from '../support/peers-files.js';
import { Round, rounds, skipWithoutData, storedPath } from '../support/peers-shared-data.js';
import { storescu } from '../support/processes.js';

const TARGETS = ['i', 'e', 'b'] as const;

describe('what our storescu converts', { skip: skipWithoutDcmtk() }, () => {
  for (const target of TARGETS)
    test(`to ${SYNTAXES[target]?.name} is what dcmconv makes of it`, async () => {
      using folder = new TemporaryFolder();
      const sent = writeSamples(folder.path, 'iebd');
      await using receiver = await dcmtkStorescp();
      const { stderr } = await storescu(['--no-decompress', `-x${target}`, ...receiver.address, folder.path]);
      assert.equal(stderr, '');
      const stored = receiver.stored();
      const conversions = sent.map((file) => {
        const copy = stored.find((candidate) => sopInstanceUid(candidate) === sopInstanceUid(file));
        return { original: file.path, converted: copy?.path ?? assert.fail(`${file.path} is not stored`) };
      });
      await assertAsDcmconv(conversions, target);
    });

  for (const target of TARGETS)
    test(`to ${SYNTAXES[target]?.name} of ../shared/data is what dcmconv makes of it`, {
      skip: skipWithoutData,
    }, async () => {
      await using receiver = await dcmtkStorescp();
      for (const files of await rounds()) {
        using round = new Round(files);
        await storescu(['--no-decompress', `-x${target}`, ...receiver.address, round.path]);
        const conversions = files
          .filter(({ instance }) => instance?.transferSyntax !== SYNTAXES[target])
          .flatMap((file) => {
            const converted = storedPath(receiver, file);
            return converted === undefined ? [] : { original: file.path, converted };
          });
        await assertAsDcmconv(conversions, target);
        receiver.take();
      }
    });
});

/** A file that was sent and what was stored after its conversion. */
interface Conversion {
  readonly original: string;
  readonly converted: string;
}

async function assertAsDcmconv(conversions: readonly Conversion[], target: string): Promise<void> {
  using folder = new TemporaryFolder();
  const expected: string[] = [];
  for (const [index, { original }] of conversions.entries()) {
    const path = join(folder.path, `${index}.dcm`);
    // -e: sequences of undefined length, and -g: no group lengths, as in ours.
    const { code } = await dcmtk('dcmconv', ['-q', `+t${target}`, '-e', '-g', original, path]);
    assert.equal(code, 0);
    expected.push(path);
  }
  const theirs = await dumps(expected);
  const ours = await dumps(conversions.map(({ converted }) => converted));
  for (const [index, { original }] of conversions.entries()) assert.deepEqual(ours[index], theirs[index], original);
}

/** The data set of each file, a line for each element. */
async function dumps(paths: readonly string[]): Promise<readonly (readonly string[])[]> {
  if (paths.length === 0) return [];
  const { code, stdout, stderr } = await dcmtk('dcmdump', ['-q', '+F', '+L', ...paths]);
  assert.equal(stderr, '');
  assert.equal(code, 0);
  const [, ...files] = stdout.split(/^# dcmdump \(\d+\/\d+\): .*$/m);
  assert.equal(files.length, paths.length);
  return files.map((text) => text.split('\n').filter((line) => !IGNORED.test(line)));
}

/**
 * Meta information; padding at the end of a data set, which DCMTK keeps and we drop; LUT Descriptor, which from Implicit VR
 * DCMTK takes for US even where Pixel Representation makes it SS (PS3.3 C.11.1.1.1).
 */
const IGNORED = /^\s*\((?:0002,.*|fffc,fffc|0028,3002)\)|^$/;
