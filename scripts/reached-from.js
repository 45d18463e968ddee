// The files that some modules lead to by their relative imports, those of declarations (.d.ts) to declarations.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * @param {string[]} files absolute paths
 * @returns {Set<string>} them, and all that is reached
 */
export function reachedFrom(files) {
  const reached = new Set();
  const waiting = [...files];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    for (const [, target] of readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)) {
      const script = resolve(dirname(file), target);
      const found = file.endsWith('.d.ts') ? script.replace(/\.js$/, '.d.ts') : script;
      if (existsSync(found)) waiting.push(found);
    }
  }
  return reached;
}
