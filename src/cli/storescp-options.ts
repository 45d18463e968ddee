/** The command line of storescp. */
import { parseAeTitle } from '../index.js';
import { ACCESS } from './access-options.js';
import {
  ACSE_TIMEOUT,
  DIMSE_TIMEOUT,
  GENERAL,
  LOGGING,
  MAX_PDU,
  NETWORK_TIMEOUT,
  SIGNAL_EXIT_CODES,
} from './common-options.js';
import { EVENTS } from './event-options.js';
import { USERS } from './identity-options.js';
import { MONITORING } from './monitoring-options.js';
import type { Application, OptionsOf } from './option-table.js';
import { host, integer, secondsToMs } from './option-values.js';
import { OUTPUT } from './output-options.js';
import { TLS_OF_ACCEPTOR } from './tls-options.js';

export const STORESCP = {
  name: 'storescp',
  summary: 'receive DICOM files (Storage SCP)',
  description:
    'Listens on port for Association requests from peer Application Entities and stores the SOP Instances that they transfer once an Association is established, each in a file PREFIX.SOPInstanceUID, such as CT.1.2.3.4.5.6, unless --output-pattern says otherwise. Options may stand before and after the port.',
  positionals: [
    {
      key: 'port',
      name: 'port',
      env: true,
      parse: integer({ from: 0, to: 65_535 }),
      optionalWith: ['hashPassword'],
      help: 'TCP port to listen on; 0 asks the system for a free one and prints it',
    },
  ],
  groups: [
    LOGGING,
    {
      title: 'Application Entity Titles',
      options: [
        {
          key: 'aeTitle',
          env: true,
          short: '-aet',
          long: '--aetitle',
          value: '[a]etitle (str)',
          parse: parseAeTitle,
          default: 'STORESCP',
          help: 'set my AE title',
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
          help: 'timeout for connection requests: ends when none has come for so long while no association was open',
        },
        ACSE_TIMEOUT,
        DIMSE_TIMEOUT,
        NETWORK_TIMEOUT,
        MAX_PDU,
        { key: 'ignore', long: '--ignore', help: "receive data but don't store it" },
        {
          key: 'bindAddress',
          env: true,
          short: '-ba',
          long: '--bind-address',
          value: '[a]ddress (str)',
          parse: host,
          help: 'listen on this address of the machine only (default: all, IPv6 and IPv4)',
        },
        { key: 'noEcho', long: '--no-echo', help: 'refuse the Verification SOP Class' },
        {
          key: 'promiscuous',
          long: '--promiscuous',
          help: 'accept private and unknown SOP classes as well as those of the standard',
        },
        {
          key: 'maxAssociations',
          env: true,
          long: '--max-associations',
          value: '[n]umber (int)',
          parse: integer({ from: 1 }),
          default: '100',
          help: 'reject association requests while n associations are open',
        },
        {
          key: 'maxOperationsPerformed',
          long: '--async-ops',
          value: '[n]umber (int)',
          parse: integer({ from: 1, to: 65_535 }),
          default: '16',
          help: 'work on up to n requests of an association at a time if it asks for that (asynchronous operations window); 1 = off',
        },
      ],
    },
    ACCESS,
    USERS,
    {
      title: 'Preferred Transfer Syntaxes',
      options: [
        {
          key: 'preference',
          sets: 'local',
          default: true,
          short: '-x=',
          long: '--prefer-uncompr',
          help: 'prefer explicit VR local byte order',
        },
        {
          key: 'preference',
          sets: 'little',
          short: '-xe',
          long: '--prefer-little',
          help: 'prefer explicit VR little endian transfer syntax',
        },
        {
          key: 'preference',
          sets: 'big',
          short: '-xb',
          long: '--prefer-big',
          help: 'prefer explicit VR big endian transfer syntax',
        },
        {
          key: 'preference',
          sets: 'implicit',
          short: '-xi',
          long: '--implicit',
          help: 'accept implicit VR little endian transfer syntax only',
        },
        {
          key: 'acceptNative',
          long: '--accept-native',
          help: 'accept these native transfer syntaxes only, none that is deflated or encapsulated',
        },
      ],
    },
    OUTPUT,
    EVENTS,
    TLS_OF_ACCEPTOR,
    MONITORING,
    GENERAL,
  ],
  variables: { NETDICOM_TLS_PASSPHRASE: 'passphrase of --tls-key, without --tls-passphrase-file' },
  exitCodes: {
    0: 'ended because no connection request came within -to; with --hash-password, the line was printed',
    1: 'the server could not start',
    2: 'wrong command line, variable or config file',
    ...SIGNAL_EXIT_CODES,
  },
} as const satisfies Application;

/** Times in milliseconds, 0 = unlimited. */
export type StorescpOptions = OptionsOf<typeof STORESCP>;
