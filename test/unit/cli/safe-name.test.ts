/** Any text as the name of one file. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_NAME_BYTES, safeName } from '../../../src/cli/safe-name.js';

const NAMES: readonly (readonly [text: string, name: string])[] = [
  ['A^B', 'A^B'],
  ['a/b\\c', 'a_b_c'],
  ['a:b*c?d"e<f>g|h', 'a_b_c_d_e_f_g_h'],
  ['', '_'],
  ['.', '_'],
  ['..', '__'],
  ['../../etc/passwd', '_._.._etc_passwd'],
  ['.hidden', '_hidden'],
  ['-rf', '_rf'],
  ['end. . ', 'end____'],
  [' a b ', '_a b_'],
  ['line\nfeed\0', 'line_feed_'],
  ['e\u0301', '\u00e9'],
  ['山田^太郎', '山田^太郎'],
  ['\u202egnp.exe\u200b', '_gnp.exe_'],
  ['lost \ufffd and \ud800', 'lost _ and _'],
  ['con', 'con_'],
  ['NUL.dcm', 'NUL_.dcm'],
  ['Com1 .x', 'Com1_ .x'],
  ['console', 'console'],
  ['😀', '😀'],
];

for (const [text, name] of NAMES)
  test(`${JSON.stringify(text)} is called ${name}`, () => assert.equal(safeName(text), name));

test('long names that differ differ when they are cut, and end as they did', () => {
  const long = '山'.repeat(100);
  const names = [`${long}1.dcm`, `${long}2.dcm`].map((text) => safeName(text, '.dcm'));
  for (const name of names) {
    assert.match(name, /^山+~[0-9a-f]{16}\.dcm$/);
    assert.ok(Buffer.byteLength(name) > MAX_NAME_BYTES - 3 && Buffer.byteLength(name) <= MAX_NAME_BYTES);
  }
  assert.notEqual(names[0], names[1]);
  assert.equal(safeName('x'.repeat(255)), 'x'.repeat(255));
});

test('law: a name is one name, of printable characters, short enough, and its own', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.string({ unit: 'grapheme', minLength: 50, maxLength: 300 }),
    fc.string({ unit: fc.constantFrom('.', '/', '\\', ' ', 'a', '-', '\0', 'con', '\u0301') }),
  );
  const folder = mkdtempSync(join(tmpdir(), 'netdicom-names-'));
  try {
    fc.assert(
      fc.property(text, (value) => {
        const name = safeName(value);
        assert.match(name, /^[^/\\:*?"<>|\p{Cc}\p{Cf}]+$/u);
        assert.doesNotMatch(name, /^[.\s-]|[.\s]$/);
        assert.ok(Buffer.byteLength(name) <= MAX_NAME_BYTES);
        assert.equal(Buffer.from(name).toString(), name);
        assert.equal(safeName(name), name);
        writeFileSync(join(folder, name), '');
        assert.ok(readdirSync(folder).length > 0);
        rmSync(join(folder, name));
      }),
      { numRuns: 500 },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
