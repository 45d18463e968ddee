/** PS3.8 Table 9-10 as text, to be laid beside the book. */
import type { State, UlEventType } from './events.js';

const ACTION_NAMES = [
  ...(['AE-1', 'AE-2', 'AE-3', 'AE-4', 'AE-5', 'AE-6', 'AE-7', 'AE-8', 'DT-1', 'DT-2'] as const),
  ...(['AR-1', 'AR-2', 'AR-3', 'AR-4', 'AR-5', 'AR-6', 'AR-7', 'AR-8', 'AR-9', 'AR-10'] as const),
  ...(['AA-1', 'AA-2', 'AA-3', 'AA-4', 'AA-5', 'AA-6', 'AA-7', 'AA-8'] as const),
] as const;
/** PS3.8 Tables 9-6 to 9-9. */
export type ActionName = (typeof ACTION_NAMES)[number];

// Rows are events, columns are states, '.' is what cannot happen.
const TABLE_9_10 = `
  Sta    1     2     3     4     5     6     7     8     9     10    11    12    13
  Evt1   AE-1  .     .     .     .     .     .     .     .     .     .     .     .
  Evt2   .     .     .     AE-2  .     .     .     .     .     .     .     .     .
  Evt3   .     AA-1  AA-8  .     AE-3  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-6
  Evt4   .     AA-1  AA-8  .     AE-4  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-6
  Evt5   AE-5  .     .     .     .     .     .     .     .     .     .     .     .
  Evt6   .     AE-6  AA-8  .     AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-7
  Evt7   .     .     AE-7  .     .     .     .     .     .     .     .     .     .
  Evt8   .     .     AE-8  .     .     .     .     .     .     .     .     .     .
  Evt9   .     .     .     .     .     DT-1  .     AR-7  .     .     .     .     .
  Evt10  .     AA-1  AA-8  .     AA-8  DT-2  AR-6  AA-8  AA-8  AA-8  AA-8  AA-8  AA-6
  Evt11  .     .     .     .     .     AR-1  .     .     .     .     .     .     .
  Evt12  .     AA-1  AA-8  .     AA-8  AR-2  AR-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-6
  Evt13  .     AA-1  AA-8  .     AA-8  AA-8  AR-3  AA-8  AA-8  AR-10 AR-3  AA-8  AA-6
  Evt14  .     .     .     .     .     .     .     AR-4  AR-9  .     .     AR-4  .
  Evt15  .     .     AA-1  AA-2  AA-1  AA-1  AA-1  AA-1  AA-1  AA-1  AA-1  AA-1  .
  Evt16  .     AA-2  AA-3  .     AA-3  AA-3  AA-3  AA-3  AA-3  AA-3  AA-3  AA-3  AA-2
  Evt17  .     AA-5  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AR-5
  Evt18  .     AA-2  .     .     .     .     .     .     .     .     .     .     AA-2
  Evt19  .     AA-1  AA-8  .     AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-7
`;

const ROWS: Readonly<Record<UlEventType, readonly (ActionName | undefined)[]>> = {
  'associate-request': row(1),
  'transport-connected': row(2),
  'associate-ac-received': row(3),
  'associate-rj-received': row(4),
  'transport-indication': row(5),
  'associate-rq-received': row(6),
  'associate-accept': row(7),
  'associate-reject': row(8),
  'data-request': row(9),
  'data-received': row(10),
  'release-request': row(11),
  'release-rq-received': row(12),
  'release-rp-received': row(13),
  'release-response': row(14),
  'abort-request': row(15),
  'abort-received': row(16),
  'transport-closed': row(17),
  'artim-expired': row(18),
  'invalid-pdu': row(19),
};

/** The action of one cell, undefined for a '.'. */
export function actionAt(eventType: UlEventType, state: State): ActionName | undefined {
  return ROWS[eventType][state];
}

/** The cells of a row by state; what stands at 0 is the row's name, no action. */
function row(event: number): readonly (ActionName | undefined)[] {
  const line = TABLE_9_10.trim().split('\n')[event] ?? '';
  return line
    .trim()
    .split(/ +/)
    .map((cell) => ACTION_NAMES.find((name) => name === cell));
}
