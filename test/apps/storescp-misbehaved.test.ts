/** The built storescp under a crowd of peers that misbehave: in the end it holds what it held before, and it has served on. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { temporaryFolder } from '../support/apps-files.js';
import { CT_CONTEXT, openAssociation, PduSocket, releaseAssociation, storeWell } from '../support/apps-peer.js';
import { AskableStorescp, type Held } from '../support/held-resources.js';
import { RawPeer, rqOf } from '../support/loopback-peer.js';
import { ACTS, misbehave, STAGE_NAMES } from '../support/misbehaviour.js';

const limits = { concurrency: 2, timeout: 120_000 };
const skip = existsSync('/proc/self/fd') ? false : 'skipped: there is no /proc to count descriptors in';
const ROUNDS = 28;
const AT_A_TIME = 2;
/** A leak of two kilobytes for each connection would be more, and the heap breathes by less. */
const HEAP_MARGIN_BYTES = 2 * 1024 * 1024;

async function storeOne(port: number, uid: string): Promise<void> {
  await using socket = await PduSocket.connect(port);
  await openAssociation(socket, [CT_CONTEXT]);
  await storeWell(socket, uid);
  await releaseAssociation(socket);
}

/** Every misbehaviour at every stage, so many times over. */
async function crowd(port: number, rounds: number): Promise<number> {
  let count = 0;
  for (let round = 0; round < rounds; round += AT_A_TIME)
    await Promise.all(
      Array.from({ length: AT_A_TIME }).flatMap(() =>
        STAGE_NAMES.flatMap((stage) =>
          ACTS.map(async (act) => {
            count++;
            await misbehave(stage, act, { port, tickMs: 20 });
          }),
        ),
      ),
    );
  return count;
}

describe('storescp that a thousand peers have treated badly', limits, () => {
  it('has no more descriptors, sockets, timers and memory than before', { skip }, async (test) => {
    await using folder = await temporaryFolder();
    await using storescp = new AskableStorescp(['0', '-od', folder.path, '-ta', '0.2', '-tn', '0.2', '-q']);
    const port = await storescp.port();
    await storeOne(port, '1.2.1');
    // What is loaded, compiled and cached by the first of them stays.
    await crowd(port, 8);
    const before = await storescp.held();
    const count = await crowd(port, ROUNDS);
    assert.ok(count > 1000, `${count} connections`);
    const after = await storescp.heldAgain(before);
    test.diagnostic(`${count} connections: ${inWords(before)}; after them ${inWords(after)}`);
    assert.deepEqual([after.descriptors, after.resources], [before.descriptors, before.resources]);
    assert.ok(after.heap < before.heap + HEAP_MARGIN_BYTES, `heap of ${before.heap} bytes, then of ${after.heap}`);
    await storeOne(port, '1.2.2');
    assert.deepEqual(readdirSync(folder.path).sort(), ['CT.1.2.1', 'CT.1.2.2']);
  });
});

const inWords = ({ descriptors, resources, heap }: Held): string =>
  `${descriptors} descriptors, ${resources.length} sockets and timers, ${Math.round(heap / 1024)} KiB`;

describe('storescp under a crowd', limits, () => {
  it('serves the caller who comes after 300 connections that say nothing', async () => {
    await using folder = await temporaryFolder();
    await using storescp = new AskableStorescp(['0', '-od', folder.path, '-q']);
    const port = await storescp.port();
    const silent = await Promise.all(Array.from({ length: 300 }, () => RawPeer.connect(port)));
    await storeOne(port, '1.2.1');
    for (const peer of silent) peer.destroy();
  });

  it('tells the caller who comes over the limit so, with 200 connections beside it that say nothing', async () => {
    await using folder = await temporaryFolder();
    await using storescp = new AskableStorescp(['0', '-od', folder.path, '-q']);
    const port = await storescp.port();
    const idle = await Promise.all(Array.from({ length: 100 }, () => RawPeer.request(port, [CT_CONTEXT])));
    const silent = await Promise.all(Array.from({ length: 200 }, () => RawPeer.connect(port)));
    await using late = await RawPeer.connect(port);
    late.send(rqOf([CT_CONTEXT]));
    const { result, source, reason } = await late.expect('A-ASSOCIATE-RJ');
    assert.deepEqual([result, source, reason], [2, 3, 2]);
    idle[0]?.send({ type: 'A-RELEASE-RQ' });
    await idle[0]?.expect('A-RELEASE-RP');
    idle[0]?.end();
    await idle[0]?.closed;
    await storeOne(port, '1.2.1');
    for (const peer of [...idle, ...silent]) peer.destroy();
  });

  it('answers 500 callers at once, each of them served or told of the limit', async () => {
    await using folder = await temporaryFolder();
    await using storescp = new AskableStorescp(['0', '-od', folder.path, '-q']);
    const port = await storescp.port();
    const answers = await Promise.all(
      Array.from({ length: 500 }, async () => {
        const peer = await RawPeer.connect(port);
        peer.send(rqOf([CT_CONTEXT]));
        const answer = await peer.next('an answer');
        return { peer, type: answer.type };
      }),
    );
    const served = answers.filter(({ type }) => type === 'A-ASSOCIATE-AC').length;
    const told = answers.filter(({ type }) => type === 'A-ASSOCIATE-RJ').length;
    assert.deepEqual([served, told], [100, 400]);
    for (const { peer } of answers) peer.destroy();
  });
});
