/** The options of storescp that say how it is doing. */
import type { OptionGroup } from './option-table.js';
import { host, integer, interval } from './option-values.js';

export const MONITORING = {
  title: 'Monitoring',
  options: [
    {
      key: 'statsMs',
      long: '--stats',
      value: '[s]econds (float)',
      parse: interval,
      help: 'print a line every s seconds: associations, objects and bytes since the last and in all, failures, memory; not with -q',
    },
    {
      key: 'summary',
      long: '--summary',
      help: 'print at the end how many objects were stored and failed, with their bytes and the rate, and how associations ended; not with -q',
    },
    {
      key: 'metricsPort',
      env: true,
      long: '--metrics-port',
      value: '[n]umber (int)',
      parse: integer({ from: 0, to: 65_535 }),
      help: 'answer HTTP on this TCP port: /metrics for Prometheus and /healthz for probes; 0 asks the system for a free one and prints it',
    },
    {
      key: 'metricsAddress',
      env: true,
      long: '--metrics-address',
      value: '[a]ddress (str)',
      parse: host,
      default: '127.0.0.1',
      help: 'the address of the machine for --metrics-port; whoever can reach it can read them',
    },
  ],
} as const satisfies OptionGroup;
