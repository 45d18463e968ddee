/** Our requestor on a peer that is played by hand, as the tests of associations have it, and what they do with the two. */
import { deferred } from '../../src/base/deferred.js';
import { bufferSource } from '../../src/dataset/source.js';
import type { Association, DimseResponse } from '../../src/index.js';
import { Inbox } from './loopback-inbox.js';
import {
  type AnswerOptions,
  CT,
  CT_CONTEXT,
  ctDataSet,
  ECHO_CONTEXT,
  type RawAcceptor,
  type RawPeer,
  storeRq,
} from './loopback-peer.js';
import { associate, type Traces } from './loopback-server.js';

/** The contexts of `requestorAndPeer`, and their ids. */
export const CONTEXTS = [ECHO_CONTEXT, CT_CONTEXT];
export const ECHO = 1;
export const STORE = 3;

export interface Pair {
  readonly association: Association;
  readonly peer: RawPeer;
  /** Of the requestor, unless it has been given a `trace` of its own. */
  readonly traces: Traces;
}

/** The peer accepts everything, and grants the window that is proposed, unless `answer` says otherwise. */
export async function requestorAndPeer(
  acceptor: RawAcceptor,
  options: Parameters<typeof associate>[1] = {},
  answer: AnswerOptions = granting(options.maxOperationsInvoked),
): Promise<Pair> {
  const traces: Traces = new Inbox();
  const requesting = associate(acceptor.port, {
    contexts: CONTEXTS,
    trace: (trace) => traces.push(trace),
    ...options,
  });
  const peer = await acceptor.next();
  await peer.accept(answer);
  return { association: await requesting, peer, traces };
}

function granting(maximumInvoked = 1): AnswerOptions {
  return maximumInvoked > 1 ? { window: { maximumInvoked, maximumPerformed: 1 } } : {};
}

/** Sends an instance on the context of its class. */
export function store(
  association: Association,
  dataSet = ctDataSet(),
  sopInstanceUid = '1.2.3',
): Promise<DimseResponse> {
  const context = association.contexts.find(({ abstractSyntax }) => abstractSyntax === CT);
  return association.request((messageId) => storeRq(messageId, sopInstanceUid), {
    presentationContextId: context?.id ?? 0,
    dataSet: bufferSource(dataSet),
  });
}

/** Something that happens when a test says so. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = deferred();
  return { opened: promise, open: () => resolve() };
}
