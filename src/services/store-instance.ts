/** C-STORE as user (PS3.4 Annex B): one instance on an association that is there already. */
import type { AcceptedContext } from '../acse/negotiate.js';
import { NoPresentationContext } from '../base/errors.js';
import type { DataSetSource } from '../dataset/source.js';
import { transferSyntax } from '../dataset/transfer-syntax.js';
import { uidName } from '../dictionary/lookup.js';
import { type DimseResponse, PRIORITY } from '../dimse/messages.js';
import type { InstanceFile } from '../file/instance-file.js';
import { openDataSet } from '../file/instance-source.js';
import type { AssociationHandle } from '../net/association-handle.js';
import { chooseContext } from './plan.js';

/** How an instance is sent. */
export interface StoreInstanceOptions {
  /** Default low. */
  readonly priority?: keyof typeof PRIORITY | undefined;
  /** Decompress what the peer does not accept compressed. Default true. */
  readonly decompress?: boolean | undefined;
  /** Is called when the instance's turn on the association has come, before its first byte. */
  readonly onTurn?: (() => void) | undefined;
}

/**
 * Sends one instance in the best of the accepted contexts.
 * @throws {NoPresentationContext} if none of them fits
 * @throws {FileError} if its file cannot be read to the end; the association is then aborted if part of it had been sent
 */
export async function storeInstance(
  association: AssociationHandle,
  instance: InstanceFile,
  options: StoreInstanceOptions = {},
): Promise<DimseResponse> {
  const context = chooseContext(instance, association.contexts, options);
  return sendInstance(association, await openInstance(instance, context), options);
}

/** An instance that is ready to go: `sendInstance` closes its data set. */
export interface OpenInstance {
  readonly instance: InstanceFile;
  readonly context: AcceptedContext;
  readonly dataSet: DataSetSource;
}

/**
 * The first half of `storeInstance`, which needs no turn on the association.
 * @param context see `chooseContext`
 * @param bytes the data set, if it is in memory: then there is nothing to wait for
 * @throws likewise
 */
export function openInstance(
  instance: InstanceFile,
  context: AcceptedContext | undefined,
  bytes?: Buffer,
): OpenInstance | Promise<OpenInstance> {
  if (context === undefined) throw noContextFor(instance);
  const opening = openDataSet(instance, transferSyntax(context.transferSyntax), bytes);
  if (opening instanceof Promise) return opening.then((dataSet) => ({ instance, context, dataSet }));
  return { instance, context, dataSet: opening };
}

/** The second half. Instances go out in the order of these calls. */
export function sendInstance(
  association: AssociationHandle,
  { instance, context, dataSet }: OpenInstance,
  { priority = 'low', onTurn }: StoreInstanceOptions,
): Promise<DimseResponse> {
  return association.request(
    (messageId) => ({
      type: 'C-STORE-RQ',
      affectedSopClassUid: instance.sopClassUid,
      messageId,
      priority: PRIORITY[priority],
      affectedSopInstanceUid: instance.sopInstanceUid,
    }),
    { presentationContextId: context.id, dataSet, onTurn },
  );
}

/** What `storeInstance` throws if no accepted context fits. */
export function noContextFor({ path, sopClassUid, transferSyntaxUid }: InstanceFile): NoPresentationContext {
  const what = [sopClassUid, transferSyntaxUid].map((uid) => uidName(uid) ?? uid).join(', ');
  return new NoPresentationContext(`No accepted presentation context for ${path} (${what})`, sopClassUid);
}
