/** The Storage service as user (PS3.4 Annex B): from files to C-STORE responses, over as many associations as it takes. */
import type { WantedContext } from '../acse/propose.js';
import { FileError, NoPresentationContext, NotAnInstance, TimeoutError } from '../base/errors.js';
import { IMPLICIT_VR_LITTLE_ENDIAN, transferSyntax } from '../dataset/transfer-syntax.js';
import { uidName } from '../dictionary/lookup.js';
import { VERIFICATION_SOP_CLASS } from '../dictionary/sop-classes.js';
import { type DimseResponse, PRIORITY } from '../dimse/messages.js';
import { describeStatus, type Status } from '../dimse/status.js';
import { type InstanceFile, openDataSet } from '../file/instance-file.js';
import type { AssociationHandle } from '../net/association-handle.js';
import { type Peer, requestAssociation } from '../net/requestor.js';
import { findInstances } from './input-files.js';
import { type AssociationPlan, chooseContext, planAssociations } from './plan.js';
import { verify } from './verification.js';

/** Whom to send to, what to propose, and what to do when something fails. */
export interface StoreFilesOptions extends Peer {
  /** Look into the directories of a directory too. Default false. */
  readonly recurse?: boolean | undefined;
  /** Native transfer syntaxes to propose for each SOP class, in one context. Default: Implicit VR Little Endian. */
  readonly transferSyntaxes?: readonly string[] | undefined;
  /** Propose each file's own transfer syntax first, so that its bytes go out as they are. Default false. */
  readonly proposeOwn?: boolean | undefined;
  /** Decompress what the peer does not accept compressed. Default true. */
  readonly decompress?: boolean | undefined;
  /** Default low. */
  readonly priority?: keyof typeof PRIORITY | undefined;
  /** How often each request is sent. Default 1; 0 only associates. */
  readonly repeat?: number | undefined;
  /** Begin with C-ECHO. Default false. */
  readonly verify?: boolean | undefined;
  /** Stop after the first file that was not stored. Default false. */
  readonly haltOnFailure?: boolean | undefined;
  /** How to end an association after its last response. Default release. */
  readonly endWith?: 'release' | 'abort' | undefined;
  /** Is told what happens to the files before and while they are sent. */
  readonly report?: ((event: StoreEvent) => void) | undefined;
}

/** What happens to a file before its outcome: found but left out, odd, or on its way now. */
export type StoreEvent =
  | { readonly type: 'skipped'; readonly path: string; readonly error: Error }
  | { readonly type: 'warning'; readonly path: string; readonly message: string }
  | { readonly type: 'sending'; readonly instance: InstanceFile };

/** What became of one request: a file that was sent, a file that could not be, or the C-ECHO. */
export type StoreOutcome =
  | {
      readonly type: 'stored' | 'refused';
      readonly path: string;
      readonly instance: InstanceFile;
      readonly status: Status;
      readonly response: DimseResponse;
    }
  | { readonly type: 'not-sent'; readonly path: string; readonly error: Error }
  | { readonly type: 'verified'; readonly status: Status }
  | { readonly type: 'not-verified'; readonly error: Error };

/**
 * Sends files, and the files in directories, and yields one outcome per request as its response comes. The order is that
 * of the paths on each association; files that need further associations come after those of the first.
 * Stop early by leaving the loop: the association is released.
 * @throws {TransportError | TimeoutError | AssociationRejected | AssociationAborted} no association, or it was lost;
 *   what was yielded before stays true
 * @throws {NoPresentationContext} the peer accepted nothing at all
 */
export async function* storeFiles(
  paths: readonly string[],
  options: StoreFilesOptions,
): AsyncGenerator<StoreOutcome, void, void> {
  const instances: InstanceFile[] = [];
  for await (const file of findInstances(paths, options.recurse ?? false)) {
    options.signal?.throwIfAborted();
    if ('instance' in file) {
      for (const message of file.instance.warnings) options.report?.({ type: 'warning', path: file.path, message });
      instances.push(file.instance);
    } else if (file.isNamed || !(file.error instanceof NotAnInstance)) {
      yield { type: 'not-sent', path: file.path, error: file.error };
      if (options.haltOnFailure) return;
    } else options.report?.({ type: 'skipped', path: file.path, error: file.error });
  }
  const session = new Session(options);
  for (const plan of session.plan(instances)) {
    yield* session.send(plan);
    if (session.isHalted) break;
  }
  yield* session.refused();
}

/**
 * Sends one instance on an association that is there already.
 * @throws {NoPresentationContext} if none of its contexts fits
 * @throws {FileError} if its file cannot be read to the end; the association is then aborted if part of it had been sent
 */
export async function storeInstance(
  association: AssociationHandle,
  instance: InstanceFile,
  { priority = 'low', decompress }: Pick<StoreFilesOptions, 'priority' | 'decompress'> = {},
): Promise<DimseResponse> {
  const { sopClassUid, sopInstanceUid, path } = instance;
  const context = chooseContext(instance, association.contexts, { decompress });
  if (context === undefined) {
    const own = uidName(instance.transferSyntaxUid) ?? instance.transferSyntaxUid;
    const what = `${uidName(sopClassUid) ?? sopClassUid}, ${own}`;
    throw new NoPresentationContext(`No accepted presentation context for ${path} (${what})`, sopClassUid);
  }
  const dataSet = await openDataSet(instance, transferSyntax(context.transferSyntax));
  return association.request(
    (messageId) => ({
      type: 'C-STORE-RQ',
      affectedSopClassUid: sopClassUid,
      messageId,
      priority: PRIORITY[priority],
      affectedSopInstanceUid: sopInstanceUid,
    }),
    { presentationContextId: context.id, dataSet },
  );
}

/** One call of `storeFiles`: what it has seen so far decides whether it goes on. */
class Session {
  readonly #options: StoreFilesOptions;
  readonly #transferSyntaxes: readonly string[];
  readonly #repeat: number;
  /** Of the associations that accepted nothing; undefined if there was none. */
  #refused: readonly InstanceFile[] | undefined;
  #anyAccepted = false;
  #hasVerified = false;
  #halted = false;

  constructor(options: StoreFilesOptions) {
    this.#options = options;
    this.#transferSyntaxes = options.transferSyntaxes ?? [IMPLICIT_VR_LITTLE_ENDIAN.uid];
    this.#repeat = options.repeat ?? 1;
  }

  get isHalted(): boolean {
    return this.#halted;
  }

  plan(instances: readonly InstanceFile[]): readonly AssociationPlan[] {
    const verification: WantedContext = {
      abstractSyntax: VERIFICATION_SOP_CLASS,
      transferSyntaxes: this.#transferSyntaxes,
    };
    const { proposeOwn = false, decompress = true, verify: verifies = false } = this.#options;
    return planAssociations(
      instances,
      { transferSyntaxes: this.#transferSyntaxes, proposeOwn, decompress },
      verifies ? [verification] : [],
    );
  }

  /**
   * What became of the instances whose association accepted nothing.
   * @throws {NoPresentationContext} if no other one did either: alone, the error of the whole says it all
   */
  *refused(): Generator<StoreOutcome, void, void> {
    if (this.#refused === undefined) return;
    const error = new NoPresentationContext('No Acceptable Presentation Contexts');
    if (!this.#anyAccepted) throw error;
    for (const { path } of this.#refused) yield { type: 'not-sent', path, error };
  }

  /** Sends all of a plan; a file that breaks while it is sent costs its association, and the rest goes over a new one. */
  async *send(plan: AssociationPlan): AsyncGenerator<StoreOutcome, void, void> {
    let rest = plan.instances;
    do {
      const association = await requestAssociation({ ...this.#options, contexts: plan.contexts });
      if (association.contexts.length === 0) {
        await association.abort();
        this.#refused = [...(this.#refused ?? []), ...rest];
        if (this.#options.haltOnFailure) this.#halted = true;
        return;
      }
      this.#anyAccepted = true;
      const sent = yield* this.#sendOver(association, rest);
      rest = rest.slice(sent);
    } while (rest.length > 0 && !this.#halted);
  }

  /** Gives the number of instances that are done with. */
  async *#sendOver(
    association: AssociationHandle,
    instances: readonly InstanceFile[],
  ): AsyncGenerator<StoreOutcome, number, void> {
    let done = 0;
    try {
      if (this.#options.verify && !this.#hasVerified) yield* this.#verify(association);
      for (const instance of instances) {
        for (let turn = 0; turn < this.#repeat && !this.#halted; turn++) {
          const outcome = await this.#sendOne(association, instance);
          if (outcome.type !== 'stored' && this.#options.haltOnFailure) this.#halted = true;
          yield outcome;
          if (association.failure instanceof FileError) return done + 1;
        }
        if (this.#halted) break;
        done++;
      }
    } finally {
      if (association.failure === undefined) await this.#finish(association);
    }
    return done;
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

  async #sendOne(association: AssociationHandle, instance: InstanceFile): Promise<StoreOutcome> {
    const { path } = instance;
    this.#options.report?.({ type: 'sending', instance });
    try {
      const response = await storeInstance(association, instance, this.#options);
      const status = describeStatus(response.status);
      const isStored = status.category === 'success' || status.category === 'warning';
      return { type: isStored ? 'stored' : 'refused', path, instance, status, response };
    } catch (error) {
      // These two are about this file; anything else is about the association and ends the run.
      if (error instanceof FileError || error instanceof NoPresentationContext)
        return { type: 'not-sent', path, error };
      throw error;
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
