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
  /** What Node comes to if it does less, for those who ask why the bar is missed. */
  readonly floors?: { readonly [Name in FloorName]?: Measured };
  /** `ratio`: ours / theirs. `speed-up`: theirs / ours. `difference`: ours - theirs. */
  readonly how: 'value' | 'ratio' | 'speed-up' | 'difference';
  readonly unit: 's' | 'ms' | 'MB';
  /** A speed-up is to reach it, all else to stay within. */
  readonly limit: number;
}

/** `pump`: the bytes and no DICOM. `dicom`: DICOM and nothing else, one object at a time. */
export type FloorName = 'pump' | 'dicom';

export interface Verdict {
  readonly criterion: Criterion;
  readonly ours: Spread;
  readonly against: Spread | undefined;
  /** Or why there is none, if there should be one. */
  readonly floors: Readonly<Record<FloorName, Floor | string | undefined>>;
  /** Of the medians. */
  readonly value: number;
  /** Of the single rounds. */
  readonly rounds: Spread;
  readonly isMet: boolean;
}

export interface Floor {
  /** The median. */
  readonly figure: number;
  /** Against theirs, as ours is. */
  readonly value: number;
  readonly isMet: boolean;
}

/** Or why there is none. */
export function judge(criterion: Criterion, samples: Samples): Verdict | string {
  const { ours, against } = criterion;
  const reason = [ours, against].map((each) => reasonWithout(each, samples)).find((each) => each !== undefined);
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
  const floorOf = (name: FloorName) => judgeFloor(criterion, criterion.floors?.[name], samples, theirSpread?.median);
  return {
    criterion,
    ours: ourSpread,
    against: theirSpread,
    floors: { pump: floorOf('pump'), dicom: floorOf('dicom') },
    value,
    rounds: spreadOf(inRounds) ?? { median: value, min: value, max: value },
    isMet: isMetBy(criterion, value),
  };
}

/** Why there are no figures. */
function reasonWithout(measured: Measured | undefined, samples: Samples): string | undefined {
  return measured && (measured.probe.missing ?? samples.failures.get(measured.probe.name));
}

function judgeFloor(
  criterion: Criterion,
  floor: Measured | undefined,
  samples: Samples,
  theirs: number | undefined,
): Verdict['floors'][FloorName] {
  const figure = floor && spread(samples, floor.probe.name, floor.figure)?.median;
  if (figure === undefined) return reasonWithout(floor, samples);
  const value = compare(criterion, figure, theirs);
  return { figure, value, isMet: isMetBy(criterion, value) };
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
