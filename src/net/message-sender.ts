/** Messages out: one at a time on an association, each in as many P-DATA-TF blocks as it needs (PS3.7 6.3.1). */
import type { DataSetSource } from '../dataset/source.js';
import { MessageWriter } from '../dimse/message-writer.js';
import type { DimseMessage } from '../dimse/messages.js';

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

export class MessageSender {
  readonly #writer: MessageWriter;
  readonly #sendData: SendData;
  #turn: Promise<unknown> = Promise.resolve();
  #writing = false;
  #failWrite: ((error: Error) => void) | undefined;

  /** @param maximumLength what the peer announced; 0 or undefined is no limit */
  constructor(maximumLength: number | undefined, sendData: SendData) {
    this.#writer = new MessageWriter(maximumLength);
    this.#sendData = sendData;
  }

  /** Whether the network is being waited for. */
  get isWriting(): boolean {
    return this.#writing;
  }

  /** Resolves when what has been given to `send` so far is sent or has failed. */
  async idle(): Promise<void> {
    await this.#turn;
  }

  /**
   * Sends a message after those before it.
   * @param onTurn called when its turn has come, before its first byte
   * @throws {MessageCutShort} see there; any other error came before the first byte
   */
  send(
    message: DimseMessage,
    to: { readonly presentationContextId: number; readonly dataSet: DataSetSource | undefined },
    onTurn: () => void,
  ): Promise<void> {
    const turn = this.#turn.then(async () => {
      onTurn();
      await this.#write(message, to.dataSet, to.presentationContextId);
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Cuts the message short that is being sent: a write that the peer does not take may never end by itself. */
  fail(error: Error): void {
    this.#failWrite?.(error);
  }

  #orFail(sent: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#failWrite = reject;
      sent.then(resolve, reject);
    });
  }

  async #write(message: DimseMessage, dataSet: DataSetSource | undefined, contextId: number): Promise<void> {
    let started = false;
    try {
      for await (const blocks of this.#writer.blocks(message, dataSet, contextId)) {
        started = true;
        this.#writing = true;
        await this.#orFail(this.#sendData(blocks));
        this.#writing = false;
      }
    } catch (error) {
      throw started ? new MessageCutShort(error) : error;
    } finally {
      this.#writing = false;
    }
  }
}
