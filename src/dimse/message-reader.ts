/** PS3.7 6.3, PS3.8 Annex E.1: PDV fragments to messages, a command and then its data set. */
import { ProtocolError } from '../base/errors.js';
import type { PdvFragment } from '../pdu/pdu-reader.js';
import { type DecodedCommand, decodeCommand } from './command-codec.js';
import type { DimseMessage } from './messages.js';

/** Longest command set taken; real ones have a few hundred bytes, and a peer may have dozens of them wait. */
const MAX_COMMAND_LENGTH = 16 * 1024;
const INITIAL_CAPACITY = 1024;

/** `data` is the fragment's own view, to be used or copied before its chunk is reused; it is never empty. */
export type MessagePart =
  | {
      readonly type: 'command';
      readonly presentationContextId: number;
      readonly message: DimseMessage;
      readonly hasDataSet: boolean;
    }
  | { readonly type: 'data'; readonly data: Buffer }
  | { readonly type: 'data-end' };

export interface MessageReaderOptions {
  /** Whether this association's negotiation accepted the presentation context. */
  isAccepted(presentationContextId: number): boolean;
}

/**
 * Puts the fragments of one association's P-DATA-TF PDUs together, wherever they were cut.
 * A command that comes in one fragment is read where it lies; only one that comes in several is gathered.
 */
export class MessageReader {
  readonly #options: MessageReaderOptions;
  #expected: 'command' | 'data' = 'command';
  /** Context of the message that has begun; undefined between messages. */
  #presentationContextId: number | undefined;
  #gathered: Buffer = Buffer.alloc(0);
  #gatheredLength = 0;

  constructor(options: MessageReaderOptions) {
    this.#options = options;
  }

  /** A message has begun and has not ended. */
  get inMessage(): boolean {
    return this.#presentationContextId !== undefined;
  }

  /**
   * What `fragment` adds. The iterator is to be run to its end, and the reader not to be used after an error.
   * @throws {ProtocolError} on a fragment that has no place here, or a command that cannot be read.
   */
  *feed(fragment: PdvFragment): Generator<MessagePart, void, void> {
    this.#checkPlace(fragment);
    this.#presentationContextId = fragment.presentationContextId;
    if (!fragment.isCommand) {
      if (fragment.isLast) this.#expect('command');
      if (fragment.data.length > 0) yield { type: 'data', data: fragment.data };
      if (fragment.isLast) yield { type: 'data-end' };
      return;
    }
    const command = this.#command(fragment);
    if (command === undefined) return;
    this.#expect(command.hasDataSet ? 'data' : 'command');
    const { message, hasDataSet } = command;
    yield { type: 'command', presentationContextId: fragment.presentationContextId, message, hasDataSet };
  }

  #checkPlace(fragment: PdvFragment): void {
    const { presentationContextId } = fragment;
    if (this.#presentationContextId !== undefined && this.#presentationContextId !== presentationContextId)
      throw unexpected(
        `presentation context ${presentationContextId} in a message on presentation context ${this.#presentationContextId}`,
      );
    if (!this.#options.isAccepted(presentationContextId))
      throw unexpected(`presentation context ${presentationContextId} was not accepted`);
    const got = fragment.isCommand ? 'command' : 'data';
    if (got !== this.#expected) throw unexpected(`a ${got} fragment where ${this.#expected} is expected`);
  }

  #expect(next: 'command' | 'data'): void {
    this.#expected = next;
    if (next === 'command') this.#presentationContextId = undefined;
  }

  /** The command that ends with this fragment, if one does. */
  #command({ data, isLast }: PdvFragment): DecodedCommand | undefined {
    const length = this.#gatheredLength + data.length;
    if (length > MAX_COMMAND_LENGTH)
      throw new ProtocolError('invalid-pdu-parameter-value', `a command set over ${MAX_COMMAND_LENGTH} bytes`);
    if (isLast && this.#gatheredLength === 0) return decodeCommand(data);
    this.#gather(data, length);
    if (!isLast) return undefined;
    const command = decodeCommand(this.#gathered.subarray(0, length));
    this.#gathered = Buffer.alloc(0);
    this.#gatheredLength = 0;
    return command;
  }

  #gather(data: Buffer, length: number): void {
    if (length > this.#gathered.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, this.#gathered.length * 2, INITIAL_CAPACITY));
      this.#gathered.copy(larger, 0, 0, this.#gatheredLength);
      this.#gathered = larger;
    }
    data.copy(this.#gathered, this.#gatheredLength);
    this.#gatheredLength = length;
  }
}

function unexpected(message: string): ProtocolError {
  return new ProtocolError('unexpected-pdu-parameter', message);
}
