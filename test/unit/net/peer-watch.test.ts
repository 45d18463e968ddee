/** Whose turn it is, and whether enough comes in it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { deferred } from '../../../src/base/deferred.js';
import { PeerWatch } from '../../../src/net/peer-watch.js';

const MS = 5;
const LOOKS = 20;

/** A connection of which a test says what comes, and how its turns are, each time that it is looked at. */
class Scene {
  readonly connection = {
    bytesRead: 0,
    isInTurn: true,
    watchSilence: (ms: number) => void this.silences.push(ms),
  };
  readonly silences: number[] = [];
  readonly receiver = { inMessage: false, isHolding: false, turns: 0 };
  readonly sender = { isWriting: false };
  isUnused = false;
  readonly #ended = deferred<string>();
  readonly watch: PeerWatch;

  /** @param onLook is called as often as the watch looks */
  constructor(onLook: (scene: Scene) => void = () => undefined, ms = MS) {
    let looks = 0;
    this.watch = new PeerWatch(ms, {
      remote: 'PEER',
      connection: this.connection,
      receiver: this.receiver,
      sender: this.sender,
      isUnused: () => this.isUnused,
      onTimeout: (error) => this.#ended.resolve(error.message),
    });
    // As often as the watch looks.
    const timer = setInterval(() => {
      onLook(this);
      if (++looks === LOOKS) this.#ended.resolve('nothing');
    }, MS);
    void this.#ended.promise.then(() => clearInterval(timer));
  }

  /** What the peer is told off for; `nothing` after some looks. */
  async outcome(): Promise<string> {
    const outcome = await this.#ended.promise;
    this.watch.end();
    return outcome;
  }
}

const dripping = (scene: Scene) => {
  scene.connection.bytesRead += 1;
};
const TOO_SLOW = 'no 512 bytes from PEER within 0.005 s';

test('single bytes are as silence in a message, and on an association that is not used', async () => {
  const inMessage = new Scene(dripping);
  inMessage.receiver.inMessage = true;
  assert.equal(await inMessage.outcome(), TOO_SLOW);
  const unused = new Scene(dripping);
  unused.isUnused = true;
  assert.equal(await unused.outcome(), TOO_SLOW);
});

for (const [what, onLook] of [
  ['while it is not the peer who is to send', dripping],
  [
    'while each message ends in time',
    (scene) => {
      dripping(scene);
      scene.receiver.inMessage = true;
      scene.receiver.turns++;
    },
  ],
  [
    'while we hold the peer back',
    (scene) => {
      dripping(scene);
      scene.receiver.inMessage = true;
      scene.receiver.isHolding = true;
    },
  ],
  [
    'as long as enough comes',
    (scene) => {
      scene.connection.bytesRead += 10_000;
      scene.receiver.inMessage = true;
    },
  ],
] as const satisfies readonly (readonly [string, (scene: Scene) => void])[])
  test(`nobody is too slow ${what}`, async () => {
    assert.equal(await new Scene(onLook).outcome(), 'nothing');
  });

test('what is read after the wait is over, and before anything else is done, has come in time', async () => {
  const scene = new Scene();
  scene.receiver.inMessage = true;
  scene.watch.onSilence();
  scene.connection.bytesRead += 1000;
  assert.equal(await scene.outcome(), 'nothing');
});

test("a turn that begins when the time is up has just begun, be it the peer's to send or to read", async () => {
  for (const begin of [
    (scene: Scene) => {
      scene.isUnused = true;
    },
    (scene: Scene) => {
      scene.sender.isWriting = true;
    },
  ]) {
    const scene = new Scene();
    scene.watch.onSilence();
    begin(scene);
    assert.equal(await scene.outcome(), 'nothing');
  }
  const next = new Scene();
  next.receiver.inMessage = true;
  next.watch.onSilence();
  next.receiver.turns++;
  assert.equal(await next.outcome(), 'nothing');
});

test('nobody is silent whose bytes are left to be read after those of others', async () => {
  const scene = new Scene();
  scene.receiver.inMessage = true;
  scene.connection.isInTurn = false;
  scene.watch.onSilence();
  assert.equal(await scene.outcome(), 'nothing');
});

test('silence is told in the turn of the peer, to send or to read, and watched on otherwise', async () => {
  const idle = new Scene();
  idle.watch.onSilence();
  await setImmediate();
  assert.deepEqual(idle.silences, [MS, MS]);
  idle.watch.end();
  idle.watch.restart();
  assert.deepEqual(idle.silences, [MS, MS, 0], 'it has ended');
  const writing = new Scene();
  writing.sender.isWriting = true;
  writing.watch.onSilence();
  assert.equal(await writing.outcome(), 'no data to or from PEER within 0.005 s');
});

test('a network timeout of 0 watches nothing', async () => {
  const scene = new Scene(dripping, 0);
  scene.receiver.inMessage = true;
  assert.equal(await scene.outcome(), 'nothing');
  assert.equal(scene.silences[0], 0);
});
