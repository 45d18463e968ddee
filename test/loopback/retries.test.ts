/** storeFiles with `retry`, and with paths that come one by one. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { deferred } from '../../src/base/deferred.js';
import {
  AssociationAborted,
  AssociationRejected,
  type StoreEvent,
  type StoreFilesOptions,
  type StoreOutcome,
  storageProvider,
  storeFiles,
  TransportError,
  UsageError,
} from '../../src/index.js';
import { retryDelayMs } from '../../src/services/retry-options.js';
import { writeInstance } from '../support/loopback-files.js';
import { type FlakyServer, flakyServer, HastyTimer, type Reaction } from '../support/loopback-flaky.js';
import { Inbox, inTime } from '../support/loopback-inbox.js';
import { command, RawAcceptor, storeRsp } from '../support/loopback-peer.js';
import { rejection, startServer, type TemporaryFolder, temporaryFolder } from '../support/loopback-server.js';
import { CT_IMAGE, MR_IMAGE } from '../support/sample-instance.js';

type Options = Partial<StoreFilesOptions>;

/** Retries at once; `delays` are the waits that were asked for. */
function retrying(times: number): { readonly options: Options; readonly delays: readonly number[] } {
  const timer = new HastyTimer();
  return { options: { retry: { times, random: () => 0, startTimer: timer.start } }, delays: timer.delays };
}

function send(port: number, paths: Parameters<typeof storeFiles>[0], options: Options) {
  return storeFiles(paths, { host: '127.0.0.1', port, acseTimeoutMs: 5_000, ...options });
}

/** `stored 1.2.1 0 (2)`: type, name, status, attempts. */
function inShort(outcome: StoreOutcome): string {
  const status = 'status' in outcome ? ` ${outcome.status.code.toString(16)}` : '';
  const attempts = 'attempts' in outcome ? ` (${outcome.attempts})` : '';
  return `${outcome.type}${'path' in outcome ? ` ${basename(outcome.path)}` : ''}${status}${attempts}`;
}

async function outcomes(run: AsyncIterable<StoreOutcome>): Promise<string[]> {
  const all: string[] = [];
  for await (const outcome of run) all.push(inShort(outcome));
  return all;
}

/** Files that are named like their instances. */
function instances(folder: TemporaryFolder, uids: readonly string[]): Promise<string[]> {
  return Promise.all(uids.map((uid) => writeInstance(folder.path, uid, { sopInstanceUid: uid })));
}

/** Of a server that answers nothing before `hold` resolves; `asked` has one for each instance that it has read. */
function holding() {
  const asked = new Inbox<true>();
  const hold = deferred();
  const service = storageProvider({
    async store({ part10 }) {
      for await (const _ of part10);
      asked.push(true);
      await hold.promise;
    },
  });
  return { services: [service], asked, hold };
}

function associations({ traces }: FlakyServer): number {
  return traces.seen.filter(({ event }) => event.type === 'associate-ac').length;
}

test('a file whose status may pass is sent again later, over the same association, and keeps no other waiting', async () => {
  await using folder = await temporaryFolder();
  await using server = await flakyServer((uid, turn) => (uid === '1.1' && turn < 3 ? 0xa700 : 0));
  const events: StoreEvent[] = [];
  const held: (() => void)[] = [];
  const delays: number[] = [];
  const startTimer = (ms: number, onDue: () => void) => {
    delays.push(ms);
    if (delays.length > 1) setImmediate(onDue);
    else held.push(onDue);
    return () => undefined;
  };
  const paths = await instances(folder, ['1.1', '1.2', '1.3']);
  const retry = { times: 3, random: () => 0, startTimer };
  const all: string[] = [];
  for await (const outcome of send(server.port, paths, { retry, report: (event) => events.push(event) })) {
    all.push(inShort(outcome));
    if (all.length === 2) held.shift()?.();
  }
  assert.deepEqual(all, ['stored 1.2 0 (1)', 'stored 1.3 0 (1)', 'stored 1.1 0 (3)']);
  assert.deepEqual(delays, [1000, 2000]);
  assert.equal(associations(server), 1);
  const retries = events.filter((event) => event.type === 'file-retry');
  assert.deepEqual(
    retries.map(({ outcome, delayMs }) => [inShort(outcome), delayMs]),
    [
      ['refused 1.1 a700 (1)', 1000],
      ['refused 1.1 a700 (2)', 2000],
    ],
  );
});

test('a file that waits for another try is not in memory: it is read again', async () => {
  await using folder = await temporaryFolder();
  await using server = await flakyServer((uid, turn) => (uid === '1.1' && turn === 1 ? 0xa700 : 0));
  const paths = await instances(folder, ['1.1', '1.2']);
  const startTimer = (_ms: number, onDue: () => void) => {
    const immediate = setImmediate(() => {
      rmSync(paths[0] ?? '');
      onDue();
    });
    return () => clearImmediate(immediate);
  };
  const all = await outcomes(send(server.port, paths, { retry: { times: 1, random: () => 0, startTimer } }));
  assert.deepEqual(all.sort(), ['not-sent 1.1 (2)', 'stored 1.2 0 (1)']);
  assert.deepEqual(server.stored, ['1.2']);
});

for (const [status, isPassing] of [
  [0xa700, true],
  [0xa7ff, true],
  [0x0110, true],
  [0x0213, true],
  [0xa900, false],
  [0xc000, false],
  [0x0122, false],
  [0x0117, false],
  [0xb000, false],
  [0x0124, false],
] as const)
  test(`status ${status.toString(16)} ${isPassing ? 'may pass' : 'is final'}`, async () => {
    await using folder = await temporaryFolder();
    await using server = await flakyServer(() => status);
    const { options } = retrying(2);
    const [outcome] = await outcomes(send(server.port, await instances(folder, ['1.1']), options));
    assert.match(outcome ?? '', isPassing ? /^refused .*\(3\)$/ : /\(1\)$/);
    assert.equal(server.asked.length, isPassing ? 3 : 1);
  });

test('files of a lost association are sent again over another one, in order', async () => {
  await using folder = await temporaryFolder();
  await using server = await flakyServer((uid, turn) => (uid === '1.2' && turn === 1 ? 'abort' : 0));
  const { options, delays } = retrying(1);
  const events: string[] = [];
  const all = await outcomes(
    send(server.port, await instances(folder, ['1.1', '1.2', '1.3']), {
      ...options,
      report: (event) => events.push(event.type === 'association-retry' ? event.error.name : event.type),
    }),
  );
  assert.deepEqual(all, ['stored 1.1 0 (1)', 'stored 1.2 0 (2)', 'stored 1.3 0 (1)']);
  assert.deepEqual(delays, [1000]);
  assert.deepEqual(events, ['sending', 'sending', 'AssociationAborted', 'sending', 'sending']);
  assert.equal(associations(server), 2);
});

test('a file that fells every association takes no others along', async () => {
  await using folder = await temporaryFolder();
  const uids = Array.from({ length: 40 }, (_, index) => `1.${index + 1}`);
  for (const associationsAtOnce of [1, 3]) {
    await using server = await flakyServer((uid) => (uid === '1.5' ? 'abort' : 0), { maxOperationsPerformed: 16 });
    const { options } = retrying(3);
    const limits = { maxOperationsInvoked: 16, associations: associationsAtOnce };
    const run = send(server.port, await instances(folder, uids), { ...options, ...limits });
    const all: string[] = [];
    const error = await rejection(
      (async () => {
        for await (const outcome of run) all.push(inShort(outcome));
      })(),
    ).catch(() => undefined);
    assert.ok(error === undefined || error instanceof AssociationAborted);
    const names = all.map((outcome) => outcome.replace(/ \(.*/, ''));
    assert.deepEqual(
      names.toSorted(),
      uids.map((uid) => (uid === '1.5' ? `unanswered ${uid}` : `stored ${uid} 0`)).toSorted(),
    );
    assert.ok(all.includes('unanswered 1.5 (4)'));
  }
});

test('a peer that is not there is called so often, and the waits grow up to their limit', async () => {
  await using folder = await temporaryFolder();
  await using server = await flakyServer(() => 0);
  const { port } = server;
  await server.server.close({ graceMs: 0 });
  const timer = new HastyTimer();
  const retry = { times: 5, maxDelayMs: 5000, random: () => 0.5, startTimer: timer.start };
  const ending = rejection(outcomes(send(port, await instances(folder, ['1.1']), { retry })));
  assert.ok((await ending) instanceof TransportError);
  assert.deepEqual(timer.delays, [750, 1500, 3000, 3750, 3750]);
});

test('a rejection that is transient passes, a permanent one ends the run', async () => {
  await using folder = await temporaryFolder();
  const paths = await instances(folder, ['1.1']);
  for (const result of [1, 2]) {
    await using acceptor = await RawAcceptor.listen();
    const { options, delays } = retrying(1);
    const ending = rejection(outcomes(send(acceptor.port, paths, options)));
    for (let turn = 0; turn < result; turn++) {
      const peer = await acceptor.next();
      await peer.next();
      peer.send({ type: 'A-ASSOCIATE-RJ', result, source: 3, reason: 1 });
    }
    assert.ok((await ending) instanceof AssociationRejected);
    assert.equal(delays.length, result - 1);
  }
});

test('any answer begins the count of lost associations anew', async () => {
  await using folder = await temporaryFolder();
  // Each file is lost once, and each association with it.
  await using server = await flakyServer((_, turn) => (turn === 1 ? 'abort' : 0));
  const { options, delays } = retrying(1);
  const all = await outcomes(send(server.port, await instances(folder, ['1.1', '1.2', '1.3']), options));
  assert.deepEqual(all, ['stored 1.1 0 (2)', 'stored 1.2 0 (2)', 'stored 1.3 0 (2)']);
  assert.deepEqual(delays, [1000, 1000, 1000]);
});

test('a peer that answers what it was not asked costs its association, and the file is sent again over another', async () => {
  await using folder = await temporaryFolder();
  await using acceptor = await RawAcceptor.listen();
  const { options, delays } = retrying(1);
  const all = outcomes(send(acceptor.port, await instances(folder, ['1.1']), options));
  for (const isFirst of [true, false]) {
    const peer = await acceptor.next();
    await peer.accept();
    const { message, presentationContextId } = await peer.message('C-STORE-RQ');
    peer.send(command(storeRsp(isFirst ? message.messageId + 1 : message.messageId), presentationContextId));
    if (isFirst) await peer.abort();
    else {
      await peer.expect('A-RELEASE-RQ');
      peer.send({ type: 'A-RELEASE-RP' });
    }
  }
  assert.deepEqual(await all, ['stored 1.1 0 (2)']);
  assert.deepEqual(delays, [1000]);
});

test('a C-ECHO that is lost is sent again', async () => {
  await using folder = await temporaryFolder();
  await using server = await flakyServer((uid, turn) => (uid === 'echo' && turn === 2 ? 'abort' : 0));
  const { options } = retrying(1);
  const paths = await instances(folder, ['1.1']);
  const all = await outcomes(send(server.port, paths, { ...options, verify: true, repeat: 2 }));
  assert.deepEqual(all, ['verified 0', 'verified 0', 'stored 1.1 0 (1)', 'stored 1.1 0 (1)']);
});

/** A clock that stands still: whoever waits for it waits for ever. */
function stoppedTimer() {
  const begun = new Inbox<number>();
  const startTimer = (ms: number) => {
    begun.push(ms);
    return () => undefined;
  };
  return { begun, startTimer };
}

for (const how of ['finish', 'signal', 'haltOnFailure'] as const)
  test(`${how} ends a wait for another try, and the file has the outcome of the last`, async () => {
    await using folder = await temporaryFolder();
    await using server = await flakyServer((uid) => (uid === '1.1' ? 0xa700 : uid === '1.2' ? 0xc000 : 0));
    const { begun, startTimer } = stoppedTimer();
    const stop = new AbortController();
    const uids = how === 'haltOnFailure' ? ['1.1', '1.2', '1.3'] : ['1.1'];
    const run = send(server.port, await instances(folder, uids), {
      retry: { times: 3, startTimer },
      haltOnFailure: how === 'haltOnFailure',
      ...(how === 'finish' ? { finish: stop.signal } : { signal: stop.signal }),
    });
    const all: string[] = [];
    const ending = (async () => {
      for await (const outcome of run) all.push(inShort(outcome));
    })();
    await begun.next();
    const reason = new Error('enough');
    if (how !== 'haltOnFailure') stop.abort(reason);
    if (how === 'signal') assert.equal(await rejection(inTime(ending, 'the end')), reason);
    else await inTime(ending, 'the end');
    assert.ok(all.includes('refused 1.1 a700 (1)'));
    assert.ok(!all.some((outcome) => outcome.includes('1.3')));
  });

test('a signal ends the wait for another association', async () => {
  await using folder = await temporaryFolder();
  const { begun, startTimer } = stoppedTimer();
  const stop = new AbortController();
  const run = send(1, await instances(folder, ['1.1']), { retry: { times: 1, startTimer }, signal: stop.signal });
  const ending = rejection(outcomes(run));
  await begun.next();
  stop.abort(new Error('enough'));
  assert.equal((await inTime(ending, 'the end')).message, 'enough');
});

test('counts and times that are none are refused', async () => {
  for (const retry of [{ times: -1 }, { times: 0.5 }, { times: Number.NaN }, { times: 1, initialDelayMs: -1 }])
    assert.ok((await rejection(outcomes(send(1, [], { retry })))) instanceof UsageError);
});

test('whatever fails and passes, each file has one outcome, and is stored if it ever can be', async () => {
  const reaction = fc.constantFrom<Reaction>(0xa700, 0x0110, 'abort');
  const script = fc.array(fc.array(reaction, { maxLength: 3 }), { minLength: 1, maxLength: 8 });
  await using folder = await temporaryFolder();
  const limits = fc.record({ maxOperationsInvoked: fc.constantFrom(1, 4), associations: fc.constantFrom(1, 2) });
  await fc.assert(
    fc.asyncProperty(script, limits, async (failures, options) => {
      const uids = failures.map((_, index) => `1.${index + 1}`);
      const react = (uid: string, turn: number) => failures[Number(uid.slice(2)) - 1]?.[turn - 1] ?? 0;
      await using server = await flakyServer(react, { maxOperationsPerformed: options.maxOperationsInvoked });
      const paths = await instances(folder, uids);
      const all = await outcomes(send(server.port, paths, { ...retrying(Infinity).options, ...options }));
      const stored = all.map((outcome) => outcome.replace(/ 0 \(\d+\)$/, ''));
      assert.deepEqual(stored.toSorted(), uids.map((uid) => `stored ${uid}`).toSorted());
      assert.deepEqual([...new Set(server.stored)].toSorted(), uids.toSorted());
    }),
    { numRuns: 25 },
  );
});

/** Paths that a test gives one by one. */
function givenPaths() {
  const inbox = new Inbox<string>();
  async function* paths(): AsyncGenerator<string, void, void> {
    for (let path = await inbox.next(); path !== ''; path = await inbox.next()) yield path;
  }
  return { paths: paths(), give: (path: string) => inbox.push(path), end: () => inbox.push('') };
}

test('paths that come one by one are sent as they come, and told as they are answered', async () => {
  await using folder = await temporaryFolder();
  await using server = await flakyServer(() => 0, { maxOperationsPerformed: 4 });
  const { paths, give, end } = givenPaths();
  const names = await instances(folder, ['1.1', '1.2', '1.3']);
  const run = send(server.port, paths, { maxOperationsInvoked: 4, idleMs: Infinity });
  for (const name of names) {
    give(name);
    const { value } = await inTime(run.next(), `the outcome of ${name}`);
    assert.ok(value && inShort(value).startsWith(`stored ${basename(name)}`));
  }
  end();
  assert.equal((await inTime(run.next(), 'the end')).done, true);
  assert.equal(associations(server), 1);
});

test('an association that nothing comes for is released, and the next path has another', async () => {
  await using folder = await temporaryFolder();
  await using server = await flakyServer(() => 0);
  const { paths, give, end } = givenPaths();
  const [first = '', second = ''] = await instances(folder, ['1.1', '1.2']);
  const run = send(server.port, paths, { idleMs: 1 });
  give(first);
  await inTime(run.next(), 'the first outcome');
  const rest = outcomes(run);
  await server.traces.until(({ event }) => event.type === 'released');
  give(second);
  end();
  assert.deepEqual(await rest, ['stored 1.2 0 (1)']);
  assert.equal(associations(server), 2);
});

test('a path that needs another association does not wait until the first has been idle for long', async () => {
  await using folder = await temporaryFolder();
  await using server = await flakyServer(() => 0);
  const { paths, give, end } = givenPaths();
  const run = send(server.port, paths, { idleMs: 3_600_000 });
  for (const [uid, sopClassUid] of [
    ['1.1', CT_IMAGE],
    ['1.2', MR_IMAGE],
    ['1.3', CT_IMAGE],
  ] as const) {
    give(await writeInstance(folder.path, uid, { sopClassUid, sopInstanceUid: uid }));
    const { value } = await inTime(run.next(), `the outcome of ${uid}`);
    assert.equal(value && inShort(value), `stored ${uid} 0 (1)`);
  }
  end();
  assert.equal((await inTime(run.next(), 'the end')).done, true);
  // The second proposes what the first was for as well.
  assert.equal(associations(server), 2);
});

test('an idle association that the peer ends costs nothing', async () => {
  await using folder = await temporaryFolder();
  await using acceptor = await RawAcceptor.listen();
  const { paths, give, end } = givenPaths();
  const [first = '', second = ''] = await instances(folder, ['1.1', '1.2']);
  const aborted = new Inbox<true>();
  const run = send(acceptor.port, paths, {
    idleMs: 60_000,
    trace: ({ event }) => event.type === 'aborted' && aborted.push(true),
  });
  const rest = outcomes(run);
  for (const path of [first, second]) {
    give(path);
    const peer = await acceptor.next();
    await peer.accept();
    const { message, presentationContextId } = await peer.message('C-STORE-RQ');
    peer.send(command(storeRsp(message.messageId), presentationContextId));
    if (path === first) {
      peer.send({ type: 'A-ABORT', source: 2, reason: 0 });
      await aborted.next();
    } else {
      end();
      await peer.expect('A-RELEASE-RQ');
      peer.send({ type: 'A-RELEASE-RP' });
    }
  }
  assert.deepEqual(await rest, ['stored 1.1 0 (1)', 'stored 1.2 0 (1)']);
});

for (const how of ['finish', 'signal', 'return'] as const)
  test(`${how} ends a run that waits for a path`, async () => {
    await using folder = await temporaryFolder();
    await using server = await flakyServer(() => 0);
    const { paths, give, end } = givenPaths();
    const [path = ''] = await instances(folder, ['1.1']);
    const stop = new AbortController();
    const { signal } = stop;
    const run = send(server.port, paths, how === 'finish' ? { finish: signal } : { signal });
    give(path);
    await inTime(run.next(), 'the outcome');
    const reason = new Error('enough');
    if (how !== 'return') stop.abort(reason);
    if (how === 'signal') assert.equal(await rejection(inTime(run.next(), 'the end')), reason);
    else assert.equal((await inTime(how === 'return' ? run.return() : run.next(), 'the end')).done, true);
    end();
  });

test('files that wait for another try keep no others waiting, however many they are', async () => {
  await using folder = await temporaryFolder();
  await using server = await flakyServer((uid) => (uid.startsWith('1.1.') ? 0x0110 : 0), { maxOperationsPerformed: 8 });
  const { paths, give } = givenPaths();
  const { startTimer } = stoppedTimer();
  const stop = new AbortController();
  const run = send(server.port, paths, { retry: { times: Infinity, startTimer }, finish: stop.signal });
  const refused = await instances(
    folder,
    Array.from({ length: 1300 }, (_, index) => `1.1.${index + 1}`),
  );
  for (const path of [...refused, ...(await instances(folder, ['1.2.1']))]) give(path);
  const { value } = await run.next();
  assert.equal(value && inShort(value), 'stored 1.2.1 0 (1)');
  stop.abort();
  assert.equal((await outcomes(run)).length, refused.length);
});

test('what was sent is told before the error that ends the paths', async () => {
  await using folder = await temporaryFolder();
  const { services, asked, hold } = holding();
  await using server = await startServer({ services });
  const names = await instances(folder, ['1.1', '1.2']);
  async function* paths(): AsyncGenerator<string, void, void> {
    yield* names;
    await asked.next();
    setImmediate(hold.resolve);
    throw new Error('no list');
  }
  const told: string[] = [];
  const ended = rejection(
    (async () => {
      const run = send(server.port, paths(), { retry: { times: 1 }, maxOperationsInvoked: 1 });
      for await (const outcome of run) told.push(inShort(outcome));
    })(),
  );
  assert.equal((await inTime(ended, 'the end')).message, 'no list');
  assert.deepEqual(told, ['stored 1.1 0 (1)', 'stored 1.2 0 (1)']);
});

test('what `answered` throws ends the run, and leaves the outcome as it was', async () => {
  await using folder = await temporaryFolder();
  await using server = await flakyServer(() => 0);
  const answered = () => {
    throw new Error('no room');
  };
  const told: string[] = [];
  const run = send(server.port, await instances(folder, ['1.1', '1.2']), { answered, maxOperationsInvoked: 1 });
  const ended = rejection(
    (async () => {
      for await (const outcome of run) told.push(inShort(outcome));
    })(),
  );
  assert.equal((await ended).message, 'no room');
  assert.equal(told[0], 'stored 1.1 0 (1)');
  assert.ok(told.every((outcome) => outcome.startsWith('stored')));
});

test('a delay of nothing is none that is over at once for ever', () => {
  for (const number of [1, 2, 1025, 10_000]) {
    const delay = retryDelayMs(number, { times: Infinity, initialDelayMs: 0 });
    assert.ok(delay >= 10 && delay <= 60_000, `${delay}`);
  }
});

test('further associations are opened when more files come than those there are take', async () => {
  await using folder = await temporaryFolder();
  const { services, asked, hold } = holding();
  await using server = await startServer({ services });
  const { paths, give, end } = givenPaths();
  const names = await instances(folder, ['1.1', '1.2', '1.3', '1.4', '1.5', '1.6', '1.7', '1.8', '1.9']);
  const run = outcomes(send(server.port, paths, { associations: 3, maxOperationsInvoked: 1 }));
  for (const [index, name] of names.entries()) {
    give(name);
    if (index === 0) await asked.next();
  }
  for (let other = 0; other < 2; other++) await inTime(asked.next(), 'a request over another association');
  hold.resolve();
  end();
  assert.equal((await run).length, names.length);
  assert.equal(server.traces.seen.filter(({ event }) => event.type === 'associate-ac').length, 3);
});
