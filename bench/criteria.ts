/** Whether a bar is met: a figure of one probe, alone or against that of another, and its limit. */
import type { Probe, Samples, Spread } from './probes.js';
import { spread, spreadOf } from './probes.js';

export interface Measured {
  readonly probe: Probe;
  readonly figure: string;
}

export interface Criterion {
  readonly bar: number;
  readonly what: string;
  readonly ours: Measured;
  /** What ours is held against; none if the figure itself has the limit. */
  readonly against?: Measured;
  /** What Node itself costs, for those who ask why the bar is missed: held against the same. */
  readonly floor?: Measured;
  /** `ratio`: ours / theirs. `speed-up`: theirs / ours. `difference`: ours - theirs. */
  readonly how: 'value' | 'ratio' | 'speed-up' | 'difference';
  readonly unit: 's' | 'ms' | 'MB';
  /** A speed-up is to reach it, all else to stay within. */
  readonly limit: number;
}

export interface Verdict {
  readonly criterion: Criterion;
  readonly ours: Spread;
  readonly against: Spread | undefined;
  readonly floor: Floor | undefined;
  /** Of the medians. */
  readonly value: number;
  /** Of the single rounds. */
  readonly rounds: Spread;
  readonly isMet: boolean;
}

export interface Floor {
  /** The median. */
  readonly figure: number;
  /** What the verdict would be about if this were ours. */
  readonly value: number;
  readonly isMet: boolean;
}

/** Or why there is none. */
export function judge(criterion: Criterion, samples: Samples): Verdict | string {
  const { ours, against, floor } = criterion;
  const reasons = [ours, against].map((each) => each?.probe.missing ?? samples.failures.get(each?.probe.name ?? ''));
  const reason = reasons.find((each) => each !== undefined);
  if (reason !== undefined) return reason;
  const ourSpread = spread(samples, ours.probe.name, ours.figure);
  const theirSpread = against && spread(samples, against.probe.name, against.figure);
  if (ourSpread === undefined || (against !== undefined && theirSpread === undefined)) {
    return `no ${ours.figure} (is GNU time installed?)`;
  }
  const value = compare(criterion, ourSpread.median, theirSpread?.median);
  const theirs = against && samples.figures.get(against.probe.name);
  const inRounds = (samples.figures.get(ours.probe.name) ?? []).map((figures, round) =>
    compare(criterion, figures[ours.figure] ?? NaN, theirs?.[round]?.[against?.figure ?? '']),
  );
  return {
    criterion,
    ours: ourSpread,
    against: theirSpread,
    floor: floor && floorOf(criterion, spread(samples, floor.probe.name, floor.figure), theirSpread),
    value,
    rounds: spreadOf(inRounds) ?? { median: value, min: value, max: value },
    isMet: isMetBy(criterion, value),
  };
}

function floorOf(criterion: Criterion, floor: Spread | undefined, theirs: Spread | undefined): Floor | undefined {
  if (floor === undefined) return undefined;
  const value = compare(criterion, floor.median, theirs?.median);
  return { figure: floor.median, value, isMet: isMetBy(criterion, value) };
}

function isMetBy({ how, limit }: Criterion, value: number): boolean {
  return how === 'speed-up' ? value >= limit : value <= limit;
}

function compare({ how }: Criterion, ours: number, theirs = NaN): number {
  switch (how) {
    case 'value':
      return ours;
    case 'ratio':
      return ours / theirs;
    case 'speed-up':
      return theirs / ours;
    case 'difference':
      return ours - theirs;
    default:
      return how satisfies never;
  }
}
