/** A whole acceptor that is fed by bytes, without a socket: upper layer, association, services and all. */
import { setImmediate } from 'node:timers/promises';
import { forEachBatch } from '../../src/base/batch-queue.js';
import {
  type AssociationEvent,
  describeTrace,
  type StoreInstance,
  storageProvider,
  verificationProvider,
} from '../../src/index.js';
import { Accepting } from '../../src/net/accepting.js';
import { Admission } from '../../src/net/admission.js';
import { withDefaults } from '../../src/net/timeouts.js';
import type { Connection, TransportHandlers } from '../../src/net/transport.js';

/** Turns of the event loop that a message which is complete may need to be answered. */
const TURNS = 8;
/** And that what is held back may need, before the peer hangs up on it all the same. */
const MOST_TURNS = 1000;

/** The acceptor's end of a connection that is not there. */
class FedConnection implements Connection {
  readonly session = undefined;
  readonly remote = '127.0.0.1:11112';
  readonly written: Buffer[] = [];
  readonly isInTurn = true;
  bytesRead = 0;
  readonly #held: Buffer[] = [];
  #handlers: TransportHandlers | undefined;
  #isPaused = false;
  #isClosed = false;

  get isIdle(): boolean {
    return this.#isClosed || this.#held.length === 0;
  }

  start(handlers: TransportHandlers): void {
    this.#handlers = handlers;
  }

  write(bytes: Buffer): Promise<void> {
    this.written.push(Buffer.from(bytes));
    return Promise.resolve();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    queueMicrotask(() => this.#deliver());
  }

  watchSilence(): void {
    // Nobody is silent here.
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    queueMicrotask(() => this.#handlers?.onClosed());
  }

  feed(chunk: Buffer): void {
    this.#held.push(chunk);
    this.#deliver();
  }

  #deliver(): void {
    while (!this.#isPaused && !this.#isClosed) {
      const chunk = this.#held.shift();
      if (chunk === undefined) return;
      this.bytesRead += chunk.length;
      this.#handlers?.onChunk(chunk);
    }
  }
}

/** What came of a conversation. */
export interface Conversation {
  /** All that the acceptor said. */
  readonly answers: Buffer;
  readonly events: readonly AssociationEvent[];
  /** The lines that `-d` would show. */
  readonly lines: readonly string[];
  /** Names of the files that would have been stored: those whose data set came to its end in good order. */
  readonly stored: readonly string[];
}

/** Feeds the chunks to an acceptor, then hangs up; resolves when nothing works for it any more. */
export async function feedAcceptor(chunks: Iterable<Buffer>): Promise<Conversation> {
  const stored: string[] = [];
  const events: AssociationEvent[] = [];
  const store: StoreInstance = async ({ part10, fileName }) => {
    await forEachBatch(part10, () => undefined);
    stored.push(fileName);
  };
  const options = {
    port: 0,
    aeTitle: 'FED',
    services: [verificationProvider(), storageProvider({ store })],
    maxOperationsPerformed: 4,
    trace: ({ event }: { readonly event: AssociationEvent }) => events.push(event),
  };
  const connection = new FedConnection();
  const accepting = new Accepting(connection, {
    options,
    timeouts: withDefaults({}),
    admission: new Admission(options),
    places: () => [],
    shouldStop: () => false,
  });
  for (const chunk of chunks) connection.feed(chunk);
  for (let turn = 0; turn < TURNS || (!connection.isIdle && turn < MOST_TURNS); turn++) await setImmediate();
  connection.close();
  await accepting.closed;
  return { answers: Buffer.concat(connection.written), events, lines: events.flatMap(describeTrace), stored };
}
