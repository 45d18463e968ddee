/** dciodvfy of dicom3tools, which holds files against the standard's information objects and value representations. */
import { availableParallelism } from 'node:os';
import { run } from './processes.js';

/** What it says of a file. */
export interface Verdict {
  /** A line for each error and warning. */
  readonly complaints: readonly string[];
  /** It died over the file and has said nothing. */
  readonly crashed: boolean;
}

/** In the order of the paths. */
export async function verdicts(paths: readonly string[]): Promise<readonly Verdict[]> {
  const found: Verdict[] = [];
  const queue = paths.entries();
  const work = async () => {
    for (const [index, path] of queue) found[index] = await verdictOn(path);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return found;
}

async function verdictOn(path: string): Promise<Verdict> {
  const { stderr, signal } = await run('dciodvfy', [path]);
  return {
    complaints: stderr.split('\n').filter((line) => /\b(?:Error|Warning)\b/.test(line)),
    crashed: signal !== null,
  };
}
