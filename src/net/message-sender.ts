/** Messages out: one after another on an association, each in as many P-DATA-TF blocks as it needs (PS3.7 6.3.1). */
import type { DataSetSource } from '../dataset/source.js';
import { MessageWriter } from '../dimse/message-writer.js';
import type { DimseMessage } from '../dimse/messages.js';
import { BLOCK_BYTES, PDataBlock } from '../pdu/p-data-block.js';
import { HANG_UP_MS } from './timeouts.js';

/** Hands framed blocks to the upper layer; resolves when they are sent. */
export type SendData = (blocks: readonly Buffer[]) => Promise<void>;

/** A source failed after part of its message had gone out. The association cannot go on (`cause` says why). */
export class MessageCutShort extends Error {
  override readonly cause: Error;

  constructor(cause: unknown) {
    super('a message was cut short');
    this.cause = cause instanceof Error ? cause : new Error(String(cause));
  }
}

/** Enough for the commands of an association that sends no data sets. */
const COMMANDS_BYTES = 4 * 1024;

interface Outgoing {
  readonly writer: MessageWriter;
  readonly hasDataSet: boolean;
  readonly onTurn: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  hasBegun: boolean;
  /** Whether part of it is sent. */
  hasLeft: boolean;
}

/** While one block is sent, the next messages, or the next part of a message, are put into the other. */
export class MessageSender {
  readonly #maximumLength: number | undefined;
  readonly #sendData: SendData;
  readonly #waiting: Outgoing[] = [];
  readonly #blocks: [PDataBlock | undefined, PDataBlock | undefined] = [undefined, undefined];
  #running: Promise<void> | undefined;
  #cutShort: MessageCutShort | undefined;
  #writing = false;
  #failWrite: ((error: Error) => void) | undefined;
  #hangUp: NodeJS.Timeout | undefined;

  /** @param maximumLength what the peer announced; 0 or undefined is no limit */
  constructor(maximumLength: number | undefined, sendData: SendData) {
    this.#maximumLength = maximumLength;
    this.#sendData = sendData;
  }

  /** Whether the network is being waited for. */
  get isWriting(): boolean {
    return this.#writing;
  }

  /** Resolves when what has been given to `send` is sent or has failed. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /**
   * Sends a message after those before it.
   * @param onTurn called when its turn has come, before its first byte
   * @throws {MessageCutShort} see there, and for all messages after it; any other error came before the first byte
   */
  send(
    message: DimseMessage,
    to: { readonly presentationContextId: number; readonly dataSet: DataSetSource | undefined },
    onTurn: () => void,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const writer = new MessageWriter(message, to.dataSet, to.presentationContextId);
      const hasDataSet = to.dataSet !== undefined;
      this.#waiting.push({ writer, hasDataSet, onTurn, resolve, reject, hasBegun: false, hasLeft: false });
      this.#running ??= this.#run();
    });
  }

  /**
   * Cuts the message short that is being sent: a write that the peer does not take may never end by itself. Nor may a data
   * set that is waited for, so in a moment whatever is left is told.
   */
  fail(error: Error): void {
    this.#failWrite?.(error);
    if (this.#waiting.length === 0) return;
    this.#hangUp ??= setTimeout(() => {
      for (const { reject } of this.#waiting) reject(error);
    }, HANG_UP_MS);
  }

  async #run(): Promise<void> {
    let written: Promise<void> | undefined;
    for (let turn = 0; this.#waiting.length > 0; turn++) {
      const block = this.#emptyBlock(turn % 2 === 0 ? 0 : 1);
      const complete = await this.#fill(block);
      await written;
      // What has come meanwhile goes along.
      if (this.#waiting.length > 0) complete.push(...(await this.#fill(block)));
      if (block.length > 0) written = this.#write(block, complete);
      if (this.#waiting.length === 0) await written;
    }
    this.#running = undefined;
    clearTimeout(this.#hangUp);
  }

  #emptyBlock(index: 0 | 1): PDataBlock {
    const size = this.#waiting[0]?.hasDataSet ? BLOCK_BYTES : COMMANDS_BYTES;
    let block = this.#blocks[index];
    if (block === undefined || block.size < size) block = new PDataBlock(this.#maximumLength, size);
    this.#blocks[index] = block;
    block.truncate(0);
    return block;
  }

  /** Puts into a block what goes in of the messages that wait, and takes from there those that are in it to their end. */
  async #fill(block: PDataBlock): Promise<Outgoing[]> {
    const complete: Outgoing[] = [];
    for (let next = this.#waiting[0]; next !== undefined && block.hasRoom; next = this.#waiting[0]) {
      // What is complete does not wait for a data set.
      if (block.length > 0 && !next.writer.isAtHand) break;
      const before = block.length;
      try {
        if (this.#cutShort !== undefined) throw this.#cutShort;
        if (!next.hasBegun) next.onTurn();
        next.hasBegun = true;
        if (!(await next.writer.fill(block))) break;
        complete.push(next);
      } catch (error) {
        block.truncate(before);
        if (next.hasLeft) this.#cutShort ??= new MessageCutShort(error);
        next.reject(this.#cutShort ?? error);
      }
      this.#waiting.shift();
    }
    return complete;
  }

  /** Never rejects. */
  async #write(block: PDataBlock, complete: readonly Outgoing[]): Promise<void> {
    const [next] = this.#waiting;
    if (next?.hasBegun) next.hasLeft = true;
    this.#writing = true;
    try {
      await this.#orFail(this.#sendData([block.pdus]));
      for (const { resolve } of complete) resolve();
    } catch (error) {
      this.#cutShort ??= new MessageCutShort(error);
      for (const { reject } of complete) reject(this.#cutShort);
    } finally {
      this.#writing = false;
    }
  }

  #orFail(sent: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#failWrite = reject;
      sent.then(resolve, reject);
    });
  }
}
