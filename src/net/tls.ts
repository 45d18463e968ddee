/** TLS for both sides, by Node's own: contexts made of keys and certificates, and the verdict on a peer's. Loaded only when used. */
import { constants, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  checkServerIdentity,
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  TLSSocket,
} from 'node:tls';
import { CertificateError, type PemSource, toError, UsageError } from '../base/errors.js';
import type { AcceptorTls, ClientAuthentication, Pem, RequestorTls, TlsSession } from './tls-options.js';
import { MIN_DH_BITS, SECURITY_LEVEL, SIGNATURE_ALGORITHMS, TLS_PROFILES, TLS_VERSIONS } from './tls-profiles.js';
import { certificateFaultInWords } from './tls-words.js';

/** Up to its end, or to the next one's beginning where the end is missing. */
const CERTIFICATE_BLOCK = /-----BEGIN [A-Z0-9 ]*CERTIFICATE-----[^-]*(?:-----END [A-Z0-9 ]*-----)?/g;

const LIST_BLOCK = /-----BEGIN X509 CRL-----[^-]*(?:-----END X509 CRL-----)?/g;
const MAX_NAMES_LENGTH = 200;

/**
 * What `tls.connect` is told besides where to.
 * @throws {CertificateError | UsageError}
 */
export function requestorOptions(tls: RequestorTls, host: string): ConnectionOptions {
  const name = tls.serverName ?? host;
  return {
    secureContext: secureContext(tls),
    minDHSize: MIN_DH_BITS,
    rejectUnauthorized: true,
    // RFC 6066 3: an address is no server name. What the certificate must say is checked all the same.
    ...(isIP(name) === 0 ? { servername: name } : {}),
    checkServerIdentity: (_host, certificate) => {
      const fault = checkServerIdentity(name, certificate);
      return fault === undefined ? undefined : new WrongName(name, certificate.subjectaltname, fault);
    },
  };
}

/** The peer's certificate is good, but somebody else's. */
class WrongName extends Error {
  constructor(name: string, altNames: string | undefined, cause: Error) {
    super(`the peer's certificate is for ${shortened(altNames ?? 'no name')}, not for ${name}`, { cause });
  }
}

/** The acceptor's side of TLS, as it is for the connections of one time: see `Server.renewTls`. */
export interface AcceptorSecurity {
  /** Begins the handshake on an accepted socket; its event `secure` tells the end. */
  wrap(socket: Socket): TLSSocket;
  /** Why a peer with which the handshake has succeeded is not to be let in, in words. */
  refusal(socket: TLSSocket): string | undefined;
  session(socket: TLSSocket): TlsSession;
}

/** @throws {CertificateError | UsageError} */
export function acceptorSecurity(tls: AcceptorTls): AcceptorSecurity {
  const authentication = tls.clientAuthentication ?? 'require';
  if (authentication !== 'none' && (tls.ca ?? []).length === 0)
    throw new UsageError('tls.ca is missing: certificates of peers cannot be checked');
  const options = {
    isServer: true,
    secureContext: secureContext(tls),
    requestCert: authentication !== 'none',
    // Has OpenSSL tell a peer without a certificate why it is refused. Of a bad one it tells nothing: see `refusal`.
    rejectUnauthorized: authentication === 'require',
  };
  return {
    wrap: (socket) => {
      const secured = new TLSSocket(socket, options);
      secured.disableRenegotiation();
      return secured;
    },
    refusal: (socket) => refusal(socket, authentication),
    session: sessionOf,
  };
}

function refusal(socket: TLSSocket, authentication: ClientAuthentication): string | undefined {
  if (authentication === 'none') return undefined;
  if (socket.getPeerX509Certificate() === undefined)
    return authentication === 'request' ? undefined : 'the peer has shown no certificate, which is required here';
  const fault = verifyError(socket);
  return fault === undefined ? undefined : certificateFaultInWords(fault);
}

/**
 * What OpenSSL has found wrong with the peer's certificate. `authorizationError` says it only for sockets of Node's own
 * server, which in turn does not say which connection it was that failed; where Node is built in another way than it has
 * been for years, nobody is let in.
 */
export function verifyError(socket: Socket): Error | undefined {
  const handle: unknown = Reflect.get(socket, '_handle');
  const verify: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'verifyError') : undefined;
  if (typeof verify !== 'function') return new Error('it cannot be verified with this version of Node.js');
  const fault: unknown = Reflect.apply(verify, handle, []);
  if (fault === undefined || fault === null) return undefined;
  return toError(fault);
}

export function sessionOf(socket: TLSSocket): TlsSession {
  const { name, standardName } = socket.getCipher();
  const subject = socket.getPeerX509Certificate()?.subject;
  return {
    protocol: socket.getProtocol() ?? 'TLS',
    cipherSuite: standardName ?? name,
    // One attribute a line, with control characters escaped.
    peerSubject: subject === undefined ? undefined : shortened(subject.replaceAll('\n', ', ')),
  };
}

/** A certificate may be full of names, and a line of a log is not the place for all of them. */
function shortened(names: string): string {
  return names.length > MAX_NAMES_LENGTH ? `${names.slice(0, MAX_NAMES_LENGTH)}...` : names;
}

function secureContext(tls: RequestorTls | AcceptorTls): SecureContext {
  const { key, cert, ca = [], crl = [], passphrase, profile = 'bcp195' } = tls;
  if ((key === undefined) !== (cert === undefined)) throw new UsageError('tls.key and tls.cert go together');
  if (key !== undefined && cert !== undefined) checkPair(privateKey(key, passphrase), cert);
  for (const [index, pem] of ca.entries()) checkedCertificates(pem, { kind: 'ca', index });
  const lists = crl.flatMap((pem, index) => checkedLists(pem, { kind: 'crl', index }));
  const options = profileOptions(profile);
  const own =
    key === undefined || cert === undefined ? {} : { key, cert, ...(passphrase === undefined ? {} : { passphrase }) };
  // Without any of ours, the CAs that Node comes with are trusted.
  const others = { ...(ca.length > 0 ? { ca: [...ca] } : {}), ...(lists.length > 0 ? { crl: [...lists] } : {}) };
  try {
    return createSecureContext({ ...options, ...own, ...others });
  } catch (cause) {
    throw new CertificateError({ kind: 'cert', index: 0 }, misfit(cause), { cause });
  }
}

/** @throws {UsageError} no such profile */
function profileOptions(name: string): SecureContextOptions {
  const profile = Object.entries(TLS_PROFILES).find(([known]) => known === name)?.[1];
  if (profile === undefined)
    throw new UsageError(`tls.profile ${name} is none of ${Object.keys(TLS_PROFILES).join(', ')}`);
  return {
    ...TLS_VERSIONS,
    ciphers: [SECURITY_LEVEL, ...profile.cipherSuites].join(':'),
    ecdhCurve: profile.groups,
    sigalgs: SIGNATURE_ALGORITHMS.join(':'),
    dhparam: 'auto',
    honorCipherOrder: true,
    // An association is long and a handshake short: sessions are not resumed (RFC 9325 3.4), so that each peer is looked at.
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
  };
}

function privateKey(key: Pem, passphrase: string | undefined): KeyObject {
  const isEncrypted = key.toString().includes('ENCRYPTED');
  const fault =
    passphrase === undefined ? 'is encrypted, and there is no passphrase' : 'cannot be decrypted with this passphrase';
  return attempt({ kind: 'key', index: 0 }, isEncrypted ? fault : 'no private key in PEM form', () =>
    createPrivateKey({ key, ...(passphrase === undefined ? {} : { passphrase }) }),
  );
}

/** The first certificate is ours, the others are those of intermediate CAs. */
function checkPair(key: KeyObject, cert: Pem): void {
  const source = { kind: 'cert', index: 0 } as const;
  if (checkedCertificates(cert, source)[0]?.checkPrivateKey(key) !== true)
    throw new CertificateError(source, 'does not belong to the key');
}

/** Node takes no notice of what is no certificate among those of CAs. */
function checkedCertificates(pem: Pem, source: PemSource): readonly X509Certificate[] {
  const blocks = pem.toString().match(CERTIFICATE_BLOCK) ?? [''];
  return blocks.map((block) => attempt(source, 'no certificate in PEM form', () => new X509Certificate(block)));
}

/** Node takes the first list of each text. */
function checkedLists(pem: Pem, source: PemSource): readonly string[] {
  const blocks = pem.toString().match(LIST_BLOCK) ?? [''];
  for (const crl of blocks) attempt(source, 'no revocation list in PEM form', () => createSecureContext({ crl }));
  return blocks;
}

function attempt<T>(source: PemSource, fault: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw new CertificateError(source, fault, { cause });
  }
}

function misfit(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (/KEY_TOO_SMALL/.test(code)) return 'its key is too short for the TLS profile';
  if (/MD_TOO_WEAK/.test(code)) return 'its signature is too weak for the TLS profile';
  return `cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`;
}
