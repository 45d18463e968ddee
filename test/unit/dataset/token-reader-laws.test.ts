/** What holds of reading any data set: the cut of the bytes does not matter, and no bytes do harm. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DataSetError } from '../../../src/base/errors.js';
import {
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
} from '../../../src/dataset/transfer-syntax.js';
import { dataSetArbitrary, EBE, ELE, encode, ILE } from '../../support/data-set-arbitrary.js';
import { cut, expectedTokens, readWhole, tokensOf, wholeTokens } from '../../support/data-set-tokens.js';

const ENCODINGS = [
  { encoding: ILE, syntax: IMPLICIT_VR_LITTLE_ENDIAN },
  { encoding: ELE, syntax: EXPLICIT_VR_LITTLE_ENDIAN },
  { encoding: EBE, syntax: EXPLICIT_VR_BIG_ENDIAN },
];
const RUNS = { numRuns: 150 };

for (const { encoding, syntax } of ENCODINGS) {
  test(`law: ${syntax.name}: the tokens are those of the tree, however the bytes are cut`, () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(dataSetArbitrary({ hasBigValues: true }), sizes, (nodes, sizes) => {
        const bytes = encode(nodes, encoding);
        const expected = [...expectedTokens(nodes, encoding)];
        assert.deepEqual(readWhole(bytes, syntax), expected);
        const scaled = sizes.map((size) => size * (1 + Math.floor(bytes.length / 2000)));
        assert.deepEqual(wholeTokens(tokensOf(cut(bytes, scaled), syntax)), expected);
      }),
      RUNS,
    );
  });

  test(`law: ${syntax.name}: a data set that is cut is refused, unless between two elements of its own`, () => {
    fc.assert(
      fc.property(dataSetArbitrary(), fc.nat(), (nodes, at) => {
        const bytes = encode(nodes, encoding);
        const length = bytes.length === 0 ? 0 : at % bytes.length;
        let whole = 0;
        for (const node of nodes) {
          const next = whole + encode([node], encoding).length;
          if (next > length) break;
          whole = next;
        }
        // A zero after the last element cannot be told from padding.
        const isAcceptable = bytes.subarray(whole, length).every((byte: number) => byte === 0);
        const read = () => readWhole(bytes.subarray(0, length), syntax);
        if (isAcceptable) read();
        else assert.throws(read, DataSetError);
      }),
      RUNS,
    );
  });

  test(`law: ${syntax.name}: a wrong byte leads to tokens or a DataSetError, nothing else`, () => {
    fc.assert(
      fc.property(dataSetArbitrary(), fc.nat(), fc.nat(255), (nodes, at, byte) => {
        const bytes = encode(nodes, encoding);
        if (bytes.length === 0) return;
        bytes[at % bytes.length] = byte;
        try {
          assert.ok(readWhole(bytes, syntax).length <= bytes.length);
        } catch (error) {
          assert.ok(error instanceof DataSetError, String(error));
        }
      }),
      RUNS,
    );
  });
}
