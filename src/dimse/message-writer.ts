/** PS3.7 6.3, PS3.8 Annex E.1: a message and its data set to blocks of P-DATA-TF PDUs, at constant memory. */
import type { DataSetSource } from '../dataset/source.js';
import { fragmentSize, PDataBlock, PDV_HEADER } from '../pdu/p-data-block.js';
import { encodeCommand } from './command-codec.js';
import type { DimseMessage } from './messages.js';

/** Bytes of data set read before anything is sent: small objects go out whole, in one write with their command. */
const FIRST_BLOCK_BYTES = 64 * 1024;

interface Reading {
  readonly block: PDataBlock;
  readonly filled: Promise<{ readonly bytes: number; readonly isLast: boolean }>;
}

/** Writes the messages of one association, one after the other; it keeps the blocks from one to the next. */
export class MessageWriter {
  readonly #maximumLength: number | undefined;
  readonly #fragmentSize: number;
  #firstBlock: PDataBlock | undefined;
  #fullBlocks: readonly [PDataBlock, PDataBlock] | undefined;

  /**
   * @param maximumLength what the peer announced in this association (PS3.8 D.1).
   * @throws {UsageError} if that leaves no room for data.
   */
  constructor(maximumLength: number | undefined) {
    this.#maximumLength = maximumLength;
    this.#fragmentSize = fragmentSize(maximumLength);
  }

  /**
   * What to write, in order: each turn's buffers must have left for the network before the next turn is asked for,
   * since the block under them is filled again. While they are written, the source fills the other one.
   * The caller closes `source`, after the last turn or after it has stopped early with `return`.
   * @throws what the source throws: on the first turn, nothing of the message has left and the association can go on;
   * on a later one, the message is cut short and the association beyond use.
   */
  async *blocks(
    message: DimseMessage,
    source: DataSetSource | undefined,
    presentationContextId: number,
  ): AsyncGenerator<readonly Buffer[], void, void> {
    const command = this.#command(message, source !== undefined, presentationContextId);
    if (source === undefined) {
      yield [command];
      return;
    }
    const header = { presentationContextId, isCommand: false };
    let pdus = [command];
    let reading = startReading(source, this.#first());
    try {
      for (let turn = 0; ; turn++) {
        const { block } = reading;
        const { bytes, isLast } = await reading.filled;
        pdus.push(block.frame(header, isLast ? padToEven(block.bodies, bytes) : bytes, isLast));
        if (!isLast) reading = startReading(source, this.#full(turn));
        yield pdus;
        if (isLast) return;
        pdus = [];
      }
    } finally {
      // Whoever stops early may close the source or send another message only when nothing is written into a block.
      await Promise.allSettled([reading.filled]);
    }
  }

  #command(message: DimseMessage, hasDataSet: boolean, presentationContextId: number): Buffer {
    const command = encodeCommand(message, hasDataSet);
    const room = PDV_HEADER + Math.min(command.length, this.#fragmentSize);
    const block = new PDataBlock(room, command.length);
    let offset = 0;
    for (const body of block.bodies) offset += command.copy(body, 0, offset);
    return block.frame({ presentationContextId, isCommand: true }, command.length, true);
  }

  #first(): PDataBlock {
    this.#firstBlock ??= new PDataBlock(this.#maximumLength, FIRST_BLOCK_BYTES);
    return this.#firstBlock;
  }

  #full(turn: number): PDataBlock {
    this.#fullBlocks ??= [new PDataBlock(this.#maximumLength), new PDataBlock(this.#maximumLength)];
    return this.#fullBlocks[turn % 2 === 0 ? 0 : 1];
  }
}

function startReading(source: DataSetSource, block: PDataBlock): Reading {
  const filled = source.readInto(block.bodies);
  // A failure is thrown where `filled` is awaited, which may be a slow write later: too late for Node's watch on
  // rejections that nobody handles.
  filled.catch(() => undefined);
  return { block, filled };
}

/**
 * PS3.8 Annex E.1: a fragment has an even number of bytes, so a data set that ends odd gets one NUL, as PS3.5 A.5
 * has it for a deflated one. Bodies are even: where the bytes are odd there is room for one more.
 */
function padToEven(bodies: readonly Buffer[], bytes: number): number {
  if (bytes % 2 === 0) return bytes;
  let offset = bytes;
  for (const body of bodies) {
    if (offset < body.length) {
      body[offset] = 0;
      break;
    }
    offset -= body.length;
  }
  return bytes + 1;
}
