/** Options of storescu about where files come from, and about trying again. */
import type { OptionRow } from './option-table.js';
import { delayToMs, integer, text } from './option-values.js';

export const INPUT = [
  {
    key: 'filesFrom',
    long: '--files-from',
    value: '[f]ilename (str)',
    parse: text,
    completes: 'file',
    help: 'send the files and directories that are named in f, one on each line or with a NUL after each, as they are read; - is standard input',
  },
  {
    key: 'watch',
    long: '--watch',
    value: '[d]irectory (str)',
    parse: text,
    completes: 'folder',
    help: 'send what is in directory d and whatever appears there, each file once it is complete, until a signal comes; what is sent is remembered across restarts, and what cannot be sent now is tried for ever',
  },
  {
    key: 'watchSettleMs',
    long: '--watch-settle',
    value: '[s]econds (float)',
    parse: delayToMs,
    help: 'a file that has not changed for s is complete; only with --watch (default: 3)',
  },
  {
    key: 'watchState',
    long: '--watch-state',
    value: '[f]ilename (str)',
    parse: text,
    completes: 'file',
    help: 'remember in f what was sent to this peer (without: .netdicom-watch in the watched directory); only with --watch',
  },
] as const satisfies readonly OptionRow[];

export const RETRY = [
  {
    key: 'retry',
    long: '--retry',
    value: '[n]umber (int)',
    parse: integer({ from: 0 }),
    default: '0',
    help: 'try again, up to n times, what may pass: an association that is lost or cannot be had, and a file that is answered with status A7xx, 0110 or 0213',
  },
  {
    key: 'retryDelayMs',
    long: '--retry-delay',
    value: '[s]econds (float)',
    parse: delayToMs,
    default: '1',
    help: 'wait for up to s before the first retry, and for twice as long before each that follows, but not for more than a minute, or s if that is more',
  },
] as const satisfies readonly OptionRow[];
