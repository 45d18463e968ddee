/** A storescp of whatever make, and the folder it stores in. */
import { rmSync } from 'node:fs';
import { type Part10File, readFiles, TemporaryFolder } from './peers-files.js';
import type { Running } from './processes.js';

const LOG_LIMIT_MS = 20_000;

/** Starts the program; resolves when it listens. */
export type Start = (folder: string) => Promise<{ readonly server: Running; readonly port: number }>;

/** Running until it is disposed of, folder and all. */
export class Receiver implements AsyncDisposable {
  readonly #folder: TemporaryFolder;
  readonly server: Running;
  /** Host and port, as senders take them on their command lines. */
  readonly address: readonly [string, string];

  private constructor(folder: TemporaryFolder, server: Running, port: number) {
    this.#folder = folder;
    this.server = server;
    this.address = ['127.0.0.1', `${port}`];
  }

  static async start(start: Start): Promise<Receiver> {
    const folder = new TemporaryFolder();
    try {
      const { server, port } = await start(folder.path);
      return new Receiver(folder, server, port);
    } catch (error) {
      folder[Symbol.dispose]();
      throw error;
    }
  }

  /** Where it stores. */
  get folder(): string {
    return this.#folder.path;
  }

  /** Resolves when its log has come to `pattern`. */
  async logged(pattern: RegExp): Promise<void> {
    const limit = AbortSignal.timeout(LOG_LIMIT_MS);
    const tooLate = new Promise<never>((_, reject) => {
      limit.addEventListener('abort', () => reject(new Error(`no ${pattern} in the log:\n${this.server.stderr}`)));
    });
    await Promise.race([this.server.output('stderr', pattern), tooLate]);
  }

  /** What it has stored. */
  stored(): readonly Part10File[] {
    return readFiles(this.folder);
  }

  /** What it has stored, which is then removed. */
  take(): readonly Part10File[] {
    const files = this.stored();
    for (const { path } of files) rmSync(path);
    return files;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}
