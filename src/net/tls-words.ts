/** What goes wrong with TLS, in words: OpenSSL's reasons, alerts, and what is wrong with a certificate. */

/** By OpenSSL's names, as Node gives them in `code`. */
const CERTIFICATE_FAULTS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "the peer's certificate has expired",
  CERT_NOT_YET_VALID: "the peer's certificate is not valid yet",
  CERT_REVOKED: "the peer's certificate is revoked",
  CERT_UNTRUSTED: "the peer's certificate is not trusted",
  CERT_REJECTED: "the peer's certificate is rejected",
  CERT_SIGNATURE_FAILURE: "the signature of the peer's certificate is wrong",
  INVALID_PURPOSE: "the peer's certificate is not made for this use",
  INVALID_CA: "the peer's certificate comes from one that is no CA",
  UNABLE_TO_GET_CRL: "there is no revocation list of the CA of the peer's certificate",
  CRL_HAS_EXPIRED: "the revocation list of the CA of the peer's certificate has expired",
  CRL_NOT_YET_VALID: "the revocation list of the CA of the peer's certificate is not valid yet",
  CRL_SIGNATURE_FAILURE: 'the signature of the revocation list is wrong',
};

const FOREIGN = "the peer's certificate comes from no CA that is trusted here";
const FOREIGN_CODES = [
  ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT'],
  ...['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
];

const NO_VERSION = 'no TLS version in common';
/** Of `ERR_SSL_...`: what OpenSSL on this side found. */
const HANDSHAKE_FAULTS: Readonly<Record<string, string>> = {
  WRONG_VERSION_NUMBER: 'the peer does not speak TLS',
  PACKET_LENGTH_TOO_LONG: 'the peer does not speak TLS',
  HTTP_REQUEST: 'the peer speaks HTTP, not TLS',
  HTTPS_PROXY_REQUEST: 'the peer speaks HTTP, not TLS',
  UNSUPPORTED_PROTOCOL: NO_VERSION,
  VERSION_TOO_LOW: NO_VERSION,
  NO_PROTOCOLS_AVAILABLE: NO_VERSION,
  NO_SHARED_CIPHER: 'no TLS cipher suite in common',
  NO_CIPHERS_AVAILABLE: 'no TLS cipher suite in common',
  NO_SHARED_GROUP: 'no TLS key exchange in common',
  NO_SHARED_GROUPS: 'no TLS key exchange in common',
  NO_SUITABLE_KEY_SHARE: 'no TLS key exchange in common',
  NO_SUITABLE_SIGNATURE_ALGORITHM: 'no TLS signature algorithm in common',
  NO_SHARED_SIGNATURE_ALGORITHMS: 'no TLS signature algorithm in common',
  PEER_DID_NOT_RETURN_A_CERTIFICATE: 'the peer has shown no certificate, which is required here',
  DH_KEY_TOO_SMALL: 'the peer uses a DHE key that is too short',
  NO_RENEGOTIATION: 'the peer wants to negotiate anew, which is not allowed',
};

/** Of `ERR_SSL_..._ALERT_...`: what the peer found (RFC 8446 6.2). */
const ALERTS: Readonly<Record<string, string>> = {
  HANDSHAKE_FAILURE: 'the peer finds no cipher suite in common, or requires a certificate',
  INSUFFICIENT_SECURITY: 'the peer finds no cipher suite that is strong enough',
  PROTOCOL_VERSION: NO_VERSION,
  CERTIFICATE_REQUIRED: 'the peer requires a certificate',
  BAD_CERTIFICATE: 'the peer does not accept our certificate',
  UNSUPPORTED_CERTIFICATE: 'the peer does not accept our certificate: of a kind that it does not support',
  CERTIFICATE_REVOKED: 'the peer does not accept our certificate: revoked',
  CERTIFICATE_EXPIRED: 'the peer does not accept our certificate: expired',
  CERTIFICATE_UNKNOWN: 'the peer does not accept our certificate',
  UNKNOWN_CA: 'the peer does not accept our certificate: not from a CA that it trusts',
  ACCESS_DENIED: 'the peer does not accept our certificate: access denied',
  UNRECOGNIZED_NAME: 'the peer does not know the server name',
};

/** What the other end of a handshake cannot tell from a peer that just hangs up. */
export const HUNG_UP = 'the peer closed the connection during the TLS handshake';

/** Words for an error of TLS; undefined for one of another kind. */
export function tlsErrorInWords(error: Error): string | undefined {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (Object.hasOwn(CERTIFICATE_FAULTS, code)) return CERTIFICATE_FAULTS[code];
  if (FOREIGN_CODES.includes(code)) return FOREIGN;
  if (!code.startsWith('ERR_SSL_')) return undefined;
  const name = code.slice('ERR_SSL_'.length);
  const alert = /ALERT_(.*)$/.exec(name)?.[1];
  if (alert !== undefined) return ALERTS[alert] ?? `the peer ended TLS: ${spaced(alert)}`;
  return HANDSHAKE_FAULTS[name] ?? `TLS failed: ${spaced(name)}`;
}

/** Words for what verifying a peer's certificate has found. */
export function certificateFaultInWords(fault: Error): string {
  return tlsErrorInWords(fault) ?? `the peer's certificate is not accepted: ${fault.message}`;
}

function spaced(name: string): string {
  return name.toLowerCase().replaceAll('_', ' ');
}
