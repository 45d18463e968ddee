/** PS3.7 E.1, (0000,0110): numbers for the requests of one association. */
import { UsageError } from '../base/errors.js';

const MAX_MESSAGE_ID = 0xffff;

/** Counts up from 1 and goes back to 1 after 65535. */
export class MessageIds {
  #last = 0;

  /** @param outstanding ids of the requests that still wait for a response; a `Set` of them or a `Map` by them. */
  next(outstanding: { readonly size: number; has(messageId: number): boolean }): number {
    if (outstanding.size >= MAX_MESSAGE_ID) throw new UsageError('every message id waits for a response');
    do {
      this.#last = this.#last === MAX_MESSAGE_ID ? 1 : this.#last + 1;
    } while (outstanding.has(this.#last));
    return this.#last;
  }
}
