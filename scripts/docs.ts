/**
 * npm run docs: writes the tables of docs/conformance.md, from what the built applications do, and the API reference to the
 * folder api. Usage: docs.js [conformance|api] (both without a word)
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../test/support/paths.js';
import { fill } from './conformance/markdown.js';
import { conformanceTables } from './conformance/tables.js';

const CONFORMANCE = join(projectRoot, 'docs', 'conformance.md');
const TYPEDOC = join(projectRoot, 'tools', 'node_modules', '.bin', 'typedoc');

const wanted = process.argv.length > 2 ? process.argv.slice(2) : ['conformance', 'api'];
if (wanted.includes('conformance'))
  writeFileSync(CONFORMANCE, fill(readFileSync(CONFORMANCE, 'utf8'), await conformanceTables()));
if (wanted.includes('api')) process.exitCode = makeApiReference();

function makeApiReference(): number {
  if (!existsSync(TYPEDOC)) {
    console.error('typedoc is not installed: npm ci --prefix tools');
    return 1;
  }
  const { status } = spawnSync(TYPEDOC, ['--options', join(projectRoot, 'tools', 'typedoc.json')], {
    stdio: 'inherit',
  });
  return status ?? 1;
}
