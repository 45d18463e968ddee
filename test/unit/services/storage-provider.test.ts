/** The storage provider from request to sink: what it stores of what a peer sends, and what it refuses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import {
  EXPLICIT_VR_BIG_ENDIAN as BE,
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN as DEFLATED,
  IMPLICIT_VR_LITTLE_ENDIAN as IMPLICIT,
  EXPLICIT_VR_LITTLE_ENDIAN as LE,
  type TransferSyntax,
  transferSyntax,
} from '../../../src/dataset/transfer-syntax.js';
import { encodeFileMeta, readFileHead } from '../../../src/file/file-meta.js';
import { discardSink, storageProvider } from '../../../src/services/storage-provider.js';
import { type DataElement, encodeDataSet } from '../../support/data-set.js';
import {
  type DataSetNode,
  dataSetArbitrary,
  EBE,
  ELE,
  encode,
  ILE,
  type TestEncoding,
} from '../../support/data-set-arbitrary.js';
import { cut } from '../../support/data-set-tokens.js';
import { fuzzRuns, instanceTree } from '../../support/fuzz.js';
import { hex } from '../../support/pdu-hex.js';
import { CT_IMAGE, MR_IMAGE, sampleImage } from '../../support/sample-instance.js';
import { type Stored, store } from '../../support/services-store.js';

const JPEG = transferSyntax('1.2.840.10008.1.2.4.50') ?? LE;
const PRIVATE = '1.2.3.4.5';
const SAMPLE = sampleImage({ sopClassUid: CT_IMAGE, sopInstanceUid: '1.2.3' });

function bytesOf(syntax: TransferSyntax): Buffer {
  const dataSet =
    syntax === JPEG
      ? sampleImage({ sopClassUid: CT_IMAGE, sopInstanceUid: '1.2.3', fragments: [Buffer.alloc(0), Buffer.alloc(10)] })
      : SAMPLE;
  const bytes = encodeDataSet(dataSet, syntax);
  return syntax.deflated ? deflateRawSync(bytes) : bytes;
}

/** The data set of a file that was stored. */
function storedDataSet(stored: Stored): Buffer {
  assert.equal(stored.status, 0, stored.comment);
  const head = readFileHead(stored.file, stored.file.length);
  assert.ok('dataSetOffset' in head);
  assert.deepEqual(head.warnings, []);
  return stored.file.subarray(head.dataSetOffset);
}

const META: readonly DataElement[] = [
  { tag: 0x00020000, vr: 'UL', value: [46] },
  { tag: 0x00020001, vr: 'OB', value: Buffer.of(0, 1) },
  { tag: 0x00020010, vr: 'UI', value: ['1.2.840.10008.1.2.5'] },
  { tag: 0x00020102, vr: 'OB', value: Buffer.alloc(300, 'private') },
];
const GROUP_2 = {
  implicit: encodeDataSet(META, IMPLICIT),
  little: encodeDataSet(META, LE),
  big: encodeDataSet(META, BE),
};
const COMMAND = hex`0000 0000 04000000 ffff0000 0000 0001 02000000 0100`;
const PREAMBLE = Buffer.concat([Buffer.from('II*\0'), Buffer.alloc(124), Buffer.from('DICM')]);

function fileHead(transferSyntaxUid: string): Buffer {
  return encodeFileMeta({ mediaStorageSopClassUid: MR_IMAGE, mediaStorageSopInstanceUid: '1.2.99', transferSyntaxUid });
}

const TAKEN_OFF: readonly (readonly [string, TransferSyntax, Buffer])[] = [
  ['group 0002 in Implicit VR', IMPLICIT, GROUP_2.implicit],
  ['group 0002 in Explicit VR before a data set in Implicit VR', IMPLICIT, GROUP_2.little],
  ['group 0002 in Explicit VR', LE, GROUP_2.little],
  ['group 0002 in Implicit VR before a data set in Explicit VR', LE, GROUP_2.implicit],
  ['group 0002 before encapsulated pixel data', JPEG, GROUP_2.little],
  ['group 0002 in big endian', BE, GROUP_2.big],
  ['group 0002 in little endian before a data set in big endian', BE, GROUP_2.little],
  ['a single empty element of group 0002', LE, hex`0200 1600 4145 0000`],
  ['a command set', LE, COMMAND],
  ['a command set before a data set in big endian', BE, COMMAND],
  ['group 0000 in the encoding of the data set', BE, hex`0000 0900 5553 0002 0001`],
  ['a command set and group 0002', IMPLICIT, Buffer.concat([COMMAND, GROUP_2.implicit])],
  ['zeros', LE, Buffer.alloc(16)],
  ['the head of a file', LE, fileHead(LE.uid)],
  ['the head of a file in Implicit VR', IMPLICIT, fileHead(IMPLICIT.uid)],
  ['the head of a file in big endian', BE, fileHead(BE.uid)],
  ['the head of a file with a JPEG image', JPEG, fileHead(JPEG.uid)],
  ['the head of a deflated file', DEFLATED, fileHead(DEFLATED.uid)],
  [
    'the head of a file whose preamble is that of a TIFF',
    LE,
    Buffer.concat([PREAMBLE, fileHead(LE.uid).subarray(132)]),
  ],
  ['the head of a file without preamble', LE, fileHead(LE.uid).subarray(128)],
  [
    'the head of a file and a command set behind it',
    IMPLICIT,
    Buffer.concat([fileHead(IMPLICIT.uid), COMMAND, hex`0200 1600 0000 0000`]),
  ],
];

for (const [what, syntax, front] of TAKEN_OFF)
  test(`${what} before the data set is not stored`, async () => {
    const bytes = bytesOf(syntax);
    const sent = Buffer.concat([front, bytes]);
    const sizes = [[sent.length], [1], [front.length], [front.length + 1, 3], [13], [139], [140], [141]];
    for (const size of sizes) {
      const stored = storedDataSet(await store(cut(sent, size), { transferSyntaxUid: syntax.uid }));
      assert.ok(stored.equals(bytes), `in pieces of ${size} bytes`);
    }
  });

test('in a private transfer syntax, what is surely group 0002 is taken off, and nothing else', async () => {
  for (const [front, body] of [
    [fileHead(PRIVATE), 'whatever'],
    [GROUP_2.little, 'whatever'],
    [Buffer.alloc(0), '\0\0\0\0\0\0\0\0'],
    [Buffer.alloc(0), '\x02\0\0\0\0\0\0\0'],
  ] as const)
    for (const size of [1, 1000]) {
      const { status, file } = await store(cut(Buffer.concat([front, Buffer.from(body)]), [size]), {
        transferSyntaxUid: PRIVATE,
      });
      assert.equal(status, 0);
      assert.equal(file.subarray(144 + file.readUInt32LE(140)).toString(), body);
    }
});

test('a data set is stored byte for byte, however its views are cut', async () => {
  for (const syntax of [IMPLICIT, LE, BE, DEFLATED, JPEG])
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 }), async (sizes) => {
        const bytes = bytesOf(syntax);
        assert.ok(storedDataSet(await store(cut(bytes, sizes), { transferSyntaxUid: syntax.uid })).equals(bytes));
      }),
      { numRuns: 10 },
    );
});

test('elements of group 0002 that are not in front stay where they are', async () => {
  const bytes = Buffer.concat([encodeDataSet(SAMPLE.slice(0, 3), LE), GROUP_2.little]);
  assert.ok(storedDataSet(await store([bytes], { transferSyntaxUid: LE.uid })).equals(bytes));
});

// The meta information ends where the deflate stream begins, so nobody takes what is inside for more of it.
test('group 0002 inside a deflated data set stays', async () => {
  const bytes = deflateRawSync(Buffer.concat([GROUP_2.little, encodeDataSet(SAMPLE, LE)]));
  assert.ok(storedDataSet(await store([bytes], { transferSyntaxUid: DEFLATED.uid })).equals(bytes));
});

const REFUSED: readonly (readonly [string, TransferSyntax, Buffer, RegExp])[] = [
  ['nothing', LE, Buffer.alloc(0), /nothing in the data set/],
  ['nothing but group 0002', LE, GROUP_2.little, /nothing in the data set/],
  ['nothing but a file head', JPEG, fileHead(JPEG.uid), /nothing in the data set/],
  ['nothing but deflated group 0002', DEFLATED, deflateRawSync(GROUP_2.little), /nothing in the data set/],
  ['an element of group 0002 that goes on for ever', LE, hex`0200 0201 4f42 0000 feffffff ${'ab'}`, /nothing/],
  ['an element of group 0002 without a length', LE, hex`0200 0201 5351 0000 ffffffff`, /undefined length/],
  ['a header of group 0002 that is cut', LE, hex`0200 0201 4f42 0000 feff`, /cut short within the header/],
  [
    'a file in another transfer syntax',
    JPEG,
    Buffer.concat([fileHead(LE.uid), bytesOf(JPEG)]),
    /^a file in 1\.2\.840\.10008\.1\.2\.1 in place of the data set$/,
  ],
  ['group 0002 in big endian before a data set in little endian', LE, Buffer.concat([GROUP_2.big, bytesOf(LE)]), /./],
];

for (const [what, syntax, sent, comment] of REFUSED)
  test(`${what} is C000`, async () => {
    for (const size of [1, 200]) {
      const stored = await store(cut(sent, [size]), { transferSyntaxUid: syntax.uid });
      assert.equal(stored.status.toString(16), 'c000');
      assert.match(stored.comment, comment);
    }
  });

for (const [called, written] of [
  ['PEER', 'PEER'],
  ['A B', 'A B'],
  ['PEER\n\x1b[31m', 'PEER__[31m'],
  ['BACK\\SLASH', 'BACK_SLASH'],
  ['K\u00d6LN\u0080', 'K_LN_'],
  ['NUL\0NUL', 'NUL_NUL'],
  ['', undefined],
] as const)
  test(`the peer ${JSON.stringify(called)} is named ${written} in the file`, async () => {
    const { file } = await store([bytesOf(LE)], { transferSyntaxUid: LE.uid, callingAeTitle: called });
    const head = readFileHead(file, file.length);
    assert.ok('meta' in head);
    assert.equal(head.meta?.sourceApplicationEntityTitle, written);
    assert.equal(head.meta?.receivingApplicationEntityTitle, 'STORESCP');
  });

// PS3.4 B.3.1.4 lets a specialized class come over the context of its related general class, and senders exist that choose
// a context by its transfer syntax alone. DCMTK, dcm4che and pynetdicom store what comes so; nothing is unclear about it.
test('an instance of another class than the context was proposed for is stored as what its command says', async () => {
  const { status, file } = await store([bytesOf(LE)], { transferSyntaxUid: LE.uid, abstractSyntax: MR_IMAGE });
  assert.equal(status, 0);
  const head = readFileHead(file, file.length);
  assert.ok('meta' in head);
  assert.equal(head.meta?.mediaStorageSopClassUid, CT_IMAGE);
});

const ENCODINGS: readonly (readonly [TransferSyntax, TestEncoding])[] = [
  [IMPLICIT, ILE],
  [LE, ELE],
  [BE, EBE],
];

/** Where a data set may be cut and still be stored: between elements that no defined length holds together. */
function* seams(nodes: readonly DataSetNode[], encoding: TestEncoding, start: number): Generator<number> {
  let at = start;
  for (const node of nodes) {
    yield at;
    const end = at + encode([node], encoding).length;
    if (node.kind === 'sequence' && !node.isDefined) yield* seamsOfItems(node, encoding, at);
    at = end;
  }
  yield at;
}

function* seamsOfItems(
  node: Extract<DataSetNode, { kind: 'sequence' }>,
  encoding: TestEncoding,
  start: number,
): Generator<number> {
  const inner = node.vr === 'UN' ? ILE : encoding;
  let at = start + (encoding.explicitVr ? 12 : 8);
  yield at;
  for (const { isDefined, nodes } of node.items) {
    const content = encode(nodes, inner).length;
    if (!isDefined) yield* seams(nodes, inner, at + 8);
    at += 8 + content + (isDefined ? 0 : 8);
    yield at;
  }
}

for (const [syntax, encoding] of ENCODINGS)
  test(`law: in ${syntax.name}, a data set that is cut within an element is C000, wherever it is cut`, async () => {
    await fc.assert(
      fc.asyncProperty(dataSetArbitrary(), fc.infiniteStream(fc.nat()), async (nodes, random) => {
        const tree = instanceTree(nodes);
        const bytes = encode(tree, encoding);
        const places = [...seams(tree, encoding, 0)];
        for (const at of [...places, ...random.take(20)].map((place) => place % (bytes.length + 1))) {
          const stored = await store([bytes.subarray(0, at)], { transferSyntaxUid: syntax.uid });
          const seam = places.findLast((place) => place <= at) ?? 0;
          const tail = bytes.subarray(seam, at);
          if (at > 0 && tail.length === 0) assert.ok(storedDataSet(stored).equals(bytes.subarray(0, at)));
          // Zeros cannot be told from padding that fills up a data set.
          else if (at === 0 || tail.some((byte: number) => byte !== 0))
            assert.equal(stored.status, 0xc000, `cut at ${at} of ${bytes.length}: ${stored.comment}`);
        }
      }),
      fuzzRuns(30),
    );
  });

for (const syntax of [IMPLICIT, LE, BE, DEFLATED, JPEG])
  test(`in ${syntax.name}, a sink knows the attributes that it was to know when it has read the data set`, async () => {
    const options = { transferSyntaxUid: syntax.uid, attributes: [0x00100010, 0x00280010, 0x00280120] };
    for (const sizes of [[1], [7, 100], [100_000]]) {
      const { attributes } = await store(cut(bytesOf(syntax), sizes), options);
      assert.deepEqual(
        [...attributes].map(([tag, { vr, bytes }]) => `${tag.toString(16)} ${vr} ${bytes.toString('latin1')}`),
        ['80005 CS ISO_IR 100', '100010 PN Sample^Image', '280010 US \x10\0'],
      );
    }
  });

test('a sink knows no attributes if there are none to know, or none to be seen', async () => {
  assert.equal((await store([bytesOf(LE)], { transferSyntaxUid: LE.uid })).attributes.size, 0);
  const unseen = await store([bytesOf(LE)], { transferSyntaxUid: PRIVATE, attributes: [0x00100010] });
  assert.deepEqual([unseen.status, unseen.attributes.size], [0, 0]);
});

test('promiscuous is to take any transfer syntax that is a UID, and nothing else', () => {
  const acceptsOthers = storageProvider({ store: discardSink, promiscuous: true }).syntaxesFor('1.2.3')?.acceptsOthers;
  for (const [text, isTaken] of [
    [PRIVATE, true],
    [JPEG.uid, true],
    ['', false],
    ['1.2..3', false],
    ['1.2/../3', false],
    ['any', false],
    ['1.'.repeat(100), false],
  ] as const)
    assert.equal(acceptsOthers?.(text), isTaken, text);
});
