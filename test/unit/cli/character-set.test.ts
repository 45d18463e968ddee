/** Texts in the character sets of DICOM: the examples of PS3.5, Annexes H to K, and what senders get wrong. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { textDecoder } from '../../../src/cli/character-set.js';
import { printable } from '../../../src/index.js';

/** Name, (0008,0005), the bytes as one character each, and the text. */
const TEXTS: readonly (readonly [string, string | undefined, string, string])[] = [
  [
    'Japanese, H.3.1',
    '\\ISO 2022 IR 87',
    'Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B',
    'Yamada^Tarou=山田^太郎=やまだ^たろう',
  ],
  [
    'Japanese with katakana, H.3.2',
    'ISO 2022 IR 13\\ISO 2022 IR 87',
    '\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J',
    'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう',
  ],
  [
    'Korean, I.2',
    '\\ISO 2022 IR 149',
    'Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf',
    'Hong^Gildong=洪^吉洞=홍^길동',
  ],
  [
    'Chinese in UTF-8, J.1',
    'ISO_IR 192',
    'Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1=',
    'Wang^XiaoDong=王^小東=',
  ],
  ['Chinese in GB18030, J.3', 'GB18030', 'Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab=', 'Wang^XiaoDong=王^小东='],
  ['Chinese in GBK, J.4', 'GBK', 'Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab=', 'Wang^XiaoDong=王^小东='],
  [
    'Chinese in GB2312, K.2',
    '\\ISO 2022 IR 58',
    'Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab= ',
    'Zhang^XiaoDong=张^小东= ',
  ],
  ['Latin-1', 'ISO_IR 100', 'Buc^J\xe9r\xf4me', 'Buc^Jérôme'],
  ['Latin-2', 'ISO_IR 101', 'Wa\xb3\xeasa', 'Wałęsa'],
  ['Latin-9', 'ISO_IR 203', '\xa4 J\xe9r\xf4me \xbd', '€ Jérôme œ'],
  ['Greek', 'ISO_IR 126', '\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2', 'Διονυσιος'],
  ['Greek with code extensions', '\\ISO 2022 IR 126', '\x1b-F\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2', 'Διονυσιος'],
  ['Cyrillic', 'ISO_IR 144', '\xbb\xee\xda\x63\xd5\xdc\xd1\xe3\xe0\xd3', 'Люкcембург'],
  ['Arabic', 'ISO_IR 127', '\xe2\xc8\xc7\xe6\xea', 'قباني'],
  ['Hebrew', 'ISO_IR 138', '\xf9\xf8\xe5\xef', 'שרון'],
  ['Thai', 'ISO_IR 166', '\xca\xc1\xaa\xd2\xc2', 'สมชาย'],
  ['the default repertoire', undefined, 'A^B', 'A^B'],
  ['the default repertoire by an empty value', '', 'A^B', 'A^B'],
  ['a character set with padding', ' ISO_IR 100 \0', '\xe9', 'é'],
  ['UTF-8 that nothing announces', undefined, 'J\xc3\xa9r\xc3\xb4me', 'Jérôme'],
  ['Latin-1 that nothing announces', undefined, 'J\xe9r\xf4me', 'J\ufffdr\ufffdme'],
  ['a character that is cut', 'ISO_IR 192', 'A\xe7\x8e', 'A\ufffd'],
];

for (const [what, charset, bytes, expected] of TEXTS)
  test(`text is decoded: ${what}`, async () => {
    const decode = await textDecoder((fault) => assert.fail(fault));
    assert.equal(decode(Buffer.from(bytes, 'latin1'), charset, 'PN'), expected);
  });

test('what cannot be decoded is told once, and its ASCII is what there is', async () => {
  const faults: string[] = [];
  const decode = await textDecoder((fault) => faults.push(fault));
  for (let again = 0; again < 3; again++) {
    assert.equal(decode(Buffer.from('M\xfcller\xe9\xe9!', 'latin1'), 'ISO_IR 999\n'), 'M\ufffdller\ufffd!');
    assert.equal(decode(Buffer.from('A\x1b$Bx', 'latin1'), 'ISO 2022 IR 6'), 'A\x1b$Bx');
  }
  assert.deepEqual(faults, [
    'Cannot decode text in the character set "ISO_IR 999": Invalid specific character set specified.',
    'Cannot decode text in the character set "ISO 2022 IR 6": Unknown escape sequence encountered at byte 1',
  ]);
});

test('of ever new faults a hundred are told, then one in a minute, and old ones never again', async () => {
  const faults: string[] = [];
  let now = 5;
  const decode = await textDecoder(
    (fault) => faults.push(fault),
    () => now,
  );
  const decodeMany = (kind: string) => {
    for (let number = 0; number < 1000; number++) decode(Buffer.of(0), `${kind} ${number}`);
  };
  decodeMany('A');
  assert.equal(faults.length, 100);
  now += 59_000;
  decodeMany('B');
  assert.equal(faults.length, 100);
  now += 1000;
  decodeMany('A');
  assert.equal(faults.length, 101);
  now += 180_000;
  decodeMany('C');
  assert.equal(faults.length, 104);
  now += 1e9;
  decodeMany('D');
  assert.equal(faults.length, 204);
  assert.equal(new Set(faults).size, 204);
});

const CHARACTER_SETS = TEXTS.map(([, charset]) => charset);

test('law: whatever the bytes and the character set, there is a text, and faults can be printed', async () => {
  const decode = await textDecoder((fault) => assert.equal(printable(fault), fault));
  const charset = fc.oneof(fc.constantFrom(...CHARACTER_SETS), fc.string({ unit: 'binary' }));
  // Escape sequences and the bytes around them more often than by chance.
  const piece = fc.oneof(
    fc.constantFrom(
      '\x1b$B',
      '\x1b(B',
      '\x1b(J',
      '\x1b)I',
      '\x1b$)C',
      '\x1b$)A',
      '\x1b$(D',
      '\x1b-F',
      '\x1b',
      '\\',
      '^',
      '=',
    ),
    fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 5 }),
  );
  const bytes = fc.array(piece, { maxLength: 12 }).map((pieces) => Buffer.from(pieces.join(''), 'latin1'));
  fc.assert(
    fc.property(bytes, charset, fc.constantFrom('PN', 'LO', 'LT'), (value, named, vr) => {
      assert.equal(typeof decode(value, named, vr), 'string');
    }),
    { numRuns: 2000 },
  );
});
