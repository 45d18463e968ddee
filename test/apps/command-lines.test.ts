/** Wrong command lines of both applications: one line that names the fault, one that points to the help, exit code 2. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Folder, temporaryFolder } from '../support/apps-files.js';
import { runStorescp, runStorescu, words } from '../support/apps-run.js';

let folder: Folder;
before(async () => {
  folder = await temporaryFolder();
  await writeFile(join(folder.path, 'text.txt'), 'No image.\n');
});
after(() => folder[Symbol.asyncDispose]());

const runners = { storescu: runStorescu, storescp: runStorescp } as const;

const WRONG: readonly (readonly [application: 'storescu' | 'storescp', line: string, error: string])[] = [
  ['storescu', '', 'missing addr, port, dcmfile'],
  ['storescu', '127.0.0.1 0 ct.dcm', 'port: 0 is not a number from 1 to 65535'],
  ['storescu', '127.0.0.1 104 ct.dcm -x=', 'unknown option -x'],
  ['storescu', '127.0.0.1 104 ct.dcm -q -v', '-v: not together with -q'],
  ['storescu', '127.0.0.1 104 ct.dcm -pts 4', '-pts: 4 is not a number from 1 to 3'],
  ['storescu', '127.0.0.1 104 ct.dcm -pts 1 -xe', '-xe: not together with -pts'],
  [
    'storescu',
    '127.0.0.1 104 ct.dcm -ll loud',
    '-ll: loud is not one of critical, error, warning, info, debug, warn, fatal',
  ],
  ['storescu', '127.0.0.1 104 ct.dcm -pdu 4095', '-pdu: 4095 is not 0 or a number from 4096 to 4294967295'],
  ['storescu', '127.0.0.1 104 ct.dcm -ta -1', '-ta: -1 is not a number of seconds from 0 to 2147483 (0 = unlimited)'],
  ['storescu', '127.0.0.1 104 ct.dcm --repeat', '--repeat: the value is missing'],
  ['storescu', '127.0.0.1 104 ct.dcm --abort=now', '--abort: takes no value'],
  ['storescu', '127.0.0.1 104 ct.dcm --priority urgent', '--priority: urgent is not one of low, medium, high'],
  ['storescu', '127.0.0.1 104 ct.dcm -aet SEVENTEEN-LETTERS', '-aet: an AE title has 17 characters, over 16'],
  ['storescu', '127.0.0.1 104 ct.dcm -lc nowhere.ini', '-lc: cannot read nowhere.ini: no such file or directory'],
  ['storescp', '', 'missing port'],
  ['storescp', '65536', 'port: 65536 is not a number from 0 to 65535'],
  ['storescp', '104 105', 'unexpected argument 105'],
  ['storescp', '104 --output-dir .', 'unknown option --output-dir'],
  ['storescp', '104 -XE', 'unknown option -XE (did you mean -xe?)'],
  ['storescp', '104 -aet A\\B', '-aet: not an AE title: "A\\B" has a backslash, control or non-ASCII character'],
  ['storescp', '104 -od=', '-od: is empty'],
  ['storescp', '104 -lc text.txt', "text.txt:1: 'No image.' is before the first [section]"],
];

describe('a wrong command line is named in one line, with one that points to the help:', {
  concurrency: 6,
  timeout: 60_000,
}, () => {
  for (const [application, line, error] of WRONG)
    it(`${application} ${line}`, async (test) => {
      const ended = await runners[application](test, words(line), { cwd: folder.path });
      const help = `Try '${application} --help' for more information.`;
      assert.deepEqual(ended, { code: 2, signal: null, stdout: '', stderr: `${application}: ${error}\n${help}\n` });
    });
});
