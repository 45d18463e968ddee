/** The built storescp that is told to stop while much is under way: what it acknowledged is there, and it ends in time. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { temporaryFolder } from '../support/apps-files.js';
import { CT_CONTEXT, messagePdus, openAssociation, PduSocket, storeRequest } from '../support/apps-peer.js';
import { listeningStorescp } from '../support/apps-run.js';
import { ctDataSet } from '../support/loopback-peer.js';
import { randomNumbers } from '../support/random.js';
import { faultsOf, inventory, Ledger } from '../support/storing-objects.js';
import { sendObjects } from '../support/storing-senders.js';

const limits = { concurrency: 4, timeout: 60_000 };
const ASSOCIATIONS = 4;
/** What service managers and containers allow before they kill. */
const LIMIT_MS = 10_000;

it('SIGHUP does not end a storescp that has nothing to read anew, and the second one neither', limits, async () => {
  await using storescp = await listeningStorescp(['--ignore', '-v']);
  for (let turn = 0; turn < 2; turn++) {
    storescp.process.kill('SIGHUP');
    await storescp.process.output('stderr', /^I: SIGHUP: there is nothing to read anew$/m);
    await using socket = await PduSocket.connect(storescp.port);
    await openAssociation(socket, [CT_CONTEXT]);
  }
  assert.equal((await storescp.process.stop('SIGTERM')).code, 143);
});

describe('storescp that is stopped in the middle of transfers', limits, () => {
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    for (const times of [1, 2])
      it(`by ${signal}${times > 1 ? ', twice' : ''}: nothing that it acknowledged is lost, nothing is left half done`, async () => {
        await using folder = await temporaryFolder();
        const random = randomNumbers(exitCode + times);
        const ledger = new Ledger();
        for (let round = 0; round < 2; round++) {
          await using storescp = await listeningStorescp(['-od', folder.path, '--async-ops', '16']);
          let left = Math.floor(random() * 40);
          const sending = Array.from({ length: ASSOCIATIONS }, (_, index) =>
            sendObjects({
              port: storescp.port,
              ledger,
              root: `1.2.${round + 1}.${index + 1}`,
              onResponse() {
                if (--left >= 0 && left < times) storescp.process.kill(signal);
              },
            }),
          );
          const { code } = await storescp.process.ended;
          await Promise.all(sending);
          assert.equal(code, exitCode);
          assert.deepEqual(await faultsOf(folder.path, ledger), []);
          assert.deepEqual(inventory(folder.path).parts, []);
        }
      });

  it('by SIGTERM, with peers that never end what they send and never hang up: it has ended within 10 s', async () => {
    await using folder = await temporaryFolder();
    await using storescp = await listeningStorescp(['-od', folder.path, '-v']);
    const stubborn: PduSocket[] = [];
    for (let count = 0; count < 3; count++) {
      const socket = await PduSocket.connect(storescp.port, { allowHalfOpen: true });
      stubborn.push(socket);
      await openAssociation(socket, [CT_CONTEXT]);
      const [command, first] = messagePdus(storeRequest('1.2.3'), 1, ctDataSet('1.2.3', 100_000));
      assert.ok(command && first);
      socket.send(command, first);
    }
    await storescp.process.output('stderr', /(Storing DICOM file(.|\n)*){3}/);
    const begun = performance.now();
    const { code } = await storescp.process.stop('SIGTERM');
    assert.ok(performance.now() - begun < LIMIT_MS, 'it would have been killed');
    assert.equal(code, 143);
    assert.deepEqual(inventory(folder.path), { stored: [], parts: [], others: [] });
    for (const socket of stubborn) await socket[Symbol.asyncDispose]();
  });
});
