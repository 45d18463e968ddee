/** The manual pages: complete by the tables, clean to the eyes of mandoc and groff, and readable at 80 columns. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { manPage } from '../../../scripts/man-page.js';
import { PROSE } from '../../../scripts/manual-prose.js';
import { readConfigFile } from '../../../src/cli/config-file.js';
import { describedVariables } from '../../../src/cli/environment.js';
import { helpOf } from '../../../src/cli/help-text.js';
import { optionRows } from '../../../src/cli/option-table.js';
import { scanCommandLine } from '../../../src/cli/options.js';
import { STORESCP } from '../../../src/cli/storescp-options.js';
import { STORESCU } from '../../../src/cli/storescu-options.js';
import { skipWithout } from '../../support/peers-required.js';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'netdicom-man-'));
});
after(() => rmSync(folder, { recursive: true }));

const noGroff = skipWithout(['groff'], 'groff');
const noMandoc = skipWithout(['mandoc'], 'mandoc');

for (const application of [STORESCU, STORESCP]) {
  const page = manPage(application, '2026-11-27');

  describe(`the manual page of ${application.name}`, () => {
    it('has its sections in the order of man-pages(7)', () => {
      const sections = [...page.matchAll(/^\.SH "(.*)"$/gm)].map(([, title]) => title);
      const all = ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'ARGUMENTS', 'OPTIONS', 'CONFIG FILE', 'ENVIRONMENT'];
      assert.deepEqual(sections, [...all, 'EXIT STATUS', 'FILES', 'EXAMPLES', 'SEE ALSO']);
    });

    it('has all that the table has, in order', { skip: noGroff }, () => {
      const text = formatted(page).replaceAll(/\s+/g, ' ');
      let offset = 0;
      const parts = [
        ...application.positionals.map(({ name, help }) => `${name} ${help}`),
        ...application.groups.flatMap(({ title, options }) => [title, ...options.map(entryOf)]),
        ...describedVariables(application).map(([name, what]) => `${name} ${what}`),
        ...Object.entries(application.exitCodes).map(([code, meaning]) => `${code} ${meaning}`),
      ];
      for (const part of parts) {
        const index = text.indexOf(` ${part} `, offset);
        assert.ok(index >= 0, `${part} is not where it should be`);
        offset = index + part.length;
      }
    });

    it('shows command lines that are right', () => {
      for (const [, command] of PROSE[application.name]?.examples ?? assert.fail('no examples')) {
        const [name, ...argv] = command.replaceAll("'", '').split(' ');
        assert.equal(name, application.name);
        assert.equal(scanCommandLine(application, argv).action, 'run', command);
      }
    });

    it('shows a config file that is right', () => {
      const path = join(folder, `${application.name}.json`);
      writeFileSync(path, PROSE[application.name]?.config ?? assert.fail('no config file'));
      assert.ok(readConfigFile(application, path).size > 1);
    });

    it('names no option that there is not', () => {
      const names = new Set<string | undefined>(optionRows(application).flatMap(({ short, long }) => [short, long]));
      const mentioned = page.replaceAll('\\-', '-').matchAll(/(?<![\w.-])--?[a-z][a-z-]*=?/g);
      // All that begin so, and any flag.
      for (const name of ['-x', '--flag']) names.add(name);
      const known = (name: string): boolean => names.has(name) || names.has(name.replace(/=$/, ''));
      assert.deepEqual(
        [...mentioned].map(([name]) => name).filter((name) => !known(name)),
        [],
      );
    });

    it('leaves mandoc nothing to complain of', { skip: noMandoc }, () => {
      const { stdout, stderr } = spawnSync('mandoc', ['-Tlint', '-Wall'], { input: page, encoding: 'utf8' });
      assert.equal(stdout + stderr, '');
    });

    it('leaves groff nothing to warn of', { skip: noGroff }, () => {
      const { stderr } = spawnSync('groff', ['-man', '-ww', '-z', '-Tutf8'], { input: page, encoding: 'utf8' });
      assert.equal(stderr, '');
    });

    it('is no wider than 80 columns', { skip: noGroff }, () => {
      for (const line of formatted(page).split('\n')) assert.ok(line.length <= 80, line);
    });
  });
}

function entryOf(row: ReturnType<typeof optionRows>[number]): string {
  const names = row.short === undefined ? row.long : `${row.short}, ${row.long}`;
  return `${names}${'value' in row ? ` ${row.value}` : ''} ${helpOf(row)}`;
}

/** The page as a terminal of 80 columns shows it, without bold and the like. */
function formatted(page: string): string {
  const options = ['-man', '-Tutf8', '-rLL=80n', '-P-cbou'];
  const { stdout } = spawnSync('groff', options, { input: page, encoding: 'utf8' });
  return stdout;
}
