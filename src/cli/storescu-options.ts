/** The command line of storescu. */
import { parseAeTitle } from '../index.js';
import {
  ACSE_TIMEOUT,
  DIMSE_TIMEOUT,
  GENERAL,
  LOGGING,
  MAX_PDU,
  NETWORK_TIMEOUT,
  SIGNAL_EXIT_CODES,
} from './common-options.js';
import { USER_IDENTITY } from './identity-options.js';
import { INPUT, RETRY } from './input-options.js';
import type { Application, OptionsOf } from './option-table.js';
import { host, integer, secondsToMs, text } from './option-values.js';
import { PROGRESS_AND_REPORTS } from './report-options.js';
import { TLS_OF_REQUESTOR } from './tls-options.js';

export const STORESCU = {
  name: 'storescu',
  summary: 'send DICOM files (Storage SCU)',
  description:
    'Requests an association with the peer Application Entity at IP address or host name addr and port and, once it is established, requests the transfer of the SOP Instance in each dcmfile. Options may stand before, between and after the arguments.',
  positionals: [
    { key: 'host', name: 'addr', parse: host, help: 'IP address or host name of the peer' },
    { key: 'port', name: 'port', parse: integer({ from: 1, to: 65_535 }), help: 'TCP port of the peer' },
    {
      key: 'paths',
      name: 'dcmfile',
      parse: text,
      completes: 'file',
      many: true,
      optionalWith: ['echo', 'filesFrom', 'watch'],
      help: 'DICOM file, or directory whose files are sent; may be left out with --echo, --files-from and --watch',
    },
  ],
  groups: [
    LOGGING,
    {
      title: 'Application Entity Titles',
      options: [
        {
          key: 'callingAeTitle',
          env: true,
          short: '-aet',
          long: '--calling-aet',
          value: '[a]etitle (str)',
          parse: parseAeTitle,
          default: 'ECHOSCU',
          help: 'set the local AE title',
        },
        {
          key: 'calledAeTitle',
          env: true,
          short: '-aec',
          long: '--called-aet',
          value: '[a]etitle (str)',
          parse: parseAeTitle,
          default: 'ANY-SCP',
          help: 'set the called AE title for the peer AE',
        },
      ],
    },
    USER_IDENTITY,
    {
      title: 'Association Negotiation Debugging',
      options: [
        {
          key: 'proposal',
          short: '-pts',
          long: '--propose-ts',
          value: '[n]umber (int)',
          parse: integer({ from: 1, to: 3 }),
          help: 'propose n transfer syntaxes (1-3): the first n of Implicit VR Little Endian, Explicit VR Little Endian, Explicit VR Big Endian',
        },
      ],
    },
    {
      title: 'Proposed Transfer Syntaxes',
      options: [
        {
          key: 'proposal',
          sets: 'implicit',
          short: '-xi',
          long: '--request-implicit',
          help: 'request implicit VR little endian transfer syntax only (what is proposed without -pts and -x)',
        },
        {
          key: 'proposal',
          sets: 'little',
          short: '-xe',
          long: '--request-little',
          help: 'request explicit VR little endian transfer syntax only',
        },
        {
          key: 'proposal',
          sets: 'big',
          short: '-xb',
          long: '--request-big',
          help: 'request explicit VR big endian transfer syntax only',
        },
        {
          key: 'proposal',
          sets: 'own',
          short: '-xo',
          long: '--propose-own',
          help: "propose each file's own transfer syntax, so that it is sent as it is, and implicit VR little endian in a context of its own",
        },
      ],
    },
    {
      title: 'Miscellaneous DICOM',
      options: [
        {
          key: 'connectionTimeoutMs',
          short: '-to',
          long: '--timeout',
          value: '[s]econds (float)',
          parse: secondsToMs,
          default: 'unlimited',
          help: 'timeout for connection requests',
        },
        ACSE_TIMEOUT,
        DIMSE_TIMEOUT,
        NETWORK_TIMEOUT,
        MAX_PDU,
        {
          key: 'repeat',
          long: '--repeat',
          value: '[n]umber (int)',
          parse: integer({ from: 0 }),
          default: '1',
          help: 'send each request n times on the association, with --echo each echo as well; 0 only associates and releases',
        },
        { key: 'abort', long: '--abort', help: 'abort association instead of releasing it' },
      ],
    },
    {
      title: 'Sending',
      options: [
        ...INPUT,
        { key: 'recurse', short: '-r', long: '--recurse', help: 'send the files in all folders below a directory' },
        {
          key: 'include',
          long: '--include',
          value: '[g]lob (str)',
          parse: text,
          many: true,
          help: "of the files in a directory send only those that match g: by their name or, if g has a '/', by their path below the directory",
        },
        {
          key: 'exclude',
          long: '--exclude',
          value: '[g]lob (str)',
          parse: text,
          many: true,
          help: 'leave out the files and folders in a directory that match g, included or not',
        },
        {
          key: 'dryRun',
          long: '--dry-run',
          help: 'print what would be proposed and sent, and what would be left out; the peer is not asked',
        },
        { key: 'echo', long: '--echo', help: 'verify the connection with C-ECHO first; no dcmfile is needed then' },
        {
          key: 'noDecompress',
          long: '--no-decompress',
          help: 'send compressed images as they are or not at all, even if the peer accepts them decompressed only',
        },
        {
          key: 'maxOperationsInvoked',
          long: '--async-ops',
          value: '[n]umber (int)',
          parse: integer({ from: 1, to: 65_535 }),
          default: '16',
          help: 'propose to have up to n requests unanswered at a time (asynchronous operations window) if there is more than one file; 1 = off',
        },
        {
          key: 'associations',
          long: '--jobs',
          value: '[n]umber (int)',
          parse: integer({ from: 1, to: 1000 }),
          default: '1',
          help: 'send over n associations at a time, as far as the peer takes them',
        },
        {
          key: 'halt',
          long: '--halt',
          help: 'stop after the first file that was not stored instead of sending the next',
        },
        ...RETRY,
        {
          key: 'priority',
          long: '--priority',
          value: '[p]riority (str)',
          choices: { low: 'low', medium: 'medium', high: 'high' },
          default: 'low',
          help: "one of ['low', 'medium', 'high'], the priority of each request",
        },
      ],
    },
    PROGRESS_AND_REPORTS,
    TLS_OF_REQUESTOR,
    GENERAL,
  ],
  variables: {
    NETDICOM_PASSWORD: 'password of --user, without --password-file',
    NETDICOM_TLS_PASSPHRASE: 'passphrase of --tls-key, without --tls-passphrase-file',
  },
  exitCodes: {
    0: 'all went well, warning statuses included',
    1: 'no association, or it was lost',
    2: 'wrong command line, variable or config file',
    3: 'at least one file was not stored',
    129: 'ended by SIGHUP',
    ...SIGNAL_EXIT_CODES,
  },
} as const satisfies Application;

/** Times in milliseconds, 0 = unlimited. `proposal`: a number is `-pts`, `undefined` the default. */
export type StorescuOptions = OptionsOf<typeof STORESCU>;
