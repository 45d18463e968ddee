/** What storescp's options say of who may come in, as the library takes it. */
import { type Authenticate, quoted, type ServeOptions } from '../index.js';
import type { HangUps } from './hang-ups.js';
import type { Log } from './log.js';
import type { StorescpOptions } from './storescp-options.js';
import { Users } from './users.js';

/** Reads the users file, now and on every SIGHUP. @throws {Error} one line, if it cannot be used */
export function admission(options: StorescpOptions, log: Log, hangUps: HangUps): Partial<ServeOptions> {
  return {
    acceptCallingAeTitles: ifAny(options.acceptCallingAeTitles),
    acceptCalledAeTitles: ifAny(options.acceptCalledAeTitles),
    acceptHosts: ifAny(options.acceptHosts),
    authenticate: options.usersFile === undefined ? undefined : authentication(options.usersFile, log, hangUps),
  };
}

/** An option that is not given limits nothing; to the library an empty list is one of nobody. */
function ifAny<T>(given: readonly T[]): readonly T[] | undefined {
  return given.length > 0 ? given : undefined;
}

/** Lets in users of the file, and records who has come in (PS3.15 B.5). */
function authentication(usersFile: string, log: Log, hangUps: HangUps): Authenticate {
  const users = new Users(usersFile);
  hangUps.rereadOnHangUp('Users', () => users.reload());
  return async (identity, context) => {
    const verdict = await users.authenticate(identity, context);
    // After the time is up or the peer has left, nobody is let in.
    if (verdict.accepted && !context.signal.aborted && identity?.type === 'username-and-passcode')
      log.info(`User ${quoted(identity.username)} accepted (${context.remote})`);
    return verdict;
  };
}
