/** User identities of the applications: passwords that are hashed, asked for, right, wrong, and never shown. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Folder, sampleFolder } from '../support/apps-files.js';
import { acceptAssociation, PduSocket, scriptedPeer } from '../support/apps-peer.js';
import { anonymous, listeningStorescp, runStorescp, runStorescu, words } from '../support/apps-run.js';
import { applicationPath } from '../support/paths.js';
import { skipWithout } from '../support/peers-required.js';
import { Running } from '../support/processes.js';

// A hash takes a processor for a while, on a busy machine for long.
const limits = { concurrency: 6, timeout: 120_000 };
const SECRET = 's3cr3t-pässwörd';
const OTHER = 'an0ther-s3cret';

let folder: Folder;
before(async () => {
  folder = await sampleFolder();
  const line = await hashedLine('bob', `${SECRET}\n`);
  const files: Readonly<Record<string, string>> = {
    users: `# who may come in\n${line}`,
    password: `${SECRET}\n`,
    'wrong-password': `${OTHER}\n`,
    token: 'eyJhbGciOiJub25lIn0.e30.\n',
    'bad-users': `${line}eve:${OTHER}\n`,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder.path, name), content);
});
after(() => folder[Symbol.asyncDispose]());

/** What `storescp --hash-password` prints for a password from a pipe. */
async function hashedLine(name: string, input: string): Promise<string> {
  const running = new Running(process.execPath, [applicationPath('storescp'), '--hash-password', name], { input });
  const { stdout, stderr, code } = await running.ended;
  assert.deepEqual([stderr, code], ['', 0]);
  assert.match(stdout, /^.+:scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}\n$/);
  assert.ok(stdout.startsWith(`${name}:`));
  return stdout;
}

describe('storescp --hash-password', limits, () => {
  it('prints another line for the same password each time, and the name as it is compared', async () => {
    assert.notEqual(await hashedLine('bob', SECRET), await hashedLine('bob', SECRET));
    const { ended } = new Running(process.execPath, [applicationPath('storescp'), '--hash-password', 'Ju\u0308rgen'], {
      input: SECRET,
    });
    assert.match((await ended).stdout, /^J\u00fcrgen:/);
  });

  for (const [what, input, error] of [
    ['no password', '', 'The password is empty'],
    ['an empty line', '\n', 'The password is empty'],
    ['too much', 'x'.repeat(200_000), 'The password has more than 65535 bytes'],
  ] as const)
    it(`fails with ${what}`, async () => {
      const { ended } = new Running(process.execPath, [applicationPath('storescp'), '--hash-password', 'bob'], {
        input,
      });
      assert.deepEqual(await ended, { code: 1, signal: null, stdout: '', stderr: `E: ${error}\n` });
    });

  it('takes no port', async (test) => {
    const { stderr, code } = await runStorescp(test, ['--hash-password', 'bob', '11112']);
    assert.deepEqual(
      [stderr, code],
      ["storescp: --hash-password: takes no port\nTry 'storescp --help' for more information.\n", 2],
    );
  });
});

const noTerminal = skipWithout(['script'], 'bsdutils');

/** Runs it on a terminal of its own (`script` makes one) and types what follows each prompt. */
async function typed(...answers: readonly string[]): Promise<{ readonly shown: string; readonly code: number | null }> {
  const command = `${process.execPath} ${applicationPath('storescp')} --hash-password bob`;
  const child = spawn('script', ['-qefc', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let shown = '';
  const left = [...answers];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    const prompts = shown.split(/Password: |Again: /).length - 1;
    while (answers.length - left.length < prompts && left.length > 0) child.stdin.write(left.shift() ?? '');
  });
  const [code] = await once(child, 'close');
  return { shown, code };
}

describe('storescp --hash-password on a terminal', { ...limits, skip: noTerminal }, () => {
  it('asks twice and shows nothing of what is typed', async () => {
    const { shown, code } = await typed(`${SECRET}X\x7f\r`, `${SECRET}\r`);
    assert.match(shown, /^Password: \r\nAgain: \r\nbob:scrypt\$ln=15,r=8,p=3\$\S+\r\n$/);
    assert.equal(code, 0);
  });

  it('fails if it is not the same twice', async () => {
    const { shown, code } = await typed(`${SECRET}\r`, `${OTHER}\r`);
    assert.equal(shown, 'Password: \r\nAgain: \r\nE: The passwords are not the same\r\n');
    assert.equal(code, 1);
  });

  it('fails if there is none', async () => {
    for (const answer of ['\r', '\x04']) {
      const { shown, code } = await typed(answer);
      assert.equal(shown, 'Password: \r\nE: The password is empty\r\n');
      assert.equal(code, 1);
    }
  });

  it('can be broken off', async () => {
    const { shown, code } = await typed(`${SECRET}\x03`);
    assert.equal(shown, 'Password: \r\n');
    assert.equal(code, 130);
  });
});

const REJECTED = 'rejected permanent, by service provider (ACSE), 1/2/1';
const NEEDED = 'a user name with a password is required';

const CALLERS: readonly (readonly [line: string, environment: string, code: 0 | 1, why: string])[] = [
  ['--user bob --password-file password', '', 0, ''],
  ['--user bob --password-file password --user-response', '', 0, ''],
  ['--user bob', SECRET, 0, ''],
  ['--user bob --password-file password', OTHER, 0, ''],
  ['--user bob --password-file wrong-password --user-response', '', 1, 'user "bob": wrong password'],
  ['--user bob', OTHER, 1, 'user "bob": wrong password'],
  ['--user eve --password-file password', '', 1, 'user "eve": unknown user name'],
  ['--user bob', '', 1, `user "bob": ${NEEDED}`],
  ['--jwt-file token', '', 1, `JSON web token: ${NEEDED}`],
  ['--saml-file token', '', 1, `SAML assertion: ${NEEDED}`],
  ['--kerberos-file token', '', 1, `Kerberos service ticket: ${NEEDED}`],
  ['', SECRET, 1, `without user identity: ${NEEDED}`],
];

describe('storescp --users and storescu', limits, () => {
  for (const [line, environment, code, why] of CALLERS)
    it(`${line || 'without identity'}${environment && ' and a password in the environment'}: ${why || 'stored'}`, async (test) => {
      await using storescp = await listeningStorescp(['--users', 'users', '--ignore'], { cwd: folder.path });
      const ended = await runStorescu(test, ['127.0.0.1', `${storescp.port}`, 'ct.dcm', ...words(line)], {
        cwd: folder.path,
        env: { NETDICOM_PASSWORD: environment },
      });
      const user = line === '' ? '' : 'user identity not accepted, ';
      const error = `E: Association Rejected (PEER): ${user}no reason given (${REJECTED})\n`;
      assert.deepEqual([anonymous(ended.stderr), ended.code], [code === 0 ? '' : error, code]);
      const { stderr } = await storescp.process.stop('SIGTERM');
      const warning = `W: Association Rejected (PEER, "ECHOSCU" to "ANY-SCP"): ${why} (1/2/1)\n`;
      assert.equal(anonymous(stderr), code === 0 ? '' : warning);
    });
});

describe('storescp --users and its log and file', limits, () => {
  it('shows nothing of a password, a token or a hash at any level', async (test) => {
    const token = 'eyJhbGciOiJub25lIn0.e30.';
    await using storescp = await listeningStorescp(['--users', 'users', '--ignore', '-d'], { cwd: folder.path });
    const logs: string[] = [];
    for (const line of [
      '--user bob --password-file password',
      '--user bob --password-file wrong-password',
      '--jwt-file token',
    ]) {
      const args = ['127.0.0.1', `${storescp.port}`, 'ct.dcm', '-d', '--user-response', ...words(line)];
      const { stdout, stderr } = await runStorescu(test, args, { cwd: folder.path });
      logs.push(stdout, stderr);
    }
    const { stdout, stderr } = await storescp.process.stop('SIGTERM');
    const all = [...logs, stdout, stderr].join('\n');
    assert.match(all, /^D: {3}Username: \[bob\]$/m);
    assert.match(all, /^D: {3}Passcode \(not dumped\) length: 17$/m);
    assert.match(all, /^D: {3}JSON Web Token \(not dumped\) length: 24$/m);
    for (const secret of [SECRET, OTHER, token])
      for (const encoding of ['utf8', 'latin1', 'hex', 'base64'] as const)
        assert.ok(!all.includes(Buffer.from(secret).toString(encoding)), `${secret} in ${encoding}`);
    assert.doesNotMatch(all, /scrypt/);
  });

  it('knows the users of the file as it was at the last SIGHUP, if it could be used then', async (test) => {
    await writeFile(join(folder.path, 'changing'), await hashedLine('bob', SECRET));
    const args = ['--users', 'changing', '--ignore', '-v'];
    await using storescp = await listeningStorescp(args, { cwd: folder.path });
    const enter = async (user: string): Promise<number | null> => {
      const caller = ['127.0.0.1', `${storescp.port}`, 'ct.dcm', '--user', user];
      const env = { NETDICOM_PASSWORD: SECRET };
      return (await runStorescu(test, caller, { cwd: folder.path, env })).code;
    };
    assert.deepEqual([await enter('bob'), await enter('eve')], [0, 1]);
    await writeFile(join(folder.path, 'changing'), await hashedLine('eve', SECRET));
    storescp.process.kill('SIGHUP');
    await storescp.process.output('stderr', /^I: Users read anew$/m);
    assert.deepEqual([await enter('bob'), await enter('eve')], [1, 0]);
    await writeFile(join(folder.path, 'changing'), `bob:${SECRET}\n`);
    storescp.process.kill('SIGHUP');
    await storescp.process.output(
      'stderr',
      /^W: Users not read anew, the old ones stay: cannot use users file changing: line 1: no hash of the shape \S+$/m,
    );
    assert.deepEqual([await enter('bob'), await enter('eve')], [1, 0]);
  });

  it('names users when they come in', async (test) => {
    await using storescp = await listeningStorescp(['--users', 'users', '--ignore', '-v'], { cwd: folder.path });
    const caller = ['127.0.0.1', `${storescp.port}`, '--echo', '--user', 'bob', '--password-file', 'password'];
    assert.equal((await runStorescu(test, caller, { cwd: folder.path })).code, 0);
    const { stderr } = await storescp.process.stop('SIGTERM');
    assert.deepEqual(anonymous(stderr).split('\n').slice(0, 3), [
      'I: Association Received',
      'I: User "bob" accepted (PEER)',
      'I: Association Accepted',
    ]);
  });

  it('serves who is right among many who are wrong', async (test) => {
    await using storescp = await listeningStorescp(['--users', 'users', '--ignore'], { cwd: folder.path });
    const caller = ['127.0.0.1', `${storescp.port}`, 'ct.dcm', '--user', 'bob', '--password-file'];
    const codes = await Promise.all(
      ['wrong-password', 'wrong-password', 'password', 'wrong-password', 'password'].map(
        async (file) => (await runStorescu(test, [...caller, file], { cwd: folder.path })).code,
      ),
    );
    assert.deepEqual(codes, [1, 1, 0, 1, 0]);
  });
});

describe('cannot start with an identity or users that cannot be used:', limits, () => {
  for (const [line, error] of [
    ['--user bob --password-file nowhere', 'Cannot read password file nowhere: no such file or directory'],
    ['--jwt-file nowhere', 'Cannot read JSON web token file nowhere: no such file or directory'],
    ['--saml-file /dev/null', 'Cannot use SAML assertion file /dev/null: it is empty'],
    ['--kerberos-file /dev/zero', 'Cannot use Kerberos ticket file /dev/zero: it has more than 65535 bytes'],
  ] as const)
    it(`storescu ${line}`, async (test) => {
      const ended = await runStorescu(test, ['127.0.0.1', '1', 'ct.dcm', ...words(line)], { cwd: folder.path });
      assert.deepEqual(ended, { code: 1, signal: null, stdout: '', stderr: `E: ${error}\n` });
    });

  for (const [line, error] of [
    ['--password-file password', '--password-file: only together with --user'],
    ['--jwt-file token --password-file password', '--password-file: only together with --user'],
    ['--user-response', '--user-response: only together with a user identity'],
  ] as const)
    it(`storescu ${line}`, async (test) => {
      const ended = await runStorescu(test, ['127.0.0.1', '1', 'ct.dcm', ...words(line)], { cwd: folder.path });
      const stderr = `storescu: ${error}\nTry 'storescu --help' for more information.\n`;
      assert.deepEqual(ended, { code: 2, signal: null, stdout: '', stderr });
    });

  for (const [file, error] of [
    ['nowhere', 'Cannot read users file nowhere: no such file or directory'],
    ['bad-users', 'Cannot use users file bad-users: line 2: no hash of the shape scrypt$ln=15,r=8,p=3$SALT$HASH'],
  ] as const)
    it(`storescp --users ${file}`, async (test) => {
      const ended = await runStorescp(test, ['0', '--ignore', '--users', file], { cwd: folder.path });
      assert.deepEqual(ended, { code: 1, signal: null, stdout: '', stderr: `E: ${error}\n` });
    });
});

describe('storescu --user-response', limits, () => {
  it('aborts and fails if the peer does not confirm', async (test) => {
    await using peer = await scriptedPeer(async (socket) => {
      const { userInformation } = await acceptAssociation(socket);
      assert.equal(userInformation.userIdentity?.positiveResponseRequested, true);
      assert.deepEqual(await socket.expect('A-ABORT'), { type: 'A-ABORT', source: 0, reason: 0 });
      socket.close();
    });
    const caller = ['127.0.0.1', `${peer.port}`, 'ct.dcm', '--user', 'bob', '--user-response'];
    const { stderr, code } = await runStorescu(test, caller, { cwd: folder.path });
    await peer.done;
    const error = 'the peer accepts the association without confirming the user identity';
    assert.deepEqual([stderr, code], [`E: Association Failed: ${error}\n`, 1]);
  });
});

describe('storescp --users', limits, () => {
  it('cannot be made to forge a line of its log by a user name', async () => {
    await using storescp = await listeningStorescp(['--users', 'users', '--ignore'], { cwd: folder.path });
    await using socket = await PduSocket.connect(storescp.port);
    const { rqOf, ECHO_CONTEXT } = await import('../support/loopback-peer.js');
    const rq = rqOf([ECHO_CONTEXT]);
    const userIdentity = {
      type: 1,
      positiveResponseRequested: false,
      primaryField: Buffer.from('bob"): all is well\nE: forged \x1b[2J\u202e'),
      secondaryField: Buffer.alloc(0),
    };
    socket.send({ ...rq, userInformation: { ...rq.userInformation, userIdentity } });
    await socket.expect('A-ASSOCIATE-RJ');
    const { stderr } = await storescp.process.stop('SIGTERM');
    const name = String.raw`bob\"): all is well\nE: forged \x1b[2J\u202e`;
    assert.equal(
      anonymous(stderr),
      `W: Association Rejected (PEER, "CALLING" to "CALLED"): user "${name}": ${NEEDED} (1/2/1)\n`,
    );
  });
});
