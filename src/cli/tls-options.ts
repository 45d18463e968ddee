/** The options of TLS, which storescu and storescp share but for one each. */
import type { OptionGroup, OptionRow } from './option-table.js';
import { text } from './option-values.js';

const TITLE = 'Transport Layer Security';

const COMMON = [
  { key: 'tls', long: '--tls', help: 'use TLS, as the options below say; without this none of them may be given' },
  {
    key: 'tlsKey',
    long: '--tls-key',
    value: '[f]ilename (str)',
    parse: text,
    completes: 'file',
    help: 'private key in PEM form',
  },
  {
    key: 'tlsCert',
    long: '--tls-cert',
    value: '[f]ilename (str)',
    parse: text,
    completes: 'file',
    help: 'certificate that goes with the key, in PEM form; those of intermediate CAs may follow in the file',
  },
  {
    key: 'tlsCa',
    long: '--tls-ca',
    value: '[f]ilename (str)',
    parse: text,
    completes: 'file',
    many: true,
    help: "trust the CAs whose certificates are in f, to check the peer's",
  },
  {
    key: 'tlsCrl',
    long: '--tls-crl',
    value: '[f]ilename (str)',
    parse: text,
    completes: 'file',
    many: true,
    help: 'refuse certificates that are in the revocation lists in f, and those of CAs of which there is no list',
  },
  {
    key: 'tlsPassphraseFile',
    long: '--tls-passphrase-file',
    value: '[f]ilename (str)',
    parse: text,
    completes: 'file',
    help: 'the first line of f is the passphrase of the key; without this the environment variable NETDICOM_TLS_PASSPHRASE is',
  },
  {
    key: 'tlsProfile',
    long: '--tls-profile',
    value: '[p]rofile (str)',
    choices: { bcp195: 'bcp195', 'bcp195-extended': 'bcp195-extended' },
    help: "one of ['bcp195', 'bcp195-extended'], versions and cipher suites by PS3.15 B.12 or B.13 (default: bcp195)",
  },
] as const satisfies readonly OptionRow[];

export const TLS_OF_REQUESTOR = {
  title: TITLE,
  options: [
    ...COMMON,
    {
      key: 'tlsServerName',
      long: '--tls-server-name',
      value: '[n]ame (str)',
      parse: text,
      help: "the peer's certificate must be for the host name or address n (default: addr)",
    },
  ],
} as const satisfies OptionGroup;

export const TLS_OF_ACCEPTOR = {
  title: TITLE,
  options: [
    ...COMMON,
    {
      key: 'tlsClientAuth',
      long: '--tls-client-auth',
      value: '[w]hether (str)',
      choices: { require: 'require', request: 'request', none: 'none' },
      help: "one of ['require', 'request', 'none']: refuse peers without a certificate, check those that show one, or ask for none (default: require)",
    },
  ],
} as const satisfies OptionGroup;
