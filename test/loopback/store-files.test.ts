/** storeFiles: one outcome per request, in order, over as many associations as it takes, and what it does when one is lost. */
import assert from 'node:assert/strict';
import { truncateSync, unlinkSync } from 'node:fs';
import { link, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import {
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  transferSyntax,
} from '../../src/dataset/transfer-syntax.js';
import {
  AssociationAborted,
  AssociationRejected,
  describeStatus,
  discardSink,
  FileError,
  inspectInstance,
  NoPresentationContext,
  StatusError,
  type StoreEvent,
  type StoreFilesOptions,
  type StoreInstance,
  type StoreOutcome,
  storageProvider,
  storeFiles,
  storeInstance,
  TransportError,
  UsageError,
  verificationProvider,
} from '../../src/index.js';
import { textOf } from '../support/data-set.js';
import { writeBigInstance, writeInstance } from '../support/loopback-files.js';
import { Inbox } from '../support/loopback-inbox.js';
import {
  CT,
  command,
  EXPLICIT,
  echoRsp,
  IMPLICIT,
  RawAcceptor,
  type RawPeer,
  storeRsp,
} from '../support/loopback-peer.js';
import {
  associate,
  rejection,
  startServer,
  type TemporaryFolder,
  type TestServer,
  temporaryFolder,
  traced,
} from '../support/loopback-server.js';
import { warningsDuring } from '../support/process-warnings.js';
import { CT_IMAGE, MR_IMAGE, readPart10, SECONDARY_CAPTURE } from '../support/sample-instance.js';

const JPEG = transferSyntax('1.2.840.10008.1.2.4.50');
assert.ok(JPEG);

type Options = Partial<StoreFilesOptions>;

function send(port: number, paths: readonly string[], options: Options = {}): AsyncGenerator<StoreOutcome, void, void> {
  return storeFiles(paths, { host: '127.0.0.1', port, acseTimeoutMs: 5_000, ...options });
}

async function outcomes(port: number, paths: readonly string[], options: Options = {}): Promise<StoreOutcome[]> {
  const all: StoreOutcome[] = [];
  for await (const outcome of send(port, paths, options)) all.push(outcome);
  return all;
}

/** `stored a.dcm 0000`. */
function inShort(outcome: StoreOutcome): string {
  const status = 'status' in outcome ? ` ${outcome.status.code.toString(16).padStart(4, '0')}` : '';
  return `${outcome.type}${'path' in outcome ? ` ${basename(outcome.path)}` : ''}${status}`;
}

interface KeepingServer extends TestServer {
  /** The files it was sent. */
  readonly files: Buffer[];
}

/** Keeps what it is sent; `answer` may throw instead. */
async function keepingServer(
  options: { readonly transferSyntaxes?: readonly string[]; answer?(count: number): void } = {},
): Promise<KeepingServer> {
  const files: Buffer[] = [];
  const store: StoreInstance = async ({ part10 }) => {
    const pieces: Buffer[] = [];
    for await (const batch of part10) pieces.push(...batch.map((view) => Buffer.from(view)));
    files.push(Buffer.concat(pieces));
    options.answer?.(files.length);
  };
  const { transferSyntaxes } = options;
  const services = [verificationProvider(), storageProvider({ store, promiscuous: true, transferSyntaxes })];
  return { ...(await startServer({ services })), files };
}

function associations({ traces }: TestServer): number {
  return traces.seen.filter(({ event }) => event.type === 'associate-ac').length;
}

test('files are sent in the order given over one association, and each has its outcome', async () => {
  await using folder = await temporaryFolder();
  const paths = [
    await writeInstance(folder.path, 'c.dcm', { sopClassUid: CT_IMAGE }),
    await writeInstance(folder.path, 'a.dcm', { sopClassUid: MR_IMAGE }),
    await writeInstance(folder.path, 'b.dcm', { sopClassUid: CT_IMAGE }),
  ];
  await using acceptor = await keepingServer();
  const events: StoreEvent[] = [];
  const all = await outcomes(acceptor.port, paths, { report: (event) => events.push(event) });
  assert.deepEqual(all.map(inShort), ['stored c.dcm 0000', 'stored a.dcm 0000', 'stored b.dcm 0000']);
  assert.deepEqual(
    events.map((event) => (event.type === 'sending' ? basename(event.instance.path) : event.type)),
    ['c.dcm', 'a.dcm', 'b.dcm'],
  );
  assert.equal(associations(acceptor), 1);
  const [first] = all;
  assert.ok(first?.type === 'stored');
  assert.equal(first.instance.sopClassUid, CT_IMAGE);
  assert.equal(first.response.type, 'C-STORE-RSP');
  assert.equal(await traced(acceptor.traces, 'released').then(({ type }) => type), 'released');
});

test('a data set arrives as it was, converted where the peer wants another transfer syntax', async () => {
  await using folder = await temporaryFolder();
  const syntaxes = [IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN];
  for (const accepted of syntaxes) {
    await using acceptor = await keepingServer({ transferSyntaxes: [accepted.uid] });
    for (const own of syntaxes) {
      const path = await writeInstance(folder.path, 'file.dcm', { syntax: own });
      const options = { transferSyntaxes: [accepted.uid] };
      assert.deepEqual((await outcomes(acceptor.port, [path], options)).map(inShort), ['stored file.dcm 0000']);
      const sent = readPart10(await readFile(path));
      const stored = readPart10(acceptor.files.pop() ?? Buffer.alloc(0));
      assert.equal(stored.syntax, accepted);
      assert.deepEqual(stored.dataSet, sent.dataSet);
      assert.equal(stored.meta?.mediaStorageSopInstanceUid, textOf(sent.dataSet, 0x00080018));
      assert.equal(stored.meta?.sourceApplicationEntityTitle, 'NETDICOM');
    }
  }
});

test('with proposeOwn and for compressed files the bytes go out as they are', async () => {
  await using folder = await temporaryFolder();
  await using acceptor = await keepingServer();
  for (const syntax of [EXPLICIT_VR_BIG_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, JPEG]) {
    const path = await writeInstance(folder.path, 'file.dcm', { syntax });
    const sent = readPart10(await readFile(path));
    await outcomes(acceptor.port, [path], { proposeOwn: syntax !== JPEG });
    const stored = acceptor.files.pop();
    assert.ok(stored);
    assert.equal(readPart10(stored).syntax, syntax);
    assert.equal(readPart10(stored).bytes.equals(sent.bytes), true);
  }
});

test('what cannot be read: an outcome if it was named, an event if it was found', async () => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, 'in', 'deeper'), { recursive: true });
  const within = join(folder.path, 'in');
  await writeInstance(within, '1.dcm');
  await writeFile(join(within, '2.txt'), 'no DICOM file at all, whatever its length may be'.repeat(10));
  await writeInstance(within, '3.dcm');
  await writeInstance(join(within, 'deeper'), '4.dcm');
  await writeInstance(within, 'DICOMDIR', { sopClassUid: '1.2.840.10008.1.3.10' });
  await symlink(join(within, '1.dcm'), join(within, '5.dcm'));
  await symlink(within, join(within, 'loop'));
  await symlink(join(folder.path, 'nowhere'), join(within, 'broken'));
  await using acceptor = await keepingServer();
  const events: string[] = [];
  const report = (event: StoreEvent): void => {
    if (event.type === 'skipped') events.push(basename(event.path));
  };
  const named = [join(folder.path, 'missing.dcm'), join(within, '2.txt'), join(within, 'DICOMDIR'), within];
  assert.deepEqual((await outcomes(acceptor.port, named, { report })).map(inShort), [
    'not-sent missing.dcm',
    'not-sent 2.txt',
    'not-sent DICOMDIR',
    'stored 1.dcm 0000',
    'stored 3.dcm 0000',
    'stored 5.dcm 0000',
    'not-sent broken',
  ]);
  assert.deepEqual(events, ['2.txt', 'DICOMDIR']);
  assert.deepEqual((await outcomes(acceptor.port, [within], { recurse: true })).map(inShort), [
    'stored 1.dcm 0000',
    'stored 3.dcm 0000',
    'stored 5.dcm 0000',
    'not-sent broken',
    'stored 4.dcm 0000',
  ]);
  const [missing] = await outcomes(acceptor.port, [join(folder.path, 'missing.dcm')]);
  assert.ok(missing?.type === 'not-sent' && missing.error instanceof FileError);
  assert.match(missing.error.message, /^Cannot read input file .*missing\.dcm: no such file or directory$/);
});

test('without a file to send there is no association', async () => {
  await using folder = await temporaryFolder();
  await using acceptor = await RawAcceptor.listen();
  assert.deepEqual(await outcomes(acceptor.port, []), []);
  assert.deepEqual(await outcomes(acceptor.port, [folder.path]), []);
  assert.deepEqual((await outcomes(acceptor.port, [join(folder.path, 'x')])).map(inShort), ['not-sent x']);
  assert.equal(acceptor.connections.length, 0);
});

test('a file whose meta information disagrees is sent as its data set says, with a warning', async () => {
  await using folder = await temporaryFolder();
  const path = await writeInstance(folder.path, 'odd.dcm', { sopInstanceUid: '1.2.3.4' });
  const bytes = await readFile(path);
  bytes.write('9', bytes.indexOf('1.2.3.4'), 'latin1');
  await writeFile(path, bytes);
  await using acceptor = await keepingServer();
  const warnings: string[] = [];
  const report = (event: StoreEvent): void => {
    if (event.type === 'warning') warnings.push(event.message);
  };
  const [outcome] = await outcomes(acceptor.port, [path], { report });
  assert.ok(outcome?.type === 'stored');
  assert.equal(outcome.instance.sopInstanceUid, '1.2.3.4');
  assert.deepEqual(warnings.length, 1);
  assert.match(warnings[0] ?? '', /9\.2\.3\.4 in the file meta information, 1\.2\.3\.4 in the data set/);
});

test('verify comes first; repeat repeats each request; 0 only associates', async () => {
  await using folder = await temporaryFolder();
  const paths = [await writeInstance(folder.path, 'a'), await writeInstance(folder.path, 'b')];
  await using acceptor = await keepingServer();
  assert.deepEqual((await outcomes(acceptor.port, paths, { verify: true, repeat: 2 })).map(inShort), [
    'verified 0000',
    'verified 0000',
    'stored a 0000',
    'stored a 0000',
    'stored b 0000',
    'stored b 0000',
  ]);
  assert.equal(associations(acceptor), 1);
  assert.deepEqual((await outcomes(acceptor.port, [], { verify: true })).map(inShort), ['verified 0000']);
  assert.deepEqual(await outcomes(acceptor.port, paths, { verify: true, repeat: 0 }), []);
  assert.equal(associations(acceptor), 3);
});

test('a peer that does not take Verification is told as such, and gets the files', async () => {
  await using folder = await temporaryFolder();
  const paths = [await writeInstance(folder.path, 'a')];
  await using acceptor = await startServer({ services: [storageProvider({ store: discardSink })] });
  const all = await outcomes(acceptor.port, paths, { verify: true, repeat: 2 });
  assert.deepEqual(all.map(inShort), ['not-verified', 'stored a 0000', 'stored a 0000']);
  const [first] = all;
  assert.ok(first?.type === 'not-verified' && first.error instanceof NoPresentationContext);
  const halted = await outcomes(acceptor.port, paths, { verify: true, haltOnFailure: true });
  assert.deepEqual(halted.map(inShort), ['not-verified']);
});

const STATUSES = [
  { code: 0x0000, type: 'stored' },
  { code: 0x0001, type: 'stored' },
  { code: 0xb000, type: 'stored' },
  { code: 0xb006, type: 'stored' },
  { code: 0xb007, type: 'stored' },
  { code: 0x0110, type: 'refused' },
  { code: 0x0122, type: 'refused' },
  { code: 0xa700, type: 'refused' },
  { code: 0xa9ff, type: 'refused' },
  { code: 0xc123, type: 'refused' },
  { code: 0xfe00, type: 'refused' },
  { code: 0xff00, type: 'refused' },
  { code: 0x4711, type: 'refused' },
];

test('every status is an outcome, and a failure does not keep the rest', async () => {
  await using folder = await temporaryFolder();
  const paths = await Promise.all(STATUSES.map(({ code }) => writeInstance(folder.path, code.toString(16))));
  await using acceptor = await keepingServer({
    answer(count) {
      const code = STATUSES[count - 1]?.code ?? 0;
      if (code !== 0) throw new StatusError(code, 'because');
    },
  });
  const all = await outcomes(acceptor.port, paths);
  assert.deepEqual(
    all.map((outcome) => outcome.type),
    STATUSES.map(({ type }) => type),
  );
  for (const [index, { code }] of STATUSES.entries()) {
    const outcome = all[index];
    assert.ok(outcome?.type === 'stored' || outcome?.type === 'refused');
    assert.deepEqual(outcome.status, describeStatus(code));
    assert.equal(outcome.response.errorComment, code === 0 ? undefined : 'because');
  }
  assert.equal(associations(acceptor), 1);
});

test('haltOnFailure stops after the first file that was not stored, and the association is released', async () => {
  await using folder = await temporaryFolder();
  const paths = await Promise.all(['a', 'b', 'c'].map((name) => writeInstance(folder.path, name)));
  await using acceptor = await keepingServer({
    answer(count) {
      if (count === 2) throw new StatusError(0xa700, 'full');
    },
  });
  const halting = { haltOnFailure: true };
  assert.deepEqual((await outcomes(acceptor.port, paths, halting)).map(inShort), ['stored a 0000', 'refused b a700']);
  await traced(acceptor.traces, 'released');
  assert.deepEqual((await outcomes(acceptor.port, [join(folder.path, 'x'), ...paths], halting)).map(inShort), [
    'not-sent x',
  ]);
  assert.deepEqual(
    (await outcomes(acceptor.port, paths, { ...halting, repeat: 2 })).map(inShort).slice(0, 3),
    ['stored a 0000', 'stored a 0000', 'stored b 0000'],
    'a warning or a success does not halt',
  );
});

test('endWith abort aborts after the last response, which is no error', async () => {
  await using folder = await temporaryFolder();
  const paths = [await writeInstance(folder.path, 'a')];
  await using acceptor = await keepingServer();
  assert.deepEqual((await outcomes(acceptor.port, paths, { endWith: 'abort' })).map(inShort), ['stored a 0000']);
  const { by, error } = await traced(acceptor.traces, 'aborted');
  assert.equal(by, 'peer');
  assert.ok(error instanceof AssociationAborted);
  assert.deepEqual([error.source, error.reason], [0, 0]);
});

test('more than 128 presentation contexts take further associations, each with its files', async () => {
  await using folder = await temporaryFolder();
  const names = Array.from({ length: 300 }, (_, index) => String(index).padStart(3, '0'));
  for (const name of names)
    await writeInstance(folder.path, name, { sopClassUid: `1.2.840.99999.${Number(name) + 1}` });
  await using acceptor = await keepingServer();
  const all = await outcomes(acceptor.port, [folder.path]);
  assert.deepEqual(
    all.map(inShort),
    names.map((name) => `stored ${name} 0000`),
  );
  const proposed = acceptor.traces.seen.flatMap(({ event }) =>
    event.type === 'associate-rq' ? [event.pdu.presentationContexts.length] : [],
  );
  assert.deepEqual(proposed, [128, 128, 44]);
});

test('a file without an accepted context is not sent, which is told at once, and the others are', async () => {
  await using folder = await temporaryFolder();
  const paths = [
    await writeInstance(folder.path, 'a', { sopClassUid: CT_IMAGE }),
    await writeInstance(folder.path, 'b', { sopClassUid: '1.2.840.99999.1' }),
    await writeInstance(folder.path, 'c', { sopClassUid: CT_IMAGE }),
  ];
  await using acceptor = await startServer();
  const all = await outcomes(acceptor.port, paths);
  assert.deepEqual(all.map(inShort), ['not-sent b', 'stored a 0000', 'stored c 0000']);
  const [refused] = all;
  assert.ok(refused?.type === 'not-sent' && refused.error instanceof NoPresentationContext);
  assert.equal(refused.error.sopClassUid, '1.2.840.99999.1');
  assert.match(refused.error.message, /^No accepted presentation context for .*b \(1\.2\.840\.99999\.1, Explicit VR/);
});

test('when the peer accepts nothing at all, the association is aborted and the run ends with an error', async () => {
  await using folder = await temporaryFolder();
  const paths = [
    await writeInstance(folder.path, 'a', { sopClassUid: '1.2.3.4' }),
    await writeInstance(folder.path, 'b', { sopClassUid: '1.2.3.5' }),
  ];
  await using acceptor = await startServer();
  const error = await rejection(outcomes(acceptor.port, paths));
  assert.ok(error instanceof NoPresentationContext);
  assert.equal(error.sopClassUid, undefined);
  assert.equal((await traced(acceptor.traces, 'aborted')).by, 'peer');
});

/** 130 files of as many SOP classes: two associations. */
async function twoAssociations(folder: TemporaryFolder): Promise<readonly string[]> {
  const names = Array.from({ length: 130 }, (_, index) => String(index).padStart(3, '0'));
  for (const name of names) await writeInstance(folder.path, name, { sopClassUid: `1.2.840.99999.${Number(name)}` });
  return names;
}

/** Accepts nothing of what is proposed, and is aborted for it. */
async function refuseAll(peer: RawPeer): Promise<void> {
  await peer.accept({ results: [1, 3].map((id) => ({ id, result: 3, transferSyntax: IMPLICIT })) });
  assert.equal(await peer.abort(), '0/0');
}

async function takeAll(peer: RawPeer, count: number): Promise<void> {
  await answerStores(peer, count);
  await peer.expect('A-RELEASE-RQ');
  peer.send({ type: 'A-RELEASE-RP' });
}

test('an association that accepts nothing costs its files only, be it the last or the first', async () => {
  await using folder = await temporaryFolder();
  const names = await twoAssociations(folder);
  await using acceptor = await RawAcceptor.listen();
  const first = outcomes(acceptor.port, [folder.path]);
  await takeAll(await acceptor.next(), 128);
  await refuseAll(await acceptor.next());
  assert.deepEqual((await first).slice(127).map(inShort), ['stored 127 0000', 'not-sent 128', 'not-sent 129']);

  const second = outcomes(acceptor.port, [folder.path]);
  await refuseAll(await acceptor.next());
  await takeAll(await acceptor.next(), 2);
  assert.deepEqual((await second).map(inShort), [
    ...names.slice(0, 128).map((name) => `not-sent ${name}`),
    'stored 128 0000',
    'stored 129 0000',
  ]);
  const [refused] = await second;
  assert.ok(refused?.type === 'not-sent');
  assert.match(refused.error.message, /^No accepted presentation context for .*000 \(/);
});

test('when no association accepts anything, that is the error of the whole; with haltOnFailure the first is enough', async () => {
  await using folder = await temporaryFolder();
  await twoAssociations(folder);
  await using acceptor = await RawAcceptor.listen();
  for (const haltOnFailure of [false, true]) {
    const running = rejection(outcomes(acceptor.port, [folder.path], { haltOnFailure }));
    await refuseAll(await acceptor.next());
    if (!haltOnFailure) await refuseAll(await acceptor.next());
    assert.ok((await running) instanceof NoPresentationContext);
  }
  assert.equal(acceptor.connections.length, 3);
  const pinging = rejection(outcomes(acceptor.port, [], { verify: true }));
  await refuseAll(await acceptor.next());
  assert.ok((await pinging) instanceof NoPresentationContext);
});

test('a peer that rejects or cannot be reached ends the run with that error', async () => {
  await using folder = await temporaryFolder();
  const paths = [await writeInstance(folder.path, 'a')];
  await using acceptor = await startServer({ checkCalledAeTitle: true });
  assert.ok((await rejection(outcomes(acceptor.port, paths))) instanceof AssociationRejected);
  const { port } = acceptor;
  await acceptor.server.close({ graceMs: 0 });
  assert.ok((await rejection(outcomes(port, paths))) instanceof TransportError);
});

/** Takes stores from our requestor and answers `count` of them, then does `then`. */
async function answerStores(
  peer: RawPeer,
  count: number,
  then?: (peer: RawPeer) => void | Promise<void>,
): Promise<void> {
  await peer.accept();
  for (let index = 0; index < count; index++) {
    const { message, presentationContextId } = await peer.message('C-STORE-RQ');
    peer.send(command(storeRsp(message.messageId), presentationContextId));
  }
  await then?.(peer);
}

for (const [what, lose] of [
  ['aborts', (peer: RawPeer) => peer.send({ type: 'A-ABORT', source: 2, reason: 0 })],
  ['hangs up', (peer: RawPeer) => peer.end()],
] as const)
  test(`a peer that ${what} in the middle ends the run with an error; earlier outcomes stay true`, async () => {
    await using folder = await temporaryFolder();
    const paths = await Promise.all(['a', 'b', 'c', 'd'].map((name) => writeInstance(folder.path, name)));
    await using acceptor = await RawAcceptor.listen();
    const seen: string[] = [];
    const running = rejection(
      (async () => {
        for await (const outcome of send(acceptor.port, paths)) seen.push(inShort(outcome));
      })(),
    );
    const peer = await acceptor.next();
    await answerStores(peer, 2);
    await peer.message('C-STORE-RQ');
    lose(peer);
    assert.ok((await running) instanceof AssociationAborted);
    assert.deepEqual(seen, ['stored a 0000', 'stored b 0000', 'unanswered c']);
    assert.equal(acceptor.connections.length, 1);
  });

test('an association that is lost while nobody asks for the next outcome is an error too, not a reason to begin anew', async () => {
  await using folder = await temporaryFolder();
  const paths = await Promise.all(['a', 'b', 'c'].map((name) => writeInstance(folder.path, name)));
  await using acceptor = await RawAcceptor.listen();
  const lost = new Inbox<true>();
  const running = send(acceptor.port, paths, {
    repeat: 2,
    trace({ event }) {
      if (event.type === 'aborted') lost.push(true);
    },
  });
  const first = running.next();
  const peer = await acceptor.next();
  await answerStores(peer, 1);
  assert.equal(
    inShort((await first).value ?? { type: 'not-sent', path: '', error: new Error(), attempts: 1 }),
    'stored a 0000',
  );
  peer.send({ type: 'A-ABORT', source: 0, reason: 0 });
  await lost.next();
  const rest: string[] = [];
  const ending = rejection(
    (async () => {
      for await (const outcome of running) rest.push(inShort(outcome));
    })(),
  );
  assert.ok((await ending) instanceof AssociationAborted);
  assert.deepEqual(rest, ['unanswered a']);
  assert.equal(acceptor.connections.length, 1);
});

test('a peer that hangs up after the last response has lost nothing', async () => {
  await using folder = await temporaryFolder();
  const paths = [await writeInstance(folder.path, 'a')];
  await using acceptor = await RawAcceptor.listen();
  for (const then of [
    (peer: RawPeer) => peer.end(),
    (peer: RawPeer) => peer.send({ type: 'A-ABORT', source: 0, reason: 0 }),
    // Our own A-RELEASE-RQ may cross this one.
    async (peer: RawPeer) => {
      peer.send({ type: 'A-RELEASE-RQ' });
      const { type } = await peer.next();
      if (type === 'A-RELEASE-RQ') {
        // A collision: ours, as acceptor, is the second agreement (PS3.8 Sta12).
        await peer.expect('A-RELEASE-RP');
        peer.send({ type: 'A-RELEASE-RP' });
      } else assert.equal(type, 'A-RELEASE-RP');
      peer.end();
    },
  ]) {
    const running = outcomes(acceptor.port, paths);
    await answerStores(await acceptor.next(), 1, then);
    assert.deepEqual((await running).map(inShort), ['stored a 0000']);
  }
  const running = outcomes(acceptor.port, paths);
  const peer = await acceptor.next();
  await answerStores(peer, 1);
  await peer.expect('A-RELEASE-RQ');
  peer.end();
  assert.deepEqual((await running).map(inShort), ['stored a 0000']);
});

test('a peer that releases in the middle ends the run with an error', async () => {
  await using folder = await temporaryFolder();
  const paths = await Promise.all(['a', 'b'].map((name) => writeInstance(folder.path, name)));
  await using acceptor = await RawAcceptor.listen();
  const running = rejection(outcomes(acceptor.port, paths));
  const peer = await acceptor.next();
  await answerStores(peer, 1);
  await peer.message('C-STORE-RQ');
  peer.send({ type: 'A-RELEASE-RQ' });
  await peer.expect('A-RELEASE-RP');
  peer.end();
  const error = await running;
  assert.ok(error instanceof AssociationAborted);
  assert.equal(error.by, 'peer');
});

test('once the peer has released, no more files are looked into', async () => {
  await using folder = await temporaryFolder();
  const first = await writeInstance(folder.path, '0');
  for (let index = 1; index < 1000; index++) await link(first, join(folder.path, `${index}`));
  await using acceptor = await RawAcceptor.listen();
  let walked = 0;
  const accept = (): boolean => {
    walked++;
    return true;
  };
  const running = rejection(outcomes(acceptor.port, [folder.path], { accept }));
  const peer = await acceptor.next();
  await peer.accept({});
  await peer.message('C-STORE-RQ');
  peer.send({ type: 'A-RELEASE-RQ' });
  await peer.expect('A-RELEASE-RP');
  peer.end();
  assert.ok((await running) instanceof AssociationAborted);
  assert.ok(walked < 400, `${walked}`);
});

test('a file that breaks while it is sent costs its association; the rest goes over a new one', async () => {
  await using folder = await temporaryFolder();
  const paths = [
    await writeInstance(folder.path, 'a', { sopClassUid: CT }),
    await writeBigInstance(folder.path, 'big', 256 * 1024 * 1024),
    await writeInstance(folder.path, 'c', { sopClassUid: CT }),
  ];
  const big = paths[1] ?? '';
  await using acceptor = await RawAcceptor.listen();
  const running = outcomes(acceptor.port, paths, { proposeOwn: true, verify: true });
  const peer = await acceptor.next();
  await peer.accept();
  const echo = await peer.message('C-ECHO-RQ');
  peer.send(command(echoRsp(echo.message.messageId), echo.presentationContextId));
  const { message, presentationContextId } = await peer.message('C-STORE-RQ');
  const before = peer.bytesReceived;
  peer.socket.on('data', () => {
    if (peer.bytesReceived > before + 1_000_000) truncateSync(big, 2_000_000);
  });
  peer.send(command(storeRsp(message.messageId), presentationContextId));
  assert.equal(await peer.abort(), '0/0');

  const second = await acceptor.next();
  await second.accept();
  const { message: last, presentationContextId: context } = await second.message('C-STORE-RQ');
  second.send(command(storeRsp(last.messageId), context));
  await second.expect('A-RELEASE-RQ');
  second.send({ type: 'A-RELEASE-RP' });
  const all = await running;
  assert.deepEqual(all.map(inShort), ['verified 0000', 'stored a 0000', 'not-sent big', 'stored c 0000']);
  const broken = all[2];
  assert.ok(broken?.type === 'not-sent' && broken.error instanceof FileError);
  assert.match(broken.error.message, /it became shorter while it was sent/);
});

test('a file that has gone when its turn comes is not sent, and the association lives on', async () => {
  await using folder = await temporaryFolder();
  // Smaller ones are in memory by then.
  const paths = await Promise.all(['a', 'b', 'c', 'd'].map((name) => writeBigInstance(folder.path, name, 100_000)));
  await using acceptor = await keepingServer();
  const report = (event: StoreEvent): void => {
    if (event.type === 'sending' && event.instance.path === paths[0]) unlinkSync(paths[2] ?? '');
  };
  assert.deepEqual((await outcomes(acceptor.port, paths, { report })).map(inShort), [
    'stored a 0000',
    'stored b 0000',
    'not-sent c',
    'stored d 0000',
  ]);
  assert.equal(associations(acceptor), 1);
});

test('the association does not wait for a caller who is busy with the last outcome', async () => {
  await using folder = await temporaryFolder();
  await using acceptor = await keepingServer();
  const run = send(acceptor.port, [await writeInstance(folder.path, 'a')], { haltOnFailure: true });
  const { value } = await run.next();
  assert.ok(value && inShort(value) === 'stored a 0000');
  await traced(acceptor.traces, 'released');
  assert.equal((await run.next()).done, true);
});

test('leaving the loop early releases, after the one that is under way', async () => {
  await using folder = await temporaryFolder();
  const paths = await Promise.all(['a', 'b', 'c'].map((name) => writeInstance(folder.path, name)));
  await using acceptor = await keepingServer();
  for await (const outcome of send(acceptor.port, paths)) {
    assert.equal(inShort(outcome), 'stored a 0000');
    break;
  }
  await traced(acceptor.traces, 'released');
  assert.equal(acceptor.files.length, 2);
  await assert.rejects(
    (async () => {
      for await (const _ of send(acceptor.port, paths)) throw new RangeError('of the caller');
    })(),
    RangeError,
  );
  await traced(acceptor.traces, 'released');
});

test('an AbortSignal ends the run by A-ABORT, with its reason for the error', async () => {
  await using folder = await temporaryFolder();
  const paths = await Promise.all(['a', 'b'].map((name) => writeInstance(folder.path, name)));
  await using acceptor = await RawAcceptor.listen();
  const controller = new AbortController();
  const running = rejection(outcomes(acceptor.port, paths, { signal: controller.signal }));
  const peer = await acceptor.next();
  await answerStores(peer, 1);
  await peer.message('C-STORE-RQ');
  const reason = new Error('enough');
  controller.abort(reason);
  assert.equal(await running, reason);
  assert.equal(await peer.abort(), '0/0');
});

test('a signal that says no reason of its own gives an abort, whenever it comes', async () => {
  await using folder = await temporaryFolder();
  const path = await writeInstance(folder.path, 'a');
  await using acceptor = await startServer();
  const error = await rejection(outcomes(acceptor.port, [path], { signal: AbortSignal.abort('not an error') }));
  assert.ok(error instanceof AssociationAborted);
  assert.equal(error.by, 'local');
});

test('as many runs as the caller likes may be under one signal, without a warning', async () => {
  await using folder = await temporaryFolder();
  const path = await writeInstance(folder.path, 'a');
  await using acceptor = await startServer();
  const [signal, finish] = [new AbortController().signal, new AbortController().signal];
  const warnings = await warningsDuring(async () => {
    const runs = Array.from({ length: 20 }, () => outcomes(acceptor.port, [path], { signal, finish }));
    assert.equal((await Promise.all(runs)).flat().length, 20);
  });
  assert.deepEqual(warnings, []);
});

const WRONG_OPTIONS: readonly Options[] = [
  ...[-1, 1.5, Number.NaN].flatMap((count) => [{ repeat: count }, { associations: count }]),
  { associations: 0 },
  { idleMs: -1 },
  { idleMs: Number.NaN },
  JSON.parse('{"priority":"urgent"}'),
  JSON.parse('{"signal":null}'),
  JSON.parse('{"finish":{}}'),
];

for (const options of WRONG_OPTIONS)
  test(`nothing is sent with ${Object.entries(options).join().replace(',', ' ')}`, async () => {
    const error = await rejection(outcomes(1, ['nowhere'], options));
    assert.ok(error instanceof UsageError);
    assert.match(error.message, new RegExp(`^${Object.keys(options).join()} `));
  });

test('one path is no list of paths', async () => {
  const error = await rejection(storeFiles('image.dcm', { host: '127.0.0.1', port: 1 }).next());
  assert.ok(error instanceof UsageError);
});

test('storeInstance sends one instance on an association of the caller, several at a time', async () => {
  await using folder = await temporaryFolder();
  const paths = await Promise.all(['a', 'b', 'c', 'd'].map((name) => writeInstance(folder.path, name)));
  await using acceptor = await keepingServer();
  await using association = await associate(acceptor.port, {
    contexts: [{ abstractSyntax: SECONDARY_CAPTURE, transferSyntaxes: [IMPLICIT, EXPLICIT] }],
  });
  const instances = await Promise.all(paths.map(inspectInstance));
  const responses = await Promise.all(
    instances.map((instance) => storeInstance(association, instance, { priority: 'high' })),
  );
  assert.deepEqual(
    responses.map((response) => response.type === 'C-STORE-RSP' && response.affectedSopInstanceUid),
    instances.map(({ sopInstanceUid }) => sopInstanceUid),
  );
  const priorities = acceptor.traces.seen.flatMap(({ event }) =>
    event.type === 'message' && event.message.type === 'C-STORE-RQ' ? [event.message.priority] : [],
  );
  assert.deepEqual(priorities, [1, 1, 1, 1]);
  const other = await inspectInstance(await writeInstance(folder.path, 'mr', { sopClassUid: MR_IMAGE }));
  assert.ok((await rejection(storeInstance(association, other))) instanceof NoPresentationContext);
});

test('a file of 64 MiB is sent whole', async () => {
  await using folder = await temporaryFolder();
  const path = await writeBigInstance(folder.path, 'big', 64 * 1024 * 1024);
  let bytes = 0;
  const store: StoreInstance = async ({ part10 }) => {
    for await (const batch of part10) for (const { length } of batch) bytes += length;
  };
  await using acceptor = await startServer({ services: [storageProvider({ store })] });
  assert.deepEqual((await outcomes(acceptor.port, [path])).map(inShort), ['stored big 0000']);
  assert.ok(bytes > 64 * 1024 * 1024);
});

test('where nothing is accepted over several associations, every file is told so', async () => {
  await using folder = await temporaryFolder();
  const names = await twoAssociations(folder);
  await using acceptor = await startServer();
  const told: string[] = [];
  const sending = (async () => {
    for await (const outcome of send(acceptor.port, [folder.path])) told.push(inShort(outcome));
  })();
  assert.ok((await rejection(sending)) instanceof NoPresentationContext);
  assert.deepEqual(
    told,
    names.map((name) => `not-sent ${name}`),
  );
});

test('no further C-ECHO is sent once the loop is left, or the run is to end', async () => {
  await using acceptor = await keepingServer();
  const echoes = () =>
    acceptor.traces.seen.filter(({ event }) => event.type === 'message' && event.message.type === 'C-ECHO-RQ').length;
  for await (const _ of send(acceptor.port, [], { verify: true, repeat: 100 })) break;
  assert.ok(echoes() <= 3, `${echoes()} after leaving`);
  const before = echoes();
  const finish = new AbortController();
  for await (const _ of send(acceptor.port, [], { verify: true, repeat: 100, finish: finish.signal })) finish.abort();
  assert.ok(echoes() - before <= 3, `${echoes() - before} after the end`);
});

test('who leaves the loop does not wait for an association that is being requested', { timeout: 20_000 }, async () => {
  await using folder = await temporaryFolder();
  const path = await writeInstance(folder.path, 'a');
  await using acceptor = await RawAcceptor.listen();
  const paths = [join(folder.path, 'missing'), path];
  for await (const outcome of send(acceptor.port, paths, { acseTimeoutMs: 0 })) {
    assert.equal(outcome.type, 'not-sent');
    // It is under way, and has no answer.
    await (await acceptor.next()).expect('A-ASSOCIATE-RQ');
    break;
  }
});

test('a stream of paths that throws nothing at all has failed as well', async () => {
  await using folder = await temporaryFolder();
  const path = await writeInstance(folder.path, 'a');
  await using acceptor = await startServer();
  async function* paths(): AsyncGenerator<string, void, void> {
    yield path;
    await Promise.reject(undefined);
  }
  let hasThrown = false;
  try {
    for await (const _ of storeFiles(paths(), { host: '127.0.0.1', port: acceptor.port }));
  } catch (error) {
    hasThrown = error === undefined;
  }
  assert.ok(hasThrown);
});
