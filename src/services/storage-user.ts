/** The Storage service as user (PS3.4 Annex B): from files to C-STORE responses, over as many associations as it takes. */
import type { WantedContext } from '../acse/propose.js';
import { type Deferred, deferred } from '../base/deferred.js';
import { DicomError, FileError, NoPresentationContext, NotAnInstance, TimeoutError } from '../base/errors.js';
import { InFlight, merged } from '../base/in-flight.js';
import { describeStatus } from '../dimse/status.js';
import type { InstanceFile } from '../file/instance-file.js';
import type { AssociationHandle } from '../net/association-handle.js';
import { requestAssociation } from '../net/requestor.js';
import { findInstances, type InputFile } from './input-files.js';
import { LookAhead } from './look-ahead.js';
import { type ContextPlan, chooseContext, contextsFor, type Proposal, planContexts, proposalOf } from './plan.js';
import { noContextFor, openInstance, sendInstance } from './store-instance.js';
import type { StoreFilesOptions, StoreOutcome } from './store-outcome.js';
import { verify } from './verification.js';

/**
 * Sends files, and the files in directories, and yields one outcome per request as its response comes. The files are looked
 * into about a thousand ahead of the one that is sent: what those need is proposed, and files that need something else go
 * over further associations. On each the order is that of the paths.
 * Stop early by leaving the loop: the association is released.
 * @throws {TransportError | TimeoutError | AssociationRejected | AssociationAborted} no association, or it was lost;
 *   what was yielded before stays true
 * @throws {NoPresentationContext} the peer accepted nothing at all
 */
export async function* storeFiles(
  paths: readonly string[],
  options: StoreFilesOptions,
): AsyncGenerator<StoreOutcome, void, void> {
  const files = new LookAhead(findInstances(paths, { ...options, recurse: options.recurse ?? false }), options);
  try {
    yield* new Session(files, options).run();
  } finally {
    await files.close();
  }
}

type ProblemFile = Extract<InputFile, { error: Error }>;
type WaitingInstance = Extract<InputFile, { instance: InstanceFile }>;

/** One call of `storeFiles`: what it has seen so far decides whether it goes on. */
class Session {
  readonly #files: LookAhead;
  readonly #options: StoreFilesOptions;
  readonly #proposal: Proposal;
  readonly #repeat: number;
  /** What the last association was for, as far as the peer takes it: the next may find more files of that kind. */
  #usual: readonly WantedContext[] = [];
  #anyAccepted = false;
  #refusal: Error | undefined;
  #hasVerified = false;
  #halted = false;

  constructor(files: LookAhead, options: StoreFilesOptions) {
    this.#files = files;
    this.#options = options;
    this.#proposal = proposalOf(options);
    this.#repeat = options.repeat ?? 1;
  }

  async *run(): AsyncGenerator<StoreOutcome, void, void> {
    for (;;) {
      yield* this.#problemsFirst();
      if (this.#halted) return;
      const isPing = this.#options.verify && !this.#hasVerified;
      if ((await this.#files.peek()) === undefined && !isPing) break;
      await this.#files.filled();
      yield* this.#useAssociations(planContexts(this.#files, this.#proposal, this.#usual));
      if (this.#halted) return;
    }
    if (this.#refusal !== undefined && !this.#anyAccepted) throw this.#refusal;
  }

  /** Files that cannot be sent need no association. */
  async *#problemsFirst(): AsyncGenerator<StoreOutcome, void, void> {
    for (let file = await this.#files.peek(); file !== undefined && 'error' in file; file = await this.#files.peek()) {
      await this.#files.take(() => true);
      yield* this.#problem(file);
      if (this.#halted) return;
    }
  }

  async *#useAssociations(plan: ContextPlan): AsyncGenerator<StoreOutcome, void, void> {
    const association = await this.#associate(plan);
    if (association.contexts.length === 0) {
      await association.abort();
      yield* this.#refused(plan);
      return;
    }
    this.#anyAccepted = true;
    const accepted = new Set(association.contexts.map(({ abstractSyntax }) => abstractSyntax));
    this.#usual = plan.contexts.filter(({ abstractSyntax }) => accepted.has(abstractSyntax));
    // One that works beside others needs files to work on.
    const more = Math.min((this.#options.associations ?? 1) - 1, this.#files.waiting.length - 1);
    yield* merged([
      this.#use(association, plan),
      ...Array.from({ length: Math.max(0, more) }, () => this.#useAnother(plan)),
    ]);
  }

  #associate({ contexts }: ContextPlan): Promise<AssociationHandle> {
    const isSingle = this.#files.isComplete && this.#files.waiting.length <= 1 && this.#repeat <= 1;
    // A window for one request would be of no use, and is one more thing for a peer to stumble over.
    const maxOperationsInvoked = isSingle ? 1 : this.#options.maxOperationsInvoked;
    return requestAssociation({ ...this.#options, contexts, maxOperationsInvoked });
  }

  async *#use(association: AssociationHandle, plan: ContextPlan): AsyncGenerator<StoreOutcome, void, void> {
    try {
      if (this.#options.verify && !this.#hasVerified) yield* this.#verify(association);
      if (!this.#options.haltOnFailure) yield* this.#withoutContext(association, plan);
      yield* this.#sendOver(association, plan);
    } finally {
      if (association.failure === undefined) await this.#finish(association);
    }
  }

  /** A peer that does not want another association is served over those there are. */
  async *#useAnother(plan: ContextPlan): AsyncGenerator<StoreOutcome, void, void> {
    let association: AssociationHandle;
    try {
      association = await this.#associate(plan);
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      if (!(error instanceof DicomError)) throw error;
      this.#options.report?.({ type: 'association-missing', error });
      return;
    }
    yield* this.#use(association, plan);
  }

  /** @throws {NoPresentationContext} if there is nothing else: alone, the error of the whole says it all */
  async *#refused(plan: ContextPlan): AsyncGenerator<StoreOutcome, void, void> {
    const isRefused = (file: InputFile) => this.#isCovered(file, plan);
    this.#refusal = new NoPresentationContext('No Acceptable Presentation Contexts');
    const isAll = this.#files.isComplete && this.#files.waiting.every(isRefused);
    if (!this.#anyAccepted && (isAll || this.#options.haltOnFailure)) throw this.#refusal;
    for (let file = await this.#files.take(isRefused); file !== undefined; file = await this.#files.take(isRefused)) {
      if ('error' in file) yield* this.#problem(file);
      else yield this.#failed(file.path, this.#refusal);
      if (this.#halted) return;
    }
  }

  /** Of the files that wait, those that the peer takes in no form: known now, so told now. */
  *#withoutContext(association: AssociationHandle, plan: ContextPlan): Generator<StoreOutcome, void, void> {
    const isWithout = (file: InputFile) =>
      'instance' in file &&
      this.#isCovered(file, plan) &&
      chooseContext(file.instance, association.contexts, this.#options) === undefined;
    for (const file of this.#files.takeAll(isWithout))
      if ('instance' in file) yield this.#failed(file.path, noContextFor(file.instance));
  }

  /** Sends all files that the plan is for, as long as there are any; one that breaks in the middle costs the association. */
  async *#sendOver(association: AssociationHandle, plan: ContextPlan): AsyncGenerator<StoreOutcome, void, void> {
    const inFlight = new InFlight<readonly StoreOutcome[] | ProblemFile>();
    // One more than may be outstanding is opened and waits for its turn; but who halts must know of each what became of it.
    const limit = this.#options.haltOnFailure ? 1 : association.maxOperationsInvoked + 1;
    let line: Promise<void> = Promise.resolve();
    const goesOn = () => !(this.#halted || association.failure instanceof FileError);
    try {
      while (goesOn()) {
        const file = await this.#files.take((next) => this.#isCovered(next, plan));
        if (file === undefined) break;
        for (let turn = 0; turn < ('error' in file ? 1 : this.#repeat) && goesOn(); turn++) {
          if ('error' in file) inFlight.add(Promise.resolve(file));
          else {
            const begun = deferred();
            inFlight.add(this.#send(association, file, { after: line, begun }));
            line = begun.promise;
          }
          for await (const done of inFlight.untilBelow(limit)) yield* 'error' in done ? this.#problem(done) : done;
        }
      }
      for await (const done of inFlight.untilBelow(1)) yield* 'error' in done ? this.#problem(done) : done;
    } finally {
      await inFlight.settled();
    }
  }

  /** What cannot be sent is put to no association, so every plan covers it. */
  #isCovered(file: InputFile, plan: ContextPlan): boolean {
    return 'error' in file || plan.covers(contextsFor(file.instance, this.#proposal));
  }

  #tellSending(instance: InstanceFile): void {
    const { path, warnings } = instance;
    for (const message of warnings) this.#options.report?.({ type: 'warning', path, message });
    this.#options.report?.({ type: 'sending', instance });
  }

  /**
   * Opens the file at once, but lets those that were begun `after` it on the way first.
   * @returns nothing if it has to be sent once more: another file has cost the association that it was on its way over
   */
  async #send(
    association: AssociationHandle,
    file: WaitingInstance,
    { after, begun }: { readonly after: Promise<void>; readonly begun: Deferred<void> },
  ): Promise<readonly StoreOutcome[]> {
    const { path, instance } = file;
    try {
      const opening = openInstance(association, instance, this.#options);
      await Promise.allSettled([opening, after]);
      const onTurn = () => this.#tellSending(instance);
      const answer = sendInstance(association, await opening, { ...this.#options, onTurn });
      begun.resolve();
      const response = await answer;
      const status = describeStatus(response.status);
      if (status.category === 'success' || status.category === 'warning')
        return [{ type: 'stored', path, instance, status, response }];
      if (this.#options.haltOnFailure) this.#halted = true;
      return [{ type: 'refused', path, instance, status, response }];
    } catch (error) {
      // These two are about a file; anything else is about the association and ends the run.
      if (error instanceof NoPresentationContext) return [this.#failed(path, error)];
      if (!(error instanceof FileError)) throw error;
      if (error.path === path) return [this.#failed(path, error)];
      this.#files.putBack(file);
      return [];
    } finally {
      begun.resolve();
    }
  }

  /** A file that could not be looked into: a failure, unless it was met by the way and hardly meant to be sent. */
  #problem({ path, isNamed, error }: ProblemFile): readonly StoreOutcome[] {
    if (isNamed || !(error instanceof NotAnInstance)) return [this.#failed(path, error)];
    this.#options.report?.({ type: 'skipped', path, error });
    return [];
  }

  #failed(path: string, error: Error): StoreOutcome {
    if (this.#options.haltOnFailure) this.#halted = true;
    return { type: 'not-sent', path, error };
  }

  async *#verify(association: AssociationHandle): AsyncGenerator<StoreOutcome, void, void> {
    this.#hasVerified = true;
    try {
      for (let turn = 0; turn < this.#repeat; turn++) yield { type: 'verified', status: await verify(association) };
    } catch (error) {
      if (!(error instanceof NoPresentationContext)) throw error;
      yield { type: 'not-verified', error };
    }
  }

  async #finish(association: AssociationHandle): Promise<void> {
    if (this.#options.endWith === 'abort') {
      await association.abort();
      return;
    }
    try {
      await association.release();
    } catch (error) {
      // Every response is in. A peer that hangs up instead of agreeing has lost nothing.
      if (error instanceof TimeoutError || association.failure === undefined) throw error;
    }
  }
}
