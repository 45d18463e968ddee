/** The TLS profiles of PS3.15 Annex B: which versions, cipher suites, groups and signatures each takes. */

export type TlsProfileName = 'bcp195' | 'bcp195-extended';

/** Closed lists: nothing else is offered or accepted. All names are OpenSSL's; what a build of it lacks it leaves out. */
export interface TlsProfile {
  /** In order of preference, those of TLS 1.3 first. */
  readonly cipherSuites: readonly string[];
  /** Groups for (EC)DHE; `auto` is OpenSSL's own list, none of which is under 256 bits (or 2,048 for DHE). */
  readonly groups: string;
}

/** PS3.15 B.12 and B.13: TLS 1.2 is to be supported, TLS 1.3 preferred; RFC 8996 forbids what is older. */
export const TLS_VERSIONS = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' } as const;

/**
 * RFC 9325 4.5 and PS3.15 B.13: RSA and DHE with 2,048 bits or more, no SHA-1. OpenSSL's security level 2 is 112 bits,
 * which comes to the same, for keys and certificates alike.
 */
export const SECURITY_LEVEL = '@SECLEVEL=2';

/** RFC 9325 4.2 and PS3.15 B.13: SHA-256 or better. */
export const SIGNATURE_ALGORITHMS = [
  ...['ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384', 'ecdsa_secp521r1_sha512', 'ed25519', 'ed448'],
  ...['rsa_pss_rsae_sha256', 'rsa_pss_rsae_sha384', 'rsa_pss_rsae_sha512'],
  ...['rsa_pss_pss_sha256', 'rsa_pss_pss_sha384', 'rsa_pss_pss_sha512'],
  ...['rsa_pkcs1_sha256', 'rsa_pkcs1_sha384', 'rsa_pkcs1_sha512'],
] as const;

/** RFC 8446 9.1. */
const TLS_1_3 = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'] as const;

/** RFC 9325 4.2; of PS3.15 B.9 to B.11, which B.12 and B.13 have replaced, every peer has one of them as well. */
const ECDHE_GCM = [
  ...['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
] as const;

export const TLS_PROFILES: Readonly<Record<TlsProfileName, TlsProfile>> = {
  /** PS3.15 B.12, "BCP 195 RFC 8996, 9325 TLS". RFC 9325 4.1 advises against DHE in TLS 1.2. */
  bcp195: { cipherSuites: [...TLS_1_3, ...ECDHE_GCM], groups: 'auto' },
  /**
   * PS3.15 B.13, "Modified BCP 195 RFC 8996, 9325 TLS", with the DHE suites that B.11, "Extended BCP 195 TLS", requires and B.13
   * permits. OpenSSL has none of B.13's suites with Camellia in GCM, and may count CCM_8 as too weak.
   */
  'bcp195-extended': {
    cipherSuites: [
      ...[...TLS_1_3, 'TLS_AES_128_CCM_SHA256', 'TLS_AES_128_CCM_8_SHA256'],
      ...[...ECDHE_GCM, 'ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
      ...['DHE-RSA-AES256-GCM-SHA384', 'DHE-RSA-AES128-GCM-SHA256'],
    ],
    groups: 'X25519:P-256:P-384:P-521',
  },
};

/** PS3.15 B.11 and B.13: shortest DHE key in bits. */
export const MIN_DH_BITS = 2048;
