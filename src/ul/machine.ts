/** PS3.8 9.2: one step of the upper layer's state machine, pure. */
import { UsageError } from '../base/errors.js';
import { ACTIONS } from './actions.js';
import type { Role, State, Transition, UlEvent, UlEventType } from './events.js';
import { actionAt } from './transition-table.js';

// An abort of nothing is no fault of the user's, so Evt15 is not among them.
const LOCAL_REQUESTS: ReadonlySet<UlEventType> = new Set<UlEventType>([
  'associate-request',
  'associate-accept',
  'associate-reject',
  'data-request',
  'release-request',
  'release-response',
]);

/**
 * What an event in a state comes to. Where the table has no action nothing happens: a timer or a close that comes late,
 * an abort after the end, bytes after the end. So nothing that a peer does makes it throw.
 * @throws {UsageError} for a request or response of the local user that is impossible in this state.
 */
export function step(state: State, role: Role, event: UlEvent): Transition {
  const action = actionAt(event.type, state);
  if (action !== undefined) return ACTIONS[action](event, role);
  if (LOCAL_REQUESTS.has(event.type)) throw new UsageError(`${event.type} is not possible in Sta${state}`);
  return { next: state, effects: [] };
}
