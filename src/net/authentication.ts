/** Asks the application who a user is, for no longer than somebody waits for the answer (PS3.7 D.3.3.7). */
import { USER_NOT_ACCEPTED, USER_NOT_CHECKED } from '../acse/negotiate.js';
import { identityInWords, type UserIdentity, userIdentityOf } from '../acse/user-identity.js';
import { deferred } from '../base/deferred.js';
import { TimeoutError } from '../base/errors.js';
import type { AssociateRq } from '../pdu/types.js';
import type { Refusal } from './admission.js';
import { Wait } from './timeouts.js';

/** Who calls whom, and from where. */
export interface AuthenticationContext {
  readonly callingAeTitle: string;
  readonly calledAeTitle: string;
  /** `host:port` of the peer; that of the association too, if there comes to be one. */
  readonly remote: string;
  /** Aborts when nobody waits for the verdict any more: the peer has left, the time is up, the server stops. */
  readonly signal: AbortSignal;
}

/** Whether a user may come in. */
export type Verdict =
  | {
      readonly accepted: true;
      /** What the association calls its user, `Association.user`. Default: the user name of the identity, if it has one. */
      readonly user?: string | undefined;
      /** Sent if a positive response was requested: a Kerberos server ticket or SAML response; none for user names. */
      readonly serverResponse?: Uint8Array | undefined;
    }
  | {
      readonly accepted: false;
      /** For the log; the peer is not told. */
      readonly reason?: string | undefined;
    };

/**
 * Looks at who asks for an association, for no longer than the ACSE timeout. What it throws refuses the association.
 * @param identity undefined if the request has none
 */
export type Authenticate = (
  identity: UserIdentity | undefined,
  context: AuthenticationContext,
) => Verdict | Promise<Verdict>;

/** A user who may come in, with the server response. */
export interface Admitted {
  readonly user: string | undefined;
  readonly serverResponse: Buffer;
}

/** One request whose user is being looked at. */
export class Authentication {
  readonly #controller = new AbortController();
  readonly #outcome = deferred<Admitted | Refusal | undefined>();
  readonly #identity: UserIdentity | undefined;
  readonly #wait: Wait;

  /** @param limits `ms` is how long the verdict may take */
  constructor(
    authenticate: Authenticate,
    request: AssociateRq,
    { remote, ms }: { readonly remote: string; readonly ms: number },
  ) {
    const { userIdentity } = request.userInformation;
    this.#identity = userIdentity && userIdentityOf(userIdentity);
    const { callingAeTitle, calledAeTitle } = request;
    const context = { callingAeTitle, calledAeTitle, remote, signal: this.#controller.signal };
    this.#wait = new Wait(ms, () => this.#giveUp(new TimeoutError('acse', ms, 'verdict')));
    this.#wait.start();
    void this.#ask(authenticate, context);
  }

  /** Settles once, and never rejects; undefined if it was cancelled. */
  get outcome(): Promise<Admitted | Refusal | undefined> {
    return this.#outcome.promise;
  }

  /** Nobody waits for the verdict any more. */
  cancel(): void {
    this.#settle(undefined);
    this.#controller.abort();
  }

  async #ask(authenticate: Authenticate, context: AuthenticationContext): Promise<void> {
    try {
      this.#settle(this.#judge(await authenticate(this.#identity, context)));
    } catch (error) {
      this.#giveUp(error);
    }
  }

  #judge(verdict: Verdict): Admitted | Refusal {
    if (verdict.accepted === true) {
      const { user = nameIn(this.#identity), serverResponse = [] } = verdict;
      return { user, serverResponse: Buffer.from(serverResponse) };
    }
    return { pdu: USER_NOT_ACCEPTED, why: `${identityInWords(this.#identity)}: ${verdict.reason ?? 'not accepted'}` };
  }

  #giveUp(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#settle({ pdu: USER_NOT_CHECKED, why: `${identityInWords(this.#identity)}: cannot be checked: ${message}` });
    this.#controller.abort();
  }

  #settle(outcome: Admitted | Refusal | undefined): void {
    this.#wait.stop();
    this.#outcome.resolve(outcome);
  }
}

function nameIn(identity: UserIdentity | undefined): string | undefined {
  return identity !== undefined && 'username' in identity ? identity.username : undefined;
}
