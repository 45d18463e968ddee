/**
 * npm run bench: the bars of docs/performance.md, measured.
 *   --bar 1,3     these bars only
 *   --rounds 5    how often each pairing is measured, in turn (of the growth: 3)
 *   --quick       a tenth of everything
 *   --growth      how cost grows, instead of the bars
 *   --save        write the results into docs/performance.md, the bars into the section of the Node that runs
 *   --clear       only remove the corpora, which are kept for the next time
 */
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { lacks } from './abilities.js';
import { barsOf } from './bars.js';
import { costOfConversions } from './conversions.js';
import { judge } from './criteria.js';
import { FULL, growthWithAssociations, growthWithDistance, growthWithFiles, growthWithSize, QUICK } from './growth.js';
import { machineInWords } from './machine.js';
import { removeAll } from './places.js';
import { svgOf } from './plot.js';
import { runRounds } from './probes.js';
import { versionOf } from './processes.js';
import { findSection, savePicture, saveSection } from './report.js';
import { barTable, countsInWords, transferTable } from './tables.js';

const { values } = parseArgs({
  options: {
    bar: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    growth: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    clear: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds ?? (values.growth ? 3 : 5));
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a number of 1 or more');

const section = values.growth ? 'growth' : `bars on Node ${Number.parseInt(process.versions.node, 10)}`;
// Before the half hour, not after it.
if (values.save) await findSection(section);
if (values.save && (values.quick || values.bar !== undefined)) throw new Error('--save is for whole measurements');
if (!versionOf('storescu').startsWith('$dcmtk')) throw new Error('DCMTK is not installed (apt-get install dcmtk)');

const scale = values.quick ? ['a tenth of everything (--quick)'] : [];
const conditions = `${[machineInWords(), `rounds: ${rounds}`, ...scale, lacks('storescu', '--async-ops') ?? []].flat().join('; ')}.`;
if (values.clear) await removeAll();
else if (values.growth) await measureGrowth();
else await measureBars(values.bar?.split(',').map(Number));

async function measureBars(numbers: readonly number[] | undefined): Promise<void> {
  const criteria = barsOf(numbers, { isQuick: values.quick });
  const measured = criteria.flatMap(({ ours, against, floors }) => [ours, against, floors?.pump, floors?.dicom]);
  const samples = await runRounds(
    measured.flatMap((each) => each?.probe ?? []),
    rounds,
  );
  const judged = criteria.map((criterion) => [criterion, judge(criterion, samples)] as const);
  const text = [
    conditions,
    countsInWords(judged.map(([, verdict]) => verdict)),
    barTable(judged),
    transferTable(samples),
  ].join('\n\n');
  console.log(text);
  if (values.save) await saveSection(section, text);
}

async function measureGrowth(): Promise<void> {
  const [steps, conversionSizesMib] = values.quick ? [QUICK, [16, 128]] : [FULL, [64, 1024]];
  const sections = [
    await growthWithFiles(steps, rounds),
    await growthWithSize(steps, rounds),
    await growthWithAssociations(steps, rounds),
    await growthWithDistance(steps, rounds),
  ];
  const conversions = await costOfConversions(conversionSizesMib, rounds);
  const picture = '![How cost grows](growth.svg)';
  const text = [conditions, picture, ...sections.map((section) => section.text), conversions].join('\n\n');
  console.log(text);
  const svg = svgOf(sections.flatMap(({ panels }) => panels));
  if (values.save) {
    await saveSection(section, text);
    await savePicture('growth.svg', svg);
  } else await writeFile(join(tmpdir(), 'netdicom-growth.svg'), svg);
}
