/** Files over one association: several on their way at a time, each with its outcome, whatever becomes of the association. */
import type { AcceptedContext } from '../acse/negotiate.js';
import { FileError, NoPresentationContext, toError } from '../base/errors.js';
import { InFlight } from '../base/in-flight.js';
import { describeStatus } from '../dimse/status.js';
import type { InstanceFile } from '../file/instance-file.js';
import type { AssociationHandle } from '../net/association-handle.js';
import { startTimer } from '../net/timer.js';
import type { InputFile, ProblemFile, WaitingInstance } from './input-files.js';
import type { LookAhead } from './look-ahead.js';
import { MeasuredSource } from './measured-source.js';
import type { Outcomes } from './outcomes.js';
import { chooseContext, PerKind } from './plan.js';
import type { Retries } from './retries.js';
import { type OpenInstance, openInstance, sendInstance } from './store-instance.js';
import type { AnsweredOutcome, StoreFilesOptions, StoreOutcome } from './store-outcome.js';

/** What becomes of a request. `again`: the association was lost before it was answered. `later`: it waits for another try. */
type Ended = StoreOutcome | ProblemFile | { readonly again: WaitingInstance } | 'later';

export interface SendingOptions
  extends Pick<StoreFilesOptions, 'priority' | 'decompress' | 'haltOnFailure' | 'report' | 'progress' | 'answered'> {
  readonly repeat: number;
  /** How long the association may have nothing to do while more files may come; undefined where that is as good as never. */
  readonly idleMs: number | undefined;
}

/** Where the files of a run come from and what becomes of them. */
export interface Run {
  readonly files: LookAhead;
  readonly outcomes: Outcomes;
  readonly retries: Retries;
}

export class Sending {
  readonly #association: AssociationHandle;
  readonly #files: LookAhead;
  readonly #outcomes: Outcomes;
  readonly #retries: Retries;
  readonly #options: SendingOptions;
  readonly #contexts: PerKind<AcceptedContext | undefined>;
  readonly #inFlight = new InFlight<Ended>((ended) => this.#tell(ended));
  /** Requests that have to be sent once more, by file and in order. */
  readonly #again = new Map<WaitingInstance, number>();
  /** Why the association did not answer a request. */
  #loss: Error | undefined;
  /** What `answered` threw, which costs no outcome. */
  #fault: { readonly error: unknown } | undefined;
  /** Ends a wait for files. */
  #stopIdling: (() => void) | undefined;

  constructor(association: AssociationHandle, { files, outcomes, retries }: Run, options: SendingOptions) {
    this.#association = association;
    this.#files = files;
    this.#outcomes = outcomes;
    this.#retries = retries;
    this.#options = options;
    this.#contexts = new PerKind((instance) => chooseContext(instance, association.contexts, options));
  }

  /**
   * Sends the files that it is for, as long as there are any. One that breaks in the middle costs the association; those that
   * were on their way with it wait again.
   * @throws why the association was lost, or the walk ended early, once all that was sent is told
   */
  async run(isFor: (file: InputFile) => boolean): Promise<void> {
    // One more than may be outstanding is opened and waits for its turn; but who halts must know of each what became of it.
    const limit = this.#options.haltOnFailure ? 1 : this.#association.maxOperationsInvoked + 1;
    let isDone = false;
    try {
      while (this.#goesOn && !isDone) {
        const file = this.#options.idleMs === undefined ? await this.#files.take(isFor) : await this.#next(isFor);
        if (file === undefined) isDone = true;
        else if ('error' in file) this.#inFlight.add(file);
        else await this.#sendAll(file, limit);
        // Also where there is room: whoever has the last outcome may want no further file.
        await this.#inFlight.untilBelow(limit);
      }
    } finally {
      // Also if nobody knows what is next.
      await this.#inFlight.untilBelow(1);
      this.#files.putBack([...this.#again].map(([file, turns]) => ({ ...file, turns })));
    }
    const { failure } = this.#association;
    if (this.#fault !== undefined) throw this.#fault.error;
    if (this.#loss !== undefined) throw this.#loss;
    if (!isDone && failure !== undefined && !(failure instanceof FileError)) throw failure;
  }

  get #goesOn(): boolean {
    if (this.#outcomes.isHalted || this.#fault !== undefined) return false;
    return this.#loss === undefined && this.#association.failure === undefined;
  }

  /**
   * The next file where that may be long in coming: what is under way is told of meanwhile, as it ends. Undefined as well if others
   * wait that are not for this association, or it has been idle for too long, or has ended while it was, which has lost nothing.
   */
  async #next(isFor: (file: InputFile) => boolean): Promise<InputFile | undefined> {
    while (this.#goesOn) {
      const file = this.#files.takeNow(isFor);
      if (file === undefined && this.#inFlight.size > 0) {
        // One of those may have to be tried again.
        await this.#inFlight.untilBelow(1);
        continue;
      }
      if (file !== 'later') return file;
      const change = this.#files.change();
      if (this.#inFlight.size > 0) await this.#inFlight.untilEnded(change);
      else if (this.#files.hasOthers || (await this.#idlesUntil(change))) return undefined;
    }
    return undefined;
  }

  /** Whether the association should end, or has ended, before `change`. */
  #idlesUntil(change: Promise<void>): Promise<boolean> {
    if (this.#stopIdling === undefined) void this.#association.closed.then(() => this.#stopIdling?.());
    return new Promise((resolve) => {
      const cancel = startTimer(this.#options.idleMs ?? 0, () => resolve(true));
      const end = (isOver: boolean) => {
        cancel();
        resolve(isOver);
      };
      this.#stopIdling = () => end(true);
      void change.then(() => end(false));
    });
  }

  /** As often as it is to be sent. */
  async #sendAll(file: WaitingInstance, limit: number): Promise<void> {
    const isAlone = file.last?.wasLost === true;
    if (isAlone) await this.#inFlight.untilBelow(1);
    const turns = file.turns ?? this.#options.repeat;
    for (let turn = 0; turn < turns; turn++) {
      if (this.#goesOn) {
        const beginning = this.#begin(file);
        if (beginning !== undefined) await beginning;
      } else if (!this.#outcomes.isHalted) this.#inFlight.add({ again: file });
      if (this.#inFlight.size >= limit) await this.#inFlight.untilBelow(limit);
      if (isAlone) await this.#inFlight.untilBelow(1);
    }
  }

  /** Opens a file, and sends it when those begun before it are on their way. */
  #begin(file: WaitingInstance): void | Promise<void> {
    const { instance, dataSet } = file;
    const send = (opened: OpenInstance) => this.#inFlight.add(this.#send(file, opened));
    const fail = (error: unknown) => this.#inFlight.add(this.#notSent(file, error));
    try {
      const opening = openInstance(instance, this.#contexts.of(instance), dataSet);
      if (opening instanceof Promise) return opening.then(send, fail);
      send(opening);
    } catch (error) {
      fail(error);
    }
  }

  async #send(file: WaitingInstance, opened: OpenInstance): Promise<Ended> {
    const { path, instance, attempts = 1 } = file;
    const { context } = opened;
    const { priority, progress } = this.#options;
    const dataSet = new MeasuredSource(opened.dataSet, progress && ((bytes) => progress(instance, bytes)));
    let begun = 0;
    let isSent = false;
    const onTurn = () => {
      begun = performance.now();
      isSent = true;
      this.#tellSending(instance);
    };
    try {
      const response = await sendInstance(this.#association, { instance, context, dataSet }, { priority, onTurn });
      const status = describeStatus(response.status);
      const isStored = status.category === 'success' || status.category === 'warning';
      const type = isStored ? 'stored' : 'refused';
      const { bytes } = dataSet;
      const ms = performance.now() - begun;
      return this.#answered(file, { type, path, instance, status, response, context, bytes, ms, attempts });
    } catch (error) {
      if (error instanceof FileError || error instanceof NoPresentationContext) return this.#notSent(file, error);
      this.#loss ??= toError(error);
      if (!isSent) return { again: file };
      const { bytes } = dataSet;
      const ms = performance.now() - begun;
      const outcome = { type: 'unanswered', path, instance, error: this.#loss, context, bytes, ms, attempts } as const;
      return this.#retries.afterLoss(file, outcome) ?? outcome;
    }
  }

  #answered(file: WaitingInstance, outcome: AnsweredOutcome): Ended {
    this.#retries.onAnswer();
    try {
      this.#options.answered?.(outcome);
    } catch (error) {
      this.#fault ??= { error };
    }
    return outcome.type === 'refused' && this.#retries.takes(file, outcome) ? 'later' : outcome;
  }

  #tellSending(instance: InstanceFile): void {
    const { path, warnings } = instance;
    for (const message of warnings) this.#options.report?.({ type: 'warning', path, message });
    this.#options.report?.({ type: 'sending', instance });
  }

  /** @throws what is not about a file */
  #notSent(file: WaitingInstance, error: unknown): Ended {
    if (!(error instanceof FileError || error instanceof NoPresentationContext)) throw error;
    if (error instanceof FileError && error.path !== file.path) return { again: file };
    return { type: 'not-sent', path: file.path, instance: file.instance, error, attempts: file.attempts ?? 1 };
  }

  #tell(ended: Ended): void | Promise<void> {
    if (ended === 'later') return;
    if ('isNamed' in ended) return this.#outcomes.tellProblem(ended);
    if ('type' in ended) return this.#outcomes.tell(ended);
    this.#again.set(ended.again, (this.#again.get(ended.again) ?? 0) + 1);
  }
}
