/** Texts and errors as printed. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { messageOf, printable } from '../../../src/cli/printable.js';

describe('printable', () => {
  for (const [text, expected] of [
    ['plain text, ümlaut, 漢字', 'plain text, ümlaut, 漢字'],
    ['two\nlines\r\n', 'two\\nlines\\r\\n'],
    ['\ttab \x1b[31mred\x7f\x00', '\\ttab \\x1b[31mred\\x7f\\x00'],
    ['\x9bC1 \u2028 \u202e\u2066', '\\x9bC1 \\u2028 \\u202e\\u2066'],
    ['C:\\new', 'C:\\new'],
  ] as const)
    it(`makes ${JSON.stringify(text)} one harmless line`, () => assert.equal(printable(text), expected));

  it('leaves no control character and is its own fixed point', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.doesNotMatch(printable(text), /[\p{Cc}\u2028\u2029]/u);
        assert.equal(printable(printable(text)), printable(text));
      }),
    );
  });
});

describe('messageOf', () => {
  for (const [error, expected] of [
    [new Error('full'), 'full'],
    [Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [new TypeError(''), 'TypeError'],
    ['thrown text', 'thrown text'],
  ] as const)
    it(`says ${expected}`, () => assert.equal(messageOf(error), expected));
});
