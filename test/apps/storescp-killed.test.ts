/**
 * The built storescp is killed at random moments of transfers: what it has acknowledged is on the disk, whole, and what is
 * under a final name is whole. NETDICOM_KILLS says at how many moments (15), NETDICOM_SEED which.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { deferred } from '../../src/base/deferred.js';
import { PartFiles } from '../../src/services/part-files.js';
import { temporaryFolder } from '../support/apps-files.js';
import { type Listening, listeningStorescp } from '../support/apps-run.js';
import { randomNumbers } from '../support/random.js';
import { faultsOf, inventory, Ledger } from '../support/storing-objects.js';
import { sendObjects } from '../support/storing-senders.js';

const MOMENTS = Number(process.env.NETDICOM_KILLS ?? '15');
const SEED = Number(process.env.NETDICOM_SEED ?? `${Math.floor(Math.random() * 2 ** 31)}`);
const ASSOCIATIONS = 4;
/** Moments are chosen within what it takes to be answered so often. */
const RESPONSES = 60;

/** When to kill: at the so-many-th response, when so many bytes have gone out, or so many milliseconds after the first bytes. */
type Moment = { readonly response: number } | { readonly bytes: number } | { readonly ms: number };

/** What a transfer of `RESPONSES` objects came to. */
interface Extent {
  readonly bytes: number;
  readonly ms: number;
}

/** Sends over several associations with windows until storescp is killed at `moment`, and tells how far that came. */
async function killAt(moment: Moment, storescp: Listening, ledger: Ledger, root: string): Promise<Extent> {
  let [responses, bytes, begun] = [0, 0, 0];
  const killed = deferred<Extent>();
  let timer: NodeJS.Timeout | undefined;
  const kill = () => {
    clearTimeout(timer);
    storescp.process.kill('SIGKILL');
    killed.resolve({ bytes, ms: performance.now() - begun });
  };
  const look = () => {
    if ('response' in moment ? responses >= moment.response : 'bytes' in moment && bytes >= moment.bytes) kill();
  };
  const sending = Array.from({ length: ASSOCIATIONS }, (_, index) =>
    sendObjects({
      port: storescp.port,
      ledger,
      root: `${root}.${index + 1}`,
      onResponse() {
        responses++;
        look();
      },
      onBytes(more) {
        if (begun === 0) {
          begun = performance.now();
          if ('ms' in moment) timer = setTimeout(kill, moment.ms);
        }
        bytes += more;
        look();
      },
    }),
  );
  const extent = await killed.promise;
  await Promise.all([storescp.process.ended, ...sending]);
  return extent;
}

/** Each kind of moment by turns, anywhere within the extent. */
function momentWithin(extent: Extent, number: number, random: () => number): Moment {
  switch (number % 3) {
    case 0:
      return { response: 1 + Math.floor(random() * RESPONSES) };
    case 1:
      return { bytes: Math.floor(random() * extent.bytes) };
    default:
      return { ms: random() * extent.ms };
  }
}

/** What no start may touch: files of others, and part files that others write. */
function placeBystanders(directory: string): readonly string[] {
  const ours = basename(new PartFiles(directory).next());
  const names = ['.hidden', ours, '.netdicom-elsewhere-1-00ab.part', 'notes.txt'];
  for (const name of names) writeFileSync(join(directory, name), name);
  return names;
}

describe('storescp that is killed', { timeout: 60_000 + MOMENTS * 20_000 }, () => {
  it(`has every object that it acknowledged, and the next start removes what it left (${MOMENTS} moments)`, async (test) => {
    await using folder = await temporaryFolder();
    const directory = folder.path;
    const random = randomNumbers(SEED);
    const bystanders = placeBystanders(directory);
    const totals = { acknowledged: 0, unanswered: 0, parts: 0, momentsWithParts: 0 };
    const start = () => listeningStorescp(['-od', directory, '--async-ops', '16']);
    let storescp = await start();
    try {
      const ledger = new Ledger();
      const extent = await killAt({ response: RESPONSES }, storescp, ledger, '1.2.999');
      assert.deepEqual(await faultsOf(directory, ledger), []);
      for (let number = 0; number < MOMENTS; number++) {
        storescp = await startAfterKill(directory, start, bystanders);
        const ledgerOfMoment = new Ledger();
        const moment = momentWithin(extent, number, random);
        await killAt(moment, storescp, ledgerOfMoment, `1.2.${number + 1}`);
        const what = `moment ${number + 1}, ${JSON.stringify(moment)}, seed ${SEED}`;
        assert.deepEqual(await faultsOf(directory, ledgerOfMoment), [], what);
        count(totals, directory, ledgerOfMoment);
      }
      storescp = await startAfterKill(directory, start, bystanders);
    } finally {
      await storescp[Symbol.asyncDispose]();
    }
    tell(test, totals);
    assert.ok(totals.unanswered > 0 && totals.momentsWithParts > 0, 'no kill has hit a transfer');
  });
});

/** Starts once more: part files of the one that was killed are gone, and nothing else is. Then the proven objects go. */
async function startAfterKill(
  directory: string,
  start: () => Promise<Listening>,
  bystanders: readonly string[],
): Promise<Listening> {
  const before = inventory(directory);
  const storescp = await start();
  assert.deepEqual(
    readdirSync(directory).sort(),
    [...bystanders, ...before.stored.map((uid) => `CT.${uid}`)].sort(),
    `seed ${SEED}`,
  );
  for (const name of bystanders) assert.equal(readFileSync(join(directory, name), 'utf8'), name);
  for (const uid of before.stored) rmSync(join(directory, `CT.${uid}`));
  return storescp;
}

type Totals = Record<'acknowledged' | 'unanswered' | 'parts' | 'momentsWithParts', number>;

function count(totals: Totals, directory: string, { sent, acknowledged }: Ledger): void {
  // Two of the part files are bystanders.
  const parts = inventory(directory).parts.length - 2;
  totals.acknowledged += acknowledged.size;
  totals.unanswered += sent.size - acknowledged.size;
  totals.parts += parts;
  if (parts > 0) totals.momentsWithParts++;
}

function tell(test: TestContext, { acknowledged, unanswered, parts, momentsWithParts }: Totals): void {
  test.diagnostic(
    `killed at ${MOMENTS} moments (seed ${SEED}): ${acknowledged} objects acknowledged, none lost; ${unanswered} not answered; ` +
      `${parts} part files, left at ${momentsWithParts} moments and removed`,
  );
}
