/** Files over one association: several on their way at a time, each with its outcome, whatever becomes of the association. */
import type { AcceptedContext } from '../acse/negotiate.js';
import { FileError, NoPresentationContext, toError } from '../base/errors.js';
import { InFlight } from '../base/in-flight.js';
import { describeStatus } from '../dimse/status.js';
import type { InstanceFile } from '../file/instance-file.js';
import type { AssociationHandle } from '../net/association-handle.js';
import type { InputFile } from './input-files.js';
import type { LookAhead } from './look-ahead.js';
import { MeasuredSource } from './measured-source.js';
import type { Outcomes, ProblemFile } from './outcomes.js';
import { chooseContext, PerKind } from './plan.js';
import { type OpenInstance, openInstance, sendInstance } from './store-instance.js';
import type { StoreFilesOptions, StoreOutcome, Transfer } from './store-outcome.js';

export type WaitingInstance = Extract<InputFile, { instance: InstanceFile }>;

/** What becomes of a request. `again`: the association was lost by another file before it was answered. */
type Ended = StoreOutcome | ProblemFile | { readonly again: WaitingInstance };

export interface SendingOptions
  extends Pick<StoreFilesOptions, 'priority' | 'decompress' | 'haltOnFailure' | 'report' | 'progress'> {
  readonly repeat: number;
}

export class Sending {
  readonly #association: AssociationHandle;
  readonly #files: LookAhead;
  readonly #outcomes: Outcomes;
  readonly #options: SendingOptions;
  readonly #contexts: PerKind<AcceptedContext | undefined>;
  readonly #inFlight = new InFlight<Ended>((ended) => this.#tell(ended));
  /** Requests that have to be sent once more, by file and in order. */
  readonly #again = new Map<WaitingInstance, number>();
  /** Why the association did not answer a request. */
  #loss: Error | undefined;

  constructor(
    association: AssociationHandle,
    files: LookAhead,
    { outcomes, options }: { readonly outcomes: Outcomes; readonly options: SendingOptions },
  ) {
    this.#association = association;
    this.#files = files;
    this.#outcomes = outcomes;
    this.#options = options;
    this.#contexts = new PerKind((instance) => chooseContext(instance, association.contexts, options));
  }

  /**
   * Sends the files that it is for, as long as there are any. One that breaks in the middle costs the association; those that
   * were on their way with it wait again.
   * @throws why the association was lost, once all that was sent is told
   */
  async run(isFor: (file: InputFile) => boolean): Promise<void> {
    // One more than may be outstanding is opened and waits for its turn; but who halts must know of each what became of it.
    const limit = this.#options.haltOnFailure ? 1 : this.#association.maxOperationsInvoked + 1;
    let isDone = false;
    while (this.#goesOn && !isDone) {
      const file = await this.#files.take(isFor);
      if (file === undefined) isDone = true;
      else if ('error' in file) this.#inFlight.add(file);
      else await this.#sendAll(file, limit);
      await this.#inFlight.untilBelow(limit);
    }
    await this.#inFlight.untilBelow(1);
    this.#files.putBack([...this.#again].map(([file, turns]) => ({ ...file, turns })));
    const { failure } = this.#association;
    if (this.#loss !== undefined) throw this.#loss;
    if (!isDone && failure !== undefined && !(failure instanceof FileError)) throw failure;
  }

  get #goesOn(): boolean {
    return !this.#outcomes.isHalted && this.#loss === undefined && this.#association.failure === undefined;
  }

  /** As often as it is to be sent. */
  async #sendAll(file: WaitingInstance, limit: number): Promise<void> {
    const turns = file.turns ?? this.#options.repeat;
    for (let turn = 0; turn < turns; turn++) {
      if (this.#goesOn) this.#inFlight.add((await this.#begin(file)).ending);
      else if (!this.#outcomes.isHalted) this.#inFlight.add({ again: file });
      if (this.#inFlight.size >= limit) await this.#inFlight.untilBelow(limit);
    }
  }

  /** Opens a file, and sends it when those begun before it are on their way. */
  async #begin(file: WaitingInstance): Promise<{ readonly ending: Ended | Promise<Ended> }> {
    try {
      const opened = await openInstance(file.instance, this.#contexts.of(file.instance), file.dataSet);
      return { ending: this.#send(file, opened) };
    } catch (error) {
      return { ending: this.#notSent(file, error) };
    }
  }

  async #send(file: WaitingInstance, opened: OpenInstance): Promise<Ended> {
    const { path, instance } = file;
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
      return { type, path, instance, status, response, ...transferSince(begun, context, dataSet) };
    } catch (error) {
      if (error instanceof FileError || error instanceof NoPresentationContext) return this.#notSent(file, error);
      this.#loss ??= toError(error);
      if (!isSent) return { again: file };
      return { type: 'unanswered', path, instance, error: this.#loss, ...transferSince(begun, context, dataSet) };
    }
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
    return { type: 'not-sent', path: file.path, instance: file.instance, error };
  }

  #tell(ended: Ended): void | Promise<void> {
    if ('isNamed' in ended) return this.#outcomes.tellProblem(ended);
    if ('type' in ended) return this.#outcomes.tell(ended);
    this.#again.set(ended.again, (this.#again.get(ended.again) ?? 0) + 1);
  }
}

function transferSince(begun: number, context: AcceptedContext, { bytes }: MeasuredSource): Transfer {
  return { context, bytes, ms: performance.now() - begun, attempts: 1 };
}
