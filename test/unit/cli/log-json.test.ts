/** Lines of `--log-format json`: what is in them reads back as it was, and what they may have is what the manual says. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cut, LOG_FIELDS, statusCode } from '../../../src/cli/log-fields.js';
import { jsonLine } from '../../../src/cli/log-json.js';
import { printable } from '../../../src/index.js';
import { runChild } from '../../support/cli-child.js';
import { projectRoot } from '../../support/paths.js';

describe('a line of JSON', () => {
  // Any UTF-16 code units: halves of surrogate pairs, overrides, controls, tags beyond the basic plane.
  const anyText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
    fc.constantFrom('\u2028', '\u202e\u2066', '\ud800', '\udc00\ud800', '\u{e0001}', '\x7f\x85\x9b', '"\\\n\r\t\0'),
  );

  it('is one line of printable characters, and reads back as it was', () => {
    fc.assert(
      fc.property(anyText, anyText, fc.double({ noNaN: true, noDefaultInfinity: true }), (message, path, number) => {
        // JSON knows one zero.
        const ms = number + 0;
        const line = jsonLine({ message, path, ms });
        assert.equal(line.at(-1), '\n');
        assert.equal(printable(line.slice(0, -1)), line.slice(0, -1));
        assert.deepEqual(JSON.parse(line), { message, path, ms });
      }),
    );
  });

  it('has no field for what is not known', () => assert.equal(jsonLine({ path: undefined, ms: 1 }), '{"ms":1}\n'));

  it('holds no more of a text of a peer than 256 characters', () => {
    assert.equal(cut(undefined), undefined);
    assert.equal(cut('1'.repeat(256)), '1'.repeat(256));
    assert.equal(cut('1'.repeat(257)), `${'1'.repeat(256)}... (257 characters)`);
  });

  it('has a status in four digits', () => {
    assert.deepEqual([0, 0x117, 0xa700].map(statusCode), ['0000', '0117', 'A700']);
  });
});

describe('the log as JSON', () => {
  const openedWith = (options: string, code: string) =>
    runChild(`
      import { openLog } from 'cli:open-log.js';
      const log = await openLog('app', { logFormat: 'json', ...${options} });
      ${code}
    `);
  const EACH = `for (const level of ['critical', 'error', 'warning', 'info', 'debug', 'announce']) log[level](level);`;

  for (const [options, shown] of [
    ['{}', ['critical', 'error', 'warning', 'announce']],
    ["{ verbosity: 'critical' }", ['critical']],
    ["{ verbosity: 'info' }", ['critical', 'error', 'warning', 'info', 'announce']],
    ["{ verbosity: 'critical', logLevel: 'error' }", ['critical', 'error', 'announce']],
  ] as const)
    it(`with ${options} has ${shown.join(', ')}`, () => {
      const { stderr, stdout } = openedWith(options, EACH);
      const lines = stderr
        .trimEnd()
        .split('\n')
        .map((line): Record<string, unknown> => JSON.parse(line));
      assert.equal(stdout, '');
      assert.deepEqual(
        lines.map(({ message }) => message),
        shown,
      );
      assert.deepEqual(
        lines.map(({ level }) => level),
        shown.map((level) => (level === 'announce' ? 'info' : level)),
      );
    });

  it('begins with time, level, logger and message; many lines are one message', () => {
    const { stderr } = openedWith(
      "{ logLevel: 'debug' }",
      "log.named('net.x').debug(['a', 'b\\n', ''], { bytes: 7 });",
    );
    assert.match(
      stderr,
      /^\{"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","level":"debug","logger":"net\.x","message":"a\\nb\\\\n","bytes":7\}\n$/,
    );
  });
});

it('docs/logging.md has the fields', () => {
  const text = readFileSync(join(projectRoot, 'docs', 'logging.md'), 'utf8');
  const [, table = ''] = /<!-- fields -->\n([\s\S]*?)\n<!-- end of fields -->/.exec(text) ?? [];
  const rows = Array.from(table.matchAll(/^\| `(\w+)` +\| (.*?) +\|$/gm), ([, name, what]) => [name, what]);
  assert.deepEqual(rows, Object.entries(LOG_FIELDS));
});
