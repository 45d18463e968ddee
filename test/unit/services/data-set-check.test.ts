/** The check of a passing data set against its command: A900 and C000, wherever the bytes are cut. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constants, createDeflateRaw, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { StatusError } from '../../../src/base/errors.js';
import {
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  type TransferSyntax,
} from '../../../src/dataset/transfer-syntax.js';
import { type Announced, DataSetCheck } from '../../../src/services/data-set-check.js';
import { type DataElement, encodeDataSet } from '../../support/data-set.js';
import { cut } from '../../support/data-set-tokens.js';
import { CT_IMAGE, MR_IMAGE, sampleImage } from '../../support/sample-instance.js';

const ANNOUNCED: Announced = { sopClassUid: CT_IMAGE, sopInstanceUid: '1.2.3' };
const NATIVE = [IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN];
const ALL = [...NATIVE, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN];

function encoded(syntax: TransferSyntax, sopClassUid = CT_IMAGE, sopInstanceUid = '1.2.3'): Buffer {
  const bytes = encodeDataSet(sampleImage({ sopClassUid, sopInstanceUid }), syntax);
  return syntax.deflated ? deflateRawSync(bytes) : bytes;
}

/** What the check makes of the bytes: `ok`, or the status and its comment. */
async function verdict(
  syntaxUid: string,
  bytes: Buffer,
  sizes: readonly number[] = [bytes.length],
  announced = ANNOUNCED,
): Promise<string> {
  const check = new DataSetCheck(syntaxUid, announced);
  try {
    for (const view of cut(bytes, sizes)) await check.feed([view]);
    await check.end();
    return 'ok';
  } catch (error) {
    assert.ok(error instanceof StatusError, String(error));
    return `${error.status.toString(16)} ${error.message}`;
  } finally {
    check.close();
  }
}

for (const syntax of ALL) {
  test(`in ${syntax.name}, the instance announced passes, another or another class is A900, however it is cut`, async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(sizes, async (cuts) => {
        assert.equal(await verdict(syntax.uid, encoded(syntax), cuts), 'ok');
        assert.match(await verdict(syntax.uid, encoded(syntax, MR_IMAGE), cuts), /^a900 SOP Class UID differs/);
        assert.match(
          await verdict(syntax.uid, encoded(syntax, CT_IMAGE, '1.2.4'), cuts),
          /^a900 SOP Instance UID differs/,
        );
      }),
      { numRuns: 20 },
    );
  });

  test(`in ${syntax.name}, a UID that the data set leaves out does not differ; a data set of nothing is C000`, async () => {
    const of = (...uids: readonly DataElement[]): Promise<string> => {
      const bytes = encodeDataSet([...uids, { tag: 0x00100010, vr: 'PN', value: ['A^B'] }], syntax);
      return verdict(syntax.uid, syntax.deflated ? deflateRawSync(bytes) : bytes);
    };
    assert.equal(await of({ tag: 0x00080016, vr: 'UI', value: [CT_IMAGE] }), 'ok');
    assert.equal(await of({ tag: 0x00080018, vr: 'UI', value: ['1.2.3'] }), 'ok');
    assert.match(await of({ tag: 0x00080018, vr: 'UI', value: ['1.2.4'] }), /^a900 /);
    for (const tag of [0x00080016, 0x00080018]) assert.equal(await of({ tag, vr: 'UI', value: [''] }), 'ok');
    assert.equal(await of(), 'ok');
    assert.match(
      await verdict(syntax.uid, syntax.deflated ? deflateRawSync(Buffer.alloc(0)) : Buffer.alloc(0)),
      /^c000 /,
    );
  });
}

test('bytes that are no data set in their transfer syntax are C000', async () => {
  const letter = Buffer.from('these bytes are the text of a letter and no data set at all');
  for (const { uid, name } of ALL) assert.match(await verdict(uid, letter), /^c000 /, name);
  const overTheEnd = Buffer.from('0800160055491400312e32', 'hex');
  assert.match(await verdict(EXPLICIT_VR_LITTLE_ENDIAN.uid, overTheEnd), /^c000 /);
});

test('a data set that ends within an element is C000', async () => {
  for (const syntax of NATIVE) {
    const bytes = encoded(syntax);
    for (const cut of [1, 2, 7, 100]) assert.match(await verdict(syntax.uid, bytes.subarray(0, -cut)), /^c000 /);
  }
});

test('the instance in another transfer syntax than agreed is refused', async () => {
  for (const agreed of NATIVE)
    for (const sent of NATIVE)
      if (sent !== agreed) assert.match(await verdict(agreed.uid, encoded(sent)), /^(a900|c000) /);
});

test('encapsulated pixel data is looked through like any other', async () => {
  const jpeg = '1.2.840.10008.1.2.4.50';
  const bytes = encodeDataSet(
    sampleImage({ sopClassUid: CT_IMAGE, sopInstanceUid: '1.2.3', fragments: [Buffer.alloc(0), Buffer.alloc(1000)] }),
    EXPLICIT_VR_LITTLE_ENDIAN,
  );
  assert.equal(await verdict(jpeg, bytes), 'ok');
  assert.match(await verdict(jpeg, bytes.subarray(0, -4)), /^c000 /);
});

test('a UID that begins with the longest that is taken is another one, A900', async () => {
  const sopInstanceUid = '1'.repeat(128);
  const announced = { sopClassUid: CT_IMAGE, sopInstanceUid };
  for (const syntax of NATIVE)
    for (const [sent, expected] of [
      [sopInstanceUid, /^ok$/],
      [`${sopInstanceUid}1`, /^a900 /],
    ] as const) {
      const bytes = encoded(syntax, CT_IMAGE, sent);
      assert.match(await verdict(syntax.uid, bytes, [bytes.length], announced), expected);
    }
});

test('padding of the UIDs is not part of them', async () => {
  for (const padding of ['\0', ' '])
    for (const syntax of NATIVE) {
      const bytes = encoded(syntax);
      const at = bytes.indexOf('1.2.3\0');
      assert.ok(at > 0);
      bytes.write(padding, at + 5, 'latin1');
      assert.equal(await verdict(syntax.uid, bytes), 'ok');
    }
});

const DEFLATED = DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN.uid;
/** Bytes that hardly deflate. */
const NOISE = Buffer.alloc(200_000);
for (let at = 0, state = 1; at < NOISE.length; at++) {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  NOISE[at] = state >>> 16;
}

/** The instance announced, with these pixels, before it is deflated. */
function withPixels(value: Buffer): Buffer {
  const elements = [{ tag: 0x7fe00010, vr: 'OW' as const, value }];
  return encodeDataSet(
    sampleImage({ sopClassUid: CT_IMAGE, sopInstanceUid: '1.2.3', elements }),
    EXPLICIT_VR_LITTLE_ENDIAN,
  );
}

test('a deflated data set passes if it is whole, large or small, padded or not', async () => {
  for (const pixels of [Buffer.alloc(4_000_000), NOISE]) {
    const bytes = deflateRawSync(withPixels(pixels));
    assert.equal(await verdict(DEFLATED, bytes), 'ok');
    assert.equal(await verdict(DEFLATED, bytes, [1000]), 'ok');
  }
  const small = encoded(DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN);
  for (const sizes of [[1], [small.length], [small.length + 1]])
    for (const padding of ['', '00', '0000', '00ff00ff'])
      assert.equal(await verdict(DEFLATED, Buffer.concat([small, Buffer.from(padding, 'hex')]), sizes), 'ok', padding);
});

test('a deflated data set that is cut anywhere is C000', async () => {
  const small = encoded(DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN);
  for (let length = 0; length < small.length; length++)
    assert.match(await verdict(DEFLATED, small.subarray(0, length)), /^c000 the deflated data set cannot be read: /);
  const big = deflateRawSync(withPixels(NOISE));
  for (const missing of [1, 2, 1000, 100_000])
    assert.match(await verdict(DEFLATED, big.subarray(0, -missing), [5000]), /^c000 the deflated data set/);
});

test('a deflated data set that is whole as a stream, but not inside, is C000', async () => {
  const bytes = withPixels(NOISE);
  assert.match(await verdict(DEFLATED, deflateRawSync(bytes.subarray(0, -1))), /^c000 cut short: 1 more/);
  const noise = Buffer.concat([bytes, Buffer.from('feff0de000000000', 'hex')]);
  assert.match(await verdict(DEFLATED, deflateRawSync(noise)), /^c000 /);
});

test('a damaged deflate stream is C000, and so is one with the header of zlib', async () => {
  const bytes = encoded(DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN);
  const damaged = Buffer.concat([bytes.subarray(0, 200), Buffer.alloc(500, 0xff)]);
  for (const wrong of [damaged, Buffer.concat([Buffer.from('789c', 'hex'), bytes])])
    assert.match(await verdict(DEFLATED, wrong, [100]), /^c000 the deflated data set cannot be read: /);
});

test('a deflated data set that flushes within, and one that is not compressed, pass', async () => {
  const plain = withPixels(NOISE);
  const flushed: Buffer[] = [];
  const stream = createDeflateRaw();
  stream.on('data', (chunk: Buffer) => flushed.push(chunk));
  for (const part of cut(plain, [50_000])) {
    stream.write(part);
    await new Promise<void>((resolve) => stream.flush(constants.Z_FULL_FLUSH, resolve));
  }
  await new Promise<void>((resolve) => {
    stream.on('end', resolve);
    stream.end();
  });
  assert.equal(await verdict(DEFLATED, Buffer.concat(flushed), [3000]), 'ok');
  assert.equal(await verdict(DEFLATED, deflateRawSync(plain, { level: 0 }), [3000]), 'ok');
});

test('a deflated data set of a thousand times its size passes without its size in memory', async () => {
  const bytes = deflateRawSync(withPixels(Buffer.alloc(120_000_000)));
  assert.ok(bytes.length < 200_000);
  const before = process.memoryUsage();
  const check = new DataSetCheck(DEFLATED, ANNOUNCED);
  let most = 0;
  for (const view of cut(bytes, [10_000])) {
    await check.feed([view]);
    const { arrayBuffers } = process.memoryUsage();
    most = Math.max(most, arrayBuffers - before.arrayBuffers);
  }
  await check.end();
  check.close();
  assert.ok(most < 48 * 1024 * 1024, `${most} bytes`);
});

test('a data set in a private transfer syntax passes unseen', async () => {
  assert.equal(await verdict('1.2.3.4.5', Buffer.from('whatever')), 'ok');
});
