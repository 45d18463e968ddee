/** What a running storescp holds: descriptors, sockets, timers, memory. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { applicationPath } from './paths.js';
import { Running } from './processes.js';

export interface Held {
  readonly descriptors: number;
  /** Kinds of what keeps the event loop going: sockets, servers, timers. */
  readonly resources: readonly string[];
  /** Bytes after a garbage collection, without what the system keeps for the process. */
  readonly heap: number;
  readonly rss: number;
}

/** A built storescp that can be asked. Without a limit it runs until it is stopped. */
export class AskableStorescp implements AsyncDisposable {
  readonly process: Running;
  #asked = 0;

  constructor(args: readonly string[], { isUnlimited = false } = {}) {
    const probe = fileURLToPath(new URL('./report-resources.js', import.meta.url));
    const command = ['--expose-gc', '--import', probe, applicationPath('storescp'), ...args];
    this.process = new Running(process.execPath, command, isUnlimited ? { limitMs: 0 } : {});
  }

  /** The port that it has been given by the system. */
  async port(): Promise<number> {
    return Number((await this.process.output('stdout', /^\d+$/m))[0]);
  }

  async held(): Promise<Held> {
    const line = new RegExp(`^(?:[^]*?HOLDS ){${++this.#asked}}(.*)\n`);
    this.process.kill('SIGUSR2');
    const [, json = ''] = await this.process.output('stdout', line);
    return { ...JSON.parse(json), descriptors: readdirSync(`/proc/${this.process.pid}/fd`).length };
  }

  /** Asks until it holds no more descriptors, sockets and timers than before, for so many turns as that may need. */
  async heldAgain(before: Held): Promise<Held> {
    let now = await this.held();
    const isMore = () => now.descriptors > before.descriptors || now.resources.length > before.resources.length;
    for (let turn = 0; turn < 200 && isMore(); turn++) now = await this.held();
    return now;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }
}
