/** storescu --watch, and a folder for it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from './apps-files.js';
import { startStorescu, words } from './apps-run.js';
import type { Running } from './processes.js';
import { sampleImage, samplePart10 } from './sample-instance.js';

const QUICK = words('--watch-settle 0.1 --retry-delay 0.01 -v');

export function place(directory: string, name: string, uid = name): void {
  writeFileSync(join(directory, name), samplePart10(sampleImage({ sopInstanceUid: uid })));
}

export function watch(test: TestContext, port: number, directory: string, more: readonly string[] = []): Running {
  return startStorescu(test, ['127.0.0.1', `${port}`, '--watch', directory, ...QUICK, ...more]);
}

export function stored(running: Running, name: string): Promise<unknown> {
  return running.output('stderr', new RegExp(`^I: Stored: .*/${name.replaceAll('.', '\\.')}$`, 'm'));
}

export function sentBy({ stderr }: Running): readonly string[] {
  return [...stderr.matchAll(/^I: Sending file: .*\/(.*)$/gm)].map(([, name = '']) => name).sort();
}

/** A folder to watch, within one that is removed in the end. */
export async function watchedFolder() {
  const folder = await temporaryFolder();
  const directory = join(folder.path, 'in');
  mkdirSync(directory);
  return { root: folder.path, directory, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}
