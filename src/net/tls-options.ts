/** What a caller says of TLS: keys and certificates as PEM, never as files. */
import type { TlsProfileName } from './tls-profiles.js';

/** PEM text, as a string or as the bytes of a file. */
export type Pem = string | Buffer;

/** What both sides say. */
export interface TlsOptions {
  /** Certificates of the CAs that a peer's certificate may come from, any number in each. */
  readonly ca?: readonly Pem[] | undefined;
  /**
   * Lists of revoked certificates. With any, there must be one of every CA in a peer's chain, and it must not have
   * expired: else the peer is refused.
   */
  readonly crl?: readonly Pem[] | undefined;
  /** Of an encrypted `key`. */
  readonly passphrase?: string | undefined;
  /** Versions and cipher suites (PS3.15 B.12 and B.13). Default `bcp195`. */
  readonly profile?: TlsProfileName | undefined;
}

/** TLS of the side that opens the connection. Without `key` and `cert` it does not say who it is. */
export interface RequestorTls extends TlsOptions {
  readonly key?: Pem | undefined;
  /** Goes with `key`; certificates of intermediate CAs may follow it. */
  readonly cert?: Pem | undefined;
  /** Whom the peer's certificate is to name, a host name or an address. Default: the host that is called. */
  readonly serverName?: string | undefined;
}

/** Whether a requestor must, may or need not show a certificate; one that is shown must be good, unless it is not asked for. */
export type ClientAuthentication = 'require' | 'request' | 'none';

/** TLS of the side that accepts the connection. `ca` is needed unless `clientAuthentication` is `none`. */
export interface AcceptorTls extends TlsOptions {
  readonly key: Pem;
  /** Goes with `key`; certificates of intermediate CAs may follow it. */
  readonly cert: Pem;
  /** Default `require`. */
  readonly clientAuthentication?: ClientAuthentication | undefined;
}

/** What a handshake has come to. */
export interface TlsSession {
  /** `TLSv1.3`. */
  readonly protocol: string;
  /** The standard name, such as `TLS_AES_256_GCM_SHA384`. */
  readonly cipherSuite: string;
  /** Subject of the peer's certificate in one line (`C=DE, O=Clinic, CN=ct1`), if it has shown one. */
  readonly peerSubject: string | undefined;
}
