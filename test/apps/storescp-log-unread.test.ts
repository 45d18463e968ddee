/** Whoever should read storescp's log and does not keeps nobody waiting, and learns what is missing. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, writeFileSync } from 'node:fs';
import { connect, Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { temporaryFolder } from '../support/apps-files.js';
import { runStorescu, words } from '../support/apps-run.js';
import { makeNamedPipe, noNamedPipes } from '../support/named-pipe.js';
import { applicationPath } from '../support/paths.js';

/** Each has a warning of some hundred bytes; a pipe holds 64 KiB. */
const STRANGERS = 1000;

async function stranger(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
  // It is told off, and leaves.
  socket.on('error', () => undefined).on('data', () => socket.destroy());
  await once(socket, 'close');
}

const CONFIG = `[loggers]
keys=root
[handlers]
keys=err
[formatters]
keys=plain
[logger_root]
level=WARNING
handlers=err
[handler_err]
class=StreamHandler
formatter=plain
[formatter_plain]
format=W: %(message)s
`;

for (const format of ['text', 'json', 'config'])
  test(`a pipe that nobody reads holds up neither callers nor the end (${format})`, {
    timeout: 120_000,
    skip: noNamedPipes,
  }, async (t) => {
    await using folder = await temporaryFolder();
    const pipe = join(folder.path, 'log');
    makeNamedPipe(pipe);
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(pipe, constants.O_WRONLY);
    const config = join(folder.path, 'log.ini');
    writeFileSync(config, CONFIG);
    const form = format === 'config' ? ['--log-config', config] : ['--log-format', format];
    const args = [applicationPath('storescp'), '0', '-od', folder.path, ...form];
    const storescp = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', writer] });
    t.signal.addEventListener('abort', () => storescp.kill('SIGKILL'));
    closeSync(writer);
    assert.ok(storescp.stdout);
    const [firstLine] = await once(createInterface({ input: storescp.stdout }), 'line');
    const port = Number(firstLine);
    for (let index = 0; index < STRANGERS; index++) await stranger(port);
    assert.equal((await runStorescu(t, words(`127.0.0.1 ${port} --echo`))).code, 0);
    let log = '';
    const reading = new Socket({ fd: reader, readable: true, writable: false }).setEncoding('utf8');
    reading.on('data', (text) => {
      log += text;
    });
    const missing = /^(?:W: |\{.*"message":"|)(\d+) lines of the log are missing here, .*$/m;
    // Every stranger is in the log, or missing in it.
    while (!missing.test(log)) await stranger(port);
    const [, count] = missing.exec(log) ?? [];
    assert.ok(Number(count) > 0 && Number(count) < STRANGERS);
    const [ended, isRead] = [once(storescp, 'exit'), once(reading, 'close')];
    storescp.kill('SIGTERM');
    assert.deepEqual(await ended, [143, null]);
    await isRead;
    for (const line of log.trimEnd().split('\n'))
      assert.match(line, format === 'json' ? /^\{.*\}$/ : /^W: |^\d+ lines of the log are missing here/);
  });
