/** What the system refuses to the applications: ports, addresses, directories, files and room on the disk. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { platform } from 'node:process';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { PartFiles } from '../../src/services/part-files.js';
import { type Folder, sampleFolder, temporaryFolder } from '../support/apps-files.js';
import { listeningStorescp, runStorescp, withoutSummary, words } from '../support/apps-run.js';
import { asNobody, skipWithoutNobody } from '../support/nobody.js';
import { applicationPath } from '../support/paths.js';
import { type Ended, run } from '../support/processes.js';

/** Without it the system knows no such addresses at all. */
const noIpv6 = existsSync('/proc/net/if_inet6') ? false : 'skipped: no IPv6 here';

const limits = { concurrency: 6, timeout: 60_000 };

let folder: Folder;
before(async () => {
  folder = await sampleFolder();
});
after(() => folder[Symbol.asyncDispose]());

describe('storescp that cannot start', limits, () => {
  it('names the port that is in use', async (test) => {
    await using storescp = await listeningStorescp(['--ignore']);
    const ended = await runStorescp(test, [`${storescp.port}`, '--ignore']);
    assert.deepEqual(ended, failure(`Cannot listen on port ${storescp.port}: address already in use`));
  });

  it('names the address that is not one of this machine', async (test) => {
    const ended = await runStorescp(test, ['0', '-ba', '192.0.2.1', '--ignore']);
    assert.deepEqual(ended, failure('Cannot listen on 192.0.2.1:0: no such address on this machine'));
  });

  it('says what a link-local address lacks that the system cannot use alone', { skip: noIpv6 }, async (test) => {
    const words = 'invalid address (a link-local one takes its zone, such as fe80::1%eth0)';
    const ended = [
      await runStorescp(test, ['0', '-ba', 'fe80::1', '--ignore']),
      await runStorescp(test, ['0', '--metrics-port', '0', '--metrics-address', 'fe80::1', '--ignore']),
    ];
    assert.deepEqual(ended, [
      failure(`Cannot listen on [fe80::1]:0: ${words}`),
      failure(`Cannot listen for metrics on [fe80::1]:0: ${words}`),
    ]);
  });

  for (const [directory, reason] of [
    ['nowhere', 'no such file or directory'],
    ['ct.dcm', 'not a directory'],
    ['ct.dcm/below', 'not a directory'],
    // Root may write there, as far as permissions go.
    ...(existsSync('/proc/self') && process.getuid?.() === 0 ? [['/proc', 'no such file or directory'] as const] : []),
  ] as const)
    it(`names the output directory and the reason: ${directory} is ${reason}`, async (test) => {
      const ended = await runStorescp(test, ['0', '-od', directory], { cwd: folder.path });
      assert.deepEqual(ended, failure(`Cannot write to output directory ${directory}: ${reason}`));
      assert.deepEqual(
        (await readdir(folder.path)).filter((name) => name.startsWith('.')),
        [],
      );
    });
});

describe('in a folder that has been removed', limits, () => {
  /** Of an application that a shell starts there. */
  async function runInNoFolder(name: 'storescu' | 'storescp', args: readonly string[]): Promise<Ended> {
    await using gone = await temporaryFolder();
    const command = ['-c', 'cd "$1" && rm -r "$1" && shift && exec "$@"', 'sh', gone.path];
    return await run('sh', [...command, process.execPath, applicationPath(name), ...args]);
  }

  for (const [name, args] of [
    ['storescp', ['0']],
    ['storescp', ['0', '-od', 'below']],
    ['storescu', ['127.0.0.1', '104', '.', '--report', 'report.json']],
  ] as const)
    it(`${name} ${args.join(' ')} says so`, async () => {
      assert.deepEqual(await runInNoFolder(name, args), failure('The current directory is gone'));
    });
});

function runAsNobody(name: 'storescu' | 'storescp', args: readonly string[], cwd = '/'): Promise<Ended> {
  return run(process.execPath, [...asNobody, applicationPath(name), ...args], { cwd });
}

/** Why there is no process here that nobody may not send a signal to, or false. */
async function skipWithoutStranger(): Promise<string | false> {
  const { stderr } = await run(process.execPath, [...asNobody, '-e', 'process.kill(1, 0)'], { cwd: '/' });
  return stderr.includes('EPERM') ? false : 'skipped: process 1 is of the user who runs this';
}

const noNobody = await skipWithoutNobody();
const noStranger = await skipWithoutStranger();
const firstFreePort = Number(
  await readFile('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8').catch(() => '1024'),
);
const noForbiddenPort =
  firstFreePort > 1 ? noNobody : 'net.ipv4.ip_unprivileged_port_start lets everybody use every port';

describe('without the privileges', limits, () => {
  it('storescp names the port that it may not use', { skip: noForbiddenPort }, async () => {
    assert.deepEqual(
      await runAsNobody('storescp', ['1', '-od', '/tmp']),
      failure('Cannot listen on port 1: insufficient privileges'),
    );
  });

  it('storescp names the output directory that it may not write to', { skip: noNobody }, async () => {
    await using output = await temporaryFolder();
    await chmod(output.path, 0o555);
    const ended = await runAsNobody('storescp', ['0', '-od', output.path]);
    assert.deepEqual(ended, failure(`Cannot write to output directory ${output.path}: permission denied`));
  });

  it("storescp leaves the part file of a process that it may not ask after, which is another user's", {
    skip: noNobody || noStranger,
  }, async () => {
    await using output = await temporaryFolder();
    const own = basename(new PartFiles(output.path).next());
    const [, place = ''] = /^\.netdicom-(.+)-\d+-[0-9a-f]+\.part$/.exec(own) ?? [];
    // The first process of the system, or of the container, and one that there cannot be.
    const [used, left] = [1, 99_999_999_999].map((pid) => `.netdicom-${place}-${pid}-00aa.part`);
    for (const name of [used, left]) await writeFile(join(output.path, name ?? ''), '');
    await chmod(output.path, 0o777);
    const { code, stderr } = await runAsNobody('storescp', ['0', '-od', output.path, '-to', '0.01']);
    assert.deepEqual([code, stderr, await readdir(output.path)], [0, '', [used]]);
  });

  it('storescu names the file that it may not read, and the directory that it may not list', {
    skip: noNobody,
  }, async () => {
    await using input = await temporaryFolder();
    await mkdir(join(input.path, 'closed'));
    await writeFile(join(input.path, 'secret.dcm'), await readFile(join(folder.path, 'ct.dcm')));
    await chmod(join(input.path, 'closed'), 0);
    await chmod(join(input.path, 'secret.dcm'), 0);
    await chmod(input.path, 0o755);
    const { stderr, code } = await runAsNobody('storescu', ['127.0.0.1', '104', 'secret.dcm', 'closed'], input.path);
    const lines = ['secret.dcm', 'closed'].map((path) => `E: Cannot read input file ${path}: permission denied\n`);
    assert.deepEqual([withoutSummary({ code, stderr }), code], [lines.join(''), 3]);
  });
});

describe('in a folder whose name is not UTF-8', limits, () => {
  for (const [line, message] of [
    ['storescp 0', 'Cannot write to output directory .: no such file or directory'],
    ['storescu 127.0.0.1 104 --watch .', undefined],
  ] as const)
    it(`${line} says that it cannot work there, and leaves nothing`, { skip: platform !== 'linux' }, async () => {
      const [name, ...args] = words(line);
      const application = applicationPath(name === 'storescu' ? 'storescu' : 'storescp');
      const directory = Buffer.concat([Buffer.from(join(folder.path, String(name))), Buffer.of(0xff)]);
      mkdirSync(directory);
      const script = 'cd "$(printf "$0\\377")" && exec "$@"';
      const ended = await run('sh', ['-c', script, String(name), process.execPath, application, ...args], {
        cwd: folder.path,
      });
      assert.deepEqual(readdirSync(directory), []);
      rmdirSync(directory);
      if (message !== undefined) assert.deepEqual(ended, failure(message));
      else {
        assert.equal(ended.code, 2);
        assert.match(ended.stderr, /^storescu: --watch: cannot watch \.: no such file or directory\n/);
      }
    });
});

describe('what is asked for on standard output', limits, () => {
  for (const line of [
    'storescp --hash-password bob',
    'storescp --help',
    'storescu --version',
    'storescu --completion bash',
    'storescu 127.0.0.1 104 ct.dcm --dry-run',
    'storescp 0 --ignore',
  ])
    it(`does not vanish without a word on a full disk: ${line}`, { skip: !existsSync('/dev/full') }, async () => {
      const [name, ...args] = words(line);
      const application = applicationPath(name === 'storescu' ? 'storescu' : 'storescp');
      const command = ['-c', 'exec "$@" >/dev/full', 'sh', process.execPath, application, ...args];
      const ended = await run('sh', command, { cwd: folder.path, input: 's3cr3t' });
      const error = failure('Cannot write to standard output: no space left on device');
      assert.deepEqual({ ...ended, stderr: withoutSummary(ended) }, error);
    });

  it('may have a reader who has left', async () => {
    const storescp = spawn(process.execPath, [applicationPath('storescp'), '--hash-password', 'bob']);
    await once(storescp.stdout.destroy(), 'close');
    storescp.stdin.end('s3cr3t');
    assert.equal(await text(storescp.stderr), '');
    assert.equal(storescp.exitCode ?? (await once(storescp, 'exit'))[0], 0);
  });
});

function failure(error: string): Ended {
  return { code: 1, signal: null, stdout: '', stderr: `E: ${error}\n` };
}
