/** What a run itself writes into the folder that it watches is nothing to send. */
import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { behindLinks } from './links.js';
import { isBesides } from './report-file.js';

/** What stands beside a state: see watch-journal.ts and file-lock.ts. */
const BESIDE_STATE = /^(\.new|\.lock(\.\d+(\.left)?)?)?$/;

/** Whether a path below `directory` is that of one of our files. */
export function ownFilesIn(
  directory: string,
  { state, report }: { readonly state: string; readonly report: string | undefined },
): (name: string) => boolean {
  const root = realpathSync(directory);
  const ownState = settled(state);
  const ownReport = report === undefined ? undefined : settled(report);
  return (name) => {
    const path = join(root, name);
    if (ownReport !== undefined && isBesides(path, ownReport)) return true;
    return path.startsWith(ownState) && BESIDE_STATE.test(path.slice(ownState.length));
  };
}

function settled(path: string): string {
  const target = behindLinks(path);
  try {
    return join(realpathSync(dirname(target)), basename(target));
  } catch {
    // Whoever opens it says what is wrong.
    return resolve(target);
  }
}
