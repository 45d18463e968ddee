/** docs/conformance.md says what the applications do. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fill } from '../../scripts/conformance/markdown.js';
import { WHEN } from '../../scripts/conformance/statuses.js';
import { conformanceTables } from '../../scripts/conformance/tables.js';
import { projectRoot } from '../support/paths.js';

test('the tables of the conformance statement are those that the applications give', async () => {
  const text = readFileSync(join(projectRoot, 'docs', 'conformance.md'), 'utf8');
  assert.equal(fill(text, await conformanceTables()), text, "docs/conformance.md is stale: 'npm run docs'");
});

test('the statuses that it says are sent are those that the code sends', () => {
  const folder = join(projectRoot, 'src');
  const source = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
  for (const [name, when] of Object.entries(WHEN))
    assert.equal(source.includes(`STATUS.${name}`), when !== undefined, `STATUS.${name}`);
});

test('a place for nothing and a part without a place are errors', () => {
  const text = 'Before.\n\n<!-- generated: a -->\nold\n<!-- end of a -->\n\nAfter.\n';
  const filled = 'Before.\n\n<!-- generated: a -->\n\nnew\n\n<!-- end of a -->\n\nAfter.\n';
  assert.equal(fill(text, new Map([['a', 'new']])), filled);
  assert.equal(fill(filled, new Map([['a', 'new']])), filled);
  assert.throws(() => fill(text, new Map()), /nothing is generated for a/);
  assert.throws(() => fill(text, new Map(['a', 'b'].map((name) => [name, 'new']))), /no place for b/);
});
