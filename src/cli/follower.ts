/** Who is told of all that happens to the files of a run. */
import type { StoreEvent, StoreOutcome } from '../index.js';

export interface Follower {
  onOutcome(outcome: StoreOutcome): void;
  onEvent(event: StoreEvent): void;
}
