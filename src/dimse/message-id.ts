/** PS3.7 E.1, (0000,0110): numbers for the requests of one association. */
import { UsageError } from '../base/errors.js';

const MAX_MESSAGE_ID = 0xffff;

/** The requests that still wait for a response, all of which have their ids from here. */
export interface Outstanding {
  readonly size: number;
  has(messageId: number): boolean;
}

/** Counts up from 1 and goes back to 1 after 65535. */
export class MessageIds {
  #last = 0;
  /** Until the ids begin anew none is outstanding that comes next: many requests need not be searched for each. */
  #isFirstRound = true;

  next(outstanding: Outstanding): number {
    if (outstanding.size >= MAX_MESSAGE_ID) throw new UsageError('every message id waits for a response');
    do {
      this.#isFirstRound &&= this.#last < MAX_MESSAGE_ID;
      this.#last = this.#last === MAX_MESSAGE_ID ? 1 : this.#last + 1;
    } while (!this.#isFirstRound && outstanding.has(this.#last));
    return this.#last;
  }
}
