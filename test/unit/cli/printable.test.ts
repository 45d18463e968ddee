/** Errors as printed. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messageOf } from '../../../src/cli/printable.js';

describe('messageOf', () => {
  for (const [error, expected] of [
    [new Error('full'), 'full'],
    [Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [new TypeError(''), 'TypeError'],
    ['thrown text', 'thrown text'],
  ] as const)
    it(`says ${expected}`, () => assert.equal(messageOf(error), expected));
});
