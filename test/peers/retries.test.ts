/** A peer of another make that goes away and comes back. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../support/apps-files.js';
import { writeInstance } from '../support/loopback-files.js';
import { applicationPath } from '../support/paths.js';
import { skipWithoutDcmtk, startDcmtk } from '../support/peers-dcmtk.js';
import { freePort, Running } from '../support/processes.js';

const FILES = 40;
const uids = Array.from({ length: FILES }, (_, index) => `1.2.${index + 1}`);

describe("a storescp of DCMTK's that is killed and started again", {
  skip: skipWithoutDcmtk(),
  timeout: 120_000,
}, () => {
  for (const [how, options] of [
    ['--retry', ['--retry', '100', '--retry-delay', '0.1', 'in']],
    ['--watch', ['--watch', 'in', '--watch-settle', '0', '--retry-delay', '0.1']],
  ] as const)
    test(`gets every file of our storescu with ${how}`, async () => {
      await using folder = await temporaryFolder();
      const [input, output] = ['in', 'out'].map((name) => join(folder.path, name)) as [string, string];
      for (const path of [input, output]) await mkdir(path);
      for (const uid of uids) await writeInstance(input, uid, { sopInstanceUid: uid });
      const port = `${await freePort()}`;
      const start = (...more: readonly string[]) => startDcmtk('storescp', ['-od', output, ...more, port]);
      // It takes so long for each file that it is killed before the last.
      await using first = start('--sleep-after', '1');
      const args = [applicationPath('storescu'), '127.0.0.1', port, '-v', ...options];
      await using storescu = new Running(process.execPath, args, { cwd: folder.path });
      await storescu.output('stderr', /Received Store Response/);
      await first.stop('SIGKILL');
      await storescu.output('stderr', /trying again/);
      await using _second = start();
      // Each up to the next, and nowhere else: of other ways to split them there are more than could be tried.
      const responses = new RegExp(`(?:Received Store Response(?:(?!Received Store Response)[^])*){${FILES}}`);
      await storescu.output('stderr', responses);
      const { code } = how === '--watch' ? await storescu.stop('SIGINT') : await storescu.ended;
      assert.equal(code, how === '--watch' ? 130 : 0);
      assert.deepEqual(
        readdirSync(output)
          .map((name) => name.replace(/^[A-Z]+\./, ''))
          .sort(),
        uids.toSorted(),
      );
    });
});
