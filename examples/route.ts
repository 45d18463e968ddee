/**
 * Receives and forwards to a second peer: store and forward.
 * Usage: route PORT SPOOL HOST PORT
 *
 * Success is answered when the instance is on this router's own disk, not when the second peer has it: a sender should
 * not wait for a peer it knows nothing of, nor fail while that one is away. From then on the router owes the delivery.
 * So a file leaves the spool only when the second peer has said that it is stored; what that peer refuses for good goes to
 * SPOOL/refused, for somebody to look at; all else is tried again, also after a restart: the spool is the queue.
 * An answer that is lost makes an instance go out twice, which a Storage SCP takes, but never makes it get lost.
 */
import { mkdir, rename, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { directorySink, type StoreOutcome, serve, storageProvider, storeFiles, verificationProvider } from 'netdicom';

const RETRY_MS = Number(process.env.RETRY_MS ?? '10000');
const [port = '11112', spool = 'spool', host = '127.0.0.1', nextPort = '104'] = process.argv.slice(2);
const refused = join(spool, 'refused');
await mkdir(refused, { recursive: true });
const store = await directorySink(spool);

const stopping = new AbortController();
let forwarding: Promise<void> | undefined;
let isMoreThere = false;
let received = 0;

const server = await serve({
  port: Number(port),
  aeTitle: 'ROUTER',
  services: [
    verificationProvider(),
    storageProvider({
      async store(instance) {
        received++;
        // A name of its own: an instance that comes again must not take the place of one that is just being sent. And one
        // that sorts by time, since files go out in the order of their names.
        const order = `${Date.now()}-${String(received).padStart(9, '0')}`;
        await store({ ...instance, fileName: `${order}-${instance.fileName}` });
        forward();
      },
    }),
  ],
});
console.log(`listening on port ${server.port}`);

/** Sends what is in the spool, and once more if something comes meanwhile. */
function forward(): void {
  isMoreThere = true;
  forwarding ??= sendAll();
}

async function sendAll(): Promise<void> {
  try {
    while (isMoreThere) {
      isMoreThere = false;
      const outcomes = storeFiles([spool], {
        host,
        port: Number(nextPort),
        callingAeTitle: 'ROUTER',
        proposeOwn: true,
        connectionTimeoutMs: 10_000,
        dimseTimeoutMs: 60_000,
        // Hidden files are those that are still being received.
        accept: (path) => !path.startsWith('.'),
        signal: stopping.signal,
      });
      for await (const outcome of outcomes) await settle(outcome);
    }
  } catch (error) {
    console.error(`will be tried again: ${error instanceof Error ? error.message : error}`);
  }
  forwarding = undefined;
}

async function settle(outcome: StoreOutcome): Promise<void> {
  if (outcome.type === 'stored') {
    await unlink(outcome.path);
    console.log(`forwarded ${basename(outcome.path)}`);
  } else if (outcome.type === 'refused' && !mayPass(outcome.status.code)) {
    await putAside(outcome.path, outcome.status.meaning);
  } else if (outcome.type === 'not-sent') {
    await putAside(outcome.path, outcome.error.message);
  }
}

async function putAside(path: string, reason: string): Promise<void> {
  await rename(path, join(refused, basename(path)));
  console.error(`refused ${basename(path)}: ${reason}`);
}

/** Out of resources (A7xx), processing failure, resource limitation: not the instance's fault (PS3.4 B.2.3, PS3.7 C). */
function mayPass(status: number): boolean {
  return (status & 0xff00) === 0xa700 || status === 0x0110 || status === 0x0213;
}

const retries = setInterval(forward, RETRY_MS);
forward();
process.once('SIGTERM', () => server.close({ graceMs: 10_000 }));
await server.closed;
clearInterval(retries);
stopping.abort(new Error('stopped'));
await forwarding;
