/** Who may, and who waits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { due, Turns } from '../../../src/base/turns.js';

test('so many have their turn at once, the others as those leave, in the order they came', () => {
  const turns = new Turns(2);
  const first = [turns.enter(), turns.enter()];
  assert.ok(first.every(({ isDue }) => isDue));
  const order: number[] = [];
  const enter = (number: number) => {
    const turn = turns.enter();
    assert.ok(!turn.isDue);
    turn.whenDue(
      () => order.push(number),
      () => assert.fail('it comes'),
    );
    return turn;
  };
  const waiting = [1, 2, 3].map(enter);
  assert.deepEqual(order, []);
  first[0]?.leave();
  assert.deepEqual(order, [1], 'at once');
  assert.deepEqual(
    waiting.map(({ isDue }) => isDue),
    [true, false, false],
  );
  waiting.push(enter(4));
  for (const turn of [first[1], ...waiting]) turn?.leave();
  assert.deepEqual(order, [1, 2, 3, 4]);
  assert.deepEqual(
    [turns.enter(), turns.enter(), turns.enter()].map(({ isDue }) => isDue),
    [true, true, false],
    'what was left has not become more',
  );
});

test('a turn that has come before somebody asks is told at once, and so is one that never will', async () => {
  const turns = new Turns(1);
  await due(turns.enter());
  const waiting = turns.enter();
  const error = new Error('lost');
  turns.fail(error);
  await assert.rejects(due(waiting), error);
});

test('a turn that somebody waits for is not taken by who comes between', async () => {
  const turns = new Turns(1);
  const turn = turns.enter();
  const first = turns.enter();
  turn.leave();
  assert.ok(!turns.enter().isDue, 'it is the one who waited');
  await due(first);
});

test('a failure is for those that wait, not for those whose turn it is', async () => {
  const turns = new Turns(1);
  const turn = turns.enter();
  const waiting = [turns.enter(), turns.enter()];
  const told = waiting.map(due);
  const error = new Error('lost');
  turns.fail(error);
  for (const each of told) await assert.rejects(each, error);
  for (const each of waiting) each.leave();
  assert.ok(!turns.enter().isDue);
  turn.leave();
});

test('who gives up waiting is passed over, and leaves no turn behind', () => {
  const turns = new Turns(1);
  const turn = turns.enter();
  const [impatient, patient] = [turns.enter(), turns.enter()];
  impatient.leave();
  turn.leave();
  assert.ok(patient.isDue);
  patient.leave();
  assert.ok(turns.enter().isDue);
  assert.ok(!turns.enter().isDue, 'one at a time still');
});

test('a turn is left once, however often that is said', () => {
  const turns = new Turns(1);
  const turn = turns.enter();
  const next = turns.enter();
  for (let count = 0; count < 3; count++) turn.leave();
  assert.ok(next.isDue);
  assert.ok(!turns.enter().isDue);
});
