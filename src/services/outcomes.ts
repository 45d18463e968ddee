/** Where the outcomes of a run go, and the decision to halt that follows from them. */

import { deferred } from '../base/deferred.js';
import type { Handover } from '../base/handover.js';
import { isSkipped, type ProblemFile } from './input-files.js';
import type { LookAhead } from './look-ahead.js';
import type { StoreFilesOptions, StoreOutcome } from './store-outcome.js';

export class Outcomes {
  readonly #handover: Handover<StoreOutcome>;
  readonly #options: Pick<StoreFilesOptions, 'haltOnFailure' | 'report'>;
  readonly #halted = deferred();
  #isHalted = false;

  constructor(handover: Handover<StoreOutcome>, options: Pick<StoreFilesOptions, 'haltOnFailure' | 'report'>) {
    this.#handover = handover;
    this.#options = options;
  }

  /** Whether nothing is to be begun any more; what is under way goes on to its end. */
  get isHalted(): boolean {
    return this.#isHalted;
  }

  /** Resolves when nothing is to be begun any more. */
  get halted(): Promise<void> {
    return this.#halted.promise;
  }

  halt(): void {
    this.#isHalted = true;
    this.#halted.resolve();
  }

  tell(outcome: StoreOutcome): void | Promise<void> {
    if (this.#options.haltOnFailure && isFailure(outcome)) this.halt();
    return this.#handover.put(outcome);
  }

  /** A failure, unless the file is skipped. */
  tellProblem(file: ProblemFile): void | Promise<void> {
    const { path, error } = file;
    if (!isSkipped(file)) return this.tell({ type: 'not-sent', path, error, attempts: 1 });
    this.#options.report?.({ type: 'skipped', path, error });
  }

  /** Of the files that wait in the end. */
  tellLeft({ waiting, isWalkedThrough: isAll }: Pick<LookAhead, 'waiting' | 'isWalkedThrough'>): void {
    const paths = waiting.filter((file) => !isSkipped(file)).map(({ path }) => path);
    if (paths.length > 0 || !isAll) this.#options.report?.({ type: 'left', paths, isAll });
  }
}

function isFailure(outcome: StoreOutcome): boolean {
  if (outcome.type === 'verified') return outcome.status.category !== 'success';
  return outcome.type !== 'stored';
}
