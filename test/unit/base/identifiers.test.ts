import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION_NAME,
  newUid,
  parseAeTitle,
  parseUid,
} from '../../../src/base/identifiers.js';
import { VERSION } from '../../../src/base/version.js';
import { projectRoot } from '../../support/paths.js';

test('the version is that of package.json', () => {
  const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
  assert.equal(VERSION, version);
  assert.ok(IMPLEMENTATION_VERSION_NAME.length <= 16);
});

test('UIDs: what passes and what does not', () => {
  for (const text of ['1', '1.2.840.10008.1.1', '0.0', '1.02.3', '1.2.3\0', '1.2.3 ', '9'.repeat(64)])
    assert.equal(parseUid(text), text.replace(/[\0 ]+$/, ''));
  for (const text of [
    '',
    '\0',
    '.',
    '..',
    '1.',
    '.1',
    '1..2',
    '1/2',
    '../1',
    '1.2\n',
    '1.2.a',
    ' 1.2',
    '1\0.2',
    '9'.repeat(65),
  ])
    assert.throws(() => parseUid(text), { code: 'INVALID_IDENTIFIER' }, JSON.stringify(text));
  assert.equal(parseUid('9'.repeat(65), 128).length, 65);
});

test('a parsed UID is never a path, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('.', '/', '1', '\\', '\0', ' ', '-') }), (text) => {
      try {
        assert.match(parseUid(text), /^[0-9]+(\.[0-9]+)*$/);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'INVALID_IDENTIFIER');
      }
    }),
  );
});

test('new UIDs are valid and differ', () => {
  const uids = Array.from({ length: 100 }, newUid);
  for (const uid of [...uids, IMPLEMENTATION_CLASS_UID]) assert.equal(parseUid(uid), uid);
  assert.equal(new Set(uids).size, 100);
});

test('AE titles: what passes and what does not', () => {
  for (const text of ['A', 'ANY-SCP', ' PADDED  ', 'WITH SPACE', 'x'.repeat(16), '~!@#'])
    assert.equal(parseAeTitle(text), text.trim());
  for (const text of ['', '   ', 'x'.repeat(17), 'A\\B', 'A\tB', 'Ä', 'A\0', 'A\nB'])
    assert.throws(() => parseAeTitle(text), { code: 'INVALID_IDENTIFIER' }, JSON.stringify(text));
});
