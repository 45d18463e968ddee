/** What storescu makes of folders and DICOMDIRs: which files arrive at our storescp, and what is said of the others. */
import assert from 'node:assert/strict';
import { readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type Folder, temporaryFolder } from '../support/apps-files.js';
import { runStorescu, withStorescp } from '../support/apps-run.js';
import { dicomdirFile, makeTree } from '../support/input-files.js';
import { writeInstance } from '../support/loopback-files.js';
import { sharedData } from '../support/paths.js';

const limits = { concurrency: 4, timeout: 60_000 };

/** A run of storescu in a folder: the files it sent, in order, its other lines, sorted, and how many were stored. */
interface Seen {
  readonly sent: readonly string[];
  readonly said: readonly string[];
  readonly stored: number;
  readonly code: number | null;
}

async function send(test: TestContext, folder: string, args: readonly string[]): Promise<Seen> {
  let seen: Seen | undefined;
  await withStorescp([], async ({ port }, { path }) => {
    const { code, stderr } = await runStorescu(test, ['-v', '127.0.0.1', `${port}`, ...args], { cwd: folder });
    const lines = stderr.split('\n');
    seen = {
      sent: lines.flatMap((line) => /^I: Sending file: (.*)$/.exec(line)?.slice(1) ?? []),
      said: lines.filter((line) => line !== '' && !line.startsWith('I: ')).sort(),
      stored: (await readdir(path)).length,
      code,
    };
  });
  assert.ok(seen !== undefined);
  return seen;
}

async function tree(lines: readonly string[]): Promise<Folder> {
  const folder = await temporaryFolder();
  await makeTree(folder.path, lines);
  return folder;
}

describe('storescu and a folder', limits, () => {
  it('sends files, hidden ones and those behind links, each once, in order', async (test) => {
    await using folder = await tree([
      'd/2',
      'd/.hidden',
      'd/10',
      'd/b c/x',
      'd/b c/up -> ..',
      'd/b c/self -> .',
      'd/a/.h/y',
      'd/out -> ../elsewhere',
      'd/out2 -> ../elsewhere',
      'elsewhere/z',
      'd/link -> ../elsewhere/z',
      'd/link2 -> ../elsewhere/z',
      'd/\u00e4 \u6f22\nx',
    ]);
    await symlink('/dev/null', join(folder.path, 'd', 'null'));
    const top = ['d/.hidden', 'd/10', 'd/2', 'd/link', 'd/\u00e4 \u6f22\\nx'];
    assert.deepEqual(await send(test, folder.path, ['d']), { sent: top, said: [], stored: 5, code: 0 });
    const all = [...top, 'd/a/.h/y', 'd/b c/x', 'd/out/z'];
    assert.deepEqual(await send(test, folder.path, ['-r', 'd']), { sent: all, said: [], stored: 7, code: 0 });
  });

  it('sends a file whose name is no UTF-8', async (test) => {
    await using folder = await tree(['d/']);
    const path = await writeInstance(folder.path, 'x');
    await symlink(path, Buffer.from(`${folder.path}/d/M\xfcller`, 'latin1'));
    const seen = await send(test, folder.path, ['d']);
    assert.deepEqual(seen, { sent: ['d/M\ufffdller'], said: [], stored: 1, code: 0 });
  });

  it('says what it cannot send, and ends with 3 if that was meant to be sent', async (test) => {
    await using folder = await tree(['d/1', 'd/gone -> nowhere', 'd/notes.txt', 'd/round -> round']);
    assert.deepEqual(await send(test, folder.path, ['d']), {
      sent: ['d/1'],
      said: [
        'E: Cannot read input file d/gone: no such file or directory',
        'E: Cannot read input file d/round: too many levels of symbolic links',
        'W: Skipped: Bad DICOM file d/notes.txt: not a DICOM file',
      ],
      stored: 1,
      code: 3,
    });
  });

  it('sends what is named as often as it is named', async (test) => {
    await using folder = await tree(['d/1', 'd/2']);
    const seen = await send(test, folder.path, ['d', 'd/2', './d/', 'd/2']);
    assert.deepEqual(seen.sent, ['d/1', 'd/2', 'd/2', './d/1', './d/2', 'd/2']);
    assert.deepEqual([seen.stored, seen.code], [2, 0]);
  });
});

describe('storescu and patterns', limits, () => {
  const FILES = ['d/1.dcm', 'd/2.ima', 'd/.3.dcm', 'd/notes.txt', 'd/a/4.dcm', 'd/a/tmp/5.dcm', 'd/tmp/6.dcm', '7.dcm'];
  const ROWS: readonly (readonly [options: readonly string[], sent: readonly string[]])[] = [
    [
      ['--include', '*.dcm'],
      ['d/.3.dcm', 'd/1.dcm', 'd/a/4.dcm', 'd/a/tmp/5.dcm', 'd/tmp/6.dcm', '7.dcm'],
    ],
    [
      ['--include', '*.ima', '--include=a/*'],
      ['d/2.ima', 'd/a/4.dcm', '7.dcm'],
    ],
    [
      ['--exclude', 'tmp', '--exclude', '*.txt'],
      ['d/.3.dcm', 'd/1.dcm', 'd/2.ima', 'd/a/4.dcm', '7.dcm'],
    ],
    [
      ['--exclude', 'tmp/**', '--include', '?.dcm'],
      ['d/1.dcm', 'd/a/4.dcm', 'd/a/tmp/5.dcm', '7.dcm'],
    ],
    [['--exclude', '**'], ['7.dcm']],
  ];
  for (const [options, sent] of ROWS)
    it(`sends by ${options.join(' ')}, and what is named`, async (test) => {
      await using folder = await tree(FILES);
      const seen = await send(test, folder.path, ['-r', ...options, 'd', '7.dcm']);
      assert.deepEqual(seen, { sent, said: [], stored: sent.length, code: 0 });
    });

  it('are the mistake of the command line if they are none', async (test) => {
    await using folder = await tree(['1']);
    for (const option of ['--include', '--exclude']) {
      const { code, stderr } = await runStorescu(test, ['127.0.0.1', '1', option, '[a', '.'], { cwd: folder.path });
      assert.match(stderr, new RegExp(`^storescu: ${option}: \\[a is no pattern: .*\nTry '.*\n$`));
      assert.equal(code, 2);
    }
  });
});

describe('storescu and a DICOMDIR', limits, () => {
  it('sends the files that it refers to, found by similar names too, and tells what is wrong', async (test) => {
    await using folder = await tree(['cd/images/im1', 'cd/images/im2.;1', 'cd/other', 'secret']);
    const ids = ['IMAGES\\IM2', 'IMAGES\\IM1', 'IMAGES\\IM2', 'IMAGES\\IM3', '..\\SECRET', 'DICOMDIR'];
    const records = [{ type: 'PATIENT' }, ...ids.map((file) => ({ file })), { file: 'OTHER', inUse: 0 }];
    await writeFile(join(folder.path, 'cd', 'DICOMDIR'), dicomdirFile(records));
    assert.deepEqual(await send(test, folder.path, ['cd/DICOMDIR']), {
      sent: ['cd/images/im2.;1', 'cd/images/im1'],
      said: [
        'E: Bad DICOMDIR cd/DICOMDIR: record 6 (IMAGE) refers to ..\\SECRET, which is no File ID',
        'E: Cannot read input file cd/IMAGES/IM3: no such file or directory',
        'E: Cannot send input file cd/DICOMDIR: it is a DICOMDIR',
      ],
      stored: 2,
      code: 3,
    });
  });

  it('skips it in a folder', async (test) => {
    await using folder = await tree(['1', '2']);
    await writeFile(join(folder.path, 'DICOMDIR'), dicomdirFile([{ file: '1' }]));
    const said = ['W: Skipped: Cannot send input file ./DICOMDIR: it is a DICOMDIR'];
    assert.deepEqual(await send(test, folder.path, ['.']), { sent: ['./1', './2'], said, stored: 2, code: 0 });
  });

  it('fails if it refers to nothing', async (test) => {
    await using folder = await tree([]);
    await writeFile(join(folder.path, 'DICOMDIR'), dicomdirFile([{ type: 'PATIENT' }]));
    const said = ['E: Cannot send input file DICOMDIR: it is a DICOMDIR that refers to no files'];
    assert.deepEqual(await send(test, folder.path, ['DICOMDIR']), { sent: [], said, stored: 0, code: 3 });
  });

  const data = sharedData();
  it('sends the real ones of ../shared/data whole', {
    skip: data === undefined && 'skipped: there is no folder ../shared/data',
  }, async (test) => {
    const folder = join(data ?? '', 'dicomdir');
    for (const [name, files] of [
      ['DICOMDIR', 31],
      ['DICOMDIR-implicit', 31],
      ['DICOMDIR-bigEnd', 31],
      ['TINY_ALPHA/DICOMDIR', 50],
    ] as const) {
      const { sent, stored, code } = await send(test, folder, [name]);
      assert.deepEqual([sent.length, stored, code], [files, files, 0], name);
    }
  });
});
