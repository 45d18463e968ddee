/** Folders of any size: memory does not depend on how many files are in them. */
import assert from 'node:assert/strict';
import { link, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Folder, temporaryFolder } from '../support/apps-files.js';
import { applicationPath } from '../support/paths.js';
import { run } from '../support/processes.js';
import { CT_IMAGE, sampleImage, samplePart10 } from '../support/sample-instance.js';

const REPORT_PEAK = fileURLToPath(new URL('../support/report-peak.js', import.meta.url));
const MANY = 100_000;
/** What all of them would take if they were kept is more than twice as much (65 to 90 MB). */
const MAX_GROWTH_KILOBYTES = 30_000;

/** A thousand files to a folder, of which each is one file under as many names. */
async function folderOf(parent: Folder, name: string, count: number): Promise<string> {
  const instance = samplePart10(sampleImage({ sopClassUid: CT_IMAGE, rows: 2, columns: 2 }));
  for (let series = 0; series < count / 1000; series++) {
    const folder = join(parent.path, name, `series-${series}`);
    await mkdir(folder, { recursive: true });
    const [first = '', ...others] = Array.from({ length: 1000 }, (_, index) => join(folder, `${index}.dcm`));
    await writeFile(first, instance);
    await Promise.all(others.map((each) => link(first, each)));
  }
  return join(parent.path, name);
}

async function peakKilobytes(parent: Folder, path: string, expected: RegExp): Promise<number> {
  const peakFile = join(parent.path, 'peak');
  const args = ['--import', REPORT_PEAK, applicationPath('storescu'), '--dry-run', '-r', '127.0.0.1', '1', path];
  const { code, stdout, stderr } = await run(process.execPath, args, { env: { PEAK_FILE: peakFile } });
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, expected);
  return Number(await readFile(peakFile, 'utf8'));
}

it('100,000 files take hardly more memory than 2,000', { timeout: 110_000 }, async () => {
  await using parent = await temporaryFolder();
  const few = await peakKilobytes(parent, await folderOf(parent, 'few', 2000), /^2000 files to send/m);
  const many = await peakKilobytes(parent, await folderOf(parent, 'many', MANY), /^100000 files to send/m);
  assert.ok(many - few < MAX_GROWTH_KILOBYTES, `${few} kB for 2,000 files, ${many} kB for 100,000`);
});
