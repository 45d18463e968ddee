/** Peers that stop behaving at some byte of an association: towards an acceptor, at every stage, in every way. */
import { connect, type Socket } from 'node:net';
import { encodePdu } from '../../src/pdu/codec.js';
import { CT_CONTEXT, command, ctDataSet, pData, RawPeer, rqOf, storeRq } from './loopback-peer.js';

/** More than drips within a test. */
const DATA_SET = ctDataSet('1.2.3', 12_000);
const REQUEST = encodePdu(rqOf([CT_CONTEXT]));
const COMMAND = encodePdu(command(storeRq(1), 1, true));
const DATA = encodePdu(pData(1, DATA_SET));
const RELEASE = encodePdu({ type: 'A-RELEASE-RQ' });

/** What a peer has sent when it stops behaving, and what would come next. The association is open if `opened`. */
interface Stage {
  readonly opened: boolean;
  readonly sent: Buffer;
  readonly rest: Buffer;
}

const stage = (opened: boolean, bytes: Buffer, at: number): Stage => ({
  opened,
  sent: bytes.subarray(0, at),
  rest: bytes.subarray(at),
});

export const STAGES = {
  'the connection': stage(false, REQUEST, 0),
  'half of the association request': stage(false, REQUEST, REQUEST.length / 2),
  'the association request': stage(true, COMMAND, 0),
  'half of a PDU header': stage(true, COMMAND, 3),
  // PDU header and PDV header, and nothing in it.
  'the header of a PDV': stage(true, COMMAND, 12),
  'half of a command set': stage(true, COMMAND, COMMAND.length / 2),
  'a command set': stage(true, Buffer.concat([COMMAND, DATA]), COMMAND.length),
  'half of a data set': stage(true, Buffer.concat([COMMAND, DATA]), COMMAND.length + DATA.length / 2),
  'half of the release request': stage(true, RELEASE, 4),
} as const satisfies Readonly<Record<string, Stage>>;
export type StageName = keyof typeof STAGES;
export const STAGE_NAMES = Object.keys(STAGES).filter((name): name is StageName => name in STAGES);

/** What a peer does then. None of them hangs up before the other side does, but for the reset. */
export const ACTS = ['reset', 'half-close', 'silence', 'drip'] as const;
export type Act = (typeof ACTS)[number];

export interface Misbehaving {
  readonly port: number;
  /** Between two bytes of a drip. */
  readonly tickMs: number;
}

/** Behaves up to the stage, then acts; resolves, when the connection is closed, with the types of the PDUs it was sent. */
export async function misbehave(name: StageName, act: Act, { port, tickMs }: Misbehaving): Promise<readonly string[]> {
  const { opened, sent, rest }: Stage = STAGES[name];
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: act === 'half-close' });
  const peer = new RawPeer(socket);
  peer.hangsUpOnAbort = false;
  if (opened) {
    peer.send(REQUEST);
    const answer = await peer.next('the answer to an association request');
    // The acceptor may be full, or dying.
    if (answer.type !== 'A-ASSOCIATE-AC') {
      peer.destroy();
      return [answer.type];
    }
  }
  peer.send(sent);
  carryOut(act, socket, rest, tickMs);
  return await peer.rest();
}

function carryOut(act: Act, socket: Socket, rest: Buffer, tickMs: number): void {
  if (act === 'half-close') socket.end();
  else if (act === 'reset') {
    // Not before it is connected, and what was sent is with the kernel.
    socket.write('', () => socket.resetAndDestroy());
  } else if (act === 'drip') drip(socket, rest, tickMs);
}

/** One byte per tick, or so many, until all are sent or the connection is gone. */
export function drip(socket: Socket, bytes: Buffer, tickMs: number, bytesPerTick = 1): void {
  let next = 0;
  const timer = setInterval(() => {
    if (next >= bytes.length || socket.destroyed || !socket.writable) clearInterval(timer);
    else {
      socket.write(bytes.subarray(next, next + bytesPerTick));
      next += bytesPerTick;
    }
  }, tickMs);
  socket.once('close', () => clearInterval(timer));
}
