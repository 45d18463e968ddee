/** What has been answered is garbage that V8 finds while it is young: nothing that comes later hangs on it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { STATUS } from '../../../src/dimse/status.js';
import { PendingResponses } from '../../../src/net/pending-responses.js';

setFlagsFromString('--expose-gc');
const collectGarbage: unknown = runInNewContext('gc');

/** Bytes of objects that have outlived two collections of the young ones, which does not mean that they are in use. */
function oldBytes(): number {
  assert.ok(typeof collectGarbage === 'function');
  for (let times = 0; times < 2; times++) collectGarbage({ type: 'minor' });
  const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space');
  assert.ok(space !== undefined);
  return space.space_used_size;
}

const UID_BYTES = 1000;

/** As many requests as are outstanding, one after the other, each made while the one before waits for its response. */
async function exchange(pending: PendingResponses, count: number): Promise<void> {
  const open = () =>
    pending.open(
      (messageId) => ({ type: 'C-ECHO-RQ', messageId, affectedSopClassUid: `${messageId}`.padEnd(UID_BYTES) }),
      1,
    );
  let last = open();
  for (let done = 0; done < count; done++) {
    const next = open();
    last.begin();
    last.onHandedOver();
    last.onSent();
    const { messageId } = last.request;
    pending.settle({ type: 'C-ECHO-RSP', messageIdBeingRespondedTo: messageId, status: STATUS.success }, 1);
    await last.answer;
    pending.close(last);
    last = next;
  }
  pending.close(last);
}

test('a request that has been answered keeps none that comes later', async () => {
  const pending = new PendingResponses(2, { start: () => undefined, stop: () => undefined });
  const [rounds, ofRound] = [20, 100];
  const sizes: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await exchange(pending, ofRound);
    sizes.push(oldBytes());
  }
  // The median: V8 has things of its own to keep, now and then.
  const grown = sizes.slice(1).map((size, index) => size - (sizes[index] ?? 0));
  const usual = grown.toSorted((a, b) => a - b)[Math.floor(grown.length / 2)] ?? Infinity;
  assert.ok(usual < (ofRound * UID_BYTES) / 4, `${usual} bytes more for each hundred requests`);
});
