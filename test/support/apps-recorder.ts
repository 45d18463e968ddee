/** A provider in this process that notes down what the applications send it, in words short enough for a table. */

import type { StatusDetails } from '../../src/dimse/messages.js';
import {
  AssociationAborted,
  type AssociationEvent,
  type DimseMessage,
  isStorageSopClass,
  responseTo,
  type ServiceProvider,
  serve,
  VERIFICATION_SOP_CLASS,
} from '../../src/index.js';
import type { AssociateRq } from '../../src/pdu/types.js';

/** How the provider behaves, where that is not to accept everything. */
export interface Answers {
  /** Statuses of the responses to C-STORE, in turn; the last one stays. Default Success. */
  readonly statuses?: readonly number[];
  readonly details?: StatusDetails;
  /** Of the responses to C-ECHO. Default Success. */
  readonly echoStatus?: number;
  /** SOP classes that are not accepted. */
  readonly refuses?: readonly string[];
  /** The transfer syntaxes it takes, in order of preference; default: all, as the requestor prefers. */
  readonly syntaxes?: readonly string[];
}

export interface Recorder extends AsyncDisposable {
  readonly port: number;
  readonly requests: readonly AssociateRq[];
  readonly messages: readonly DimseMessage[];
  /** `class syntax` of each data set, in the letters of `short`. */
  readonly dataSets: readonly string[];
  /** `released`, `aborted 0/0` or `lost`, one for each association. */
  readonly endings: readonly string[];
}

const SHORT: Readonly<Record<string, string>> = {
  '1.2.840.10008.1.1': 'Echo',
  '1.2.840.10008.5.1.4.1.1.2': 'CT',
  '1.2.840.10008.5.1.4.1.1.4': 'MR',
  '1.2.840.10008.5.1.4.1.1.7': 'SC',
  '1.2.840.10008.1.2': 'I',
  '1.2.840.10008.1.2.1': 'L',
  '1.2.840.10008.1.2.2': 'B',
  '1.2.840.10008.1.2.1.99': 'Deflated',
  '1.2.840.10008.1.2.4.50': 'JPEG',
};

/** A UID in a letter or a word: I, L and B are Implicit, Explicit Little and Explicit Big Endian. */
export function short(uid: string): string {
  return SHORT[uid] ?? uid;
}

/** The UID behind a word of `short`. */
export function long(word: string): string {
  return Object.entries(SHORT).find(([, candidate]) => candidate === word)?.[0] ?? word;
}

/** Listens on a port of its own. */
export async function recorder(answers: Answers = {}): Promise<Recorder> {
  const requests: AssociateRq[] = [];
  const messages: DimseMessage[] = [];
  const dataSets: string[] = [];
  const endings: string[] = [];
  let stored = 0;

  const provider: ServiceProvider = {
    operations: ['C-ECHO-RQ', 'C-STORE-RQ'],
    syntaxesFor: (abstractSyntax) => {
      const isServed = abstractSyntax === VERIFICATION_SOP_CLASS || isStorageSopClass(abstractSyntax);
      if (!isServed || answers.refuses?.includes(abstractSyntax)) return undefined;
      return { preferred: answers.syntaxes ?? [], acceptsOthers: () => answers.syntaxes === undefined };
    },
    async handle({ message, context }) {
      if (message.type === 'C-ECHO-RQ') return responseTo(message, answers.echoStatus ?? 0x0000);
      dataSets.push(`${short(context.abstractSyntax)} ${short(context.transferSyntax)}`);
      const status = answers.statuses?.[stored] ?? answers.statuses?.at(-1) ?? 0x0000;
      stored++;
      return responseTo(message, status, answers.details);
    },
  };
  const note = (event: AssociationEvent): void => {
    if (event.type === 'associate-rq') requests.push(event.pdu);
    else if (event.type === 'message' && event.direction === 'incoming') messages.push(event.message);
    else if (event.type === 'released') endings.push('released');
    else if (event.type === 'aborted') endings.push(abortInShort(event.error));
  };
  const server = await serve({
    port: 0,
    host: '127.0.0.1',
    aeTitle: 'RECORDER',
    services: [provider],
    trace: ({ event }) => note(event),
  });
  return {
    port: server.port,
    requests,
    messages,
    dataSets,
    endings,
    [Symbol.asyncDispose]: () => server.close({ graceMs: 0 }),
  };
}

function abortInShort(error: Error): string {
  if (error instanceof AssociationAborted && error.source !== undefined)
    return `aborted ${error.source}/${error.reason ?? 0}`;
  return 'lost';
}
