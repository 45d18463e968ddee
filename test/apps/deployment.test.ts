/** The systemd unit and the container file in examples/: linted, and their commands run by the built applications. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { type Folder, temporaryFolder } from '../support/apps-files.js';
import { monitorOf } from '../support/apps-monitor.js';
import { listeningStorescp } from '../support/apps-run.js';
import { projectRoot } from '../support/paths.js';
import { skipWithout } from '../support/peers-required.js';
import { run, storescu } from '../support/processes.js';
import { runTool, skipWithoutTools } from '../support/tools.js';

const EXAMPLES = join(projectRoot, 'examples');
const unit = readFileSync(join(EXAMPLES, 'storescp.service'), 'utf8');
const containerFile = readFileSync(join(EXAMPLES, 'Dockerfile'), 'utf8');
const PORT = '11112';

it('the unit starts a storescp that listens', async () => {
  const [program = '', ...args] = /^ExecStart=(.*)$/m.exec(unit)?.[1]?.split(' ') ?? [];
  assert.match(program, /\/storescp$/);
  assert.equal(directoryIn(args), '/var/lib/dicom', 'the directory that StateDirectory=dicom makes');
  await using folder = await temporaryFolder();
  await using storescp = await listeningStorescp(inTest(args, folder));
  assert.equal((await storescu(['127.0.0.1', String(storescp.port), '--echo'])).code, 0);
  const { code } = await storescp.process.stop('SIGTERM');
  assert.match(unit, new RegExp(`^SuccessExitStatus=${code}$`, 'm'));
});

it('the unit is one that systemd takes, and exposes little', {
  skip: skipWithout(['systemd-analyze'], 'systemd', /^systemd/),
}, async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'storescp.service');
  // The program need not be installed here.
  writeFileSync(path, unit.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`));
  const verified = await run('systemd-analyze', ['verify', '--man=no', path]);
  assert.deepEqual([verified.code, verified.stdout, verified.stderr], [0, '', '']);
  const security = await run('systemd-analyze', ['security', '--offline=true', '--threshold=20', '--no-pager', path]);
  assert.equal(security.code, 0, security.stdout);
});

it('the container file makes an image that is not run by root, stores in a volume and can be looked after', () => {
  const stages = containerFile.split(/^(?=FROM )/m);
  const last = stages.at(-1) ?? '';
  assert.equal(stages.length, 3, 'a comment, a stage that builds, and one that runs');
  assert.deepEqual(last.match(/^USER .*$/gm), ['USER node']);
  assert.match(last, /^VOLUME \["\/var\/lib\/dicom"\]$/m);
  assert.match(last, new RegExp(`^EXPOSE ${PORT}$`, 'm'));
  assert.equal(directoryIn(command(/^CMD /m)), '/var/lib/dicom');
});

it('the health check tells whether its storescp listens and can store', async () => {
  const [server, ...serverArgs] = command(/^CMD /m);
  const [program, ...checkArgs] = command(/^HEALTHCHECK .*\\\n +CMD /m);
  assert.deepEqual([server, program], ['storescp', 'node']);
  const [, asked = ''] = /^ENV NETDICOM_METRICS_PORT=(\d+)$/m.exec(containerFile) ?? [];
  await using folder = await temporaryFolder();
  const env = { NETDICOM_METRICS_PORT: '0' };
  await using storescp = await listeningStorescp(inTest(serverArgs, folder), { env });
  const { port } = new URL(await monitorOf(storescp));
  const check = () =>
    run(
      process.execPath,
      checkArgs.map((word) => word.replace(`:${asked}/`, `:${port}/`)),
    );
  assert.deepEqual(await check(), { code: 0, signal: null, stdout: '', stderr: '' });
  await rm(folder.path, { recursive: true });
  assert.equal((await check()).code, 1);
  await storescp.process.stop('SIGTERM');
  assert.equal((await check()).code, 1);
});

it('the linter finds nothing in the container file', { skip: skipWithoutTools() }, async () => {
  const { code, stdout } = await runTool('dockerfile-utils', ['lint', join(EXAMPLES, 'Dockerfile')]);
  assert.deepEqual([code, stdout.trim()], [0, '']);
});

/** The words of a command in JSON that stands behind `head`. */
function command(head: RegExp): readonly string[] {
  const match = head.exec(containerFile);
  assert.ok(match, `no ${head}`);
  const [line = ''] = containerFile.slice(match.index + match[0].length).split('\n');
  const words: readonly string[] = JSON.parse(line);
  return words;
}

function directoryIn(args: readonly string[]): string | undefined {
  return args[args.indexOf('-od') + 1];
}

/** The arguments but for the port, which the test has the system choose, and with a directory of the test's. */
function inTest(args: readonly string[], folder: Folder): readonly string[] {
  assert.ok(args.includes(PORT));
  return args.filter((word) => word !== PORT).map((word) => (word === '/var/lib/dicom' ? folder.path : word));
}
