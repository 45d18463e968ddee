/** What is counted of a receiver's traces, whatever comes in whatever order, and how it is told. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { associateRq } from '../../../src/acse/propose.js';
import { createLog, type LogBackend } from '../../../src/cli/log.js';
import type { LogFields } from '../../../src/cli/log-fields.js';
import { OTHER_CLASSES, Statistics } from '../../../src/cli/statistics.js';
import { RunningStatistics, tellSummary } from '../../../src/cli/statistics-words.js';
import {
  AssociationAborted,
  type AssociationEvent,
  type AssociationTrace,
  type DimseRequest,
  responseTo,
  TransportError,
} from '../../../src/index.js';
import { CT_IMAGE } from '../../support/sample-instance.js';

const context = { id: 1, abstractSyntax: CT_IMAGE, transferSyntax: '1.2.840.10008.1.2' };
const request = associateRq({ calledAeTitle: 'A', callingAeTitle: 'B', contexts: [], maxPduLength: 0 });
const accepted: AssociationEvent = {
  type: 'associate-ac',
  direction: 'outgoing',
  pdu: {
    ...request,
    type: 'A-ASSOCIATE-AC',
    presentationContexts: [],
    userInformation: { roleSelections: [], extendedNegotiations: [] },
  },
};
const pdu = { type: 'A-ASSOCIATE-RJ', result: 1, source: 1, reason: 1 } as const;
const rejected: AssociationEvent = { type: 'associate-rj', direction: 'outgoing', pdu, request, why: '' };
const released: AssociationEvent = { type: 'released' };
const aborted = (by: 'peer' | 'local' | 'provider' | 'transport'): AssociationEvent => ({
  type: 'aborted',
  by,
  error: new AssociationAborted({ by }),
});

function stored(affectedSopClassUid: string, status: number, dataSetBytes: number): AssociationEvent {
  const rq: DimseRequest = {
    type: 'C-STORE-RQ',
    messageId: 1,
    priority: 0,
    affectedSopClassUid,
    affectedSopInstanceUid: '1.2',
  };
  const response = responseTo(rq, status);
  return { type: 'answered', direction: 'incoming', request: rq, response, context, dataSetBytes, ms: 1500 };
}

const told = (statistics: Statistics, ...events: readonly (readonly [id: number, event: AssociationEvent])[]) => {
  for (const [id, event] of events) statistics.tell({ id, remote: '[::1]:1', event } satisfies AssociationTrace);
  return statistics;
};

/** A log that keeps what it is told. */
function keptLog(level: number): {
  readonly log: ReturnType<typeof createLog>;
  readonly lines: string[];
  readonly fields: LogFields[];
} {
  const lines: string[] = [];
  const fields: LogFields[] = [];
  const backend: LogBackend = {
    sink: () => ({
      threshold: level,
      write: (_, text, given) => {
        lines.push(...text);
        fields.push(given ?? {});
      },
    }),
    close: async () => undefined,
  };
  return { log: createLog('storescp', backend), lines, fields };
}

describe('the statistics of a receiver', () => {
  it('count each association that was asked for once, by how it ended', () => {
    const durations: string[] = [];
    const statistics = told(
      new Statistics({
        onStore: (s) => durations.push(`store ${s}`),
        onAssociation: () => durations.push('association'),
      }),
      ...[1, 2, 3, 4, 5, 6].map((id) => [id, accepted] as const),
      [1, stored(CT_IMAGE, 0, 10)],
      [1, released],
      [2, aborted('peer')],
      [3, aborted('local')],
      [4, aborted('provider')],
      [5, aborted('transport')],
      [7, rejected],
      // While its user is being looked at.
      [8, aborted('peer')],
      [9, { type: 'no-request', error: undefined }],
      [10, { type: 'no-request', error: new TransportError('no TLS') }],
    );
    assert.deepEqual(statistics.endings, { released: 1, rejected: 1, abortedByPeer: 2, abortedByUs: 2, lost: 1 });
    assert.deepEqual([statistics.associations, statistics.openAssociations, statistics.failedConnections], [7, 1, 1]);
    assert.deepEqual(durations, ['store 1.5', ...Array(5).fill('association')]);
  });

  it('have as many kinds as the standard has storage SOP classes and we have statuses, whatever peers name', () => {
    const uids = fc.oneof(fc.constantFrom(CT_IMAGE, '1.2.840.10008.1.1', ''), fc.string(), fc.constant('__proto__'));
    const stores = fc.array(fc.tuple(uids, fc.constantFrom(0, 0xa700, 0xb000), fc.nat(1e9)));
    fc.assert(
      fc.property(stores, (all) => {
        const statistics = told(new Statistics(), ...all.map((store) => [1, stored(...store)] as const));
        const kinds = [...statistics.stores()];
        for (const { sopClassUid } of kinds) assert.ok([CT_IMAGE, OTHER_CLASSES].includes(sopClassUid));
        assert.equal(new Set(kinds.map(({ sopClassUid, status }) => `${sopClassUid} ${status}`)).size, kinds.length);
        const failed = all.filter(([, status]) => status === 0xa700).length;
        const bytes = all.reduce((sum, [, , length]) => sum + length, 0);
        assert.deepEqual(statistics.totals, { stored: all.length - failed, failed, bytes });
      }),
    );
  });
});

describe('the lines about it', () => {
  it('tell what is new since the last one, and all', () => {
    const statistics = told(new Statistics(), [1, accepted], [1, stored(CT_IMAGE, 0, 1_500_000)]);
    const { log, lines, fields } = keptLog(30);
    const running = new RunningStatistics(statistics, log);
    running.tell();
    told(statistics, [1, stored(CT_IMAGE, 0xa700, 500_000)], [1, released]);
    running.tell();
    const [first = '', second = ''] = lines;
    assert.match(
      first,
      /^Statistics: 1 association open, 0 ended; last \d+\.\d s: 1 stored, 0 failed, 1\.50 MB \(.*\/s\); in all: 1 stored, 0 failed, 1\.50 MB; memory /,
    );
    assert.match(second, /: 0 stored, 1 failed, 500 kB \(.*\/s\); in all: 1 stored, 1 failed, 2\.00 MB; /);
    assert.deepEqual(
      fields.map(({ newObjects, newBytes, objects, failures, bytes }) => [
        newObjects,
        newBytes,
        objects,
        failures,
        bytes,
      ]),
      [
        [1, 1_500_000, 1, 0, 1_500_000],
        [0, 500_000, 1, 1, 2_000_000],
      ],
    );
  });

  it('sum up, failures by status with the most frequent first', () => {
    const statistics = told(
      new Statistics(),
      [1, stored(CT_IMAGE, 0, 1000)],
      [1, stored(CT_IMAGE, 0xa700, 0)],
      [1, stored('1.2.3', 0xc000, 0)],
      [1, stored('1.2.4', 0xc000, 0)],
      [1, rejected],
    );
    const { log, lines } = keptLog(30);
    tellSummary(statistics, 2000, log);
    assert.deepEqual(lines, [
      'Summary: 1 stored, 3 failed, 1.00 kB in 2.0 s (500 bytes/s)',
      'Summary: 2 failed: 0xC000 - Failure: Cannot Understand',
      'Summary: 1 failed: 0xA700 - Failure: Out of Resources',
      'Summary: 1 association: 1 rejected',
    ]);
  });

  it('are shown unless the log is quiet', () => {
    for (const [level, count] of [
      [10, 2],
      [40, 2],
      [50, 0],
    ] as const) {
      const { log, lines } = keptLog(level);
      tellSummary(new Statistics(), 0, log);
      assert.equal(lines.length, count);
    }
  });
});
