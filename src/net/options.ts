/** What the doors of the library, `requestAssociation` and `serve`, look at before anything happens. */
import { UsageError } from '../base/errors.js';
import { MIN_MAXIMUM_LENGTH } from '../pdu/p-data-block.js';
import type { Timeouts } from './timeouts.js';
import { MAX_TIMER_MS } from './timer.js';

const MAX_PORT = 0xffff;
/** PS3.8 D.1: the field has 32 bits. */
const MAX_PDU_LENGTH = 0xffff_ffff;
/** PS3.7 D.3.3.3: the fields have 16 bits. Their 0, unlimited, is no bound for us to keep. */
const MAX_OPERATIONS = 0xffff;

interface CommonOptions extends Partial<Timeouts> {
  readonly port: number;
  readonly maxPduLength?: number | undefined;
  readonly idleTimeoutMs?: number | undefined;
  readonly maxOperationsInvoked?: number | undefined;
  readonly maxOperationsPerformed?: number | undefined;
}

/**
 * @param lowestPort 0 where the system may choose, else 1
 * @throws {UsageError} naming the option that is out of range
 */
export function checkOptions(options: CommonOptions, lowestPort: 0 | 1): void {
  const { port, maxPduLength = 0 } = options;
  if (!isIntegerIn(port, lowestPort, MAX_PORT))
    throw new UsageError(`port ${shown(port)} is not an integer from ${lowestPort} to ${MAX_PORT}`);
  if (maxPduLength !== 0 && !isIntegerIn(maxPduLength, MIN_MAXIMUM_LENGTH, MAX_PDU_LENGTH))
    throw new UsageError(
      `maxPduLength ${shown(maxPduLength)} is neither 0 nor an integer from ${MIN_MAXIMUM_LENGTH} to ${MAX_PDU_LENGTH}`,
    );
  const { maxOperationsInvoked, maxOperationsPerformed } = options;
  for (const [name, count = 1] of Object.entries({ maxOperationsInvoked, maxOperationsPerformed }))
    if (!isIntegerIn(count, 1, MAX_OPERATIONS))
      throw new UsageError(`${name} ${shown(count)} is not an integer from 1 to ${MAX_OPERATIONS}`);
  const { connectionTimeoutMs, acseTimeoutMs, dimseTimeoutMs, networkTimeoutMs, idleTimeoutMs } = options;
  const timeouts = { connectionTimeoutMs, acseTimeoutMs, dimseTimeoutMs, networkTimeoutMs, idleTimeoutMs };
  for (const [name, ms = 0] of Object.entries(timeouts))
    if (!(ms >= 0 && ms <= MAX_TIMER_MS))
      throw new UsageError(`${name} ${shown(ms)} is not a number of milliseconds from 0 to ${MAX_TIMER_MS}`);
}

function isIntegerIn(value: number, lowest: number, highest: number): boolean {
  return Number.isInteger(value) && value >= lowest && value <= highest;
}

/** Programs without types give texts, from the environment, say. */
function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
