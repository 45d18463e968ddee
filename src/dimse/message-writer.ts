/** PS3.7 6.3, PS3.8 Annex E.1: a message and its data set to blocks of P-DATA-TF PDUs, at constant memory. */
import { bufferSource, type DataSetSource, type Filled } from '../dataset/source.js';
import type { PDataBlock, PdvHeader } from '../pdu/p-data-block.js';
import { encodeCommand } from './command-codec.js';
import type { DimseMessage } from './messages.js';

/** Asked for at a time of what is at hand: most of that is smaller, and each place for a fragment costs something. */
const AT_HAND_BYTES = 64 * 1024;

/** Its command, then its data set. */
interface Part {
  readonly source: DataSetSource;
  readonly header: PdvHeader;
}

/** A message on its way out. The caller closes its data set. */
export class MessageWriter {
  /** Whether `fill` has nothing to wait for. */
  readonly isAtHand: boolean;
  readonly #parts: Part[];
  #dataSetBytes = 0;

  constructor(message: DimseMessage, dataSet: DataSetSource | undefined, presentationContextId: number) {
    this.isAtHand = dataSet?.isAtHand ?? dataSet === undefined;
    const command = bufferSource(encodeCommand(message, dataSet !== undefined));
    this.#parts = [{ source: command, header: { presentationContextId, isCommand: true } }];
    if (dataSet !== undefined)
      this.#parts.push({ source: dataSet, header: { presentationContextId, isCommand: false } });
  }

  /** Length of what is framed of the data set. */
  get dataSetBytes(): number {
    return this.#dataSetBytes;
  }

  /**
   * Frames as much of the message as `block` has room for, at once if that is at hand. Gives whether it is the last of it; if
   * it is not, the block is full.
   * @throws what the data set throws; what was framed of the message is then of no use
   */
  fill(block: PDataBlock): boolean | Promise<boolean> {
    for (let part = this.#parts[0]; part !== undefined; part = this.#parts[0]) {
      if (!block.hasRoom) return false;
      const bodies = block.bodies(part.source.isAtHand ? AT_HAND_BYTES : Infinity);
      const filling = part.source.readInto(bodies);
      if (filling instanceof Promise) return this.#fillOn(block, part, bodies, filling);
      this.#frame(block, part, bodies, filling);
    }
    return true;
  }

  async #fillOn(block: PDataBlock, part: Part, bodies: readonly Buffer[], filling: Promise<Filled>): Promise<boolean> {
    this.#frame(block, part, bodies, await filling);
    return this.fill(block);
  }

  #frame(block: PDataBlock, { header }: Part, bodies: readonly Buffer[], filled: Filled): void {
    const framed = framedBytes(filled);
    if (framed > filled.bytes) addNul(bodies, filled.bytes);
    block.frame(header, framed, filled.isLast);
    if (!header.isCommand) this.#dataSetBytes += framed;
    if (filled.isLast) this.#parts.shift();
  }
}

/**
 * Bytes that go out for those that a data set gave. PS3.8 Annex E.1: a fragment has an even number of them, so a data set
 * that ends odd gets one NUL, as PS3.5 A.5 has it for a deflated one.
 */
export function framedBytes({ bytes, isLast }: Filled): number {
  return isLast ? bytes + (bytes % 2) : bytes;
}

/** Bodies are even: where the bytes are odd there is room for one more. */
function addNul(bodies: readonly Buffer[], bytes: number): void {
  let offset = bytes;
  for (const body of bodies) {
    if (offset < body.length) {
      body[offset] = 0;
      break;
    }
    offset -= body.length;
  }
}
