/** The rules of docs/architecture.md that a machine can check: who imports whom, how long a file and a function may be. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../support/paths.js';

const source = join(projectRoot, 'src');

/** Each folder with those it may import from, besides itself. `.` is src/index.ts. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  dictionary: ['base'],
  dataset: ['base', 'dictionary'],
  codecs: ['base', 'dictionary', 'dataset'],
  file: ['base', 'dictionary', 'dataset', 'codecs'],
  pdu: ['base'],
  ul: ['base', 'pdu'],
  acse: ['base', 'dictionary', 'pdu'],
  dimse: ['base', 'dictionary', 'dataset', 'pdu'],
  net: ['base', 'dictionary', 'dataset', 'pdu', 'ul', 'acse', 'dimse'],
  services: ['base', 'dictionary', 'dataset', 'codecs', 'file', 'pdu', 'acse', 'dimse', 'net'],
  '.': ['base', 'dictionary', 'dataset', 'file', 'pdu', 'acse', 'dimse', 'net', 'services'],
  cli: ['.'],
};

/** Modules of Node, by where the library may use them. Everything else in it is pure. */
const MAY_USE_NODE: Readonly<Record<string, (path: string) => boolean>> = {
  'node:net': (path) =>
    ['transport', 'own-memory', 'acceptor', 'host-list', 'tls'].some((name) => path === `net/${name}.ts`),
  'node:tls': (path) => path === 'net/transport.ts' || path === 'net/tls.ts',
  'node:events': (path) => path === 'net/association.ts' || path === 'net/signals.ts',
  'node:fs': (path) => path.startsWith('file/') || path.startsWith('services/'),
  'node:fs/promises': (path) => path.startsWith('file/') || path.startsWith('services/'),
  'node:zlib': (path) => path === 'dataset/deflate.ts' || path === 'codecs/native-frames.ts',
  // Optional, and loaded only for a file that needs it.
  'dcmjs-codecs': (path) => path === 'codecs/codec-library.ts',
  '@cornerstonejs/codec-openjpeg/decodewasmjs': (path) => path === 'codecs/openjpeg-library.ts',
  'node:path': (path) => path.startsWith('services/'),
  'node:os': (path) => path.startsWith('services/'),
  'node:crypto': (path) => path.startsWith('services/') || path === 'net/tls.ts',
};

const MAX_FILE_LINES = 350;
const MAX_FUNCTION_LINES = 60;
const MAX_PARAMETERS = 4;
const GENERATED = ['dictionary/tags.ts', 'dictionary/uids.ts'];

interface SourceFile {
  /** Below src, with slashes. */
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files: readonly SourceFile[] = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => {
    const text = readFileSync(join(source, name), 'utf8');
    const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
    return { path: name.split(sep).join('/'), folder: dirname(name), text, imports };
  });
const written = files.filter(({ path }) => !GENERATED.includes(path));

test('there are source files to check', () => {
  assert.ok(files.length > 40, `${files.length} files`);
  assert.deepEqual([...new Set(files.map(({ folder }) => folder))].sort(), Object.keys(MAY_IMPORT).sort());
});

test('imports point downward only', () => {
  const breaches = files.flatMap(({ path, folder, imports }) =>
    imports
      .filter((target) => target.startsWith('.'))
      .map((target) => relative(source, resolve(source, folder, target)))
      .filter((target) => dirname(target) !== folder && !MAY_IMPORT[folder]?.includes(dirname(target)))
      .map((target) => `${path} imports ${target}`),
  );
  assert.deepEqual(breaches, []);
});

test('imports form no cycle', () => {
  const graph = new Map(
    files.map(({ path, folder, imports }) => [
      path,
      imports
        .filter((target) => target.startsWith('.'))
        .map((target) =>
          relative(source, resolve(source, folder, target))
            .split(sep)
            .join('/')
            .replace(/\.js$/, '.ts'),
        ),
    ]),
  );
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    assert.ok(!trail.includes(path), `a cycle of imports: ${[...trail, path].join(' -> ')}`);
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
});

test('only the outer layers touch sockets, files and the system; the library has no runtime dependency', () => {
  const breaches = files.flatMap(({ path, folder, imports }) =>
    imports
      .filter((target) => !target.startsWith('.') && folder !== 'cli')
      .filter((target) => MAY_USE_NODE[target]?.(path) !== true)
      .map((target) => `${path} imports ${target}`),
  );
  assert.deepEqual(breaches, []);
});

test('in the library, timers are in net, where part files are watched, and where slow calls of a turn are counted', () => {
  const users = files
    .filter(({ path, folder }) => folder !== 'cli' && !['services/part-files.ts', 'file/disk.ts'].includes(path))
    .filter(({ text }) => /\bset(Timeout|Interval|Immediate)\(/.test(text))
    .map(({ folder }) => folder);
  assert.deepEqual([...new Set(users)], ['net']);
});

test('every file says its purpose in its first line, and is not too long', () => {
  for (const { path, text } of files) {
    const lines = text.split('\n').filter((line) => !line.startsWith('#!'));
    assert.match(lines[0] ?? '', /^\/\*\*/, `${path} does not begin with a docstring`);
    if (!GENERATED.includes(path)) assert.ok(lines.length <= MAX_FILE_LINES + 1, `${path} has ${lines.length} lines`);
  }
});

test('no character is beyond Latin-1, which would make V8 keep and read a whole bundle in twice the bytes', () => {
  const breaches = files.filter(({ text }) => /[^\0-\xff]/.test(text)).map(({ path }) => path);
  assert.deepEqual(breaches, []);
});

test('functions are short and take few parameters', () => {
  const breaches: string[] = [];
  for (const { path, text } of written) {
    const lines = text.split('\n');
    lines.forEach((line, start) => {
      const isFunction = /^( {2})?(export )?(async )?(static )?(async )?(function\*? |[#\w]+\(|\*?[#\w]+\().*\{$/.test(
        line,
      );
      if (!isFunction || /^\s*(if|for|while|switch|catch)\b/.test(line)) return;
      const indent = line.length - line.trimStart().length;
      const length = lines.slice(start).findIndex((other) => other.startsWith(`${' '.repeat(indent)}}`)) + 1;
      if (length > MAX_FUNCTION_LINES) breaches.push(`${path}:${start + 1} has ${length} lines`);
    });
    for (const match of text.matchAll(/(?:function\*? \w+|^ {2}(?:async )?[#\w]+)\(([^()]*)\)(?:: [^{;]*)? \{$/gm)) {
      const parameters = (match[1] ?? '').split(/,(?![^{<]*[}>])/).filter((parameter) => parameter.trim() !== '');
      if (parameters.length > MAX_PARAMETERS) breaches.push(`${path}: ${match[0].trim()}`);
    }
  }
  assert.deepEqual(breaches, []);
});
