/** The options that storescu and storescp share. */
import type { OptionGroup, OptionRow } from './option-table.js';
import { integer, secondsToMs, text } from './option-values.js';

export const LOGGING = {
  title: 'Logging',
  options: [
    {
      key: 'verbosity',
      family: 'logging',
      sets: 'critical',
      short: '-q',
      long: '--quiet',
      help: 'quiet mode, prints no warnings or errors',
    },
    {
      key: 'verbosity',
      family: 'logging',
      sets: 'info',
      short: '-v',
      long: '--verbose',
      help: 'verbose mode, prints processing details',
    },
    {
      key: 'verbosity',
      family: 'logging',
      sets: 'debug',
      short: '-d',
      long: '--debug',
      help: 'debug mode, prints debugging information',
    },
    {
      key: 'logLevel',
      family: 'logging',
      env: true,
      short: '-ll',
      long: '--log-level',
      value: '[l]evel (str)',
      choices: {
        critical: 'critical',
        error: 'error',
        warning: 'warning',
        info: 'info',
        debug: 'debug',
        warn: 'warning',
        fatal: 'critical',
      },
      help: "One of ['critical', 'error', 'warning', 'info', 'debug'], prints logging messages with corresponding level or higher; wins over -q, -v and -d (default: warning)",
    },
    {
      key: 'logConfig',
      family: 'logging',
      env: true,
      short: '-lc',
      long: '--log-config',
      value: '[f]ilename (str)',
      parse: text,
      completes: 'file',
      help: 'use python logging config file f for the logger; wins over the other four',
    },
    {
      key: 'logFormat',
      env: true,
      long: '--log-format',
      value: '[f]ormat (str)',
      choices: { text: 'text', json: 'json' },
      default: 'text',
      help: "One of ['text', 'json'], prints each logging message as lines of text or as one JSON object with the facts in fields of their own",
    },
  ],
} as const satisfies OptionGroup;

export const ACSE_TIMEOUT = {
  key: 'acseTimeoutMs',
  env: true,
  short: '-ta',
  long: '--acse-timeout',
  value: '[s]econds (float)',
  parse: secondsToMs,
  default: '30',
  help: 'timeout for ACSE messages',
} as const satisfies OptionRow;

export const DIMSE_TIMEOUT = {
  key: 'dimseTimeoutMs',
  env: true,
  short: '-td',
  long: '--dimse-timeout',
  value: '[s]econds (float)',
  parse: secondsToMs,
  default: 'unlimited',
  help: 'timeout for DIMSE messages',
} as const satisfies OptionRow;

export const NETWORK_TIMEOUT = {
  key: 'networkTimeoutMs',
  env: true,
  short: '-tn',
  long: '--network-timeout',
  value: '[s]econds (float)',
  parse: secondsToMs,
  default: '60',
  help: 'timeout for silence of the peer where data should flow',
} as const satisfies OptionRow;

export const MAX_PDU = {
  key: 'maxPduLength',
  env: true,
  short: '-pdu',
  long: '--max-pdu',
  value: '[n]umber of bytes (int)',
  // PS3.8 D.1.1: 32 bits, 0 is no limit.
  parse: integer({ from: 4096, to: 0xffff_ffff, orZero: true }),
  default: '16384',
  help: 'set maximum receive PDU bytes to n bytes, 4096 or more; 0 is unlimited',
} as const satisfies OptionRow;

export const GENERAL = {
  title: 'General',
  options: [
    {
      key: 'config',
      action: 'config',
      long: '--config',
      value: '[f]ilename (str)',
      parse: text,
      completes: 'file',
      help: 'take what the command line and the environment leave out from JSON file f: options by their long names without the hyphens, arguments by their names',
    },
    {
      key: 'completion',
      action: 'completion',
      long: '--completion',
      value: '[s]hell (str)',
      choices: { bash: 'bash', zsh: 'zsh', fish: 'fish' },
      help: "one of ['bash', 'zsh', 'fish'], print the script that completes options in that shell and exit",
    },
    { key: 'help', action: 'help', short: '-h', long: '--help', help: 'print this text and exit' },
    { key: 'version', action: 'version', long: '--version', help: 'print name and version and exit' },
  ],
} as const satisfies OptionGroup;

/** Those that both applications have; `exitCodeOn` gives them. */
export const SIGNAL_EXIT_CODES = { 130: 'ended by SIGINT', 143: 'ended by SIGTERM' } as const;
