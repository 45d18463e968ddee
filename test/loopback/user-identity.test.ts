/** User identity negotiation (PS3.7 D.3.3.7): both sides, and what a peer may do while its user is being looked at. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deferred } from '../../src/base/deferred.js';
import { bufferSource } from '../../src/dataset/source.js';
import {
  AssociationRejected,
  type Authenticate,
  type AuthenticationContext,
  discardSink,
  IdentityNotConfirmed,
  type RequestedUserIdentity,
  type ServeOptions,
  type ServiceProvider,
  storageProvider,
  UsageError,
  type UserIdentity,
  type Verdict,
  verificationProvider,
  verify,
} from '../../src/index.js';
import type { AssociateAc, AssociateRq, UserIdentity as UserIdentityItem } from '../../src/pdu/types.js';
import { Inbox } from '../support/loopback-inbox.js';
import {
  acFor,
  CT_CONTEXT,
  command,
  ctDataSet,
  ECHO_CONTEXT,
  echoRq,
  RawAcceptor,
  RawPeer,
  rqOf,
  storeRq,
} from '../support/loopback-peer.js';
import { associate, rejection, startServer, type TestServer, traced } from '../support/loopback-server.js';

const BOB = { type: 'username-and-passcode', username: 'bob', passcode: 's3cr3t' } as const;
type AuthenticateOption = Pick<ServeOptions, 'authenticate'>;
type Requested = RequestedUserIdentity | undefined;

const accept: Authenticate = () => ({ accepted: true });

function rqWith(item: Partial<UserIdentityItem> = {}): AssociateRq {
  const rq = rqOf([ECHO_CONTEXT]);
  const bob = { type: 2, primaryField: Buffer.from('bob'), secondaryField: Buffer.from('s3cr3t') };
  const userIdentity = { positiveResponseRequested: true, ...bob, ...item };
  return { ...rq, userInformation: { ...rq.userInformation, userIdentity } };
}

/** The server response of an acceptance; undefined if it has none. */
async function responseTo(acceptor: TestServer, request: AssociateRq): Promise<string | undefined> {
  await using peer = await RawPeer.connect(acceptor.port);
  peer.send(request);
  const { userInformation } = await peer.expect('A-ASSOCIATE-AC');
  return userInformation.userIdentityResponse?.toString();
}

async function rejectionOf(acceptor: TestServer, request: AssociateRq): Promise<string> {
  await using peer = await RawPeer.connect(acceptor.port);
  peer.send(request);
  const { result, source, reason } = await peer.expect('A-ASSOCIATE-RJ');
  peer.end();
  assert.deepEqual(await peer.rest(), []);
  return `${result}/${source}/${reason}`;
}

async function whyRejected(acceptor: TestServer): Promise<string> {
  const event = await traced(acceptor.traces, 'associate-rj');
  return 'why' in event ? event.why : '';
}

const KINDS: readonly (readonly [requested: RequestedUserIdentity, received: UserIdentity])[] = [
  [
    { type: 'username', username: 'Jürgen 山田' },
    { type: 'username', username: 'Jürgen 山田' },
  ],
  [BOB, { ...BOB, passcode: Buffer.from('s3cr3t') }],
  [
    { type: 'kerberos', serviceTicket: Buffer.from([0, 255]) },
    { type: 'kerberos', serviceTicket: Buffer.from([0, 255]) },
  ],
  [
    { type: 'saml', assertion: '<Assertion/>' },
    { type: 'saml', assertion: Buffer.from('<Assertion/>') },
  ],
  [
    { type: 'jwt', token: 'e30.e30.' },
    { type: 'jwt', token: Buffer.from('e30.e30.') },
  ],
];

for (const [requested, received] of KINDS)
  for (const positiveResponseRequested of [false, true])
    test(`${received.type} is looked at${positiveResponseRequested ? ', confirmed' : ''} and let in`, async () => {
      const asked = new Inbox<readonly [UserIdentity | undefined, AuthenticationContext]>();
      const responses: string[] = [];
      await using acceptor = await startServer({
        async authenticate(identity, context) {
          asked.push([identity, context]);
          return { accepted: true, serverResponse: Buffer.from('welcome') };
        },
      });
      const association = await associate(acceptor.port, {
        callingAeTitle: 'SCU',
        calledAeTitle: 'SCP',
        userIdentity: {
          ...requested,
          positiveResponseRequested,
          acceptResponse: (response) => responses.push(response.toString()) > 0,
        },
      });
      assert.equal((await verify(association)).category, 'success');
      await association.release();
      const [[identity, context] = []] = asked.seen;
      assert.deepEqual(identity, received);
      assert.deepEqual([context?.callingAeTitle, context?.calledAeTitle], ['SCU', 'SCP']);
      assert.equal(context?.remote, acceptor.traces.seen[0]?.remote);
      assert.equal(context?.signal.aborted, false);
      assert.equal(asked.seen.length, 1);
      assert.deepEqual(responses, positiveResponseRequested ? ['welcome'] : []);
    });

test('an identity is answered only if a positive response was requested, and only by who looks at it', async () => {
  await using without = await startServer();
  assert.equal(await responseTo(without, rqWith()), undefined);
  assert.equal(await responseTo(without, rqWith({ positiveResponseRequested: false })), undefined);
  await using looking = await startServer({ authenticate: accept });
  assert.equal(await responseTo(looking, rqWith()), '');
  assert.equal(await responseTo(looking, rqWith({ positiveResponseRequested: false })), undefined);
  assert.equal(await responseTo(looking, rqOf([ECHO_CONTEXT])), undefined);
});

/** How the association, and the instance that a sink is given, call the user who was let in. */
const NAMES: readonly (readonly [
  what: string,
  asked: AuthenticateOption,
  identity: Requested,
  user: string | undefined,
])[] = [
  ['a user name', { authenticate: accept }, { type: 'username', username: 'bob' }, 'bob'],
  ['a user name with a passcode', { authenticate: accept }, BOB, 'bob'],
  ['a token', { authenticate: accept }, { type: 'jwt', token: 'e30' }, undefined],
  ['no identity', { authenticate: accept }, undefined, undefined],
  [
    'the name of a verdict',
    { authenticate: () => ({ accepted: true, user: 'Bob B.' }) },
    { type: 'jwt', token: 'e30' },
    'Bob B.',
  ],
  ['nobody who looks', {}, BOB, undefined],
];

for (const [what, options, userIdentity, user] of NAMES)
  test(`with ${what}, the user of the association is ${user}`, async () => {
    const users: (string | undefined)[] = [];
    const echo = verificationProvider();
    const services: readonly ServiceProvider[] = [
      {
        ...echo,
        handle(request) {
          users.push(request.association.user);
          return echo.handle(request);
        },
      },
      storageProvider({
        async store(instance) {
          users.push(instance.user);
          await discardSink(instance);
        },
      }),
    ];
    await using acceptor = await startServer({ services, ...options });
    const association = await associate(acceptor.port, { contexts: [ECHO_CONTEXT, CT_CONTEXT], userIdentity });
    assert.equal(association.user, undefined);
    await verify(association);
    const { status } = await association.request((messageId) => storeRq(messageId), {
      presentationContextId: 3,
      dataSet: bufferSource(ctDataSet()),
    });
    assert.equal(status, 0);
    assert.deepEqual(users, [user, user]);
    await association.release();
  });

test('a request without an identity is asked about too, and a kind of the future is handed on', async () => {
  const asked: (UserIdentity | undefined)[] = [];
  await using acceptor = await startServer({
    authenticate(identity) {
      asked.push(identity);
      return { accepted: identity !== undefined };
    },
  });
  assert.equal(await rejectionOf(acceptor, rqOf([ECHO_CONTEXT])), '1/2/1');
  assert.equal(await whyRejected(acceptor), 'without user identity: not accepted');
  assert.equal(await responseTo(acceptor, rqWith({ type: 9 })), '');
  const fields = { primaryField: Buffer.from('bob'), secondaryField: Buffer.from('s3cr3t') };
  assert.deepEqual(asked, [undefined, { type: 'other', code: 9, ...fields }]);
});

test('a requestor that asked for a positive response aborts if there is none', async () => {
  await using acceptor = await RawAcceptor.listen();
  const userIdentity = { ...BOB, positiveResponseRequested: true };
  const failure = rejection(associate(acceptor.port, { userIdentity }));
  const peer = await acceptor.next();
  const { userInformation } = await peer.accept();
  assert.deepEqual(userInformation.userIdentity, rqWith().userInformation.userIdentity);
  const error = await failure;
  assert.ok(error instanceof IdentityNotConfirmed);
  assert.equal(error.code, 'IDENTITY_NOT_CONFIRMED');
  assert.equal(error.message, 'the peer accepts the association without confirming the user identity');
  assert.equal(await peer.abort(), '0/0');
  assert.deepEqual(await peer.rest(), []);
});

test('a requestor that did not ask goes on without a response, and with one', async () => {
  await using acceptor = await RawAcceptor.listen();
  for (const userIdentityResponse of [undefined, Buffer.from('who asked?')]) {
    const requesting = associate(acceptor.port, { userIdentity: BOB });
    const peer = await acceptor.next();
    const answer = acFor(await peer.expect('A-ASSOCIATE-RQ'));
    peer.send({ ...answer, userInformation: { ...answer.userInformation, userIdentityResponse } });
    const association = await requesting;
    await association.abort();
  }
});

for (const [what, acceptResponse, message] of [
  ['does not accept', () => false, "the peer's response to the user identity is not accepted"],
  [
    'fails over',
    () => {
      throw new Error('no such realm');
    },
    'no such realm',
  ],
] as const)
  test(`a requestor that ${what} the server response aborts`, async () => {
    await using acceptor = await RawAcceptor.listen();
    const userIdentity = { ...BOB, positiveResponseRequested: true, acceptResponse };
    const failure = rejection(associate(acceptor.port, { userIdentity }));
    const peer = await acceptor.next();
    const answer = acFor(await peer.expect('A-ASSOCIATE-RQ'));
    const confirmed: AssociateAc = {
      ...answer,
      userInformation: { ...answer.userInformation, userIdentityResponse: Buffer.from('forged') },
    };
    peer.send(confirmed);
    assert.equal((await failure).message, message);
    assert.equal(await peer.abort(), '0/0');
  });

test('an identity that has no room in a request is refused before anything is sent', async () => {
  await using acceptor = await RawAcceptor.listen();
  for (const [userIdentity, message] of [
    [{ type: 'jwt', token: 'x'.repeat(65_536) }, /JSON web token of a user identity has 65536 bytes, over 65535/],
    [{ type: 'jwt', token: 'x'.repeat(65_500) }, /bytes are too many for an item, which has room for 65535/],
    [{ ...BOB, username: '' }, /user name of a user identity is empty/],
  ] as const) {
    const error = await rejection(associate(acceptor.port, { userIdentity }));
    assert.ok(error instanceof UsageError);
    assert.match(error.message, message);
  }
  assert.equal(acceptor.connections.length, 0);
});

test('the longest identity that has room arrives', async () => {
  await using acceptor = await startServer({ authenticate: accept });
  const userIdentity = { type: 'saml', assertion: 'x'.repeat(65_400), positiveResponseRequested: true } as const;
  const association = await associate(acceptor.port, { userIdentity });
  await association.release();
});

test('a user who is refused is rejected for good, and the log is told more than the peer', async () => {
  await using acceptor = await startServer({
    authenticate: async () => ({ accepted: false, reason: 'wrong passcode' }),
  });
  const error = await rejection(associate(acceptor.port, { userIdentity: BOB }));
  assert.ok(error instanceof AssociationRejected);
  assert.deepEqual([error.result, error.source, error.reason], [1, 2, 1]);
  assert.equal(await whyRejected(acceptor), 'user "bob": wrong passcode');
});

const never = () => new Promise<Verdict>(() => undefined);

const NO_VERDICTS: readonly (readonly [what: string, authenticate: Authenticate, answer: string, why: RegExp])[] = [
  [
    'throws',
    () => {
      throw new Error('no directory server');
    },
    '2/2/1',
    /^user "bob": cannot be checked: no directory server$/,
  ],
  ['rejects', () => Promise.reject(new Error('gone')), '2/2/1', /^user "bob": cannot be checked: gone$/],
  ['rejects with what is no error', () => Promise.reject('gone'), '2/2/1', /cannot be checked: gone$/],
  ['says nothing', () => JSON.parse('null'), '2/2/1', /cannot be checked: .*null/],
  ['says what is no verdict', () => JSON.parse('{"accepted":"yes"}'), '1/2/1', /^user "bob": not accepted$/],
  ['gives a response that is none', () => JSON.parse('{"accepted":true,"serverResponse":7}'), '2/2/1', /cannot be/],
  ['never ends', never, '2/2/1', /^user "bob": cannot be checked: no verdict within 0.2 s$/],
];

for (const [what, authenticate, answer, why] of NO_VERDICTS)
  test(`a callback that ${what} is answered ${answer}`, async () => {
    await using acceptor = await startServer({ authenticate, acseTimeoutMs: 200 });
    assert.equal(await rejectionOf(acceptor, rqWith()), answer);
    assert.match(await whyRejected(acceptor), why);
    // Whatever happened, the server serves.
    assert.equal(await rejectionOf(acceptor, rqWith()), answer);
  });

test('a server response that is too long beside what else was asked is a rejection', async () => {
  await using acceptor = await startServer({
    authenticate: () => ({ accepted: true, serverResponse: Buffer.alloc(65_000) }),
  });
  const request = rqWith();
  const role = { sopClassUid: '1.2.840.10008.1.1', scuRole: true, scpRole: false };
  const roleSelections = Array(100).fill(role);
  assert.equal((await responseTo(acceptor, request))?.length, 65_000);
  const long = { ...request, userInformation: { ...request.userInformation, roleSelections } };
  assert.equal(await rejectionOf(acceptor, long), '2/2/1');
});

/** An acceptor whose callback waits for the test; `asked` is told of each call. */
async function waitingServer(options: Parameters<typeof startServer>[0] = {}) {
  const verdict = deferred<Verdict>();
  const asked = new Inbox<AuthenticationContext>();
  const acceptor = await startServer({
    ...options,
    authenticate(_identity, context) {
      asked.push(context);
      return verdict.promise;
    },
  });
  return { acceptor, verdict, asked, [Symbol.asyncDispose]: () => acceptor[Symbol.asyncDispose]() };
}

test('a peer that waits in silence is answered when the verdict is there', async () => {
  await using waiting = await waitingServer();
  await using peer = await RawPeer.connect(waiting.acceptor.port);
  peer.send(rqWith());
  await waiting.asked.next();
  // Others are served meanwhile, and looked at as well.
  await using other = await RawPeer.connect(waiting.acceptor.port);
  other.send(rqWith());
  await waiting.asked.next();
  assert.deepEqual(peer.arrivals, []);
  waiting.verdict.resolve({ accepted: true });
  await peer.expect('A-ASSOCIATE-AC');
  await other.expect('A-ASSOCIATE-AC');
  peer.send(command(echoRq(1)));
  await peer.message('C-ECHO-RSP');
});

// PS3.8 Table 9-10, Sta3: everything but waiting ends it.
const MEANWHILE: readonly (readonly [
  what: string,
  act: (peer: RawPeer) => void,
  answers: readonly string[],
  by: string,
])[] = [
  ['aborts', (peer) => peer.send({ type: 'A-ABORT', source: 0, reason: 0 }), [], 'peer'],
  ['requests release', (peer) => peer.send({ type: 'A-RELEASE-RQ' }), ['2/2'], 'provider'],
  ['sends a message', (peer) => peer.send(command(echoRq(1))), ['2/2'], 'provider'],
  ['requests again', (peer) => peer.send(rqWith()), ['2/2'], 'provider'],
  ['sends what is no PDU', (peer) => peer.send(Buffer.from('GET / HTTP/1.1\r\n\r\n')), ['2/1'], 'provider'],
  ['hangs up', (peer) => peer.end(), [], 'transport'],
  ['resets the connection', (peer) => void peer.socket.resetAndDestroy(), [], 'transport'],
];

for (const [what, act, answers, by] of MEANWHILE)
  for (const accepted of [true, false])
    test(`a peer that ${what} while its user is looked at hears nothing of a later ${accepted ? 'yes' : 'no'}`, async () => {
      await using waiting = await waitingServer();
      await using peer = await RawPeer.connect(waiting.acceptor.port);
      peer.send(rqWith());
      const { signal } = await waiting.asked.next();
      const given = new Promise((resolve) => signal.addEventListener('abort', resolve));
      act(peer);
      await given;
      waiting.verdict.resolve({ accepted });
      const event = await traced(waiting.acceptor.traces, 'aborted');
      assert.equal(event.by, by);
      for (const answer of answers) assert.equal(await peer.abort(), answer);
      assert.deepEqual(await peer.rest(), []);
      const types = waiting.acceptor.traces.seen.map((trace) => trace.event.type);
      assert.deepEqual(types, ['associate-rq', 'aborted']);
      await using next = await RawPeer.connect(waiting.acceptor.port);
      next.send(rqWith());
      await next.expect(accepted ? 'A-ASSOCIATE-AC' : 'A-ASSOCIATE-RJ');
    });

test('a request and a message in one go are too early where a user is looked at', async () => {
  await using acceptor = await startServer({ authenticate: accept });
  await using peer = await RawPeer.connect(acceptor.port);
  peer.send(rqWith(), command(echoRq(1)));
  assert.equal(await peer.abort(), '2/2');
});

test('a server that stops waits for no verdict', async () => {
  await using waiting = await waitingServer();
  await using peer = await RawPeer.connect(waiting.acceptor.port);
  peer.send(rqWith());
  const { signal } = await waiting.asked.next();
  await waiting.acceptor.server.close();
  assert.equal(signal.aborted, true);
  waiting.verdict.resolve({ accepted: true });
  assert.deepEqual(await peer.rest(), []);
  const types = waiting.acceptor.traces.seen.map((trace) => trace.event.type);
  assert.deepEqual(types, ['associate-rq', 'aborted']);
});

test('who is being looked at has a place among the associations, until there is a verdict or the peer has left', async () => {
  await using waiting = await waitingServer({ maxAssociations: 1 });
  const { port } = waiting.acceptor;
  await using first = await RawPeer.connect(port);
  first.send(rqWith());
  const { signal } = await waiting.asked.next();
  await using second = await RawPeer.connect(port);
  second.send(rqWith());
  const { result, source, reason } = await second.expect('A-ASSOCIATE-RJ');
  assert.deepEqual([result, source, reason], [2, 3, 2]);
  assert.equal(waiting.asked.seen.length, 1, 'nobody looks at the user of a request that has no place');
  const left = new Promise((resolve) => signal.addEventListener('abort', resolve));
  first.end();
  await left;
  await using third = await RawPeer.connect(port);
  third.send(rqWith());
  await waiting.asked.next();
  waiting.verdict.resolve({ accepted: false });
  await third.expect('A-ASSOCIATE-RJ');
  await using fourth = await RawPeer.connect(port);
  fourth.send(rqWith());
  await waiting.asked.next();
});

test('no callback is asked about a request that is refused without it', async () => {
  await using waiting = await waitingServer({ acceptCallingAeTitles: ['CT1'] });
  assert.equal(await rejectionOf(waiting.acceptor, rqWith()), '1/1/3');
  assert.equal(waiting.asked.seen.length, 0);
});

for (const authenticate of [undefined, accept])
  test(`a fault in a service costs its association alone, ${authenticate ? 'with' : 'without'} a user looked at`, async () => {
    let isFaulty = true;
    const service: ServiceProvider = {
      ...verificationProvider(),
      syntaxesFor(abstractSyntax) {
        if (isFaulty) throw new Error('out of its depth');
        return verificationProvider().syntaxesFor(abstractSyntax);
      },
    };
    await using acceptor = await startServer({ authenticate, services: [service] });
    await using peer = await RawPeer.connect(acceptor.port);
    peer.send(rqWith());
    assert.equal(await peer.abort(), '2/0');
    isFaulty = false;
    assert.equal(await responseTo(acceptor, rqWith()), authenticate && '');
  });
