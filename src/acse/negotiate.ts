/** The acceptor's half of PS3.8 7.1 and PS3.7 Annex D: a request and a policy become the answer. */
import {
  DICOM_APPLICATION_CONTEXT,
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION_NAME,
} from '../base/identifiers.js';
import {
  type AssociateAc,
  type AssociateRj,
  type AssociateRq,
  type AsynchronousOperationsWindow,
  CONTEXT_RESULT,
  type PresentationContextResult,
  type ProposedPresentationContext,
} from '../pdu/types.js';

/** The transfer syntaxes an acceptor takes for one abstract syntax. */
export interface SupportedSyntaxes {
  /** In the acceptor's order, which decides. */
  readonly preferred: readonly string[];
  /** Whether to take another one when none of the preferred is proposed; then the requestor's order decides. */
  readonly acceptsOthers?: ((transferSyntax: string) => boolean) | undefined;
}

/** Who may call whom. */
export interface TitlePolicy {
  /** Default: any title may be called. */
  readonly acceptCalledAeTitle?: ((title: string) => boolean) | undefined;
  /** Default: anybody may call. */
  readonly acceptCallingAeTitle?: ((title: string) => boolean) | undefined;
}

/** What an acceptor wants. */
export interface AcceptPolicy {
  /** Undefined for an abstract syntax that is not served. */
  readonly supports: (abstractSyntax: string) => SupportedSyntaxes | undefined;
  /** Longest P-DATA-TF variable field that we take, in bytes; 0 is no limit. */
  readonly maxPduLength: number;
  /** Most operations that we invoke and perform at a time, 0 is any number; default one of each. */
  readonly asynchronousOperations?: AsynchronousOperationsWindow | undefined;
  /**
   * The server response for a user who has been let in, empty for user names (PS3.7 Table D.3-15). Without it identities
   * are not looked at, and so not answered.
   */
  readonly userIdentityResponse?: Buffer | undefined;
}

/** PS3.8 Table 9-21: for the association over an acceptor's limit; it may be tried again. */
export const LOCAL_LIMIT_EXCEEDED: AssociateRj = { type: 'A-ASSOCIATE-RJ', result: 2, source: 3, reason: 2 };
/** PS3.8 Table 9-21: what is left to say where no other reason fits. */
export const NO_REASON_GIVEN: AssociateRj = { type: 'A-ASSOCIATE-RJ', result: 1, source: 1, reason: 1 };
/** PS3.7 D.3.3.7.3: permanent, since the same identity will be refused again; the ACSE related function of the provider. */
export const USER_NOT_ACCEPTED: AssociateRj = { type: 'A-ASSOCIATE-RJ', result: 1, source: 2, reason: 1 };
/** The same for a user nobody could look at: another time the answer may be another. */
export const USER_NOT_CHECKED: AssociateRj = { type: 'A-ASSOCIATE-RJ', result: 2, source: 2, reason: 1 };

// PS3.8 Table 9-21, all of them permanent.
const APPLICATION_CONTEXT_NOT_SUPPORTED: AssociateRj = { type: 'A-ASSOCIATE-RJ', result: 1, source: 1, reason: 2 };
const CALLING_AE_NOT_RECOGNIZED: AssociateRj = { type: 'A-ASSOCIATE-RJ', result: 1, source: 1, reason: 3 };
const CALLED_AE_NOT_RECOGNIZED: AssociateRj = { type: 'A-ASSOCIATE-RJ', result: 1, source: 1, reason: 7 };

/** PS3.7 D.3.3.3: what a window is when nobody speaks of it. */
const SYNCHRONOUS: AsynchronousOperationsWindow = { maximumInvoked: 1, maximumPerformed: 1 };

/** The answer to a request that cannot be accepted whoever the user is. */
export function refusal(request: AssociateRq, policy: TitlePolicy): AssociateRj | undefined {
  if (request.applicationContext !== DICOM_APPLICATION_CONTEXT) return APPLICATION_CONTEXT_NOT_SUPPORTED;
  if (policy.acceptCalledAeTitle?.(request.calledAeTitle) === false) return CALLED_AE_NOT_RECOGNIZED;
  if (policy.acceptCallingAeTitle?.(request.callingAeTitle) === false) return CALLING_AE_NOT_RECOGNIZED;
  return undefined;
}

/** The answer to any other. An association without any accepted context is accepted all the same: the requestor judges. */
export function acceptance(request: AssociateRq, policy: AcceptPolicy): AssociateAc {
  const { asynchronousOperationsWindow, roleSelections, userIdentity } = request.userInformation;
  // PS3.7 D.3.3.7: an answer only where one was requested.
  const answersUser = userIdentity?.positiveResponseRequested === true;
  return {
    type: 'A-ASSOCIATE-AC',
    protocolVersion: 1,
    calledAeTitle: request.calledAeTitle,
    callingAeTitle: request.callingAeTitle,
    applicationContext: DICOM_APPLICATION_CONTEXT,
    presentationContexts: request.presentationContexts.map((context) =>
      contextResult(context, policy.supports(context.abstractSyntax)),
    ),
    userInformation: {
      maximumLength: policy.maxPduLength,
      implementationClassUid: IMPLEMENTATION_CLASS_UID,
      implementationVersionName: IMPLEMENTATION_VERSION_NAME,
      // Silence means synchronous, but some peers take it for unlimited: a proposal is always answered.
      asynchronousOperationsWindow:
        asynchronousOperationsWindow && windowAnswer(asynchronousOperationsWindow, policy.asynchronousOperations),
      // PS3.7 D.3.3.4: a role that was not proposed cannot be answered; that of a provider is never granted.
      roleSelections: roleSelections
        .filter((role) => policy.supports(role.sopClassUid) !== undefined)
        .map(({ sopClassUid, scuRole }) => ({ sopClassUid, scuRole, scpRole: false })),
      extendedNegotiations: [],
      userIdentityResponse: answersUser ? policy.userIdentityResponse : undefined,
    },
  };
}

/** PS3.8 9.3.3.2: a rejected context carries a transfer syntax too, of no meaning: the first proposed. */
function contextResult(
  { id, transferSyntaxes }: ProposedPresentationContext,
  supported: SupportedSyntaxes | undefined,
): PresentationContextResult {
  const rejected = transferSyntaxes[0] ?? '';
  if (supported === undefined)
    return { id, result: CONTEXT_RESULT.abstractSyntaxNotSupported, transferSyntax: rejected };
  const chosen = choose(transferSyntaxes, supported);
  if (chosen === undefined)
    return { id, result: CONTEXT_RESULT.transferSyntaxesNotSupported, transferSyntax: rejected };
  return { id, result: CONTEXT_RESULT.acceptance, transferSyntax: chosen };
}

function choose(proposed: readonly string[], { preferred, acceptsOthers }: SupportedSyntaxes): string | undefined {
  return preferred.find((uid) => proposed.includes(uid)) ?? proposed.find((uid) => acceptsOthers?.(uid) === true);
}

/** PS3.7 D.3.3.3: both numbers are the requestor's; it invokes what we perform. The answer is never above the proposal. */
function windowAnswer(
  proposed: AsynchronousOperationsWindow,
  ours: AsynchronousOperationsWindow = SYNCHRONOUS,
): AsynchronousOperationsWindow {
  return {
    maximumInvoked: smallerWindow(proposed.maximumInvoked, ours.maximumPerformed),
    maximumPerformed: smallerWindow(proposed.maximumPerformed, ours.maximumInvoked),
  };
}

/**
 * What a request and its answer come to, as the requestor's numbers. Silence on either side is one operation, and an
 * answer above the proposal, or unlimited, grants what was proposed. 0 only if both sides say unlimited.
 */
export function agreedWindow(request: AssociateRq, response: AssociateAc): AsynchronousOperationsWindow {
  const proposed = request.userInformation.asynchronousOperationsWindow ?? SYNCHRONOUS;
  const granted = response.userInformation.asynchronousOperationsWindow ?? SYNCHRONOUS;
  return {
    maximumInvoked: smallerWindow(proposed.maximumInvoked, granted.maximumInvoked),
    maximumPerformed: smallerWindow(proposed.maximumPerformed, granted.maximumPerformed),
  };
}

/** 0 is unlimited. */
function smallerWindow(a: number, b: number): number {
  return a === 0 || b === 0 ? Math.max(a, b) : Math.min(a, b);
}

/** A presentation context that both sides agreed on. */
export interface AcceptedContext {
  readonly id: number;
  readonly abstractSyntax: string;
  readonly transferSyntax: string;
}

/**
 * The usable contexts by id, in the order proposed. An answer to what was never proposed, be it a context or a
 * transfer syntax, is no ground to end the association: it is left out.
 */
export function acceptedContexts(request: AssociateRq, response: AssociateAc): ReadonlyMap<number, AcceptedContext> {
  const results = new Map(response.presentationContexts.map((result) => [result.id, result]));
  const accepted = new Map<number, AcceptedContext>();
  for (const { id, abstractSyntax, transferSyntaxes } of request.presentationContexts) {
    const answer = results.get(id);
    if (answer?.result !== CONTEXT_RESULT.acceptance || !transferSyntaxes.includes(answer.transferSyntax)) continue;
    accepted.set(id, { id, abstractSyntax, transferSyntax: answer.transferSyntax });
  }
  return accepted;
}
