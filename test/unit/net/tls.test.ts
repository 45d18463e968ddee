/** What TLS says in words, what its profiles are made of, and what happens where a verdict cannot be had. */
import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { getCiphers } from 'node:tls';
import { verifyError } from '../../../src/net/tls.js';
import { TLS_PROFILES } from '../../../src/net/tls-profiles.js';
import { certificateFaultInWords, tlsErrorInWords } from '../../../src/net/tls-words.js';

function fault(code: string, message = 'odd'): Error {
  return Object.assign(new Error(message), { code });
}

const WORDS: readonly (readonly [code: string, words: string | undefined])[] = [
  ['CERT_HAS_EXPIRED', "the peer's certificate has expired"],
  ['CERT_REVOKED', "the peer's certificate is revoked"],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', "the peer's certificate comes from no CA that is trusted here"],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'the peer does not speak TLS'],
  ['ERR_SSL_NO_SHARED_CIPHER', 'no TLS cipher suite in common'],
  // OpenSSL 3.0 and 3.5 name the same alert differently.
  ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'the peer finds no cipher suite in common, or requires a certificate'],
  ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'the peer finds no cipher suite in common, or requires a certificate'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'the peer requires a certificate'],
  ['ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', 'the peer ended TLS: internal error'],
  ['ERR_SSL_BAD_DIGEST_LENGTH', 'TLS failed: bad digest length'],
  ['ECONNRESET', undefined],
  ['toString', undefined],
];

test('errors of TLS in words, and nothing for those of others', () => {
  for (const [code, words] of WORDS) assert.equal(tlsErrorInWords(fault(code)), words, code);
  assert.equal(tlsErrorInWords(new Error('without a code')), undefined);
});

test('what is wrong with a certificate, whatever it is', () => {
  assert.equal(certificateFaultInWords(fault('CERT_HAS_EXPIRED')), "the peer's certificate has expired");
  assert.equal(
    certificateFaultInWords(fault('UNSPECIFIED', 'EE certificate key too weak')),
    "the peer's certificate is not accepted: EE certificate key too weak",
  );
});

test('nobody is let in where Node does not say what it has found', () => {
  assert.match(verifyError(new Socket())?.message ?? '', /^it cannot be verified/);
});

test('the profiles name suites that OpenSSL knows, with forward secrecy and authenticated encryption', () => {
  const known = new Set(getCiphers().map((name) => name.toUpperCase()));
  for (const { cipherSuites } of Object.values(TLS_PROFILES))
    for (const suite of cipherSuites) {
      assert.match(suite, /^(TLS|ECDHE|DHE)[-_].*(GCM|CCM|POLY1305)/);
      assert.ok(known.has(suite), suite);
    }
});

test('the profile of PS3.15 B.13 has every suite of its lists that OpenSSL has, and of others only what it permits', () => {
  const required = [
    ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'],
    ...['TLS_AES_128_CCM_SHA256', 'TLS_AES_128_CCM_8_SHA256'],
    ...['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
    ...['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
    ...['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
  ];
  const permitted = ['DHE-RSA-AES256-GCM-SHA384', 'DHE-RSA-AES128-GCM-SHA256'];
  const { cipherSuites } = TLS_PROFILES['bcp195-extended'];
  assert.deepEqual([...cipherSuites].sort(), [...required, ...permitted].sort());
});
