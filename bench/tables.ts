/** Results as Markdown. */
import type { Criterion, FloorName, Verdict } from './criteria.js';
import { type Samples, type Spread, spread } from './probes.js';

export type Row = readonly string[];

/** Columns are aligned to the right but for the first `left`. */
export function table(header: Row, rows: readonly Row[], left = 1): string {
  const rule = header.map((_, column) => (column < left ? '---' : '---:'));
  return [header, rule, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

const UNIT_DIGITS = { s: 2, ms: 0, MB: 0 };

const FLOORS: readonly { readonly name: FloorName; readonly title: string; readonly by: string }[] = [
  { name: 'pump', title: 'bare pump', by: 'the bare pump' },
  { name: 'dicom', title: 'bare DICOM', by: 'bare DICOM' },
];

/** How many of the bars are met, and how many not. */
export function countsInWords(judged: readonly (Verdict | string)[]): string {
  const verdicts = judged.filter((verdict) => typeof verdict !== 'string');
  const missed = verdicts.filter(({ isMet }) => !isMet);
  const alsoBy = FLOORS.flatMap(({ name, by }) => {
    const byFloor = missed.filter(({ floors: { [name]: floor } }) => typeof floor === 'object' && !floor.isMet).length;
    return byFloor > 0 ? [`${byFloor} by ${by}`] : [];
  });
  const also = alsoBy.length > 0 ? ` (of them ${alsoBy.join(', ')}, too)` : '';
  const met = verdicts.length - missed.length;
  return `${met} met, ${missed.length} missed${also}, ${judged.length - verdicts.length} not measured.`;
}

/** One row per criterion; what could not be measured says why. */
export function barTable(judged: readonly (readonly [Criterion, Verdict | string])[]): string {
  const rows = judged.map(([criterion, verdict]) => {
    const head = [`${criterion.bar}`, criterion.what];
    if (typeof verdict === 'string')
      return [...head, '', '', verdict, limitInWords(criterion), 'not measured', ...FLOORS.map(() => '')];
    const { ours, against, floors, isMet } = verdict;
    const spreadIn = (figures: Spread) => inWords(figures, UNIT_DIGITS[criterion.unit], ` ${criterion.unit}`);
    return [
      ...head,
      spreadIn(ours),
      against === undefined ? '' : spreadIn(against),
      comparisonInRounds(verdict),
      limitInWords(criterion),
      isMet ? 'met' : '**missed**',
      ...FLOORS.map(({ name }) => floorInWords(criterion, floors[name])),
    ];
  });
  const floorTitles = FLOORS.map(({ title }) => title);
  const header = ['bar', 'what', 'ours', 'against', 'measured', 'bar is', 'verdict', ...floorTitles];
  return table(header, rows, 2);
}

/** Its figure, and what the verdict would be for it. */
function floorInWords(criterion: Criterion, floor: Verdict['floors'][FloorName]): string {
  if (floor === undefined || typeof floor === 'string') return floor ?? '';
  const { unit } = criterion;
  const { text, suffix } = comparison(criterion, floor.value);
  const figure = `${floor.figure.toFixed(UNIT_DIGITS[unit])} ${unit}`;
  return `${figure}: ${text}${suffix}, ${floor.isMet ? 'met' : 'missed'}`;
}

/** What the verdict is about, and what is said after it. */
function comparison({ how, unit }: Criterion, value: number): { readonly text: string; readonly suffix: string } {
  switch (how) {
    case 'value':
      return { text: '', suffix: '' };
    case 'difference':
      // Not -0.
      return { text: `${Math.round(value) || 0}`, suffix: ` ${unit} more` };
    case 'ratio':
      return { text: value.toFixed(2), suffix: '' };
    case 'speed-up':
      return { text: value.toFixed(1), suffix: ' x faster' };
    default:
      return how satisfies never;
  }
}

/** With the least and the most of single rounds, where they say something. */
function comparisonInRounds({ criterion, value, rounds: { min, max } }: Verdict): string {
  const { text, suffix } = comparison(criterion, value);
  if (criterion.how === 'value' || criterion.how === 'difference') return `${text}${suffix}`;
  return `${text} (${comparison(criterion, min).text}–${comparison(criterion, max).text})${suffix}`;
}

function limitInWords({ how, limit, unit }: Criterion): string {
  if (how === 'speed-up') return `≥ ${limit} x faster`;
  return how === 'ratio' ? `≤ ${limit}` : `≤ ${limit} ${unit}${how === 'difference' ? ' more' : ''}`;
}

const FIGURES = [
  { figure: 'wall', title: 'wall s', digits: 2 },
  { figure: 'userCpu', title: 'CPU s of the user', digits: 2 },
  { figure: 'providerCpu', title: 'of the provider', digits: 2 },
  { figure: 'userPeak', title: 'peak MB of the user', digits: 0 },
  { figure: 'providerPeak', title: 'of the provider', digits: 0 },
];

/** One row per transfer, with the spread of the wall time. */
export function transferTable(samples: Samples): string {
  const rows = [...samples.figures.keys()]
    .filter((probe) => spread(samples, probe, 'wall') !== undefined)
    .map((probe) => [
      probe,
      ...FIGURES.map(({ figure, digits }) => {
        const figures = spread(samples, probe, figure);
        if (figures === undefined) return '?';
        return figure === 'wall' ? inWords(figures, digits, '') : figures.median.toFixed(digits);
      }),
    ]);
  return table(['transfer', ...FIGURES.map(({ title }) => title)], rows);
}

/** Median, then from the least to the most. */
function inWords({ median, min, max }: Spread, digits: number, unit: string): string {
  return `${median.toFixed(digits)}${unit} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}
