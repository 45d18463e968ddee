/** The directory sink behind a server: what a peer is told is what is on the disk. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { bufferSource } from '../../src/dataset/source.js';
import {
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  type TransferSyntax,
} from '../../src/dataset/transfer-syntax.js';
import {
  type Association,
  type DimseResponse,
  type DirectorySinkOptions,
  directorySink,
  storageProvider,
  verificationProvider,
  verify,
} from '../../src/index.js';
import { encodeDataSet } from '../support/data-set.js';
import { inTime } from '../support/loopback-inbox.js';
import { CT_CONTEXT, command, ctDataSet, ECHO_CONTEXT, pData, RawPeer, storeRq } from '../support/loopback-peer.js';
import {
  associate,
  startServer,
  type TemporaryFolder,
  type TestServer,
  temporaryFolder,
  traced,
} from '../support/loopback-server.js';
import { CT_IMAGE, MR_IMAGE, readPart10, sampleImage } from '../support/sample-instance.js';

interface StoringServer extends TestServer {
  readonly directory: string;
  readonly replaced: string[];
  files(): readonly string[];
}

async function storingServer(folder: TemporaryFolder, options: DirectorySinkOptions = {}): Promise<StoringServer> {
  const directory = join(folder.path, 'in');
  mkdirSync(directory);
  const replaced: string[] = [];
  const store = await directorySink(directory, { onReplace: (path) => replaced.push(path), ...options });
  const services = [verificationProvider(), storageProvider({ store })];
  return {
    ...(await startServer({ services })),
    directory,
    replaced,
    files: () => readdirSync(directory).sort(),
  };
}

const SYNTAXES = [EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN];

function associateAll(port: number): Promise<Association> {
  const contexts = SYNTAXES.map(({ uid }) => ({ abstractSyntax: CT_IMAGE, transferSyntaxes: [uid] }));
  return associate(port, { contexts: [...contexts, ECHO_CONTEXT] });
}

function store(
  association: Association,
  dataSet: Buffer,
  { syntax = EXPLICIT_VR_LITTLE_ENDIAN, uid = '1.2.3' }: { syntax?: TransferSyntax; uid?: string } = {},
): Promise<DimseResponse> {
  const context = association.contexts.find(({ transferSyntax }) => transferSyntax === syntax.uid);
  return association.request(
    (messageId) => ({
      type: 'C-STORE-RQ',
      messageId,
      priority: 0,
      affectedSopClassUid: CT_IMAGE,
      affectedSopInstanceUid: uid,
    }),
    { presentationContextId: context?.id ?? 0, dataSet: bufferSource(dataSet) },
  );
}

function encoded(syntax: TransferSyntax, sopClassUid = CT_IMAGE, sopInstanceUid = '1.2.3'): Buffer {
  const bytes = encodeDataSet(sampleImage({ sopClassUid, sopInstanceUid, rows: 100, columns: 100 }), syntax);
  return syntax.deflated ? deflateRawSync(bytes) : bytes;
}

for (const fsync of [true, false])
  test(`an instance is on the disk, whole, when its response is there (fsync ${fsync})`, async () => {
    await using folder = await temporaryFolder();
    await using acceptor = await storingServer(folder, { fsync });
    await using association = await associateAll(acceptor.port);
    for (const [index, syntax] of SYNTAXES.entries()) {
      const uid = `1.2.3.${index}`;
      const sent = encoded(syntax, CT_IMAGE, uid);
      assert.equal((await store(association, sent, { syntax, uid })).status, 0);
      const file = readFileSync(join(acceptor.directory, `CT.${uid}`));
      const { meta, syntax: stored, bytes } = readPart10(file);
      assert.equal(stored, syntax);
      assert.equal(bytes.subarray(0, sent.length).equals(sent), true, 'as received, never encoded anew');
      assert.deepEqual([meta?.mediaStorageSopClassUid, meta?.mediaStorageSopInstanceUid], [CT_IMAGE, uid]);
      assert.equal(meta?.sourceApplicationEntityTitle, 'NETDICOM');
    }
    assert.deepEqual(acceptor.files(), ['CT.1.2.3.0', 'CT.1.2.3.1', 'CT.1.2.3.2']);
  });

for (const onDuplicate of ['replace', 'keep', 'reject'] as const)
  test(`the same instance from 20 associations at once is one whole file (${onDuplicate})`, async () => {
    await using folder = await temporaryFolder();
    await using acceptor = await storingServer(folder, { onDuplicate });
    const versions = Array.from({ length: 20 }, (_, index) =>
      Buffer.concat([ctDataSet('1.2.3', 200_000).subarray(0, -200_000), Buffer.alloc(200_000, index)]),
    );
    const statuses = await Promise.all(
      versions.map(async (version) => {
        await using association = await associateAll(acceptor.port);
        return (await store(association, version)).status;
      }),
    );
    assert.deepEqual(acceptor.files(), ['CT.1.2.3']);
    const { bytes } = readPart10(readFileSync(join(acceptor.directory, 'CT.1.2.3')));
    const stored = versions.findIndex((version) => version.equals(bytes));
    assert.notEqual(stored, -1);
    // Of those that replace, each is a success in its turn; of others the first alone, which is the one that is there.
    const expected = versions.map((_, index) => (onDuplicate === 'replace' || index === stored ? 0x0000 : 0x0111));
    assert.deepEqual(statuses, expected);
  });

test('the same data set from 20 associations at once is 20 successes and one whole file, where the first is kept', async () => {
  await using folder = await temporaryFolder();
  await using acceptor = await storingServer(folder, { onDuplicate: 'keep' });
  const dataSet = ctDataSet('1.2.3', 200_000);
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      await using association = await associateAll(acceptor.port);
      assert.equal((await store(association, dataSet)).status, 0);
    }),
  );
  assert.deepEqual(acceptor.files(), ['CT.1.2.3']);
  assert.ok(readPart10(readFileSync(join(acceptor.directory, 'CT.1.2.3'))).bytes.equals(dataSet));
});

test('an instance that is there already is replaced, with a warning to the application', async () => {
  await using folder = await temporaryFolder();
  await using acceptor = await storingServer(folder);
  await using association = await associateAll(acceptor.port);
  const path = join(acceptor.directory, 'CT.1.2.3');
  for (const size of [1000, 10]) {
    const dataSet = ctDataSet('1.2.3', size);
    assert.equal((await store(association, dataSet)).status, 0);
    assert.equal(readPart10(readFileSync(path)).bytes.equals(dataSet), true);
  }
  assert.deepEqual(acceptor.replaced, [path]);
});

test('a directory that is removed while the server runs is A700 until it is there again', async () => {
  await using folder = await temporaryFolder();
  await using acceptor = await storingServer(folder);
  await using association = await associateAll(acceptor.port);
  assert.equal((await store(association, ctDataSet('1.2.3', 100))).status, 0);
  rmSync(acceptor.directory, { recursive: true });
  const response = await store(association, ctDataSet('1.2.3', 6_000_000));
  assert.equal(response.status, 0xa700);
  assert.equal(response.errorComment, 'cannot store the instance: no such file or directory');
  assert.equal((await verify(association)).code, 0);
  mkdirSync(acceptor.directory);
  assert.equal((await store(association, ctDataSet('1.2.3', 100))).status, 0);
  assert.deepEqual(acceptor.files(), ['CT.1.2.3']);
});

test('a peer that vanishes within a data set leaves no part of it behind', async () => {
  await using folder = await temporaryFolder();
  await using acceptor = await storingServer(folder);
  const changes = watch(acceptor.directory);
  try {
    const peer = await RawPeer.request(acceptor.port, [CT_CONTEXT]);
    const begun = once(changes, 'change');
    peer.send(command(storeRq(1), 1, true), pData(1, ctDataSet('1.2.3', 1000), { isLast: false }));
    await inTime(begun, 'the part file');
    assert.match(acceptor.files()[0] ?? '', /^\.netdicom-.*\.part$/);
    peer.destroy();
    await traced(acceptor.traces, 'aborted');
    while (acceptor.files().length > 0) await inTime(once(changes, 'change'), 'the part file to go');
  } finally {
    changes.close();
  }
});

interface BadDataSet {
  readonly what: string;
  readonly syntax?: TransferSyntax;
  readonly dataSet: Buffer;
  readonly status: number;
  readonly comment: RegExp;
}

const DEFLATED = DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN;

const BAD_DATA_SETS: readonly BadDataSet[] = [
  ...SYNTAXES.flatMap((syntax): readonly BadDataSet[] => [
    {
      what: `of another class, in ${syntax.name}`,
      syntax,
      dataSet: encoded(syntax, MR_IMAGE),
      status: 0xa900,
      comment: /^SOP Class UID differs/,
    },
    {
      what: `of another instance, in ${syntax.name}`,
      syntax,
      dataSet: encoded(syntax, CT_IMAGE, '1.2.4'),
      status: 0xa900,
      comment: /^SOP Instance UID differs/,
    },
  ]),
  {
    what: 'that is cut short',
    dataSet: encoded(EXPLICIT_VR_LITTLE_ENDIAN).subarray(0, -100),
    status: 0xc000,
    comment: /./,
  },
  {
    what: 'that is no deflate stream',
    syntax: DEFLATED,
    dataSet: Buffer.alloc(64, 0xff),
    status: 0xc000,
    comment: /deflated/,
  },
  { what: 'of no bytes', dataSet: Buffer.alloc(0), status: 0xc000, comment: /there is nothing in the data set/ },
];

for (const { what, syntax, dataSet, status, comment } of BAD_DATA_SETS)
  test(`a data set ${what} is answered ${status.toString(16)}, not stored, and the association lives on`, async () => {
    await using folder = await temporaryFolder();
    await using acceptor = await storingServer(folder);
    await using association = await associateAll(acceptor.port);
    const response = await store(association, dataSet, syntax === undefined ? {} : { syntax });
    assert.equal(response.status, status, response.errorComment);
    assert.match(response.errorComment ?? '', comment);
    assert.deepEqual(acceptor.files(), []);
    assert.equal((await verify(association)).code, 0);
  });
