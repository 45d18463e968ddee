/** storeFiles with several requests unanswered, over several associations: the same outcomes, each once, whatever happens. */
import assert from 'node:assert/strict';
import { truncateSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { deferred } from '../../src/base/deferred.js';
import {
  AssociationAborted,
  type ServeOptions,
  StatusError,
  type StoreEvent,
  type StoreFilesOptions,
  type StoreInstance,
  type StoreOutcome,
  storageProvider,
  storeFiles,
} from '../../src/index.js';
import { writeBigInstance, writeInstance } from '../support/loopback-files.js';
import { acFor, command, echoRsp, RawAcceptor, RawPeer, storeRsp } from '../support/loopback-peer.js';
import { startServer, type TemporaryFolder, type TestServer, temporaryFolder } from '../support/loopback-server.js';
import { CT_IMAGE, MR_IMAGE } from '../support/sample-instance.js';

async function collect(run: AsyncIterable<StoreOutcome>, all: StoreOutcome[]): Promise<StoreOutcome[]> {
  for await (const outcome of run) all.push(outcome);
  return all;
}

function outcomes(
  port: number,
  paths: readonly string[],
  options: Partial<StoreFilesOptions>,
  all: StoreOutcome[] = [],
): Promise<StoreOutcome[]> {
  const run = storeFiles(paths, { host: '127.0.0.1', port, acseTimeoutMs: 5_000, ...options });
  const running = collect(run, all);
  // A test that fails before it waits for the run is to say why, and not what its end does to the run.
  running.catch(() => undefined);
  return running;
}

function inShort(outcome: StoreOutcome): string {
  return `${outcome.type} ${'path' in outcome ? basename(outcome.path) : ''}`;
}

function instances(folder: TemporaryFolder, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => `${index}`.padStart(3, '0'));
  return Promise.all(names.map((name) => writeInstance(folder.path, name, { sopClassUid: CT_IMAGE })));
}

interface Meeting {
  readonly store: StoreInstance;
  /** Most instances that were stored at a time. */
  readonly most: () => number;
}

/** A sink in which the first `count` instances wait for one another: without so many at a time none would be stored. */
function meetingOf(count: number): Meeting {
  const met = deferred();
  let present = 0;
  let most = 0;
  const store: StoreInstance = async ({ part10, signal }) => {
    for await (const _ of part10);
    most = Math.max(most, ++present);
    if (present >= count) met.resolve();
    signal.addEventListener('abort', () => met.resolve());
    await met.promise;
    present--;
  };
  return { store, most: () => most };
}

function serverOf(store: StoreInstance, options: Partial<ServeOptions> = {}): Promise<TestServer> {
  return startServer({ services: [storageProvider({ store })], ...options });
}

/** The windows that were proposed, one for each association: `invoked/performed`. */
function windows({ traces }: TestServer): readonly string[] {
  return traces.seen.flatMap(({ event }) => {
    if (event.type !== 'associate-rq') return [];
    const window = event.pdu.userInformation.asynchronousOperationsWindow;
    return [window === undefined ? 'none' : `${window.maximumInvoked}/${window.maximumPerformed}`];
  });
}

test('as many requests are unanswered at a time as were granted, and outcomes come in the order of the paths', async () => {
  await using folder = await temporaryFolder();
  const paths = await instances(folder, 20);
  const { store, most } = meetingOf(4);
  await using acceptor = await serverOf(store, { maxOperationsPerformed: 4 });
  const all = await outcomes(acceptor.port, paths, { maxOperationsInvoked: 16 });
  assert.deepEqual(
    all.map(inShort),
    paths.map((path) => `stored ${basename(path)}`),
  );
  assert.equal(most(), 4);
  assert.deepEqual(windows(acceptor), ['16/1']);
});

test('a window is proposed for more than one request only, and not when it is off', async () => {
  await using folder = await temporaryFolder();
  const [one = '', two = ''] = await instances(folder, 2);
  await using acceptor = await serverOf(meetingOf(1).store, { maxOperationsPerformed: 4 });
  await outcomes(acceptor.port, [one], { maxOperationsInvoked: 16 });
  await outcomes(acceptor.port, [one], { maxOperationsInvoked: 16, repeat: 2 });
  await outcomes(acceptor.port, [one, two], { maxOperationsInvoked: 1 });
  await outcomes(acceptor.port, [one, two], {});
  await outcomes(acceptor.port, [one, two], { maxOperationsInvoked: 2 });
  assert.deepEqual(windows(acceptor), ['none', '16/1', 'none', 'none', '2/1']);
});

test('several associations share the files, each of which is stored once', async () => {
  await using folder = await temporaryFolder();
  const paths = await instances(folder, 30);
  const { store, most } = meetingOf(3);
  await using acceptor = await serverOf(store);
  const all = await outcomes(acceptor.port, paths, { associations: 3 });
  assert.deepEqual(
    all.map(inShort).toSorted(),
    paths.map((path) => `stored ${basename(path)}`),
  );
  assert.equal(most(), 3);
  assert.equal(windows(acceptor).length, 3);
});

test('there are no more associations than files', async () => {
  await using folder = await temporaryFolder();
  const paths = await instances(folder, 2);
  await using acceptor = await serverOf(meetingOf(1).store);
  assert.equal((await outcomes(acceptor.port, paths, { associations: 8 })).length, 2);
  assert.equal(windows(acceptor).length, 2);
});

test('a peer that takes fewer associations gets all files over those', async () => {
  await using folder = await temporaryFolder();
  const paths = await instances(folder, 30);
  await using acceptor = await serverOf(meetingOf(2).store, { maxAssociations: 2 });
  const missing: string[] = [];
  const report = (event: StoreEvent): void => {
    if (event.type === 'association-missing') missing.push(event.error.message);
  };
  const all = await outcomes(acceptor.port, paths, { associations: 4, report });
  assert.equal(all.filter(({ type }) => type === 'stored').length, 30);
  assert.equal(missing.length, 2);
  for (const message of missing) assert.match(message, /local limit exceeded/);
});

test('with haltOnFailure nothing is begun after a failure, on none of the associations', async () => {
  await using folder = await temporaryFolder();
  const paths = await instances(folder, 200);
  const told = deferred();
  let stored = 0;
  const store: StoreInstance = async ({ part10 }) => {
    for await (const _ of part10);
    const turn = ++stored;
    if (turn === 5) throw new StatusError(0xa700, 'full');
    // What the other associations have begun by then ends when the failure is known.
    if (turn > 5) await told.promise;
  };
  await using acceptor = await serverOf(store, { maxOperationsPerformed: 16 });
  const options = { associations: 3, maxOperationsInvoked: 16, haltOnFailure: true };
  const all: StoreOutcome[] = [];
  for await (const outcome of storeFiles(paths, { host: '127.0.0.1', port: acceptor.port, ...options })) {
    all.push(outcome);
    if (outcome.type === 'refused') told.resolve();
  }
  assert.equal(all.filter(({ type }) => type === 'refused').length, 1);
  assert.equal(all.length, stored, 'each that was sent has its outcome');
  assert.ok(stored <= 5 + 2, `${stored} were sent`);
});

/** Makes a file shorter while it is being sent, which costs the association, once an answer to another has arrived. */
async function breakOnTheWay(path: string, peer: RawPeer, told: readonly StoreOutcome[]): Promise<void> {
  const before = peer.bytesReceived;
  peer.socket.on('data', () => {
    if (told.length > 0 && peer.bytesReceived > before + 1_000_000) truncateSync(path, 2_000_000);
  });
  assert.equal(await peer.abort(), '0/0');
}

/** Answers so many C-STOREs, then the release. */
/** Answers C-STORE-RQs, and nothing else, to the release. @returns how many there were */
async function takeAll(peer: RawPeer): Promise<number> {
  for (let answered = 0; ; answered++) {
    const arrival = await peer.next();
    if (arrival.type === 'A-RELEASE-RQ') {
      peer.send({ type: 'A-RELEASE-RP' });
      return answered;
    }
    assert.ok(arrival.type === 'message' && arrival.message.type === 'C-STORE-RQ', `came ${JSON.stringify(arrival)}`);
    peer.send(command(storeRsp(arrival.message.messageId), arrival.presentationContextId));
  }
}

test('files whose association another file has cost are sent once more, and have one outcome', async () => {
  await using folder = await temporaryFolder();
  const [first = '', second = '', third = ''] = await instances(folder, 3);
  const big = await writeBigInstance(folder.path, 'big', 256 * 1024 * 1024);
  await using acceptor = await RawAcceptor.listen();
  const told: StoreOutcome[] = [];
  const options = { proposeOwn: true, maxOperationsInvoked: 8 };
  const running = outcomes(acceptor.port, [first, second, big, third], options, told);
  const peer = await acceptor.next();
  await peer.accept({ window: { maximumInvoked: 8, maximumPerformed: 1 } });
  const { message, presentationContextId } = await peer.message('C-STORE-RQ');
  peer.send(command(storeRsp(message.messageId), presentationContextId));
  await peer.message('C-STORE-RQ');
  await breakOnTheWay(big, peer, told);

  const again = await acceptor.next();
  await again.accept();
  assert.equal(await takeAll(again), 2);
  const ended = (await running).map(inShort);
  assert.deepEqual(ended, ['stored 000', 'not-sent big', 'stored 001', 'stored 002']);
});

test('when an association is lost, what was answered is told, what was not, and that it is lost', async () => {
  await using folder = await temporaryFolder();
  const paths = await instances(folder, 6);
  await using acceptor = await RawAcceptor.listen();
  const told: StoreOutcome[] = [];
  const running = outcomes(acceptor.port, paths, { maxOperationsInvoked: 3 }, told);
  const peer = await acceptor.next();
  await peer.accept({ window: { maximumInvoked: 3, maximumPerformed: 1 } });
  const requests = [];
  for (let count = 0; count < 3; count++) requests.push(await peer.message('C-STORE-RQ'));
  // Not in their order: the second is answered, the first and the third never are.
  const [, answered] = requests;
  peer.send(command(storeRsp(answered?.message.messageId ?? 0), answered?.presentationContextId ?? 0));
  await peer.message('C-STORE-RQ');
  peer.end();
  await assert.rejects(running, AssociationAborted);
  assert.deepEqual(told.map(inShort), ['unanswered 000', 'stored 001', 'unanswered 002', 'unanswered 003']);
});

test('what an association that is lost had opened ahead goes over the others', async () => {
  await using folder = await temporaryFolder();
  const paths = await instances(folder, 8);
  await using acceptor = await RawAcceptor.listen();
  const told: StoreOutcome[] = [];
  const running = outcomes(acceptor.port, paths, { associations: 2 }, told);
  const lost = await acceptor.next();
  await lost.accept({});
  const other = await acceptor.next();
  await other.accept({});
  await lost.message('C-STORE-RQ');
  let answered = 0;
  const answer = async (): Promise<void> => {
    const { message, presentationContextId } = await other.message('C-STORE-RQ');
    other.send(command(storeRsp(message.messageId), presentationContextId));
    answered++;
  };
  await answer();
  lost.end();
  // All but the one that nobody has answered, the one behind it included.
  while (answered < paths.length - 1) await answer();
  await other.expect('A-RELEASE-RQ');
  other.send({ type: 'A-RELEASE-RP' });
  await assert.rejects(running, AssociationAborted);
  const kinds = told.map(({ type }) => type).toSorted();
  assert.deepEqual(kinds, [...Array<string>(paths.length - 1).fill('stored'), 'unanswered']);
});

test('with repeat, each request that another file has cost its answer is sent once more, and no other', async () => {
  await using folder = await temporaryFolder();
  const [first = '', last = ''] = await instances(folder, 2);
  const big = await writeBigInstance(folder.path, 'big', 256 * 1024 * 1024);
  await using acceptor = await RawAcceptor.listen();
  const options = { proposeOwn: true, maxOperationsInvoked: 8, repeat: 3 };
  const told: StoreOutcome[] = [];
  const running = outcomes(acceptor.port, [first, big, last], options, told);
  const peer = await acceptor.next();
  await peer.accept({ window: { maximumInvoked: 8, maximumPerformed: 1 } });
  const { message, presentationContextId } = await peer.message('C-STORE-RQ');
  peer.send(command(storeRsp(message.messageId), presentationContextId));
  for (let count = 0; count < 2; count++) await peer.message('C-STORE-RQ');
  await breakOnTheWay(big, peer, told);

  const again = await acceptor.next();
  await again.accept();
  // Two of the first, which were on their way, and three of the last.
  assert.equal(await takeAll(again), 5);
  const counts = new Map<string, number>();
  for (const what of (await running).map(inShort)) counts.set(what, (counts.get(what) ?? 0) + 1);
  assert.deepEqual(Object.fromEntries(counts), { 'stored 000': 3, 'not-sent big': 3, 'stored 001': 3 });
});

test('verify is for the first association alone, and the others are opened when it is done', async () => {
  await using folder = await temporaryFolder();
  await using acceptor = await RawAcceptor.listen();
  const running = outcomes(acceptor.port, await instances(folder, 12), { associations: 2, verify: true, repeat: 2 });
  const peer = await acceptor.next();
  await peer.accept();
  for (let echo = 1; echo <= 2; echo++) {
    const { message, presentationContextId } = await peer.message('C-ECHO-RQ');
    // Who has called before this one would be here before it.
    await using _ours = await RawPeer.connect(acceptor.port);
    await acceptor.next();
    assert.equal(acceptor.connections.length, 1 + echo);
    peer.send(command(echoRsp(message.messageId), presentationContextId));
  }
  const second = await acceptor.next();
  await second.accept();
  const taken = await Promise.all([takeAll(peer), takeAll(second)]);
  assert.equal(taken[0] + taken[1], 24);
  const types = (await running).map(({ type }) => type);
  assert.deepEqual(types.slice(0, 3), ['verified', 'verified', 'stored']);
  assert.equal(types.length, 26);
});

test('an association on which the peer takes less than on the first is not used', async () => {
  await using folder = await temporaryFolder();
  const paths = await instances(folder, 12);
  const other = await writeInstance(folder.path, 'mr', { sopClassUid: MR_IMAGE });
  await using acceptor = await RawAcceptor.listen();
  const missing: string[] = [];
  const report = (event: StoreEvent): void => {
    if (event.type === 'association-missing') missing.push(event.error.message);
  };
  const running = outcomes(acceptor.port, [...paths, other], { associations: 2, report });
  const peer = await acceptor.next();
  await peer.accept();
  const second = await acceptor.next();
  const request = await second.expect('A-ASSOCIATE-RQ');
  const results = request.presentationContexts.map(({ id, transferSyntaxes: [transferSyntax = ''] }, index) => ({
    id,
    result: index === 0 ? (0 as const) : (3 as const),
    transferSyntax,
  }));
  second.send(acFor(request, { results }));
  await second.expect('A-RELEASE-RQ');
  second.send({ type: 'A-RELEASE-RP' });
  assert.equal(await takeAll(peer), 13);
  assert.equal((await running).filter(({ type }) => type === 'stored').length, 13);
  assert.deepEqual(missing, ['the peer accepts less on a further association']);
});
