/** Where things are, seen from compiled tests, benchmarks and scripts in .build. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json. */
export const projectRoot = findRoot(dirname(fileURLToPath(import.meta.url)));

/** The built application, to be run with plain node. */
export function applicationPath(name: 'storescu' | 'storescp'): string {
  return join(projectRoot, 'dist', 'cli', `${name}.js`);
}

/** Real files beside the project, or undefined where there are none. */
export function sharedData(): string | undefined {
  const folder = join(projectRoot, '..', 'shared', 'data');
  return existsSync(folder) ? folder : undefined;
}

function findRoot(from: string): string {
  return existsSync(join(from, 'package.json')) ? from : findRoot(dirname(from));
}
