/** The words of the progress line. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProgressState } from '../../../src/cli/progress-state.js';
import { answered, instanceFile, unanswered } from '../../support/cli-outcomes.js';

const MB = 1_000_000;
const file = (name: string) => instanceFile(name, { size: 10 * MB });

test('counts files and bytes, within a file too, of what is known by then', () => {
  const state = new ProgressState(1);
  assert.equal(state.line(0, 100), '0 of at least 0 files | 0 bytes of at least 0 bytes');
  state.countedSoFar({ files: 2, bytes: 20 * MB });
  state.onBytes(file('a'), 5 * MB);
  assert.equal(state.line(1000, 100), '0 of at least 2 files | 5.00 MB of at least 20.0 MB | 5.00 MB/s');
  state.countedSoFar({ files: 4, bytes: 40 * MB });
  state.countedAll();
  assert.equal(state.line(2000, 100), '12% | 0 of 4 files | 5.00 MB of 40.0 MB | 2.50 MB/s | 0:14 left');
});

test('a file counts whole when it has its outcome, whichever', () => {
  const state = new ProgressState(1);
  state.countedSoFar({ files: 4, bytes: 40 * MB });
  state.countedAll();
  const files = ['a', 'b', 'c', 'd'].map(file);
  for (const [index, one] of files.entries()) {
    // A conversion may make it longer.
    if (index < 3) state.onBytes(one, 11 * MB);
    if (index === 0) state.onOutcome(answered(0, one));
    else if (index === 1) state.onOutcome(answered(0xa700, one));
    else if (index === 2) state.onOutcome(unanswered(one));
    else state.onEvent({ type: 'left-out', instance: one });
  }
  assert.equal(state.line(0, 100), '100% | 4 of 4 files | 40.0 MB of 40.0 MB | 2 failed');
});

test('each file counts as often as it is sent', () => {
  const state = new ProgressState(3);
  state.countedSoFar({ files: 1, bytes: 10 * MB });
  state.countedAll();
  const one = file('a');
  state.onOutcome(answered(0, one));
  assert.equal(state.line(0, 100), '33% | 1 of 3 files | 10.0 MB of 30.0 MB');
});

test('the rate is that of the last ten seconds', () => {
  const state = new ProgressState(1);
  state.countedSoFar({ files: 100, bytes: 1000 * MB });
  state.countedAll();
  for (let second = 0; second <= 60; second++) {
    // Fast first, then slow.
    if (second < 20 || second % 10 === 0) state.onOutcome(answered(0, file(`${second}`)));
    state.line(second * 1000, 100);
  }
  assert.match(state.line(60_500, 100), /\| 1\.\d\d MB\/s \|/);
});

test('no line is longer than the terminal is wide, and the narrowest has the files', () => {
  const number = fc.integer({ min: 0, max: 1e15 });
  fc.assert(
    fc.property(number, number, fc.integer({ min: 0, max: 200 }), fc.boolean(), (files, bytes, columns, isCounted) => {
      const state = new ProgressState(1);
      state.countedSoFar({ files, bytes });
      if (isCounted) state.countedAll();
      state.onOutcome(answered(0xa700, file('a')));
      state.line(0, columns);
      state.onBytes(file('b'), 1000);
      const line = state.line(500, columns);
      assert.ok(line.length <= columns);
      assert.ok(columns < 40 || line.includes('1 of '));
    }),
  );
});
