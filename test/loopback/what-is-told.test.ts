/** What storeFiles tells beside what became of each file: how it went, how far it has come, what was left; and what there is to send. */
import assert from 'node:assert/strict';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import {
  discardSink,
  type FilesMeasure,
  IMPLICIT_VR_LITTLE_ENDIAN,
  measureFiles,
  type StoreEvent,
  type StoreFilesOptions,
  type StoreOutcome,
  storageProvider,
  storeFiles,
} from '../../src/index.js';
import { writeBigInstance, writeInstance } from '../support/loopback-files.js';
import { startServer, temporaryFolder } from '../support/loopback-server.js';
import { CT_IMAGE, MR_IMAGE } from '../support/sample-instance.js';

async function outcomes(
  paths: readonly string[],
  options: Partial<StoreFilesOptions> = {},
  syntaxes?: readonly string[],
): Promise<StoreOutcome[]> {
  await using server = await startServer({
    services: [storageProvider({ store: discardSink, transferSyntaxes: syntaxes })],
  });
  const all: StoreOutcome[] = [];
  for await (const outcome of storeFiles(paths, { host: '127.0.0.1', port: server.port, ...options }))
    all.push(outcome);
  return all;
}

test('an outcome has the context, the bytes as sent, the time and the number of attempts', async () => {
  await using folder = await temporaryFolder();
  const path = await writeInstance(folder.path, 'a.dcm', { sopClassUid: CT_IMAGE });
  const { size } = await stat(path);
  const [own] = await outcomes([path], { proposeOwn: true });
  assert.ok(own?.type === 'stored');
  assert.deepEqual(own.context, { id: 1, abstractSyntax: CT_IMAGE, transferSyntax: own.instance.transferSyntaxUid });
  assert.equal(own.bytes, size - own.instance.dataSetOffset);
  assert.ok(own.ms > 0 && own.ms < 60_000);
  assert.equal(own.attempts, 1);
  const [converted] = await outcomes([path]);
  assert.ok(converted?.type === 'stored');
  assert.equal(converted.context.transferSyntax, IMPLICIT_VR_LITTLE_ENDIAN.uid);
  assert.ok(converted.bytes > 0 && converted.bytes < own.bytes);
});

test('progress grows to the bytes sent, many times within a big file', async () => {
  await using folder = await temporaryFolder();
  const path = await writeBigInstance(folder.path, 'big.dcm', 20 * 1024 * 1024);
  const seen: number[] = [];
  const progress: StoreFilesOptions['progress'] = (instance, bytes) => {
    assert.equal(instance.path, path);
    seen.push(bytes);
  };
  const [outcome] = await outcomes([path], { proposeOwn: true, progress });
  assert.ok(outcome?.type === 'stored');
  assert.ok(seen.length > 10);
  assert.deepEqual(
    seen,
    [...seen].sort((one, other) => one - other),
  );
  assert.equal(seen.at(-1), outcome.bytes);
});

test('what is left out is not sent, and told', async () => {
  await using folder = await temporaryFolder();
  for (const name of ['a.dcm', 'b.dcm', 'c.dcm']) await writeInstance(folder.path, name, { sopClassUid: CT_IMAGE });
  const events: StoreEvent[] = [];
  const all = await outcomes([folder.path], {
    leaveOut: ({ path }) => path.endsWith('b.dcm'),
    report: (event) => events.push(event),
  });
  assert.deepEqual(
    all.map((outcome) => ('path' in outcome ? basename(outcome.path) : '')),
    ['a.dcm', 'c.dcm'],
  );
  assert.deepEqual(
    events.flatMap((event) => (event.type === 'left-out' ? [basename(event.instance.path)] : [])),
    ['b.dcm'],
  );
});

test('what has not been begun is told by path, and a file without a context by instance', async () => {
  await using folder = await temporaryFolder();
  const paths = [
    await writeInstance(folder.path, 'a.dcm', { sopClassUid: CT_IMAGE }),
    await writeInstance(folder.path, 'b.dcm', { sopClassUid: '1.2.3.4.5' }),
    await writeInstance(folder.path, 'c.dcm', { sopClassUid: MR_IMAGE }),
  ];
  const events: StoreEvent[] = [];
  const all = await outcomes(paths, { haltOnFailure: true, report: (event) => events.push(event) });
  const last = all.at(-1);
  assert.ok(last?.type === 'not-sent');
  assert.equal(last.instance?.sopClassUid, '1.2.3.4.5');
  assert.deepEqual(events.at(-1), { type: 'left', paths: [paths[2]], isAll: true });
});

async function lastMeasure(measures: AsyncIterable<FilesMeasure>): Promise<FilesMeasure | undefined> {
  let last: FilesMeasure | undefined;
  for await (const measure of measures) {
    assert.ok(measure.files >= (last?.files ?? 0) && measure.bytes >= (last?.bytes ?? 0));
    last = measure;
  }
  return last;
}

test('measured is what would be looked into', async () => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, 'deep', 'deeper'), { recursive: true });
  const paths = [
    await writeInstance(folder.path, 'a.dcm', { sopClassUid: CT_IMAGE }),
    await writeInstance(join(folder.path, 'deep'), 'b.dcm', { sopClassUid: MR_IMAGE }),
    await writeInstance(join(folder.path, 'deep', 'deeper'), 'c.dcm', { sopClassUid: MR_IMAGE }),
  ];
  await writeFile(join(folder.path, 'notes.txt'), 'no image');
  await symlink(folder.path, join(folder.path, 'deep', 'circle'));
  const sizes = await Promise.all(paths.map(async (path) => (await readFile(path)).length));
  const bytes = (sizes[0] ?? 0) + (sizes[1] ?? 0) + (sizes[2] ?? 0) + 8;
  assert.deepEqual(await lastMeasure(measureFiles([folder.path], { recurse: true })), { files: 4, bytes });
  assert.deepEqual(await lastMeasure(measureFiles([folder.path])), { files: 2, bytes: (sizes[0] ?? 0) + 8 });
  const accept = (path: string) => !path.endsWith('.txt');
  assert.deepEqual(await lastMeasure(measureFiles([folder.path], { accept })), { files: 1, bytes: sizes[0] });
  const missing = join(folder.path, 'missing.dcm');
  assert.deepEqual(await lastMeasure(measureFiles([...paths, missing])), { files: 4, bytes: bytes - 8 });
  assert.equal(await lastMeasure(measureFiles([])), undefined);
});

test('what cannot be measured counts nothing', async () => {
  await using folder = await temporaryFolder();
  const path = await writeInstance(folder.path, 'a.dcm');
  const bytes = (await readFile(path)).length;
  const circle = join(folder.path, 'circle');
  await symlink(circle, circle);
  const paths = [join(path, 'below'), circle, join(folder.path, 'n'.repeat(300)), 'a\0b'];
  assert.deepEqual(await lastMeasure(measureFiles([folder.path])), { files: 2, bytes });
  for (const wrong of paths)
    assert.deepEqual(await lastMeasure(measureFiles([wrong, path])), { files: 2, bytes }, wrong);
});
