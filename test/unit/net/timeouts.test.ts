/** The peer's time: it runs out only while it is the peer's turn. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deferred } from '../../../src/base/deferred.js';
import { artimMs, DEFAULT_TIMEOUTS, PeerTimer, withDefaults } from '../../../src/net/timeouts.js';

/** Starts a timer that is asked `holding` times whether the peer is held back, says so, and then lets it run out. */
function runsOut(ms: number, holding = 0): { readonly timer: PeerTimer; readonly timeout: Promise<number> } {
  const { promise, resolve } = deferred<number>();
  let asked = 0;
  const timer = new PeerTimer({ ms, isHolding: () => ++asked <= holding, onTimeout: () => resolve(asked) });
  timer.start();
  return { timer, timeout: promise };
}

test('it runs out, but not while we hold the peer back ourselves', async () => {
  assert.equal(await runsOut(5).timeout, 1);
  assert.equal(await runsOut(5, 3).timeout, 4);
});

test('a stopped timer does not run out, one that is started anew does', async () => {
  const stopped = runsOut(5);
  stopped.timer.stop();
  const restarted = runsOut(5);
  restarted.timer.stop();
  restarted.timer.start();
  const first = Promise.race([stopped.timeout.then(() => 'stopped'), restarted.timeout.then(() => 'restarted')]);
  assert.equal(await first, 'restarted');
  const late = Promise.race([stopped.timeout.then(() => 'stopped'), runsOut(20).timeout.then(() => 'late')]);
  assert.equal(await late, 'late');
});

test('a time of 0 never runs out', () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const { timer } = runsOut(0);
  assert.equal(timers(), before);
  timer.stop();
});

test('what is not given is the default, and ARTIM always runs', () => {
  assert.deepEqual(withDefaults({}), DEFAULT_TIMEOUTS);
  assert.deepEqual(withDefaults({ dimseTimeoutMs: 5, acseTimeoutMs: 0 }), {
    ...DEFAULT_TIMEOUTS,
    dimseTimeoutMs: 5,
    acseTimeoutMs: 0,
  });
  assert.equal(artimMs(withDefaults({ acseTimeoutMs: 70 })), 70);
  assert.equal(artimMs(withDefaults({ acseTimeoutMs: 0 })), DEFAULT_TIMEOUTS.acseTimeoutMs);
});
