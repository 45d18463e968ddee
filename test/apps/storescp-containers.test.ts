/** Two containers with one host name, the same process id and one output directory: neither takes the other's files for nobody's. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { temporaryFolder } from '../support/apps-files.js';
import { CT_CONTEXT, messagePdus, openAssociation, PduSocket, storeRequest } from '../support/apps-peer.js';
import { inTime } from '../support/loopback-inbox.js';
import { ctDataSet } from '../support/loopback-peer.js';
import { applicationPath } from '../support/paths.js';
import { Running } from '../support/processes.js';

const NAMESPACE = ['--pid', '--fork', '--kill-child', '--mount-proc'];

function skipWithoutNamespaces(): string | false {
  const { status } = spawnSync('unshare', [...NAMESPACE, 'true']);
  return status === 0 ? false : 'skipped: no process can be put into a PID namespace here';
}

/** Starts storescp as process 1 of a PID namespace of its own, and waits until it listens. */
async function contained(directory: string): Promise<{ readonly storescp: Running; readonly port: number }> {
  const command = [process.execPath, applicationPath('storescp'), '0', '-od', directory];
  const storescp = new Running('unshare', [...NAMESPACE, ...command]);
  const [port] = await storescp.output('stdout', /^\d+$/m);
  return { storescp, port: Number(port) };
}

test('a storescp that starts leaves alone what another one of the same name is writing', {
  skip: skipWithoutNamespaces(),
}, async () => {
  await using folder = await temporaryFolder();
  const first = await contained(folder.path);
  await using firstStorescp = first.storescp;
  await using socket = await PduSocket.connect(first.port);
  await openAssociation(socket, [CT_CONTEXT]);
  const [command, ...data] = messagePdus(storeRequest('1.2.3'), 1, ctDataSet('1.2.3', 40_000));
  assert.ok(command !== undefined && data.length > 1);
  socket.send(command, ...data.slice(0, 1));
  const begun = async () => {
    while (readdirSync(folder.path).length === 0) await setImmediate();
  };
  await inTime(begun(), 'the part file');
  const second = await contained(folder.path);
  await using secondStorescp = second.storescp;
  socket.send(...data.slice(1));
  const { message } = await socket.message();
  assert.equal('status' in message ? message.status : undefined, 0x0000);
  assert.deepEqual(readdirSync(folder.path), ['CT.1.2.3']);
  assert.ok(firstStorescp && secondStorescp);
});
