/** Associations played through the state machine as sequences of events. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../src/base/errors.js';
import type { Role, State, UlEffect, UlEvent } from '../../../src/ul/events.js';
import { step } from '../../../src/ul/machine.js';
import { ACCEPT, FRAGMENT, PDUS, REQUEST } from '../../support/ul-samples.js';

/** Plays events from a state; returns the states gone through and, by name, what was to be done. */
function play(start: State, role: Role, events: readonly UlEvent[]): { states: State[]; done: string[] } {
  const states: State[] = [start];
  const done: string[] = [];
  for (const event of events) {
    const { next, effects } = step(states.at(-1) ?? start, role, event);
    states.push(next);
    done.push(...effects.map(inWords));
  }
  return { states, done };
}

function inWords(effect: UlEffect): string {
  if (effect.do === 'send') return `send ${effect.pdu.type}`;
  return effect.do === 'indicate' ? effect.indication.type : effect.do;
}

const RELEASE_REQUEST: UlEvent = { type: 'release-request' };
const RELEASE_RQ: UlEvent = { type: 'release-rq-received' };
const RELEASE_RESPONSE: UlEvent = { type: 'release-response' };
const RELEASE_RP: UlEvent = { type: 'release-rp-received' };
const CLOSED: UlEvent = { type: 'transport-closed' };

test('a requestor opens, sends, receives and releases', () => {
  const { states, done } = play(1, 'requestor', [
    { type: 'associate-request', request: REQUEST },
    { type: 'transport-connected', request: REQUEST },
    { type: 'associate-ac-received', pdu: ACCEPT },
    { type: 'data-request', pdus: PDUS },
    { type: 'data-received', fragment: FRAGMENT },
    RELEASE_REQUEST,
    { type: 'data-received', fragment: FRAGMENT },
    RELEASE_RP,
    CLOSED,
  ]);
  assert.deepEqual(states, [1, 4, 5, 6, 6, 6, 7, 7, 1, 1]);
  assert.deepEqual(done, [
    ...['connect', 'send A-ASSOCIATE-RQ', 'associate-confirmation', 'send-data', 'data', 'send A-RELEASE-RQ'],
    ...['data', 'release-confirmation', 'close'],
  ]);
});

test('an acceptor accepts, is released and still sends what it owes before it agrees', () => {
  const { states, done } = play(1, 'acceptor', [
    { type: 'transport-indication' },
    { type: 'associate-rq-received', pdu: REQUEST },
    { type: 'associate-accept', response: ACCEPT },
    { type: 'data-received', fragment: FRAGMENT },
    RELEASE_RQ,
    { type: 'data-request', pdus: PDUS },
    RELEASE_RESPONSE,
    CLOSED,
    { type: 'artim-expired' },
  ]);
  assert.deepEqual(states, [1, 2, 3, 6, 6, 8, 8, 13, 1, 1]);
  assert.deepEqual(done, [
    ...['start-artim', 'stop-artim', 'associate-indication', 'send A-ASSOCIATE-AC', 'data', 'release-indication'],
    ...['send-data', 'send A-RELEASE-RP', 'start-artim', 'stop-artim'],
  ]);
});

test('release collision, requestor: it answers first, then is answered', () => {
  const { states, done } = play(6, 'requestor', [RELEASE_REQUEST, RELEASE_RQ, RELEASE_RESPONSE, RELEASE_RP]);
  assert.deepEqual(states, [6, 7, 9, 11, 1]);
  assert.deepEqual(done, [
    ...['send A-RELEASE-RQ', 'release-indication', 'send A-RELEASE-RP', 'release-confirmation', 'close'],
  ]);
});

test('release collision, acceptor: it is answered first, then answers and awaits the close', () => {
  const { states, done } = play(6, 'acceptor', [RELEASE_REQUEST, RELEASE_RQ, RELEASE_RP, RELEASE_RESPONSE, CLOSED]);
  assert.deepEqual(states, [6, 7, 10, 12, 13, 1]);
  assert.deepEqual(done, [
    ...['send A-RELEASE-RQ', 'release-indication', 'release-confirmation', 'send A-RELEASE-RP', 'start-artim'],
    'stop-artim',
  ]);
});

test('in a release collision the response is due when the indication says so, and not before', () => {
  for (const role of ['requestor', 'acceptor'] as const) {
    let state: State = 6;
    for (const event of role === 'requestor'
      ? [RELEASE_REQUEST, RELEASE_RQ]
      : [RELEASE_REQUEST, RELEASE_RQ, RELEASE_RP]) {
      const { next, effects } = step(state, role, event);
      state = next;
      for (const effect of effects) {
        if (effect.do !== 'indicate' || !('awaitsResponse' in effect.indication)) continue;
        const { awaitsResponse } = effect.indication;
        if (awaitsResponse) assert.doesNotThrow(() => step(next, role, RELEASE_RESPONSE));
        else assert.throws(() => step(next, role, RELEASE_RESPONSE), UsageError);
      }
    }
  }
});
