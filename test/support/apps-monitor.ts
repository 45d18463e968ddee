/** What monitors ask storescp: its metrics, read as Prometheus would, and its health. */
import assert from 'node:assert/strict';
import type { Listening } from './apps-run.js';

/** A metric of an exposition in Prometheus' text format. */
export interface Metric {
  readonly type: string;
  readonly help: string;
  /** By name and labels as they stand: `x_total{outcome="released"}`. */
  readonly samples: ReadonlyMap<string, number>;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABELS = String.raw`\{(?:${NAME}="(?:[^"\\\n]|\\[\\"n])*",?)+\}`;
const SAMPLE = new RegExp(`^(${NAME})(${LABELS})? (\\S+)$`);

/** The metrics of an exposition by their names; fails on any line that is none (exposition formats, text-based format 0.0.4). */
export function parseMetrics(text: string): ReadonlyMap<string, Metric> {
  assert.ok(text.endsWith('\n'));
  const metrics = new Map<string, { type: string; help: string; samples: Map<string, number> }>();
  let last = '';
  for (const line of text.split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === 'HELP') {
      assert.ok(!metrics.has(name), `${name} comes twice`);
      metrics.set(name, { type: '', help: rest, samples: new Map() });
      last = name;
    } else if (kind === 'TYPE') {
      assert.equal(name, last);
      assert.match(rest, /^(counter|gauge|histogram)$/);
      const metric = metrics.get(name);
      if (metric !== undefined) metric.type = rest;
    } else if (line !== '') {
      const [, sample = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
      const metric = metrics.get(last);
      assert.ok(metric !== undefined && sample.startsWith(last), `no sample of ${last}: ${line}`);
      const number = Number(value);
      assert.ok(Number.isFinite(number), line);
      assert.ok(!metric.samples.has(sample + labels), `${line} comes twice`);
      metric.samples.set(sample + labels, number);
    }
  }
  return metrics;
}

/** The value of a sample: `sampleOf(metrics, 'x_total{outcome="released"}')`. */
export function sampleOf(metrics: ReadonlyMap<string, Metric>, sample: string): number | undefined {
  for (const { samples } of metrics.values()) if (samples.has(sample)) return samples.get(sample);
  return undefined;
}

/** `http://127.0.0.1:9464` of a storescp that was told `--metrics-port 0`. */
export async function monitorOf({ process }: Pick<Listening, 'process'>): Promise<string> {
  const [, url = ''] = await process.output('stdout', /^Metrics on (http:\S+)\/metrics$/m);
  return url;
}

export async function metricsOf(url: string): Promise<ReadonlyMap<string, Metric>> {
  const response = await fetch(`${url}/metrics`);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  return parseMetrics(await response.text());
}

/** Asks until a sample has that value: what is on its way comes a moment later. */
export async function metricsWith(url: string, sample: string, value: number): Promise<ReadonlyMap<string, Metric>> {
  for (;;) {
    const metrics = await metricsOf(url);
    if (sampleOf(metrics, sample) === value) return metrics;
  }
}

/** Status and text. */
export async function healthOf(url: string): Promise<readonly [status: number, text: string]> {
  const response = await fetch(`${url}/healthz`);
  return [response.status, await response.text()];
}
