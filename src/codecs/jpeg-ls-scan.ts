/** ISO 14495-1 Annex A: the samples of a scan, from contexts, prediction and Golomb codes. */
import { DataSetError } from '../base/errors.js';
import { JpegLsBits } from './jpeg-ls-bits.js';

/** ISO 14495-1 C.2.4.1.1, all of them settled. */
export interface JpegLsParameters {
  readonly maximum: number;
  /** Largest difference from the original sample. 0 is lossless. */
  readonly near: number;
  readonly thresholds: readonly [number, number, number];
  /** After so many samples the counts of a context are halved. */
  readonly reset: number;
}

/**
 * Samples of a line of one component, one more on the left, which is the first of the line above, and one on the right,
 * which is the last again (A.2.1).
 */
export type Line = Int32Array;

const REGULAR_CONTEXTS = 365;
/** Of the sample that ends a run: behind the regular contexts, one for a sample unlike the one above, and one for others. */
const RUN_INTERRUPTION = REGULAR_CONTEXTS;
const CONTEXTS = REGULAR_CONTEXTS + 2;
/** J (A.2.1): the logarithm of how many samples a bit of a run stands for. */
const RUN_BITS = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const LAST_RUN_INDEX = RUN_BITS.length - 1;
const MIN_CORRECTION = -128;
const MAX_CORRECTION = 127;

/** The state of one scan. Lines are decoded in order, each from the one above it. */
export class JpegLsScan {
  readonly #bits: JpegLsBits;
  readonly #maximum: number;
  readonly #near: number;
  readonly #reset: number;
  /** How far a reconstructed sample goes for one step of an error. */
  readonly #step: number;
  readonly #range: number;
  readonly #rangeBits: number;
  /** Longest code. */
  readonly #limit: number;
  /** Of a difference between two neighbours, plus the maximum: its region (A.3.3). */
  readonly #regions: Int8Array;
  /** A, B, C and N of each context (A.2.1); and Nn of the two of run interruption, in the place of B. */
  readonly #magnitudes: Int32Array;
  readonly #biases = new Int32Array(CONTEXTS);
  readonly #corrections = new Int32Array(CONTEXTS);
  readonly #counts = new Int32Array(CONTEXTS).fill(1);
  #runIndex = 0;

  constructor(data: Buffer, parameters: JpegLsParameters) {
    const { maximum, near, reset } = parameters;
    this.#bits = new JpegLsBits(data);
    this.#maximum = maximum;
    this.#near = near;
    this.#reset = reset;
    this.#step = 2 * near + 1;
    this.#range = Math.floor((maximum + 2 * near) / this.#step) + 1;
    this.#rangeBits = bitsFor(this.#range);
    const sampleBits = Math.max(2, bitsFor(maximum + 1));
    this.#limit = 2 * (sampleBits + Math.max(8, sampleBits));
    this.#regions = regionsOf(parameters);
    this.#magnitudes = new Int32Array(CONTEXTS).fill(Math.max(2, (this.#range + 32) >> 6));
  }

  /**
   * One line of one component. `runIndex` is 0 at first, then what the component's line before gave.
   * @throws {DataSetError} if the coded data cannot be right.
   */
  decodeLine(above: Line, line: Line, runIndex: number): number {
    this.#runIndex = runIndex;
    begin([above], [line]);
    const end = line.length - 1;
    for (let at = 1; at < end; ) {
      const context = this.#contextOf(above, line, at);
      if (context === 0) at = this.#decodeRun([above], [line], at);
      else {
        line[at] = this.#decodeSample(above, line, at, context);
        at++;
      }
    }
    return this.#runIndex;
  }

  /** One line of all components, pixel by pixel (A.1, ILV 2). @throws {DataSetError} */
  decodePixels(above: readonly Line[], lines: readonly Line[]): void {
    begin(above, lines);
    const end = (lines[0]?.length ?? 0) - 1;
    for (let at = 1; at < end; ) {
      const contexts = lines.map((line, index) => this.#contextOf(above[index] ?? line, line, at));
      if (contexts.every((context) => context === 0)) at = this.#decodeRun(above, lines, at);
      else {
        for (const [index, line] of lines.entries())
          line[at] = this.#decodeSample(above[index] ?? line, line, at, contexts[index] ?? 0);
        at++;
      }
    }
  }

  /** A.3: negative where the context's signs are to be turned round, 0 in a run. */
  #contextOf(above: Line, line: Line, at: number): number {
    const a = line[at - 1] ?? 0;
    const b = above[at] ?? 0;
    const c = above[at - 1] ?? 0;
    const d = above[at + 1] ?? 0;
    const regions = this.#regions;
    const zero = this.#maximum;
    return 81 * (regions[d - b + zero] ?? 0) + 9 * (regions[b - c + zero] ?? 0) + (regions[c - a + zero] ?? 0);
  }

  /** A.4 to A.6. */
  #decodeSample(above: Line, line: Line, at: number, signedContext: number): number {
    const sign = signedContext < 0 ? -1 : 1;
    const context = signedContext * sign;
    const predicted = median(line[at - 1] ?? 0, above[at] ?? 0, above[at - 1] ?? 0);
    const corrected = this.#clamped(predicted + sign * (this.#corrections[context] ?? 0));
    const count = this.#counts[context] ?? 1;
    const k = golombParameter(count, this.#magnitudes[context] ?? 0);
    const code = this.#decodeCode(k, this.#limit);
    let error = (code & 1) === 0 ? code >> 1 : -((code + 1) >> 1);
    if (k === 0 && this.#near === 0 && 2 * (this.#biases[context] ?? 0) <= -count) error = -error - 1;
    this.#update(context, error);
    return this.#reconstructed(corrected, sign * error);
  }

  /** A.6. */
  #update(context: number, error: number): void {
    let count = this.#counts[context] ?? 1;
    let bias = (this.#biases[context] ?? 0) + error * this.#step;
    let magnitude = (this.#magnitudes[context] ?? 0) + Math.abs(error);
    if (count === this.#reset) {
      magnitude >>= 1;
      bias >>= 1;
      count >>= 1;
    }
    count++;
    const correction = this.#corrections[context] ?? 0;
    if (bias <= -count) {
      bias = Math.max(bias + count, 1 - count);
      if (correction > MIN_CORRECTION) this.#corrections[context] = correction - 1;
    } else if (bias > 0) {
      bias = Math.min(bias - count, 0);
      if (correction < MAX_CORRECTION) this.#corrections[context] = correction + 1;
    }
    this.#counts[context] = count;
    this.#biases[context] = bias;
    this.#magnitudes[context] = magnitude;
  }

  /** A.7.1: pixels like the one on the left, and one unlike it unless the line ends first. Gives where it goes on. */
  #decodeRun(above: readonly Line[], lines: readonly Line[], from: number): number {
    const end = (lines[0]?.length ?? 0) - 1;
    let at = from;
    while (this.#bits.read(1) === 1) {
      const run = 1 << (RUN_BITS[this.#runIndex] ?? 0);
      if (at + run <= end && this.#runIndex < LAST_RUN_INDEX) this.#runIndex++;
      at = Math.min(at + run, end);
      if (at === end) break;
    }
    const isInterrupted = at < end;
    if (isInterrupted) at += this.#bits.read(RUN_BITS[this.#runIndex] ?? 0);
    if (at > end || (isInterrupted && at === end))
      throw new DataSetError('the codestream is damaged: a run goes on after the end of its line');
    for (const line of lines) line.fill(line[from - 1] ?? 0, from, at);
    if (!isInterrupted) return at;
    for (const [index, line] of lines.entries())
      line[at] = this.#decodeInterruption(line[at - 1] ?? 0, above[index]?.[at] ?? 0, lines.length === 1);
    if (this.#runIndex > 0) this.#runIndex--;
    return at + 1;
  }

  /** A.7.2. Where pixels are coded whole, a component that goes on as before is in the same context as the others. */
  #decodeInterruption(left: number, above: number, isAlone: boolean): number {
    const type = isAlone && Math.abs(left - above) <= this.#near ? 1 : 0;
    const context = RUN_INTERRUPTION + type;
    const count = this.#counts[context] ?? 1;
    const negatives = this.#biases[context] ?? 0;
    const magnitude = this.#magnitudes[context] ?? 0;
    const k = golombParameter(count, type === 1 ? magnitude + (count >> 1) : magnitude);
    const code = this.#decodeCode(k, this.#limit - (RUN_BITS[this.#runIndex] ?? 0) - 1);
    const map = (code + type) & 1;
    const absolute = (code + type + map) >> 1;
    const isNegative = (k !== 0 || 2 * negatives >= count) === (map === 1);
    const error = isNegative ? -absolute : absolute;
    const isReset = count === this.#reset ? 1 : 0;
    this.#biases[context] = (negatives + (error < 0 ? 1 : 0)) >> isReset;
    this.#magnitudes[context] = (magnitude + ((code + 1 - type) >> 1)) >> isReset;
    this.#counts[context] = (count >> isReset) + 1;
    if (type === 1) return this.#reconstructed(left, error);
    return this.#reconstructed(above, left > above ? -error : error);
  }

  /** A.5.3: a Golomb code of limited length. */
  #decodeCode(k: number, limit: number): number {
    const longest = limit - this.#rangeBits - 1;
    const zeros = this.#bits.zeros(longest);
    const code = zeros < longest ? (zeros << k) + this.#bits.read(k) : this.#bits.read(this.#rangeBits) + 1;
    // No error is more than half the range either way; larger ones would not leave the sums in 32 bits.
    if (code > 2 * this.#range) throw new DataSetError('the codestream is damaged: a code that is too large');
    return code;
  }

  /** A.4.5: the error is modulo the range. */
  #reconstructed(predicted: number, error: number): number {
    const sample = predicted + error * this.#step;
    const round = this.#range * this.#step;
    if (sample < -this.#near) return this.#clamped(sample + round);
    return this.#clamped(sample > this.#maximum + this.#near ? sample - round : sample);
  }

  #clamped(sample: number): number {
    return sample < 0 ? 0 : sample > this.#maximum ? this.#maximum : sample;
  }
}

/** A.2.1: what lies beyond the edges. */
function begin(above: readonly Line[], lines: readonly Line[]): void {
  for (const [index, line] of lines.entries()) {
    const previous = above[index] ?? line;
    line[0] = previous[1] ?? 0;
    previous[previous.length - 1] = previous[previous.length - 2] ?? 0;
  }
}

/** A.4.1: the prediction that finds edges. */
function median(a: number, b: number, c: number): number {
  const low = a < b ? a : b;
  const high = a < b ? b : a;
  if (c >= high) return low;
  return c <= low ? high : a + b - c;
}

/** A.5.1. */
function golombParameter(count: number, magnitude: number): number {
  let k = 0;
  for (let scaled = count; scaled < magnitude; scaled *= 2) k++;
  return k;
}

/** A.3.3, for all differences there can be. */
function regionsOf({ maximum, near, thresholds: [t1, t2, t3] }: JpegLsParameters): Int8Array {
  const regionOf = (distance: number): number =>
    distance <= near ? 0 : distance < t1 ? 1 : distance < t2 ? 2 : distance < t3 ? 3 : 4;
  const table = new Int8Array(2 * maximum + 1);
  for (let distance = 0; distance <= maximum; distance++) {
    table[maximum + distance] = regionOf(distance);
    table[maximum - distance] = -regionOf(distance);
  }
  return table;
}

/** The least number of bits that has so many values. */
function bitsFor(values: number): number {
  return Math.ceil(Math.log2(values));
}
