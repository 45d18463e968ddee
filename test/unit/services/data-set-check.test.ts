/** The check of a passing data set against its command: A900 and C000, wherever the bytes are cut. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { StatusError } from '../../../src/base/errors.js';
import { type DataElement, encodeDataSet } from '../../../src/dataset/data-set.js';
import {
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  type TransferSyntax,
} from '../../../src/dataset/transfer-syntax.js';
import { type Announced, DataSetCheck } from '../../../src/services/data-set-check.js';
import { CT_IMAGE, MR_IMAGE, sampleImage } from '../../support/sample-instance.js';

const ANNOUNCED: Announced = { sopClassUid: CT_IMAGE, sopInstanceUid: '1.2.3' };
const NATIVE = [IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN];
const ALL = [...NATIVE, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN];

function encoded(syntax: TransferSyntax, sopClassUid = CT_IMAGE, sopInstanceUid = '1.2.3'): Buffer {
  const bytes = encodeDataSet(sampleImage({ sopClassUid, sopInstanceUid }), syntax);
  return syntax.deflated ? deflateRawSync(bytes) : bytes;
}

/** What the check makes of the bytes: `ok`, or the status and its comment. */
function verdict(syntaxUid: string, bytes: Buffer, sizes: readonly number[] = [bytes.length]): string {
  const check = new DataSetCheck(syntaxUid, ANNOUNCED);
  try {
    for (let at = 0, index = 0; at < bytes.length; index++) {
      const size = sizes[index % sizes.length] ?? bytes.length;
      check.feed(bytes.subarray(at, at + size));
      at += size;
    }
    check.end();
    return 'ok';
  } catch (error) {
    assert.ok(error instanceof StatusError, String(error));
    return `${error.status.toString(16)} ${error.message}`;
  }
}

for (const syntax of ALL) {
  test(`in ${syntax.name}, the instance announced passes, another or another class is A900, however it is cut`, () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(sizes, (cuts) => {
        assert.equal(verdict(syntax.uid, encoded(syntax), cuts), 'ok');
        assert.match(verdict(syntax.uid, encoded(syntax, MR_IMAGE), cuts), /^a900 SOP Class UID differs/);
        assert.match(verdict(syntax.uid, encoded(syntax, CT_IMAGE, '1.2.4'), cuts), /^a900 SOP Instance UID differs/);
      }),
      { numRuns: 20 },
    );
  });

  test(`in ${syntax.name}, a UID that the data set leaves out does not differ; a data set of nothing is C000`, () => {
    const of = (...uids: readonly DataElement[]): string => {
      const bytes = encodeDataSet([...uids, { tag: 0x00100010, vr: 'PN', value: ['A^B'] }], syntax);
      return verdict(syntax.uid, syntax.deflated ? deflateRawSync(bytes) : bytes);
    };
    assert.equal(of({ tag: 0x00080016, vr: 'UI', value: [CT_IMAGE] }), 'ok');
    assert.equal(of({ tag: 0x00080018, vr: 'UI', value: ['1.2.3'] }), 'ok');
    assert.match(of({ tag: 0x00080018, vr: 'UI', value: ['1.2.4'] }), /^a900 /);
    assert.equal(of(), 'ok');
    assert.match(verdict(syntax.uid, syntax.deflated ? deflateRawSync(Buffer.alloc(0)) : Buffer.alloc(0)), /^c000 /);
  });
}

test('bytes that are no data set in their transfer syntax are C000', () => {
  const letter = Buffer.from('these bytes are the text of a letter and no data set at all');
  for (const { uid, name } of ALL) assert.match(verdict(uid, letter), /^c000 /, name);
  const overTheEnd = Buffer.from('0800160055491400312e32', 'hex');
  assert.match(verdict(EXPLICIT_VR_LITTLE_ENDIAN.uid, overTheEnd), /^c000 /);
});

test('a data set that ends within an element is C000', () => {
  for (const syntax of NATIVE) {
    const bytes = encoded(syntax);
    for (const cut of [1, 2, 7, 100]) assert.match(verdict(syntax.uid, bytes.subarray(0, -cut)), /^c000 /);
  }
});

test('the instance in another transfer syntax than agreed is refused', () => {
  for (const agreed of NATIVE)
    for (const sent of NATIVE) if (sent !== agreed) assert.match(verdict(agreed.uid, encoded(sent)), /^(a900|c000) /);
});

test('encapsulated pixel data is looked through like any other', () => {
  const jpeg = '1.2.840.10008.1.2.4.50';
  const bytes = encodeDataSet(
    sampleImage({ sopClassUid: CT_IMAGE, sopInstanceUid: '1.2.3', fragments: [Buffer.alloc(0), Buffer.alloc(1000)] }),
    EXPLICIT_VR_LITTLE_ENDIAN,
  );
  assert.equal(verdict(jpeg, bytes), 'ok');
  assert.match(verdict(jpeg, bytes.subarray(0, -4)), /^c000 |^ok/);
});

test('padding of the UIDs is not part of them', () => {
  for (const padding of ['\0', ' '])
    for (const syntax of NATIVE) {
      const bytes = encoded(syntax);
      const at = bytes.indexOf('1.2.3\0');
      assert.ok(at > 0);
      bytes.write(padding, at + 5, 'latin1');
      assert.equal(verdict(syntax.uid, bytes), 'ok');
    }
});

test('of a deflated data set the head is looked at, and it may be large or small', () => {
  const { uid } = DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN;
  const noise = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * index * 31 + (index >> 3)) & 0xff));
  for (const pixels of [Buffer.alloc(4_000_000), noise]) {
    const elements = [{ tag: 0x7fe00010, vr: 'OW' as const, value: pixels }];
    const bytes = deflateRawSync(
      encodeDataSet(
        sampleImage({ sopClassUid: CT_IMAGE, sopInstanceUid: '1.2.3', elements }),
        EXPLICIT_VR_LITTLE_ENDIAN,
      ),
    );
    assert.equal(verdict(uid, bytes), 'ok');
    assert.equal(verdict(uid, bytes, [1000]), 'ok');
  }
  assert.equal(verdict(uid, Buffer.concat([encoded(DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN), Buffer.of(0)])), 'ok');
});

test('a data set in a private transfer syntax passes unseen', () => {
  assert.equal(verdict('1.2.3.4.5', Buffer.from('whatever')), 'ok');
});
