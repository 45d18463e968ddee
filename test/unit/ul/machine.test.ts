/** PS3.8 Table 9-10, every cell, against a copy of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AbortReason, ProtocolError, UsageError } from '../../../src/base/errors.js';
import type { Abort } from '../../../src/pdu/types.js';
import type { Role, State, Transition, UlEffect, UlEvent } from '../../../src/ul/events.js';
import { step } from '../../../src/ul/machine.js';
import { ACCEPT, FRAGMENT, PDUS, PEER_ABORT, REJECT, REQUEST } from '../../support/ul-samples.js';

const STATES: readonly State[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13];
const ROLES: readonly Role[] = ['requestor', 'acceptor'];

const LOST = new Error('connection reset');
const FAULT = new ProtocolError('invalid-pdu-parameter-value', 'a fault', 6);

/** Evt1 to Evt19 in order, and for each the states that have an action. */
const TABLE: readonly (readonly [event: UlEvent, cells: Readonly<Record<string, string>>])[] = [
  [{ type: 'associate-request', request: REQUEST }, { 1: 'AE-1' }],
  [{ type: 'transport-connected', request: REQUEST }, { 4: 'AE-2' }],
  [
    { type: 'associate-ac-received', pdu: ACCEPT },
    { 2: 'AA-1', 3: 'AA-8', 5: 'AE-3', '6-12': 'AA-8', 13: 'AA-6' },
  ],
  [
    { type: 'associate-rj-received', pdu: REJECT },
    { 2: 'AA-1', 3: 'AA-8', 5: 'AE-4', '6-12': 'AA-8', 13: 'AA-6' },
  ],
  [{ type: 'transport-indication' }, { 1: 'AE-5' }],
  [
    { type: 'associate-rq-received', pdu: REQUEST },
    { 2: 'AE-6', 3: 'AA-8', '5-12': 'AA-8', 13: 'AA-7' },
  ],
  [{ type: 'associate-accept', response: ACCEPT }, { 3: 'AE-7' }],
  [{ type: 'associate-reject', response: REJECT }, { 3: 'AE-8' }],
  [
    { type: 'data-request', pdus: PDUS },
    { 6: 'DT-1', 8: 'AR-7' },
  ],
  [
    { type: 'data-received', fragment: FRAGMENT },
    { 2: 'AA-1', 3: 'AA-8', 5: 'AA-8', 6: 'DT-2', 7: 'AR-6', '8-12': 'AA-8', 13: 'AA-6' },
  ],
  [{ type: 'release-request' }, { 6: 'AR-1' }],
  [
    { type: 'release-rq-received' },
    { 2: 'AA-1', 3: 'AA-8', 5: 'AA-8', 6: 'AR-2', 7: 'AR-8', '8-12': 'AA-8', 13: 'AA-6' },
  ],
  [
    { type: 'release-rp-received' },
    {
      ...{ 2: 'AA-1', 3: 'AA-8', 5: 'AA-8', 6: 'AA-8', 7: 'AR-3', 8: 'AA-8', 9: 'AA-8' },
      ...{ 10: 'AR-10', 11: 'AR-3', 12: 'AA-8', 13: 'AA-6' },
    },
  ],
  [{ type: 'release-response' }, { 8: 'AR-4', 9: 'AR-9', 12: 'AR-4' }],
  [{ type: 'abort-request' }, { 3: 'AA-1', 4: 'AA-2', '5-12': 'AA-1' }],
  [
    { type: 'abort-received', pdu: PEER_ABORT },
    { 2: 'AA-2', 3: 'AA-3', '5-12': 'AA-3', 13: 'AA-2' },
  ],
  [
    { type: 'transport-closed', error: LOST },
    { 2: 'AA-5', '3-12': 'AA-4', 13: 'AR-5' },
  ],
  [{ type: 'artim-expired' }, { 2: 'AA-2', 13: 'AA-2' }],
  [
    { type: 'invalid-pdu', error: FAULT },
    { 2: 'AA-1', 3: 'AA-8', '5-12': 'AA-8', 13: 'AA-7' },
  ],
];

/** Local requests, impossible where the table has no action. */
const REQUESTS = [1, 7, 8, 9, 11, 14];

function abortOf(event: UlEvent): Abort {
  return { type: 'A-ABORT', source: 2, reason: event.type === 'invalid-pdu' ? 6 : 2 };
}

function aborted(abort: Readonly<Record<string, unknown>>) {
  return { do: 'indicate', indication: { type: 'abort-indication', ...abort } };
}

/** PS3.8 Tables 9-6 to 9-9; AR-8 by role. Errors are compared by their reason. */
const ACTIONS: Readonly<Record<string, (event: UlEvent, role: Role) => readonly [next: State, ...effects: unknown[]]>> =
  {
    'AE-1': () => [4, { do: 'connect' }],
    'AE-2': () => [5, { do: 'send', pdu: REQUEST }],
    'AE-3': () => [6, { do: 'indicate', indication: { type: 'associate-confirmation', response: ACCEPT } }],
    'AE-4': () => [
      1,
      { do: 'indicate', indication: { type: 'associate-confirmation', response: REJECT } },
      { do: 'close' },
    ],
    'AE-5': () => [2, { do: 'start-artim' }],
    'AE-6': () => [
      3,
      { do: 'stop-artim' },
      { do: 'indicate', indication: { type: 'associate-indication', request: REQUEST } },
    ],
    'AE-7': () => [6, { do: 'send', pdu: ACCEPT }],
    'AE-8': () => [13, { do: 'send', pdu: REJECT }, { do: 'start-artim' }],
    'DT-1': () => [6, { do: 'send-data', pdus: PDUS }],
    'DT-2': () => [6, { do: 'indicate', indication: { type: 'data', fragment: FRAGMENT } }],
    'AR-1': () => [7, { do: 'send', pdu: { type: 'A-RELEASE-RQ' } }],
    'AR-2': () => [8, { do: 'indicate', indication: { type: 'release-indication', awaitsResponse: true } }],
    'AR-3': () => [
      1,
      { do: 'indicate', indication: { type: 'release-confirmation', awaitsResponse: false } },
      { do: 'close' },
    ],
    'AR-4': () => [13, { do: 'send', pdu: { type: 'A-RELEASE-RP' } }, { do: 'start-artim' }],
    'AR-5': () => [1, { do: 'stop-artim' }],
    'AR-6': () => [7, { do: 'indicate', indication: { type: 'data', fragment: FRAGMENT } }],
    'AR-7': () => [8, { do: 'send-data', pdus: PDUS }],
    'AR-8': (_event, role) => [
      role === 'requestor' ? 9 : 10,
      { do: 'indicate', indication: { type: 'release-indication', awaitsResponse: role === 'requestor' } },
    ],
    'AR-9': () => [11, { do: 'send', pdu: { type: 'A-RELEASE-RP' } }],
    'AR-10': () => [12, { do: 'indicate', indication: { type: 'release-confirmation', awaitsResponse: true } }],
    'AA-1': () => [13, { do: 'send', pdu: { type: 'A-ABORT', source: 0, reason: 0 } }, { do: 'start-artim' }],
    'AA-2': () => [1, { do: 'stop-artim' }, { do: 'close' }],
    'AA-3': () => [1, aborted({ by: 'peer', source: 2, reason: 5 }), { do: 'close' }],
    'AA-4': () => [1, aborted({ by: 'transport', error: LOST })],
    'AA-5': () => [1, { do: 'stop-artim' }],
    'AA-6': () => [13],
    'AA-7': (event) => [13, { do: 'send', pdu: abortOf(event) }],
    'AA-8': (event) => [
      13,
      { do: 'send', pdu: abortOf(event) },
      aborted({
        by: 'provider',
        source: 2,
        reason: abortOf(event).reason,
        error: event.type === 'invalid-pdu' ? 'invalid-pdu-parameter-value' : 'unexpected-pdu',
      }),
      { do: 'start-artim' },
    ],
  };

function actionIn(cells: Readonly<Record<string, string>>, state: State): string | undefined {
  for (const [states, action] of Object.entries(cells)) {
    const [from = 0, to = from] = states.split('-').map(Number);
    if (from <= state && state <= to) return action;
  }
  return undefined;
}

/** With the reason in place of a ProtocolError. */
function comparable({ next, effects }: Transition): readonly unknown[] {
  return [next, ...effects.map(withReason)];
}

function withReason(effect: UlEffect): unknown {
  if (effect.do !== 'indicate' || effect.indication.type !== 'abort-indication') return effect;
  const { error, ...rest } = effect.indication;
  return error instanceof ProtocolError ? aborted({ ...rest, error: error.reason }) : effect;
}

TABLE.forEach(([event, cells], index) => {
  for (const state of STATES) {
    const action = actionIn(cells, state);
    const name = `Evt${index + 1} in Sta${state}`;
    if (action !== undefined)
      test(`${name} is ${action}`, () => {
        for (const role of ROLES)
          assert.deepEqual(comparable(step(state, role, event)), ACTIONS[action]?.(event, role));
      });
    else if (REQUESTS.includes(index + 1))
      test(`${name} is a fault of the local user`, () => {
        for (const role of ROLES) assert.throws(() => step(state, role, event), UsageError);
      });
    else
      test(`${name} does nothing`, () => {
        for (const role of ROLES) assert.deepEqual(step(state, role, event), { next: state, effects: [] });
      });
  }
});

test('the copy of the table has 19 rows and uses every action', () => {
  assert.equal(TABLE.length, 19);
  const used = new Set(TABLE.flatMap(([, cells]) => Object.values(cells)));
  assert.deepEqual([...used].sort(), Object.keys(ACTIONS).sort());
});

for (const [version, supported] of [
  [0, false],
  [1, true],
  [2, false],
  [3, true],
  [0xfffe, false],
  [0xffff, true],
] as const)
  test(`a request with protocol version ${version} is ${supported ? 'indicated' : 'rejected'}`, () => {
    const pdu = { ...REQUEST, protocolVersion: version };
    const { next, effects } = step(2, 'acceptor', { type: 'associate-rq-received', pdu });
    if (supported) {
      assert.equal(next, 3);
      assert.deepEqual(effects[1], { do: 'indicate', indication: { type: 'associate-indication', request: pdu } });
    } else {
      assert.equal(next, 13);
      assert.deepEqual(effects, [
        { do: 'stop-artim' },
        { do: 'send', pdu: { type: 'A-ASSOCIATE-RJ', result: 1, source: 2, reason: 2 } },
        { do: 'start-artim' },
      ]);
    }
  });

test('a local abort carries the source and reason it is given', () => {
  const { effects } = step(6, 'requestor', { type: 'abort-request', source: 2, reason: 6 });
  assert.deepEqual(effects[0], { do: 'send', pdu: { type: 'A-ABORT', source: 2, reason: 6 } });
});

for (const [reason, code] of [
  ['reason-not-specified', 0],
  ['unrecognized-pdu', 1],
  ['unexpected-pdu', 2],
  ['unrecognized-pdu-parameter', 4],
  ['unexpected-pdu-parameter', 5],
  ['invalid-pdu-parameter-value', 6],
] as const satisfies readonly (readonly [AbortReason, number])[])
  test(`the reason ${reason} is sent as ${code} and indicated as the same`, () => {
    const error = new ProtocolError(reason, 'a fault');
    const { effects } = step(6, 'acceptor', { type: 'invalid-pdu', error });
    assert.deepEqual(effects, [
      { do: 'send', pdu: { type: 'A-ABORT', source: 2, reason: code } },
      aborted({ by: 'provider', source: 2, reason: code, error }),
      { do: 'start-artim' },
    ]);
  });

test('whatever a peer, a timer or the transport does, in whatever order, makes nothing throw', () => {
  const own = TABLE.map(([event]) => event).filter((_, index) => !REQUESTS.includes(index + 1));
  const played = fc.tuple(fc.constantFrom(...STATES), fc.constantFrom(...ROLES), fc.array(fc.constantFrom(...own)));
  fc.assert(
    fc.property(played, ([start, role, events]) => {
      let state = start;
      for (const event of events) state = step(state, role, event).next;
      assert.ok(STATES.includes(state));
    }),
  );
});
