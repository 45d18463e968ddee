/** Who talks to a storescp that is soaked: users of our library and of DCMTK, and peers that misbehave. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXPLICIT_VR_LITTLE_ENDIAN } from '../../src/dataset/transfer-syntax.js';
import { encodeFileMeta } from '../../src/file/file-meta.js';
import { AssociationRejected } from '../../src/index.js';
import { temporaryFolder } from '../support/apps-files.js';
import { RawPeer } from '../support/loopback-peer.js';
import { ACTS, misbehave, STAGE_NAMES } from '../support/misbehaviour.js';
import { dcmtk, skipWithoutDcmtk } from '../support/peers-dcmtk.js';
import { CT_IMAGE } from '../support/sample-instance.js';
import { dataSetOf } from '../support/storing-objects.js';
import { sendObjects } from '../support/storing-senders.js';
import type { SoakedServer } from './server.js';

const SENDERS = 5;
const MISBEHAVING = 6;
const TICK_MS = 50;

/** How often what has happened. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(what: string, count = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + count);
  }

  get rows(): readonly (readonly [what: string, count: number])[] {
    return [...this.#counts].sort(([a], [b]) => a.localeCompare(b));
  }
}

export interface Traffic {
  readonly server: SoakedServer;
  readonly tally: Tally;
  readonly random: () => number;
  readonly goesOn: () => boolean;
}

const hasDcmtk = skipWithoutDcmtk() === false;
let roots = 0;
const nextRoot = (): string => `1.2.826.${++roots}`;

/** Until `goesOn` says no, or the server is down; resolves when nobody sends any more. */
export async function traffic(all: Traffic): Promise<void> {
  const { server, goesOn } = all;
  const loop = async (act: (all: Traffic) => Promise<void>) => {
    while (goesOn() && !server.isDown) await act(all);
  };
  await Promise.all([
    ...Array.from({ length: SENDERS }, () => loop(send)),
    ...Array.from({ length: MISBEHAVING }, () => loop(disturb)),
    ...(hasDcmtk ? [loop(sendByDcmtk)] : []),
  ]);
}

function upTo(limit: number, { random }: Traffic): number {
  return 1 + Math.floor(random() * limit);
}

/** One association with some objects. That it is lost is a fault of the server, unless that is down or full. */
async function send(all: Traffic): Promise<void> {
  const { server, tally, goesOn } = all;
  const { ledger } = server;
  let left = upTo(40, all);
  const error = await sendObjects({
    port: server.port,
    ledger,
    root: nextRoot(),
    window: upTo(12, all),
    goesOn: () => goesOn() && left-- > 0,
    onResponse: (_, status) => tally.add(status === 0 ? 'objects acknowledged' : 'objects refused (A700)'),
  });
  if (error === undefined) tally.add('associations: ours');
  else if (error instanceof AssociationRejected) tally.add('associations: ours, over the limit (2/3/2)');
  else if (server.isDown) tally.add('associations: ours, lost by a kill or a stop');
  else server.faults.push(`${server.name} has lost an association: ${error.message} (${server.lastWords})`);
}

/** Files, and one run of DCMTK's storescu: it says that all are stored, or nothing that could be relied on. */
async function sendByDcmtk(all: Traffic): Promise<void> {
  const { server, tally } = all;
  const { ledger } = server;
  await using folder = await temporaryFolder();
  const root = nextRoot();
  const uids = Array.from({ length: upTo(10, all) }, (_, index) => `${root}.${index + 1}`);
  for (const uid of uids) {
    const meta = encodeFileMeta({
      mediaStorageSopClassUid: CT_IMAGE,
      mediaStorageSopInstanceUid: uid,
      transferSyntaxUid: EXPLICIT_VR_LITTLE_ENDIAN.uid,
    });
    writeFileSync(join(folder.path, uid), Buffer.concat([meta, dataSetOf(uid)]));
    ledger.sent.add(uid);
  }
  const { code } = await dcmtk('storescu', ['-xe', '+sd', '127.0.0.1', `${server.port}`, folder.path]);
  tally.add(`associations: DCMTK's storescu${code === 0 ? '' : ', ended early'}`);
  if (code !== 0) return;
  for (const uid of uids) ledger.answered(uid, 0);
  tally.add('objects acknowledged', uids.length);
}

/** One connection that does not come to a good end. */
async function disturb(all: Traffic): Promise<void> {
  const { server, tally, random } = all;
  const stage = STAGE_NAMES[Math.floor(random() * STAGE_NAMES.length)] ?? 'the connection';
  const act = ACTS[Math.floor(random() * ACTS.length)] ?? 'reset';
  try {
    if (random() < 0.1) await talkNonsense(server.port, random);
    else await misbehave(stage, act, { port: server.port, tickMs: TICK_MS });
    tally.add(`hostile: ${act}`);
  } catch (error) {
    if (!server.isDown) server.faults.push(`${server.name} has not ended a ${act} after ${stage}: ${error}`);
  }
}

async function talkNonsense(port: number, random: () => number): Promise<void> {
  await using peer = await RawPeer.connect(port);
  peer.send(random() < 0.5 ? Buffer.from('GET / HTTP/1.1\r\n\r\n') : Buffer.from([7, 0, 0xff, 0xff, 0xff, 0xff, 1, 2]));
  await peer.rest();
}
