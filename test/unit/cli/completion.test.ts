/** The scripts of --completion, by what real shells offer with them. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { completionScript } from '../../../src/cli/completion.js';
import { type OptionRow, optionRows, type Shell } from '../../../src/cli/option-table.js';
import { STORESCP } from '../../../src/cli/storescp-options.js';
import { STORESCU } from '../../../src/cli/storescu-options.js';
import { offeredBy } from '../../support/cli-shells.js';
import { skipWithout } from '../../support/peers-required.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const satisfies readonly Shell[];

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'netdicom-completion-'));
  mkdirSync(join(folder, 'current', 'study'), { recursive: true });
  for (const name of ['ct.dcm', 'my image.dcm']) writeFileSync(join(folder, 'current', name), '');
  for (const application of [STORESCU, STORESCP])
    for (const shell of SHELLS)
      writeFileSync(join(folder, `${application.name}.${shell}`), completionScript(application, shell));
});
after(() => rmSync(folder, { recursive: true }));

const LEVELS = ['critical', 'debug', 'error', 'fatal', 'info', 'warn', 'warning'];
const PATHS = ['ct.dcm', 'my image.dcm', 'study'];

/** All that is offered for a line, sorted. */
const OFFERED: readonly (readonly [string, readonly string[]])[] = [
  ['storescu --log', ['--log-config', '--log-format', '--log-level']],
  ['storescu --log-c', ['--log-config']],
  ['storescu --no-such', []],
  // Whole words with one hyphen.
  ['storescu -ae', ['-aec', '-aet']],
  ['storescp -x', ['-x=', '-xb', '-xe', '-xi']],
  // Values.
  ['storescu --log-level ', LEVELS],
  ['storescu -ll w', ['warn', 'warning']],
  ['storescu --log-level=cr', ['critical']],
  ['storescu --log-level=', LEVELS],
  ['storescp --log-format ', ['json', 'text']],
  ['storescp --completion ', ['bash', 'fish', 'zsh']],
  ['storescu -aet ', []],
  ['storescu --calling-aet=', []],
  ['storescp --max-pdu ', []],
  // Paths.
  ['storescu -lc c', ['ct.dcm']],
  ['storescp --config=c', ['ct.dcm']],
  ['storescp -od ', ['study']],
  ['storescp --output-directory=s', ['study']],
  ['storescu h 104 -q ', PATHS],
  ['storescu h 104 m', ['my image.dcm']],
  ['storescu -- h 104 ', PATHS],
  ['storescp c', []],
  // What is there already, and what goes not together with it.
  ['storescu --quiet --ver', ['--version']],
  ['storescu -xe --propose', []],
  ['storescu --propose-ts=2 -x', []],
  ['storescp -x= --prefer', []],
  ['storescp --prefer-big -x', []],
  ['storescu --include a --inc', ['--include']],
  ['storescu --log-level info --log', ['--log-config', '--log-format']],
];

const ALL_OPTIONS = [STORESCU, STORESCP].map(
  (application) => [`${application.name} -`, optionRows(application).flatMap(namesOf)] as const,
);

for (const shell of SHELLS)
  describe(`in ${shell}`, { skip: skipWithout([shell], shell) }, () => {
    const table = [...OFFERED, ...ALL_OPTIONS];
    let offered: readonly (readonly string[])[] = [];
    before(() => {
      const lines = table.map(([line]) => line);
      offered = offeredBy(shell, lines, { scripts: folder, current: join(folder, 'current') });
    });
    for (const [index, [line, expected]] of table.entries())
      it(`'${line}' is completed by ${expected.length > 9 ? 'every option' : expected.join(', ') || 'nothing'}`, () => {
        assert.deepEqual([...(offered[index] ?? [])].sort(), [...expected].sort());
      });
  });

function namesOf({ short, long }: OptionRow): readonly string[] {
  return short === undefined ? [long] : [short, long];
}
