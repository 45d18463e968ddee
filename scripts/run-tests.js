// Finds the compiled tests and runs them with node's own test runner, so that one command works on every supported Node.
// Usage: node scripts/run-tests.js [unit|loopback|peers|apps ...] (all of them without a word)
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const compiled = join(dirname(dirname(fileURLToPath(import.meta.url))), '.build', 'test');
const folders = process.argv.length > 2 ? process.argv.slice(2) : ['unit', 'loopback', 'apps', 'peers'];
const files = folders
  .map((folder) => join(compiled, folder))
  .filter((folder) => existsSync(folder))
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.js'))
      .sort()
      .map((name) => join(folder, name)),
  );
if (files.length === 0) {
  console.error(`no tests in ${folders.join(', ')} (run 'npm run build' first)`);
  process.exit(1);
}
// By itself the runner leaves one processor free, which of two is half of what there is. Node 20 knows the option since 20.10.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const isKnown = major > 20 || (major === 20 && minor >= 10);
const atOnce = isKnown ? [`--test-concurrency=${Math.max(2, availableParallelism() - 1)}`] : [];
const options = ['--enable-source-maps', '--test', '--test-reporter=spec', ...atOnce];
const { status } = spawnSync(process.execPath, [...options, ...files], { stdio: 'inherit' });
process.exit(status ?? 1);
