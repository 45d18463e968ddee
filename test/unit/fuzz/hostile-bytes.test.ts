/** Laws over bytes that were good once: whatever is changed in them, each reader and the whole acceptor hold to their word. */
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { damageArbitrary, fuzzRuns } from '../../support/fuzz.js';
import { FUZZ_SEEDS } from '../../support/fuzz-seeds.js';
import { FUZZ_TARGETS, type FuzzTargetName } from '../../support/fuzz-targets.js';

/** Together a few seconds; NETDICOM_FUZZ_RUNS asks for more. */
const USUAL_RUNS: Readonly<Record<FuzzTargetName, number>> = {
  'pdu-reader': 300,
  command: 500,
  'data-set': 300,
  'file-meta': 500,
  acceptor: 300,
};

const names: readonly FuzzTargetName[] = ['pdu-reader', 'command', 'data-set', 'file-meta', 'acceptor'];

describe('hostile bytes', () => {
  for (const name of names) {
    const target = FUZZ_TARGETS[name];

    it(`${name}: every seed`, async () => {
      for (const seed of FUZZ_SEEDS[name]) await target(seed);
    });

    it(`law: ${name}, whatever is damaged, cut, left out or put in`, async () => {
      const damaged = fc
        .tuple(fc.constantFrom(...FUZZ_SEEDS[name]), fc.array(damageArbitrary, { minLength: 1, maxLength: 4 }))
        .map(([seed, damages]) => damages.reduce((bytes, damage) => damage(bytes), seed));
      await fc.assert(
        fc.asyncProperty(damaged, async (bytes) => {
          await target(bytes);
        }),
        fuzzRuns(USUAL_RUNS[name]),
      );
    });

    it(`law: ${name}, of two halves that do not belong together`, async () => {
      const seed = fc.tuple(fc.constantFrom(...FUZZ_SEEDS[name]), fc.nat());
      const spliced = fc
        .tuple(seed, seed)
        .map(([[a, cutA], [b, cutB]]) =>
          Buffer.concat([a.subarray(0, cutA % (a.length + 1)), b.subarray(cutB % (b.length + 1))]),
        );
      await fc.assert(
        fc.asyncProperty(spliced, async (bytes) => {
          await target(bytes);
        }),
        fuzzRuns(Math.ceil(USUAL_RUNS[name] / 3)),
      );
    });
  }
});
