/** Folders as hospitals have them: more classes than one association holds, and what would be sent without sending it. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseUids } from '../../src/dictionary/lookup.js';
import { isStorageSopClass } from '../../src/dictionary/sop-classes.js';
import { OTHER_UIDS } from '../../src/dictionary/uids.js';
import { uidName } from '../../src/index.js';
import { type Folder, sampleFolder, temporaryFolder } from '../support/apps-files.js';
import { runStorescu, withStorescp } from '../support/apps-run.js';
import { applicationPath } from '../support/paths.js';
import { run } from '../support/processes.js';
import { sampleImage, samplePart10 } from '../support/sample-instance.js';

const limits = { concurrency: 3, timeout: 60_000 };

const STORAGE_SOP_CLASSES = parseUids(OTHER_UIDS).flatMap(({ uid }) => (isStorageSopClass(uid) ? [uid] : []));

/** The storage classes of the standard and private ones, a small instance each. */
async function folderOfClasses(count: number): Promise<Folder> {
  const folder = await temporaryFolder();
  const classes = Array.from({ length: count }, (_, index) => STORAGE_SOP_CLASSES[index] ?? `1.2.826.0.1.${index}`);
  for (const [index, sopClassUid] of classes.entries()) {
    const image = sampleImage({ sopClassUid, sopInstanceUid: `2.25.7.${index}`, rows: 2, columns: 2 });
    await writeFile(join(folder.path, `${index}.dcm`), samplePart10(image));
  }
  return folder;
}

describe('more classes than an association has contexts', limits, () => {
  it('200 SOP classes arrive whole over two associations', async (test) => {
    await using classes = await folderOfClasses(200);
    await withStorescp(['--promiscuous', '-v'], async ({ port, process }, stored) => {
      const ended = await runStorescu(test, ['-v', '-xe', '127.0.0.1', `${port}`, classes.path]);
      assert.equal(ended.code, 0, ended.stderr);
      assert.equal(ended.stderr.match(/^I: Association Accepted$/gm)?.length, 2);
      assert.equal((await process.stop()).stderr.match(/^I: Association Received$/gm)?.length, 2);
      const names = await readdir(stored.path);
      assert.equal(names.length, 200);
      for (const name of names) {
        const sent = await readFile(join(classes.path, `${name.slice(name.lastIndexOf('.') + 1)}.dcm`));
        const dataSetBytes = (file: Buffer): string =>
          file.subarray(file.indexOf('08000500', 0, 'hex')).toString('hex');
        assert.equal(dataSetBytes(await readFile(join(stored.path, name))), dataSetBytes(sent), name);
      }
    });
  });

  it('with private classes refused, they are told at once, file by file, and the rest arrives', async (test) => {
    const known = STORAGE_SOP_CLASSES.length;
    await using classes = await folderOfClasses(known + 30);
    await withStorescp([], async ({ port }, stored) => {
      const ended = await runStorescu(test, ['127.0.0.1', `${port}`, classes.path]);
      assert.equal(ended.code, 3);
      const refusal =
        /^E: No accepted presentation context for \S+\.dcm \(1\.2\.826\.0\.1\.\d+, Explicit VR Little Endian\)$/;
      const lines = ended.stderr.trimEnd().split('\n');
      assert.deepEqual(
        lines.filter((line) => !refusal.test(line)),
        [],
      );
      assert.equal(lines.length, 30);
      assert.equal((await readdir(stored.path)).length, known);
    });
  });
});

describe('storescu --dry-run', limits, () => {
  it('prints contexts, files per context, conversions and what is left out, and asks no peer', async (test) => {
    await using folder = await sampleFolder();
    await writeFile(
      join(folder.path, 'folder', 'half.dcm'),
      (await readFile(join(folder.path, 'ct.dcm'))).subarray(0, 700),
    );
    const ended = await runStorescu(
      test,
      ['--dry-run', '-r', '127.0.0.1', '1', 'ct.dcm', 'big.dcm', 'jpeg.dcm', 'deflated.dcm', 'folder'],
      { cwd: folder.path },
    );
    assert.equal(
      ended.stdout,
      `Association 1: 5 presentation contexts, 6 files
    1  CT Image Storage
       Implicit VR Little Endian
         2 files, converted from Explicit VR Little Endian
         1 file, converted from Explicit VR Big Endian
         1 file, converted from Deflated Explicit VR Little Endian, if context 7 is not accepted
    3  Secondary Capture Image Storage
       JPEG Baseline (Process 1)
         1 file as it is
    5  Secondary Capture Image Storage
       Implicit VR Little Endian
         1 file, converted from JPEG Baseline (Process 1), if context 3 is not accepted
    7  CT Image Storage
       Deflated Explicit VR Little Endian
         1 file as it is
    9  MR Image Storage
       Implicit VR Little Endian
         1 file, converted from Explicit VR Little Endian
6 files to send over 1 association; left out: 2 files
`,
    );
    assert.match(
      ended.stderr,
      /^E: Bad DICOM file folder\/half\.dcm: .*\nW: Skipped: Bad DICOM file folder\/notes\.txt: .*\n$/,
    );
    assert.equal(ended.code, 3);
  });

  it('says what depends on the choice of the peer', async (test) => {
    await using folder = await sampleFolder();
    const ended = await runStorescu(test, ['--dry-run', '-pts', '2', '127.0.0.1', '1', 'ct.dcm'], { cwd: folder.path });
    assert.deepEqual(ended, {
      code: 0,
      signal: null,
      stderr: '',
      stdout: `Association 1: 1 presentation context, 1 file
    1  CT Image Storage
       Implicit VR Little Endian, Explicit VR Little Endian
         1 file, converted unless the peer chooses Explicit VR Little Endian
1 file to send over 1 association
`,
    });
  });

  it('has nothing to do in an empty folder, which is a failure as it is without it', async (test) => {
    await using folder = await temporaryFolder();
    await mkdir(join(folder.path, 'empty'));
    const ended = await runStorescu(test, ['--dry-run', '127.0.0.1', '1', 'empty'], { cwd: folder.path });
    assert.deepEqual(ended, {
      code: 3,
      signal: null,
      stdout: '0 files to send over 0 associations\n',
      stderr: 'E: No DICOM files to send\n',
    });
  });

  it('tells of each association that the classes need', async (test) => {
    await using classes = await folderOfClasses(200);
    const ended = await runStorescu(test, ['--dry-run', '127.0.0.1', '1', classes.path]);
    assert.deepEqual(ended.stdout.match(/^\S.*$/gm), [
      'Association 1: 128 presentation contexts, 128 files',
      'Association 2: 72 presentation contexts, 72 files',
      '200 files to send over 2 associations',
    ]);
    assert.match(ended.stdout, new RegExp(`^ +1 {2}${uidName(STORAGE_SOP_CLASSES[0] ?? '')}$`, 'm'));
  });
});

it('storescu has no more files open than it sends, however many responses it waits for', limits, async (test) => {
  await using classes = await folderOfClasses(100);
  await withStorescp(['--async-ops', '200'], async ({ port }, stored) => {
    const args = ['127.0.0.1', `${port}`, classes.path, '--async-ops', '200', '--jobs', '12'];
    const command = ['ulimit -n 64; exec', process.execPath, applicationPath('storescu'), ...args].join(' ');
    const ended = await run('sh', ['-c', command]);
    test.diagnostic(ended.stderr);
    assert.deepEqual([ended.code, ended.stdout, ended.stderr], [0, '', '']);
    assert.equal((await readdir(stored.path)).length, 100);
  });
});
