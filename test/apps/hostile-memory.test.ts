/**
 * 100 associations that announce and hold the largest of everything, and a good one beside them: storescp stays bounded, over TLS
 * and with users as well.
 */
import assert from 'node:assert/strict';
import { scryptSync } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { formatHash } from '../../src/cli/scrypt-hash.js';
import { encodePdu } from '../../src/pdu/codec.js';
import type { UserIdentity } from '../../src/pdu/types.js';
import { temporaryFolder } from '../support/apps-files.js';
import { CT_CONTEXT, openAssociation, PduSocket, releaseAssociation, storeWell } from '../support/apps-peer.js';
import { element, uint16 } from '../support/dimse-messages.js';
import { commandSet, dataPdu, MORE_COMMAND, pduHeader, pduOf, pdv, storeElements } from '../support/hostile.js';
import { inTime } from '../support/loopback-inbox.js';
import { CT, ctDataSet, EXPLICIT, VERIFICATION } from '../support/loopback-peer.js';
import { applicationPath } from '../support/paths.js';
import { hex, withLength } from '../support/pdu-hex.js';
import { rqWith } from '../support/pdu-samples.js';
import { Running } from '../support/processes.js';
import { sharedIdentity } from '../support/tls-certificates.js';

const REPORT_PEAK = fileURLToPath(new URL('../support/report-peak.js', import.meta.url));
const MIB = 1024 * 1024;
const HOSTILE = 100;
const AT_A_TIME = 5;
const LAST = 10;
const UNFINISHED = 100;
const GOOD = 40;
/** In the handshake of TLS: with those before, as many as may be without an association. */
const HALF_SHAKEN = 28;
/** Longest command set that is taken. */
const LONGEST = 16 * 1024;

const PASSWORD = Buffer.from('s3cr3t');
const userNamed = (name: string): UserIdentity => ({
  type: 2,
  positiveResponseRequested: true,
  primaryField: Buffer.from(name),
  secondaryField: PASSWORD,
});

/** How storescp is reached, and what it takes at the most. */
interface Way {
  readonly what: string;
  /** docs/reliability.md, "What a stranger can do": the bound on the peak resident memory of the whole process. */
  readonly boundMib: number;
  readonly skip: string | false;
  /** Of most, whose hash takes next to nothing; and of some, with all the memory that storescp gives a hash. */
  readonly users: { readonly most: UserIdentity; readonly some: UserIdentity } | undefined;
  /** More options of storescp, for which files are made in `folder`. */
  options(folder: string): Promise<readonly string[]>;
  connect(port: number): Promise<Socket>;
}

/** @param ln 15 is that of the hashes that storescp makes */
function hashOf(password: Buffer, ln: number): string {
  const salt = Buffer.alloc(16, 'salt');
  const key = scryptSync(password, salt, 32, { N: 2 ** ln, r: 8, p: 1, maxmem: 64 * MIB });
  return formatHash({ ln, r: 8, p: 1, salt, key });
}

/** The V8 of Node 24 lets more memory of short life pile up before it collects any. */
const PLAIN_BOUND_MIB = Number.parseInt(process.versions.node, 10) >= 24 ? 500 : 400;

const PLAIN: Way = {
  what: 'in plain',
  boundMib: PLAIN_BOUND_MIB,
  skip: false,
  users: undefined,
  options: async () => [],
  async connect(port) {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  },
};

const shared = sharedIdentity();

const SECURE: Way = {
  what: 'over TLS and with users',
  boundMib: 500,
  skip: shared.skip,
  users: { most: userNamed('eve'), some: userNamed('bob') },
  async options(folder) {
    const users = join(folder, '.users');
    await writeFile(users, `bob:${hashOf(PASSWORD, 15)}\neve:${hashOf(PASSWORD, 4)}\n`);
    return ['--users', users, ...shared.options()];
  },
  async connect(port) {
    const socket = connectTls({ host: '127.0.0.1', port, ...shared.credentials() });
    socket.on('error', () => undefined);
    await once(socket, 'secureConnect');
    return socket;
  },
};

/** A record of a handshake that is as long as it may be, but for its last byte. */
const HALF_A_HANDSHAKE = Buffer.concat([hex`160301 4000 010100fa 0303`, Buffer.alloc(0x4000 - 7)]);

/** A request of nearly 1 MiB: contexts full of short transfer syntaxes, roles, a window of 65,535, PDUs of 4 GiB. */
function largestRequest(userIdentity: UserIdentity | undefined): Buffer {
  const syntaxes = Array.from({ length: 1300 }, (_, index) => withLength(0x40, 2, Buffer.from(`${10 + (index % 90)}`)));
  const first = withLength(0x40, 2, Buffer.from(EXPLICIT));
  const contexts = Array.from({ length: 128 }, (_, index) => {
    const abstractSyntax = withLength(0x30, 2, Buffer.from(index === 1 ? VERIFICATION : CT));
    return withLength(0x20, 2, Buffer.of(2 * index + 1, 0, 0, 0), abstractSyntax, first, ...syntaxes);
  });
  const request = encodePdu({
    ...rqWith({
      maximumLength: 0xffffffff,
      asynchronousOperationsWindow: { maximumInvoked: 65_535, maximumPerformed: 65_535 },
      userIdentity,
      roleSelections: Array.from({ length: 1200 }, () => ({ sopClassUid: CT, scuRole: true, scpRole: true })),
    }),
    presentationContexts: [],
  });
  const body = Buffer.concat([request.subarray(6), ...contexts]);
  assert.ok(body.length > 0.95 * MIB && body.length <= MIB, `${body.length} bytes`);
  return pduOf(1, body);
}

/** An echo with a class UID as long as a command set may be: 200 of them, whose answers nobody reads. */
const AHEAD = Buffer.concat(
  Array<Buffer>(200).fill(
    inPdus(3, [
      element(0x0002, Buffer.alloc(LONGEST - 100, '1')),
      element(0x0100, uint16(0x0030)),
      element(0x0110, uint16(1)),
      element(0x0800, uint16(0x0101)),
    ]),
  ),
);

/** Sequences as deep as they may be, then an element of 4 GiB that has begun. */
const SEQUENCE = hex`0800 4011 5351 0000 ffffffff feff 00e0 ffffffff`;
const DEEP = hex`${ctDataSet()} ${Buffer.alloc(1000 * SEQUENCE.length, SEQUENCE)} 1000 1000 554e 0000 feffffff ${Buffer.alloc(MIB)}`;
const ENDLESS = Buffer.concat([
  commandSet(1, ...storeElements()),
  ...Array.from({ length: Math.ceil(DEEP.length / 16_000) }, (_, index) =>
    dataPdu(1, DEEP.subarray(index * 16_000, (index + 1) * 16_000), false),
  ),
]);

/** A command that is as long as it may be and does not end, then a PDU as long as it may be that does not either. */
const UNENDED = Buffer.concat([
  ...Array.from({ length: LONGEST / 0x1000 }, () => pduOf(4, pdv(1, MORE_COMMAND, Buffer.alloc(0x1000)))),
  pduHeader(4, 16_384),
]);

function inPdus(contextId: number, elements: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(elements);
  const pdus: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 16_000)
    pdus.push(pduOf(4, pdv(contextId, at + 16_000 < bytes.length ? 1 : 3, bytes.subarray(at, at + 16_000))));
  return Buffer.concat(pdus);
}

/** Opens a connection and sends; with an association, what comes then is sent once that is accepted. */
async function stranger(socket: Socket, request: Buffer, then: Buffer | undefined): Promise<Socket> {
  socket.write(request);
  if (then === undefined) return socket;
  // The acceptance is waited for, and nothing after it is read.
  await inTime(once(socket, 'readable'), 'an acceptance');
  assert.equal(socket.read(1)?.[0], 2);
  socket.write(then);
  return socket;
}

for (const way of [PLAIN, SECURE])
  it(
    `100 hostile associations and 100 unfinished requests do not take more than the bound, nor anything from a good one: ${way.what}`,
    {
      timeout: 300_000,
      skip: way.skip,
    },
    () => besiege(way),
  );

async function besiege(way: Way): Promise<void> {
  await using folder = await temporaryFolder();
  const peakFile = join(folder.path, 'peak');
  const args = ['0', '-od', folder.path, '--max-associations', `${HOSTILE + 1}`, ...(await way.options(folder.path))];
  await using storescp = new Running(
    process.execPath,
    ['--import', REPORT_PEAK, applicationPath('storescp'), ...args],
    {
      env: { PEAK_FILE: peakFile },
    },
  );
  const port = Number((await storescp.output('stdout', /^\d+$/m))[0]);
  await using good = new PduSocket(await way.connect(port));
  await openAssociation(good, [CT_CONTEXT], way.users?.some);

  const request = largestRequest(way.users?.most);
  const last = largestRequest(way.users?.some);
  const strangers: Socket[] = [];
  for (let index = 0; index < HOSTILE; index += AT_A_TIME) {
    const some = Array.from({ length: AT_A_TIME }, async (_, more) =>
      stranger(
        await way.connect(port),
        index < HOSTILE - LAST ? request : last,
        [AHEAD, ENDLESS, UNENDED][(index + more) % 3],
      ),
    );
    strangers.push(...(await Promise.all(some)));
    await storeWell(good, `1.2.3.${index}`);
  }
  for (let index = 0; index < UNFINISHED; index++)
    strangers.push(await stranger(await way.connect(port), request.subarray(0, -1), undefined));
  if (way === SECURE)
    for (let index = 0; index < HALF_SHAKEN; index++)
      strangers.push(await stranger(await PLAIN.connect(port), HALF_A_HANDSHAKE, undefined));
  for (let index = 0; index < GOOD; index++) await storeWell(good, `1.2.4.${index}`);
  await releaseAssociation(good);

  assert.equal(strangers.filter((socket) => socket.destroyed).length, 0, 'all are held');
  storescp.kill('SIGTERM');
  storescp.kill('SIGTERM');
  for (const socket of strangers) socket.destroy();
  await storescp.ended;
  const peak = Number(await readFile(peakFile, 'utf8')) / 1024;
  const names = await readdir(folder.path);
  assert.equal(names.filter((name) => name.startsWith('CT.')).length, HOSTILE / AT_A_TIME + GOOD);
  assert.ok(peak < way.boundMib, `${peak} MiB`);
}
