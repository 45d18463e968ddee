/** The examples of docs/library.md are programs: they compile as they stand there, and do what is said of them. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { before, test } from 'node:test';
import { AssociationRejected, inspectInstance } from '../../src/index.js';
import { writeInstance } from '../support/loopback-files.js';
import { inTime } from '../support/loopback-inbox.js';
import { associate, rejection, temporaryFolder } from '../support/loopback-server.js';
import { projectRoot } from '../support/paths.js';
import { freePort, Running, run } from '../support/processes.js';
import { CT_IMAGE } from '../support/sample-instance.js';

/** Within the package, so that `import ... from 'netdicom'` means the package itself, as built in dist. */
const folder = join(projectRoot, '.build', 'library-examples');
const EXPECTED = ['authenticate', 'requestAssociation', 'serve', 'storageEvents', 'storeFiles'];

const examples = new Map(
  [
    ...readFileSync(join(projectRoot, 'docs', 'library.md'), 'utf8').matchAll(
      /^<!-- example: (\w+) -->\n```ts\n(.*?)^```$/gms,
    ),
  ].map(([, name = '', code = '']) => [name, code]),
);

/** Runs one of the examples as a program. */
function start(name: string, args: readonly string[], port: number): Running {
  return new Running(process.execPath, [join(folder, `${name}.js`), ...args], { env: { PORT: String(port) } });
}

before(async () => {
  assert.deepEqual(
    [...examples.keys()].sort(),
    EXPECTED,
    'docs/library.md marks each example by <!-- example: NAME -->',
  );
  assert.ok(existsSync(join(projectRoot, 'dist', 'index.js')), "run 'npm run build' first");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, code] of examples) writeFileSync(join(folder, `${name}.ts`), code);
  const options = {
    extends: '../../tsconfig.json',
    compilerOptions: { rootDir: '.', outDir: '.' },
    include: ['*.ts'],
    exclude: [],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options));
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  const { code, stdout } = await run(process.execPath, [tsc, '-p', folder]);
  assert.equal(code, 0, stdout);
});

test('the examples run against each other and end with exit code 0', async () => {
  await using files = await temporaryFolder();
  const [inbox, outbox] = ['in', 'out'].map((name) => join(files.path, name));
  assert.ok(inbox !== undefined && outbox !== undefined);
  for (const path of [inbox, outbox]) mkdirSync(path);
  const paths = [
    await writeInstance(outbox, 'a.dcm', { sopClassUid: CT_IMAGE }),
    await writeInstance(outbox, 'b.dcm'),
    await writeInstance(files.path, 'c.dcm', { sopClassUid: CT_IMAGE }),
  ];
  const names = await Promise.all(
    paths.map(async (path, index) => `${index === 1 ? 'SC' : 'CT'}.${(await inspectInstance(path)).sopInstanceUid}`),
  );

  const port = await freePort();
  await using server = start('serve', [inbox], port);
  await inTime(server.output('stdout', new RegExp(`listening on port ${port}`)), 'the server to listen');

  const sent = await start('storeFiles', [outbox], port).ended;
  assert.equal(sent.code, 0, sent.stderr);
  assert.equal(sent.stdout, `${paths[0]}: Success\n${paths[1]}: Success\n`);

  const requested = await start('requestAssociation', [paths[2] ?? ''], port).ended;
  assert.equal(requested.code, 0, requested.stderr);
  assert.match(requested.stdout, /0x0000 - Success/);

  assert.deepEqual(readdirSync(inbox).sort(), [...names].sort());
  const served = await inTime(server.stop('SIGTERM'), 'the server to end');
  assert.equal(served.code, 0, served.stderr);
  for (const name of names) assert.ok(served.stdout.includes(`NETDICOM stored ${name}`), served.stdout);
});

test('the example that sends says in one line what went wrong', async () => {
  const port = await freePort();
  await using files = await temporaryFolder();
  const path = await writeInstance(files.path, 'a.dcm');
  const { code, stderr } = await start('storeFiles', [path], port).ended;
  assert.equal(code, 1);
  assert.equal(stderr, `TRANSPORT: cannot connect to 127.0.0.1:${port}: connection refused\n`);
});

test('the example that lets in whom it likes lets in who has the token', async () => {
  const port = await freePort();
  await using server = start('authenticate', ['e30.e30.'], port);
  await inTime(server.output('stdout', new RegExp(`listening on port ${port}`)), 'the server to listen');
  const asked = { positiveResponseRequested: true };
  const association = await associate(port, { userIdentity: { type: 'jwt', token: 'e30.e30.', ...asked } });
  await association.release();
  for (const userIdentity of [undefined, { type: 'jwt', token: 'e30.e30.x', ...asked } as const])
    assert.ok((await rejection(associate(port, { userIdentity }))) instanceof AssociationRejected);
  const served = await inTime(server.stop('SIGTERM'), 'the server to end');
  assert.equal(served.code, 0, served.stderr);
});

test('the example that follows what comes tells of it', async () => {
  await using files = await temporaryFolder();
  const [inbox, outbox] = ['in', 'out'].map((name) => join(files.path, name));
  assert.ok(inbox !== undefined && outbox !== undefined);
  for (const path of [inbox, outbox]) mkdirSync(path);
  await writeInstance(outbox, 'a.dcm', { sopClassUid: CT_IMAGE, sopInstanceUid: '1.2.3' });
  const port = await freePort();
  await using server = start('storageEvents', [inbox], port);
  await inTime(server.output('stdout', new RegExp(`listening on port ${port}`)), 'the server to listen');
  assert.equal((await start('storeFiles', [outbox], port).ended).code, 0);
  await inTime(server.output('stdout', /association 1 released/), 'the end of the association');
  const { code, stdout, stderr } = await inTime(server.stop('SIGTERM'), 'the server to end');
  assert.equal(code, 0, stderr);
  const path = join(inbox, 'CT.1.2.3');
  assert.deepEqual(stdout.split('\n').slice(1), [
    `${path}: ${readFileSync(path).length} bytes from NETDICOM`,
    'association 1 released',
    'study 2.25.1: 1 instances',
    '',
  ]);
});
