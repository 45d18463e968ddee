/** What a receiver has done, for Prometheus. Nothing is counted here: the counters are those of statistics.ts when they are read. */
import { readdir } from 'node:fs/promises';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { uidName, VERSION } from '../index.js';
import { statusCode } from './log-fields.js';
import { type Durations, ENDINGS, type Ending, type Statistics } from './statistics.js';

/** Values of the label `outcome`. */
const OUTCOMES: Readonly<Record<Ending, string>> = {
  released: 'released',
  rejected: 'rejected',
  abortedByPeer: 'aborted_by_peer',
  abortedByUs: 'aborted_by_us',
  lost: 'lost',
};

/** From a small object on a fast disk to a large one on a slow line. */
const STORE_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const ASSOCIATION_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600];

export class Metrics implements Durations {
  readonly #registry = new Registry();
  readonly #registers = [this.#registry];
  readonly #stores = new Histogram({
    name: 'netdicom_store_duration_seconds',
    help: 'Time from the C-STORE request to its answer.',
    buckets: STORE_SECONDS,
    registers: this.#registers,
  });
  readonly #associations = new Histogram({
    name: 'netdicom_association_duration_seconds',
    help: 'Time from the acceptance of an association to its end.',
    buckets: ASSOCIATION_SECONDS,
    registers: this.#registers,
  });

  onStore(seconds: number): void {
    this.#stores.observe(seconds);
  }

  onAssociation(seconds: number): void {
    this.#associations.observe(seconds);
  }

  /** Of what `text` gives. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything, as Prometheus reads it. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Has the numbers come from there. */
  read(statistics: Statistics): void {
    const registers = this.#registers;
    new Gauge({
      name: 'netdicom_open_associations',
      help: 'Associations that are open.',
      registers,
      collect() {
        this.set(statistics.openAssociations);
      },
    });
    this.#count('associations', 'Associations that were asked for and have ended, by how.', ['outcome'], () =>
      ENDINGS.map((ending) => [{ outcome: OUTCOMES[ending] }, statistics.endings[ending]]),
    );
    this.#count(
      'failed_connections',
      'Connections that brought something else than an association request.',
      [],
      () => [[{}, statistics.failedConnections]],
    );
    this.#count('echoes', 'C-ECHO requests that were answered.', [], () => [[{}, statistics.echoes]]);
    const byStatus = ['sop_class', 'status'];
    const labels = ({ sopClassUid, status }: { readonly sopClassUid: string; readonly status: number }) => ({
      sop_class: uidName(sopClassUid) ?? sopClassUid,
      status: statusCode(status),
    });
    this.#count('instances', 'C-STORE requests that were answered.', byStatus, () =>
      Array.from(statistics.stores(), (stores) => [labels(stores), stores.objects]),
    );
    this.#count('received_bytes', 'Bytes of the data sets of answered C-STORE requests.', byStatus, () =>
      Array.from(statistics.stores(), (stores) => [labels(stores), stores.bytes]),
    );
    addProcess(registers);
  }

  #count(
    name: string,
    help: string,
    labelNames: string[],
    values: () => readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[],
  ): void {
    new Counter({
      name: `netdicom_${name}_total`,
      help,
      labelNames,
      registers: this.#registers,
      collect() {
        this.reset();
        for (const [labels, value] of values()) this.inc(labels, value);
      },
    });
  }
}

/** Those of prom-client's own that cost nothing until they are read: it would watch event loop and garbage collection all the time. */
function addProcess(registers: Registry[]): void {
  new Gauge({ name: 'netdicom_build_info', help: 'The version.', labelNames: ['version'], registers }).set(
    { version: VERSION },
    1,
  );
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'Start time of the process since unix epoch in seconds.',
    registers,
  }).set(Math.round(performance.timeOrigin) / 1000);
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory size in bytes.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Total user and system CPU time spent in seconds.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  if (process.platform === 'linux')
    new Gauge({
      name: 'process_open_fds',
      help: 'Number of open file descriptors.',
      registers,
      async collect() {
        // One is that of the folder that is read. None are left to open it where all are in use: then the old number stays.
        const names = await readdir('/proc/self/fd').catch(() => undefined);
        if (names !== undefined) this.set(names.length - 1);
      },
    });
}
