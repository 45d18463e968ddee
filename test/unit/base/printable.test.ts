/** Texts as printed: one line each, nothing in them that a log or a terminal obeys. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { excerpt, printable, quoted } from '../../../src/base/printable.js';

describe('printable', () => {
  for (const [text, expected] of [
    ['plain text, ümlaut, 漢字', 'plain text, ümlaut, 漢字'],
    ['two\nlines\r\n', 'two\\nlines\\r\\n'],
    ['\ttab \x1b[31mred\x7f\x00', '\\ttab \\x1b[31mred\\x7f\\x00'],
    ['\x85\x9bC1 \u2028 \u2029', '\\x85\\x9bC1 \\u2028 \\u2029'],
    ['gpj.\u202eexe \u2066\u061c\u200f', 'gpj.\\u202eexe \\u2066\\u061c\\u200f'],
    ['zero\u200bwidth\ufeff \xad', 'zero\\u200bwidth\\ufeff \\xad'],
    ['tag \u{e0041}', 'tag \\u{e0041}'],
    ['half \ud83d of \u{1f600}, \udc00', 'half \\ud83d of \u{1f600}, \\udc00'],
    ['C:\\new', 'C:\\new'],
  ] as const)
    it(`makes ${JSON.stringify(text)} one harmless line`, () => assert.equal(printable(text), expected));

  it('leaves nothing that is obeyed, and is its own fixed point', () => {
    const nasty = fc.string({
      unit: fc
        .oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0, max: 0xa0 }))
        .map((code) => String.fromCharCode(code)),
    });
    fc.assert(
      fc.property(fc.oneof(nasty, fc.string({ unit: 'binary' })), (text) => {
        assert.doesNotMatch(printable(text), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        assert.ok(Buffer.from(printable(text)).toString() === printable(text), 'can be written as UTF-8');
        assert.equal(printable(printable(text)), printable(text));
      }),
    );
  });
});

describe('excerpt', () => {
  it('is the whole text as a rule', () => assert.equal(excerpt(`${'1'.repeat(255)}\n`), `${'1'.repeat(255)}\\n`));
  it('is the head of a long one, with its length', () =>
    assert.equal(excerpt('\x1b'.repeat(65_534)), `${'\\x1b'.repeat(256)}... (65534 characters)`));
});

describe('quoted', () => {
  it('cannot be left by what is in it', () => {
    assert.equal(quoted('bob"): all is well\n'), '"bob\\"): all is well\\n"');
    assert.equal(quoted(''), '""');
  });
});
