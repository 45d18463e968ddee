/** The options of both applications that are about who a user is. */
import type { OptionGroup } from './option-table.js';
import { text } from './option-values.js';
import { userName } from './user-name.js';

/** What --user, --jwt-file, --saml-file or --kerberos-file say. */
export type IdentityOption =
  | { readonly type: 'user'; readonly name: string }
  | { readonly type: 'jwt' | 'saml' | 'kerberos'; readonly path: string };

function identityFile(type: 'jwt' | 'saml' | 'kerberos'): (path: string) => IdentityOption {
  return (path) => ({ type, path: text(path) });
}

const FILE = '[f]ilename (str)';

/** Of storescu. What proves an identity is never on the command line, where everybody on the machine could read it. */
export const USER_IDENTITY = {
  title: 'User Identity',
  options: [
    {
      key: 'identity',
      family: 'identity',
      long: '--user',
      value: '[n]ame (str)',
      parse: (name: string): IdentityOption => ({ type: 'user', name: text(name) }),
      help: 'authenticate as user n, with the password in --password-file or, without that, in the environment variable NETDICOM_PASSWORD, if it is set and not empty',
    },
    {
      key: 'passwordFile',
      family: 'identity',
      long: '--password-file',
      value: FILE,
      completes: 'file',
      parse: text,
      help: 'read the password of --user from file f; a newline at its end is no part of it',
    },
    {
      key: 'identity',
      family: 'identity',
      long: '--kerberos-file',
      value: FILE,
      completes: 'file',
      parse: identityFile('kerberos'),
      help: 'authenticate with the Kerberos service ticket in file f',
    },
    {
      key: 'identity',
      family: 'identity',
      long: '--saml-file',
      value: FILE,
      completes: 'file',
      parse: identityFile('saml'),
      help: 'authenticate with the SAML assertion in file f',
    },
    {
      key: 'identity',
      family: 'identity',
      long: '--jwt-file',
      value: FILE,
      completes: 'file',
      parse: identityFile('jwt'),
      help: 'authenticate with the JSON web token in file f',
    },
    {
      key: 'userResponse',
      long: '--user-response',
      help: 'ask the peer to confirm that it has looked at the user identity, and fail if it does not',
    },
  ],
} as const satisfies OptionGroup;

/** Of storescp. */
export const USERS = {
  title: 'User Identity',
  options: [
    {
      key: 'usersFile',
      env: true,
      long: '--users',
      value: FILE,
      completes: 'file',
      parse: text,
      help: 'accept only associations of the users in file f, by name and password; SIGHUP rereads it',
    },
    {
      key: 'hashPassword',
      long: '--hash-password',
      value: '[n]ame (str)',
      parse: userName,
      help: 'read a password from standard input, print the line for user n and --users, and exit; no port is needed then',
    },
  ],
} as const satisfies OptionGroup;
