/**
 * `npm run soak -- --minutes 10 --seed 1`: mixed traffic against two storescp's on this machine, faults among it, and after
 * each cycle a look at what is on the disk. One of them is killed, stopped and started again; the other one has to last.
 * Prints a table; ends with 1 if an acknowledged object was lost, or anything else was not as it should be.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Held } from '../support/held-resources.js';
import { randomNumbers } from '../support/random.js';
import { SoakedServer } from './server.js';
import { Tally, traffic } from './traffic.js';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: `${Date.now() % 2 ** 31}` } },
});
const minutes = Number(values.minutes);
const random = randomNumbers(Number(values.seed));
const tally = new Tally();
/** What caches and a grown heap may come to. */
const HEAP_MARGIN_BYTES = 16 * 1024 * 1024;

let end = performance.now() + minutes * 60_000;
process.once('SIGINT', () => {
  end = 0;
});

const between = (from: number, to: number): number => from + random() * (to - from);

/** Some seconds of traffic on a server, a fault in the middle; then all that was acknowledged is compared. */
async function cycle(server: SoakedServer, mayEnd: boolean): Promise<void> {
  const until = Math.min(end, performance.now() + between(5_000, 15_000));
  const sending = traffic({ server, tally, random, goesOn: () => performance.now() < until });
  await delay(between(0, Math.max(0, until - performance.now())));
  const fault = random();
  const ends = mayEnd && fault < 0.75;
  if (ends) await server.end(fault < 0.5 ? 'SIGKILL' : 'SIGTERM');
  else if (fault < 0.9) await fillFor(server, between(200, 2_000));
  if (ends) tally.add(`faults: ${fault < 0.5 ? 'SIGKILL' : 'SIGTERM'} in the middle`);
  await sending;
  if (ends) await server.restart();
  await server.compare();
}

async function fillFor(server: SoakedServer, ms: number): Promise<void> {
  const empty = server.fill();
  if (empty === undefined) return;
  tally.add('faults: disk full');
  await delay(ms);
  empty();
}

async function cycles(server: SoakedServer, mayEnd: boolean): Promise<void> {
  while (performance.now() < end) await cycle(server, mayEnd);
}

function compareHeld(server: SoakedServer, before: Held, after: Held): void {
  const say = (what: string) => server.faults.push(`${server.name} holds more ${what} than before`);
  if (after.descriptors > before.descriptors) say('descriptors');
  if (after.resources.length > before.resources.length) say(`timers or sockets (${after.resources.join(' ')})`);
  if (after.heap > before.heap + HEAP_MARGIN_BYTES) say('memory');
}

function table(rows: readonly (readonly [string, string | number])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${`${value}`.padStart(12)}`).join('\n');
}

const inWords = ({ descriptors, resources, heap, rss }: Held): string =>
  `${descriptors} descriptors, ${resources.length} timers and sockets, heap ${(heap / 1e6).toFixed(1)} MB, resident ${(rss / 1e6).toFixed(0)} MB`;

await using mortal = await SoakedServer.start('the storescp that is killed');
await using lasting = await SoakedServer.start('the storescp that lasts');
console.log(`soaking for ${minutes} minutes, seed ${values.seed}`);
const begun = performance.now();
// What is loaded and cached by the first traffic stays.
await cycle(lasting, false);
const before = await lasting.storescp.held();
await Promise.all([cycles(mortal, true), cycles(lasting, false)]);
const after = await lasting.storescp.heldAgain(before);
compareHeld(lasting, before, after);
const servers = [mortal, lasting];
const sum = (count: (server: SoakedServer) => number): number =>
  servers.reduce((total, server) => total + count(server), 0);
const faults = servers.flatMap((server) => server.faults);
console.log(
  table([
    ['minutes', ((performance.now() - begun) / 60_000).toFixed(1)],
    ...tally.rows,
    ['objects compared, byte for byte', sum(({ counts }) => counts.compared)],
    ['objects not acknowledged, but there and whole', sum(({ counts }) => counts.unacknowledgedButWhole)],
    ['part files left by kills and removed', sum(({ counts }) => counts.partFiles)],
    ['acknowledged objects lost', faults.filter((fault) => / is (lost|not what was sent)$/.test(fault)).length],
    ['faults of all kinds', faults.length],
  ]),
);
console.log(`held at first:   ${inWords(before)}\nheld in the end: ${inWords(after)}`);
for (const fault of faults.slice(0, 100)) console.error(`FAULT: ${fault}`);
process.exitCode = faults.length > 0 ? 1 : 0;
