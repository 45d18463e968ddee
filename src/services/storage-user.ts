/** The Storage service as user (PS3.4 Annex B): from files to C-STORE responses, over as many associations as it takes. */
import type { WantedContext } from '../acse/propose.js';
import { wakeup } from '../base/deferred.js';
import { DicomError, NoPresentationContext, TimeoutError } from '../base/errors.js';
import { Handover } from '../base/handover.js';
import { allEnded } from '../base/in-flight.js';
import type { AssociationHandle } from '../net/association-handle.js';
import { throwIfAborted } from '../net/signals.js';
import { startTimer } from '../net/timer.js';
import type { ProposedPresentationContext } from '../pdu/types.js';
import { findInstances, type InputFile, isStream, type Paths, type WaitingInstance } from './input-files.js';
import { LookAhead } from './look-ahead.js';
import { Outcomes } from './outcomes.js';
import { chooseContext, contextsFor, PerKind, type Proposal, planContexts, proposalOf } from './plan.js';
import { Retries } from './retries.js';
import { requestUntilLeft, takesAllOf } from './run-associations.js';
import { onStop } from './run-end.js';
import { type Run, Sending } from './sending.js';
import { sieve } from './sift.js';
import { noContextFor } from './store-instance.js';
import { checkStoreFilesOptions, type StoreFilesOptions, type StoreOutcome } from './store-outcome.js';
import { verify } from './verification.js';

/**
 * Sends files, and the files in directories, and yields one outcome per request as its response comes. The files are looked
 * into ahead of the one that is sent, 128 of them, or up to a thousand while other kinds come up: what those need is proposed,
 * and files that need something else go over further associations. On each the order is that of the paths.
 * Stop early by leaving the loop: the association is released. Paths that come one by one (`AsyncIterable`) are sent as they come.
 * With `retry`, what may pass is tried again.
 * @throws {TransportError | TimeoutError | AssociationRejected | AssociationAborted} no association, or it was lost;
 *   what was yielded before stays true
 * @throws {NoPresentationContext} the peer accepted nothing at all
 * @throws {UsageError | InvalidIdentifier} an option out of range, or one path instead of a list; nothing was sent
 */
export async function* storeFiles(paths: Paths, options: StoreFilesOptions): AsyncGenerator<StoreOutcome, void, void> {
  checkStoreFilesOptions(options);
  const walk = findInstances(paths, { ...options, recurse: options.recurse ?? false });
  const files = new LookAhead(walk, { signal: options.signal, isWanted: sieve(options), isStream: isStream(paths) });
  const told = new Handover<StoreOutcome>();
  const outcomes = new Outcomes(told, options);
  const run = { files, outcomes, retries: new Retries(files, outcomes, options) };
  const stopWaiting = onStop(run, options);
  const left = new AbortController();
  const session = new Session(run, { ...options, isStream: isStream(paths), left: left.signal });
  const working = session.run().finally(() => told.close());
  // It is awaited when its outcomes are taken.
  working.catch(() => undefined);
  try {
    for (let outcome = await told.take(); outcome !== undefined; outcome = await told.take()) yield outcome;
    await working;
  } finally {
    outcomes.halt();
    told.close();
    left.abort();
    await Promise.allSettled([working, files.close()]);
    stopWaiting();
    outcomes.tellLeft(files);
  }
}

/** How long an association is kept for what may come, unless the options say. */
const IDLE_MS = 5000;

/** What an association is for. */
interface Plan {
  readonly contexts: readonly ProposedPresentationContext[];
  readonly covers: (file: InputFile) => boolean;
}

/** The association that others stand beside. */
interface First {
  readonly association: AssociationHandle;
  readonly use: Promise<void>;
}

interface SessionOptions extends StoreFilesOptions {
  readonly isStream: boolean;
  /** Nobody waits any more for an association that is being requested. */
  readonly left: AbortSignal;
}

/** One call of `storeFiles`: what it has seen so far decides whether it goes on. */
class Session {
  readonly #run: Run;
  readonly #files: LookAhead;
  readonly #options: SessionOptions;
  readonly #outcomes: Outcomes;
  readonly #proposal: Proposal;
  readonly #repeat: number;
  /** What the last association was for, as far as the peer takes it: the next may find more files of that kind. */
  #usual: readonly WantedContext[] = [];
  #anyAccepted = false;
  #refusal: Error | undefined;
  /** How many C-ECHOs have been answered. */
  #verifications = 0;
  #hasVerified = false;

  constructor(run: Run, options: SessionOptions) {
    this.#run = run;
    this.#files = run.files;
    this.#options = options;
    this.#outcomes = run.outcomes;
    this.#proposal = proposalOf(options);
    this.#repeat = options.repeat ?? 1;
  }

  async run(): Promise<void> {
    try {
      while (await this.#isWorkLeft()) {
        await this.#files.filled();
        if (this.#outcomes.isHalted) return;
        try {
          await this.#useAssociations(this.#plan());
        } catch (error) {
          const isWorkLeft = this.#isToVerify || !this.#files.isComplete || this.#files.waiting.length > 0;
          await this.#run.retries.afterFailure(error, isWorkLeft);
        }
      }
    } finally {
      await this.#run.retries.tellGivenUp();
    }
    if (this.#refusal !== undefined && !this.#anyAccepted && !this.#outcomes.isHalted) throw this.#refusal;
  }

  async #isWorkLeft(): Promise<boolean> {
    if (this.#outcomes.isHalted) return false;
    // A C-ECHO needs no file to wait for.
    if (this.#isToVerify && this.#options.isStream) return true;
    await this.#problemsFirst();
    if (this.#outcomes.isHalted) return false;
    return (await this.#files.peek()) !== undefined || this.#isToVerify;
  }

  get #isToVerify(): boolean {
    return this.#options.verify === true && !this.#hasVerified;
  }

  /** Files that cannot be sent need no association. */
  async #problemsFirst(): Promise<void> {
    for (let file = await this.#files.peek(); file !== undefined && 'error' in file; file = await this.#files.peek()) {
      await this.#files.take(() => true);
      await this.#outcomes.tellProblem(file);
      if (this.#outcomes.isHalted) return;
    }
  }

  #plan(): Plan {
    const plan = planContexts(this.#files, this.#proposal, this.#usual);
    const covers = new PerKind((instance) => plan.covers(contextsFor(instance, this.#proposal)));
    // What cannot be sent is put to no association, so every plan covers it.
    return { contexts: plan.contexts, covers: (file) => 'error' in file || covers.of(file.instance) };
  }

  async #useAssociations(plan: Plan): Promise<void> {
    const association = await this.#associate(plan);
    if (association.contexts.length === 0) {
      await association.abort();
      await this.#refused(plan);
      return;
    }
    this.#anyAccepted = true;
    const accepted = new Set(association.contexts.map(({ abstractSyntax }) => abstractSyntax));
    this.#usual = plan.contexts.filter(({ abstractSyntax }) => accepted.has(abstractSyntax));
    // Others are opened when that is done, and once for all of them.
    if (this.#isToVerify) await this.#verifyOn(association);
    const first = this.#use(association, plan);
    await allEnded([first, this.#useOthers(plan, { association, use: first })]);
  }

  /** One that works beside others needs files to work on: in a stream those may come later. */
  async #useOthers(plan: Plan, { association, use }: First): Promise<void> {
    const most = (this.#options.associations ?? 1) - 1;
    if (most < 1) return;
    const uses = new Set<Promise<void>>();
    const failures: unknown[] = [];
    let mayHaveMore = true;
    const begin = () => {
      const another = this.#useAnother(plan, association)
        .then((isHad) => {
          mayHaveMore &&= isHad;
        })
        .catch((error: unknown) => failures.push(error))
        .then(() => void uses.delete(another));
      uses.add(another);
    };
    for (let more = Math.min(most, this.#files.waiting.length - 1); more > 0; more--) begin();
    let isOver = !this.#options.isStream;
    let next = wakeup();
    const end = () => {
      isOver = true;
      next.wake();
    };
    use.then(end, end);
    while (!isOver && mayHaveMore && failures.length === 0) {
      // No race: on a promise that lasts as long as the association something would be left by each.
      next = wakeup();
      void this.#files.change().then(next.wake);
      await next.promise;
      // Those there are take what they can; what waits then is for another.
      await new Promise<void>((resolve) => void startTimer(0, resolve));
      if (isOver || !mayHaveMore) break;
      if (uses.size === most) continue;
      for (const _ of this.#files.waiting.filter(plan.covers).slice(0, most - uses.size)) begin();
    }
    await Promise.all(uses);
    if (failures.length > 0) throw failures[0];
  }

  #associate({ contexts }: Plan): Promise<AssociationHandle> {
    const isSingle = this.#files.isComplete && this.#files.waiting.length <= 1 && this.#repeat <= 1;
    // A window for one request would be of no use, and is one more thing for a peer to stumble over.
    const maxOperationsInvoked = isSingle ? 1 : this.#options.maxOperationsInvoked;
    return requestUntilLeft({ ...this.#options, contexts, maxOperationsInvoked }, this.#options.left);
  }

  async #use(association: AssociationHandle, plan: Plan): Promise<void> {
    try {
      if (!this.#options.haltOnFailure) await this.#withoutContext(association, plan);
      await this.#sending(association).run(plan.covers);
    } finally {
      if (association.failure === undefined) await this.#finish(association);
    }
  }

  #sending(association: AssociationHandle): Sending {
    const {
      priority,
      decompress,
      haltOnFailure,
      report,
      progress,
      answered,
      isStream,
      idleMs = IDLE_MS,
    } = this.#options;
    const options = { priority, decompress, haltOnFailure, report, progress, answered, repeat: this.#repeat };
    // A walk of the disk does not keep anybody waiting.
    const mayIdle = isStream || this.#run.retries.areWanted;
    return new Sending(association, this.#run, { ...options, idleMs: mayIdle ? idleMs : undefined });
  }

  /**
   * A peer that does not want another association, or takes less on it, is served over those there are.
   * @returns whether there was one
   */
  async #useAnother(plan: Plan, first: AssociationHandle): Promise<boolean> {
    let association: AssociationHandle;
    try {
      association = await this.#associate(plan);
    } catch (error) {
      throwIfAborted(this.#options.signal);
      if (!(error instanceof DicomError)) throw error;
      this.#options.report?.({ type: 'association-missing', error });
      return false;
    }
    if (takesAllOf(first, association)) {
      await this.#use(association, plan);
      return true;
    }
    const error = new NoPresentationContext('the peer accepts less on a further association');
    this.#options.report?.({ type: 'association-missing', error });
    await (association.contexts.length > 0 ? this.#finish(association) : association.abort());
    return false;
  }

  /** @throws {NoPresentationContext} if there is nothing else: alone, the error of the whole says it all */
  async #refused(plan: Plan): Promise<void> {
    const isRefused = plan.covers;
    const isFirst = this.#refusal === undefined;
    this.#refusal = new NoPresentationContext('No Acceptable Presentation Contexts');
    const isAll = this.#files.isComplete && this.#files.waiting.every(isRefused);
    if (!this.#anyAccepted && ((isFirst && isAll) || this.#options.haltOnFailure)) throw this.#refusal;
    if (this.#isToVerify) {
      this.#hasVerified = true;
      await this.#outcomes.tell({ type: 'not-verified', error: this.#refusal });
    }
    const next = () => this.#nextRefused(isRefused);
    for (let file = await next(); file !== undefined; file = await next()) {
      if ('error' in file) await this.#outcomes.tellProblem(file);
      else await this.#tellNoContext(file);
      if (this.#outcomes.isHalted) return;
    }
  }

  /** Of those that are still to come in a stream nobody knows what the peer will say by then. */
  async #nextRefused(isRefused: (file: InputFile) => boolean): Promise<InputFile | undefined> {
    if (!this.#options.isStream) return this.#files.take(isRefused);
    const file = this.#files.takeNow(isRefused);
    return file === 'later' ? undefined : file;
  }

  /** Of the files that wait, those that the peer takes in no form: known now, so told now. */
  async #withoutContext({ contexts }: AssociationHandle, plan: Plan): Promise<void> {
    const isTaken = new PerKind((instance) => chooseContext(instance, contexts, this.#options) !== undefined);
    const isWithout = (file: InputFile) => 'instance' in file && plan.covers(file) && !isTaken.of(file.instance);
    for (const file of this.#files.takeAll(isWithout)) if ('instance' in file) await this.#tellNoContext(file);
  }

  #tellNoContext({ path, instance, attempts = 1 }: WaitingInstance): void | Promise<void> {
    return this.#outcomes.tell({ type: 'not-sent', path, instance, error: noContextFor(instance), attempts });
  }

  async #verifyOn(association: AssociationHandle): Promise<void> {
    try {
      await this.#verify(association);
    } catch (error) {
      if (association.failure === undefined) await this.#finish(association);
      throw error;
    }
  }

  async #verify(association: AssociationHandle): Promise<void> {
    try {
      while (!this.#outcomes.isHalted && this.#verifications < this.#repeat) {
        const status = await verify(association);
        this.#verifications++;
        this.#run.retries.onAnswer();
        await this.#outcomes.tell({ type: 'verified', status });
      }
    } catch (error) {
      if (!(error instanceof NoPresentationContext)) throw error;
      await this.#outcomes.tell({ type: 'not-verified', error });
    }
    this.#hasVerified = true;
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
