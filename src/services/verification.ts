/** The Verification service (PS3.4 Annex A): C-ECHO as user and as provider. */
import type { SupportedSyntaxes } from '../acse/negotiate.js';
import { NoPresentationContext } from '../base/errors.js';
import {
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
} from '../dataset/transfer-syntax.js';
import { VERIFICATION_SOP_CLASS } from '../dictionary/sop-classes.js';
import { responseTo } from '../dimse/messages.js';
import { describeStatus, STATUS, type Status } from '../dimse/status.js';
import type { AssociationHandle } from '../net/association-handle.js';
import type { ServiceProvider } from '../net/service-provider.js';

const NATIVE_SYNTAXES: readonly string[] = [
  EXPLICIT_VR_LITTLE_ENDIAN.uid,
  EXPLICIT_VR_BIG_ENDIAN.uid,
  IMPLICIT_VR_LITTLE_ENDIAN.uid,
];

/**
 * Sends C-ECHO-RQ and gives the status of the answer.
 * @throws {NoPresentationContext} if the peer did not accept the Verification SOP class
 */
export async function verify(association: AssociationHandle): Promise<Status> {
  const context = association.contexts.find(({ abstractSyntax }) => abstractSyntax === VERIFICATION_SOP_CLASS);
  if (context === undefined)
    throw new NoPresentationContext('the peer does not accept the Verification SOP Class', VERIFICATION_SOP_CLASS);
  const response = await association.request(
    (messageId) => ({ type: 'C-ECHO-RQ', messageId, affectedSopClassUid: VERIFICATION_SOP_CLASS }),
    { presentationContextId: context.id },
  );
  return describeStatus(response.status);
}

/** Answers C-ECHO-RQ with Success. `transferSyntaxes` in order of preference; default: the three native ones. */
export function verificationProvider(options: { readonly transferSyntaxes?: readonly string[] } = {}): ServiceProvider {
  const syntaxes: SupportedSyntaxes = { preferred: options.transferSyntaxes ?? NATIVE_SYNTAXES };
  return {
    operations: ['C-ECHO-RQ'],
    syntaxesFor: (abstractSyntax) => (abstractSyntax === VERIFICATION_SOP_CLASS ? syntaxes : undefined),
    handle: ({ message }) => Promise.resolve(responseTo(message, STATUS.success)),
  };
}
