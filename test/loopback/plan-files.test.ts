/** What planFiles says is what storeFiles then does; and it does it before all files are known. */
import assert from 'node:assert/strict';
import { link, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { deferred } from '../../src/base/deferred.js';
import { transferSyntax } from '../../src/dataset/transfer-syntax.js';
import {
  discardSink,
  planFiles,
  type SelectFilesOptions,
  storageProvider,
  storeFiles,
  verificationProvider,
} from '../../src/index.js';
import { writeInstance } from '../support/loopback-files.js';
import { rejection, startServer, temporaryFolder } from '../support/loopback-server.js';
import { CT_IMAGE, MR_IMAGE } from '../support/sample-instance.js';

const services = [storageProvider({ store: discardSink, promiscuous: true })];

test('the contexts of the plan are those that are then proposed, association by association, for as many files', async () => {
  await using folder = await temporaryFolder();
  await writeInstance(folder.path, 'ct', { sopClassUid: CT_IMAGE });
  const jpeg = transferSyntax('1.2.840.10008.1.2.4.50');
  const big = transferSyntax('1.2.840.10008.1.2.2');
  assert.ok(jpeg !== undefined && big !== undefined);
  await writeInstance(folder.path, 'jpeg', { syntax: jpeg });
  await writeInstance(folder.path, 'mr', { sopClassUid: MR_IMAGE, syntax: big });
  for (let index = 0; index < 140; index++)
    await writeInstance(folder.path, `class-${index}`, { sopClassUid: `1.2.826.${index}` });
  const variants: readonly SelectFilesOptions[] = [{}, { proposeOwn: true }, { decompress: false }];
  for (const options of variants) {
    await using acceptor = await startServer({ services });
    const planned: unknown[] = [];
    let files = 0;
    for await (const event of planFiles([folder.path], options)) {
      assert.ok(event.type === 'association');
      planned.push(
        event.contexts.map(({ id, abstractSyntax, transferSyntaxes }) => ({ id, abstractSyntax, transferSyntaxes })),
      );
      files += event.files;
    }
    let stored = 0;
    for await (const outcome of storeFiles([folder.path], { ...options, host: '127.0.0.1', port: acceptor.port }))
      if (outcome.type === 'stored') stored++;
    const proposed = acceptor.traces.seen.flatMap(({ event }) =>
      event.type === 'associate-rq' ? [event.pdu.presentationContexts] : [],
    );
    assert.deepEqual(planned, proposed);
    assert.ok(planned.length > 1);
    assert.deepEqual([files, stored], [143, 143]);
  }
});

test('files that cannot be sent, before or among the others, change nothing in the plan', async () => {
  await using folder = await temporaryFolder();
  const [ct, mr] = [
    await writeInstance(folder.path, 'ct'),
    await writeInstance(folder.path, 'mr', { sopClassUid: MR_IMAGE }),
  ];
  const text = join(folder.path, 'text');
  await writeFile(text, 'no DICOM');
  const many = <T>(count: number, path: T): T[] => Array.from({ length: count }, () => path);
  for (const paths of [
    [...many(10, text), ...many(118, ct), ...many(20, mr)],
    [...many(140, text), ct],
    [...many(100, ct), text, ...many(100, ct), ...many(100, mr)],
  ])
    for (const verify of [false, true]) {
      await using acceptor = await startServer({ services: [...services, verificationProvider()] });
      const planned: unknown[] = [];
      for await (const event of planFiles(paths, { verify }))
        if (event.type === 'association') planned.push(event.contexts.map(({ abstractSyntax }) => abstractSyntax));
      for await (const _ of storeFiles(paths, { verify, host: '127.0.0.1', port: acceptor.port }));
      const proposed = acceptor.traces.seen.flatMap(({ event }) =>
        event.type === 'associate-rq'
          ? [event.pdu.presentationContexts.map(({ abstractSyntax }) => abstractSyntax)]
          : [],
      );
      assert.deepEqual(planned, proposed);
    }
});

test('sending begins before a folder has been walked to its end', async () => {
  await using folder = await temporaryFolder();
  const first = await writeInstance(folder.path, '0');
  const count = 2000;
  for (let index = 1; index < count; index++) await link(first, join(folder.path, `${index}`));
  await using acceptor = await startServer({ services });
  let walked = 0;
  let walkedAtFirst: number | undefined;
  const options = {
    host: '127.0.0.1',
    port: acceptor.port,
    accept: () => {
      walked++;
      return true;
    },
    report: () => {
      walkedAtFirst ??= walked;
    },
  };
  let stored = 0;
  for await (const outcome of storeFiles([folder.path], options)) if (outcome.type === 'stored') stored++;
  assert.equal(stored, count);
  assert.equal(walked, count);
  assert.ok(walkedAtFirst !== undefined && walkedAtFirst < 1200, `${walkedAtFirst}`);
});

test('a plan ends with its signal, even where paths do not come', async () => {
  await using folder = await temporaryFolder();
  const path = await writeInstance(folder.path, 'a');
  const stop = new AbortController();
  const asked = deferred();
  async function* paths(): AsyncGenerator<string, void, void> {
    yield path;
    asked.resolve();
    await new Promise(() => undefined);
  }
  const planning = (async () => {
    for await (const _ of planFiles(paths(), { signal: stop.signal }));
  })();
  await asked.promise;
  const reason = new Error('enough');
  stop.abort(reason);
  assert.equal(await rejection(planning), reason);
});
