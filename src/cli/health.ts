/** Whether a receiver can do its work: it listens, and its output directory takes files. */
import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { fileMessageOf } from './printable.js';

/** A disk that has not answered by then is not well: a probe waits for no longer. */
const PATIENCE_MS = 3000;

export class Health {
  /** Why it does not listen; undefined while it does. */
  notListening: string | undefined = 'starting';
  readonly #directory: string | undefined;
  #look: Promise<string | undefined> | undefined;

  /** @param directory undefined if nothing is written */
  constructor(directory: string | undefined) {
    this.#directory = directory;
  }

  /** What is wrong, in words; undefined if nothing is. */
  async fault(): Promise<string | undefined> {
    return this.notListening ?? (await this.#faultOfDirectory());
  }

  /** One look at a time, however many ask: a disk that hangs may keep only one thread. */
  async #faultOfDirectory(): Promise<string | undefined> {
    if (this.#directory === undefined) return undefined;
    this.#look ??= faultOf(this.#directory).finally(() => {
      this.#look = undefined;
    });
    const answered = new AbortController();
    const tooLate = setTimeout(PATIENCE_MS, 'output directory: no answer', { ref: false, signal: answered.signal });
    // Aborted when the look is over.
    tooLate.catch(() => undefined);
    return await Promise.race([this.#look, tooLate]).finally(() => answered.abort());
  }
}

async function faultOf(directory: string): Promise<string | undefined> {
  try {
    await access(directory, constants.W_OK | constants.X_OK);
    const { blocks, bavail, bfree, files, ffree } = await statfs(directory);
    // The last blocks of some file systems are root's.
    const free = process.getuid?.() === 0 ? bfree : bavail;
    // File systems without a limit tell of none at all.
    if (blocks > 0 && free === 0) return 'output directory: no space left';
    if (files > 0 && ffree === 0) return 'output directory: no room for another file';
    return undefined;
  } catch (error) {
    return `output directory: ${fileMessageOf(error)}`;
  }
}
