/** What has become of the files so far: one line for who stops a run in the middle. */
import type { StoreEvent, StoreOutcome } from '../index.js';

export class Tally {
  #stored = 0;
  #failed = 0;
  #unanswered = 0;
  #notSent = '0';

  count({ type }: StoreOutcome): void {
    if (type === 'stored') this.#stored++;
    else if (type === 'unanswered') this.#unanswered++;
    else if (type === 'refused' || type === 'not-sent') this.#failed++;
  }

  countLeft({ files, isAll }: Extract<StoreEvent, { type: 'left' }>): void {
    this.#notSent = isAll ? `${files}` : `at least ${files}`;
  }

  /** `3 stored, 0 failed, 1 unanswered, at least 1024 not sent`. */
  describe(): string {
    return `${this.#stored} stored, ${this.#failed} failed, ${this.#unanswered} unanswered, ${this.#notSent} not sent`;
  }
}
