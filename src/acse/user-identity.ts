/** User identity negotiation (PS3.7 D.3.3.7): who asks for an association, and what proves it. */
import { IdentityNotConfirmed, UsageError } from '../base/errors.js';
import { quoted } from '../base/printable.js';
import type { UserIdentity as UserIdentityItem } from '../pdu/types.js';

/** The kinds of PS3.7 Table D.3-14. User names are text in UTF-8; what proves an identity are bytes that nobody should log. */
export type IdentityOf<Bytes> =
  | { readonly type: 'username'; readonly username: string }
  | { readonly type: 'username-and-passcode'; readonly username: string; readonly passcode: Bytes }
  | { readonly type: 'kerberos'; readonly serviceTicket: Bytes }
  | { readonly type: 'saml'; readonly assertion: Bytes }
  | { readonly type: 'jwt'; readonly token: Bytes };

/**
 * An identity as it was received. A user name that is not UTF-8 has U+FFFD where it is not. `other` is a kind that the
 * standard does not know yet.
 */
export type UserIdentity =
  | IdentityOf<Buffer>
  | { readonly type: 'other'; readonly code: number; readonly primaryField: Buffer; readonly secondaryField: Buffer };

/** An identity to request an association with; text stands for its bytes in UTF-8. */
export type RequestedUserIdentity = IdentityOf<Uint8Array | string> & {
  /**
   * Ask the acceptor to confirm that it has looked at the identity. One that does not support user identities accepts
   * without confirming: the association is then aborted. Default false.
   */
  readonly positiveResponseRequested?: boolean | undefined;
  /**
   * Looks at the server's response, such as a Kerberos server ticket (empty for user names), if a positive response was
   * requested: false aborts the association. Default: any will do.
   */
  readonly acceptResponse?: ((serverResponse: Buffer) => boolean) | undefined;
};

/** PS3.7 Table D.3-14. */
const CODE = { username: 1, 'username-and-passcode': 2, kerberos: 3, saml: 4, jwt: 5 } as const;
/** Each field has a length of 16 bits; the items round them leave a little less. */
const MAX_FIELD_LENGTH = 0xffff;
const NOTHING = Buffer.alloc(0);

/** @throws {UsageError} naming the field that is empty or too long */
export function userIdentityItem(identity: RequestedUserIdentity): UserIdentityItem {
  const [name, primary] = primaryOf(identity);
  const primaryField = field(name, primary);
  if (primaryField.length === 0) throw new UsageError(`the ${name} of a user identity is empty`);
  const secondaryField = identity.type === 'username-and-passcode' ? field('passcode', identity.passcode) : NOTHING;
  const { positiveResponseRequested = false } = identity;
  return { type: CODE[identity.type], positiveResponseRequested, primaryField, secondaryField };
}

function primaryOf(identity: RequestedUserIdentity): readonly [name: string, value: Uint8Array | string] {
  switch (identity.type) {
    case 'username':
    case 'username-and-passcode':
      return ['user name', identity.username];
    case 'kerberos':
      return ['Kerberos service ticket', identity.serviceTicket];
    case 'saml':
      return ['SAML assertion', identity.assertion];
    case 'jwt':
      return ['JSON web token', identity.token];
    default:
      identity satisfies never;
      throw new UsageError('a user identity of no known type');
  }
}

function field(name: string, value: Uint8Array | string): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.from(value);
  if (bytes.length <= MAX_FIELD_LENGTH) return bytes;
  throw new UsageError(`the ${name} of a user identity has ${bytes.length} bytes, over ${MAX_FIELD_LENGTH}`);
}

/** Of the fields only those that belong to the kind. */
export function userIdentityOf({ type, primaryField, secondaryField }: UserIdentityItem): UserIdentity {
  switch (type) {
    case CODE.username:
      return { type: 'username', username: primaryField.toString('utf8') };
    case CODE['username-and-passcode']:
      return {
        type: 'username-and-passcode',
        username: primaryField.toString('utf8'),
        passcode: secondaryField,
      };
    case CODE.kerberos:
      return { type: 'kerberos', serviceTicket: primaryField };
    case CODE.saml:
      return { type: 'saml', assertion: primaryField };
    case CODE.jwt:
      return { type: 'jwt', token: primaryField };
    default:
      return { type: 'other', code: type, primaryField, secondaryField };
  }
}

/**
 * PS3.7 D.3.3.7: an acceptor that does not support user identities accepts without a response, and the requestor decides
 * whether to go on. Ours asks for a positive response only where it would not.
 * @param response the server response of the A-ASSOCIATE-AC, undefined if it has none
 * @throws {IdentityNotConfirmed}
 */
export function assertConfirmed(identity: RequestedUserIdentity | undefined, response: Buffer | undefined): void {
  if (identity?.positiveResponseRequested !== true) return;
  if (response === undefined)
    throw new IdentityNotConfirmed('the peer accepts the association without confirming the user identity');
  if (identity.acceptResponse?.(response) === false)
    throw new IdentityNotConfirmed("the peer's response to the user identity is not accepted");
}

const SHOWN_NAME = 64;

/** For a log: names the user, never what proves it. */
export function identityInWords(identity: UserIdentity | undefined): string {
  switch (identity?.type) {
    case undefined:
      return 'without user identity';
    case 'username':
    case 'username-and-passcode':
      return `user ${quoted(shortened(identity.username))}`;
    case 'kerberos':
      return 'Kerberos service ticket';
    case 'saml':
      return 'SAML assertion';
    case 'jwt':
      return 'JSON web token';
    case 'other':
      return `user identity of type ${identity.code}`;
    default:
      identity satisfies never;
      return '';
  }
}

function shortened(name: string): string {
  return name.length > SHOWN_NAME ? `${name.slice(0, SHOWN_NAME)}...` : name;
}
