/** What came of each association that somebody asked a server for. */
import { AssociationAborted } from '../base/errors.js';
import type { AssociationTrace } from '../net/trace.js';
import type { AssociateRq } from '../pdu/types.js';

/** An association that is over, or was refused. */
export interface AssociationFacts {
  /** As in traces: counts from 1 in a process. */
  readonly association: number;
  /** `host:port` of the peer. */
  readonly remote: string;
  readonly callingAeTitle: string;
  readonly calledAeTitle: string;
  readonly outcome: 'released' | 'aborted' | 'rejected';
  /** In words, unless it was released. */
  readonly reason: string | undefined;
  /** Instances that were stored; those whose requests were answered with a failure. */
  readonly stored: number;
  readonly failed: number;
  /** Of the files of those that were stored. */
  readonly bytes: number;
  /** From the request to the end. */
  readonly ms: number;
}

type Ending = Pick<AssociationFacts, 'outcome' | 'reason'>;

/** One association. `begin` and `finish` tell of each instance, so that the end is told after the last of them. */
export class AssociationAccount {
  readonly #known: Pick<AssociationFacts, 'association' | 'remote' | 'callingAeTitle' | 'calledAeTitle'>;
  readonly #onEnd: (facts: AssociationFacts) => void;
  readonly #begun = performance.now();
  #stored = 0;
  #bytes = 0;
  #atWork = 0;
  #failed = 0;
  #ending: Ending | undefined;

  constructor({ id, remote }: AssociationTrace, request: AssociateRq, onEnd: (facts: AssociationFacts) => void) {
    const { callingAeTitle, calledAeTitle } = request;
    this.#known = { association: id, remote, callingAeTitle, calledAeTitle };
    this.#onEnd = onEnd;
  }

  begin(): void {
    this.#atWork++;
  }

  stored(bytes: number): void {
    this.#stored++;
    this.#bytes += bytes;
  }

  /** A request was answered with a failure. */
  failed(): void {
    this.#failed++;
  }

  finish(): void {
    this.#atWork--;
    this.#tellEnd();
  }

  end(ending: Ending): void {
    this.#ending = ending;
    this.#tellEnd();
  }

  #tellEnd(): void {
    if (this.#ending === undefined || this.#atWork > 0) return;
    this.#onEnd({
      ...this.#known,
      ...this.#ending,
      stored: this.#stored,
      failed: this.#failed,
      bytes: this.#bytes,
      ms: Math.round(performance.now() - this.#begun),
    });
  }
}

/** The accounts of all associations of a process that accepts some. */
export class AssociationAccounts {
  readonly #open = new Map<number, AssociationAccount>();
  readonly #onEnd: (facts: AssociationFacts) => void;

  constructor(onEnd: (facts: AssociationFacts) => void) {
    this.#onEnd = onEnd;
  }

  /** Undefined if nothing was told of it, or its end. */
  of(id: number): AssociationAccount | undefined {
    return this.#open.get(id);
  }

  tell(trace: AssociationTrace): void {
    const { id, event } = trace;
    switch (event.type) {
      case 'associate-rq':
        if (event.direction === 'incoming') this.#open.set(id, new AssociationAccount(trace, event.pdu, this.#onEnd));
        break;
      case 'associate-rj':
        if (event.direction === 'outgoing') this.#end(id, { outcome: 'rejected', reason: event.why });
        break;
      case 'released':
        this.#end(id, { outcome: 'released', reason: undefined });
        break;
      case 'aborted':
        this.#end(id, { outcome: 'aborted', reason: wordsOf(event.error) });
        break;
      case 'request-failed':
        if (event.request.type === 'C-STORE-RQ') this.#open.get(id)?.failed();
        break;
    }
  }

  #end(id: number, ending: Ending): void {
    this.#open.get(id)?.end(ending);
    this.#open.delete(id);
  }
}

function wordsOf(error: Error): string {
  return error instanceof AssociationAborted ? error.detail : error.message;
}
