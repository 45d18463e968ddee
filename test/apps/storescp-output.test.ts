/** `--output-pattern` and `--on-duplicate` of the built storescp: where files go, what is said of it, and what peers are told. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import {
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
} from '../../src/dataset/transfer-syntax.js';
import { temporaryFolder } from '../support/apps-files.js';
import { jsonLines } from '../support/apps-json-log.js';
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
import { anonymous, listeningStorescp, runStorescp, withStorescp } from '../support/apps-run.js';
import { type DataElement, encodeDataSet } from '../support/data-set.js';
import { CT_IMAGE, readPart10, sampleImage } from '../support/sample-instance.js';

const limits = { concurrency: 4, timeout: 60_000 };

const PATTERN = '{PatientID}/{StudyDate:YYYY/MM}/{PatientName}/{Modality}.{SOPInstanceUID}.dcm';

/** Text with one character for each byte. */
function dataSetOf(sopInstanceUid: string, charset: string, name: string, id = 'ID/1'): Buffer {
  const elements: DataElement[] = [
    { tag: 0x00080005, vr: 'CS', value: charset.split('\\') },
    { tag: 0x00100010, vr: 'PN', value: [name] },
    { tag: 0x00100020, vr: 'LO', value: id === '' ? [] : [id] },
  ];
  return encodeDataSet(sampleImage({ sopClassUid: CT_IMAGE, sopInstanceUid, elements }), EXPLICIT_VR_LITTLE_ENDIAN);
}

/** The files below a folder, with slashes. */
function filesBelow(folder: string): readonly string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}

describe('storescp --output-pattern', limits, () => {
  it('puts files where their attributes say, decoded and made safe, and says where', async () => {
    await using folder = await temporaryFolder();
    await using storescp = await listeningStorescp(['-od', folder.path, '--output-pattern', PATTERN, '-v']);
    await using socket = await PduSocket.connect(storescp.port);
    await openAssociation(socket, [CT_CONTEXT]);
    const sent = [
      ['1.2.1', '\\ISO 2022 IR 87', '=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B', 'ID/1'],
      ['1.2.2', 'ISO_IR 100', 'M\xfcller^J\xf6rg', '..'],
      ['1.2.3', 'ISO_IR 192', '', ''],
    ] as const;
    for (const [uid, charset, name, id] of sent)
      assert.equal((await exchange(socket, storeRequest(uid), dataSetOf(uid, charset, name, id))).status, 0);
    await releaseAssociation(socket);
    const { stderr } = await storescp.process.stop();
    const stored = [
      'ID_1/2026/11/山田^太郎/CT.1.2.1.dcm',
      '__/2026/11/Müller^Jörg/CT.1.2.2.dcm',
      '_missing_/2026/11/_missing_/CT.1.2.3.dcm',
    ];
    assert.deepEqual(filesBelow(folder.path), [...stored].sort());
    assert.deepEqual(
      stderr.split('\n').filter((line) => line.includes('Storing') || line.startsWith('W')),
      stored.map((path) => `I: Storing DICOM file: ${path}`),
    );
    const { meta, bytes } = readPart10(await readFile(join(folder.path, stored[1] ?? '')));
    assert.equal(meta?.mediaStorageSopInstanceUid, '1.2.2');
    assert.ok(bytes.equals(dataSetOf(...sent[1])));
  });

  it('knows the attributes in every transfer syntax', () =>
    withStorescp(
      ['--output-pattern', '{TransferSyntaxUID}/{PatientName}/{Rows}.{SOPInstanceUID}'],
      async ({ port }, folder) => {
        await using socket = await PduSocket.connect(port);
        const jpeg = { ...EXPLICIT_VR_LITTLE_ENDIAN, uid: '1.2.840.10008.1.2.4.50' };
        const syntaxes = [
          IMPLICIT_VR_LITTLE_ENDIAN,
          EXPLICIT_VR_LITTLE_ENDIAN,
          EXPLICIT_VR_BIG_ENDIAN,
          DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
          jpeg,
        ];
        const contexts = syntaxes.map(({ uid }, index) => ({
          ...CT_CONTEXT,
          id: 2 * index + 1,
          transferSyntaxes: [uid],
        }));
        await openAssociation(socket, contexts);
        for (const [index, syntax] of syntaxes.entries()) {
          const sopInstanceUid = `1.2.3.${index}`;
          const fragments = syntax === jpeg ? { fragments: [Buffer.alloc(0), Buffer.alloc(10)] } : {};
          const bytes = encodeDataSet(
            sampleImage({ sopClassUid: CT_IMAGE, sopInstanceUid, rows: 300, ...fragments }),
            syntax,
          );
          socket.send(
            ...messagePdus(
              storeRequest(sopInstanceUid, index),
              2 * index + 1,
              syntax.deflated ? deflateRawSync(bytes) : bytes,
            ),
          );
          await socket.message();
        }
        await releaseAssociation(socket);
        assert.deepEqual(
          filesBelow(folder.path),
          syntaxes.map(({ uid }, index) => `${uid}/Sample^Image/300.1.2.3.${index}`).sort(),
        );
      },
    ));

  it('says once of a character set that nobody knows, and goes on', async () => {
    await using folder = await temporaryFolder();
    await using storescp = await listeningStorescp([
      '-od',
      folder.path,
      '--output-pattern',
      '{PatientName}/{SOPInstanceUID}',
    ]);
    await using socket = await PduSocket.connect(storescp.port);
    await openAssociation(socket, [CT_CONTEXT]);
    for (const uid of ['1.2.1', '1.2.2'])
      assert.equal((await exchange(socket, storeRequest(uid), dataSetOf(uid, 'KLINGON', 'M\xfcller'))).status, 0);
    await releaseAssociation(socket);
    const { stderr } = await storescp.process.stop();
    assert.equal(
      stderr,
      'W: Cannot decode text in the character set "KLINGON": Invalid specific character set specified.\n',
    );
    assert.deepEqual(filesBelow(folder.path), ['M_ller/1.2.1', 'M_ller/1.2.2']);
  });

  it('follows no link out of the directory, makes again what is removed, and goes on', async () => {
    await using folder = await temporaryFolder();
    const [output, outside] = [join(folder.path, 'in'), join(folder.path, 'outside')];
    await mkdir(output);
    await mkdir(outside);
    await symlink(outside, join(output, 'link'));
    await using storescp = await listeningStorescp(['-od', output, '--output-pattern', '{PatientID}/{SOPInstanceUID}']);
    await using socket = await PduSocket.connect(storescp.port);
    await openAssociation(socket, [CT_CONTEXT]);
    const store = async (uid: string, id: string) => {
      const { status, errorComment } = await exchange(socket, storeRequest(uid), dataSetOf(uid, '', 'A', id));
      return [status, errorComment];
    };
    assert.deepEqual(await store('1.2.1', 'link'), [
      0xa700,
      'cannot store the instance: something in place of a folder',
    ]);
    assert.deepEqual(await store('1.2.2', 'a'), [0, undefined]);
    await rm(join(output, 'a'), { recursive: true });
    assert.deepEqual(await store('1.2.3', 'a'), [0, undefined]);
    await releaseAssociation(socket);
    assert.deepEqual(readdirSync(outside), []);
    assert.deepEqual(filesBelow(output), ['a/1.2.3']);
  });

  it('is taken from a config file, and refused at the start if it stands for nothing', async (test) => {
    await using folder = await temporaryFolder();
    const config = join(folder.path, 'config.json');
    for (const [pattern, fault] of [
      [
        '{PatientId}/{SOPInstanceUID}',
        /--output-pattern: \{PatientId\} is no keyword .* \(did you mean PatientID\?\)$/m,
      ],
      ['{PatientID}', /--output-pattern: \{PatientID\} lacks \{SOPInstanceUID\}/],
      ['../{SOPInstanceUID}', /output-pattern: \.\.\/\{SOPInstanceUID\} has a part that begins with a dot/],
    ] as const) {
      await writeFile(config, JSON.stringify({ port: 0, 'output-pattern': pattern }));
      const { code, stdout, stderr } = await runStorescp(test, ['--config', config], { cwd: folder.path });
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, fault);
    }
    assert.deepEqual(readdirSync(folder.path), ['config.json']);
  });
});

const OTHER = sampleImage({ sopClassUid: CT_IMAGE, sopInstanceUid: '1.2.3', rows: 8 });
const ANOTHER = encodeDataSet(OTHER, EXPLICIT_VR_LITTLE_ENDIAN);

/** The answer to the same once more, that to another data set, the log, and which one is there in the end. */
const MODES = [
  ['replace', 0x0000, 0x0000, 'W: DICOM file already exists, overwriting\n'.repeat(2), ANOTHER],
  [
    'keep',
    0x0000,
    0x0111,
    'W: DICOM file already exists, keeping it\n' +
      'E: Store Request failed (PEER, SOP Instance 1.2.3): 0x0111 - Failure: Duplicate SOP Instance: another data set is stored under this UID\n',
    ctDataSet('1.2.3'),
  ],
  [
    'reject',
    0x0111,
    0x0111,
    'E: Store Request failed (PEER, SOP Instance 1.2.3): 0x0111 - Failure: Duplicate SOP Instance: it is stored already\n'.repeat(
      2,
    ),
    ctDataSet('1.2.3'),
  ],
] as const;

describe('storescp --on-duplicate', limits, () => {
  for (const [mode, same, another, log, left] of MODES)
    it(mode, async () => {
      await using folder = await temporaryFolder();
      await using storescp = await listeningStorescp(['-od', folder.path, '--on-duplicate', mode]);
      await using socket = await PduSocket.connect(storescp.port);
      await openAssociation(socket, [CT_CONTEXT]);
      await storeWell(socket, '1.2.3');
      assert.equal((await exchange(socket, storeRequest('1.2.3'), ctDataSet('1.2.3'))).status, same);
      assert.equal((await exchange(socket, storeRequest('1.2.3'), ANOTHER)).status, another);
      await storeWell(socket, '1.2.4');
      await releaseAssociation(socket);
      const { stderr } = await storescp.process.stop();
      assert.equal(anonymous(stderr), log);
      assert.deepEqual(readdirSync(folder.path).sort(), ['CT.1.2.3', 'CT.1.2.4']);
      assert.ok(readPart10(await readFile(join(folder.path, 'CT.1.2.3'))).bytes.equals(left));
    });

  it('names the file that an output pattern leads to', async () => {
    await using folder = await temporaryFolder();
    await using storescp = await listeningStorescp([
      '-od',
      folder.path,
      '--output-pattern',
      '{Modality}/{SOPInstanceUID}',
    ]);
    await using socket = await PduSocket.connect(storescp.port);
    await openAssociation(socket, [CT_CONTEXT]);
    for (const uid of ['1.2.3', '1.2.3']) await storeWell(socket, uid);
    await releaseAssociation(socket);
    const { stderr } = await storescp.process.stop();
    assert.equal(stderr, `W: DICOM file already exists, overwriting: ${join(folder.path, 'CT', '1.2.3')}\n`);
  });

  for (const [mode, event, status] of [
    ['replace', 'replacing', 0],
    ['keep', 'keeping', 0],
    ['reject', 'rejecting', 0x0111],
  ] as const)
    it(`names the file and who has sent it in a log in JSON: ${event}`, async () => {
      await using folder = await temporaryFolder();
      const pattern = ['--output-pattern', '{Modality}/{SOPInstanceUID}'];
      const args = ['-od', folder.path, ...pattern, '--on-duplicate', mode, '--log-format', 'json', '-v'];
      await using storescp = await listeningStorescp(args);
      await using socket = await PduSocket.connect(storescp.port);
      await openAssociation(socket, [CT_CONTEXT]);
      await storeWell(socket, '1.2.3');
      assert.equal((await exchange(socket, storeRequest('1.2.3'), ctDataSet('1.2.3'))).status, status);
      await releaseAssociation(socket);
      const { stderr } = await storescp.process.stop();
      const lines = jsonLines(stderr).filter((line) => line.event === 'storing' || line.event === event);
      assert.deepEqual(
        lines.map((line) => [line.event, line.path, line.association, line.callingAet, line.calledAet]),
        ['storing', 'storing', event].map((name) => [
          name,
          name === event ? join(folder.path, 'CT', '1.2.3') : 'CT/1.2.3',
          ...[1, 'PEER', 'ANY-SCP'],
        ]),
      );
    });
});
