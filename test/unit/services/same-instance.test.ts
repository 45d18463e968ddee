/** Comparisons of files: several at a time, and not at the cost of others. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeFileMeta } from '../../../src/file/file-meta.js';
import { Comparisons } from '../../../src/services/same-instance.js';
import { rejection, type TemporaryFolder, temporaryFolder } from '../../support/loopback-server.js';
import { CT_IMAGE } from '../../support/sample-instance.js';

const META = encodeFileMeta({
  mediaStorageSopClassUid: CT_IMAGE,
  mediaStorageSopInstanceUid: '1.2.3',
  transferSyntaxUid: '1.2.840.10008.1.2.1',
});

/** What is read of a file at a time. */
const CHUNK_BYTES = 256 * 1024;

/** Two files of `bytes` zeros behind the meta information. */
function twoFiles(folder: TemporaryFolder, bytes: number, otherBytes = bytes): readonly [string, string] {
  const names = [join(folder.path, 'a'), join(folder.path, 'b')] as const;
  for (const [index, length] of [bytes, otherBytes].entries())
    writeFileSync(names[index] ?? '', Buffer.concat([META, Buffer.alloc(length)]));
  return names;
}

test('others have their turns while long files are compared', async (context) => {
  await using folder = await temporaryFolder();
  const [path, other] = twoFiles(folder, 32 * CHUNK_BYTES);
  // Each look at the clock takes a millisecond, so that each of the 64 calls takes two or so.
  let ms = performance.now();
  context.mock.method(performance, 'now', () => ms++);
  let turns = 0;
  let isDone = false;
  const count = () => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  assert.equal(await new Comparisons().likeness(path, other), 'same');
  isDone = true;
  // A turn after 2 ms is what is aimed at.
  assert.ok(turns >= 20, `${turns} turns`);
});

test('files of which one is the beginning of the other are not the same', async () => {
  for (const bytes of [0, 1, CHUNK_BYTES, 2 * CHUNK_BYTES]) {
    await using folder = await temporaryFolder();
    const [shorter, longer] = twoFiles(folder, bytes, bytes + 1);
    const comparisons = new Comparisons();
    const answers = [
      await comparisons.likeness(shorter, longer),
      await comparisons.likeness(longer, shorter),
      await comparisons.likeness(shorter, shorter),
    ];
    assert.deepEqual(answers, ['different', 'different', 'same'], `${bytes} bytes`);
  }
});

test('two are compared at a time, and a third waits for its turn', async () => {
  await using folder = await temporaryFolder();
  const [path, other] = twoFiles(folder, 32 * CHUNK_BYTES);
  const missing = join(folder.path, 'x');
  for (const [long, expected] of [
    [1, 'missing'],
    [2, 'long'],
  ] as const) {
    const comparisons = new Comparisons();
    const longOnes = Array.from({ length: long }, () => comparisons.likeness(path, other));
    // It takes one call to find that it is not there.
    const short = rejection(comparisons.likeness(missing, other));
    const first = await Promise.race([...longOnes.map((one) => one.then(() => 'long')), short.then(() => 'missing')]);
    assert.equal(first, expected, `${long} long ones`);
    await Promise.all([...longOnes, short]);
  }
});

test("many at a time all get their answers, and a missing file stands in nobody's way", async () => {
  await using folder = await temporaryFolder();
  const names = ['a', 'b', 'c'].map((name) => join(folder.path, name));
  const [a = '', b = '', c = ''] = names;
  for (const [name, text] of [
    [a, 'same'],
    [b, 'same'],
    [c, 'else'],
  ] as const)
    writeFileSync(name, Buffer.concat([META, Buffer.from(text)]));
  const comparisons = new Comparisons();
  const missing = Array.from({ length: 4 }, () => rejection(comparisons.likeness(a, join(folder.path, 'x'))));
  const answers = Array.from({ length: 12 }, (_, index) => comparisons.likeness(a, index % 3 === 0 ? c : b));
  for (const error of await Promise.all(missing)) assert.match(String(error), /ENOENT/);
  assert.deepEqual(
    await Promise.all(answers),
    Array.from({ length: 12 }, (_, index) => (index % 3 === 0 ? 'different' : 'same')),
  );
});
