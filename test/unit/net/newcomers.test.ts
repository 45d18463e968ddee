/** Who waits while connections come in, and for how long. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Newcomers } from '../../../src/net/newcomers.js';

/** In how many turns somebody goes on; one comes in in each of the first `crowd`. */
async function turnsWith(crowd: number): Promise<number> {
  const newcomers = new Newcomers();
  let hasGoneOn = false;
  if (crowd > 0) newcomers.onTaken();
  newcomers.goFirst(() => {
    hasGoneOn = true;
  });
  for (let turns = 1; ; turns++) {
    await nextTurn();
    if (hasGoneOn) return turns;
    if (turns < crowd) newcomers.onTaken();
  }
}

test('without newcomers one goes on in the next turn', async () => {
  assert.equal(await turnsWith(0), 1);
});

test('a crowd comes first, one in each turn', async () => {
  for (const crowd of [1, 2, 10]) {
    const turns = await turnsWith(crowd);
    assert.ok(turns > crowd && turns <= crowd + 2, `${turns} turns for ${crowd}`);
  }
});

test('whoever comes all the time keeps nobody for ever', async () => {
  assert.equal(await turnsWith(1000), 64);
});
