/** The log of the applications: levels, prefixes, and that no line is lost. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { createLog, type Level, type LogBackend, SEVERITY } from '../../../src/cli/log.js';
import { runChild, startChild } from '../../support/cli-child.js';

const EACH_LEVEL = `for (const level of ['critical', 'error', 'warning', 'info', 'debug']) log[level](level + '!');`;

describe('the log on standard error', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['{}', 'CEW'],
    ["{ verbosity: 'critical' }", 'C'],
    ["{ verbosity: 'info' }", 'CEWI'],
    ["{ verbosity: 'debug' }", 'CEWID'],
    ["{ verbosity: 'critical', logLevel: 'info' }", 'CEWI'],
    ["{ verbosity: 'debug', logLevel: 'error' }", 'CE'],
  ];
  for (const [options, letters] of cases)
    it(`with ${options} has the levels ${letters}`, () => {
      const child = runChild(`import { openLog } from 'cli:open-log.js';
        const log = await openLog('storescu', ${options}); ${EACH_LEVEL}`);
      assert.equal(child.stderr.replaceAll(/^(.): \w+!\n/gm, '$1'), letters);
      assert.equal(child.stdout, '');
    });

  it('puts the prefix on every line and lets no line be forged', () => {
    const child = runChild(`import { createLog, stderrBackend } from 'cli:log.js';
      const log = createLog('storescu', stderrBackend('debug'));
      log.debug(['first', '', 'third']);
      log.named('netdicom.acse').error('peer says\\nI: all is well \\x1b[2J');
      log.info([]);`);
    assert.equal(child.stderr, 'D: first\nD: \nD: third\nE: peer says\\nI: all is well \\x1b[2J\n');
  });

  it('does without a reader', async () => {
    const child = startChild(`import { createLog, stderrBackend } from 'cli:log.js';
      const log = createLog('storescu', stderrBackend('debug'));
      for (let i = 0; i < 2000; i++) log.debug('x'.repeat(200));
      process.stdout.write('done');`);
    child.stderr?.destroy();
    assert.ok(child.stdout);
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    assert.equal(output, 'done');
    assert.equal(code, 0);
  });

  it('loses nothing to a full pipe that does not block, nor to a sudden exit', async () => {
    // Touching process.stderr makes the pipe a non-blocking one.
    const child = startChild(`import { createLog, stderrBackend } from 'cli:log.js';
      process.stderr.on('error', () => undefined);
      const log = createLog('storescu', stderrBackend('debug'));
      process.stdout.write('full');
      for (let i = 0; i < 10000; i++) log.debug(i + ' ' + 'x'.repeat(200));
      process.exit(0);`);
    assert.ok(child.stdout);
    assert.ok(child.stderr);
    await once(child.stdout, 'data');
    const lines = (await text(child.stderr)).trimEnd().split('\n');
    assert.equal(lines.length, 10_000);
    assert.equal(lines.at(-1), `D: 9999 ${'x'.repeat(200)}`);
  });
});

describe('a log', () => {
  it('sends each logger to its sink and asks it for its threshold', () => {
    const written: unknown[] = [];
    const thresholds: Readonly<Record<string, Level>> = { storescu: 'warning', 'netdicom.dimse': 'debug' };
    const backend: LogBackend = {
      sink: (logger) => ({
        threshold: SEVERITY[thresholds[logger] ?? 'critical'],
        write: (level, lines) => written.push([logger, level, ...lines]),
      }),
      close: async () => void written.push('closed'),
    };
    const log = createLog('storescu', backend);
    const dimse = log.named('netdicom.dimse');
    log.info('unseen');
    log.warning('seen');
    dimse.debug(['a', 'b']);
    assert.deepEqual(
      [log.isEnabled('info'), log.isEnabled('warning'), dimse.isEnabled('debug'), dimse.named('x').isEnabled('error')],
      [false, true, true, false],
    );
    void dimse.close();
    assert.deepEqual(written, [['storescu', 'warning', 'seen'], ['netdicom.dimse', 'debug', 'a', 'b'], 'closed']);
  });
});
