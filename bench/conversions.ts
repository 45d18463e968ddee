/** What each conversion on the way costs, in time and memory, for an object of one size and of another. */

import { EXPLICIT_VR_BIG_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN } from '../src/dataset/transfer-syntax.js';
import { type LargeOptions, largeObject, size } from './corpora.js';
import { ourProvider, ourUser } from './participants.js';
import { runRounds, spread, transferProbe } from './probes.js';
import { table } from './tables.js';

const PATHS = [
  { name: 'as it is (-xo)', option: '-xo', syntax: EXPLICIT_VR_LITTLE_ENDIAN },
  { name: 'to Implicit VR (-xi)', option: '-xi', syntax: EXPLICIT_VR_LITTLE_ENDIAN },
  { name: 'to Big Endian (-xb)', option: '-xb', syntax: EXPLICIT_VR_LITTLE_ENDIAN },
  { name: 'from Big Endian (-xe)', option: '-xe', syntax: EXPLICIT_VR_BIG_ENDIAN },
];

const FIGURES = [
  { figure: 'wall', title: 'wall s', digits: 2 },
  { figure: 'userCpu', title: 'CPU s of storescu', digits: 2 },
  { figure: 'userPeak', title: 'its peak MB', digits: 0 },
  { figure: 'providerPeak', title: 'peak MB of storescp', digits: 0 },
];

export async function costOfConversions(sizesMib: readonly number[], rounds: number): Promise<string> {
  const ways = PATHS.flatMap(({ name, option, syntax }) =>
    sizesMib.map((mib) => ({ name, mib, probe: probeOf(option, { mib, syntax, hollow: true }) })),
  );
  const samples = await runRounds(
    ways.map(({ probe }) => probe),
    rounds,
  );
  const rows = ways.map(({ name, mib, probe }) => [
    name,
    size(mib),
    ...FIGURES.map(({ figure, digits }) => spread(samples, probe.name, figure)?.median.toFixed(digits) ?? ''),
  ]);
  return `### Conversions\n\n${table(['data set', 'object', ...FIGURES.map(({ title }) => title)], rows, 2)}`;
}

function probeOf(option: string, object: LargeOptions) {
  return transferProbe({ user: ourUser(option), provider: ourProvider('--no-fsync'), corpus: largeObject(object) });
}
