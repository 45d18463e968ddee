/** Numbers in words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesInWords, clockTime, count, rateInWords, secondsInWords } from '../../../src/cli/quantities.js';

test('bytes have three digits and a unit', () => {
  for (const [bytes, words] of [
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1000, '1.00 kB'],
    [9994, '9.99 kB'],
    [9995, '10.0 kB'],
    [99_960, '100 kB'],
    [999_499, '999 kB'],
    [999_500, '1.00 MB'],
    [45_600_000, '45.6 MB'],
    [4_294_967_296, '4.29 GB'],
    [1e15, '1.00 PB'],
    [5e18, '5000 PB'],
  ] as const)
    assert.equal(bytesInWords(bytes), words);
});

test('bytes in words are within half of a unit of the last digit of what they are', () => {
  const factors: Readonly<Record<string, number>> = { kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, PB: 1e15 };
  fc.assert(
    fc.property(fc.integer({ min: 1000, max: 1e15 }), (bytes) => {
      const [number = '', unit = ''] = bytesInWords(bytes).split(' ');
      assert.match(number, /^(\d\.\d\d|\d\d\.\d|\d{3})$/);
      assert.ok(Math.abs(Number(number) * (factors[unit] ?? 0) - bytes) <= 0.0051 * bytes, `${number} ${unit}`);
    }),
  );
});

test('rates, seconds, clock times and counts', () => {
  assert.equal(rateInWords(3_000_000, 2000), '1.50 MB/s');
  // Whatever a clock says.
  assert.equal(rateInWords(0, 0), '0 bytes/s');
  assert.deepEqual([0, 349, 72_549].map(secondsInWords), ['0.0 s', '0.3 s', '72.5 s']);
  assert.deepEqual([0, 1, 7000, 754_000, 10_921_000].map(clockTime), ['0:00', '0:01', '0:07', '12:34', '3:02:01']);
  assert.deepEqual([count(0, 'file'), count(1, 'file'), count(2, 'file')], ['0 files', '1 file', '2 files']);
});
