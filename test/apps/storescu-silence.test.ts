/** storescu and a peer that falls silent, or is waited for when a signal comes, at each stage of an association. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { deferred } from '../../src/base/deferred.js';
import { responseTo } from '../../src/index.js';
import { encodePdu } from '../../src/pdu/codec.js';
import { type Folder, sampleFolder, writeBigImage } from '../support/apps-files.js';
import { acceptAssociation, acceptance, messagePdus, type PduSocket, scriptedPeer } from '../support/apps-peer.js';
import { runStorescu, startStorescu, words } from '../support/apps-run.js';
import { unansweredPort } from '../support/apps-unanswered.js';

/** More than the kernel's buffers of a connection hold. */
const BIG_IMAGE_BYTES = 64 * 1024 * 1024;

let folder: Folder;
before(async () => {
  folder = await sampleFolder();
  await writeBigImage(join(folder.path, 'big-image.dcm'), BIG_IMAGE_BYTES);
});
after(() => folder[Symbol.asyncDispose]());

/** How far a peer goes along. It does not say anything after that. */
const STAGES = {
  async 'the association request'(socket) {
    await socket.expect('A-ASSOCIATE-RQ');
  },
  async 'half of its answer'(socket) {
    const answer = encodePdu(acceptance(await socket.expect('A-ASSOCIATE-RQ')));
    socket.send(answer.subarray(0, answer.length / 2));
  },
  async 'its answer'(socket) {
    await acceptAssociation(socket);
    socket.stopReading();
  },
  async 'the request'(socket) {
    await acceptAssociation(socket);
    await socket.message();
  },
  async 'half of its response'(socket) {
    await acceptAssociation(socket);
    const response = Buffer.concat((await responsePdus(socket)).map(encodePdu));
    const half = Buffer.from(response.subarray(0, 40));
    // A PDU and a PDV of their own, the message not ended.
    half.writeUInt32BE(half.length - 6, 2);
    half.writeUInt32BE(half.length - 10, 6);
    half.writeUInt8(1, 11);
    socket.send(half);
  },
  async 'the release request'(socket) {
    await acceptAssociation(socket);
    socket.send(...(await responsePdus(socket)));
    await socket.expect('A-RELEASE-RQ');
  },
} as const satisfies Readonly<Record<string, (socket: PduSocket) => Promise<void>>>;
type Stage = keyof typeof STAGES;

async function responsePdus(socket: PduSocket, status = 0x0000) {
  const { message, presentationContextId } = await socket.message();
  if (!('messageId' in message)) throw new Error('no request');
  return messagePdus(responseTo(message, status), presentationContextId);
}

/** What follows `Association Failed`; PEER stands for the peer's address and port. */
const TIMEOUTS: readonly (readonly [after: Stage, line: string, error: string])[] = [
  ['the association request', 'ct.dcm -ta 0.3', ': no answer to the association request from PEER within 0.3 s'],
  ['half of its answer', 'ct.dcm -ta 0.3', ': no answer to the association request from PEER within 0.3 s'],
  ['its answer', 'big-image.dcm -xe -tn 0.3', ' while sending big-image.dcm: no data to or from PEER within 0.3 s'],
  ['the request', 'ct.dcm -td 0.3', ' while sending ct.dcm: no response from PEER within 0.3 s'],
  ['the request', '--echo -td 0.3', ': no response from PEER within 0.3 s'],
  ['half of its response', 'ct.dcm -tn 0.3', ' while sending ct.dcm: no data to or from PEER within 0.3 s'],
  ['half of its response', 'ct.dcm -td 0.3', ' while sending ct.dcm: no response from PEER within 0.3 s'],
  ['the release request', 'ct.dcm -ta 0.3', ': no answer to the release from PEER within 0.3 s'],
];

const limits = { concurrency: 8, timeout: 60_000 };
/** For each test: less than the default timeouts, so that none of them can help out. */
const soon = { timeout: 20_000 };

describe('storescu ends with one line and exit code 1 when the peer falls silent after', limits, () => {
  it('nothing at all: the connection is not answered (-to 0.3)', soon, async (test) => {
    await using peer = await unansweredPort();
    const { stdout, stderr, code } = await runStorescu(test, [...to(peer), 'ct.dcm', '-to', '0.3'], inFolder());
    assert.equal(stderr, `E: Association Failed: no connection to 127.0.0.1:${peer.port} within 0.3 s\n`);
    assert.deepEqual([stdout, code], ['', 1]);
  });

  // Half open: a peer that has gone silent does not hang up either.
  for (const [stage, line, error] of TIMEOUTS)
    it(`${stage} (${line})`, soon, async (test) => {
      await using peer = await scriptedPeer((socket) => untilAborted(socket, stage), { allowHalfOpen: true });
      const { stdout, stderr, code } = await runStorescu(test, [...to(peer), ...words(line)], inFolder());
      await peer.done;
      assert.equal(stderr, `E: Association Failed${error.replace('PEER', `127.0.0.1:${peer.port}`)}\n`);
      assert.deepEqual([stdout, code], ['', 1]);
    });
});

describe('storescu ends with one line and exit code 1 when the peer', limits, () => {
  it('sends its response byte by byte (-tn 0.3)', soon, async (test) => {
    await using peer = await scriptedPeer(
      async (socket) => {
        await acceptAssociation(socket);
        await socket.dripUntilEnd(Buffer.concat((await responsePdus(socket)).map(encodePdu)), 20);
      },
      { allowHalfOpen: true },
    );
    const { stderr, code } = await runStorescu(test, [...to(peer), 'ct.dcm', '-tn', '0.3'], inFolder());
    await peer.done;
    const error = `Association Failed while sending ct.dcm: no 512 bytes from 127.0.0.1:${peer.port} within 0.3 s`;
    assert.deepEqual([stderr, code], [`E: ${error}\n`, 1]);
  });
});

describe('storescu that has sent A-ABORT does not wait for ever for the peer to hang up', limits, () => {
  it('after --abort', soon, async (test) => {
    await using peer = await scriptedPeer(
      async (socket) => {
        await acceptAssociation(socket);
        socket.send(...(await responsePdus(socket)));
        await expectUserAbort(socket);
      },
      { allowHalfOpen: true },
    );
    const args = [...to(peer), 'ct.dcm', '--abort', '-ta', '0.3'];
    const { stdout, stderr, code } = await runStorescu(test, args, inFolder());
    await peer.done;
    assert.deepEqual([stdout, stderr, code], ['', '', 0]);
  });
});

describe('storescu aborts the association and ends with one line on', limits, () => {
  for (const [signal, exitCode] of [
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`${signal} while it waits for the connection: exit code ${exitCode}`, soon, async (test) => {
      await using peer = await unansweredPort();
      const storescu = startStorescu(test, [...to(peer), 'ct.dcm', '-v'], inFolder());
      await storescu.output('stderr', /Requesting Association/);
      const { stderr, code } = await storescu.stop(signal);
      const summary = '0 stored, 0 failed, 0 unanswered, 1 not sent, 0 bytes in SECONDS s (0 bytes/s)';
      assert.equal(
        stderr.replace(/\d+\.\d s/, 'SECONDS s'),
        `I: Requesting Association\nE: Association Failed: interrupted by ${signal}\nW: Stopped by ${signal}: ${summary}\n`,
      );
      assert.equal(code, exitCode);
    });

    for (const [stage, path, error, what] of [
      ['the association request', 'ct.dcm', /^E: Association Failed: interrupted by SIG\w+\n/, /1 not sent/],
      // Whether it has come to the file already nobody knows.
      [
        'its answer',
        'big-image.dcm',
        /^E: Association Failed( while sending big-image.dcm)?: interrupted by SIG\w+\n/,
        /(1 unanswered, 0 not sent|0 unanswered, 1 not sent)/,
      ],
      [
        'the request',
        'ct.dcm',
        /^E: Association Failed while sending ct.dcm: interrupted by SIG\w+\n/,
        /0 stored, 0 failed, 1 unanswered, 0 not sent/,
      ],
      // With every response in there is nothing to complain of.
      ['the release request', 'ct.dcm', /^/, /1 stored( \(.*\))?, 0 failed, 0 unanswered, 0 not sent/],
    ] as const)
      it(`${signal} when the peer has had ${stage}: exit code ${exitCode}`, soon, async (test) => {
        const reached = deferred();
        await using peer = await scriptedPeer((socket) => untilAborted(socket, stage, reached.resolve));
        const storescu = startStorescu(test, [...to(peer), path, '-xe'], inFolder());
        await reached.promise;
        const { stdout, stderr, code } = await storescu.stop(signal);
        await peer.done;
        const complaint = error.exec(stderr)?.[0] ?? 'none';
        assert.match(
          stderr.slice(complaint.length),
          new RegExp(`^W: Stopped by ${signal}: [^\n]*${what.source}, [^\n]*\n$`),
          stderr,
        );
        assert.deepEqual([stdout, code], ['', exitCode]);
      });

    it(
      `${signal} in the middle of a folder, and says what became of its files: exit code ${exitCode}`,
      soon,
      async (test) => {
        const reached = deferred();
        await using peer = await scriptedPeer(async (socket) => {
          await acceptAssociation(socket);
          // In the order of their names: one is stored, one refused, one never answered.
          for (const status of [0x0000, 0xa700]) socket.send(...(await responsePdus(socket, status)));
          await socket.message();
          reached.resolve();
          await expectUserAbort(socket);
        });
        const args = [...to(peer), 'ct.dcm', 'mr.dcm', 'implicit.dcm', 'big.dcm', 'folder', '-r', '-pts', '3'];
        const storescu = startStorescu(test, [...args, '--async-ops', '1'], inFolder());
        await reached.promise;
        const { stderr, code } = await storescu.stop(signal);
        await peer.done;
        assert.match(
          stderr,
          /^W: Stopped by SIG\w+: 1 stored.*, 1 failed \(0xA700 - Failure: Out of Resources\), 1 unanswered, 3 not sent, .*$/m,
        );
        assert.equal(code, exitCode);
      },
    );
  }
});

/** Goes along to the stage and waits for A-ABORT; a peer that does not read cannot see one. */
async function untilAborted(socket: PduSocket, stage: Stage, onReached?: () => void): Promise<void> {
  await STAGES[stage](socket);
  onReached?.();
  if (stage !== 'its answer') await expectUserAbort(socket);
}

async function expectUserAbort(socket: PduSocket): Promise<void> {
  assert.deepEqual(await socket.expect('A-ABORT'), { type: 'A-ABORT', source: 0, reason: 0 });
  await socket.expectEnd();
}

function to({ port }: { readonly port: number }): readonly string[] {
  return ['127.0.0.1', `${port}`];
}

function inFolder() {
  return { cwd: folder.path };
}
