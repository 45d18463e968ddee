/** Messages out: one after another on an association, each in as many P-DATA-TF blocks as it needs (PS3.7 6.3.1). */

import { type Wakeup, wakeup } from '../base/deferred.js';
import { toError } from '../base/errors.js';
import type { Turn } from '../base/turns.js';
import type { DataSetSource } from '../dataset/source.js';
import { MessageWriter } from '../dimse/message-writer.js';
import type { DimseMessage } from '../dimse/messages.js';
import { BLOCK_BYTES, PDataBlock } from '../pdu/p-data-block.js';
import { HANG_UP_MS } from './timeouts.js';
import { unlessLost } from './unless-lost.js';

/** Hands framed PDUs to the upper layer; resolves when they are sent. */
export type SendData = (pdus: Buffer) => Promise<void>;

/** A source failed after part of its message had gone out. The association cannot go on (`cause` says why). */
export class MessageCutShort extends Error {
  override readonly cause: Error;

  constructor(cause: unknown) {
    super('a message was cut short');
    this.cause = toError(cause);
  }
}

/** Enough for the commands of an association that sends no data sets. */
const COMMANDS_BYTES = 4 * 1024;

/** What `send` is told beside the message. */
export interface SendOptions {
  /** When it may go out, if that is not now; until then the beginning of its data set is read. If it never may, `send` rejects. */
  readonly turn?: Pick<Turn, 'whenDue'> | undefined;
  /** Called when its turn has come, before its first byte. */
  readonly onTurn: () => void;
  /** Called when its last byte is handed over to be sent: before that the peer cannot have it all. */
  readonly onHandedOver?: (() => void) | undefined;
}

interface Outgoing {
  readonly writer: MessageWriter;
  readonly hasDataSet: boolean;
  readonly onTurn: () => void;
  readonly onHandedOver: (() => void) | undefined;
  readonly resolve: (dataSetBytes: number) => void;
  readonly reject: (error: unknown) => void;
  hasBegun: boolean;
  /** Whether part of it is sent. */
  hasLeft: boolean;
  /** Of one that has got ready before its turn. */
  prepared: Prepared | undefined;
}

interface Prepared {
  readonly block: PDataBlock;
  /** Never rejects. */
  ended: Promise<void>;
  /** What came of it, see `MessageWriter.fill`; undefined until it has ended. */
  result: boolean | { readonly error: unknown } | undefined;
}

/** While one block is sent, the next messages, or the next part of a message, are put into another. */
export class MessageSender {
  readonly #maximumLength: number | undefined;
  readonly #sendData: SendData;
  readonly #waiting: Outgoing[] = [];
  /** Blocks that are in no use: of those sent by turns, and one for what is prepared. */
  readonly #spare: PDataBlock[] = [];
  /** `due`: it will run once what happens now is over, so that messages that are sent together go out together. */
  #state: 'idle' | 'due' | 'running' = 'idle';
  #idle: Wakeup | undefined;
  #cutShort: MessageCutShort | undefined;
  #writing = false;
  #isPreparing = false;
  #failure: Error | undefined;
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

  /** Resolves when what has been given to `send`, and has its turn, is sent or has failed. */
  async idle(): Promise<void> {
    if (this.#state === 'idle') return;
    this.#idle ??= wakeup();
    await this.#idle.promise;
  }

  /** Sends now what would be sent in a moment. */
  flush(): void {
    if (this.#state === 'due') void this.#run();
  }

  /**
   * Sends a message after those before it; resolves to the length of its data set.
   * @throws {MessageCutShort} see there, and for all messages after it; any other error came before the first byte
   */
  send(
    message: DimseMessage,
    to: { readonly presentationContextId: number; readonly dataSet: DataSetSource | undefined },
    { turn, onTurn, onHandedOver }: SendOptions,
  ): Promise<number> {
    return new Promise((resolve, reject) => {
      const writer = new MessageWriter(message, to.dataSet, to.presentationContextId);
      const hasDataSet = to.dataSet !== undefined;
      const outgoing: Outgoing = {
        writer,
        hasDataSet,
        onTurn,
        onHandedOver,
        resolve,
        reject,
        hasBegun: false,
        hasLeft: false,
        prepared: undefined,
      };
      if (turn === undefined) this.#enqueue(outgoing);
      else this.#enqueueAt(turn, outgoing);
    });
  }

  /**
   * Cuts the message short that is being sent: a write that the peer does not take may never end by itself. Nor may a data
   * set that is waited for, so in a moment whatever is left is told.
   */
  fail(error: Error): void {
    this.#failure = error;
    this.#failWrite?.(error);
    if (this.#waiting.length > 0) this.#hangUpSoon(error);
  }

  #hangUpSoon(error: Error): void {
    this.#hangUp ??= setTimeout(() => {
      this.#hangUp = undefined;
      for (const { reject } of this.#waiting) reject(error);
    }, HANG_UP_MS);
  }

  #enqueue(outgoing: Outgoing): void {
    this.#waiting.push(outgoing);
    if (this.#state === 'idle') {
      this.#state = 'due';
      queueMicrotask(() => this.flush());
    }
    if (this.#failure !== undefined && this.#waiting.length > 0) this.#hangUpSoon(this.#failure);
  }

  #enqueueAt(turn: Pick<Turn, 'whenDue'>, outgoing: Outgoing): void {
    // What can go out now goes first.
    const soon = outgoing.writer.isAtHand ? undefined : setImmediate(() => this.#prepare(outgoing));
    turn.whenDue(
      () => {
        clearImmediate(soon);
        this.#enqueue(outgoing);
      },
      (error) => {
        clearImmediate(soon);
        void this.#unprepare(outgoing).then(() => outgoing.reject(error));
      },
    );
  }

  /** One at a time: as many as are opened ahead. */
  #prepare(outgoing: Outgoing): void {
    if (this.#isPreparing || outgoing.writer.isAtHand) return;
    this.#isPreparing = true;
    const prepared: Prepared = { block: this.#emptyBlock(BLOCK_BYTES), ended: Promise.resolve(), result: undefined };
    outgoing.prepared = prepared;
    prepared.ended = this.#fillAhead(outgoing.writer, prepared);
  }

  /** Never rejects: what has failed is told when its turn has come. */
  async #fillAhead(writer: MessageWriter, prepared: Prepared): Promise<void> {
    try {
      prepared.result = await writer.fill(prepared.block);
    } catch (error) {
      prepared.result = { error };
    }
  }

  /** Its data set is going to be closed, which should not be while it is read from, unless that hangs. */
  async #unprepare(outgoing: Outgoing): Promise<void> {
    if (outgoing.prepared === undefined) return;
    await unlessLost(outgoing.prepared.ended, AbortSignal.abort()).catch(() => undefined);
    this.#isPreparing = false;
  }

  /** Before it waits for anything, what is at hand is on its way. */
  async #run(): Promise<void> {
    this.#state = 'running';
    let written: Promise<void> | undefined;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const block = next.prepared?.block ?? this.#emptyBlock(next.hasDataSet ? BLOCK_BYTES : COMMANDS_BYTES);
      let filled = this.#fill(block, []);
      if (written !== undefined || filled instanceof Promise) {
        filled = await filled;
        await written;
        // What has come meanwhile goes along.
        filled = await this.#fill(block, filled);
      }
      if (block.length > 0) written = this.#write(block, filled);
      else this.#spare.push(block);
      if (this.#waiting.length === 0) await written;
    }
    this.#state = 'idle';
    this.#idle?.wake();
    this.#idle = undefined;
    clearTimeout(this.#hangUp);
    this.#hangUp = undefined;
  }

  #emptyBlock(size: number): PDataBlock {
    const spare = this.#spare.pop();
    const block = spare !== undefined && spare.size >= size ? spare : new PDataBlock(this.#maximumLength, size);
    block.truncate(0);
    return block;
  }

  /** Puts into a block what goes in of the messages that wait, and takes from there to `complete` those that are in it to their end. */
  #fill(block: PDataBlock, complete: Outgoing[]): Outgoing[] | Promise<Outgoing[]> {
    for (let next = this.#waiting[0]; next !== undefined && hasRoomFor(next, block); next = this.#waiting[0]) {
      const before = next.prepared === undefined ? block.length : 0;
      try {
        const isComplete = this.#put(next, block);
        if (isComplete instanceof Promise) return this.#fillOn(block, complete, { next, before, isComplete });
        if (!isComplete) break;
        complete.push(next);
      } catch (error) {
        this.#takeOut(next, error, { block, before });
      }
      this.#waiting.shift();
    }
    return complete;
  }

  async #fillOn(
    block: PDataBlock,
    complete: Outgoing[],
    { next, before, isComplete }: { next: Outgoing; before: number; isComplete: Promise<boolean> },
  ): Promise<Outgoing[]> {
    try {
      if (!(await isComplete)) return complete;
      complete.push(next);
    } catch (error) {
      this.#takeOut(next, error, { block, before });
    }
    this.#waiting.shift();
    return this.#fill(block, complete);
  }

  #takeOut(next: Outgoing, error: unknown, { block, before }: { block: PDataBlock; before: number }): void {
    block.truncate(before);
    if (next.hasLeft) this.#cutShort ??= new MessageCutShort(error);
    next.reject(this.#cutShort ?? error);
  }

  /** Lets a message begin and puts what goes in of it into a block, if that has not been done; see `MessageWriter.fill`. */
  #put(next: Outgoing, block: PDataBlock): boolean | Promise<boolean> {
    const { prepared } = next;
    const result = prepared?.result;
    if (prepared !== undefined) {
      if (result === undefined) return prepared.ended.then(() => this.#put(next, block));
      // Even if it does not go out now: its block is going to be used again.
      next.prepared = undefined;
      this.#isPreparing = false;
    }
    if (typeof result === 'object') throw result.error;
    if (this.#cutShort !== undefined) throw this.#cutShort;
    if (!next.hasBegun) next.onTurn();
    next.hasBegun = true;
    return result ?? next.writer.fill(block);
  }

  /** Never rejects. */
  async #write(block: PDataBlock, complete: readonly Outgoing[]): Promise<void> {
    const [next] = this.#waiting;
    if (next?.hasBegun) next.hasLeft = true;
    this.#writing = true;
    for (const { onHandedOver } of complete) onHandedOver?.();
    try {
      await this.#orFail(this.#sendData(block.pdus));
      for (const { resolve, writer } of complete) resolve(writer.dataSetBytes);
    } catch (error) {
      this.#cutShort ??= new MessageCutShort(error);
      for (const { reject } of complete) reject(this.#cutShort);
    } finally {
      this.#writing = false;
      this.#spare.push(block);
    }
  }

  #orFail(sent: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#failWrite = reject;
      sent.then(resolve, reject);
    });
  }
}

/** Whether to put what comes next into a block: what is complete there does not wait for a data set, or for another block. */
function hasRoomFor({ prepared, writer }: Outgoing, block: PDataBlock): boolean {
  if (prepared !== undefined) return prepared.block === block;
  return block.hasRoom && (block.length === 0 || writer.isAtHand);
}
