/** What `npm pack` makes: that it holds what is needed and no more, and works where it is installed. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, posix } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Folder, temporaryFolder } from '../support/apps-files.js';
import { writeInstance } from '../support/loopback-files.js';
import { inTime } from '../support/loopback-inbox.js';
import { npm, pack, packageRegistry } from '../support/package-registry.js';
import { projectRoot } from '../support/paths.js';
import { Running, run } from '../support/processes.js';
import { runTool, skipWithoutTools } from '../support/tools.js';

const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
/** Nothing else may be in it. The numbers in the names of chunks are rollup's. */
const ALLOWED = [
  /^(package\.json|README\.md|CHANGELOG\.md|SECURITY\.md|LICENSE)$/,
  /^dist\/([\w/-]+\.(js|d\.ts)|cli\/package\.json)$/,
  /^docs\/[\w-]+\.(md|svg|png)$/,
  /^man\/(storescu|storescp)\.1$/,
  /^schema\/(storescu|storescp|record)\.schema\.json$/,
  /^examples\/([\w-]+\.(ts|service)|Dockerfile(\.dockerignore)?)$/,
];

describe('the package', () => {
  let folder: Folder;
  let tarball: string;
  /** Where it was installed globally, and where that has put it. */
  let prefix: string;
  let installed: string;

  before(async () => {
    folder = await temporaryFolder();
    tarball = await pack(projectRoot, folder.path);
    prefix = join(folder.path, 'prefix');
    installed = join(prefix, 'lib', 'node_modules', 'netdicom');
    await using registry = await packageRegistry(folder.path);
    const args = ['install', '--global', '--prefix', prefix, '--registry', registry.url, '--omit=optional', tarball];
    const { code, stderr } = await npm(args, folder.path, folder.path);
    assert.equal(code, 0, stderr);
  });
  after(() => folder[Symbol.asyncDispose]());

  it('holds what is needed and nothing else', () => {
    const names = readdirSync(installed, { recursive: true, encoding: 'utf8' }).filter(
      (name) => !name.startsWith('node_modules') && statSync(join(installed, name)).isFile(),
    );
    assert.deepEqual(
      names.filter((name) => !ALLOWED.some((pattern) => pattern.test(name))),
      [],
    );
    const applications = ['storescu', 'storescp'].flatMap((name) => [
      `dist/cli/${name}.js`,
      `man/${name}.1`,
      `schema/${name}.schema.json`,
    ]);
    for (const name of ['LICENSE', 'dist/index.js', 'dist/index.d.ts', 'schema/record.schema.json', ...applications])
      assert.ok(names.includes(name), `${name} is missing`);
    assert.ok(statSync(tarball).size < 1024 * 1024, 'more than 1 MiB');
  });

  it('has no part that asks for the file of an application, which would run it', () => {
    const folder = join(installed, 'dist', 'cli');
    for (const name of readdirSync(folder).filter((name) => name.endsWith('.js')))
      assert.doesNotMatch(readFileSync(join(folder, name), 'utf8'), /['"]\.\/storesc[up]\.js['"]/, name);
  });

  it('has every file that its documents refer to, but for what is for those who work on it', () => {
    const forDevelopers = ['CONTRIBUTING.md'];
    for (const document of ['README.md', ...readdirSync(join(installed, 'docs')).map((name) => `docs/${name}`)]) {
      if (!document.endsWith('.md')) continue;
      for (const [, link = ''] of readFileSync(join(installed, document), 'utf8').matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
        if (/^https?:/.test(link) || forDevelopers.includes(link)) continue;
        const target = posix.join(posix.dirname(document), link);
        assert.ok(existsSync(join(installed, target)), `${document} refers to ${target}`);
      }
    }
  });

  it('puts its manual pages where man looks for them', () => {
    for (const name of ['storescu', 'storescp'])
      assert.match(readFileSync(join(prefix, 'share', 'man', 'man1', `${name}.1`), 'utf8'), /^\.SH "NAME"$/m);
  });

  it('reads config files where it is installed', async () => {
    const path = join(folder.path, 'site.json');
    writeFileSync(path, '{"port": "http"}');
    const { code, stderr } = await run(join(prefix, 'bin', 'storescp'), ['--config', path]);
    assert.equal(stderr.split('\n')[0], `storescp: ${path}:1:10: port: "http" is not a number`);
    assert.equal(code, 2);
  });

  it('gives two commands that send and receive', async () => {
    for (const name of ['storescu', 'storescp'])
      assert.equal((await run(join(prefix, 'bin', name), ['--version'])).stdout, `${name} (netdicom) ${version}\n`);
    const [inbox, outbox] = [join(folder.path, 'in'), join(folder.path, 'out')];
    for (const path of [inbox, outbox]) mkdirSync(path);
    await writeInstance(outbox, 'a.dcm');
    await using storescp = new Running(join(prefix, 'bin', 'storescp'), [
      ...['0', '-od', inbox, '--output-pattern', '{PatientName}/{SOPInstanceUID}'],
    ]);
    const [port = ''] = await inTime(storescp.output('stdout', /^\d+$/m), 'storescp to listen');
    // The patterns need picomatch and dicom-character-set, which the package depends on.
    const args = ['127.0.0.1', port, outbox, '--include', '*.dcm', '--echo'];
    assert.deepEqual(await run(join(prefix, 'bin', 'storescu'), args), {
      code: 0,
      signal: null,
      stdout: '',
      stderr: '',
    });
    assert.equal(readdirSync(inbox).length, 1);
  });

  for (const [module, moduleResolution] of [
    ['node16', 'node16'],
    ['esnext', 'bundler'],
  ] as const) {
    it(`has types for ${moduleResolution}, and runs`, async () => {
      const home = join(folder.path, moduleResolution);
      mkdirSync(join(home, 'node_modules'), { recursive: true });
      symlinkSync(installed, join(home, 'node_modules', 'netdicom'));
      symlinkSync(join(projectRoot, 'node_modules', '@types'), join(home, 'node_modules', '@types'));
      writeFileSync(join(home, 'package.json'), JSON.stringify({ type: 'module' }));
      writeFileSync(join(home, 'program.ts'), PROGRAM);
      const compilerOptions = { module, moduleResolution, target: 'es2022', strict: true, types: ['node'] };
      writeFileSync(join(home, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['program.ts'] }));
      const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
      const compiled = await run(process.execPath, [tsc, '-p', home]);
      assert.equal(compiled.code, 0, compiled.stdout);
      const { code, stdout, stderr } = await run(process.execPath, [join(home, 'program.js')]);
      assert.deepEqual([code, stdout, stderr], [0, `${version} 0x0000 - Success\n`, '']);
    });
  }

  describe('by the tools that look packages over', { skip: skipWithoutTools() }, () => {
    it('has nothing that publint finds', async () => {
      const { code, stdout, stderr } = await runTool('publint', ['run', tarball, '--strict']);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /All good!/);
    });

    it('has the right types, says attw', async () => {
      const { code, stdout, stderr } = await runTool('attw', [tarball, '--profile', 'esm-only', '--no-emoji']);
      assert.equal(code, 0, stdout + stderr);
    });

    it('has an API reference in which nothing is missing', async () => {
      const { code, stdout, stderr } = await runTool('typedoc', ['--options', 'tools/typedoc.json', '--emit', 'none']);
      assert.equal(code, 0, stdout + stderr);
    });
  });
});

/** Strict, and with the declarations of the package themselves checked. */
const PROGRAM = `
import { type IncomingInstance, type Status, type StoreOutcome, requestAssociation, serve, storageProvider, statusLine, verify,
  verificationProvider, VERSION } from 'netdicom';

const store = async ({ part10 }: IncomingInstance): Promise<void> => { for await (const _ of part10); };
const server = await serve({ port: 0, host: '127.0.0.1', aeTitle: 'A', services: [verificationProvider(), storageProvider({ store })] });
const contexts = [{ abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] }];
const association = await requestAssociation({ host: '127.0.0.1', port: server.port, contexts });
const status: Status = await verify(association);
await association.release();
await server.close();
const outcome: StoreOutcome = { type: 'not-verified', error: new Error() };
if (outcome.type === 'not-verified') console.log(VERSION, statusLine(status.code));
`;

it('names no registry in what is locked', () => {
  for (const name of ['package-lock.json', 'bench/package-lock.json', 'tools/package-lock.json']) {
    const text = readFileSync(join(projectRoot, name), 'utf8');
    assert.equal(text.includes('"resolved"'), false, name);
  }
});
