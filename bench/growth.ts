/** How cost grows with the number of files, the size of an object, the number of associations and the distance. */
import { lacks } from './abilities.js';
import {
  type Corpus,
  ctSlices,
  encapsulatedObject,
  firstOf,
  grouped,
  largeObject,
  size,
  smallObjects,
} from './corpora.js';
import { crowdProbe } from './crowd.js';
import { DCMTK_TUNED, ourProvider, ourUser } from './participants.js';
import type { Panel, Point, Series } from './plot.js';
import { type Probe, runRounds, type Samples, spread, transferProbe } from './probes.js';
import { type Row, table } from './tables.js';
import type { Transfer } from './transfer.js';

interface Scale {
  readonly files: readonly number[];
  readonly mib: readonly number[];
  readonly encapsulatedMib: number;
  readonly associations: readonly number[];
  readonly roundTripMs: readonly number[];
  readonly slices: number;
}

export const FULL: Scale = {
  files: [100, 1000, 10_000, 100_000],
  mib: [1, 16, 256, 1024, 4096],
  encapsulatedMib: 6144,
  associations: [1, 5, 20, 100, 500],
  roundTripMs: [0, 5, 20, 100],
  slices: 400,
};

export const QUICK: Scale = {
  files: [100, 1000],
  mib: [1, 16, 128],
  encapsulatedMib: 256,
  associations: [1, 10, 50],
  roundTripMs: [0, 20],
  slices: 40,
};

export interface Section {
  readonly text: string;
  readonly panels: readonly Panel[];
}

const OURS = { name: 'netdicom', user: ourUser('-xo'), provider: ourProvider('--no-fsync') };
const DCMTK = { name: 'DCMTK tuned', user: DCMTK_TUNED.user, provider: DCMTK_TUNED.provider };
const MAKES = [OURS, DCMTK];
const [BLUE, ORANGE, GREY] = ['#0072b2', '#d55e00', '#9ca3af'];

export async function growthWithFiles({ files }: Scale, rounds: number): Promise<Section> {
  const most = smallObjects(Math.max(...files));
  const steps = files.map((count) => ({ at: count, label: grouped(count), corpus: firstOf(most, count) }));
  const samples = await runRounds(transfersOf(steps), rounds);
  const walls = MAKES.map((make) =>
    pointsOf(samples, steps, 'wall', ({ corpus }) => transferProbe({ ...make, corpus })),
  );
  return {
    text: `### Files of 9 kB\n\n${transferRows('files', steps, samples)}`,
    panels: [
      {
        title: 'Time for files of 9 kB',
        xLabel: 'files',
        yLabel: 'seconds',
        xTicks: steps,
        series: [...named(walls), linear(walls[0] ?? [])],
      },
    ],
  };
}

export async function growthWithSize({ mib, encapsulatedMib }: Scale, rounds: number): Promise<Section> {
  const steps: Step[] = mib.map((each) => ({
    at: each,
    label: size(each),
    corpus: largeObject({ mib: each, hollow: true }),
  }));
  const encapsulated = encapsulatedObject(encapsulatedMib);
  const oursAlone = transferProbe({ ...OURS, corpus: encapsulated });
  const samples = await runRounds([...transfersOf(steps), oursAlone], rounds);
  const ourSteps = [
    ...steps,
    { at: encapsulatedMib, label: `${size(encapsulatedMib)}, encapsulated`, corpus: encapsulated },
  ];
  const ours = ({ corpus }: Step) => transferProbe({ ...OURS, corpus });
  const walls = MAKES.map((make) =>
    pointsOf(samples, steps, 'wall', ({ corpus }) => transferProbe({ ...make, corpus })),
  );
  const ends = [
    { name: 'storescu', colour: BLUE, figure: 'userPeak' },
    { name: 'storescp', colour: ORANGE, figure: 'providerPeak' },
  ];
  const peaks = ends.map(({ figure, ...end }) => ({ ...end, points: pointsOf(samples, ourSteps, figure, ours) }));
  const axis = { xLabel: 'size of the object', xTicks: steps };
  return {
    text: `### Size of an object\n\n${transferRows('object', ourSteps, samples)}`,
    panels: [
      { title: 'Time for one object', ...axis, yLabel: 'seconds', series: [...named(walls), linear(walls[0] ?? [])] },
      {
        title: 'Peak memory for one object, netdicom',
        ...axis,
        xTicks: [...steps.slice(0, -1), { at: encapsulatedMib, label: size(encapsulatedMib) }],
        yLabel: 'MB',
        series: peaks,
      },
    ],
  };
}

export async function growthWithAssociations({ associations }: Scale, rounds: number): Promise<Section> {
  const samples = await runRounds(associations.map(crowdProbe), rounds);
  const figures = [
    { name: 'median', colour: BLUE, title: 'median s', digits: 2 },
    { name: 'slowest', colour: ORANGE, title: 'slowest s', digits: 2 },
    { name: 'providerPeak', colour: GREY, title: 'peak MB of storescp', digits: 0 },
    { name: 'providerCpu', colour: GREY, title: 'CPU s of storescp', digits: 2 },
  ];
  const value = (count: number, figure: string): number =>
    spread(samples, crowdProbe(count).name, figure)?.median ?? NaN;
  const rows = associations.map((count) => [
    grouped(count),
    ...figures.map(({ name, digits }) => value(count, name).toFixed(digits)),
  ]);
  const series = figures.slice(0, 2).map(({ name, colour }) => ({
    name,
    colour,
    points: associations.map((count) => ({ x: count, y: value(count, name) })),
  }));
  return {
    text: `### Associations at once, 20 objects of 9 kB each\n\n${table(['associations', ...figures.map(({ title }) => title)], rows)}`,
    panels: [
      {
        title: 'Time of one association of many',
        xLabel: 'associations at once, 20 objects of 9 kB each',
        yLabel: 'seconds',
        xTicks: associations.map((at) => ({ at, label: grouped(at) })),
        series: [...series, linear(series[1]?.points ?? [])],
      },
    ],
  };
}

export async function growthWithDistance({ roundTripMs, slices }: Scale, rounds: number): Promise<Section> {
  const corpus = firstOf(ctSlices(5 * slices), slices);
  const jobs = ['--jobs', '8'];
  const { user, provider, forkingProvider } = DCMTK_TUNED;
  const pairs = [
    { user, provider },
    { user: ourUser(), provider: ourProvider() },
    { user: ourUser(), provider },
    ...(lacks('storescu', '--jobs') === undefined ? [{ user: ourUser(...jobs), provider: forkingProvider }] : []),
  ];
  const probe = (pair: Pick<Transfer, 'user' | 'provider'>, ms: number): Probe =>
    transferProbe({ ...pair, corpus, roundTripMs: ms });
  const samples = await runRounds(
    pairs.flatMap((pair) => roundTripMs.map((ms) => probe(pair, ms))),
    rounds,
  );
  const rows = pairs.map((pair) => [
    `${pair.user.name} → ${pair.provider.name}`,
    ...roundTripMs.map((ms) => spread(samples, probe(pair, ms).name, 'wall')?.median.toFixed(2) ?? ''),
  ]);
  const header = ['seconds with a round trip of', ...roundTripMs.map((ms) => `${ms} ms`)];
  return { text: `### Distance, ${corpus.title}\n\n${table(header, rows)}`, panels: [] };
}

interface Step {
  readonly at: number;
  readonly label: string;
  readonly corpus: Corpus;
}

function transfersOf(steps: readonly Step[]): readonly Probe[] {
  return steps.flatMap(({ corpus }) => MAKES.map((make) => transferProbe({ ...make, corpus })));
}

function transferRows(what: string, steps: readonly Step[], samples: Samples): string {
  const figures = ['wall', 'userPeak', 'providerPeak'];
  const rows = steps.map(({ label, corpus }): Row => {
    const values = MAKES.flatMap((make) =>
      figures.map((figure) => {
        const median = spread(samples, transferProbe({ ...make, corpus }).name, figure)?.median;
        return median?.toFixed(figure === 'wall' ? 2 : 0) ?? '';
      }),
    );
    return [label, ...values];
  });
  const columns = MAKES.flatMap(({ name }) => [`${name} s`, 'peak MB of the user', 'of the provider']);
  return table([what, ...columns], rows);
}

function pointsOf(
  samples: Samples,
  steps: readonly Step[],
  figure: string,
  probe: (step: Step) => Probe,
): readonly Point[] {
  return steps.flatMap((step) => {
    const found = spread(samples, probe(step).name, figure);
    return found === undefined ? [] : [{ x: step.at, y: found.median }];
  });
}

function named(walls: readonly (readonly Point[])[]): readonly Series[] {
  return walls.map((points, index) => ({
    name: MAKES[index]?.name ?? '',
    colour: index === 0 ? BLUE : ORANGE,
    points,
  }));
}

/** What the last point would have cost if all grew in proportion. */
function linear(points: readonly Point[]): Series {
  const [first, last] = [points[0], points.at(-1)];
  const drawn = first && last ? [{ x: first.x, y: (last.y * first.x) / last.x }, last] : [];
  return { name: 'in proportion', colour: GREY, points: drawn, isDashed: true };
}
