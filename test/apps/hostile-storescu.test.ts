/** What a provider that is broken or evil answers storescu: each is one line, the right exit code, and a right answer. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { type DimseMessage, responseTo } from '../../src/index.js';
import type { ReceivedPdu } from '../../src/pdu/pdu-reader.js';
import type { AssociateRq } from '../../src/pdu/types.js';
import { type Folder, sampleFolder, temporaryFolder } from '../support/apps-files.js';
import { acceptAssociation, messagePdus, type PduSocket, scriptedPeer } from '../support/apps-peer.js';
import { anonymous, runStorescu } from '../support/apps-run.js';
import { type AnswerRow, TO_RELEASE, TO_REQUEST, TO_STORE } from '../support/hostile-answers.js';
import { writeBigInstance } from '../support/loopback-files.js';

const limits = { concurrency: 4, timeout: 120_000 };

let folder: Folder;
let filesBefore: readonly string[];
before(async () => {
  folder = await sampleFolder();
  filesBefore = await readdir(folder.path, { recursive: true });
});
after(async () => {
  assert.deepEqual(await readdir(folder.path, { recursive: true }), filesBefore, 'storescu writes nothing');
  await folder[Symbol.asyncDispose]();
});

/** What storescu says after the answer; a release is agreed to, and the provider hangs up when it is aborted. */
async function hear(socket: PduSocket, what: string): Promise<string> {
  const heard: string[] = [];
  if (what.endsWith('hangs up')) socket.close();
  if (what.endsWith('says no more')) socket.finish();
  for (;;) {
    const pdu = await socket.receive();
    if (pdu === undefined) return heard.join(', ');
    heard.push(pdu.type === 'A-ABORT' ? `A-ABORT ${pdu.source}/${pdu.reason}` : pdu.type);
    if (pdu.type === 'A-RELEASE-RQ') socket.send({ type: 'A-RELEASE-RP' });
    if (pdu.type === 'A-ABORT') socket.close();
  }
}

/** Plays the good provider up to a stage; gives the request. */
type Stage = (socket: PduSocket) => Promise<AssociateRq>;

const toRequest: Stage = (socket) => socket.expect('A-ASSOCIATE-RQ');

const toStore: Stage = async (socket) => {
  const request = await acceptAssociation(socket);
  await socket.message();
  return request;
};

const toRelease: Stage = async (socket) => {
  const request = await acceptAssociation(socket);
  const { message, presentationContextId } = await socket.message();
  assert.ok('messageId' in message);
  socket.send(...messagePdus(responseTo(message, 0x0000), presentationContextId));
  await socket.expect('A-RELEASE-RQ');
  return request;
};

function table(title: string, stage: Stage, rows: readonly AnswerRow[]): void {
  describe(`storescu and a provider that answers ${title}`, limits, () => {
    for (const [what, bytes, expected, error, code] of rows)
      it(`${what}: ${expected || 'nothing more'}, exit code ${code}`, async (test) => {
        let heard: string | undefined;
        await using peer = await scriptedPeer(
          async (socket) => {
            const request = await stage(socket);
            socket.send(Buffer.isBuffer(bytes) ? bytes : bytes(request));
            heard ??= await hear(socket, what);
          },
          { allowHalfOpen: true },
        );
        const ended = await runStorescu(test, ['127.0.0.1', `${peer.port}`, 'ct.dcm'], { cwd: folder.path });
        await peer.done;
        const stderr = error === '' ? '' : `${error}\n`;
        assert.deepEqual(
          { ...ended, stderr: anonymous(ended.stderr), heard },
          { code, signal: null, stdout: '', stderr, heard: expected },
        );
      });
  });
}

table('its request for an association with', toRequest, TO_REQUEST);
table('its request to store', toStore, TO_STORE);
it('storescu does not believe a Success that comes before all of an instance is sent', limits, async (test) => {
  await using peer = await scriptedPeer(async (socket) => {
    await acceptAssociation(socket);
    await socket.receive();
    const response: DimseMessage = { type: 'C-STORE-RSP', messageIdBeingRespondedTo: 1, status: 0 };
    socket.send(...messagePdus(response, 1));
    let last: ReceivedPdu | undefined;
    for (let pdu = await socket.receive(); pdu !== undefined; pdu = await socket.receive()) {
      last = pdu;
      if (pdu.type === 'A-ABORT') socket.close();
    }
    assert.ok(last?.type === 'A-ABORT', last?.type);
    assert.deepEqual([last.source, last.reason], [2, 5]);
  });
  await using big = await temporaryFolder();
  await writeBigInstance(big.path, 'big.dcm', 64 * 1024 * 1024);
  const ended = await runStorescu(test, ['127.0.0.1', `${peer.port}`, 'big.dcm'], { cwd: big.path });
  await peer.done;
  const stderr =
    'E: Association Aborted (PEER) while sending big.dcm: a C-STORE-RSP with status 0x0000 - Success before all of message 1 was sent\n';
  assert.deepEqual({ ...ended, stderr: anonymous(ended.stderr) }, { code: 1, signal: null, stdout: '', stderr });
});

table('its request for release with', toRelease, TO_RELEASE);
