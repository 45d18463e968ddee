/** Glob patterns against the paths of files and folders: which are taken. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CommandLineError } from '../../../src/cli/command-line-error.js';
import { type PathPatterns, pathFilter } from '../../../src/cli/path-filter.js';

/** Folders end with a slash. */
const PATHS = [
  '1.dcm',
  '.2',
  'a b\nc.dcm',
  'notes.TXT',
  'a/',
  'a/1.dcm',
  'a/b/',
  'a/b/3.dcm',
  'a/.b/',
  'a/.b/.4',
  '[x]',
];

/** Patterns, those to exclude with `!` before them, and which of the paths they leave. */
const ROWS: readonly (readonly [patterns: readonly string[], taken: readonly string[]])[] = [
  [['*'], PATHS],
  [['**'], PATHS],
  [['1.dcm'], ['1.dcm', 'a/', 'a/1.dcm', 'a/b/', 'a/.b/']],
  [['/1.dcm'], ['1.dcm', 'a/', 'a/b/', 'a/.b/']],
  [['*.dcm'], ['1.dcm', 'a b\nc.dcm', 'a/', 'a/1.dcm', 'a/b/', 'a/b/3.dcm', 'a/.b/']],
  [['**/*.dcm'], ['1.dcm', 'a b\nc.dcm', 'a/', 'a/1.dcm', 'a/b/', 'a/b/3.dcm', 'a/.b/']],
  [['a/*'], ['a/', 'a/1.dcm', 'a/b/', 'a/.b/']],
  [['a/**'], ['a/', 'a/1.dcm', 'a/b/', 'a/b/3.dcm', 'a/.b/', 'a/.b/.4']],
  [['*/b/*'], ['a/', 'a/b/', 'a/b/3.dcm', 'a/.b/']],
  [['.*'], ['.2', 'a/', 'a/b/', 'a/.b/', 'a/.b/.4']],
  [
    ['[0-2].dcm', '*.{TXT,txt}'],
    ['1.dcm', 'notes.TXT', 'a/', 'a/1.dcm', 'a/b/', 'a/.b/'],
  ],
  [['?.dcm'], ['1.dcm', 'a/', 'a/1.dcm', 'a/b/', 'a/b/3.dcm', 'a/.b/']],
  [['\\[x\\]'], ['a/', 'a/b/', 'a/.b/', '[x]']],
  [['*.txt'], ['a/', 'a/b/', 'a/.b/']],
  [['!*.dcm'], ['.2', 'notes.TXT', 'a/', 'a/b/', 'a/.b/', 'a/.b/.4', '[x]']],
  [['!b'], PATHS.filter((path) => path !== 'a/b/')],
  [['!b/'], PATHS.filter((path) => path !== 'a/b/')],
  [['!/b/'], PATHS],
  [['!a/b/**'], PATHS.filter((path) => !path.startsWith('a/b/'))],
  [['!.*'], PATHS.filter((path) => !/(^|\/)\.[^/]*\/?$/.test(path))],
  [
    ['!a', '*.dcm'],
    ['1.dcm', 'a b\nc.dcm', 'a/1.dcm', 'a/b/', 'a/b/3.dcm', 'a/.b/'],
  ],
  [
    ['*.dcm', '!1*', '!a/b'],
    ['a b\nc.dcm', 'a/', 'a/b/3.dcm', 'a/.b/'],
  ],
  [['!**'], []],
];

function patternsOf(patterns: readonly string[]): PathPatterns {
  return {
    include: patterns.filter((pattern) => !pattern.startsWith('!')),
    exclude: patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1)),
  };
}

describe('the filter of a command line', () => {
  it('is none without patterns', async () => {
    assert.equal(await pathFilter({ include: [], exclude: [] }), undefined);
  });

  for (const [patterns, taken] of ROWS)
    it(`takes by ${patterns.join(' ')}`, async () => {
      const accept = await pathFilter(patternsOf(patterns));
      const isTaken = (path: string): boolean | undefined =>
        path.endsWith('/') ? accept?.(path.slice(0, -1), 'directory') : accept?.(path, 'file');
      assert.deepEqual(PATHS.filter(isTaken), taken);
    });

  for (const pattern of ['[a', 'a[', '{a,b', '(a', '[z-a]', 'a\\', '/', 'x'.repeat(70_000)])
    it(`faults ${pattern.slice(0, 20)}`, async () => {
      const fault = (option: string) => (error: unknown) =>
        error instanceof CommandLineError && error.message.startsWith(`${option}: ${pattern} is no pattern: `);
      await assert.rejects(pathFilter({ include: ['*', pattern], exclude: [] }), fault('--include'));
      await assert.rejects(pathFilter({ include: ['*'], exclude: [pattern] }), fault('--exclude'));
    });
});
