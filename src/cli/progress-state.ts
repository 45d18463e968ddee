/** How far a run has come: what is done of all that is known of, how fast, and how long the rest may take. */
import { statSync } from 'node:fs';
import type { FilesMeasure, InstanceFile, StoreEvent, StoreOutcome } from '../index.js';
import type { Follower } from './follower.js';
import { bytesInWords, clockTime, rateInWords } from './quantities.js';

/** The rate is that of so long: long enough for a number that can be read, short enough to show a change. */
const RATE_MS = 10_000;

export class ProgressState implements Follower {
  readonly #repeat: number;
  /** Of the files on their way: bytes taken so far. */
  readonly #underWay = new Map<InstanceFile, number>();
  /** Moments of the last `RATE_MS`, with the bytes done then. */
  readonly #moments: { readonly ms: number; readonly bytes: number }[] = [];
  #files = 0;
  #bytes = 0;
  #failed = 0;
  #all: FilesMeasure = { files: 0, bytes: 0 };
  #isCounted = false;

  /** @param repeat how often each file is sent */
  constructor(repeat: number) {
    this.#repeat = repeat;
  }

  /** What there is to send, as far as it has been counted. */
  countedSoFar({ files, bytes }: FilesMeasure): void {
    this.#all = { files: files * this.#repeat, bytes: bytes * this.#repeat };
  }

  /** That was all. */
  countedAll(): void {
    this.#isCounted = true;
  }

  onBytes(instance: InstanceFile, bytes: number): void {
    this.#underWay.set(instance, Math.min(bytes, instance.size));
  }

  onOutcome(outcome: StoreOutcome): void {
    switch (outcome.type) {
      case 'stored':
      case 'refused':
      case 'unanswered':
        this.#underWay.delete(outcome.instance);
        this.#done(1, outcome.instance.size);
        break;
      case 'not-sent':
        if (outcome.instance !== undefined) this.#underWay.delete(outcome.instance);
        this.#done(this.#repeat, sizeAt(outcome.path));
        break;
      case 'verified':
      case 'not-verified':
        return;
      default:
        outcome satisfies never;
    }
    if (outcome.type !== 'stored') this.#failed++;
  }

  onEvent(event: StoreEvent): void {
    if (event.type === 'left-out') this.#done(this.#repeat, event.instance.size);
    if (event.type === 'skipped') this.#done(this.#repeat, sizeAt(event.path));
  }

  #done(times: number, size: number): void {
    this.#files += times;
    this.#bytes += times * size;
  }

  /**
   * `45% | 12 of 27 files | 812 MB of 1.80 GB | 45.1 MB/s | 0:22 left | 1 failed`, without what has no room in `columns`.
   * To be called at regular times, for the rate.
   * @param nowMs of a clock that is never set
   */
  line(nowMs: number, columns: number): string {
    let bytes = this.#bytes;
    for (const taken of this.#underWay.values()) bytes += taken;
    const perMs = this.#bytesPerMs(nowMs, bytes);
    // What was counted may have changed since.
    const [files, size] = [Math.max(this.#all.files, this.#files), Math.max(this.#all.bytes, bytes)];
    const least = this.#isCounted ? '' : 'at least ';
    const left = (size - bytes) / perMs;
    const parts = {
      percent: this.#isCounted && size > 0 ? `${Math.floor((100 * bytes) / size)}%` : '',
      files: `${this.#files} of ${least}${files} file${files === 1 ? '' : 's'}`,
      bytes: `${bytesInWords(bytes)} of ${least}${bytesInWords(size)}`,
      rate: perMs > 0 ? rateInWords(perMs * 1000, 1000) : '',
      left: this.#isCounted && Number.isFinite(left) ? `${clockTime(left)} left` : '',
      failed: this.#failed > 0 ? `${this.#failed} failed` : '',
    };
    return fitted(parts, columns);
  }

  #bytesPerMs(nowMs: number, bytes: number): number {
    this.#moments.push({ ms: nowMs, bytes });
    while (this.#moments.length > 2 && nowMs - (this.#moments[0]?.ms ?? nowMs) > RATE_MS) this.#moments.shift();
    const [first] = this.#moments;
    if (first === undefined || first.ms === nowMs) return 0;
    return Math.max(0, (bytes - first.bytes) / (nowMs - first.ms));
  }
}

type Parts = Readonly<Record<'percent' | 'files' | 'bytes' | 'rate' | 'left' | 'failed', string>>;

/** What goes first where there is no room. */
const DISPENSABLE: readonly (keyof Parts)[] = ['rate', 'bytes', 'percent', 'left', 'failed'];

function fitted(parts: Parts, columns: number): string {
  let shown: Partial<Parts> = parts;
  let line = joined(shown);
  for (const name of DISPENSABLE) {
    if (line.length <= columns) break;
    shown = { ...shown, [name]: '' };
    line = joined(shown);
  }
  return line.slice(0, Math.max(0, columns));
}

function joined(parts: Partial<Parts>): string {
  return Object.values(parts)
    .filter((part) => part !== '')
    .join(' | ');
}

/** Of what has no outcome with its size; it was counted with all the others. */
function sizeAt(path: string): number {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found?.isFile() ? found.size : 0;
  } catch {
    return 0;
  }
}
