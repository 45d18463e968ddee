/** What the benchmark makes of its figures: verdicts, those of bare programs beside them, and rows of a table. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Criterion, judge } from '../../../bench/criteria.js';
import type { Figures, Probe, Samples } from '../../../bench/probes.js';
import { barTable, countsInWords } from '../../../bench/tables.js';

function probe(name: string, missing?: string): Probe {
  return { name, run: async () => ({}), missing };
}

function samples(figures: Readonly<Record<string, readonly Figures[]>>, failures: readonly [string, string][] = []) {
  return { figures: new Map(Object.entries(figures)), failures: new Map(failures) } satisfies Samples;
}

const wall = (...seconds: number[]): readonly Figures[] => seconds.map((wall) => ({ wall }));
const of = (name: string) => ({ probe: probe(name), figure: 'wall' });
const FLOORS = { pump: of('pump'), dicom: of('dicom') };
const BAR = { bar: 1, what: 'w', ours: of('ours'), against: of('theirs'), floors: FLOORS, unit: 's' } as const;
const RATIO: Criterion = { ...BAR, how: 'ratio', limit: 1 };
const MEASURED = { ours: wall(3, 1, 2), theirs: wall(2, 2, 4), pump: wall(3, 3, 3), dicom: wall(1.9) };

const ROWS: readonly (readonly [string, Criterion, Samples, string])[] = [
  [
    'a ratio',
    RATIO,
    samples(MEASURED),
    '| 1 | w | 2.00 s (1.00–3.00) | 2.00 s (2.00–4.00) | 1.00 (0.50–1.50) | ≤ 1 | met | 3.00 s: 1.50, missed | 1.90 s: 0.95, met |',
  ],
  [
    'a ratio over its limit',
    { ...RATIO, limit: 0.9 },
    samples(MEASURED),
    '| 1 | w | 2.00 s (1.00–3.00) | 2.00 s (2.00–4.00) | 1.00 (0.50–1.50) | ≤ 0.9 | **missed** | 3.00 s: 1.50, missed | 1.90 s: 0.95, missed |',
  ],
  [
    'a speed-up',
    { ...BAR, how: 'speed-up', limit: 10 },
    samples({ ours: wall(1), theirs: wall(9), pump: wall(0.5), dicom: wall(1) }),
    '| 1 | w | 1.00 s (1.00–1.00) | 9.00 s (9.00–9.00) | 9.0 (9.0–9.0) x faster | ≥ 10 x faster | **missed** | 0.50 s: 18.0 x faster, met | 1.00 s: 9.0 x faster, missed |',
  ],
  [
    'a difference, without floors, and never less than nothing by a hair',
    { bar: 8, what: 'w', ours: of('ours'), against: of('theirs'), how: 'difference', unit: 'MB', limit: 10 },
    samples({ ours: wall(58.8), theirs: wall(59.1) }),
    '| 8 | w | 59 MB (59–59) | 59 MB (59–59) | 0 MB more | ≤ 10 MB more | met |  |  |',
  ],
  [
    'a value',
    { bar: 8, what: 'w', ours: of('ours'), how: 'value', unit: 'MB', limit: 50 },
    samples({ ours: wall(60) }),
    '| 8 | w | 60 MB (60–60) |  |  | ≤ 50 MB | **missed** |  |  |',
  ],
  [
    'what has failed',
    RATIO,
    samples({ ours: MEASURED.ours, pump: MEASURED.pump }, [['theirs', 'failed: no']]),
    '| 1 | w |  |  | failed: no | ≤ 1 | not measured |  |  |',
  ],
  [
    'a pump that has failed, and no bare DICOM',
    { ...RATIO, floors: { pump: of('pump') } },
    samples({ ours: MEASURED.ours, theirs: MEASURED.theirs }, [['pump', 'failed: no']]),
    '| 1 | w | 2.00 s (1.00–3.00) | 2.00 s (2.00–4.00) | 1.00 (0.50–1.50) | ≤ 1 | met | failed: no |  |',
  ],
  [
    'what this machine lacks',
    { ...RATIO, ours: { probe: probe('ours', 'no room'), figure: 'wall' } },
    samples(MEASURED),
    '| 1 | w |  |  | no room | ≤ 1 | not measured |  |  |',
  ],
];

for (const [what, criterion, measured, row] of ROWS)
  test(`a bar in a table: ${what}`, () => {
    const lines = barTable([[criterion, judge(criterion, measured)]]).split('\n');
    assert.equal(lines[2], row);
    assert.equal(lines[0]?.split('|').length, row.split('|').length);
  });

test('how many bars are met, and which of the others the floors miss too', () => {
  const verdicts = ROWS.map(([, criterion, measured]) => judge(criterion, measured));
  assert.equal(
    countsInWords(verdicts),
    '3 met, 3 missed (of them 1 by the bare pump, 2 by bare DICOM, too), 2 not measured.',
  );
  assert.equal(countsInWords([]), '0 met, 0 missed, 0 not measured.');
});
