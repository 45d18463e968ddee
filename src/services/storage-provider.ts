/** The Storage service as provider (PS3.4 Annex B): every C-STORE-RQ becomes an instance that a sink stores. */
import type { SupportedSyntaxes } from '../acse/negotiate.js';
import { type Batches, forEachBatch } from '../base/batch-queue.js';
import { InvalidIdentifier, StatusError, UsageError } from '../base/errors.js';
import {
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION_NAME,
  isUid,
  MAX_TOLERATED_UID_LENGTH,
  parseAeTitle,
  parseUid,
  type Uid,
} from '../base/identifiers.js';
import { AttributeCapture, type CapturedAttribute, SPECIFIC_CHARACTER_SET } from '../dataset/attribute-capture.js';
import {
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  STANDARD_TRANSFER_SYNTAXES,
} from '../dataset/transfer-syntax.js';
import { isStorageSopClass, modalityPrefix, VERIFICATION_SOP_CLASS } from '../dictionary/sop-classes.js';
import { type CStoreRq, responseTo } from '../dimse/messages.js';
import { STATUS } from '../dimse/status.js';
import { encodeFileMeta } from '../file/file-meta.js';
import type { AssociationHandle } from '../net/association-handle.js';
import type { IncomingRequest, ServiceProvider } from '../net/service-provider.js';
import { DataSetCheck } from './data-set-check.js';
import { LeadingGroups } from './leading-groups.js';

const NO_ATTRIBUTES: ReadonlyMap<number, CapturedAttribute> = new Map();

/** An instance on its way in. The UIDs are parsed: digits and dots, safe in a file name. */
export interface IncomingInstance {
  readonly sopClassUid: Uid;
  readonly sopInstanceUid: Uid;
  readonly transferSyntaxUid: string;
  readonly callingAeTitle: string;
  readonly calledAeTitle: string;
  /** `host:port` of the peer. */
  readonly remote: string;
  /** Number of the association, as in traces. */
  readonly associationId?: number | undefined;
  /** `user` of the association: who sends it, if that was asked. */
  readonly user?: string | undefined;
  /** `CT.1.2.3`: a prefix for the SOP class and the SOP Instance UID. */
  readonly fileName: string;
  /**
   * The instance as a PS3.10 file: preamble, file meta information, then the data set as received, but for elements of
   * groups 0000 and 0002 in front of it. Each batch is valid until the next is asked for. The loop ends in good order only
   * after the last byte of a data set that is whole. To be read once, before the sink settles: a second loop, or one that is
   * running still then, throws {UsageError}.
   */
  readonly part10: Batches;
  /**
   * By their tags, the attributes that the provider was asked for, as far as they have passed: all that there are once `part10`
   * has been read. None of a data set in a private transfer syntax, which cannot be looked into.
   */
  readonly attributes: ReadonlyMap<number, CapturedAttribute>;
  /** Aborts when the association ends. */
  readonly signal: AbortSignal;
}

/** Where a sink has put an instance. */
export interface Stored {
  /** Of its file, absolute. */
  readonly path?: string | undefined;
}

/**
 * Stores one instance; the peer is told Success when this resolves, so it must be safe by then. What it resolves with is for
 * events; a sink may say nothing.
 * @throws {StatusError} to answer with that status; anything else is answered 0110H, Processing Failure
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a sink that ends without a return is the common one.
export type StoreInstance = (instance: IncomingInstance) => Promise<void | Stored>;

/** Comes between the provider and its sink: `StorageEvents` does. */
export interface StoreObserver {
  /** The tags of the attributes that it wants to know. */
  readonly attributes: readonly number[];
  /** To have `store` store the instance; what it throws is thrown on. The peer is told Success when this resolves. */
  storing(association: AssociationHandle, instance: IncomingInstance, store: StoreInstance): Promise<void>;
}

/** What to accept, and where it goes. */
export interface StorageProviderOptions {
  readonly store: StoreInstance;
  /** Our own AE title, for the file meta information. Default: left out. */
  readonly aeTitle?: string | undefined;
  /** Accepted transfer syntaxes in order of preference. Default: every one of the standard, Explicit VR first. */
  readonly transferSyntaxes?: readonly string[] | undefined;
  /** Accept any abstract syntax but Verification, and any transfer syntax, after the ones above. Default false. */
  readonly promiscuous?: boolean | undefined;
  /**
   * Tags `0xggggeeee` of attributes for the sink to know: of the data set itself, no sequences, and no value longer than 1 KiB.
   * Specific Character Set (0008,0005) comes along, since texts cannot be read without it. Default none.
   */
  readonly attributes?: readonly number[] | undefined;
  /** Are told of each instance that is stored, and answer for when it is acknowledged. Default none. */
  readonly events?: StoreObserver | undefined;
}

/** A sink that reads and forgets. */
export const discardSink: StoreInstance = async ({ part10 }) => {
  await forEachBatch(part10, () => undefined);
};

/**
 * Accepts the storage SOP classes of the standard and hands every instance to `store`.
 * @throws {InvalidIdentifier} an AE title that is none
 */
export function storageProvider({
  store,
  aeTitle: givenTitle,
  transferSyntaxes,
  promiscuous = false,
  attributes = [],
  events,
}: StorageProviderOptions): ServiceProvider {
  const aeTitle = givenTitle === undefined ? undefined : parseAeTitle(givenTitle);
  const asked = [...attributes, ...(events?.attributes ?? [])];
  const wanted = asked.length === 0 ? undefined : new Set([SPECIFIC_CHARACTER_SET, ...asked]);
  const syntaxes: SupportedSyntaxes = {
    preferred: transferSyntaxes ?? DEFAULT_SYNTAXES,
    acceptsOthers: (uid) => promiscuous && isUid(uid),
  };
  return {
    operations: ['C-STORE-RQ'],
    syntaxesFor: (abstractSyntax) => {
      const isServed = promiscuous ? abstractSyntax !== VERIFICATION_SOP_CLASS : isStorageSopClass(abstractSyntax);
      return isServed ? syntaxes : undefined;
    },
    async handle(request) {
      const { message } = request;
      if (message.type !== 'C-STORE-RQ') throw new StatusError(STATUS.unrecognizedOperation, 'not a C-STORE request');
      const instance = toInstance(request, message, { aeTitle, wanted });
      if (events === undefined) await store(instance);
      else await events.storing(request.association, instance, store);
      return responseTo(message, STATUS.success);
    },
  };
}

function toInstance(
  { association, context, dataSet, signal }: IncomingRequest,
  message: CStoreRq,
  { aeTitle, wanted }: { readonly aeTitle: string | undefined; readonly wanted: ReadonlySet<number> | undefined },
): IncomingInstance {
  if (dataSet === undefined) throw new StatusError(STATUS.cannotUnderstand, 'no data set in the request');
  const sopClassUid = parsePeerUid(message.affectedSopClassUid, 'Affected SOP Class UID');
  const sopInstanceUid = parsePeerUid(message.affectedSopInstanceUid, 'Affected SOP Instance UID');
  const { callingAeTitle, calledAeTitle, remote } = association;
  const sender = storableAeTitle(callingAeTitle);
  const meta = encodeFileMeta({
    mediaStorageSopClassUid: sopClassUid,
    mediaStorageSopInstanceUid: sopInstanceUid,
    transferSyntaxUid: context.transferSyntax,
    implementationClassUid: IMPLEMENTATION_CLASS_UID,
    implementationVersionName: IMPLEMENTATION_VERSION_NAME,
    sourceApplicationEntityTitle: sender === '' ? undefined : sender,
    receivingApplicationEntityTitle: aeTitle,
  });
  const capture = wanted && new AttributeCapture(wanted);
  const check = new DataSetCheck(context.transferSyntax, { sopClassUid, sopInstanceUid }, capture);
  return {
    sopClassUid,
    sopInstanceUid,
    transferSyntaxUid: context.transferSyntax,
    callingAeTitle,
    calledAeTitle,
    remote,
    associationId: association.id,
    user: association.user,
    fileName: `${modalityPrefix(sopClassUid)}.${sopInstanceUid}`,
    part10: new Part10(meta, dataSet, { leading: new LeadingGroups(context.transferSyntax), check }),
    attributes: capture?.attributes ?? NO_ATTRIBUTES,
    signal,
  };
}

/** PS3.7 Annex C: 0117H, Invalid SOP Instance, is for a UID that breaks the rules of construction. */
function parsePeerUid(text: string, what: string): Uid {
  try {
    return parseUid(text, MAX_TOLERATED_UID_LENGTH);
  } catch (error) {
    if (!(error instanceof InvalidIdentifier)) throw error;
    throw new StatusError(STATUS.invalidInstance, `${what}: ${error.message}`, { cause: error });
  }
}

/** As an AE may be written (PS3.5 6.2): what a careless peer has in its name beyond that becomes `_`. */
function storableAeTitle(text: string): string {
  return text.replace(/[^\x20-\x5b\x5d-\x7e]/g, '_');
}

/** In Implicit VR nobody knows what an element that is not in the standard holds. */
const NATIVE_SYNTAXES = [EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN];
const DEFAULT_SYNTAXES: readonly string[] = [...new Set([...NATIVE_SYNTAXES, ...STANDARD_TRANSFER_SYNTAXES])].map(
  ({ uid }) => uid,
);

/** A data set on its way in, as the file that it becomes. To be read once. */
class Part10 implements Batches {
  readonly #dataSet: Batches;
  readonly #leading: LeadingGroups;
  readonly #check: DataSetCheck;
  #isBegun = false;
  /** What stands before the data set, until that has come. */
  #head: readonly Buffer[];

  constructor(
    meta: Buffer,
    dataSet: Batches,
    looks: { readonly leading: LeadingGroups; readonly check: DataSetCheck },
  ) {
    this.#head = [meta];
    this.#dataSet = dataSet;
    this.#leading = looks.leading;
    this.#check = looks.check;
  }

  async forEach(consume: (batch: readonly Buffer[]) => void | Promise<void>): Promise<void> {
    this.#begin();
    const consumeAny = (views: readonly Buffer[]) => (views.length > 0 ? consume(views) : undefined);
    try {
      await forEachBatch(this.#dataSet, (batch) => {
        const views = this.#pass(batch);
        return views instanceof Promise ? views.then(consumeAny) : consumeAny(views);
      });
      await consumeAny(await this.#rest());
      await this.#check.end();
    } finally {
      this.#check.close();
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Buffer[], void, void> {
    this.#begin();
    try {
      for await (const batch of this.#dataSet) {
        const views = await this.#pass(batch);
        if (views.length > 0) yield views;
      }
      const views = await this.#rest();
      if (views.length > 0) yield views;
      await this.#check.end();
    } finally {
      this.#check.close();
    }
  }

  /** A second reading must not end what the first one looks with. */
  #begin(): void {
    if (this.#isBegun) throw new UsageError('a data set can be read only once');
    this.#isBegun = true;
  }

  /** What goes into the file of what has come, which is looked at before. */
  #pass(batch: readonly Buffer[]): readonly Buffer[] | Promise<readonly Buffer[]> {
    const views = this.#leading.takeOff(batch);
    // Only inflating takes the event loop; whatever is native goes on at once.
    const looking = this.#check.feed(views);
    return looking === undefined ? this.#withHead(views) : looking.then(() => this.#withHead(views));
  }

  /** After the last batch. The file has its head even if there is no data set. */
  async #rest(): Promise<readonly Buffer[]> {
    const views = this.#leading.end();
    await this.#check.feed(views);
    return [...this.#head, ...views];
  }

  #withHead(views: readonly Buffer[]): readonly Buffer[] {
    if (this.#head.length === 0 || views.length === 0) return views;
    const all = [...this.#head, ...views];
    this.#head = [];
    return all;
  }
}
