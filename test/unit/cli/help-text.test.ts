/** The text of --help against the tables and the two pages of the specification. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describedVariables, variablesOf } from '../../../src/cli/environment.js';
import { helpText } from '../../../src/cli/help-text.js';
import type { OptionRow } from '../../../src/cli/option-table.js';
import { STORESCP } from '../../../src/cli/storescp-options.js';
import { STORESCU } from '../../../src/cli/storescu-options.js';

const NEXT_LINE = '\n          ';
const STORESCU_LINES = [
  'usage: storescu [options] addr port dcmfile...\n',
  `  -q    --quiet${NEXT_LINE}quiet mode, prints no warnings or errors\n`,
  `  -aet  --calling-aet [a]etitle (str)${NEXT_LINE}set the local AE title (default: ECHOSCU)\n`,
  `  -aec  --called-aet [a]etitle (str)${NEXT_LINE}set the called AE title for the peer AE (default: ANY-SCP)\n`,
  `  -to   --timeout [s]econds (float)${NEXT_LINE}timeout for connection requests (default: unlimited)\n`,
  `  -ta   --acse-timeout [s]econds (float)${NEXT_LINE}timeout for ACSE messages (default: 30)\n`,
  `        --abort${NEXT_LINE}abort association instead of releasing it\n`,
  `        --exclude [g]lob (str)${NEXT_LINE}leave out the files and folders in a directory that match g, included${NEXT_LINE}or not; may be given several times\n`,
];
const STORESCP_LINES = [
  'usage: storescp [options] port\n',
  `  -aet  --aetitle [a]etitle (str)${NEXT_LINE}set my AE title (default: STORESCP)\n`,
  `  -x=   --prefer-uncompr${NEXT_LINE}prefer explicit VR local byte order (default)\n`,
  `  -od   --output-directory [d]irectory (str)${NEXT_LINE}write received objects to existing directory d (default: .)\n`,
];

for (const [application, lines] of [
  [STORESCU, STORESCU_LINES],
  [STORESCP, STORESCP_LINES],
] as const) {
  describe(`the help of ${application.name}`, () => {
    const help = helpText(application);
    const unwrapped = help.replaceAll(/\s+/g, ' ');

    it('has no line over 80 columns and no blank at the end of one', () => {
      for (const line of help.split('\n')) {
        assert.ok(line.length <= 80, line);
        assert.doesNotMatch(line, /\s$/);
      }
      assert.match(help, /[^\n]\n$/);
    });

    it('has every group, option, help and default of the table, in order', () => {
      let offset = 0;
      for (const { title, options } of application.groups) {
        offset = indexAfter(unwrapped, ` ${title} `, offset);
        for (const row of options) offset = indexAfter(unwrapped, entryOf(row), offset);
      }
    });

    it('has the lines of the specification', () => {
      for (const line of lines) assert.ok(help.includes(line), line);
    });
  });

  describe(`the table of ${application.name}`, () => {
    const rows: readonly OptionRow[] = application.groups.flatMap(({ options }) => [...options]);

    it('has every name once', () => {
      const names = rows.flatMap(({ short, long }) => (short === undefined ? [long] : [short, long]));
      assert.deepEqual(names, [...new Set(names)]);
    });

    it('has names that cannot be mistaken', () => {
      for (const { short = '-s', long } of rows) {
        assert.match(short, /^-[a-z]+=?$/);
        assert.match(long, /^--[a-z]+(-[a-z]+)*$/);
      }
    });

    it('says of every value that is a path what a shell completes', () => {
      const paths: Readonly<Record<string, string>> = { '[f]ilename (str)': 'file', '[d]irectory (str)': 'folder' };
      for (const row of rows)
        if ('value' in row) assert.equal('completes' in row ? row.completes : undefined, paths[row.value], row.long);
    });

    it('has one default at most for a key', () => {
      const keys = rows.filter((row) => 'default' in row).map(({ key }) => key);
      assert.deepEqual(keys, [...new Set(keys)]);
    });
  });
}

describe('a variable of the environment', () => {
  it('has a name of its own, also beside those that stand for no option', () => {
    for (const application of [STORESCU, STORESCP]) {
      const names = describedVariables(application).map(([name]) => name);
      assert.deepEqual(names, [...new Set(names)]);
    }
  });

  it('means the same to both applications', () => {
    const keys = new Map(variablesOf(STORESCU).map(({ name, row }) => [name, row.key]));
    for (const { name, row } of variablesOf(STORESCP)) assert.equal(keys.get(name) ?? row.key, row.key);
  });
});

function indexAfter(text: string, part: string, from: number): number {
  const index = text.indexOf(part, from);
  assert.ok(index >= 0, `${part} is not where it should be`);
  // The blank between two entries belongs to both.
  return index + part.length - 1;
}

function entryOf(row: OptionRow): string {
  const names = row.short === undefined ? row.long : `${row.short} ${row.long}`;
  const value = 'value' in row ? ` ${row.value}` : '';
  const defaultText = 'default' in row ? ` (default${row.default === true ? '' : `: ${row.default}`})` : '';
  const manyText = 'many' in row ? '; may be given several times' : '';
  return ` ${names}${value} ${row.help}${defaultText}${manyText} `;
}
