/** Networks that hosts are looked up in, and the host in the address of a peer. */
import { BlockList, isIP } from 'node:net';
import { InvalidIdentifier } from '../base/errors.js';

interface Network {
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly prefix: number;
}

const BITS = { ipv4: 32, ipv6: 128 } as const;
/** RFC 4291 2.5.5.2: an IPv4 address as IPv6 sockets show it. */
const MAPPED = [0, 0, 0, 0, 0, 0xffff];
const MAPPED_PREFIX = 96;
const LINK_LOCAL = /^fe[89ab]/i;

/** Addresses and networks, IPv4 and IPv6 apart: the network `::/0` is not of IPv4, whose addresses can be mapped into it. */
export class HostList {
  readonly #networks = { ipv4: new BlockList(), ipv6: new BlockList() };

  /** @throws {InvalidIdentifier} naming what is no network */
  constructor(networks: readonly string[]) {
    for (const text of networks) {
      const { address, family, prefix } = networkOf(text);
      this.#networks[family].addSubnet(address, prefix, family);
    }
  }

  /** @param host an IP address; of anything else nothing is known, so it is not among them */
  has(host: string): boolean {
    const address = plainAddress(host);
    const family = familyOf(address);
    return family !== undefined && this.#networks[family].check(address, family);
  }
}

/**
 * An IPv4 or IPv6 address, or a network as address and length of its prefix (RFC 4632, RFC 4291 2.3). Bits of the address
 * after the prefix mean nothing.
 * @throws {InvalidIdentifier} if it is none
 */
export function parseNetwork(text: string): string {
  networkOf(text);
  return text;
}

function networkOf(text: string): Network {
  const [host = '', length, ...rest] = text.split('/');
  const family = host.includes('%') ? undefined : familyOf(host);
  const prefix = length === undefined || family === undefined ? undefined : Number(length);
  const isLength = length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (family ? BITS[family] : 0));
  if (family === undefined || rest.length > 0 || !isLength)
    throw new InvalidIdentifier(
      `${JSON.stringify(text)} is no IP address or network such as 192.168.0.0/16 or fd00::/8`,
    );
  const mapped = family === 'ipv6' ? mappedAddress(host) : undefined;
  if (mapped !== undefined && (prefix ?? BITS.ipv6) >= MAPPED_PREFIX)
    return { address: mapped, family: 'ipv4', prefix: (prefix ?? BITS.ipv6) - MAPPED_PREFIX };
  return { address: host, family, prefix: prefix ?? BITS[family] };
}

/** Without the zone of a link-local address (RFC 4007 11), and IPv4 as IPv4. */
function plainAddress(host: string): string {
  const [address = ''] = host.split('%');
  return (isIP(address) === 6 ? mappedAddress(address) : undefined) ?? address;
}

/** The IPv4 address in an IPv6 one, in whatever notation that is. */
function mappedAddress(address: string): string | undefined {
  const groups = groupsOf(address);
  if (MAPPED.some((group, at) => groups[at] !== group)) return undefined;
  return groups
    .slice(MAPPED.length)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.');
}

/** RFC 4291 2.2: the eight groups of an IPv6 address that is one. */
function groupsOf(address: string): readonly number[] {
  const [head = [], tail = []] = address.split('::').map((half) => half.split(':').flatMap(numbersOf));
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

function numbersOf(part: string): readonly number[] {
  if (part === '') return [];
  const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
  return part.includes('.') ? [(a << 8) | b, (c << 8) | d] : [Number.parseInt(part, 16)];
}

/**
 * Whom the associations of a host are counted for: one that has an IPv6 network has 2^64 addresses (RFC 4291 2.5.4), so it is
 * that; but any number of hosts share the network of a link.
 */
export function countedHost(host: string): string {
  const address = plainAddress(host);
  if (isIP(address) !== 6 || LINK_LOCAL.test(address)) return host;
  const network = groupsOf(address).slice(0, 4);
  return `${network.map((group) => group.toString(16)).join(':')}::/64`;
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address);
  if (version === 0) return undefined;
  return version === 4 ? 'ipv4' : 'ipv6';
}

/** The host of `host:port`, where an IPv6 address is in brackets. */
export function hostOf(remote: string): string {
  return remote.slice(0, remote.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}
