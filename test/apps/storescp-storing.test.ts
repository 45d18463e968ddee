/** What the built storescp leaves on the disk: whole files under their final names, or nothing, whatever happens. */
import assert from 'node:assert/strict';
import { on } from 'node:events';
import { watch } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { associateRq } from '../../src/acse/propose.js';
import {
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  type TransferSyntax,
} from '../../src/dataset/transfer-syntax.js';
import { encodeFileMeta } from '../../src/file/file-meta.js';
import { type DimseRequest, statusLine, VERSION } from '../../src/index.js';
import { temporaryFolder } from '../support/apps-files.js';
import {
  CT_CONTEXT,
  ctDataSet,
  exchange,
  messagePdus,
  openAssociation,
  PduSocket,
  releaseAssociation,
  storeRequest,
  storeWell,
} from '../support/apps-peer.js';
import { anonymous, listeningStorescp, withStorescp } from '../support/apps-run.js';
import { type DataSet, decodeDataSet, encodeDataSet, textOf } from '../support/data-set.js';
import { applicationPath } from '../support/paths.js';
import { Running } from '../support/processes.js';
import { MR_IMAGE, sampleImage } from '../support/sample-instance.js';

const limits = { concurrency: 4, timeout: 60_000 };

/** Instances in contexts of their own: a class of the standard and an unknown one, in each kind of transfer syntax. */
const STORED = [
  ['MR.1.2.3.1', MR_IMAGE, EXPLICIT_VR_LITTLE_ENDIAN],
  ['MR.1.2.3.2', MR_IMAGE, IMPLICIT_VR_LITTLE_ENDIAN],
  ['MR.1.2.3.3', MR_IMAGE, EXPLICIT_VR_BIG_ENDIAN],
  ['MR.1.2.3.4', MR_IMAGE, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN],
  ['UN.1.2.3.5', '1.2.3.4', EXPLICIT_VR_LITTLE_ENDIAN],
] as const;

describe('a file that storescp has stored', limits, () => {
  it('has a complete file meta group and the data set as sent', () =>
    withStorescp(['--promiscuous'], async ({ port }, folder) => {
      await using socket = await PduSocket.connect(port);
      const contexts = STORED.map(([, abstractSyntax, { uid }], index) => {
        return { id: 2 * index + 1, abstractSyntax, transferSyntaxes: [uid] };
      });
      await openAssociation(socket, contexts);
      for (const [index, [name, affectedSopClassUid, syntax]] of STORED.entries()) {
        const sopInstanceUid = name.slice(3);
        const request = { ...storeRequest(sopInstanceUid, index), affectedSopClassUid };
        const sent = encoded(sampleImage({ sopClassUid: affectedSopClassUid, sopInstanceUid }), syntax);
        socket.send(...messagePdus(request, 2 * index + 1, sent));
        await socket.message();
        const file = await readFile(join(folder.path, name));
        assert.deepEqual(file.subarray(0, 132), Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]));
        assert.deepEqual(decodeDataSet(file.subarray(132, metaEnd(file)), EXPLICIT_VR_LITTLE_ENDIAN), [
          { tag: 0x00020000, vr: 'UL', value: [metaEnd(file) - 144] },
          { tag: 0x00020001, vr: 'OB', value: Buffer.from([0, 1]) },
          { tag: 0x00020002, vr: 'UI', value: [affectedSopClassUid] },
          { tag: 0x00020003, vr: 'UI', value: [sopInstanceUid] },
          { tag: 0x00020010, vr: 'UI', value: [syntax.uid] },
          { tag: 0x00020012, vr: 'UI', value: ['2.25.190146791043182537444806132342625375407'] },
          { tag: 0x00020013, vr: 'SH', value: [`NETDICOM_${VERSION.replaceAll('.', '')}`] },
          { tag: 0x00020016, vr: 'AE', value: ['PEER'] },
          { tag: 0x00020018, vr: 'AE', value: ['STORESCP'] },
        ]);
        assert.deepEqual(file.subarray(metaEnd(file)), sent);
      }
      await releaseAssociation(socket);
      assert.deepEqual(
        (await readdir(folder.path)).sort(),
        STORED.map(([name]) => name),
      );
    }));

  it('is replaced as a whole by a second object with the same UID, with a warning', async () => {
    await using folder = await temporaryFolder();
    await using storescp = await listeningStorescp(['-od', folder.path]);
    await using socket = await PduSocket.connect(storescp.port);
    await openAssociation(socket, [CT_CONTEXT]);
    const long = Buffer.concat([ctDataSet('1.2.3'), Buffer.from('fcfffcff4f42000000000000', 'hex')]);
    assert.equal((await exchange(socket, storeRequest('1.2.3'), long)).status, 0x0000);
    await storeWell(socket, '1.2.3');
    await releaseAssociation(socket);
    const { stderr } = await storescp.process.stop();
    assert.equal(stderr, 'W: DICOM file already exists, overwriting\n');
    assert.deepEqual(await readdir(folder.path), ['CT.1.2.3']);
    const file = await readFile(join(folder.path, 'CT.1.2.3'));
    assert.deepEqual(file.subarray(metaEnd(file)), ctDataSet('1.2.3'));
  });
});

/** What comes where a data set should be, and what of it is stored. */
const ODD_DATA_SETS: readonly (readonly [sopInstanceUid: string, sent: Buffer])[] = [
  ['1.2.3.1', Buffer.from('02001600414504005045455200000000040000000000000000000001020000000100', 'hex')],
  ['1.2.3.2', encodeFileMeta({ transferSyntaxUid: EXPLICIT_VR_LITTLE_ENDIAN.uid })],
];

describe('what a careless peer sends', limits, () => {
  it('is stored without what does not belong before a data set, under names that may be written', () =>
    withStorescp([], async ({ port }, folder) => {
      await using socket = await PduSocket.connect(port);
      const names = { calledAeTitle: 'ANY-SCP', callingAeTitle: 'PE\nER\\' };
      socket.send(associateRq({ ...names, contexts: [CT_CONTEXT], maxPduLength: 0 }));
      await socket.expect('A-ASSOCIATE-AC');
      for (const [uid, front] of ODD_DATA_SETS) {
        const sent = Buffer.concat([front, ctDataSet(uid)]);
        assert.equal((await exchange(socket, storeRequest(uid), sent)).status, 0x0000);
        const file = await readFile(join(folder.path, `CT.${uid}`));
        assert.deepEqual(file.subarray(metaEnd(file)), ctDataSet(uid));
        const meta = decodeDataSet(file.subarray(132, metaEnd(file)), EXPLICIT_VR_LITTLE_ENDIAN);
        assert.equal(textOf(meta, 0x00020016), 'PE_ER_');
      }
      await releaseAssociation(socket);
    }));

  // PS3.4 B.3.1.4 lets a specialized class come over the context of its related general class, and senders exist that
  // choose a context by its transfer syntax alone. DCMTK, dcm4che and pynetdicom store what comes so.
  it('is stored over the context of another class', () =>
    withStorescp(['-d'], async ({ port, process }, folder) => {
      await using socket = await PduSocket.connect(port);
      const context = { ...CT_CONTEXT, abstractSyntax: MR_IMAGE };
      await openAssociation(socket, [context]);
      await storeWell(socket, '1.2.3');
      await releaseAssociation(socket);
      await process.output(
        'stderr',
        new RegExp(`^D: The SOP class is not that of presentation context ${context.id}$`, 'm'),
      );
      assert.deepEqual(await readdir(folder.path), ['CT.1.2.3']);
    }));

  it('is not stored if it is a deflated data set that was cut', () =>
    withStorescp([], async ({ port }, folder) => {
      await using socket = await PduSocket.connect(port);
      const syntax = DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN;
      await openAssociation(socket, [{ ...CT_CONTEXT, transferSyntaxes: [syntax.uid] }]);
      const image = sampleImage({ sopClassUid: CT_CONTEXT.abstractSyntax, sopInstanceUid: '1.2.3', rows: 300 });
      const whole = encoded(image, syntax);
      const cut = await exchange(socket, storeRequest('1.2.3'), whole.subarray(0, -4));
      assert.equal(cut.status, 0xc000);
      assert.match(cut.errorComment ?? '', /^the deflated data set cannot be read: unexpected end of file$/);
      assert.deepEqual(await readdir(folder.path), []);
      assert.equal((await exchange(socket, storeRequest('1.2.3'), whole)).status, 0x0000);
      await releaseAssociation(socket);
      assert.deepEqual(await readdir(folder.path), ['CT.1.2.3']);
    }));
});

const unknownOperation = (commandField: number): DimseRequest => ({ type: 'UNKNOWN-RQ', commandField, messageId: 7 });
const FIND = '1.2.840.10008.5.1.4.1.2.1.1';

/** What is wrong, the request, its data set if it has one, and the response: its status and what its comment says. */
const FAILURES: readonly (readonly [
  what: string,
  request: DimseRequest,
  dataSet: Buffer | undefined,
  status: number,
  comment: RegExp,
])[] = [
  [
    'another class',
    { ...storeRequest('1.2.4'), affectedSopClassUid: MR_IMAGE },
    ctDataSet('1.2.4'),
    0xa900,
    /Class UID differs/,
  ],
  ['another instance', storeRequest('1.2.4'), ctDataSet('1.2.5'), 0xa900, /Instance UID differs/],
  ['a data set cut short', storeRequest('1.2.4'), ctDataSet('1.2.4').subarray(0, -2), 0xc000, /\(7FE0,0010\)/],
  ['an empty data set', storeRequest('1.2.4'), Buffer.alloc(0), 0xc000, /there is nothing in the data set/],
  ['zeros for a data set', storeRequest('1.2.4'), Buffer.alloc(1000), 0xc000, /there is nothing in the data set/],
  ['noise for a data set', storeRequest('1.2.4'), Buffer.alloc(100_000, 0xa5), 0xc000, /\(A5A5,A5A5\)/],
  ['no data set', storeRequest('1.2.4'), undefined, 0xc000, /no data set/],
  [
    'a class that is not served',
    { ...storeRequest('1.2.4'), affectedSopClassUid: FIND },
    ctDataSet('1.2.4'),
    0x0122,
    /./,
  ],
  ['C-FIND', { ...unknownOperation(0x0020), affectedSopClassUid: FIND }, ctDataSet('1.2.4'), 0x0211, /./],
  ['N-EVENT-REPORT', unknownOperation(0x0100), undefined, 0x0211, /./],
  ['a path for a UID', storeRequest('../../evil'), ctDataSet('1.2.4'), 0x0117, /Instance UID: .*"\.\.\/\.\.\/evil"/],
  ['an empty UID', storeRequest(''), ctDataSet('1.2.4'), 0x0117, /Instance UID: .*empty/],
  ['a long UID', storeRequest(`1.${'2'.repeat(198)}`), ctDataSet('1.2.4'), 0x0117, /Instance UID: .*more than 128/],
];

describe('storescp answers with a failure, stores nothing and goes on after', limits, () => {
  it('what it cannot take: one association sees it all', () =>
    withStorescp([], async ({ port, process }, folder) => {
      await using socket = await PduSocket.connect(port);
      await openAssociation(socket, [CT_CONTEXT]);
      for (const [index, [what, request, dataSet, status, comment]] of FAILURES.entries()) {
        const response = await exchange(socket, request, dataSet);
        assert.equal(statusLine(response.status), statusLine(status), what);
        assert.equal(response.messageIdBeingRespondedTo, request.messageId, what);
        const begin = `E: ${requestInWords(request)}: ${statusLine(status)}: `;
        const [, logged = ''] = await process.output('stderr', new RegExp(`^(?:.*\n){${index}}(.*)\n`));
        const text = anonymous(logged);
        assert.ok(text.startsWith(begin), text);
        assert.match(text.slice(begin.length), comment);
        // PS3.5 6.2: a comment has 64 characters at most.
        assert.equal(response.errorComment, text.slice(begin.length).slice(0, 64).trimEnd());
        await storeWell(socket, `1.2.3.${index + 10}`);
      }
      await releaseAssociation(socket);
      const { stderr } = await process.stop();
      assert.equal(stderr.split('\n').length - 1, FAILURES.length);
      assert.deepEqual(
        await readdir(folder.path),
        FAILURES.map((_, index) => `CT.1.2.3.${index + 10}`),
      );
    }));

  it('a directory in the place of a file: 0xA700 - Failure: Out of Resources', () =>
    withStorescp([], async ({ port, process }, folder) => {
      await mkdir(join(folder.path, 'CT.1.2.3'));
      await using socket = await PduSocket.connect(port);
      await openAssociation(socket, [CT_CONTEXT]);
      const { status, errorComment } = await exchange(socket, storeRequest('1.2.3'), ctDataSet('1.2.3'));
      assert.equal(status, 0xa700);
      await releaseAssociation(socket);
      const { stderr } = await process.stop();
      assert.equal(
        anonymous(stderr),
        `E: ${requestInWords(storeRequest('1.2.3'))}: ${statusLine(0xa700)}: ${errorComment}\n`,
      );
    }));

  it('a directory that is gone: 0xA700 - Failure: Out of Resources', async () => {
    await using folder = await temporaryFolder();
    const output = join(folder.path, 'output');
    await mkdir(output);
    await using storescp = await listeningStorescp(['-od', output]);
    await using socket = await PduSocket.connect(storescp.port);
    await openAssociation(socket, [CT_CONTEXT]);
    await rm(output, { recursive: true });
    const { status, errorComment } = await exchange(socket, storeRequest('1.2.1'), ctDataSet('1.2.1'));
    assert.deepEqual([status, errorComment], [0xa700, 'cannot store the instance: no such file or directory']);
    await mkdir(output);
    await storeWell(socket, '1.2.2');
    await releaseAssociation(socket);
    const { stderr } = await storescp.process.stop();
    const what = requestInWords(storeRequest('1.2.1'));
    assert.equal(anonymous(stderr), `E: ${what}: ${statusLine(0xa700)}: ${errorComment}\n`);
    assert.deepEqual(await readdir(output), ['CT.1.2.2']);
  });

  it('a file that grows over the limit in the middle: 0xA700 - Failure: Out of Resources', async () => {
    await using folder = await temporaryFolder();
    // A limit of 64 KiB for every file stands for a full disk, which nobody can bring about without privileges.
    const command = ['-c', 'ulimit -f 128; exec "$@"', 'sh', process.execPath, applicationPath('storescp'), '0'];
    await using storescp = new Running('sh', [...command, '-od', folder.path]);
    const [port = ''] = await storescp.output('stdout', /^\d+$/m);
    await using socket = await PduSocket.connect(Number(port));
    await openAssociation(socket, [CT_CONTEXT]);
    const big = encodeDataSet(
      sampleImage({ sopClassUid: CT_CONTEXT.abstractSyntax, sopInstanceUid: '1.2.1', rows: 512, columns: 512 }),
      EXPLICIT_VR_LITTLE_ENDIAN,
    );
    const { status, errorComment } = await exchange(socket, storeRequest('1.2.1'), big);
    assert.deepEqual([status, errorComment], [0xa700, 'cannot store the instance: file too large']);
    await storeWell(socket, '1.2.2');
    await releaseAssociation(socket);
    assert.deepEqual(await readdir(folder.path), ['CT.1.2.2']);
  });
});

describe('storescp that is killed in the middle of an object', limits, () => {
  it('leaves a hidden part file, which the next start removes, but not that of another storescp that runs', async () => {
    await using folder = await temporaryFolder();
    await using storescp = await listeningStorescp(['-od', folder.path]);
    // Not from before: at its start storescp tries whether it can make a file.
    const watcher = watch(folder.path);
    const changes = on(watcher, 'change');
    await using socket = await PduSocket.connect(storescp.port);
    await openAssociation(socket, [CT_CONTEXT]);
    const [command, first] = messagePdus(
      storeRequest('1.2.3'),
      1,
      Buffer.concat([ctDataSet('1.2.3'), Buffer.alloc(100_000)]),
    );
    assert.ok(command && first);
    socket.send(command, first);
    for await (const [, name] of changes) if (`${name}`.endsWith('.part')) break;
    watcher.close();
    const [part = '', ...others] = await readdir(folder.path);
    assert.match(part, /^\..*\.part$/);
    assert.deepEqual(others, []);

    await using second = await listeningStorescp(['-od', folder.path]);
    assert.deepEqual(await readdir(folder.path), [part]);
    await second.process.stop();

    await storescp.process.stop('SIGKILL');
    assert.deepEqual(await readdir(folder.path), [part]);

    await using third = await listeningStorescp(['-od', folder.path]);
    assert.deepEqual(await readdir(folder.path), []);
    assert.equal((await third.process.stop()).stderr, '');
  });
});

/** How a failed request begins its line in the log. */
function requestInWords(request: DimseRequest): string {
  if (request.type === 'C-STORE-RQ')
    return `Store Request failed (PEER, SOP Instance ${request.affectedSopInstanceUid})`;
  const command = 'commandField' in request ? request.commandField.toString(16).padStart(4, '0') : '0030';
  return `Unknown Request (command 0x${command}) failed (PEER)`;
}

function encoded(dataSet: DataSet, syntax: TransferSyntax): Buffer {
  if (!syntax.deflated) return encodeDataSet(dataSet, syntax);
  const deflated = deflateRawSync(encodeDataSet(dataSet, EXPLICIT_VR_LITTLE_ENDIAN));
  // PS3.5 A.5: a NUL makes it even.
  return deflated.length % 2 === 0 ? deflated : Buffer.concat([deflated, Buffer.alloc(1)]);
}

/** Where the data set of a file begins, told from (0002,0000), which comes first. */
function metaEnd(file: Buffer): number {
  return 144 + file.readUInt32LE(140);
}
