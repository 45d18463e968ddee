/** The Storage service as provider (PS3.4 Annex B): every C-STORE-RQ becomes an instance that a sink stores. */
import type { SupportedSyntaxes } from '../acse/negotiate.js';
import { InvalidIdentifier, StatusError } from '../base/errors.js';
import {
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION_NAME,
  isUid,
  MAX_TOLERATED_UID_LENGTH,
  parseUid,
  type Uid,
} from '../base/identifiers.js';
import { STANDARD_TRANSFER_SYNTAXES } from '../dataset/transfer-syntax.js';
import { isStorageSopClass, modalityPrefix, VERIFICATION_SOP_CLASS } from '../dictionary/sop-classes.js';
import { type CStoreRq, responseTo } from '../dimse/messages.js';
import { STATUS } from '../dimse/status.js';
import { encodeFileMeta } from '../file/file-meta.js';
import type { IncomingRequest, ServiceProvider } from '../net/service-provider.js';
import { type Announced, DataSetCheck } from './data-set-check.js';
import { LeadingGroups } from './leading-groups.js';

/** An instance on its way in. The UIDs are parsed: digits and dots, safe in a file name. */
export interface IncomingInstance {
  readonly sopClassUid: Uid;
  readonly sopInstanceUid: Uid;
  readonly transferSyntaxUid: string;
  readonly callingAeTitle: string;
  /** `CT.1.2.3`: a prefix for the SOP class and the SOP Instance UID. */
  readonly fileName: string;
  /**
   * The instance as a PS3.10 file: preamble, file meta information, then the data set as received, but for elements of
   * groups 0000 and 0002 in front of it. Each batch is valid until the next is asked for. The loop ends in good order only
   * after the last byte of a data set that is whole.
   */
  readonly part10: AsyncIterable<readonly Buffer[]>;
  /** Aborts when the association ends. */
  readonly signal: AbortSignal;
}

/**
 * Stores one instance; the peer is told Success when this resolves, so it must be safe by then.
 * @throws {StatusError} to answer with that status; anything else is answered 0110H, Processing Failure
 */
export type StoreInstance = (instance: IncomingInstance) => Promise<void>;

/** What to accept, and where it goes. */
export interface StorageProviderOptions {
  readonly store: StoreInstance;
  /** Our own AE title, for the file meta information. Default: left out. */
  readonly aeTitle?: string | undefined;
  /** Accepted transfer syntaxes in order of preference. Default: every one of the standard, Explicit VR first. */
  readonly transferSyntaxes?: readonly string[] | undefined;
  /** Accept any abstract syntax but Verification, and any transfer syntax, after the ones above. Default false. */
  readonly promiscuous?: boolean | undefined;
}

/** A sink that reads and forgets. */
export const discardSink: StoreInstance = async ({ part10 }) => {
  for await (const _ of part10);
};

/** Accepts the storage SOP classes of the standard and hands every instance to `store`. */
export function storageProvider({
  store,
  aeTitle,
  transferSyntaxes,
  promiscuous = false,
}: StorageProviderOptions): ServiceProvider {
  const syntaxes: SupportedSyntaxes = {
    preferred: transferSyntaxes ?? STANDARD_TRANSFER_SYNTAXES.map(({ uid }) => uid),
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
      await store(toInstance(request, message, aeTitle));
      return responseTo(message, STATUS.success);
    },
  };
}

function toInstance(
  { association, context, dataSet, signal }: IncomingRequest,
  message: CStoreRq,
  aeTitle: string | undefined,
): IncomingInstance {
  if (dataSet === undefined) throw new StatusError(STATUS.cannotUnderstand, 'no data set in the request');
  const sopClassUid = parsePeerUid(message.affectedSopClassUid, 'Affected SOP Class UID');
  const sopInstanceUid = parsePeerUid(message.affectedSopInstanceUid, 'Affected SOP Instance UID');
  const { callingAeTitle } = association;
  const sender = storableAeTitle(callingAeTitle);
  const meta = encodeFileMeta({
    mediaStorageSopClassUid: sopClassUid,
    mediaStorageSopInstanceUid: sopInstanceUid,
    transferSyntaxUid: context.transferSyntax,
    implementationClassUid: IMPLEMENTATION_CLASS_UID,
    implementationVersionName: IMPLEMENTATION_VERSION_NAME,
    ...(sender === '' ? {} : { sourceApplicationEntityTitle: sender }),
    ...(aeTitle === undefined ? {} : { receivingApplicationEntityTitle: aeTitle }),
  });
  return {
    sopClassUid,
    sopInstanceUid,
    transferSyntaxUid: context.transferSyntax,
    callingAeTitle,
    fileName: `${modalityPrefix(sopClassUid)}.${sopInstanceUid}`,
    part10: part10(meta, dataSet, context.transferSyntax, { sopClassUid, sopInstanceUid }),
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

async function* part10(
  meta: Buffer,
  dataSet: AsyncIterable<readonly Buffer[]>,
  transferSyntaxUid: string,
  announced: Announced,
): AsyncGenerator<readonly Buffer[], void, void> {
  let head: readonly Buffer[] = [meta];
  const leading = new LeadingGroups(transferSyntaxUid);
  const check = new DataSetCheck(transferSyntaxUid, announced);
  try {
    for await (const batch of dataSet) {
      const views = leading.takeOff(batch);
      // Only inflating takes the event loop; whatever is native goes on at once.
      const looking = check.feed(views);
      if (looking !== undefined) await looking;
      if (views.length === 0) continue;
      yield head.length === 0 ? views : [...head, ...views];
      head = [];
    }
    const views = leading.end();
    await check.feed(views);
    if (head.length + views.length > 0) yield [...head, ...views];
    await check.end();
  } finally {
    check.close();
  }
}
