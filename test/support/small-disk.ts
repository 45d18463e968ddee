/** A disk of a few megabytes, which a test may fill: memory that the kernel mounts. Linux and root only. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './apps-files.js';

export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
  /** Leaves not a byte. */
  fill(): void;
  /** Gives back what `fill` took. */
  empty(): void;
  /** @param options as for mount(8), such as `ro` */
  remount(options: string): void;
}

/** Why there can be none here, or false. */
export function skipWithoutSmallDisk(): string | false {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'skipped: only root can mount a small disk';
  const { status, stderr, error } = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/tmp'], {
    encoding: 'utf8',
  });
  return status === 0 ? false : `skipped: a small disk cannot be mounted: ${error?.message ?? stderr.trim()}`;
}

/** @param options as for mount(8) of a tmpfs, such as `size=2m` */
export async function smallDisk(options: string): Promise<SmallDisk> {
  const folder = await temporaryFolder();
  const { path } = folder;
  const filler = join(path, '.filler');
  mount('-t', 'tmpfs', '-o', options, 'netdicom-test', path);
  return {
    path,
    fill() {
      const file = openSync(filler, 'w');
      try {
        for (const block of [Buffer.alloc(1 << 20), Buffer.alloc(4096)]) while (write(file, block));
      } finally {
        closeSync(file);
      }
    },
    empty: () => rmSync(filler, { force: true }),
    remount: (changed) => mount('-o', `remount,${changed}`, path),
    async [Symbol.asyncDispose]() {
      spawnSync('umount', ['--lazy', path]);
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Whether it went in. */
function write(file: number, block: Buffer): boolean {
  try {
    return writeSync(file, block) > 0;
  } catch {
    return false;
  }
}

function mount(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount ${args.join(' ')}: ${stderr}`);
}
