/** The network timeout: a peer whose turn it is, and that says nothing, or as good as nothing. */
import { TimeoutError } from '../base/errors.js';
import type { MessageReceiver } from './message-receiver.js';
import type { MessageSender } from './message-sender.js';
import { afterReading } from './timeouts.js';

/**
 * Fewer bytes than this in a whole network timeout are as silence: one byte now and then would keep a message, and what is
 * held for it, alive for ever. PS3.8 has no word on it. No link that works is so slow: it is less than the segment that every
 * TCP takes (536 bytes, RFC 9293 3.7.1), so one segment that gets through is enough; with the default of 60 s it comes to 9
 * bytes a second.
 */
const MIN_BYTES = 512;

export interface Watched {
  /** `host:port` of the peer. */
  readonly remote: string;
  readonly connection: {
    /** Calls `PeerWatch.onSilence` once after so long without a byte in either direction; 0 turns it off. */
    watchSilence(ms: number): void;
    readonly bytesRead: number;
    /** Whether what comes is read now, and not when others have had their turns. */
    readonly isInTurn: boolean;
  };
  readonly receiver: Pick<MessageReceiver, 'inMessage' | 'isHolding' | 'turns'>;
  readonly sender: Pick<MessageSender, 'isWriting'>;
  /** Whether the peer has an association for nothing. */
  isUnused(): boolean;
  onTimeout(error: TimeoutError): void;
}

/**
 * Silence is the peer's fault while we write and it does not read, in the middle of its message, and on an association that
 * it opened and does not use; never while we hold it back or work on its request. The watch begins when it is made.
 */
export class PeerWatch {
  readonly #ms: number;
  readonly #watched: Watched;
  readonly #interval: NodeJS.Timeout | undefined;
  /** The turn of the peer at the last look, if it was the peer's. */
  #turn: number | undefined;
  #bytesRead = 0;
  #hasEnded = false;

  /** @param ms the network timeout; 0 never runs out */
  constructor(ms: number, watched: Watched) {
    this.#ms = ms;
    this.#watched = watched;
    // It is the connection that keeps a process.
    if (ms > 0) this.#interval = setInterval(() => afterReading(() => this.#look()), ms).unref();
    watched.connection.watchSilence(ms);
  }

  /** The peer's time begins now. */
  restart(): void {
    if (!this.#hasEnded) this.#watched.connection.watchSilence(this.#ms);
  }

  end(): void {
    this.#hasEnded = true;
    clearInterval(this.#interval);
    this.#watched.connection.watchSilence(0);
  }

  /** It must have been the peer's turn for all of the time: one that begins when the time is up has just begun. */
  onSilence(): void {
    const { connection, sender } = this.#watched;
    const { bytesRead } = connection;
    const turn = this.#peersTurn;
    const wasWriting = sender.isWriting;
    afterReading(() => {
      if (this.#hasEnded) return;
      const isSilent = connection.isInTurn && connection.bytesRead === bytesRead;
      const isPeers = (turn !== undefined && turn === this.#peersTurn) || (wasWriting && sender.isWriting);
      if (isSilent && isPeers) this.#timeOut('data to or');
      else this.restart();
    });
  }

  /** Undefined if the peer is not to send. */
  get #peersTurn(): number | undefined {
    const { receiver } = this.#watched;
    const isPeers = !receiver.isHolding && (receiver.inMessage || this.#watched.isUnused());
    return isPeers ? receiver.turns : undefined;
  }

  /** Of a turn that has lasted since the last look. */
  #look(): void {
    if (this.#hasEnded) return;
    const turn = this.#peersTurn;
    const bytes = this.#watched.connection.bytesRead - this.#bytesRead;
    const isSame = turn !== undefined && turn === this.#turn;
    this.#turn = turn;
    this.#bytesRead += bytes;
    // One that sends nothing at all is told by its silence.
    if (isSame && bytes > 0 && bytes < MIN_BYTES) this.#timeOut(`${MIN_BYTES} bytes`);
  }

  #timeOut(what: string): void {
    this.#watched.onTimeout(new TimeoutError('network', this.#ms, `${what} from ${this.#watched.remote}`));
  }
}
