/** SIGHUP: what was read from files at the start is read anew while the application goes on. */
import type { Log } from './log.js';
import { messageOf } from './printable.js';

/**
 * Calls `reread` on each SIGHUP. If it throws, what was there before stays, which is for `reread` to see to.
 * @param what is read, for the log: `Users`
 */
export function rereadOnHangUp(what: string, log: Log, reread: () => void | Promise<void>): void {
  process.on('SIGHUP', async () => {
    try {
      await reread();
      log.info(`${what} read anew`);
    } catch (error) {
      log.warning(`${what} not read anew, the old ones stay: ${messageOf(error)}`);
    }
  });
}
