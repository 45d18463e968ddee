/** Peers that refuse, abort, hang up or cannot store: what both sides make of it. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, test } from 'node:test';
import { withoutSummary } from '../support/apps-run.js';
import { dcmtk, dcmtkStorescp, skipWithoutDcmtk } from '../support/peers-dcmtk.js';
import { assertStored, TemporaryFolder, writeSamples } from '../support/peers-files.js';
import { ourStorescp } from '../support/peers-ours.js';
import type { Receiver } from '../support/peers-receiver.js';
import { storescu } from '../support/processes.js';

const skip = skipWithoutDcmtk();

/** Exit code and log of our storescu that sends a file in Explicit VR and then one in Implicit VR. */
async function sendTwo({ address }: Receiver, options: readonly string[] = []) {
  using folder = new TemporaryFolder();
  writeSamples(folder.path, 'ei');
  const { code, stderr } = await storescu([...options, ...address, folder.path]);
  return { code, log: withoutSummary({ code, stderr }) };
}

const ONE_LINE_WITH_ADDRESS = /^.*127\.0\.0\.1:\d+.*\n$/;
const FILE = String.raw`\S+\/[ei]\.dcm`;

describe("our storescu and a storescp of DCMTK's that", { skip }, () => {
  test('rejects the association says why and fails', async () => {
    await using receiver = await dcmtkStorescp(['--refuse']);
    const { code, log } = await sendTwo(receiver);
    assert.match(log, /^E: Association Rejected \(127\.0\.0\.1:\d+\): no reason given \(.*1\/1\/1\)\n$/);
    assert.equal(code, 1);
  });

  test('aborts instead of answering says so and fails', async () => {
    await using receiver = await dcmtkStorescp(['--abort-after']);
    const { code, log } = await sendTwo(receiver);
    assert.match(log, /^E: Association Aborted \(127\.0\.0\.1:\d+\).*: by the peer, .*\n$/);
    assert.equal(code, 1);
  });

  test('aborts in the middle of a data set says that the connection is lost and fails', async () => {
    await using receiver = await dcmtkStorescp(['--abort-during']);
    const { code, log } = await sendTwo(receiver);
    // The A-ABORT is lost if our next write meets the reset of the connection first.
    assert.match(log, /^E: .*(?:Aborted .*: by the peer|connection (?:reset|closed) by the peer)/);
    assert.match(log, ONE_LINE_WITH_ADDRESS);
    assert.equal(code, 1);
  });

  test('dies before it answers says that the connection is lost and fails', async () => {
    await using receiver = await dcmtkStorescp(['-v', '--sleep-during', '600']);
    const sending = sendTwo(receiver);
    await receiver.logged(/Received Store Request/);
    await receiver.server.stop('SIGKILL');
    const { code, log } = await sending;
    assert.match(log, /^E: .*connection (?:lost|reset by the peer|closed by the peer)/);
    assert.match(log, ONE_LINE_WITH_ADDRESS);
    assert.equal(code, 1);
  });

  test('cannot store goes on to the next file, tells both and fails', async () => {
    await using receiver = await dcmtkStorescp();
    rmSync(receiver.folder, { recursive: true });
    const { code, log } = await sendTwo(receiver);
    assert.match(log, new RegExp(`^(?:E: Not stored: ${FILE}: 0xA700 - Failure: Out of Resources\n){2}$`));
    assert.equal(code, 3);
  });

  test('cannot store stops there with --halt', async () => {
    await using receiver = await dcmtkStorescp();
    rmSync(receiver.folder, { recursive: true });
    const { code, log } = await sendTwo(receiver, ['--halt']);
    assert.match(log, new RegExp(`^E: Not stored: ${FILE}: 0xA700 - Failure: Out of Resources\n$`));
    assert.equal(code, 3);
  });

  test('is content is aborted by --abort after the last response, which is no failure', async () => {
    await using receiver = await dcmtkStorescp(['-v']);
    const { code, log } = await sendTwo(receiver, ['--abort']);
    assert.equal(log, '');
    assert.equal(code, 0);
    await receiver.logged(/Association Aborted/);
    assert.equal(receiver.stored().length, 2);
  });
});

describe('our storescp and a peer of DCMTK that', { skip }, () => {
  test('aborts after the last response keeps the file, says so and goes on serving', async () => {
    using folder = new TemporaryFolder();
    const sent = writeSamples(folder.path, 'e');
    await using receiver = await ourStorescp();
    const { code } = await dcmtk('storescu', ['--abort', '+sd', ...receiver.address, folder.path]);
    assert.equal(code, 0);
    await receiver.logged(/^E: Association Aborted \(127\.0\.0\.1:\d+\): .*by the peer/m);
    await assertServes(receiver);
    assertStored(sent, receiver.stored(), { expected: 'e' });
  });

  test('hangs up because nothing is accepted is heard of in the log', async () => {
    await using receiver = await ourStorescp(['--no-echo']);
    const { code, stderr } = await dcmtk('echoscu', [...receiver.address]);
    assert.match(stderr, /No Acceptable Presentation Contexts/);
    assert.equal(code, 1);
    await receiver.logged(/^E: Association Aborted \(127\.0\.0\.1:\d+\): .*connection lost/m);
  });

  test('sends to a folder that is gone is refused with A700, file by file', async () => {
    using folder = new TemporaryFolder();
    writeSamples(folder.path, 'ei');
    await using receiver = await ourStorescp();
    rmSync(receiver.folder, { recursive: true });
    const { stderr } = await dcmtk('dcmsend', ['-v', '-nh', '+sd', ...receiver.address, folder.path]);
    assert.equal([...stderr.matchAll(/Received C-STORE Response \(Refused: OutOfResources\)/g)].length, 2);
    await receiver.logged(
      /(?:^E: Store Request failed \(127.*SOP Instance .*\): 0xA700 - Failure: Out of Resources.*\n){2}/m,
    );
  });

  test('sends to storescp --ignore is told of a success, and nothing is stored', async () => {
    using folder = new TemporaryFolder();
    writeSamples(folder.path, 'ei');
    await using receiver = await ourStorescp(['--ignore']);
    const { code, stderr } = await dcmtk('storescu', ['-v', '+sd', ...receiver.address, folder.path]);
    assert.equal([...stderr.matchAll(/Received Store Response \(Success\)/g)].length, 2);
    assert.equal(code, 0);
    assert.deepEqual(receiver.stored(), []);
  });

  test('asks for a user identity to be confirmed gets no confirmation, and without that demand gets in', async () => {
    await using receiver = await ourStorescp();
    using folder = new TemporaryFolder();
    const [{ path } = assert.fail()] = writeSamples(folder.path, 'e');
    const identity = ['-usr', 'user', '-pwd', 'password'];
    const demanding = await dcmtk('storescu', [...identity, '-rsp', ...receiver.address, path]);
    assert.match(demanding.stderr, /Positive response requested but none received/);
    assert.equal(demanding.code, 1);
    const { code } = await dcmtk('storescu', [...identity, ...receiver.address, path]);
    assert.equal(code, 0);
    assert.equal(receiver.stored().length, 1);
  });
});

async function assertServes({ address }: Receiver): Promise<void> {
  const { code, stderr } = await dcmtk('echoscu', address);
  assert.equal(stderr, '');
  assert.equal(code, 0);
}
