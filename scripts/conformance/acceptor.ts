/** What the built storescp accepts and answers: nobody says it, it is asked. */
import { tmpdir } from 'node:os';
import { associateRq, MAX_PRESENTATION_CONTEXTS, presentationContextIdAt } from '../../src/acse/propose.js';
import { STANDARD_TRANSFER_SYNTAXES } from '../../src/dataset/transfer-syntax.js';
import { parseUids, type UidEntry } from '../../src/dictionary/lookup.js';
import { VERIFICATION_SOP_CLASS } from '../../src/dictionary/sop-classes.js';
import { OTHER_UIDS } from '../../src/dictionary/uids.js';
import type {
  Abort,
  AssociateAc,
  AssociateRj,
  AssociateRq,
  Pdu,
  ProposedPresentationContext,
  UserInformationRq,
} from '../../src/pdu/types.js';
import { PduSocket } from '../../test/support/apps-peer.js';
import { listeningStorescp } from '../../test/support/apps-run.js';
import { SECONDARY_CAPTURE } from '../../test/support/sample-instance.js';

const IMPLICIT = '1.2.840.10008.1.2';
const ACCEPTANCE = 0;

/** What is changed of a request that storescp would accept. */
export interface Change extends Partial<Omit<AssociateRq, 'userInformation'>> {
  readonly userInformation?: Partial<UserInformationRq>;
}

/** Runs `use` with a storescp of its own. */
export async function withStorescp<T>(args: readonly string[], use: (port: number) => Promise<T>): Promise<T> {
  await using storescp = await listeningStorescp(['-od', tmpdir(), ...args]);
  return await use(storescp.port);
}

/** The answer to a request for Verification, changed as told. */
export async function ask(port: number, change: Change = {}): Promise<AssociateAc | AssociateRj> {
  await using socket = await PduSocket.connect(port);
  return await answerOn(socket, change);
}

/** The answer to one request while another association is open. */
export async function askBesides(port: number): Promise<AssociateAc | AssociateRj> {
  await using other = await PduSocket.connect(port);
  await answerOn(other, {});
  return await ask(port);
}

/** The A-ABORT that comes of `sent`, in an association or, with `first`, in place of the request for one. */
export async function abortAfter(port: number, sent: Pdu | Buffer, first = false): Promise<Abort> {
  await using socket = await PduSocket.connect(port);
  if (!first) await answerOn(socket, {});
  socket.send(sent);
  return await socket.expect('A-ABORT');
}

async function answerOn(socket: PduSocket, change: Change): Promise<AssociateAc | AssociateRj> {
  const request = associateRq({
    calledAeTitle: 'STORESCP',
    callingAeTitle: 'ASKING',
    contexts: contexts([[VERIFICATION_SOP_CLASS, [IMPLICIT]]]),
    maxPduLength: 16_384,
  });
  const userInformation = { ...request.userInformation, ...change.userInformation };
  socket.send({ ...request, ...change, userInformation });
  const answer = await socket.receive();
  if (answer?.type === 'A-ASSOCIATE-AC' || answer?.type === 'A-ASSOCIATE-RJ') return answer;
  throw new Error(`no answer: ${JSON.stringify(answer)}`);
}

function contexts(wanted: readonly (readonly [string, readonly string[]])[]): ProposedPresentationContext[] {
  return wanted.map(([abstractSyntax, transferSyntaxes], index) => ({
    id: presentationContextIdAt(index),
    abstractSyntax,
    transferSyntaxes,
  }));
}

/** The answer with which storescp accepts. */
async function accepted(port: number, presentationContexts: readonly ProposedPresentationContext[]) {
  const answer = await ask(port, { presentationContexts });
  if (answer.type === 'A-ASSOCIATE-RJ') throw new Error('rejected');
  return answer.presentationContexts;
}

/** Of all UIDs of PS3.6 that are no transfer syntaxes, those that it accepts as abstract syntax. */
export async function acceptedClasses(port: number): Promise<readonly UidEntry[]> {
  const entries = parseUids(OTHER_UIDS);
  const found: UidEntry[] = [];
  for (let from = 0; from < entries.length; from += MAX_PRESENTATION_CONTEXTS) {
    const batch = entries.slice(from, from + MAX_PRESENTATION_CONTEXTS);
    const results = await accepted(port, contexts(batch.map(({ uid }) => [uid, [IMPLICIT]])));
    found.push(...batch.filter((_, index) => results[index]?.result === ACCEPTANCE));
  }
  return found;
}

/** The transfer syntaxes of PS3.6 that it accepts for an abstract syntax, the preferred first. */
export async function acceptedSyntaxes(port: number, abstractSyntax = SECONDARY_CAPTURE): Promise<readonly string[]> {
  const found: string[] = [];
  let left = STANDARD_TRANSFER_SYNTAXES.map(({ uid }) => uid);
  while (left.length > 0) {
    const [answer] = await accepted(port, contexts([[abstractSyntax, left]]));
    if (answer?.result !== ACCEPTANCE) break;
    found.push(answer.transferSyntax);
    left = left.filter((uid) => uid !== answer.transferSyntax);
  }
  return found;
}
