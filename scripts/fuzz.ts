/**
 * npm run fuzz [-- --seconds 60] [TARGET ...]: changes inputs at random, keeps those that reach a block of src that none has
 * reached before, and reports every input that breaks what the target promises, takes seconds or does not end. V8 itself
 * says what was reached. Exit code 1 if there is a finding; each is in .fuzz as hex.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';
import { Worker, workerData } from 'node:worker_threads';
import { FUZZ_SEEDS } from '../test/support/fuzz-seeds.js';
import { FUZZ_TARGETS, type FuzzTargetName } from '../test/support/fuzz-targets.js';
import { projectRoot } from '../test/support/paths.js';
import { mutant } from './fuzz-mutations.js';

const MAX_INPUT = 64 * 1024;
/** Inputs between two looks at what was reached: looking costs as much as several of them. */
const BATCH = 16;
const SLOW_MS = 3_000;
const HANG_MS = 30_000;

interface Work {
  readonly name: FuzzTargetName;
  readonly seconds: number;
  /** A count of inputs, the length of the present one, and that. */
  readonly present: SharedArrayBuffer;
}

/** What the main thread can still see when the target never comes back. */
class Present {
  readonly #counts: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(memory: SharedArrayBuffer) {
    this.#counts = new Int32Array(memory, 0, 2);
    this.#bytes = new Uint8Array(memory, 8);
  }

  get count(): number {
    return this.#counts[0] ?? 0;
  }

  get input(): Buffer {
    return Buffer.from(this.#bytes.slice(0, this.#counts[1]));
  }

  set input(bytes: Buffer) {
    this.#bytes.set(bytes);
    this.#counts[1] = bytes.length;
    this.#counts[0] = this.count + 1;
  }
}

class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  get blocks(): number {
    return this.#seen.size;
  }

  /** Blocks of src that were reached since the last look and never before; `isKept` marks them as reached. */
  look(isKept: boolean): number {
    const found: string[] = [];
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error;
      for (const { url, functions } of result)
        if (url.includes('/.build/src/'))
          for (const { ranges } of functions)
            for (const { startOffset, endOffset, count } of ranges)
              if (count > 0) found.push(`${url}:${startOffset}-${endOffset}`);
    });
    const fresh = found.filter((block) => !this.#seen.has(block));
    if (isKept) for (const block of fresh) this.#seen.add(block);
    return fresh.length;
  }
}

class Fuzzer {
  readonly #name: FuzzTargetName;
  readonly #coverage = new Coverage();
  readonly #corpus: Buffer[] = [];
  readonly #findings = new Set<string>();
  readonly #present: Present;
  #runs = 0;

  constructor({ name, present }: Work) {
    this.#name = name;
    this.#present = new Present(present);
  }

  /** @returns the number of findings */
  async run(seconds: number): Promise<number> {
    const end = performance.now() + seconds * 1000;
    for (const seed of FUZZ_SEEDS[this.#name]) await this.#keepIfFresh(seed);
    while (performance.now() < end) {
      const batch = Array.from({ length: BATCH }, () => mutant(this.#corpus).subarray(0, MAX_INPUT));
      for (const input of batch) await this.#try(input);
      // Blocks that a batch has reached are looked for again in each of its inputs.
      if (this.#coverage.look(false) > 0) for (const input of batch) await this.#keepIfFresh(input);
    }
    const { blocks } = this.#coverage;
    console.log(
      `${this.#name}: ${this.#runs} inputs, ${this.#corpus.length} kept, ${blocks} blocks, ${this.#findings.size} findings`,
    );
    return this.#findings.size;
  }

  async #keepIfFresh(input: Buffer): Promise<void> {
    await this.#try(input);
    if (this.#coverage.look(true) > 0 || this.#corpus.length === 0) this.#corpus.push(input);
  }

  async #try(input: Buffer): Promise<void> {
    this.#runs++;
    this.#present.input = input;
    const started = performance.now();
    try {
      await FUZZ_TARGETS[this.#name](input);
      const ms = performance.now() - started;
      if (ms > SLOW_MS) this.#report(input, `took ${Math.round(ms)} ms`, 'slow');
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#report(input, text, text.split('\n').slice(0, 3).join().replace(/\d+/g, ''));
    }
  }

  #report(input: Buffer, text: string, kind: string): void {
    if (this.#findings.has(kind)) return;
    this.#findings.add(kind);
    tell(this.#name, input, text);
  }
}

function tell(name: string, input: Buffer, text: string): void {
  const folder = join(projectRoot, '.fuzz');
  const file = join(folder, `${name}-${createHash('sha256').update(input).digest('hex').slice(0, 12)}.hex`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `${input.toString('hex')}\n`);
  console.error(`${name}: ${text}\n  ${file}`);
}

/** Fuzzes one target in a thread of its own, which is given up when an input does not end. @returns whether there are findings */
async function fuzz(name: FuzzTargetName, seconds: number): Promise<boolean> {
  const memory = new SharedArrayBuffer(8 + MAX_INPUT);
  const present = new Present(memory);
  const work: Work = { name, seconds, present: memory };
  const worker = new Worker(new URL(import.meta.url), { workerData: work });
  let last = -1;
  const watch = setInterval(() => {
    if (present.count === last) {
      tell(name, present.input, `does not end within ${HANG_MS} ms`);
      void worker.terminate();
    }
    last = present.count;
  }, HANG_MS);
  const code = await new Promise<number>((resolve) => {
    worker.on('error', (error) => tell(name, present.input, error.stack ?? error.message));
    worker.on('exit', resolve);
  });
  clearInterval(watch);
  return code !== 0;
}

const NAMES: readonly FuzzTargetName[] = ['pdu-reader', 'command', 'data-set', 'file-meta', 'acceptor'];

async function main(args: readonly string[]): Promise<void> {
  const at = args.indexOf('--seconds');
  const seconds = at === -1 ? 60 : Number(args[at + 1]);
  const words = args.filter((_, index) => at === -1 || (index !== at && index !== at + 1));
  const chosen = NAMES.filter((name) => words.length === 0 || words.includes(name));
  if (!(seconds > 0) || words.some((word) => !NAMES.some((name) => name === word))) {
    console.error(`usage: npm run fuzz -- [--seconds N] [${NAMES.join('|')} ...]`);
    process.exitCode = 2;
    return;
  }
  for (const name of chosen) if (await fuzz(name, seconds)) process.exitCode = 1;
}

function isWork(data: unknown): data is Work {
  return typeof data === 'object' && data !== null && 'present' in data;
}

if (isWork(workerData)) process.exitCode = (await new Fuzzer(workerData).run(workerData.seconds)) > 0 ? 1 : 0;
else await main(process.argv.slice(2));
