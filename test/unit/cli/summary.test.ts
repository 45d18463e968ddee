/** The summary of a run, by what happened in it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Summary } from '../../../src/cli/summary.js';
import {
  FileError,
  NoPresentationContext,
  NotAnInstance,
  type StoreEvent,
  type StoreOutcome,
} from '../../../src/index.js';
import { answered, instanceFile, unanswered } from '../../support/cli-outcomes.js';

const file = instanceFile('a.dcm');
const notSent = (error: Error): StoreOutcome => ({ type: 'not-sent', path: 'a.dcm', error, attempts: 1 });
const TIME = 'in 2.0 s';
/** The data set of `file` has 1000 bytes. */
const SENT = ['0 bytes', '1.00 kB', '2.00 kB'].map(
  (bytes, files) => `${bytes} ${TIME} (${['0 bytes', '500 bytes', '1.00 kB'][files]}/s)`,
);

type Told = StoreOutcome | { readonly event: StoreEvent };
const left = (paths: readonly string[], isAll: boolean): Told => ({ event: { type: 'left', paths, isAll } });

const ROWS: readonly (readonly [told: readonly Told[], isCutShort: boolean, lines: readonly string[]])[] = [
  [[], false, [`0 stored, 0 failed, ${SENT[0]}`]],
  [[answered(0, file)], false, [`1 stored, 0 failed, ${SENT[1]}`]],
  [
    [answered(0, file), answered(0, file, { isConverted: true })],
    false,
    [`2 stored (1 converted), 0 failed, ${SENT[2]}`],
  ],
  [
    [answered(0xb000, file), answered(0, file)],
    false,
    [`2 stored (1 with 0xB000 - Warning: Coercion of Data Elements), 0 failed, ${SENT[2]}`],
  ],
  [
    [answered(0xb000, file), answered(0xb006, file), answered(0xb006, file, { isConverted: true })],
    false,
    [
      `3 stored (3 with warnings, 1 converted), 0 failed, 3.00 kB ${TIME} (1.50 kB/s)`,
      '2 stored with 0xB006 - Warning: Elements Discarded',
      '1 stored with 0xB000 - Warning: Coercion of Data Elements',
    ],
  ],
  [[answered(0xa700, file)], false, [`0 stored, 1 failed (0xA700 - Failure: Out of Resources), ${SENT[1]}`]],
  [
    [
      answered(0xa700, file),
      notSent(new FileError('a', 'unreadable')),
      notSent(new NotAnInstance('b', 'no DICOM')),
      notSent(new NoPresentationContext('none')),
      notSent(new NoPresentationContext('none')),
    ],
    false,
    [
      `0 stored, 5 failed, ${SENT[1]}`,
      '2 failed: no accepted presentation context',
      '1 failed: 0xA700 - Failure: Out of Resources',
      '1 failed: unreadable or damaged',
      '1 failed: not a DICOM file to send',
    ],
  ],
  [[unanswered(file)], true, [`0 stored, 0 failed, 1 unanswered, 0 not sent, ${SENT[1]}`]],
  [[unanswered(file)], false, [`0 stored, 0 failed, 1 unanswered, ${SENT[1]}`]],
  [[answered(0, file), left(['b', 'c'], true)], false, [`1 stored, 0 failed, 2 not sent, ${SENT[1]}`]],
  [[left(['b'], false)], true, [`0 stored, 0 failed, 0 unanswered, at least 1 not sent, ${SENT[0]}`]],
  [
    [{ event: { type: 'left-out', instance: file } }, { type: 'verified', status: answered(0, file).status }],
    false,
    [`0 stored, 0 failed, 1 stored before, ${SENT[0]}`],
  ],
];

describe('the summary', () => {
  for (const [told, isCutShort, lines] of ROWS)
    it(lines.join(' / '), () => {
      let now = 5000;
      const summary = new Summary(() => now);
      for (const one of told) {
        if ('event' in one) summary.onEvent(one.event);
        else summary.onOutcome(one);
      }
      now += 2000;
      assert.deepEqual(summary.describe({ isCutShort }), lines);
      assert.equal(
        summary.hasFailures,
        !/ 0 failed/.test(lines[0] ?? '') || /1 unanswered|^1 stored.* not sent/.test(lines[0] ?? ''),
      );
    });

  it('is no longer than a screen, whatever the peer answers', () => {
    const summary = new Summary(() => 0);
    for (let code = 0xc000; code < 0xc100; code++) summary.onOutcome(answered(code, file));
    summary.onOutcome(answered(0xc0ff, file));
    const lines = summary.describe({ isCutShort: false });
    assert.equal(lines.length, 12);
    assert.equal(lines[1], '2 failed: 0xC0FF - Failure: Cannot Understand');
    assert.equal(lines.at(-1), '246 failed: something else');
  });
});
