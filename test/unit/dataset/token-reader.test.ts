/** PS3.5 clause 7: bytes → tokens, as tables of encodings, and what the standard does not foresee. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataSetError, UsageError } from '../../../src/base/errors.js';
import type { TokenReaderOptions } from '../../../src/dataset/token-reader.js';
import { MAX_NESTING, TokenReader } from '../../../src/dataset/token-reader.js';
import type { Token } from '../../../src/dataset/tokens.js';
import type { TransferSyntax } from '../../../src/dataset/transfer-syntax.js';
import {
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  transferSyntax,
} from '../../../src/dataset/transfer-syntax.js';
import { patterned } from '../../support/data-set-arbitrary.js';
import { cut, readWhole, tokensOf, wholeTokens } from '../../support/data-set-tokens.js';
import { hex } from '../../support/pdu-hex.js';

const JPEG = transferSyntax('1.2.840.10008.1.2.4.50') ?? EXPLICIT_VR_LITTLE_ENDIAN;

/** Tokens in one word each, with the text of their values. */
function words(bytes: Buffer, syntax: TransferSyntax, options?: TokenReaderOptions): string {
  const reader = new TokenReader(syntax, options);
  const tokens = wholeTokens([...reader.feed(bytes), ...reader.end()]);
  return tokens.map(inOneWord).join(' ');
}

function inOneWord(token: Token & { readonly value?: Buffer }): string {
  const text = 'value' in token ? `=${token.value?.toString('latin1')}` : '';
  switch (token.type) {
    case 'element':
      return `${token.tag.toString(16).padStart(8, '0')}:${token.vr.replaceAll(' ', '-')}:${token.length}${text}`;
    case 'sequence':
    case 'pixel-sequence':
      return `${token.tag.toString(16).padStart(8, '0')}:${token.type}:${token.vr}`;
    case 'fragment':
      return `fragment:${token.length}${text}`;
    default:
      return token.type;
  }
}

const READ: readonly (readonly [string, TransferSyntax, Buffer, string])[] = [
  ['nothing', IMPLICIT_VR_LITTLE_ENDIAN, hex``, ''],
  [
    'an implicit element, its VR from the dictionary',
    IMPLICIT_VR_LITTLE_ENDIAN,
    hex`1000 1000 04000000 ${'A^B '}`,
    '00100010:PN:4=A^B ',
  ],
  [
    'an implicit element whose VR the dictionary leaves open',
    IMPLICIT_VR_LITTLE_ENDIAN,
    hex`2800 0601 02000000 ${'ab'} e07f 1000 02000000 ${'xy'}`,
    '00280106:US-or-SS:2=ab 7fe00010:OB-or-OW:2=xy',
  ],
  [
    'implicit private elements: the creator LO, the rest UN',
    IMPLICIT_VR_LITTLE_ENDIAN,
    hex`0900 1000 04000000 ${'ACME'} 0900 0110 02000000 ${'ab'}`,
    '00090010:LO:4=ACME 00091001:UN:2=ab',
  ],
  [
    'an implicit private element of undefined length as a sequence',
    IMPLICIT_VR_LITTLE_ENDIAN,
    hex`0900 0110 ffffffff feff 00e0 ffffffff feff 0de0 00000000 feff dde0 00000000`,
    '00091001:sequence:SQ item item-end sequence-end',
  ],
  [
    'defined lengths closed by counting, empty ones at once',
    EXPLICIT_VR_LITTLE_ENDIAN,
    hex`0800 4011 5351 0000 1a000000 feff 00e0 00000000 feff 00e0 0a000000 0800 6000 4353 0200 ${'CT'} 0800 1111 5351 0000 00000000`,
    '00081140:sequence:SQ item item-end item 00080060:CS:2=CT item-end sequence-end 00081111:sequence:SQ sequence-end',
  ],
  [
    'a defined item in an undefined sequence, and the other way round',
    EXPLICIT_VR_LITTLE_ENDIAN,
    hex`0800 4011 5351 0000 ffffffff feff 00e0 0a000000 0800 6000 4353 0200 ${'CT'} feff dde0 00000000
        0800 1111 5351 0000 10000000 feff 00e0 ffffffff feff 0de0 00000000`,
    '00081140:sequence:SQ item 00080060:CS:2=CT item-end sequence-end 00081111:sequence:SQ item item-end sequence-end',
  ],
  [
    'delimiters that wrongly have a length',
    EXPLICIT_VR_LITTLE_ENDIAN,
    hex`0800 4011 5351 0000 ffffffff feff 00e0 ffffffff feff 0de0 04000000 feff dde0 08000000 0800 6000 4353 0000`,
    '00081140:sequence:SQ item item-end sequence-end 00080060:CS:0',
  ],
  [
    'a UN of undefined length as Implicit VR Little Endian, and big endian after it again',
    EXPLICIT_VR_BIG_ENDIAN,
    hex`0009 1001 554e 0000 ffffffff feff 00e0 ffffffff 0800 6000 02000000 ${'CT'} 0800 4011 08000000 feff 00e0 00000000
        feff 0de0 00000000 feff dde0 00000000 0010 0010 504e 0002 ${'A^'}`,
    '00091001:sequence:UN item 00080060:CS:2=CT 00081140:sequence:SQ item item-end sequence-end item-end sequence-end 00100010:PN:2=A^',
  ],
  [
    'a UN of undefined length whose items are explicit after all',
    EXPLICIT_VR_LITTLE_ENDIAN,
    hex`0900 0110 554e 0000 ffffffff feff 00e0 ffffffff 0900 0210 4c4f 0200 ${'ab'} feff 0de0 00000000 feff dde0 00000000`,
    '00091001:sequence:UN item 00091002:LO:2=ab item-end sequence-end',
  ],
  [
    'a UN of defined length as it is',
    EXPLICIT_VR_LITTLE_ENDIAN,
    hex`0900 0110 554e 0000 08000000 feff 00e0 00000000`,
    '00091001:UN:8=\u00fe\u00ff\u0000\u00e0\u0000\u0000\u0000\u0000',
  ],
  [
    'implicit items in an explicit sequence, and explicit elements after them',
    EXPLICIT_VR_LITTLE_ENDIAN,
    hex`0900 0110 5351 0000 12000000 feff 00e0 0a000000 0800 6000 02000000 ${'CT'} 1000 1000 504e 0200 ${'A^'}`,
    '00091001:sequence:SQ item 00080060:CS:2=CT item-end sequence-end 00100010:PN:2=A^',
  ],
  [
    'letters that are no VR as UN, in the form they suggest',
    EXPLICIT_VR_LITTLE_ENDIAN,
    hex`0900 0110 3f3f 0200 ${'ab'} 0900 0210 5858 0000 02000000 ${'cd'}`,
    '00091001:UN:2=ab 00091002:UN:2=cd',
  ],
  [
    'fragments, the offset table first, an empty and an odd one too',
    JPEG,
    hex`e07f 1000 4f42 0000 ffffffff feff 00e0 00000000 feff 00e0 03000000 ${'abc'} feff dde0 00000000`,
    '7fe00010:pixel-sequence:OB fragment:0 fragment:3=abc sequence-end',
  ],
  [
    'native pixel data of an icon in an encapsulated data set',
    JPEG,
    hex`8800 0002 5351 0000 ffffffff feff 00e0 ffffffff e07f 1000 4f57 0000 02000000 ${'xy'} feff 0de0 00000000 feff dde0 00000000
        e07f 1000 4f42 0000 ffffffff feff 00e0 02000000 ${'ab'} feff dde0 00000000`,
    '00880200:sequence:SQ item 7fe00010:OW:2=xy item-end sequence-end 7fe00010:pixel-sequence:OB fragment:2=ab sequence-end',
  ],
  [
    'odd lengths, tags out of order, and one tag twice',
    EXPLICIT_VR_LITTLE_ENDIAN,
    hex`1000 1000 504e 0300 ${'A^B'} 0800 6000 4353 0200 ${'CT'} 0800 6000 4353 0200 ${'MR'}`,
    '00100010:PN:3=A^B 00080060:CS:2=CT 00080060:CS:2=MR',
  ],
  [
    'trailing padding as an element',
    EXPLICIT_VR_LITTLE_ENDIAN,
    hex`fcff fcff 4f42 0000 02000000 0000`,
    'fffcfffc:OB:2=\u0000\u0000',
  ],
  [
    'zeros at the end as empty elements, and what is left of them as nothing',
    EXPLICIT_VR_LITTLE_ENDIAN,
    hex`0800 6000 4353 0200 ${'CT'} ${Buffer.alloc(8 + 5)}`,
    '00080060:CS:2=CT 00000000:UN:0',
  ],
];

for (const [what, syntax, bytes, expected] of READ)
  test(`reads ${what}`, () => {
    assert.equal(words(bytes, syntax), expected);
  });

const REFUSED: readonly (readonly [string, TransferSyntax, Buffer, RegExp])[] = [
  [
    'a header that is cut',
    EXPLICIT_VR_LITTLE_ENDIAN,
    hex`1000 1000 50`,
    /cut short within the header of an element at byte 0/,
  ],
  [
    'a value that is cut',
    EXPLICIT_VR_LITTLE_ENDIAN,
    hex`1000 1000 504e 0400 ${'A^'}`,
    /cut short: 2 more bytes should follow in \(0010,0010\) at byte 10/,
  ],
  [
    'a sequence without its delimiter',
    EXPLICIT_VR_LITTLE_ENDIAN,
    hex`0800 4011 5351 0000 ffffffff`,
    /cut short within a sequence in \(0008,1140\)/,
  ],
  [
    'a defined sequence that is cut',
    EXPLICIT_VR_LITTLE_ENDIAN,
    hex`0800 4011 5351 0000 08000000`,
    /cut short within a sequence in \(0008,1140\)/,
  ],
  [
    'an element longer than its item',
    EXPLICIT_VR_LITTLE_ENDIAN,
    hex`0800 4011 5351 0000 12000000 feff 00e0 0a000000 0800 6000 4353 0300 ${'abc'}`,
    /3 bytes run 1 over the end of the item or sequence around them in \(0008,0060\) at byte 20/,
  ],
  [
    'an item longer than its sequence',
    EXPLICIT_VR_LITTLE_ENDIAN,
    hex`0800 4011 5351 0000 08000000 feff 00e0 0a000000`,
    /10 bytes run 10 over/,
  ],
  [
    'an undefined item that outlasts its defined sequence',
    EXPLICIT_VR_LITTLE_ENDIAN,
    hex`0800 4011 5351 0000 08000000 feff 00e0 ffffffff 0800 6000 4353 0000 feff 0de0 00000000`,
    /0 bytes run 8 over/,
  ],
  [
    'encapsulated pixel data in Implicit VR',
    IMPLICIT_VR_LITTLE_ENDIAN,
    hex`e07f 1000 ffffffff`,
    /encapsulated pixel data in Implicit VR in \(7FE0,0010\)/,
  ],
  [
    'text of undefined length',
    EXPLICIT_VR_LITTLE_ENDIAN,
    hex`4000 60a1 5554 0000 ffffffff`,
    /undefined length with VR UT in \(0040,A160\)/,
  ],
  [
    'an unknown VR of undefined length',
    EXPLICIT_VR_LITTLE_ENDIAN,
    hex`0900 0110 5858 0000 ffffffff`,
    /undefined length with VR unknown/,
  ],
  [
    'a fragment of undefined length',
    JPEG,
    hex`e07f 1000 4f42 0000 ffffffff feff 00e0 ffffffff`,
    /a fragment of undefined length in \(7FE0,0010\)/,
  ],
  [
    'an element among fragments',
    JPEG,
    hex`e07f 1000 4f42 0000 ffffffff 0800 6000 4353 0000`,
    /no fragment where pixel data should have one/,
  ],
  [
    'an element among items',
    EXPLICIT_VR_LITTLE_ENDIAN,
    hex`0800 4011 5351 0000 ffffffff 0800 6000 4353 0000`,
    /no item where a sequence should have one/,
  ],
  ['an item on its own', EXPLICIT_VR_LITTLE_ENDIAN, hex`feff 00e0 00000000`, /where an element should be/],
  ['a stray item delimiter', EXPLICIT_VR_LITTLE_ENDIAN, hex`feff 0de0 00000000`, /no item to close/],
  ['a stray sequence delimiter', EXPLICIT_VR_LITTLE_ENDIAN, hex`feff dde0 00000000`, /where an element should be/],
  [
    'a delimiter in a defined sequence',
    EXPLICIT_VR_LITTLE_ENDIAN,
    hex`0800 4011 5351 0000 08000000 feff dde0 00000000`,
    /a delimiter in a sequence of defined length/,
  ],
];

for (const [what, syntax, bytes, message] of REFUSED)
  test(`refuses ${what}`, () => {
    assert.throws(
      () => words(bytes, syntax),
      (error: unknown) => error instanceof DataSetError && message.test(error.message),
    );
  });

test('missing delimiters are made up when accepted, but nothing else is', () => {
  const open = hex`0800 4011 5351 0000 ffffffff feff 00e0 ffffffff 0800 6000 4353 0200 ${'CT'}`;
  const accept: TokenReaderOptions = { missingDelimiters: 'accept' };
  assert.equal(
    words(open, EXPLICIT_VR_LITTLE_ENDIAN, accept),
    '00081140:sequence:SQ item 00080060:CS:2=CT item-end sequence-end',
  );
  assert.throws(() => words(open, EXPLICIT_VR_LITTLE_ENDIAN), DataSetError);
  assert.throws(() => words(open.subarray(0, -1), EXPLICIT_VR_LITTLE_ENDIAN, accept), DataSetError);
  assert.throws(() => words(open.subarray(0, 15), EXPLICIT_VR_LITTLE_ENDIAN, accept), DataSetError);
  const defined = hex`0800 4011 5351 0000 08000000`;
  assert.throws(() => words(defined, EXPLICIT_VR_LITTLE_ENDIAN, accept), DataSetError);
});

test('a value of 200 bytes fed byte by byte comes as 200 views', () => {
  const bytes = Buffer.concat([hex`4000 60a1 5554 0000 c8000000`, patterned(200)]);
  const tokens = [...tokensOf(cut(bytes, [1]), EXPLICIT_VR_LITTLE_ENDIAN)];
  assert.equal(tokens.length, 201);
  const last = tokens.at(-1);
  assert.ok(last?.type === 'value' && last.isLast && last.data.buffer === bytes.buffer);
  assert.deepEqual(wholeTokens(tokens)[0]?.value, patterned(200));
});

test('what is skipped of a value counts, and gives no tokens', () => {
  const reader = new TokenReader(EXPLICIT_VR_LITTLE_ENDIAN);
  const first = [...reader.feed(hex`e07f 1000 4f57 0000 e8030000 ${'ab'}`)];
  assert.deepEqual(
    first.map(({ type }) => type),
    ['element', 'value'],
  );
  assert.equal(reader.skippable, 998);
  reader.skip(990);
  assert.equal(reader.skippable, 8);
  assert.throws(() => reader.skip(9), UsageError);
  reader.skip(8);
  assert.equal(reader.skippable, 0);
  const after = [...reader.feed(hex`fcff fcff 4f42 0000 00000000`), ...reader.end()];
  assert.deepEqual(
    after.map(({ type }) => type),
    ['element'],
  );
});

test('offsets are right beyond 4 GiB', () => {
  const reader = new TokenReader(EXPLICIT_VR_LITTLE_ENDIAN);
  const longest = 0xfffffffe;
  for (let index = 0; index < 3; index++) {
    for (const token of reader.feed(hex`e07f 1000 4f57 0000 feffffff`)) assert.equal(token.type, 'element');
    reader.skip(longest);
  }
  assert.throws(
    () => [...reader.feed(hex`feff 0de0 00000000`)],
    (error: unknown) => error instanceof DataSetError && error.offset === 3 * (12 + longest),
  );
});

for (const isDefined of [true, false])
  test(`1,000 sequences of ${isDefined ? 'defined' : 'undefined'} length within one another are no trouble`, () => {
    const depth = MAX_NESTING;
    const bytes = nested(depth, isDefined);
    const counts = { sequence: 0, 'sequence-end': 0, item: 0, 'item-end': 0 };
    for (const { type } of tokensOf(cut(bytes, [1021]), IMPLICIT_VR_LITTLE_ENDIAN))
      if (type === 'sequence' || type === 'sequence-end' || type === 'item' || type === 'item-end') counts[type]++;
    assert.deepEqual(counts, { sequence: depth, 'sequence-end': depth, item: depth, 'item-end': depth });
  });

test('more nesting than the limit is refused', () => {
  const bytes = nested(MAX_NESTING + 1, false);
  assert.throws(() => readWhole(bytes, IMPLICIT_VR_LITTLE_ENDIAN), /nested more than/);
});

/** Sequences in Implicit VR, each in an item of the one around it. */
function nested(depth: number, isDefined: boolean): Buffer {
  const headers = Buffer.alloc(depth * 16);
  const closers = isDefined ? Buffer.alloc(0) : Buffer.alloc(depth * 16);
  for (let level = 0; level < depth; level++) {
    const inner = (depth - level) * 16;
    headers.write('08004011', level * 16, 'hex');
    headers.writeUInt32LE(isDefined ? inner - 8 : 0xffffffff, level * 16 + 4);
    headers.write('feff00e0', level * 16 + 8, 'hex');
    headers.writeUInt32LE(isDefined ? inner - 16 : 0xffffffff, level * 16 + 12);
    if (!isDefined) closers.write('feff0de000000000feffdde000000000', level * 16, 'hex');
  }
  return Buffer.concat([headers, closers]);
}
