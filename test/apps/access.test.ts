/** Who may call storescp: its options, what the caller is told, and the line that the log has of it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { associateRq } from '../../src/acse/propose.js';
import { CT_CONTEXT, openAssociation, PduSocket, releaseAssociation } from '../support/apps-peer.js';
import { anonymous, withStorescp, words } from '../support/apps-run.js';

const limits = { concurrency: 6, timeout: 60_000 };

interface Caller {
  readonly callingAeTitle?: string;
  readonly calledAeTitle?: string;
}

/** The answer to a request from PEER for ANY-SCP at 127.0.0.1, unless told otherwise. */
async function answerTo(socket: PduSocket, caller: Caller = {}): Promise<string> {
  const titles = { callingAeTitle: 'PEER', calledAeTitle: 'ANY-SCP', ...caller };
  socket.send(associateRq({ ...titles, contexts: [CT_CONTEXT], maxPduLength: 16_384 }));
  const answer = await socket.receive();
  if (answer?.type !== 'A-ASSOCIATE-RJ') return answer?.type ?? 'the end';
  return `${answer.result}/${answer.source}/${answer.reason}`;
}

// PS3.8 Table 9-21.
const ANSWERS: readonly (readonly [line: string, caller: Caller, refusal?: string])[] = [
  ['--accept-calling PEER', {}],
  ['--accept-calling CT1 --accept-calling PEER', {}],
  ['--accept-calling CT1 --accept-calling=CT2', {}, '"PEER" to "ANY-SCP"): calling AE title not recognized (1/1/3)'],
  ['--accept-calling peer', {}, '"PEER" to "ANY-SCP"): calling AE title not recognized (1/1/3)'],
  ['--accept-calling A,B', { callingAeTitle: 'A,B' }],
  ['--accept-called ARCHIVE --accept-called ANY-SCP', {}],
  ['--accept-called ARCHIVE', {}, '"PEER" to "ANY-SCP"): called AE title not recognized (1/1/7)'],
  // Our own title names us, and is not among those that may be called unless it is said to be.
  [
    '-aet OURS --accept-called ARCHIVE',
    { calledAeTitle: 'OURS' },
    '"PEER" to "OURS"): called AE title not recognized (1/1/7)',
  ],
  ['--accept-host 127.0.0.1', {}],
  ['--accept-host 10.0.0.0/8 --accept-host 127.0.0.0/8', {}],
  ['--accept-host 10.0.0.0/8 --accept-host ::/0', {}, '"PEER" to "ANY-SCP"): host not accepted (1/1/1)'],
  ['--accept-calling PEER --accept-called ANY-SCP --accept-host 127.0.0.1 --max-associations-per-host 1', {}],
  ['', { callingAeTitle: 'ANY BODY', calledAeTitle: 'ANY THING' }],
];

describe('storescp with', limits, () => {
  for (const [line, caller, refusal] of ANSWERS)
    it(`${line || 'no option'} ${refusal === undefined ? 'accepts' : 'rejects'} ${JSON.stringify(caller)}`, () =>
      withStorescp(words(line), async ({ port, process }) => {
        await using socket = await PduSocket.connect(port);
        const codes = /\((\d\/\d\/\d)\)$/.exec(refusal ?? '')?.[1];
        assert.equal(await answerTo(socket, caller), codes ?? 'A-ASSOCIATE-AC');
        if (refusal === undefined) await releaseAssociation(socket);
        const { stderr } = await process.stop('SIGTERM');
        assert.equal(anonymous(stderr), refusal === undefined ? '' : `W: Association Rejected (PEER, ${refusal}\n`);
      }));

  it('--max-associations-per-host 1 rejects the second of a host until the first has ended', () =>
    withStorescp(words('--max-associations-per-host 1 --max-associations 2'), async ({ port, process }) => {
      await using first = await PduSocket.connect(port);
      await openAssociation(first, [CT_CONTEXT]);
      await using second = await PduSocket.connect(port);
      assert.equal(await answerTo(second), '2/3/2');
      await releaseAssociation(first);
      await first.expectEnd();
      await using third = await PduSocket.connect(port);
      await openAssociation(third, [CT_CONTEXT]);
      await releaseAssociation(third);
      const { stderr } = await process.stop('SIGTERM');
      assert.equal(
        anonymous(stderr),
        'W: Association Rejected (PEER, "PEER" to "ANY-SCP"): limit of 1 associations of one host reached (2/3/2)\n',
      );
    }));

  it('--max-associations 1 names that limit', () =>
    withStorescp(words('--max-associations 1'), async ({ port, process }) => {
      await using first = await PduSocket.connect(port);
      await openAssociation(first, [CT_CONTEXT]);
      await using second = await PduSocket.connect(port);
      assert.equal(await answerTo(second), '2/3/2');
      await process.output('stderr', /^W: Association Rejected \(.*\): limit of 1 associations reached \(2\/3\/2\)\n/);
    }));

  it('-q says nothing of whom it rejects', () =>
    withStorescp(words('--accept-calling CT1 -q'), async ({ port, process }) => {
      await using socket = await PduSocket.connect(port);
      assert.equal(await answerTo(socket), '1/1/3');
      assert.equal((await process.stop('SIGTERM')).stderr, '');
    }));
});
