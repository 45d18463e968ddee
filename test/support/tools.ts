/** The programs in tools/, which are installed for releases alone. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './paths.js';
import { type Ended, run } from './processes.js';

const folder = join(projectRoot, 'tools', 'node_modules', '.bin');

/** For the `skip` of a test: why it cannot run here, or false. @throws {Error} instead if NETDICOM_REQUIRE_PEERS is set */
export function skipWithoutTools(): string | false {
  if (existsSync(folder)) return false;
  const reason = 'tools are not installed (npm ci --prefix tools)';
  if (process.env.NETDICOM_REQUIRE_PEERS) throw new Error(`NETDICOM_REQUIRE_PEERS is set, but ${reason}`);
  return `skipped: ${reason}`;
}

/** Runs one of them to its end, in the folder of the project. */
export function runTool(name: string, args: readonly string[]): Promise<Ended> {
  return run(join(folder, name), args, { cwd: projectRoot, env: { NO_COLOR: '1' } });
}
