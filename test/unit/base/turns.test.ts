/** Who may, and who waits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from '../../../src/base/turns.js';

test('so many have their turn at once, the others as those leave, in the order they came', async () => {
  const turns = new Turns(2);
  assert.equal(turns.enter(), undefined);
  assert.equal(turns.enter(), undefined);
  const order: number[] = [];
  const waiting = [1, 2, 3].map((number) => turns.enter()?.then(() => order.push(number)));
  await Promise.resolve();
  assert.equal(order.length, 0);
  turns.leave(undefined);
  const late = turns.enter()?.then(() => order.push(4));
  await waiting[0];
  assert.deepEqual(order, [1]);
  for (let count = 0; count < 3; count++) turns.leave(undefined);
  await Promise.all([...waiting, late]);
  assert.deepEqual(order, [1, 2, 3, 4]);
  for (let count = 0; count < 2; count++) turns.leave(undefined);
  assert.deepEqual([turns.enter(), turns.enter()], [undefined, undefined]);
  assert.ok(turns.enter(), 'what was left has not become more');
});

test('a turn that somebody waits for is not taken by who comes between', async () => {
  const turns = new Turns(1);
  assert.equal(turns.enter(), undefined);
  const first = turns.enter();
  turns.leave(undefined);
  assert.ok(turns.enter(), 'it is the one who waited');
  await first;
});

test('a failure is for those that wait, not for those whose turn it is', async () => {
  const turns = new Turns(1);
  assert.equal(turns.enter(), undefined);
  const waiting = [turns.enter(), turns.enter()];
  const error = new Error('lost');
  turns.fail(error);
  for (const turn of waiting) await assert.rejects(turn ?? Promise.resolve(), error);
  turns.leave(undefined);
  assert.equal(turns.enter(), undefined);
});

test('who gives up waiting is passed over, and leaves no turn behind', async () => {
  const turns = new Turns(1);
  assert.equal(turns.enter(), undefined);
  const [impatient, patient] = [turns.enter(), turns.enter()];
  turns.leave(impatient);
  turns.leave(undefined);
  await patient;
  turns.leave(patient);
  assert.equal(turns.enter(), undefined);
  assert.ok(turns.enter(), 'one at a time still');
});
