/** What `storeFiles` would do, as far as that can be known without asking the peer. */
import type { WantedContext } from '../acse/propose.js';
import type { InstanceFile } from '../file/instance-file.js';
import { abortReason, checkSignals, whenAborted } from '../net/signals.js';
import type { ProposedPresentationContext } from '../pdu/types.js';
import { findInstances, type InputFile, isSkipped, isStream, type Paths, type ProblemFile } from './input-files.js';
import { LookAhead } from './look-ahead.js';
import { type ContextPlan, contextsFor, type Proposal, planContexts, proposalOf } from './plan.js';
import { sieve } from './sift.js';
import type { SelectFilesOptions, StoreEvent } from './store-outcome.js';

/** Files of one transfer syntax that go out in a context if the peer accepts it. */
export interface PlannedFiles {
  readonly transferSyntaxUid: string;
  readonly files: number;
  /** Ids of the contexts that all must be refused before these files come to this one; none for their best. */
  readonly unless: readonly number[];
}

/** A presentation context that would be proposed, with the files it is for. */
export interface PlannedContext extends ProposedPresentationContext {
  readonly uses: readonly PlannedFiles[];
}

/** One association: what it would propose, and for which files. */
export interface PlannedAssociation {
  readonly type: 'association';
  readonly contexts: readonly PlannedContext[];
  readonly files: number;
}

/** What would be done: one association, or a file that is left out or is odd. */
export type PlanEvent =
  | PlannedAssociation
  | { readonly type: 'not-sent'; readonly path: string; readonly error: Error }
  | Extract<StoreEvent, { path: string }>;

/**
 * Looks the files through as `storeFiles` does and tells of each association and each file left out, in its order. How many
 * associations there are is true for a peer that accepts every context.
 */
export async function* planFiles(
  paths: Paths,
  options: SelectFilesOptions & { readonly signal?: AbortSignal | undefined },
): AsyncGenerator<PlanEvent, void, void> {
  const { signal } = options;
  checkSignals({ signal });
  const proposal = proposalOf(options);
  const walk = findInstances(paths, { ...options, recurse: options.recurse ?? false });
  const files = new LookAhead(walk, { signal, isWanted: sieve(options), isStream: isStream(paths) });
  const leaveSignal = whenAborted(signal, () => files.end(abortReason(signal)));
  try {
    let usual: readonly WantedContext[] = [];
    for (let isFirst = true; ; isFirst = false) {
      yield* problemsFirst(files);
      if ((await files.peek()) === undefined && !(isFirst && proposal.verify)) break;
      await files.filled();
      const plan = planContexts(files, proposal, usual);
      usual = plan.contexts;
      const tally = new Tally(plan, proposal);
      const isCovered = (file: InputFile) => 'error' in file || tally.covers(file.instance);
      for (let file = await files.take(isCovered); file !== undefined; file = await files.take(isCovered)) {
        if ('error' in file) yield leftOut(file);
        else {
          yield* warnings(file.instance);
          tally.add(file.instance);
        }
      }
      if (tally.contexts.length > 0) yield { type: 'association', contexts: tally.contexts, files: tally.files };
    }
  } finally {
    leaveSignal();
    await files.close();
  }
}

/** Files that cannot be sent need no association. */
async function* problemsFirst(files: LookAhead): AsyncGenerator<PlanEvent, void, void> {
  for (let file = await files.peek(); file !== undefined && 'error' in file; file = await files.peek()) {
    await files.take(() => true);
    yield leftOut(file);
  }
}

function leftOut(file: ProblemFile): PlanEvent {
  return { type: isSkipped(file) ? 'skipped' : 'not-sent', path: file.path, error: file.error };
}

function* warnings({ path, warnings: messages }: InstanceFile): Generator<PlanEvent, void, void> {
  for (const message of messages) yield { type: 'warning', path, message };
}

/** Counts the files of an association, by context and by their transfer syntax. */
class Tally {
  readonly #plan: ContextPlan;
  readonly #proposal: Proposal;
  /** By id of the context and transfer syntax of the files. */
  readonly #uses = new Map<number, Map<string, PlannedFiles>>();
  #files = 0;

  constructor(plan: ContextPlan, proposal: Proposal) {
    this.#plan = plan;
    this.#proposal = proposal;
  }

  get files(): number {
    return this.#files;
  }

  get contexts(): readonly PlannedContext[] {
    return this.#plan.contexts.map((context) => ({
      ...context,
      uses: [...(this.#uses.get(context.id)?.values() ?? [])],
    }));
  }

  covers(instance: InstanceFile): boolean {
    return this.#plan.covers(contextsFor(instance, this.#proposal));
  }

  add(instance: InstanceFile): void {
    this.#files++;
    const unless: number[] = [];
    for (const context of contextsFor(instance, this.#proposal)) {
      const id = this.#plan.idOf(context);
      if (id === undefined) continue;
      this.#count(id, instance.transferSyntaxUid, [...unless]);
      unless.push(id);
    }
  }

  #count(id: number, transferSyntaxUid: string, unless: readonly number[]): void {
    const uses = this.#uses.get(id) ?? new Map<string, PlannedFiles>();
    this.#uses.set(id, uses);
    const files = (uses.get(transferSyntaxUid)?.files ?? 0) + 1;
    uses.set(transferSyntaxUid, { transferSyntaxUid, files, unless });
  }
}
