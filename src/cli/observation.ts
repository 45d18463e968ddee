/** How storescp tells how it is doing while it runs: where it listens, --stats, --summary, --metrics-port. */
import { resolve } from 'node:path';
import type { Server, TraceFunction } from '../index.js';
import { Health } from './health.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';
import type { MetricsServer } from './metrics-server.js';
import { printable } from './printable.js';
import { writeResult } from './standard-output.js';
import { Statistics } from './statistics.js';
import { RunningStatistics, tellSummary } from './statistics-words.js';
import type { StorescpOptions } from './storescp-options.js';

/**
 * Answers monitors already, whom it tells that it does not listen yet.
 * @throws {Error} one line, if it cannot listen for these
 */
export async function beginObservation(options: StorescpOptions, log: Log): Promise<Observation> {
  const observation = new Observation(options, log);
  await observation.begin();
  return observation;
}

/** Made by `beginObservation`. */
export class Observation {
  readonly #options: StorescpOptions;
  readonly #log: Log;
  /** What is stored goes into it. */
  readonly #directory: string | undefined;
  readonly #health: Health;
  #statistics: Statistics | undefined;
  #monitors: MetricsServer | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** When it has begun to listen. */
  #begunMs: number | undefined;

  constructor(options: StorescpOptions, log: Log) {
    this.#options = options;
    this.#log = log;
    this.#directory = options.ignore ? undefined : resolve(options.outputDirectory);
    this.#health = new Health(this.#directory);
  }

  async begin(): Promise<void> {
    const { statsMs, summary, metricsPort, metricsAddress } = this.#options;
    if (metricsPort !== undefined) {
      const { Metrics } = await import('./metrics.js');
      const metrics = new Metrics();
      this.#statistics = new Statistics(metrics);
      metrics.read(this.#statistics);
      this.#monitors = await this.#serve(metrics, { host: metricsAddress, port: metricsPort });
    } else if (statsMs !== undefined || summary) this.#statistics = new Statistics();
  }

  /** What the server is to tell, of which `others` hears first. */
  tracing(others: TraceFunction): TraceFunction {
    const statistics = this.#statistics;
    if (statistics === undefined) return others;
    return (trace) => {
      others(trace);
      statistics.tell(trace);
    };
  }

  /** @throws {Error} standard output does not take what was asked for there */
  listening(server: Server): void {
    const { port, metricsPort, statsMs, events } = this.#options;
    this.#health.notListening = undefined;
    this.#begunMs = performance.now();
    const where = this.#whereItListens(server);
    const metrics = this.#monitors === undefined ? undefined : `Metrics on ${this.#monitors.url}/metrics`;
    // Whoever asked for a free port reads the first line for it; what follows is not to stand among events.
    const more = events === '-' ? [] : [...(port === 0 ? [where] : []), ...(metricsPort === 0 ? [metrics] : [])];
    const printed = [...(port === 0 ? [server.port] : []), ...more];
    if (printed.length > 0) writeResult(`${printed.map((line) => printable(`${line}`)).join('\n')}\n`);
    const tell = metricsPort === 0 && events === '-' ? 'announce' : 'info';
    if (metrics !== undefined) this.#log[tell](metrics, { event: 'metrics', url: `${this.#monitors?.url}/metrics` });
    if (this.#statistics === undefined || statsMs === undefined) return;
    const running = new RunningStatistics(this.#statistics, this.#log.named('storescp.stats'));
    this.#timer = setInterval(() => running.tell(), statsMs).unref();
  }

  stopping(): void {
    this.#health.notListening = 'stopping';
  }

  /** Hangs up on monitors and tells the summary. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#monitors?.close();
    if (this.#statistics !== undefined && this.#options.summary && this.#begunMs !== undefined)
      tellSummary(this.#statistics, performance.now() - this.#begunMs, this.#log.named('storescp.summary'));
  }

  async #serve(metrics: Metrics, at: { readonly host: string; readonly port: number }): Promise<MetricsServer> {
    const { serveHttp, TEXT } = await import('./metrics-server.js');
    const answers = new Map([
      ['/metrics', async () => ({ status: 200, type: metrics.contentType, body: await metrics.text() })],
      [
        '/healthz',
        async () => {
          const fault = await this.#health.fault();
          return { status: fault === undefined ? 200 : 503, type: TEXT, body: `${fault ?? 'ok'}\n` };
        },
      ],
    ]);
    return await serveHttp(at, answers);
  }

  /** `Listening on [::]:11112 as STORESCP, storing in /var/lib/dicom`, which is logged as well. */
  #whereItListens({ address, port }: Server): string {
    const { aeTitle, tls } = this.#options;
    const directory = this.#directory;
    const host = address.includes(':') ? `[${address}]` : address;
    const storing = directory === undefined ? 'storing nothing' : `storing in ${directory}`;
    const where = `Listening on ${host}:${port}${tls ? ' with TLS' : ''} as ${aeTitle}, ${storing}`;
    this.#log.debug(where, { event: 'listening', address, port, aet: aeTitle, directory });
    return where;
  }
}
