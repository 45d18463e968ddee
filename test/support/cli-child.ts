/** Runs a piece of code against the compiled modules of src/cli in a process of its own. */
import { type ChildProcess, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';

const CLI = new URL('../../src/cli/', import.meta.url);

/** `code` is a module; `import ... from 'cli:log.js'` means that file of src/cli. */
function nodeArguments(code: string): string[] {
  return ['--input-type=module', '--eval', code.replaceAll(/'cli:([\w.-]+)'/g, (_, file) => `'${new URL(file, CLI)}'`)];
}

export function runChild(code: string, cwd?: string): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, nodeArguments(code), { encoding: 'utf8', ...(cwd !== undefined && { cwd }) });
}

export function startChild(code: string): ChildProcess {
  return spawn(process.execPath, nodeArguments(code), { stdio: ['ignore', 'pipe', 'pipe'] });
}
