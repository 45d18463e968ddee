/** TLS between our own two roles: who is let in and who is not, what each side is told, and what a handshake may cost. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { after, describe, test } from 'node:test';
import { connect as connectTls, createServer as createTlsServer, type SecureContextOptions } from 'node:tls';
import {
  type AcceptorTls,
  CertificateError,
  type RequestorTls,
  type ServeOptions,
  TimeoutError,
  TransportError,
  UsageError,
  verify,
} from '../../src/index.js';
import { inTime } from '../support/loopback-inbox.js';
import { associate, rejection, startServer, type TestServer, traced } from '../support/loopback-server.js';
import { Authority, type Identity, skipWithoutOpenssl } from '../support/tls-certificates.js';

const skip = skipWithoutOpenssl();
const STALL_MS = 150;

const authorities = skip ? [] : [new Authority('Clinic CA'), new Authority('Foreign CA')];
after(() => {
  for (const authority of authorities) authority[Symbol.dispose]();
});

/** Of both CAs; the tests that use them are skipped where there are none. */
function makeAll(clinic: Authority, foreign: Authority) {
  const identities = {
    good: clinic.issue('good'),
    rsa: clinic.issue('rsa', { algorithm: 'rsa' }),
    expired: clinic.issue('expired', { valid: 'past' }),
    future: clinic.issue('future', { valid: 'future' }),
    revoked: clinic.issue('revoked'),
    elsewhere: clinic.issue('elsewhere', { altNames: 'DNS:pacs.example' }),
    foreign: foreign.issue('foreign'),
  };
  const { pem } = clinic.revocationList([identities.revoked]);
  return { ...identities, ca: [clinic.cert], foreignCa: [foreign.cert], crl: [pem] };
}
const [clinic, foreign] = authorities;
const all = clinic === undefined || foreign === undefined ? undefined : makeAll(clinic, foreign);

function made(): NonNullable<typeof all> {
  if (all === undefined) throw new Error('there are no certificates');
  return all;
}

type Name = 'good' | 'rsa' | 'expired' | 'future' | 'revoked' | 'elsewhere' | 'foreign';

function pair({ key, cert }: Identity) {
  return { key, cert };
}

function acceptorTls(name: Name = 'good', more: Partial<AcceptorTls> = {}): AcceptorTls {
  return { ...pair(made()[name]), ca: made().ca, ...more };
}

function requestorTls(name: Name = 'good', more: Partial<RequestorTls> = {}): RequestorTls {
  return { ...pair(made()[name]), ca: made().ca, ...more };
}

/** Of one that does not say who it is. */
function namelessTls(): RequestorTls {
  return { ca: made().ca };
}

function startTls(tls: AcceptorTls = acceptorTls(), options: Partial<ServeOptions> = {}): Promise<TestServer> {
  return startServer({ tls, ...options });
}

async function ping(port: number, tls: RequestorTls): Promise<void> {
  const association = await associate(port, { tls });
  assert.equal((await verify(association)).category, 'success');
  await association.release();
}

/** Why the server has served nobody; undefined if it has nothing to say. */
async function refusal({ traces }: TestServer): Promise<string | undefined> {
  return (await traced(traces, 'no-request')).error?.message;
}

describe('TLS', { skip }, () => {
  for (const profile of ['bcp195', 'bcp195-extended'] as const)
    for (const name of ['good', 'rsa'] as const)
      test(`an association with profile ${profile} and a key of kind ${name === 'rsa' ? 'RSA' : 'ECDSA'}`, async () => {
        await using server = await startTls(acceptorTls(name, { profile }));
        const sessions: unknown[] = [];
        const association = await associate(server.port, {
          tls: requestorTls('good', { profile }),
          trace: ({ event }) => event.type === 'secured' && sessions.push(event.session),
        });
        assert.equal((await verify(association)).category, 'success');
        await association.release();
        const common = { protocol: 'TLSv1.3', cipherSuite: 'TLS_AES_256_GCM_SHA384' };
        assert.deepEqual(sessions, [{ ...common, peerSubject: `O=Test, CN=${name}` }]);
        const { session } = await traced(server.traces, 'secured');
        assert.deepEqual(session, { ...common, peerSubject: 'O=Test, CN=good' });
        await traced(server.traces, 'released');
      });

  test('a certificate is asked for or not, as the acceptor says', async () => {
    for (const clientAuthentication of ['request', 'none'] as const) {
      await using server = await startTls(acceptorTls('good', { clientAuthentication }));
      await ping(server.port, namelessTls());
      assert.equal((await traced(server.traces, 'secured')).session.peerSubject, undefined);
      await ping(server.port, requestorTls());
      const { peerSubject } = (await traced(server.traces, 'secured')).session;
      assert.equal(peerSubject, clientAuthentication === 'request' ? 'O=Test, CN=good' : undefined);
    }
  });

  test('names in a certificate forge no line of a log, and fill none', async () => {
    const odd = clinic?.issue('odd', {
      commonName: 'odd\x1b[31m\nI: forged',
      altNames: Array.from({ length: 50 }, (_, index) => `DNS:host-${index}.example`).join(','),
    });
    assert.ok(odd !== undefined);
    await using server = await startTls({ ...pair(odd), ca: made().ca });
    await ping(server.port, { ...pair(odd), ca: made().ca, serverName: 'host-49.example' });
    const { peerSubject = '' } = (await traced(server.traces, 'secured')).session;
    assert.match(peerSubject, /^O=Test, CN=odd[ -~]*forged$/);
    const error = await rejection(associate(server.port, { tls: requestorTls() }));
    assert.match(
      error.message,
      /the peer's certificate is for DNS:host-0\.example, .{150,180}\.\.\., not for 127\.0\.0\.1$/,
    );
  });

  test('the name is that of the host, unless another one is given', async () => {
    await using server = await startTls(acceptorTls('elsewhere'));
    await ping(server.port, requestorTls('good', { serverName: 'pacs.example' }));
    await using here = await startTls();
    await ping(here.port, requestorTls('good', { serverName: 'localhost' }));
    await ping(here.port, requestorTls('good', { serverName: '127.0.0.1' }));
  });
});

const NO_LIST = "there is no revocation list of the CA of the peer's certificate";
const HUNG_UP = 'the peer closed the connection during the TLS handshake';

describe('TLS: an acceptor lets nobody in', { skip }, () => {
  const cases: readonly {
    readonly who: string;
    readonly name?: Name;
    readonly acceptor?: () => Partial<AcceptorTls>;
    readonly why: string;
  }[] = [
    { who: 'without a certificate', why: 'the peer has shown no certificate, which is required here' },
    { who: 'whose certificate has expired', name: 'expired', why: "the peer's certificate has expired" },
    { who: 'whose certificate is not valid yet', name: 'future', why: "the peer's certificate is not valid yet" },
    {
      who: 'whose certificate is of another CA',
      name: 'foreign',
      why: "the peer's certificate comes from no CA that is trusted here",
    },
    {
      who: 'whose certificate is of another CA, though none would do',
      name: 'foreign',
      acceptor: () => ({ clientAuthentication: 'request' }),
      why: "the peer's certificate comes from no CA that is trusted here",
    },
    {
      who: 'whose certificate is revoked',
      name: 'revoked',
      acceptor: () => ({ crl: made().crl }),
      why: "the peer's certificate is revoked",
    },
    {
      who: 'whose CA has no revocation list here, if there are any',
      name: 'foreign',
      acceptor: () => ({ ca: [...made().ca, ...made().foreignCa], crl: made().crl }),
      why: NO_LIST,
    },
  ];
  for (const { who, name, acceptor, why } of cases)
    test(who, async () => {
      await using server = await startTls(acceptorTls('good', acceptor?.()));
      const tls = name === undefined ? namelessTls() : requestorTls(name);
      assert.ok((await rejection(associate(server.port, { tls }))) instanceof TransportError);
      assert.equal(await refusal(server), why);
      await ping(server.port, requestorTls());
    });

  test('and tells one without a certificate so', async () => {
    await using server = await startTls();
    // Nothing is sent that could cross the alert on its way.
    const peer = connectTls({ host: '127.0.0.1', port: server.port, ca: [...made().ca] });
    const [error] = await once(peer, 'error');
    assert.match(String(error.code), /ALERT_CERTIFICATE_REQUIRED$/);
  });
});

describe('TLS: a requestor does not talk to an acceptor', { skip }, () => {
  const cases: readonly {
    readonly whose: string;
    readonly name: Name;
    readonly requestor?: () => Partial<RequestorTls>;
    readonly why: string;
  }[] = [
    { whose: 'certificate has expired', name: 'expired', why: "the peer's certificate has expired" },
    { whose: 'certificate is not valid yet', name: 'future', why: "the peer's certificate is not valid yet" },
    {
      whose: 'certificate is of another CA',
      name: 'foreign',
      why: "the peer's certificate comes from no CA that is trusted here",
    },
    {
      whose: 'certificate is of none of the public CAs, if none is named',
      name: 'good',
      requestor: () => ({ ca: undefined }),
      why: "the peer's certificate comes from no CA that is trusted here",
    },
    {
      whose: 'certificate is revoked',
      name: 'revoked',
      requestor: () => ({ crl: made().crl }),
      why: "the peer's certificate is revoked",
    },
    {
      whose: 'certificate is for another host',
      name: 'elsewhere',
      why: "the peer's certificate is for DNS:pacs.example, not for 127.0.0.1",
    },
    {
      whose: 'certificate is not for the name that is given',
      name: 'good',
      requestor: () => ({ serverName: 'pacs.example' }),
      why: "the peer's certificate is for DNS:localhost, IP Address:127.0.0.1, not for pacs.example",
    },
  ];
  for (const { whose, name, requestor, why } of cases)
    test(`whose ${whose}`, async () => {
      await using server = await startTls(acceptorTls(name));
      const error = await rejection(associate(server.port, { tls: requestorTls('good', requestor?.()) }));
      assert.ok(error instanceof TransportError);
      assert.equal(error.message, `no TLS with 127.0.0.1:${server.port}: ${why}`);
      assert.equal(await refusal(server), HUNG_UP);
    });
});

describe('TLS: what cannot be used', { skip }, () => {
  const cases: readonly (readonly [what: string, options: () => Partial<AcceptorTls>, message: string])[] = [
    ['no key', () => ({ key: 'none' }), 'tls.key: no private key in PEM form'],
    ['a certificate for a key', () => ({ key: made().good.cert }), 'tls.key: no private key in PEM form'],
    ['no certificate', () => ({ cert: Buffer.from('none') }), 'tls.cert: no certificate in PEM form'],
    ['a key for a certificate', () => ({ cert: made().good.key }), 'tls.cert: no certificate in PEM form'],
    ['half a certificate', () => ({ cert: made().good.cert.subarray(0, 400) }), 'tls.cert: no certificate in PEM form'],
    ["another's key", () => ({ key: made().rsa.key }), 'tls.cert: does not belong to the key'],
    ['no CA', () => ({ ca: [...made().ca, 'none'] }), 'tls.ca[1]: no certificate in PEM form'],
    ['no list', () => ({ crl: made().ca }), 'tls.crl[0]: no revocation list in PEM form'],
  ];
  for (const [what, options, message] of cases)
    test(`${what} is an error of both sides`, async () => {
      const error = await rejection(startTls(acceptorTls('good', options())));
      assert.ok(error instanceof CertificateError);
      assert.equal(error.message, message);
      const own = await rejection(associate(1, { tls: requestorTls('good', options()) }));
      assert.ok(own instanceof CertificateError);
      assert.equal(own.message, message);
    });

  test('an encrypted key needs its passphrase', async () => {
    const secret = clinic?.issue('secret', { passphrase: 'open sesame' });
    assert.ok(secret !== undefined);
    const tls = { ...pair(secret), ca: made().ca };
    const without = await rejection(startTls(tls));
    assert.equal(without.message, 'tls.key: is encrypted, and there is no passphrase');
    const wrong = await rejection(startTls({ ...tls, passphrase: 'close sesame' }));
    assert.equal(wrong.message, 'tls.key: cannot be decrypted with this passphrase');
    assert.doesNotMatch(`${wrong.stack} ${JSON.stringify(wrong)}`, /sesame/);
    await using server = await startTls({ ...tls, passphrase: 'open sesame' });
    await ping(server.port, requestorTls());
  });

  test('options that do not go together are told before anything happens', async () => {
    const { key, cert } = made().good;
    const noCa = await rejection(startTls({ key, cert }));
    assert.ok(noCa instanceof UsageError);
    assert.match(noCa.message, /^tls\.ca is missing/);
    const noKey = await rejection(associate(1, { tls: { cert } }));
    assert.equal(noKey.message, 'tls.key and tls.cert go together');
  });
});

describe('TLS: handshakes', { skip }, () => {
  /** Connects, says `first` and leaves the rest to the test. */
  async function stranger(port: number, first: string | Buffer): Promise<Socket> {
    const socket = connectTcp(port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    if (first.length > 0) socket.write(first);
    return socket;
  }

  const CLIENT_HELLO_CUT_SHORT = Buffer.from('16030100c8010000c40303', 'hex');

  for (const [what, first, why] of [
    ['a plain peer', Buffer.from('0100000000cd00010000', 'hex'), 'the peer does not speak TLS'],
    ['a web browser', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', 'the peer speaks HTTP, not TLS'],
  ] as const)
    test(`${what} on the port of an acceptor with TLS is told apart`, async () => {
      await using server = await startTls();
      const peer = await stranger(server.port, first);
      assert.equal(await refusal(server), why);
      peer.destroy();
    });

  test('our own plain requestor is hung up on, and the acceptor knows why', async () => {
    await using server = await startTls();
    const error = await rejection(associate(server.port));
    assert.equal(error.message, `127.0.0.1:${server.port} closed the connection without an answer`);
    assert.equal(await refusal(server), 'the peer does not speak TLS');
  });

  test('a requestor with TLS tells a plain acceptor, which tells it as well', async () => {
    await using server = await startServer();
    const error = await rejection(associate(server.port, { tls: requestorTls() }));
    assert.equal(error.message, `no TLS with 127.0.0.1:${server.port}: the peer does not speak TLS`);
    assert.equal(await refusal(server), 'no PDU has the type 22: is it TLS? (at byte 0)');
  });

  test('a knock is no handshake that failed', async () => {
    await using server = await startTls();
    const peer = await stranger(server.port, '');
    peer.end();
    assert.equal(await refusal(server), undefined);
    const other = await stranger(server.port, '');
    other.resetAndDestroy();
    assert.equal(await refusal(server), undefined);
  });

  test('a peer that hangs up or resets in the middle has been there', async () => {
    await using server = await startTls();
    (await stranger(server.port, CLIENT_HELLO_CUT_SHORT)).end();
    assert.equal(await refusal(server), HUNG_UP);
    const peer = await stranger(server.port, CLIENT_HELLO_CUT_SHORT);
    // Its first bytes are with the acceptor by the time that another one is served.
    await ping(server.port, requestorTls());
    peer.resetAndDestroy();
    assert.equal(await refusal(server), HUNG_UP);
  });

  test('one that stalls ends with ARTIM, and nobody else waits for it', async () => {
    await using server = await startTls(acceptorTls(), { acseTimeoutMs: 5_000 });
    const peer = await stranger(server.port, CLIENT_HELLO_CUT_SHORT);
    await ping(server.port, requestorTls());
    assert.equal(peer.destroyed, false);
    await using impatient = await startTls(acceptorTls(), { acseTimeoutMs: STALL_MS });
    const stalled = await stranger(impatient.port, CLIENT_HELLO_CUT_SHORT);
    stalled.resume();
    await once(stalled, 'close');
    assert.equal(await refusal(impatient), `no end of the TLS handshake within ${STALL_MS / 1000} s`);
    peer.destroy();
  });

  for (const [timer, options, message] of [
    ['connection', { connectionTimeoutMs: STALL_MS }, 'TLS connection to'],
    ['network', { networkTimeoutMs: STALL_MS }, 'end of the TLS handshake with'],
  ] as const)
    test(`one that the acceptor stalls ends for the requestor by its timer ${timer}`, async () => {
      const held: Socket[] = [];
      const silent = createServer((socket) => held.push(socket)).listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const address = silent.address();
      assert.ok(typeof address === 'object' && address !== null);
      const error = await rejection(associate(address.port, { tls: requestorTls(), ...options }));
      assert.ok(error instanceof TimeoutError);
      assert.equal(error.timer, timer);
      assert.equal(error.message, `no ${message} 127.0.0.1:${address.port} within ${STALL_MS / 1000} s`);
      for (const socket of held) socket.destroy();
      silent.close();
    });

  test('of hundreds that stall, the oldest make way for others', async () => {
    await using server = await startTls(acceptorTls(), { maxAssociations: 10, acseTimeoutMs: 60_000 });
    const peers: Socket[] = [];
    for (let count = 0; count < 300; count++) peers.push(await stranger(server.port, CLIENT_HELLO_CUT_SHORT));
    for (const peer of peers) peer.resume();
    await ping(server.port, requestorTls());
    const closed = peers.slice(0, 300 - 138).map((peer) => peer.closed || once(peer, 'close'));
    await inTime(Promise.all(closed), 'the oldest to be closed');
    assert.ok(peers.filter((peer) => !peer.closed).length <= 138);
    assert.equal(await refusal(server), 'closed to make way for newer connections');
    await server.server.close({ graceMs: 0 });
    await inTime(Promise.all(peers.map((peer) => peer.closed || once(peer, 'close'))), 'all to be closed');
  });

  test('a server that ends hangs up on them without a word', async () => {
    const server = await startTls();
    const peer = await stranger(server.port, CLIENT_HELLO_CUT_SHORT);
    peer.resume();
    const closed = once(peer, 'close');
    await ping(server.port, requestorTls());
    await server.server.close();
    await inTime(closed, 'the end of the connection');
    assert.equal(await refusal(server), undefined);
  });
});

describe('TLS: nothing in common', { skip }, () => {
  async function nothingInCommon(client: SecureContextOptions, why: string): Promise<void> {
    await using server = await startTls();
    const { key, cert } = made().good;
    const peer = connectTls({ host: '127.0.0.1', port: server.port, key, cert, ca: [...made().ca], ...client });
    await once(peer, 'error');
    assert.equal(await refusal(server), why);
  }
  const ciphers = 'DEFAULT:@SECLEVEL=0';

  test('the acceptor takes no TLS 1.1', () =>
    nothingInCommon({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers }, 'no TLS version in common'));
  for (const suite of ['ECDHE-ECDSA-AES128-SHA', 'AES128-GCM-SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305'])
    test(`the acceptor takes no ${suite}`, () =>
      nothingInCommon({ maxVersion: 'TLSv1.2', ciphers: suite }, 'no TLS cipher suite in common'));

  for (const [what, options, why] of [
    ['TLS 1.1', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers }, 'no TLS version in common'],
    [
      'ECDHE-ECDSA-AES128-SHA',
      { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' },
      'the peer finds no cipher suite in common, or requires a certificate',
    ],
  ] as const)
    test(`the requestor takes no ${what}`, async () => {
      const { key, cert } = made().good;
      const server = createTlsServer({ key, cert, ...options }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      assert.ok(typeof address === 'object' && address !== null);
      const error = await rejection(associate(address.port, { tls: requestorTls() }));
      assert.equal(error.message, `no TLS with 127.0.0.1:${address.port}: ${why}`);
      server.close();
    });
});

describe('TLS: new certificates', { skip }, () => {
  test('are for connections to come, and bad ones change nothing', async () => {
    await using server = await startTls();
    const before = await associate(server.port, { tls: requestorTls() });
    await server.server.renewTls(acceptorTls('elsewhere'));
    await ping(server.port, requestorTls('good', { serverName: 'pacs.example' }));
    const bad = await rejection(server.server.renewTls(acceptorTls('good', { key: 'none' })));
    assert.ok(bad instanceof CertificateError);
    await ping(server.port, requestorTls('good', { serverName: 'pacs.example' }));
    assert.equal((await verify(before)).category, 'success');
    await before.release();
  });

  test('can take the right to come in from who had it', async () => {
    await using server = await startTls();
    await ping(server.port, requestorTls('revoked'));
    await server.server.renewTls(acceptorTls('good', { crl: made().crl }));
    await rejection(associate(server.port, { tls: requestorTls('revoked') }));
    assert.equal(await refusal(server), "the peer's certificate is revoked");
    await ping(server.port, requestorTls());
  });

  test('are of no use without TLS', async () => {
    await using server = await startServer();
    assert.ok((await rejection(server.server.renewTls(acceptorTls()))) instanceof UsageError);
  });
});
