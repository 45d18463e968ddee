/** Texts of peers and names of files that would be lines or commands of their own: what they leave in logs and in files. */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { printable } from '../../src/index.js';
import { encodePdu } from '../../src/pdu/codec.js';
import type { AssociateRq } from '../../src/pdu/types.js';
import { ctImage, temporaryFolder } from '../support/apps-files.js';
import { jsonLines } from '../support/apps-json-log.js';
import { acceptance, PduSocket, scriptedPeer } from '../support/apps-peer.js';
import { listeningStorescp, runStorescu, withStorescp } from '../support/apps-run.js';
import { element, uint16 } from '../support/dimse-messages.js';
import { commandSet, dataPdu, messageOf, pduOf, play, REQUEST, storeElements } from '../support/hostile.js';
import { ctDataSet, echoRq, storeRq } from '../support/loopback-peer.js';
import { readPart10, samplePart10 } from '../support/sample-instance.js';

const limits = { timeout: 60_000 };

/** Line ends, a terminal's commands in seven bits and in eight, DEL, NEL, and UTF-8 of an override read byte by byte. */
const NASTY = 'X\nE: forged\r\x1b[2J\x1b]0;owned\x07\x7f\x85\x9b31m\xe2\x80\xae\0Y';
/** What fits into an AE title. */
const TITLE = 'A\nE: x\r\x1b[2J\x9bB';
/** Where UTF-8 is read: an override, an isolate, a line separator, zero width, half a surrogate pair and a broken sequence. */
const UTF8 = Buffer.concat([
  Buffer.from('u\u202e\u2066\u2028\u200b\nE: forged\x1b[2J'),
  Buffer.from('eda080ff', 'hex'),
]);

/** Everything of a request that is text. */
const FORGED: AssociateRq = {
  ...REQUEST,
  calledAeTitle: TITLE,
  callingAeTitle: TITLE,
  presentationContexts: [...REQUEST.presentationContexts, { id: 15, abstractSyntax: NASTY, transferSyntaxes: [NASTY] }],
  userInformation: {
    maximumLength: 16_384,
    implementationClassUid: NASTY,
    implementationVersionName: NASTY,
    roleSelections: [{ sopClassUid: NASTY, scuRole: true, scpRole: true }],
    extendedNegotiations: [{ sopClassUid: NASTY, applicationInformation: Buffer.from(NASTY) }],
    commonExtendedNegotiations: [{ sopClassUid: NASTY, serviceClassUid: NASTY, relatedGeneralSopClassUids: [NASTY] }],
    userIdentity: { type: 1, positiveResponseRequested: false, primaryField: UTF8, secondaryField: UTF8 },
  },
};

const text = (number: number) => element(number, Buffer.from(NASTY, 'latin1'));

/** Requests whose every text is forged: to store, to find, to echo; then an abort. */
const MESSAGES = Buffer.concat([
  commandSet(1, ...storeElements({ 4096: [text(0x1000)], 4144: [text(0x1030)] })),
  dataPdu(1, ctDataSet()),
  commandSet(1, ...storeElements({ 2: [text(0x0002)] })),
  dataPdu(1, ctDataSet()),
  commandSet(
    1,
    text(0x0002),
    element(0x0100, uint16(0x0020)),
    element(0x0110, uint16(7)),
    element(0x0800, uint16(0x0101)),
  ),
  commandSet(
    3,
    text(0x0002),
    element(0x0100, uint16(0x0030)),
    element(0x0110, uint16(8)),
    element(0x0800, uint16(0x0101)),
  ),
  messageOf(storeRq(9, '1.2.3'), 1, Buffer.from(NASTY, 'latin1')),
  messageOf(echoRq(10), 3),
]);

/** Every line has its prefix, and nothing in it that a log or a terminal obeys. */
function assertHonest(log: string, prefix: RegExp): void {
  assert.ok(log.endsWith('\n'));
  for (const line of log.slice(0, -1).split('\n')) {
    assert.match(line, prefix);
    assert.equal(line, printable(line));
    assert.doesNotMatch(line, /^.{0,10}forged/);
  }
  // It is there to be read all the same.
  assert.ok(log.includes('\\nE: forged\\r\\x1b[2J'), log);
}

const CONFIG = `[loggers]
keys=root
[handlers]
keys=file,stream
[formatters]
keys=plain
[logger_root]
level=DEBUG
handlers=file,stream
[handler_file]
class=FileHandler
level=DEBUG
formatter=plain
args=('out.log',)
[handler_stream]
class=StreamHandler
level=DEBUG
formatter=plain
args=(sys.stderr,)
[formatter_plain]
format=%(levelname)s|%(name)s|%(message)s
`;

async function sayAll(port: number): Promise<void> {
  const other: AssociateRq = { ...FORGED, applicationContext: NASTY };
  assert.equal(await play(port, encodePdu(other), 1, false), 'A-ASSOCIATE-RJ 1/1/2');
  await using peer = await PduSocket.connect(port);
  peer.send(FORGED);
  await peer.expect('A-ASSOCIATE-AC');
  peer.send(MESSAGES);
  for (let responses = 0; responses < 6; responses++) await peer.message();
  peer.send({ type: 'A-ABORT', source: 255, reason: 255 });
  await peer.expectEnd();
}

describe('storescp and a peer whose every text is forged', limits, () => {
  for (const option of ['-v', '-d'])
    it(`${option}: has one line for each line of its own on standard error`, () =>
      withStorescp([option], async ({ port, process }, folder) => {
        await sayAll(port);
        const { stderr } = await process.stop();
        assertHonest(stderr, /^[EWID]: /);
        assert.deepEqual(await readdir(folder.path), []);
      }));

  it('--log-format json: has one object for each message, in which the texts are as they came', () =>
    withStorescp(['-d', '--log-format', 'json'], async ({ port, process }, folder) => {
      await sayAll(port);
      const lines = jsonLines((await process.stop()).stderr);
      const request = lines.find(({ event }) => event === 'associate-rq');
      assert.equal(request?.callingAet, TITLE);
      assert.ok(lines.some(({ sopInstanceUid }) => String(sopInstanceUid).startsWith(NASTY.slice(0, 40))));
      assert.deepEqual(await readdir(folder.path), []);
    }));

  it('-lc: and in a file', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'log.ini'), CONFIG);
    await using storescp = await listeningStorescp(['-lc', 'log.ini', '--ignore'], { cwd: folder.path });
    await sayAll(storescp.port);
    const { stderr } = await storescp.process.stop();
    const file = await readFile(join(folder.path, 'out.log'), 'utf8');
    assert.equal(file, stderr);
    assertHonest(file, /^[A-Z]+\|[\w.]+\|/);
  });
});

describe('storescu', limits, () => {
  const NAME = 'f\nE: forged\r\x1b[2J\u202e\x9b\x7f.dcm';

  for (const option of ['-v', '-d'])
    it(`${option}: has one line for each line of its own, whatever files are called and a provider says`, async (test) => {
      await using folder = await temporaryFolder();
      await writeFile(join(folder.path, NAME), samplePart10(ctImage));
      await writeFile(join(folder.path, `bad ${NAME}`), 'no image');
      await using peer = await scriptedPeer(async (socket) => {
        const request = await socket.expect('A-ASSOCIATE-RQ');
        const userInformation = {
          ...acceptance(request).userInformation,
          implementationClassUid: NASTY,
          implementationVersionName: NASTY,
        };
        socket.send({ ...acceptance(request), calledAeTitle: TITLE, callingAeTitle: TITLE, userInformation });
        await socket.message();
        const comment = element(0x0902, Buffer.from(NASTY, 'latin1'));
        socket.send(
          commandSet(
            1,
            element(0x0100, uint16(0x8001)),
            element(0x0120, uint16(1)),
            element(0x0800, uint16(0x0101)),
            element(0x0900, uint16(0xa700)),
            text(0x0002),
            text(0x1000),
            comment,
          ),
        );
        await socket.expect('A-RELEASE-RQ');
        socket.send(pduOf(6, Buffer.alloc(4)));
      });
      const args = ['127.0.0.1', `${peer.port}`, NAME, `bad ${NAME}`, `missing ${NAME}`, option];
      const { stdout, stderr, code } = await runStorescu(test, args, { cwd: folder.path });
      await peer.done;
      assertHonest(stderr, /^[EWID]: /);
      assert.deepEqual([stdout, code], ['', 3]);
    });
});

describe('what storescp writes into a file', limits, () => {
  for (const [what, title, written] of [
    ['control characters', TITLE, 'A_E: x__[2J_B'],
    ['a backslash and letters that are not ASCII', '\xc4\\\xe9 B', '___ B'],
    ['NULs around it', '\0\0AE\0\0', 'AE'],
    ['nothing but spaces', ' '.repeat(16), undefined],
  ] as const)
    it(`for a calling AE title of ${what}: (0002,0016) that is an AE title`, () =>
      withStorescp([], async ({ port }, folder) => {
        await using peer = await PduSocket.connect(port);
        peer.send({ ...FORGED, callingAeTitle: title });
        await peer.expect('A-ASSOCIATE-AC');
        peer.send(messageOf(storeRq(1), 1, ctDataSet()));
        await peer.message();
        const { meta, bytes } = readPart10(await readFile(join(folder.path, 'CT.1.2.3')));
        assert.ok(meta !== undefined);
        assert.equal(meta.sourceApplicationEntityTitle, written);
        assert.deepEqual(bytes, ctDataSet(), 'the data set is as it came');
        assert.doesNotMatch(
          Object.values(meta).join(),
          /\p{Cc}/u,
          'nothing else of the peer is in the meta information',
        );
      }));

  it('for a UID of 128 characters: that UID, in a name that a file can have', () =>
    withStorescp([], async ({ port }, folder) => {
      const uid = `1.${'2'.repeat(126)}`;
      await using peer = await PduSocket.connect(port);
      peer.send(FORGED);
      await peer.expect('A-ASSOCIATE-AC');
      peer.send(messageOf(storeRq(1, uid), 1, ctDataSet(uid)));
      await peer.message();
      assert.deepEqual(await readdir(folder.path), [`CT.${uid}`]);
      const { meta } = readPart10(await readFile(join(folder.path, `CT.${uid}`)));
      assert.equal(meta?.mediaStorageSopInstanceUid, uid);
    }));
});
