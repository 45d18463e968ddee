/** TCP as the upper layer sees it: chunks in, awaited writes out, one line of words for every failure. */
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { TimeoutError, TransportError } from '../base/errors.js';
import { OwnMemory } from './own-memory.js';

/** A connection. Handlers are called from the moment `start` is called, never before. */
export interface TransportHandlers {
  /** The chunk is good until this returns; whoever needs its bytes for longer keeps them (see `keep`). */
  onChunk(chunk: Buffer): void;
  /** The last call: the connection is gone, with the error that ended it if there was one. */
  onClosed(error?: TransportError): void;
  /** Nothing was sent or received for the time given to `watchSilence`. */
  onSilence(): void;
}

export class Transport {
  readonly #socket: Socket;
  readonly #memory: OwnMemory | undefined;
  /** `host:port` of the peer, for messages. */
  readonly remote: string;
  #error: TransportError | undefined;

  /** @param memory what the socket is read into, if it is not Node that hands out chunks */
  constructor(socket: Socket, memory?: OwnMemory) {
    this.#socket = socket;
    this.#memory = memory;
    socket.pause();
    this.remote = formatAddress(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0);
    socket.setNoDelay(true);
    socket.on('error', (cause) => {
      this.#error = this.#inWords(cause);
    });
    // DICOM has no half-open connections: who says no more has left, even if it never reads what we still have to say.
    socket.on('end', () => socket.destroy());
  }

  start(handlers: TransportHandlers): void {
    if (this.#memory === undefined) this.#socket.on('data', (chunk) => handlers.onChunk(chunk));
    else this.#memory.onChunk = (chunk) => handlers.onChunk(chunk);
    this.#socket.on('timeout', () => handlers.onSilence());
    this.#socket.on('close', () => handlers.onClosed(this.#error));
    // A connection lost before `start` has had its 'close' event already.
    if (this.#socket.closed) queueMicrotask(() => handlers.onClosed(this.#error));
    this.#socket.resume();
  }

  /** Sends the buffers in one system call where it can; resolves when the kernel has taken the last byte. */
  write(buffers: readonly Buffer[]): Promise<void> {
    const socket = this.#socket;
    const last = buffers.at(-1);
    if (last === undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const isOne = buffers.length === 1;
      if (!isOne) socket.cork();
      for (const buffer of buffers) if (buffer !== last) socket.write(buffer);
      socket.write(last, (cause) => (cause ? reject(this.#inWords(cause)) : resolve()));
      if (!isOne) socket.uncork();
    });
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Calls `onSilence` once after `ms` without a byte in either direction; 0 turns it off. Call again to go on watching. */
  watchSilence(ms: number): void {
    this.#socket.setTimeout(ms);
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  /** Closes at once. What a peer has not taken by then it never will: waiting for it could last for ever. */
  close(): void {
    this.#socket.destroy();
  }

  #inWords(cause: Error): TransportError {
    return new TransportError(`connection to ${this.remote}: ${systemErrorInWords(cause)}`, { cause });
  }
}

/** What an upper layer needs of a transport, so that one can be fed by bytes from anywhere. */
export type Connection = Pick<Transport, keyof Transport>;

/** Where to connect to. `timeoutMs` 0 waits as long as the system does. */
export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Opens a connection, trying each address of the host in turn.
 * @throws {TransportError} refused, unreachable, unknown host
 * @throws {TimeoutError} of timer `connection`
 */
export function connect(options: ConnectOptions): Promise<Transport> {
  const { host, port, timeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    const memory = new OwnMemory();
    const socket = connectTcp({ host, port, onread: memory.onread });
    const timer = timeoutMs > 0 ? setTimeout(onTimeout, timeoutMs) : undefined;

    function settle(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.off('connect', onConnect);
    }
    function fail(error: Error): void {
      settle();
      socket.destroy();
      reject(error);
    }
    function onConnect(): void {
      settle();
      socket.off('error', onError);
      resolve(new Transport(socket, memory));
    }
    function onError(cause: Error): void {
      fail(
        new TransportError(`cannot connect to ${formatAddress(host, port)}: ${systemErrorInWords(cause)}`, { cause }),
      );
    }
    function onTimeout(): void {
      fail(new TimeoutError('connection', timeoutMs, `connection to ${formatAddress(host, port)}`));
    }
    function onAbort(): void {
      fail(new TransportError(`connection to ${formatAddress(host, port)} given up`));
    }

    socket.on('connect', onConnect);
    socket.on('error', onError);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
  });
}

function accept(accepted: Socket): Transport {
  const memory = new OwnMemory();
  const socket = memory.takeOver(accepted);
  return socket === undefined ? new Transport(accepted) : new Transport(socket, memory);
}

export interface ListenHandlers {
  onConnection(transport: Transport): void;
  /** A connection could not be taken; listening goes on. */
  onAcceptError(error: Error): void;
}

/**
 * Listens on `port` (0: the system chooses) of one address, or of all with IPv6 and IPv4.
 * @throws {TransportError} port in use, no privilege, no such address
 */
export function listen(
  at: { readonly host?: string | undefined; readonly port: number },
  handlers: ListenHandlers,
): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ pauseOnConnect: true }, (socket) => handlers.onConnection(accept(socket)));
    server.once('error', (cause) => {
      const address = at.host === undefined ? `port ${at.port}` : formatAddress(at.host, at.port);
      reject(new TransportError(`cannot listen on ${address}: ${systemErrorInWords(cause)}`, { cause }));
    });
    server.listen({ port: at.port, ...(at.host === undefined ? {} : { host: at.host }) }, () => {
      server.removeAllListeners('error');
      // An accept that fails (no more descriptors) must not end the server: the next may succeed.
      server.on('error', (error) => handlers.onAcceptError(error));
      resolve(server);
    });
  });
}

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by the peer',
  EPIPE: 'connection closed by the peer',
  ETIMEDOUT: 'no answer from the network',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ENOTFOUND: 'unknown host',
  EAI_AGAIN: 'the host name cannot be resolved now',
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'no such address on this machine',
  EACCES: 'insufficient privileges',
};

/** Words for Node's system errors; several addresses tried in turn give the first one's. */
export function systemErrorInWords(error: Error): string {
  const first = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
  const code = 'code' in first && typeof first.code === 'string' ? first.code : undefined;
  return (code === undefined ? undefined : SYSTEM_ERRORS[code]) ?? first.message;
}

/** `host:port`, with brackets round an IPv6 address; an IPv4 address that came in over IPv6 is shown as IPv4. */
export function formatAddress(host: string, port: number): string {
  const plain = host.startsWith('::ffff:') ? host.slice('::ffff:'.length) : host;
  return plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`;
}
