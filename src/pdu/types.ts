/**
 * The seven PDUs of the upper layer protocol (PS3.8 9.3) as plain data.
 * Text from a peer is kept as it came but for padding: a malformed UID is a reason to refuse a context, not to fail.
 */

/** PS3.8 9.3.2.2: one abstract syntax with the transfer syntaxes proposed for it. `id` is odd, 1 to 255. */
export interface ProposedPresentationContext {
  readonly id: number;
  readonly abstractSyntax: string;
  readonly transferSyntaxes: readonly string[];
}

/** PS3.8 9.3.3.2: the answer to one proposed context. `transferSyntax` means something only when accepted. */
export interface PresentationContextResult {
  readonly id: number;
  readonly result: number;
  readonly transferSyntax: string;
}

/** PS3.8 Table 9-18. */
export const CONTEXT_RESULT = {
  acceptance: 0,
  userRejection: 1,
  noReason: 2,
  abstractSyntaxNotSupported: 3,
  transferSyntaxesNotSupported: 4,
} as const;

/** PS3.7 D.3.3.3; 0 is unlimited. */
export interface AsynchronousOperationsWindow {
  readonly maximumInvoked: number;
  readonly maximumPerformed: number;
}

/** PS3.7 D.3.3.4. */
export interface RoleSelection {
  readonly sopClassUid: string;
  readonly scuRole: boolean;
  readonly scpRole: boolean;
}

/** PS3.7 D.3.3.5. */
export interface ExtendedNegotiation {
  readonly sopClassUid: string;
  readonly applicationInformation: Buffer;
}

/** PS3.7 D.3.3.6; request only. */
export interface CommonExtendedNegotiation {
  readonly sopClassUid: string;
  readonly serviceClassUid: string;
  readonly relatedGeneralSopClassUids: readonly string[];
}

/** PS3.7 D.3.3.7.1; request only. `type`: 1 name, 2 name and passcode, 3 Kerberos, 4 SAML, 5 JSON web token. */
export interface UserIdentity {
  readonly type: number;
  readonly positiveResponseRequested: boolean;
  readonly primaryField: Buffer;
  readonly secondaryField: Buffer;
}

/** PS3.8 D.1 and PS3.7 D.3.3: the sub-items of the user information item. A list that nobody sent is empty. */
export interface UserInformation {
  /** Longest P-DATA-TF variable field the sender takes in bytes; 0 is no limit; undefined if the item was missing. */
  readonly maximumLength?: number | undefined;
  readonly implementationClassUid?: string | undefined;
  readonly implementationVersionName?: string | undefined;
  readonly asynchronousOperationsWindow?: AsynchronousOperationsWindow | undefined;
  readonly roleSelections: readonly RoleSelection[];
  readonly extendedNegotiations: readonly ExtendedNegotiation[];
}

/** That of an A-ASSOCIATE-RQ. */
export interface UserInformationRq extends UserInformation {
  readonly commonExtendedNegotiations: readonly CommonExtendedNegotiation[];
  readonly userIdentity?: UserIdentity | undefined;
}

/** That of an A-ASSOCIATE-AC. */
export interface UserInformationAc extends UserInformation {
  /** PS3.7 D.3.3.7.2: the server response field. */
  readonly userIdentityResponse?: Buffer | undefined;
}

/** What A-ASSOCIATE-RQ and A-ASSOCIATE-AC have in common. */
export interface Associate {
  readonly protocolVersion: number;
  /** As sent, without leading and trailing spaces; may be empty. */
  readonly calledAeTitle: string;
  readonly callingAeTitle: string;
  readonly applicationContext: string;
}

/** PS3.8 9.3.2. */
export interface AssociateRq extends Associate {
  readonly type: 'A-ASSOCIATE-RQ';
  readonly presentationContexts: readonly ProposedPresentationContext[];
  readonly userInformation: UserInformationRq;
}

/** PS3.8 9.3.3. The AE titles are copies of the request's and not to be tested. */
export interface AssociateAc extends Associate {
  readonly type: 'A-ASSOCIATE-AC';
  readonly presentationContexts: readonly PresentationContextResult[];
  readonly userInformation: UserInformationAc;
}

/** PS3.8 9.3.4. */
export interface AssociateRj {
  readonly type: 'A-ASSOCIATE-RJ';
  readonly result: number;
  readonly source: number;
  readonly reason: number;
}

/** PS3.8 9.3.5.1 and Annex E.2. */
export interface Pdv {
  readonly presentationContextId: number;
  readonly isCommand: boolean;
  readonly isLast: boolean;
  readonly data: Buffer;
}

/** PS3.8 9.3.5, whole. Received P-DATA comes as `PdvFragment`s instead and is never gathered. */
export interface PDataTf {
  readonly type: 'P-DATA-TF';
  readonly pdvs: readonly Pdv[];
}

/** PS3.8 9.3.6. */
export interface ReleaseRq {
  readonly type: 'A-RELEASE-RQ';
}

/** PS3.8 9.3.7. */
export interface ReleaseRp {
  readonly type: 'A-RELEASE-RP';
}

/** PS3.8 9.3.8. `source`: 0 service user, 2 service provider. */
export interface Abort {
  readonly type: 'A-ABORT';
  readonly source: number;
  readonly reason: number;
}

export type Pdu = AssociateRq | AssociateAc | AssociateRj | PDataTf | ReleaseRq | ReleaseRp | Abort;
/** Every PDU but P-DATA-TF: short, and read whole. */
export type ControlPdu = Exclude<Pdu, PDataTf>;
