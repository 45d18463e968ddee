/**
 * storescu --watch is killed at random moments while files appear: every file arrives, and none is sent again whose Success is on
 * record. NETDICOM_KILLS says at how many moments (15), NETDICOM_SEED which.
 */
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryFolder } from '../support/apps-files.js';
import { listeningStorescp } from '../support/apps-run.js';
import { applicationPath } from '../support/paths.js';
import { Running } from '../support/processes.js';
import { randomNumbers } from '../support/random.js';
import { sampleImage, samplePart10 } from '../support/sample-instance.js';

const MOMENTS = Number(process.env.NETDICOM_KILLS ?? '15');
const SEED = Number(process.env.NETDICOM_SEED ?? `${Math.floor(Math.random() * 2 ** 31)}`);
/** Files that appear before each kill. */
const FILES = 24;
/** Most that may be under way when a kill comes: the window, and one that is ready. */
const UNDER_WAY = 17;

/** Some tens of milliseconds. */
const MAX_TURNS = 5000;

/** Some are renamed into place, some are there from their first byte on. */
function* appear(folder: string, moment: number): Generator<string> {
  for (let number = 1; number <= FILES; number++) {
    const uid = `1.2.${moment}.${number}`;
    const bytes = samplePart10(sampleImage({ sopInstanceUid: uid }));
    const path = join(folder, uid);
    if (number % 2 === 0) {
      writeFileSync(join(folder, `.${uid}`), bytes);
      renameSync(join(folder, `.${uid}`), path);
    } else {
      writeFileSync(path, bytes.subarray(0, 200 + number));
      yield '';
      appendFileSync(path, bytes.subarray(200 + number));
    }
    yield uid;
  }
}

function named(log: string, what: 'Stored' | 'Sending file'): readonly string[] {
  return [...log.matchAll(new RegExp(`^I: ${what}: (.*)$`, 'gm'))].map(([, path = '']) => basename(path));
}

/** Resolves when it is time to kill: so many lines of a kind, or so many turns of the event loop after the first. */
async function momentOf(running: Running, random: () => number): Promise<void> {
  const lines = (what: string, count: number) =>
    running.output('stderr', new RegExp(`(?:I: ${what}: [^]*?){${count}}`));
  const kind = Math.floor(random() * 3);
  if (kind < 2) {
    await lines(kind === 0 ? 'Stored' : 'Sending file', 1 + Math.floor(random() * FILES));
    return;
  }
  await lines('Sending file', 1);
  for (let turns = Math.floor(random() * MAX_TURNS); turns > 0; turns--) await new Promise(setImmediate);
}

describe('storescu --watch that is killed', { timeout: 120_000 + MOMENTS * 20_000 }, () => {
  it(`forgets nothing, and sends nothing again that is on record (${MOMENTS} moments)`, async (test) => {
    await using folder = await temporaryFolder();
    const [watched, stored] = ['in', 'out'].map((name) => join(folder.path, name)) as [string, string];
    for (const path of [watched, stored]) mkdirSync(path);
    await using storescp = await listeningStorescp(['-od', stored, '--no-fsync']);
    const random = randomNumbers(SEED);
    const files = new Set<string>();
    const done = new Set<string>();
    let sent = 0;
    const start = () => {
      const args = ['127.0.0.1', `${storescp.port}`, '--watch', watched, '--watch-settle', '0.1', '-v'];
      return new Running(process.execPath, [applicationPath('storescu'), ...args], { limitMs: 0 });
    };
    const check = (log: string) => {
      const again = named(log, 'Sending file').filter((name) => done.has(name));
      assert.deepEqual(again, [], `sent again, seed ${SEED}`);
      sent += named(log, 'Sending file').length;
      for (const name of named(log, 'Stored')) done.add(name);
    };
    for (let moment = 1; moment <= MOMENTS; moment++) {
      await using running = start();
      const killing = momentOf(running, random);
      for (const name of appear(watched, moment)) {
        if (name !== '') files.add(name);
        await new Promise(setImmediate);
      }
      await killing;
      check((await running.stop('SIGKILL')).stderr);
    }
    await using last = start();
    const end = '9.9.9';
    writeFileSync(join(watched, end), samplePart10(sampleImage({ sopInstanceUid: end })));
    await last.output('stderr', /I: Stored: .*9\.9\.9$/m);
    const { code, stderr } = await last.stop('SIGINT');
    check(stderr);
    assert.equal(code, 130);
    assert.deepEqual(readdirSync(stored).sort(), [...files, end].map((name) => `SC.${name}`).sort(), `seed ${SEED}`);
    const again = sent - files.size - 1;
    assert.ok(again <= MOMENTS * UNDER_WAY, `${again} were sent again`);
    const journal = readFileSync(join(watched, '.netdicom-watch'), 'utf8');
    for (const name of files) assert.ok(journal.includes(`"path":"${name}"`), name);
    test.diagnostic(
      `killed at ${MOMENTS} moments (seed ${SEED}): ${files.size + 1} files, ${again} of them sent again`,
    );
  });
});
