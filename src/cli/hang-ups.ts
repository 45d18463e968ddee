/** SIGHUP: what was read from files, or is written to them, is read or opened anew while the application goes on. */
import type { Log } from './log.js';
import { messageOf } from './printable.js';

/** From when it is made until `stop`, a SIGHUP does what it has been told here, and does not end the process. */
export class HangUps {
  readonly #log: Log;
  readonly #work = new Set<() => void | Promise<void>>();
  readonly #onSignal = () => {
    if (this.#work.size === 0) this.#log.info('SIGHUP: there is nothing to read anew');
    for (const work of this.#work) void work();
  };

  constructor(log: Log) {
    this.#log = log;
    process.on('SIGHUP', this.#onSignal);
  }

  /** Calls `work` on each SIGHUP, whatever else is under way for it. It must not throw. */
  onHangUp(work: () => void | Promise<void>): void {
    this.#work.add(work);
  }

  /**
   * The same for what is read from files. If `reread` throws, what was there before stays, which is for `reread` to see to.
   * @param what is read, for the log: `Users`
   */
  rereadOnHangUp(what: string, reread: () => void | Promise<void>): void {
    this.onHangUp(async () => {
      try {
        await reread();
        this.#log.info(`${what} read anew`);
      } catch (error) {
        this.#log.warning(`${what} not read anew, the old ones stay: ${messageOf(error)}`);
      }
    });
  }

  stop(): void {
    process.off('SIGHUP', this.#onSignal);
  }
}
