/** Addresses and networks, against arithmetic of the test's own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InvalidIdentifier } from '../../../src/base/errors.js';
import { countedHost, HostList, hostOf, parseNetwork } from '../../../src/net/host-list.js';
import { formatAddress } from '../../../src/net/transport.js';

const CASES: readonly (readonly [network: string, among: readonly string[], not: readonly string[]])[] = [
  ['10.1.2.3', ['10.1.2.3', '::ffff:10.1.2.3'], ['10.1.2.4', '::a01:203', '::1']],
  ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255', '::FFFF:10.9.9.9'], ['11.0.0.0', '9.255.255.255']],
  ['192.168.1.77/24', ['192.168.1.0', '192.168.1.255'], ['192.168.2.0']],
  ['0.0.0.0/0', ['1.2.3.4', '::ffff:1.2.3.4'], ['::1', 'fe80::1']],
  ['1.2.3.4/32', ['1.2.3.4'], ['1.2.3.5']],
  ['::1', ['::1', '0:0:0:0:0:0:0:1'], ['::2', '127.0.0.1', '::ffff:127.0.0.1']],
  ['fd00::/8', ['fd00::1', 'fdff:ffff::'], ['fe00::1', 'fc00::1']],
  ['fe80::/10', ['fe80::1', 'fe80::1%eth0', 'febf::1%2'], ['fec0::1%eth0']],
  ['::/0', ['::1', '2001:db8::1'], ['1.2.3.4', '::ffff:1.2.3.4']],
  ['2001:db8::/33', ['2001:db8:7fff::1'], ['2001:db8:8000::1']],
  ['::ffff:10.0.0.0/104', ['10.1.2.3', '::ffff:10.1.2.3'], ['11.1.2.3', '::1']],
  ['::ffff:10.1.2.3', ['10.1.2.3'], ['10.1.2.4']],
  ['::ffff:0a00:0/104', ['10.1.2.3', '::ffff:10.1.2.3', '::ffff:a01:203'], ['11.1.2.3', '::a00:0']],
  ['0:0:0:0:0:FFFF:A01:203', ['10.1.2.3'], ['10.1.2.4']],
  ['0::0:ffff:10.0.0.0/104', ['10.1.2.3'], ['11.1.2.3']],
  ['::ffff:0:10.1.2.3', ['::ffff:0:10.1.2.3'], ['10.1.2.3']],
];

for (const [network, among, not] of CASES)
  test(`${network} has ${among.join(', ')} and not ${not.join(', ')}`, () => {
    const list = new HostList([network]);
    for (const host of among) assert.ok(list.has(host), host);
    for (const host of [...not, 'unknown', '']) assert.ok(!list.has(host), host);
  });

test('a list has what any of its networks has', () => {
  const list = new HostList(['10.0.0.0/8', 'fd00::/8', '192.0.2.1']);
  assert.deepEqual(
    ['10.1.1.1', 'fd00::1', '192.0.2.1', '192.0.2.2', '::1'].map((host) => list.has(host)),
    [true, true, true, false, false],
  );
});

for (const [host, counted] of [
  ['10.1.2.3', '10.1.2.3'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8:0:0:1:2:3:4', '2001:db8:0:0::/64'],
  ['2001:db8:0:1::1', '2001:db8:0:1::/64'],
  ['2001:db8:1:2:3:4:1.2.3.4', '2001:db8:1:2::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80::1%eth0'],
  ['fe80::2%eth0', 'fe80::2%eth0'],
  ['unknown', 'unknown'],
] as const)
  test(`an association of ${host} is counted for ${counted}`, () => {
    assert.equal(countedHost(host), counted);
  });

const octets = (bytes: Uint8Array) => bytes.join('.');
const groups = (bytes: Uint8Array) =>
  Array.from({ length: 8 }, (_, at) =>
    Buffer.from(bytes)
      .readUInt16BE(2 * at)
      .toString(16),
  ).join(':');
const samePrefix = (a: Uint8Array, b: Uint8Array, length: number) =>
  a.every((byte, at) => {
    const bits = Math.min(8, Math.max(0, length - 8 * at));
    return byte >> (8 - bits) === (b[at] ?? 0) >> (8 - bits);
  });

for (const [family, size, text] of [
  ['IPv4', 4, octets],
  ['IPv6', 16, groups],
] as const)
  test(`${family}: a host is in a network if its address begins with the same bits`, () => {
    const address = fc.uint8Array({ minLength: size, maxLength: size });
    const near = fc.tuple(address, fc.nat(8 * size - 1), fc.nat(8 * size)).map(([host, bit, length]) => {
      const other = Uint8Array.from(host);
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
      return { host, other, length };
    });
    fc.assert(
      fc.property(near, ({ host, other, length }) => {
        // Addresses of ::ffff:0:0/96 are IPv4; none of them comes up by chance.
        fc.pre(size === 4 || host.some((byte, at) => at < 10 && byte > 0));
        const list = new HostList([`${text(host)}/${length}`]);
        assert.ok(list.has(text(host)));
        assert.equal(list.has(text(other)), samePrefix(host, other, length));
      }),
    );
  });

for (const text of [
  ...['', ' ', '/', 'localhost', 'ct1.example', '10.0.0', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/8/8'],
  ...['10.0.0.0/8.5', '010.1.1.1', '10.0.0.0/255.0.0.0', '::1/129', 'fe80::1%eth0', '[::1]', '1.2.3.4:104', '*'],
])
  test(`'${text}' is no network`, () => {
    assert.throws(() => parseNetwork(text), InvalidIdentifier);
    assert.throws(() => new HostList(['10.0.0.0/8', text]), /is no IP address or network such as/);
  });

test('the host of a remote address is what it was made of', () => {
  for (const [host, plain] of [
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['::1', '::1'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['unknown', 'unknown'],
  ] as const)
    assert.equal(hostOf(formatAddress(host, 104)), plain);
});
