/** The options of storescp that are about who may open an association, and how often. */
import { parseAeTitle, parseNetwork } from '../index.js';
import type { OptionGroup } from './option-table.js';
import { integer } from './option-values.js';

/** Given once for each: an AE title may have a comma in it. */
export const ACCESS = {
  title: 'Who May Call',
  options: [
    {
      key: 'acceptCallingAeTitles',
      long: '--accept-calling',
      value: '[a]etitle (str)',
      parse: parseAeTitle,
      many: true,
      help: 'reject callers with another AE title than a',
    },
    {
      key: 'acceptCalledAeTitles',
      long: '--accept-called',
      value: '[a]etitle (str)',
      parse: parseAeTitle,
      many: true,
      help: 'reject calls for another AE title than a; mine is not among them unless it is given',
    },
    {
      key: 'acceptHosts',
      long: '--accept-host',
      value: '[n]etwork (str)',
      parse: parseNetwork,
      many: true,
      help: 'reject callers from other hosts than n: an IPv4 or IPv6 address, or a network such as 192.168.0.0/16',
    },
    {
      key: 'maxAssociationsPerHost',
      long: '--max-associations-per-host',
      value: '[n]umber (int)',
      parse: integer({ from: 1 }),
      help: 'reject association requests while n associations of the same IPv4 address or IPv6 /64 network are open',
    },
  ],
} as const satisfies OptionGroup;
