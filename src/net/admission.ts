/** Who may open an association, before anybody asks who the user is: hosts, AE titles and limits. */
import { LOCAL_LIMIT_EXCEEDED, NO_REASON_GIVEN, refusal, type TitlePolicy } from '../acse/negotiate.js';
import { rejectionInWords, UsageError } from '../base/errors.js';
import { parseAeTitle } from '../base/identifiers.js';
import { MIN_MAXIMUM_LENGTH } from '../pdu/p-data-block.js';
import type { AssociateRj, AssociateRq } from '../pdu/types.js';
import { countedHost, HostList, hostOf } from './host-list.js';

const DEFAULT_MAX_ASSOCIATIONS = 100;

/** AE titles are compared without leading and trailing spaces, capital letters apart from small ones (PS3.8 Table 9-11). */
export interface AdmissionOptions {
  /** Our AE title. */
  readonly aeTitle: string;
  /** Reject callers that ask for another AE title, unless `acceptCalledAeTitles` has it. Default false. */
  readonly checkCalledAeTitle?: boolean | undefined;
  /** Reject callers that ask for an AE title that is not among these. Default: any will do; of none, none. */
  readonly acceptCalledAeTitles?: readonly string[] | undefined;
  /** Reject callers whose AE title is not among these. Default: anybody may call; of none, nobody. */
  readonly acceptCallingAeTitles?: readonly string[] | undefined;
  /**
   * Addresses and networks (`192.168.0.0/16`, `fd00::/8`) that may call; others are rejected when they have requested an
   * association. Default: all may call; of none, none.
   */
  readonly acceptHosts?: readonly string[] | undefined;
  /**
   * Over it, associations are rejected with "local limit exceeded". One whose user is being looked at counts, and one that was
   * lost as long as a service works on its requests. Default 100.
   * Connections that have no association, not yet or no more, may be 128 more than that: of any more the oldest is closed
   * when it is a second old, or at once when they are 512 more.
   */
  readonly maxAssociations?: number | undefined;
  /**
   * The same for the associations of one IPv4 address or one IPv6 network of 64 bits, in which a host has addresses without
   * number; link-local addresses count one by one. Default: as many as there may be in all.
   */
  readonly maxAssociationsPerHost?: number | undefined;
}

/** Where a connection comes from, as far as it matters to who may come in. */
export interface Origin {
  readonly isWelcome: boolean;
  /** Whom its association is counted for, among others. */
  readonly countedHost: string;
}

/** A no: what the peer is told, and what only the log should be. */
export interface Refusal {
  readonly pdu: AssociateRj;
  readonly why: string;
}

/** The options as they are asked, for every request. */
export class Admission {
  readonly maxAssociations: number;
  readonly #maxPerHost: number;
  readonly #hosts: HostList | undefined;
  readonly #titles: TitlePolicy;

  /** @throws {UsageError | InvalidIdentifier} a number out of range, an AE title or a network that is none */
  constructor(options: AdmissionOptions) {
    const { maxAssociations = DEFAULT_MAX_ASSOCIATIONS, maxAssociationsPerHost = maxAssociations } = options;
    for (const [name, limit] of Object.entries({ maxAssociations, maxAssociationsPerHost }))
      if (!(limit >= 1)) throw new UsageError(`${name} ${limit} is not a number from 1 up`);
    this.maxAssociations = maxAssociations;
    this.#maxPerHost = maxAssociationsPerHost;
    const aeTitle = parseAeTitle(options.aeTitle);
    const { acceptHosts, acceptCalledAeTitles: called, checkCalledAeTitle = false } = options;
    this.#hosts = acceptHosts && new HostList(acceptHosts);
    this.#titles = {
      acceptCalledAeTitle: isAmong(checkCalledAeTitle ? [aeTitle, ...(called ?? [])] : called),
      acceptCallingAeTitle: isAmong(options.acceptCallingAeTitles),
    };
  }

  /** @param remote `host:port` of the peer */
  originOf(remote: string): Origin {
    const host = hostOf(remote);
    return { isWelcome: this.#hosts?.has(host) !== false, countedHost: countedHost(host) };
  }

  /**
   * Why a request is refused, if it is: for what will not change before what may.
   * @param places where all associations come from that there are
   */
  refusal(request: AssociateRq, origin: Origin, places: readonly Origin[]): Refusal | undefined {
    // PS3.8 Table 9-10 has no other no for a host than the answer to its request, nor Table 9-21 a reason for it.
    if (!origin.isWelcome) return { pdu: NO_REASON_GIVEN, why: 'host not accepted' };
    const refused = refusal(request, this.#titles);
    if (refused !== undefined) return { pdu: refused, why: rejectionInWords(refused).reason };
    const { maximumLength = 0 } = request.userInformation;
    if (maximumLength > 0 && maximumLength < MIN_MAXIMUM_LENGTH)
      return { pdu: NO_REASON_GIVEN, why: `its maximum PDU length of ${maximumLength} has no room for data` };
    if (places.length >= this.maxAssociations)
      return { pdu: LOCAL_LIMIT_EXCEEDED, why: `limit of ${this.maxAssociations} associations reached` };
    if (places.filter((other) => other.countedHost === origin.countedHost).length >= this.#maxPerHost)
      return { pdu: LOCAL_LIMIT_EXCEEDED, why: `limit of ${this.#maxPerHost} associations of one host reached` };
    return undefined;
  }
}

function isAmong(titles: readonly string[] | undefined): ((title: string) => boolean) | undefined {
  if (titles === undefined) return undefined;
  const set = new Set<string>(titles.map(parseAeTitle));
  return (title) => set.has(title);
}
