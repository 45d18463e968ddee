/** The requestor's half of PS3.8 7.1: what is wanted becomes presentation contexts and an A-ASSOCIATE-RQ. */
import { UsageError } from '../base/errors.js';
import {
  DICOM_APPLICATION_CONTEXT,
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION_NAME,
} from '../base/identifiers.js';
import type { AssociateRq, ProposedPresentationContext, UserInformationRq } from '../pdu/types.js';

/** One presentation context to be, its transfer syntaxes in order of preference. */
export interface WantedContext {
  readonly abstractSyntax: string;
  readonly transferSyntaxes: readonly string[];
}

/** Odd ids up to 255 (PS3.8 9.3.2.2). */
export const MAX_PRESENTATION_CONTEXTS = 128;

/** The id of the context with that index, from 0 (PS3.8 9.3.2.2). */
export function presentationContextIdAt(index: number): number {
  return 2 * index + 1;
}

/** Equal contexts, with the same syntaxes in the same order, have the same. */
export function contextKey({ abstractSyntax, transferSyntaxes }: WantedContext): string {
  return [abstractSyntax, ...transferSyntaxes].join('\\');
}

/**
 * Numbers the contexts in the order wanted, equal ones once.
 * @throws {UsageError} none, more than an association can have, or one without a transfer syntax
 */
export function proposeContexts(wanted: readonly WantedContext[]): readonly ProposedPresentationContext[] {
  const distinct = new Map<string, WantedContext>();
  for (const context of wanted) {
    if (context.transferSyntaxes.length === 0)
      throw new UsageError(`no transfer syntax to propose for ${context.abstractSyntax}`);
    const key = contextKey(context);
    if (!distinct.has(key)) distinct.set(key, context);
  }
  if (distinct.size === 0) throw new UsageError('an association needs at least one presentation context');
  if (distinct.size > MAX_PRESENTATION_CONTEXTS)
    throw new UsageError(`one association can propose at most ${MAX_PRESENTATION_CONTEXTS} presentation contexts`);
  return [...distinct.values()].map(({ abstractSyntax, transferSyntaxes }, index) => ({
    id: presentationContextIdAt(index),
    abstractSyntax,
    transferSyntaxes,
  }));
}

/** What is not given is not negotiated. */
export interface AssociateRqOptions extends Pick<UserInformationRq, 'asynchronousOperationsWindow' | 'userIdentity'> {
  readonly calledAeTitle: string;
  readonly callingAeTitle: string;
  readonly contexts: readonly ProposedPresentationContext[];
  /** Longest P-DATA-TF variable field that we take, in bytes; 0 is no limit. */
  readonly maxPduLength: number;
}

/** The request of this implementation for the one version and application context that there are. */
export function associateRq(options: AssociateRqOptions): AssociateRq {
  return {
    type: 'A-ASSOCIATE-RQ',
    protocolVersion: 1,
    calledAeTitle: options.calledAeTitle,
    callingAeTitle: options.callingAeTitle,
    applicationContext: DICOM_APPLICATION_CONTEXT,
    presentationContexts: options.contexts,
    userInformation: {
      maximumLength: options.maxPduLength,
      implementationClassUid: IMPLEMENTATION_CLASS_UID,
      implementationVersionName: IMPLEMENTATION_VERSION_NAME,
      asynchronousOperationsWindow: options.asynchronousOperationsWindow,
      roleSelections: [],
      extendedNegotiations: [],
      commonExtendedNegotiations: [],
      userIdentity: options.userIdentity,
    },
  };
}
