/** What is measured: each probe does one thing once and brings figures home; rounds of all of them keep the weather fair. */
import { lacksRoom } from './places.js';
import { measureTransfer, type Transfer, transferName } from './transfer.js';

export type Figures = Readonly<Record<string, number>>;

export interface Probe {
  /** Equal names are one probe. */
  readonly name: string;
  readonly run: () => Promise<Figures>;
  /** Why it cannot be measured here. */
  readonly missing?: string | undefined;
}

export interface Samples {
  /** What each probe brought home, round by round. */
  readonly figures: ReadonlyMap<string, readonly Figures[]>;
  /** Why a probe was given up. */
  readonly failures: ReadonlyMap<string, string>;
}

/** @param missing why it cannot be measured, whatever room there is */
export function transferProbe(transfer: Transfer, missing?: string): Probe {
  const { count, fileBytes } = transfer.corpus;
  return {
    name: transferName(transfer),
    run: () => measureTransfer(transfer),
    missing: missing ?? (transfer.place === 'disk' ? undefined : lacksRoom(count * fileBytes)),
  };
}

/** Each round begins with another probe, so that none always follows the same one. */
export async function runRounds(probes: readonly Probe[], rounds: number): Promise<Samples> {
  const figures = new Map<string, Figures[]>();
  const failures = new Map<string, string>();
  const unique = new Map(probes.filter(({ missing }) => missing === undefined).map((probe) => [probe.name, probe]));
  for (let round = 0; round < rounds; round++) {
    const inTurn = [...unique.values()];
    const first = round % inTurn.length;
    for (const { name, run } of [...inTurn.slice(first), ...inTurn.slice(0, first)]) {
      try {
        const brought = await run();
        figures.set(name, [...(figures.get(name) ?? []), brought]);
        console.error(`${round + 1}/${rounds} ${name}: ${inWords(brought)}`);
      } catch (error) {
        console.error(error);
        failures.set(name, `failed: ${error instanceof Error ? error.message : error}`);
        figures.delete(name);
        unique.delete(name);
        process.exitCode = 1;
      }
    }
  }
  return { figures, failures };
}

function inWords(figures: Figures): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${value.toPrecision(3)}`)
    .join(', ');
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Undefined if there are no values, or one of them is unknown. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0 || values.some(Number.isNaN)) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? NaN;
  const middle = (sorted.length - 1) / 2;
  return { median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2, min: at(0), max: at(sorted.length - 1) };
}

export function spread(samples: Samples, probe: string, figure: string): Spread | undefined {
  return spreadOf((samples.figures.get(probe) ?? []).map((figures) => figures[figure] ?? NaN));
}
