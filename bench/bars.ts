/** The bars: which pairings there are, which figure of which is held against which, and where the limit is. */
import { lacks, lacksDcmjsDimse } from './abilities.js';
import { type Corpus, ctSlices, firstOf, grouped, largeObject, smallObjects } from './corpora.js';
import type { Criterion, FloorName, Measured } from './criteria.js';
import { crowdProbe } from './crowd.js';
import { BARE_DICOM, DCMJS_DIMSE, DCMTK_INSTALLED, DCMTK_TUNED, ourProvider, ourUser, PUMP } from './participants.js';
import { type Probe, transferProbe } from './probes.js';
import { START_UP } from './start-up.js';
import type { Figure } from './transfer.js';

const WARM_UPS = 2;
const DISTANCE_MS = 20;
const JOBS = 8;
const CROWD = 500;

interface Scale {
  /** A tenth of everything: to try the benchmark, not to believe it. */
  readonly isQuick: boolean;
}

interface Corpora {
  readonly ct: Corpus;
  readonly fewCt: Corpus;
  readonly small: Corpus;
  readonly large: Corpus;
  readonly hollow: Corpus;
  readonly hollowFourfold: Corpus;
}

/** All, or those with these numbers. */
export function barsOf(numbers: readonly number[] | undefined, { isQuick }: Scale): readonly Criterion[] {
  const scale = isQuick ? 10 : 1;
  const ct = ctSlices(2000 / scale);
  const mib = isQuick ? 100 : 1024;
  const corpora: Corpora = {
    ct,
    fewCt: firstOf(ct, 400 / scale),
    small: smallObjects(10_000 / scale),
    large: largeObject({ mib }),
    hollow: largeObject({ mib, hollow: true }),
    hollowFourfold: largeObject({ mib: 4 * mib, hollow: true }),
  };
  return [
    ...senderBars(corpora),
    ...receiverBars(corpora),
    ...togetherBars(corpora),
    ...othersBars(corpora),
    ...memoryBars(corpora),
    ...startUpBars(),
    ...crowdBars(CROWD / scale),
    ...diskBars(corpora),
  ].filter(({ bar }) => numbers?.includes(bar) ?? true);
}

/** Bar 1: our storescu against DCMTK's, both to DCMTK's storescp. That of the pump is its own: its time is no floor, but its CPU is. */
function senderBars({ ct, small, large }: Corpora): readonly Criterion[] {
  const limits: readonly (readonly [Corpus, number])[] = [
    [ct, 1],
    [large, 1],
    [small, 0.8],
  ];
  return limits.flatMap(([corpus, wallLimit]) => {
    const ours = transferProbe({ user: ourUser('-xo'), provider: DCMTK_TUNED.provider, corpus });
    const against = dcmtkTuned(corpus);
    const pump = transferProbe({ ...PUMP, corpus });
    const dicom = transferProbe({ user: BARE_DICOM.user, provider: DCMTK_TUNED.provider, corpus });
    const probes = { bar: 1, ours, against, floors: { dicom } };
    const cpuFloors = { pump, dicom };
    return [
      ratio({ ...probes, what: `send ${corpus.title}`, figure: 'wall', limit: wallLimit }),
      ratio({ ...probes, what: `send ${corpus.title}, CPU`, floors: cpuFloors, figure: 'userCpu', limit: 0.9 }),
    ];
  });
}

/** Bar 2: our storescp against DCMTK's, both warm, both from DCMTK's storescu; the pump likewise. */
function receiverBars({ ct, small, large }: Corpora): readonly Criterion[] {
  const { user, provider } = DCMTK_TUNED;
  return [ct, large, small].flatMap((corpus) => {
    const warm = { corpus, warmUps: WARM_UPS };
    const ours = transferProbe({ user, provider: ourProvider('--no-fsync'), ...warm });
    const against = transferProbe({ user, provider, ...warm });
    const pump = transferProbe({ ...PUMP, ...warm });
    const dicom = transferProbe({ user, provider: BARE_DICOM.provider, ...warm });
    const probes = { bar: 2, ours, against, floors: { dicom } };
    const cpuFloors = { pump, dicom };
    return [
      ratio({ ...probes, what: `receive ${corpus.title}`, figure: 'wall', limit: 1 }),
      ratio({ ...probes, what: `receive ${corpus.title}, CPU`, floors: cpuFloors, figure: 'providerCpu', limit: 1.1 }),
    ];
  });
}

/** Bars 3 and 4: both ends ours against both ends DCMTK's. */
function togetherBars({ ct, small, large }: Corpora): readonly Criterion[] {
  const limits: readonly (readonly [Corpus, number])[] = [
    [ct, 0.85],
    [small, 0.5],
    [large, 0.9],
  ];
  const bar3 = limits.map(([corpus, limit]) => {
    const ours = transferProbe({ user: ourUser('-xo'), provider: ourProvider('--no-fsync'), corpus });
    const against = dcmtkTuned(corpus);
    return ratio({ bar: 3, what: corpus.title, ours, against, floors: floorsOf(corpus), figure: 'wall', limit });
  });
  const bar4 = [ct, small, large].map((corpus) => {
    const against = transferProbe({ user: DCMTK_TUNED.implicitUser, provider: DCMTK_TUNED.provider, corpus });
    const what = `${corpus.title} to Implicit VR`;
    const floors = floorsOf(corpus);
    return ratio({ bar: 4, what, ours: ourDefaults(corpus), against, floors, figure: 'wall', limit: 0.8 });
  });
  return [...bar3, ...bar4];
}

/** Bars 5 to 7: what people have today, and distance. */
function othersBars({ fewCt: corpus }: Corpora): readonly Criterion[] {
  const far = { corpus, roundTripMs: DISTANCE_MS };
  const jobs = ['--jobs', `${JOBS}`];
  const ours = ourDefaults(corpus);
  const installed = transferProbe({ ...DCMTK_INSTALLED, corpus });
  const dcmjsDimse = transferProbe({ ...DCMJS_DIMSE, corpus }, lacksDcmjsDimse);
  const { user, provider, forkingProvider } = DCMTK_TUNED;
  const dcmtkFar = transferProbe({ user, provider, ...far });
  const oursFar = transferProbe({ user: ourUser(), provider: ourProvider(), ...far });
  const manyFar = transferProbe(
    { user: ourUser(...jobs), provider: forkingProvider, ...far },
    lacks('storescu', '--jobs'),
  );
  const floors = floorsOf(corpus);
  // Bare DICOM has one object on its way at a time, so it is no floor where that is what matters.
  const floorsFar = { pump: transferProbe({ ...PUMP, ...far }) };
  const where = `${corpus.title}, ${DISTANCE_MS} ms away`;
  const many = `${where}, ${JOBS} associations`;
  return [
    speedUp({ bar: 5, what: `${corpus.title}, DCMTK as installed`, ours, against: installed, floors, limit: 20 }),
    speedUp({ bar: 6, what: `${corpus.title}, dcmjs-dimse`, ours, against: dcmjsDimse, floors, limit: 30 }),
    speedUp({ bar: 7, what: where, ours: oursFar, against: dcmtkFar, floors: floorsFar, limit: 10 }),
    speedUp({ bar: 7, what: many, ours: manyFar, against: dcmtkFar, floors: floorsFar, limit: 6 }),
  ];
}

/** Bar 8: memory does not depend on the size of an object. */
function memoryBars({ hollow, hollowFourfold }: Corpora): readonly Criterion[] {
  const ways = [
    { name: 'as it is', users: ourUser('-xo') },
    { name: 'converted', users: ourUser() },
  ];
  const ends = [
    { end: 'storescu', figure: 'userPeak' },
    { end: 'storescp', figure: 'providerPeak' },
  ];
  return ways.flatMap(({ name, users: user }) => {
    const [one, fourfold] = [hollow, hollowFourfold].map((corpus) =>
      transferProbe({ user, provider: ourProvider(), corpus }),
    );
    if (one === undefined || fourfold === undefined) return [];
    return ends.flatMap(({ end, figure }): Criterion[] => {
      const peak = (probe: Probe): Measured => ({ probe, figure });
      const value = { bar: 8, how: 'value', unit: 'MB', limit: 110 } as const;
      return [
        { ...value, what: `${end}, ${hollow.title} ${name}`, ours: peak(one) },
        { ...value, what: `${end}, ${hollowFourfold.title} ${name}`, ours: peak(fourfold) },
        {
          bar: 8,
          what: `${end}, the second over the first`,
          ours: peak(fourfold),
          against: peak(one),
          how: 'difference',
          unit: 'MB',
          limit: 10,
        },
      ];
    });
  });
}

/** Bar 9. */
function startUpBars(): readonly Criterion[] {
  const of = (figure: string): Measured => ({ probe: START_UP, figure });
  const common = { bar: 9, against: of('node'), unit: 'ms' } as const;
  return [
    { ...common, what: 'storescu --version, node -e 0', ours: of('version'), how: 'ratio', limit: 1.3 },
    { ...common, what: 'one small object sent, node -e 0', ours: of('send'), how: 'difference', limit: 60 },
  ];
}

/** Bar 10. */
function crowdBars(associations: number): readonly Criterion[] {
  const probe = crowdProbe(associations);
  const what = `${grouped(associations)} associations at once`;
  const slowest = { probe, figure: 'slowest' };
  return [
    {
      bar: 10,
      what: `${what}, storescp`,
      ours: { probe, figure: 'providerPeak' },
      how: 'value',
      unit: 'MB',
      limit: 300,
    },
    {
      bar: 10,
      what: `${what}, slowest against median`,
      ours: slowest,
      against: { probe, figure: 'median' },
      how: 'ratio',
      unit: 's',
      limit: 3,
    },
  ];
}

/** Bar 11: what it costs that a response means the object is on the disk. */
function diskBars({ fewCt, small }: Corpora): readonly Criterion[] {
  return [fewCt, small].map((corpus) => {
    const common = { user: ourUser('-xo'), corpus, place: 'disk' } as const;
    const ours = transferProbe({ ...common, provider: ourProvider() });
    const against = transferProbe({ ...common, provider: ourProvider('--no-fsync') });
    const what = `${corpus.title} to a disk, --no-fsync`;
    return ratio({ bar: 11, what, ours, against, figure: 'wall', limit: 1.5 });
  });
}

function dcmtkTuned(corpus: Corpus): Probe {
  return transferProbe({ user: DCMTK_TUNED.user, provider: DCMTK_TUNED.provider, corpus });
}

function ourDefaults(corpus: Corpus): Probe {
  return transferProbe({ user: ourUser(), provider: ourProvider(), corpus });
}

function floorsOf(corpus: Corpus): Record<FloorName, Probe> {
  return { pump: transferProbe({ ...PUMP, corpus }), dicom: transferProbe({ ...BARE_DICOM, corpus }) };
}

interface Comparison {
  readonly bar: number;
  readonly what: string;
  readonly ours: Probe;
  readonly against: Probe;
  readonly floors?: { readonly [Name in FloorName]?: Probe };
  readonly limit: number;
}

function ratio({ figure, ...comparison }: Comparison & { readonly figure: Figure }): Criterion {
  return { ...measured(comparison, figure), how: 'ratio' };
}

function speedUp(comparison: Comparison): Criterion {
  return { ...measured(comparison, 'wall'), how: 'speed-up' };
}

function measured({ ours, against, floors, ...rest }: Comparison, figure: Figure): Omit<Criterion, 'how'> {
  const of = (probe: Probe): Measured => ({ probe, figure });
  const { pump, dicom } = floors ?? {};
  const measuredFloors = { ...(pump && { pump: of(pump) }), ...(dicom && { dicom: of(dicom) }) };
  return { ...rest, ours: of(ours), against: of(against), floors: measuredFloors, unit: 's' };
}
