/** Comparisons of files: several at a time, and not at the cost of others. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeFileMeta } from '../../../src/file/file-meta.js';
import { Comparisons } from '../../../src/services/same-instance.js';
import { rejection, temporaryFolder } from '../../support/loopback-server.js';
import { CT_IMAGE } from '../../support/sample-instance.js';

const META = encodeFileMeta({
  mediaStorageSopClassUid: CT_IMAGE,
  mediaStorageSopInstanceUid: '1.2.3',
  transferSyntaxUid: '1.2.840.10008.1.2.1',
});

test('others have their turns while long files are compared', async () => {
  await using folder = await temporaryFolder();
  const [path, other] = [join(folder.path, 'a'), join(folder.path, 'b')];
  const long = Buffer.concat([META, Buffer.alloc(100 << 20)]);
  for (const name of [path, other]) writeFileSync(name, long);
  let turns = 0;
  let isDone = false;
  const count = () => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const begun = performance.now();
  assert.equal(await new Comparisons().holdSameInstance(path, other), true);
  isDone = true;
  // A turn after 2 ms is what is aimed at.
  assert.ok(turns >= Math.floor((performance.now() - begun) / 20), `${turns} turns`);
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
  const missing = Array.from({ length: 4 }, () => rejection(comparisons.holdSameInstance(a, join(folder.path, 'x'))));
  const answers = Array.from({ length: 12 }, (_, index) => comparisons.holdSameInstance(a, index % 3 === 0 ? c : b));
  for (const error of await Promise.all(missing)) assert.match(String(error), /ENOENT/);
  assert.deepEqual(
    await Promise.all(answers),
    Array.from({ length: 12 }, (_, index) => index % 3 !== 0),
  );
});
