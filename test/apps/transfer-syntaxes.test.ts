/** Every transfer syntax there is, and some that there are not, from our storescu to our storescp. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { newUid } from '../../src/base/identifiers.js';
import {
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  isNative,
  STANDARD_TRANSFER_SYNTAXES,
  type TransferSyntax,
} from '../../src/dataset/transfer-syntax.js';
import { responseTo } from '../../src/dimse/messages.js';
import { encodeFileMeta, readFileHead } from '../../src/file/file-meta.js';
import {
  acceptAssociation,
  messagePdus,
  openAssociation,
  PduSocket,
  releaseAssociation,
  scriptedPeer,
  storeRequest,
} from '../support/apps-peer.js';
import { withoutSummary } from '../support/apps-run.js';
import { type DataElement, type DataSet, encodeDataSet } from '../support/data-set.js';
import { deflate, type Part10File, readFile, sopInstanceUid, TemporaryFolder } from '../support/peers-files.js';
import { ourStorescp } from '../support/peers-ours.js';
import type { Receiver } from '../support/peers-receiver.js';
import { storescu } from '../support/processes.js';
import { CT_IMAGE, part10Of, sampleImage } from '../support/sample-instance.js';

/** An empty offset table, an empty fragment, one of odd length with its padding, a big one, and one that looks like the end. */
const FRAGMENTS: readonly Buffer[] = [
  Buffer.alloc(0),
  Buffer.alloc(0),
  Buffer.concat([Buffer.alloc(333, 0x5a), Buffer.of(0)]),
  Buffer.alloc(70_000, 0xa5),
  Buffer.from('feffdde000000000', 'hex'),
];

/** PS3.5 A.6, A.7 and their like: instead of pixel data there is where to get it. */
const PIXEL_DATA_PROVIDER_URL: DataElement = { tag: 0x00287fe0, vr: 'UR', value: ['http://127.0.0.1/image'] };
const JPIP: readonly string[] = ['94', '95', '204', '205'].map((last) => `1.2.840.10008.1.2.4.${last}`);

describe('a file in each transfer syntax of the standard', () => {
  for (const options of [['-xo'], []])
    test(`passes from ${['storescu', ...options].join(' ')} to storescp unharmed`, async () => {
      using folder = new TemporaryFolder();
      const sent = STANDARD_TRANSFER_SYNTAXES.map((syntax) => writeSampleIn(folder, syntax));
      await using receiver = await ourStorescp();
      const { code, stderr } = await storescu([...options, ...receiver.address, folder.path]);
      assert.equal(stderr, '');
      assert.equal(code, 0);
      const stored = receiver.stored();
      assert.equal(stored.length, STANDARD_TRANSFER_SYNTAXES.length);
      for (const file of sent) {
        const isConverted = isNative(file.syntax) && !options.includes('-xo');
        assertStoredAs(stored, file, isConverted ? IMPLICIT_VR_LITTLE_ENDIAN : file.syntax);
      }
    });
});

function writeSampleIn(folder: TemporaryFolder, syntax: TransferSyntax): Part10File {
  const dataSet = sampleIn(syntax);
  const plain = encodeDataSet(dataSet, syntax);
  const path = join(folder.path, `${syntax.uid}.dcm`);
  writeFileSync(path, part10Of(syntax.deflated ? deflate(plain) : plain, dataSet, syntax));
  return readFile(path);
}

function sampleIn({ uid, encapsulated }: TransferSyntax): DataSet {
  if (encapsulated) return sampleImage({ fragments: FRAGMENTS });
  const image = sampleImage();
  return JPIP.includes(uid) ? [...image.filter(({ tag }) => tag !== 0x7fe00010), PIXEL_DATA_PROVIDER_URL] : image;
}

function assertStoredAs(stored: readonly Part10File[], file: Part10File, syntax: TransferSyntax): void {
  const copy = stored.find((candidate) => sopInstanceUid(candidate) === sopInstanceUid(file));
  assert.ok(copy !== undefined, `${file.syntax.name} is not stored`);
  assert.equal(copy.syntax, syntax);
  if (syntax !== file.syntax) return;
  assert.ok(copy.bytes.equals(file.bytes), `${file.syntax.name} is stored with other bytes`);
  assert.deepEqual(fragmentsOf(copy), file.syntax.encapsulated ? FRAGMENTS : undefined);
}

function fragmentsOf({ dataSet }: Part10File): readonly Buffer[] | undefined {
  const last = dataSet.at(-1);
  return last !== undefined && 'fragments' in last ? last.fragments : undefined;
}

const PRIVATE = '1.2.826.0.1.3680043.10.9999';
const PRIVATE_SYNTAX = `${PRIVATE}.4.1`;
const PRIVATE_CLASS = `${PRIVATE}.5.1`;
/** What only those who know the syntax can read. */
const SECRET = Buffer.from('no data set that anybody knows. '.repeat(3000));

interface OpaqueFile {
  readonly sopClassUid: string;
  readonly transferSyntaxUid: string;
  readonly sopInstanceUid: string;
  readonly bytes: Buffer;
}

/** A standard class in a private syntax, a private class in a standard syntax, and both private. */
function privateFiles(): readonly OpaqueFile[] {
  const instances = [newUid(), newUid(), newUid()] as const;
  const image = sampleImage({ sopClassUid: PRIVATE_CLASS, sopInstanceUid: instances[1] });
  const known = {
    transferSyntaxUid: EXPLICIT_VR_LITTLE_ENDIAN.uid,
    bytes: encodeDataSet(image, EXPLICIT_VR_LITTLE_ENDIAN),
  };
  const unknown = { transferSyntaxUid: PRIVATE_SYNTAX, bytes: SECRET };
  return [
    { sopClassUid: CT_IMAGE, sopInstanceUid: instances[0], ...unknown },
    { sopClassUid: PRIVATE_CLASS, sopInstanceUid: instances[1], ...known },
    { sopClassUid: PRIVATE_CLASS, sopInstanceUid: instances[2], ...unknown },
  ];
}

function writeOpaqueFile(path: string, { sopClassUid, sopInstanceUid, transferSyntaxUid, bytes }: OpaqueFile): void {
  const meta = encodeFileMeta({
    mediaStorageSopClassUid: sopClassUid,
    mediaStorageSopInstanceUid: sopInstanceUid,
    transferSyntaxUid,
  });
  writeFileSync(path, Buffer.concat([meta, bytes]));
}

/** All that is stored, without a look into the data sets. */
function storedOpaquely({ folder }: Receiver): readonly OpaqueFile[] {
  return readdirSync(folder).map((name) => {
    const file = readFileSync(join(folder, name));
    const head = readFileHead(file, file.length);
    if ('needed' in head || head.meta === undefined) throw new Error(`${name} has no file meta information`);
    return {
      sopClassUid: head.meta.mediaStorageSopClassUid ?? '',
      sopInstanceUid: head.meta.mediaStorageSopInstanceUid ?? '',
      transferSyntaxUid: head.transferSyntaxUid,
      bytes: file.subarray(head.dataSetOffset),
    };
  });
}

function inOrder(files: readonly OpaqueFile[]): readonly OpaqueFile[] {
  return files.toSorted((a, b) => (a.sopInstanceUid < b.sopInstanceUid ? -1 : 1));
}

describe('a private transfer syntax or SOP class', () => {
  test('of storescu is refused by storescp, file by file and not without a word, and the rest is stored', async () => {
    using folder = new TemporaryFolder();
    const ordinary = writeSampleIn(folder, EXPLICIT_VR_LITTLE_ENDIAN);
    for (const [index, file] of privateFiles().entries())
      writeOpaqueFile(join(folder.path, `private-${index}.dcm`), file);
    await using receiver = await ourStorescp();
    const { code, stderr } = await storescu(['-xo', ...receiver.address, folder.path]);
    assert.equal(code, 3);
    const lines = withoutSummary({ code, stderr })
      .split('\n')
      .filter((line) => line !== '');
    const words = [
      [PRIVATE_SYNTAX, 'CT Image Storage'],
      [PRIVATE_CLASS, 'Explicit VR Little Endian'],
      [PRIVATE_CLASS, PRIVATE_SYNTAX],
    ];
    assert.equal(lines.length, words.length, stderr);
    for (const [index, named] of words.entries()) {
      const line = lines.find((candidate) => candidate.includes(`private-${index}.dcm`)) ?? '';
      for (const word of named) assert.ok(line.startsWith('E: ') && line.includes(word), `${word} is not in: ${line}`);
    }
    assert.deepEqual(receiver.stored().map(sopInstanceUid), [sopInstanceUid(ordinary)]);
  });

  test('passes from storescu to storescp --promiscuous unharmed', async () => {
    using folder = new TemporaryFolder();
    const sent = privateFiles();
    for (const [index, file] of sent.entries()) writeOpaqueFile(join(folder.path, `private-${index}.dcm`), file);
    await using receiver = await ourStorescp(['--promiscuous']);
    const { code, stderr } = await storescu(['-xo', ...receiver.address, folder.path]);
    assert.equal(stderr, '');
    assert.equal(code, 0);
    assert.deepEqual(inOrder(storedOpaquely(receiver)), inOrder(sent));
  });

  test('goes from storescu to a peer that takes it as it is', async () => {
    using folder = new TemporaryFolder();
    const [file = assert.fail()] = privateFiles();
    writeOpaqueFile(join(folder.path, 'private.dcm'), file);
    const received: Buffer[] = [];
    await using peer = await scriptedPeer(async (socket) => {
      await acceptAssociation(socket);
      const { presentationContextId, message, dataSet } = await socket.message();
      received.push(dataSet);
      assert.equal(message.type, 'C-STORE-RQ');
      if (message.type === 'C-STORE-RQ')
        socket.send(...messagePdus(responseTo(message, 0x0000), presentationContextId));
      await socket.expect('A-RELEASE-RQ');
      socket.send({ type: 'A-RELEASE-RP' });
      socket.close();
    });
    const { code, stderr } = await storescu(['127.0.0.1', `${peer.port}`, folder.path]);
    assert.equal(stderr, '');
    assert.equal(code, 0);
    await peer.done;
    assert.deepEqual(received, [SECRET]);
  });

  for (const options of [[], ['--promiscuous']])
    test(`of a peer is ${options.length === 0 ? 'refused by storescp' : 'stored by storescp --promiscuous'}`, async () => {
      const sent = privateFiles();
      await using receiver = await ourStorescp(options);
      await using socket = await PduSocket.connect(Number(receiver.address[1]));
      const contexts = sent.map(({ sopClassUid, transferSyntaxUid }, index) => ({
        id: 2 * index + 1,
        abstractSyntax: sopClassUid,
        transferSyntaxes: [transferSyntaxUid],
      }));
      const { presentationContexts } = await openAssociation(socket, contexts);
      const refusals = options.length === 0 ? [4, 3, 3] : [0, 0, 0];
      assert.deepEqual(
        presentationContexts.map(({ result }) => result),
        refusals,
      );
      if (options.length > 0)
        for (const [index, { sopClassUid, sopInstanceUid, bytes }] of sent.entries()) {
          const request = { ...storeRequest(sopInstanceUid, index + 1), affectedSopClassUid: sopClassUid };
          socket.send(...messagePdus(request, 2 * index + 1, bytes));
          const { message } = await socket.message();
          assert.equal('status' in message && message.status, 0x0000);
        }
      await releaseAssociation(socket);
      assert.deepEqual(inOrder(storedOpaquely(receiver)), options.length === 0 ? [] : inOrder(sent));
    });
});
