/** storescu's user identity: what the command line names, with what the files and the environment hold. */
import type { RequestedUserIdentity } from '../index.js';
import { CommandLineError } from './command-line-error.js';
import type { IdentityOption } from './identity-options.js';
import { readSecretFile, withoutLineEnd } from './secret-file.js';

/** As parsed. */
export interface IdentityOptions {
  readonly identity: IdentityOption | undefined;
  readonly passwordFile: string | undefined;
  readonly userResponse: boolean;
}

/**
 * The identity to request associations with, if there is one. Files are read here and now.
 * @param environmentPassword stands in for a password file
 * @throws {CommandLineError} options that make sense only together with others
 * @throws {Error} one line, on a file that cannot be used
 */
export function requestedIdentity(
  { identity, passwordFile, userResponse }: IdentityOptions,
  environmentPassword: string | undefined,
): RequestedUserIdentity | undefined {
  if (passwordFile !== undefined && identity?.type !== 'user')
    throw new CommandLineError('--password-file: only together with --user');
  if (identity === undefined) {
    if (userResponse) throw new CommandLineError('--user-response: only together with a user identity');
    return undefined;
  }
  const positiveResponseRequested = userResponse;
  switch (identity.type) {
    case 'user': {
      const username = identity.name;
      const passcode = passwordOf(passwordFile, environmentPassword);
      return passcode === undefined
        ? { type: 'username', username, positiveResponseRequested }
        : { type: 'username-and-passcode', username, passcode, positiveResponseRequested };
    }
    case 'jwt':
      return { type: 'jwt', token: textOf('JSON web token file', identity.path), positiveResponseRequested };
    case 'saml':
      return { type: 'saml', assertion: textOf('SAML assertion file', identity.path), positiveResponseRequested };
    case 'kerberos': {
      const serviceTicket = notEmpty('Kerberos ticket file', identity.path, readSecretFile);
      return { type: 'kerberos', serviceTicket, positiveResponseRequested };
    }
    default:
      identity satisfies never;
      return undefined;
  }
}

/** An empty variable is one that is not set: many a script cannot do it in another way. An empty file is an empty passcode. */
function passwordOf(path: string | undefined, environmentPassword: string | undefined): Buffer | undefined {
  if (path !== undefined) return withoutLineEnd(readSecretFile('password file', path));
  return environmentPassword === undefined || environmentPassword === '' ? undefined : Buffer.from(environmentPassword);
}

function textOf(what: string, path: string): Buffer {
  return notEmpty(what, path, () => withoutLineEnd(readSecretFile(what, path)));
}

function notEmpty(what: string, path: string, read: (what: string, path: string) => Buffer): Buffer {
  const bytes = read(what, path);
  if (bytes.length === 0) throw new Error(`cannot use ${what} ${path}: it is empty`);
  return bytes;
}
