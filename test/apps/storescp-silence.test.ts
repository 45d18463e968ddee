/** storescp and what lasts too long, peers that are lost in the middle of an object, and signals. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { associateRq } from '../../src/acse/propose.js';
import { encodePdu } from '../../src/pdu/codec.js';
import type { Pdu } from '../../src/pdu/types.js';
import {
  CT_CONTEXT,
  ctDataSet,
  messagePdus,
  openAssociation,
  PduSocket,
  releaseAssociation,
  storeRequest,
  storeWell,
} from '../support/apps-peer.js';
import { anonymous, runStorescp, withStorescp, words } from '../support/apps-run.js';

const limits = { concurrency: 6, timeout: 60_000 };
const USER_ABORT = { type: 'A-ABORT', source: 0, reason: 0 } as const;

/** The PDUs of an object in two halves. */
function halves(sopInstanceUid: string): readonly [readonly Pdu[], readonly Pdu[]] {
  // Data Set Trailing Padding makes it long enough for two PDUs.
  const padding = Buffer.concat([Buffer.from('fcfffcff4f42000000400000', 'hex'), Buffer.alloc(0x4000)]);
  const pdus = messagePdus(storeRequest(sopInstanceUid), 1, Buffer.concat([ctDataSet(sopInstanceUid), padding]));
  return [pdus.slice(0, 2), pdus.slice(2)];
}

describe('storescp ends what lasts too long', limits, () => {
  it('-to 0.3: itself, with exit code 0, when no connection comes', async (test) => {
    const { stdout, stderr, code } = await runStorescp(test, ['0', '-to', '0.3', '--ignore']);
    assert.match(stdout, /^\d+\nListening on .*\n$/);
    assert.deepEqual([stderr, code], ['', 0]);
  });

  it('-to 0.3: but not while an association is open', () =>
    withStorescp(words('-to 0.3 -tn 1 -v'), async ({ port, process }) => {
      await using socket = await PduSocket.connect(port);
      await openAssociation(socket, [CT_CONTEXT]);
      await socket.expect('A-ABORT');
      socket.close();
      const { stderr, code } = await process.ended;
      assert.match(stderr, /^E: Association Aborted \(127.0.0.1:\d+\): no data .* within 1 s$/m);
      assert.equal(code, 0);
    }));

  for (const option of ['-ta', '--acse-timeout'])
    it(`${option} 0.3: a connection without a request`, () =>
      withStorescp(words(`${option} 0.3`), async ({ port }) => {
        await using silent = await PduSocket.connect(port);
        await silent.expectEnd();
        await using socket = await PduSocket.connect(port);
        await openAssociation(socket, [CT_CONTEXT]);
      }));

  for (const [line, error] of [
    ['-tn 0.3', 'no data to or from PEER within 0.3 s'],
    ['--network-timeout=.3', 'no data to or from PEER within 0.3 s'],
  ] as const)
    it(`${line}: an association on which nothing happens, by A-ABORT`, () =>
      withStorescp(words(line), async ({ port, process }) => {
        await using socket = await PduSocket.connect(port);
        await openAssociation(socket, [CT_CONTEXT]);
        assert.deepEqual(await socket.expect('A-ABORT'), USER_ABORT);
        socket.close();
        const { stderr } = await process.stop();
        assert.equal(anonymous(stderr), `E: Association Aborted (PEER): ${error}\n`);
      }));

  for (const [line, error] of [
    ['-td 0.3', 'no rest of a message from PEER within 0.3 s'],
    ['--dimse-timeout 0.3', 'no rest of a message from PEER within 0.3 s'],
    ['-tn 0.3', 'no data to or from PEER within 0.3 s'],
  ] as const)
    it(`${line}: an association in the middle of a message, by A-ABORT, and nothing is left of it`, () =>
      withStorescp(words(line), async ({ port, process }, folder) => {
        await using socket = await PduSocket.connect(port);
        await openAssociation(socket, [CT_CONTEXT]);
        socket.send(...halves('1.2.3')[0]);
        assert.deepEqual(await socket.expect('A-ABORT'), USER_ABORT);
        socket.close();
        const { stderr } = await process.stop();
        assert.equal(anonymous(stderr), `E: Association Aborted (PEER): ${error}\n`);
        assert.deepEqual(await readdir(folder.path), []);
      }));
});

describe('storescp ends what comes byte by byte', limits, () => {
  it('-tn 2: an association in the middle of a data set, by A-ABORT, and nothing is left of it', () =>
    withStorescp(words('-tn 2 -ta 1'), async ({ port, process }, folder) => {
      await using socket = await PduSocket.connect(port);
      await openAssociation(socket, [CT_CONTEXT]);
      const [first, rest] = halves('1.2.3');
      socket.send(...first);
      await socket.dripUntilEnd(Buffer.concat(rest.map(encodePdu)), 20);
      const { stderr } = await process.stop();
      assert.equal(anonymous(stderr), 'E: Association Aborted (PEER): no 512 bytes from PEER within 2 s\n');
      assert.deepEqual(await readdir(folder.path), []);
    }));
});

describe('storescp that was held up itself, for longer than it waits for others', limits, () => {
  it('finds what was sent in time: an association request, the rest of an object', () =>
    withStorescp(words('-ta 0.3 -tn 0.3 -v'), async ({ port, process }) => {
      await using late = await PduSocket.connect(port);
      await using socket = await PduSocket.connect(port);
      await openAssociation(socket, [CT_CONTEXT]);
      const [first, rest] = halves('1.2.3');
      socket.send(...first);
      await process.output('stderr', /Storing DICOM file/);
      process.kill('SIGSTOP');
      socket.send(...rest);
      const names = { calledAeTitle: 'A', callingAeTitle: 'B' };
      late.send(associateRq({ ...names, contexts: [CT_CONTEXT], maxPduLength: 0 }));
      // Another one that began to wait later has waited long enough: so would this one have, for both.
      await withStorescp(words('-ta 0.3'), async (other) => {
        await using silent = await PduSocket.connect(other.port);
        assert.equal(await silent.receive(), undefined);
      });
      process.kill('SIGCONT');
      await late.expect('A-ASSOCIATE-AC');
      const { message } = await socket.message();
      assert.equal('status' in message ? message.status : undefined, 0x0000);
    }));
});

/** What a peer does in the middle of an object, what it is answered, and the reason that is logged. */
const LOSSES: readonly (readonly [
  what: string,
  act: (socket: PduSocket) => void,
  answer: Pdu | undefined,
  reason: string,
])[] = [
  [
    'aborts',
    (socket) => socket.send({ type: 'A-ABORT', source: 0, reason: 0 }),
    undefined,
    'by the peer, service user: no reason given (0/0)',
  ],
  ['hangs up', (socket) => socket.close(), undefined, 'connection lost'],
  ['is reset', (socket) => socket.reset(), undefined, 'connection to PEER: connection reset by the peer'],
  [
    'asks for release',
    (socket) => socket.send({ type: 'A-RELEASE-RQ' }),
    { type: 'A-ABORT', source: 2, reason: 2 },
    'release was requested in the middle of a message',
  ],
  [
    'asks for another association',
    (socket) =>
      socket.send(associateRq({ calledAeTitle: 'A', callingAeTitle: 'B', contexts: [CT_CONTEXT], maxPduLength: 0 })),
    { type: 'A-ABORT', source: 2, reason: 2 },
    'A-ASSOCIATE-RQ out of turn',
  ],
  [
    'sends no PDU of DICOM',
    (socket) => socket.send(Buffer.from('GET / HTTP/1.1\r\n')),
    { type: 'A-ABORT', source: 2, reason: 1 },
    'no PDU has the type 71: is it text, such as HTTP? (at byte 0)',
  ],
  [
    'sends data on a context that was not accepted',
    (socket) =>
      socket.send({
        type: 'P-DATA-TF',
        pdvs: [{ presentationContextId: 3, isCommand: false, isLast: true, data: Buffer.alloc(2) }],
      }),
    { type: 'A-ABORT', source: 2, reason: 5 },
    'presentation context 3 in a message on presentation context 1',
  ],
  [
    'sends a command',
    (socket) => socket.send(...messagePdus(storeRequest('1.2.4'), 1)),
    { type: 'A-ABORT', source: 2, reason: 5 },
    'a command fragment where data is expected',
  ],
];

describe('storescp keeps nothing of an object and serves on', limits, () => {
  it('whatever the peer does in the middle of it', () =>
    withStorescp(['-v'], async ({ port, process }, folder) => {
      for (const [index, [what, act, answer]] of LOSSES.entries()) {
        await using socket = await PduSocket.connect(port);
        await openAssociation(socket, [CT_CONTEXT]);
        await storeWell(socket, `1.2.3.${index}`);
        socket.send(...halves(`1.2.4.${index}`)[0]);
        await process.output('stderr', new RegExp(`Storing DICOM file: CT.1.2.4.${index}\n`));
        // A reset that overtakes data is told as a close: what was sent is read by the time somebody else is served.
        await using another = await PduSocket.connect(port);
        await openAssociation(another, [CT_CONTEXT]);
        await releaseAssociation(another);
        act(socket);
        if (answer !== undefined) {
          assert.deepEqual(await socket.expect('A-ABORT'), answer, what);
          socket.close();
        }
        await process.output('stderr', new RegExp(`CT.1.2.4.${index}\\n[^]*Association Aborted`));
      }
      const { stderr } = await process.stop();
      const complaints = anonymous(stderr).match(/^[^I].*$/gm);
      assert.deepEqual(
        complaints,
        LOSSES.map(([, , , reason]) => `E: Association Aborted (PEER): ${reason}`),
      );
      assert.deepEqual(
        (await readdir(folder.path)).sort(),
        LOSSES.map((_, index) => `CT.1.2.3.${index}`),
      );
    }));
});

describe('storescp on', limits, () => {
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`${signal} ends with exit code ${exitCode}`, () =>
      withStorescp(words('-v'), async ({ port, process }) => {
        const { stdout, ...ended } = await process.stop(signal);
        assert.deepEqual(ended, { code: exitCode, signal: null, stderr: `I: Stopping on ${signal}\n` });
        assert.match(stdout, new RegExp(`^${port}\nListening on \\S+:${port} as STORESCP, storing in /.*\n$`));
      }));

    it(`${signal} aborts an association on which nothing happens, and hangs up where there is none`, () =>
      withStorescp(words('-v'), async ({ port, process }) => {
        await using bare = await PduSocket.connect(port);
        await using socket = await PduSocket.connect(port);
        await openAssociation(socket, [CT_CONTEXT]);
        process.kill(signal);
        assert.deepEqual(await socket.expect('A-ABORT'), USER_ABORT);
        await bare.expectEnd();
        socket.close();
        assert.equal((await process.ended).code, exitCode);
      }));

    it(`${signal} lets a message end, answers it, then aborts, and takes no new connection meanwhile`, () =>
      withStorescp(words('-v'), async ({ port, process }, folder) => {
        await using socket = await PduSocket.connect(port);
        await openAssociation(socket, [CT_CONTEXT]);
        const [first, rest] = halves('1.2.3');
        socket.send(...first);
        await process.output('stderr', /Storing DICOM file/);
        process.kill(signal);
        await process.output('stderr', /Stopping/);
        await assert.rejects(async () => {
          await using late = await PduSocket.connect(port);
          await openAssociation(late, [CT_CONTEXT]);
        });
        socket.send(...rest);
        const { message } = await socket.message();
        assert.equal('status' in message ? message.status : undefined, 0x0000);
        assert.deepEqual(await socket.expect('A-ABORT'), USER_ABORT);
        socket.close();
        assert.equal((await process.ended).code, exitCode);
        assert.deepEqual(await readdir(folder.path), ['CT.1.2.3']);
      }));

    it(`a second ${signal} aborts at once, and nothing of the message is left`, () =>
      withStorescp(words('-v'), async ({ port, process }, folder) => {
        // Half open: this peer does not hang up either when it is aborted.
        await using socket = await PduSocket.connect(port, { allowHalfOpen: true });
        await openAssociation(socket, [CT_CONTEXT]);
        socket.send(...halves('1.2.3')[0]);
        await process.output('stderr', /Storing DICOM file/);
        process.kill(signal);
        await process.output('stderr', /Stopping/);
        process.kill(signal);
        assert.deepEqual(await socket.expect('A-ABORT'), USER_ABORT);
        process.kill(signal);
        assert.equal((await process.ended).code, exitCode);
        assert.deepEqual(await readdir(folder.path), []);
      }));
  }
});
