/** Loaded before an application (`node --expose-gc --import`): on SIGUSR2 it prints a line of what it holds on standard output. */
import { setImmediate } from 'node:timers/promises';

/** What is collected may let go of something else, and memory outside of the heap goes a turn later. */
const COLLECTIONS = 4;

process.on('SIGUSR2', async () => {
  for (let turn = 0; turn < COLLECTIONS; turn++) {
    globalThis.gc?.();
    await setImmediate();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  // What is only on its way (a write, a close, a file call) is not counted.
  const resources = process.getActiveResourcesInfo().filter((name) => /^(TCPSocket|TCPServer|Timeout)/.test(name));
  process.stdout.write(`HOLDS ${JSON.stringify({ heap: heapUsed + external, rss, resources: resources.sort() })}\n`);
});
