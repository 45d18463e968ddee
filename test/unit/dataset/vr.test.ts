/** The properties of the VRs against the tables of PS3.5. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Vr } from '../../../src/dataset/vr.js';
import { parseVr, vrCode, vrInfo } from '../../../src/dataset/vr.js';
import { VRS } from '../../../src/dictionary/lookup.js';

const having = (test: (vr: Vr) => boolean) => VRS.filter(test).join(' ');

test('There are 34 value representations', () => {
  assert.equal(new Set(VRS).size, 34);
});

test('The long header is that of PS3.5 Table 7.1-1', () => {
  assert.equal(
    having((vr) => vrInfo(vr).hasLongHeader),
    'OB OD OF OL OV OW SQ SV UC UN UR UT UV',
  );
});

test('Text is padded with a space, UIDs and binary values with NUL', () => {
  assert.equal(
    having((vr) => vrInfo(vr).padding === 0x20),
    'AE AS CS DA DS DT IS LO LT PN SH ST TM UC UR UT',
  );
});

test('Numbers are swapped by their width, bytes and text not at all', () => {
  assert.equal(
    having((vr) => vrInfo(vr).swapWidth === 2),
    'AT OW SS US',
  );
  assert.equal(
    having((vr) => vrInfo(vr).swapWidth === 4),
    'FL OF OL SL UL',
  );
  assert.equal(
    having((vr) => vrInfo(vr).swapWidth === 8),
    'FD OD OV SV UV',
  );
});

test('Two bytes that are a VR give it, and all others give nothing', () => {
  for (const vr of VRS) assert.equal(parseVr(vrCode(vr)), vr);
  const names: ReadonlySet<string> = new Set(VRS);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff }), (code) => {
      const letters = String.fromCharCode(code >> 8, code & 0xff);
      assert.equal(parseVr(code), names.has(letters) ? letters : undefined);
    }),
  );
});
