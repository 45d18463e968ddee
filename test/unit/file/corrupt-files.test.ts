/** What holds of every file: a whole one survives each way through, a damaged one is refused in words or read, never worse. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { FileError, StatusError } from '../../../src/base/errors.js';
import {
  EXPLICIT_VR_BIG_ENDIAN as BE,
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN as DEFLATED,
  IMPLICIT_VR_LITTLE_ENDIAN as IMPLICIT,
  EXPLICIT_VR_LITTLE_ENDIAN as LE,
  type TransferSyntax,
  transferSyntax,
} from '../../../src/dataset/transfer-syntax.js';
import { vrInfo } from '../../../src/dataset/vr.js';
import { type InstanceFile, inspectInstance } from '../../../src/file/instance-file.js';
import { openDataSet } from '../../../src/file/instance-source.js';
import { DataSetCheck } from '../../../src/services/data-set-check.js';
import { type DataSetNode, dataSetArbitrary, type ElementNode } from '../../support/data-set-arbitrary.js';
import { cut, expectedTokens, readWhole } from '../../support/data-set-tokens.js';
import { damageArbitrary, encodeIn, fileOf, formsOf, fuzzRuns, instanceTree } from '../../support/fuzz.js';
import { hex } from '../../support/pdu-hex.js';
import { CT_IMAGE } from '../../support/sample-instance.js';

const FOUR = [IMPLICIT, LE, BE, DEFLATED];
const RLE = transferSyntax('1.2.840.10008.1.2.5') ?? LE;
const PIXEL_DATA: DataSetNode = {
  kind: 'pixel-sequence',
  tag: 0x7fe00010,
  vr: 'OB',
  fragments: [Buffer.alloc(0), Buffer.alloc(64), Buffer.from('ab'), Buffer.alloc(30, 3)],
};

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'netdicom-corrupt-'));
});
after(() => rm(folder, { recursive: true }));

async function written(bytes: Buffer): Promise<string> {
  const path = join(folder, 'file.dcm');
  await writeFile(path, bytes);
  return path;
}

/** All that a source brings; `limit` is more than it may. */
async function readAll(instance: InstanceFile, to: TransferSyntax | undefined, limit: number): Promise<Buffer> {
  const source = await openDataSet(instance, to);
  const pieces: Buffer[] = [];
  try {
    for (let total = 0; ; ) {
      const body = Buffer.allocUnsafe(4096);
      const { bytes, isLast } = await source.readInto([body]);
      total += bytes;
      assert.ok(total <= limit, `more than ${limit} bytes come of a file of ${instance.size}`);
      pieces.push(body.subarray(0, bytes));
      if (isLast) return Buffer.concat(pieces);
    }
  } finally {
    await source.close();
  }
}

/** Odd values of bytes only: words that are cut have no byte order. */
function withWholeWords(nodes: readonly DataSetNode[]): readonly DataSetNode[] {
  return nodes.map((node) => {
    if (node.kind === 'sequence')
      return { ...node, items: node.items.map((item) => ({ ...item, nodes: withWholeWords(item.nodes) })) };
    if (node.kind === 'element' && vrInfo(node.vr).swapWidth > 1)
      return { ...node, value: node.value.subarray(0, node.value.length - (node.value.length % 2)) };
    return node;
  });
}

/** The tree as a conversion leaves it: undefined lengths, even values, SQ for UN, and UN for what Implicit VR hid. */
function converted(nodes: readonly DataSetNode[], from: TransferSyntax): readonly DataSetNode[] {
  return nodes.map((node) => {
    if (node.kind === 'sequence') {
      const inner = node.vr === 'UN' ? IMPLICIT : from;
      const items = node.items.map((item) => ({ isDefined: false, nodes: converted(item.nodes, inner) }));
      return { ...node, vr: 'SQ', isDefined: false, items };
    }
    return node.kind === 'element' ? convertedElement(node, from) : node;
  });
}

function convertedElement(node: ElementNode, from: TransferSyntax): ElementNode {
  const isPrivate = (node.tag >>> 16) % 2 === 1;
  const vr = isPrivate && !from.explicitVr ? 'UN' : node.vr;
  const padding = Buffer.alloc(node.value.length % 2, vrInfo(vr).padding);
  return { ...node, vr, value: Buffer.concat([node.value, padding]) };
}

for (const from of FOUR)
  test(`law: a file in ${from.name} comes out in each syntax as the tokens it went in`, async () => {
    await fc.assert(
      fc.asyncProperty(
        dataSetArbitrary({ hasBigValues: true }),
        fc.constantFrom(...formsOf(from)),
        async (nodes, form) => {
          const tree = withWholeWords(instanceTree(nodes));
          const bytes = encodeIn(from, tree);
          const instance = await inspectInstance(await written(fileOf(form, from, bytes)));
          assert.deepEqual(
            [instance.sopClassUid, instance.sopInstanceUid, instance.transferSyntax],
            [CT_IMAGE, '1.2.3', from],
          );
          for (const to of FOUR) {
            const output = await readAll(instance, to, Infinity);
            if (to === from && !instance.needsRewrite) {
              assert.ok(output.equals(bytes), 'sent as it is');
            } else {
              const plain = to.deflated ? inflateRawSync(output) : output;
              assert.deepEqual(readWhole(plain, to), [...expectedTokens(converted(tree, from), to)]);
            }
          }
        },
      ),
      fuzzRuns(40),
    );
  });

/** How a file fares: `ok`, or the line that says what is wrong with it. Any other error is a fault of ours. */
async function outcome(bytes: Buffer, syntaxes: readonly (TransferSyntax | undefined)[] = FOUR): Promise<string> {
  const path = await written(bytes);
  try {
    const instance = await inspectInstance(path);
    // A deflated data set may become a thousand times as much; of any other, every header grows a little.
    const limit = instance.transferSyntax?.deflated ? Infinity : 8 * bytes.length + 1000;
    for (const to of new Set([instance.transferSyntax, ...syntaxes])) await readAll(instance, to, limit);
    return 'ok';
  } catch (error) {
    assert.ok(error instanceof FileError, error instanceof Error ? error.stack : String(error));
    assert.ok(error.message.includes(path) && !error.message.includes('\n'), error.message);
    return error.message;
  }
}

test('every file that is cut is refused in words, or read', async () => {
  const nodes = fc.sample(dataSetArbitrary(), { numRuns: 1, seed: 3 }).flat();
  for (const syntax of [...FOUR, RLE])
    for (const form of formsOf(syntax)) {
      const tree = instanceTree(syntax === RLE ? [...nodes, PIXEL_DATA] : nodes);
      const file = fileOf(form, syntax, encodeIn(syntax, tree));
      assert.equal(await outcome(file, syntax === RLE ? [] : FOUR), 'ok');
      for (let length = 0; length < file.length; length += 7) {
        const fate = await outcome(file.subarray(0, length), [LE]);
        // Of the others it is only known if the cut goes through an element; here one byte may be padding.
        if (syntax.deflated && length < file.length - 1) assert.match(fate, /^Bad DICOM file/, `${length} bytes`);
      }
    }
});

for (const syntax of [...FOUR, RLE])
  test(`law: a damaged file in ${syntax.name} is refused in words, or read`, async () => {
    await fc.assert(
      fc.asyncProperty(
        dataSetArbitrary(),
        fc.constantFrom(...formsOf(syntax)),
        fc.array(damageArbitrary, { minLength: 1, maxLength: 3 }),
        async (nodes, form, damages) => {
          const tree = instanceTree(syntax === RLE ? [...nodes, PIXEL_DATA] : nodes);
          const file = fileOf(form, syntax, encodeIn(syntax, tree));
          await outcome(damages.reduce((bytes, damage) => damage(bytes), file));
        },
      ),
      fuzzRuns(150),
    );
  });

test('law: bytes at random are refused in words, wherever they stand in a file', async () => {
  const front = fc.constantFrom(
    Buffer.alloc(0),
    Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]),
    hex`0200 0000 554c 0400 00000000`,
    hex`0800 1600 5549 0400 ${'1.2\0'} 0800 1800 5549 0400 ${'1.3\0'}`,
    ...[...FOUR, RLE].map((syntax) => fileOf('part 10', syntax, Buffer.alloc(0))),
  );
  await fc.assert(
    fc.asyncProperty(front, fc.uint8Array({ maxLength: 400 }), async (known, noise) => {
      await outcome(Buffer.concat([known, noise]));
    }),
    fuzzRuns(200),
  );
});

const UIDS = hex`0800 1600 5549 0400 ${'1.2\0'} 0800 1800 5549 0400 ${'1.3\0'}`;
const HUGE: readonly (readonly [string, Buffer])[] = [
  ['an element', hex`${UIDS} e07f 1000 4f57 0000 feffffff ${'ab'}`],
  ['an element of undefined length that is none', hex`${UIDS} e07f 1000 5554 0000 ffffffff ${'ab'}`],
  ['a sequence', hex`${UIDS} 0800 4011 5351 0000 feffffff feff 00e0 feffffff`],
  ['an item', hex`${UIDS} 0800 4011 5351 0000 ffffffff feff 00e0 feffffff`],
  ['a fragment', hex`${UIDS} e07f 1000 4f42 0000 ffffffff feff 00e0 feffffff`],
  ['a fragment of undefined length', hex`${UIDS} e07f 1000 4f42 0000 ffffffff feff 00e0 ffffffff`],
  ['a UID', hex`0800 1600 554e 0000 feffffff ${'1.2\0'}`],
  ['a delimiter', hex`${UIDS} 0800 4011 5351 0000 ffffffff feff dde0 ffffffff`],
];
const HUGE_META = hex`${Buffer.alloc(128)} ${'DICM'} 0200 0000 554c 0400 ffffffff 0200 0201 4f42 0000 feffffff`;

test('lengths of four gigabytes take no memory', async () => {
  await outcome(fileOf('part 10', LE, UIDS));
  const { arrayBuffers } = process.memoryUsage();
  for (const [what, dataSet] of HUGE)
    for (const syntax of [LE, RLE])
      for (const form of ['part 10', 'no preamble', 'bare'] as const) {
        const fate = await outcome(fileOf(form, syntax, dataSet));
        if (what !== 'a delimiter') assert.match(fate, /^Bad DICOM file|^Cannot decompress/, what);
        assert.ok(process.memoryUsage().arrayBuffers - arrayBuffers < 64 * 1024 * 1024, what);
      }
  assert.match(await outcome(HUGE_META), /ends within its meta information/);
});

test('1,000 sequences within one another take neither the stack nor long', async () => {
  const depth = 1000;
  const bytes = Buffer.concat([
    UIDS,
    Buffer.alloc(depth * 20, hex`0800 4011 5351 0000 ffffffff feff 00e0 ffffffff`),
    Buffer.alloc(depth * 16, hex`feff 0de0 00000000 feff dde0 00000000`),
  ]);
  assert.equal(await outcome(fileOf('part 10', LE, bytes)), 'ok');
  assert.match(await outcome(fileOf('part 10', LE, bytes.subarray(0, -8))), /cut short/);
});

/** What a receiver makes of the bytes. */
async function received(bytes: Buffer, syntax: TransferSyntax, sizes: readonly number[]): Promise<void> {
  const check = new DataSetCheck(syntax.uid, { sopClassUid: CT_IMAGE, sopInstanceUid: '1.2.3' });
  try {
    for (const view of cut(bytes, sizes)) await check.feed([view]);
    await check.end();
  } catch (error) {
    assert.ok(error instanceof StatusError, error instanceof Error ? error.stack : String(error));
    assert.ok([0xa900, 0xc000].includes(error.status));
  } finally {
    check.close();
  }
}

for (const syntax of [...FOUR, RLE])
  test(`law: damaged or at random, what is received in ${syntax.name} passes or is refused`, async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 4 });
    const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    const damaged = fc
      .tuple(dataSetArbitrary(), fc.array(damageArbitrary, { maxLength: 3 }))
      .map(([nodes, damages]) =>
        damages.reduce(
          (bytes, damage) => damage(bytes),
          encodeIn(syntax, instanceTree(syntax === RLE ? [...nodes, PIXEL_DATA] : nodes)),
        ),
      );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof({ weight: 4, arbitrary: damaged }, { weight: 1, arbitrary: noise }),
        sizes,
        (bytes, cuts) => received(bytes, syntax, cuts),
      ),
      fuzzRuns(150),
    );
  });
