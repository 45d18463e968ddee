/** The negotiation PDUs as lines of text for a debug log. */
import { abortInWords, rejectionInWords } from '../base/errors.js';
import { excerpt } from '../base/printable.js';
import { uidName } from '../dictionary/lookup.js';
import type {
  Abort,
  AssociateAc,
  AssociateRj,
  AssociateRq,
  AsynchronousOperationsWindow,
  CommonExtendedNegotiation,
  ExtendedNegotiation,
  ProposedPresentationContext,
  RoleSelection,
  UserIdentity,
  UserInformation,
} from '../pdu/types.js';

/** Whether we sent the PDU or the peer did. */
export type Perspective = 'ours' | 'theirs';

const RULE_LENGTH = 65;
const AE_TITLE_LENGTH = 16;
const SHOWN_BYTES = 32;

// PS3.8 Table 9-18.
const RESULT_WORDS: Readonly<Record<number, string>> = {
  0: 'Accepted',
  1: 'User Rejection',
  2: 'Provider Rejection',
  3: 'Abstract Syntax Not Supported',
  4: 'Transfer Syntaxes Not Supported',
};

// PS3.7 Table D.3-14.
const IDENTITY_WORDS: Readonly<Record<number, string>> = {
  1: 'Username',
  2: 'Username and Passcode',
  3: 'Kerberos Service Ticket',
  4: 'SAML Assertion',
  5: 'JSON Web Token',
};

export function dumpAssociateRq(pdu: AssociateRq, perspective: Perspective): readonly string[] {
  const { userInformation: information, presentationContexts: contexts } = pdu;
  return block('Request Parameters:', 'A-ASSOCIATE-RQ', [
    ...associateLines(pdu, perspective),
    contexts.length === 1 ? 'Presentation Context:' : 'Presentation Contexts:',
    ...contexts.flatMap((context) => proposedContextLines(context, information.roleSelections)),
    ...section('Requested Extended Negotiation:', information.extendedNegotiations.flatMap(extendedLines)),
    ...section(
      'Requested Common Extended Negotiation:',
      information.commonExtendedNegotiations.flatMap(commonExtendedLines),
    ),
    ...requestedWindowLines(information.asynchronousOperationsWindow, perspective),
    ...section('Requested User Identity Negotiation:', userIdentityLines(information.userIdentity)),
  ]);
}

/** A request of ours says nothing of a window that it does not propose. */
function requestedWindowLines(
  window: AsynchronousOperationsWindow | undefined,
  perspective: Perspective,
): readonly string[] {
  if (window === undefined && perspective === 'ours') return [];
  return section('Requested Asynchronous Operations Window Negotiation:', windowLines(window));
}

export function dumpAssociateAc(pdu: AssociateAc, perspective: Perspective): readonly string[] {
  const { userInformation: information } = pdu;
  const roles = information.roleSelections.flatMap(acceptedRoleLines);
  return block('Accept Parameters:', 'A-ASSOCIATE-AC', [
    ...associateLines(pdu, perspective),
    'Presentation Contexts:',
    ...pdu.presentationContexts.flatMap(({ id, result, transferSyntax }) => [
      `  Context ID:        ${id} (${RESULT_WORDS[result] ?? `Result ${result}`})`,
      ...(result === 0 ? [`    Accepted Transfer Syntax: ${named(transferSyntax)}`] : []),
    ]),
    ...(roles.length > 0 ? section('Accepted Role Selection:', roles) : []),
    ...section('Accepted Extended Negotiation:', information.extendedNegotiations.flatMap(extendedLines)),
    // PS3.7 D.3.3.6: there is no answer to it.
    'Accepted Common Extended Negotiation: None',
    ...section(
      'Accepted Asynchronous Operations Window Negotiation:',
      windowLines(information.asynchronousOperationsWindow),
    ),
    `User Identity Negotiation Response:  ${information.userIdentityResponse === undefined ? 'None' : 'Yes'}`,
  ]);
}

export function dumpAssociateRj(pdu: AssociateRj): readonly string[] {
  const { result, source, reason } = rejectionInWords(pdu);
  return block('Reject Parameters:', 'A-ASSOCIATE-RJ', [
    `Result:    ${result}`,
    `Source:    ${source}`,
    `Reason:    ${reason}`,
  ]);
}

export function dumpAbort(pdu: Pick<Abort, 'source' | 'reason'>): readonly string[] {
  const { source, reason } = abortInWords(pdu);
  return block('Abort Parameters:', 'A-ABORT', [`Abort Source: ${source}`, `Abort Reason: ${reason}`]);
}

function block(heading: string, pduName: string, lines: readonly string[]): readonly string[] {
  return [heading, rule(`BEGIN ${pduName}`), ...lines, rule(`END ${pduName}`)];
}

function rule(title: string): string {
  const room = RULE_LENGTH - title.length - 2;
  return `${'='.repeat(Math.ceil(room / 2))} ${title} ${'='.repeat(Math.floor(room / 2))}`;
}

function associateLines(pdu: AssociateRq | AssociateAc, perspective: Perspective): readonly string[] {
  const { implementationClassUid, implementationVersionName, maximumLength }: UserInformation = pdu.userInformation;
  const whose = perspective === 'ours' ? 'Our' : 'Their';
  return [
    `${`${whose} Implementation Class UID:`.padEnd(34)} ${excerpt(implementationClassUid ?? 'unknown')}`,
    `${`${whose} Implementation Version Name:`.padEnd(34)} ${excerpt(implementationVersionName ?? 'unknown')}`,
    `Application Context Name:    ${excerpt(pdu.applicationContext)}`,
    `Calling Application Name:    ${excerpt(pdu.callingAeTitle).padEnd(AE_TITLE_LENGTH)}`,
    `Called Application Name:     ${excerpt(pdu.calledAeTitle).padEnd(AE_TITLE_LENGTH)}`,
    `${`${whose} Max PDU Receive Size:`.padEnd(28)} ${maximumLength ?? 'unknown'}`,
  ];
}

/** The heading with the lines below it, or with the word None behind it. */
function section(heading: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [`${heading} None`] : [heading, ...lines];
}

function proposedContextLines(
  { id, abstractSyntax, transferSyntaxes }: ProposedPresentationContext,
  roles: readonly RoleSelection[],
): readonly string[] {
  const role = roles.find((selection) => selection.sopClassUid === abstractSyntax);
  return [
    `  Context ID:        ${id} (Proposed)`,
    `    Abstract Syntax: ${named(abstractSyntax)}`,
    `    Proposed SCP/SCU Role: ${role === undefined ? 'Default' : roleInWords(role)}`,
    transferSyntaxes.length === 1 ? '    Proposed Transfer Syntax:' : '    Proposed Transfer Syntaxes:',
    ...transferSyntaxes.map((uid) => `      ${named(uid)}`),
  ];
}

function acceptedRoleLines(role: RoleSelection): readonly string[] {
  return [`  SOP Class: ${named(role.sopClassUid)}`, `    SCP/SCU Role: ${roleInWords(role)}`];
}

function roleInWords({ scuRole, scpRole }: RoleSelection): string {
  if (scpRole) return scuRole ? 'SCP/SCU' : 'SCP';
  return scuRole ? 'SCU' : 'None';
}

function extendedLines({ sopClassUid, applicationInformation }: ExtendedNegotiation): readonly string[] {
  const shown = applicationInformation.subarray(0, SHOWN_BYTES);
  const hex = Array.from(shown, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const rest = applicationInformation.length > SHOWN_BYTES ? ` ... (${applicationInformation.length} bytes)` : '';
  return [`  SOP Class: ${named(sopClassUid)}`, `    [ ${hex}${rest} ]`];
}

function commonExtendedLines(item: CommonExtendedNegotiation): readonly string[] {
  return [
    `  SOP Class: ${named(item.sopClassUid)}`,
    `    Service Class: ${named(item.serviceClassUid)}`,
    ...section(
      '    Related General SOP Classes:',
      item.relatedGeneralSopClassUids.map((uid) => `      ${named(uid)}`),
    ),
  ];
}

function windowLines(window: AsynchronousOperationsWindow | undefined): readonly string[] {
  if (window === undefined) return [];
  return [
    `  Maximum Invoked Operations:     ${window.maximumInvoked}`,
    `  Maximum Performed Operations:   ${window.maximumPerformed}`,
  ];
}

/** Names the user, never what proves it. */
function userIdentityLines(identity: UserIdentity | undefined): readonly string[] {
  if (identity === undefined) return [];
  const words = IDENTITY_WORDS[identity.type] ?? 'Unknown';
  const isNamed = identity.type === 1 || identity.type === 2;
  return [
    `  Authentication Mode: ${identity.type} - ${words}`,
    isNamed
      ? `  Username: [${excerpt(identity.primaryField.toString('utf8'))}]`
      : `  ${words} (not dumped) length: ${identity.primaryField.length}`,
    ...(identity.type === 2 ? [`  Passcode (not dumped) length: ${identity.secondaryField.length}`] : []),
    `  Positive Response Requested: ${identity.positiveResponseRequested ? 'Yes' : 'No'}`,
  ];
}

function named(uid: string): string {
  return `=${uidName(uid) ?? excerpt(uid)}`;
}
