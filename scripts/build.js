// Compiles src to dist (what is shipped) and everything, tests included, to .build (what the tests and the demo run).
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

/** @param {string} project */
function compile(project, output) {
  rmSync(join(root, output), { recursive: true, force: true });
  const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, project)], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

compile('tsconfig.build.json', 'dist');
compile('tsconfig.json', '.build');
for (const name of ['storescu', 'storescp']) chmodSync(join(root, 'dist', 'cli', `${name}.js`), 0o755);
