/** TCP, and TLS over it, as the upper layer sees them: chunks in, awaited writes out, one line of words for every failure. */
import { connect as connectTcp, createServer, type OnReadOpts, type Server, type Socket } from 'node:net';
import { TimeoutError, TransportError } from '../base/errors.js';
import { Newcomers } from './newcomers.js';
import { OwnMemory } from './own-memory.js';
import { HANG_UP_MS, Wait } from './timeouts.js';
import type { AcceptorSecurity } from './tls.js';
import type { RequestorTls, TlsSession } from './tls-options.js';
import { HUNG_UP, tlsErrorInWords } from './tls-words.js';

/** Called from the moment `start` is called, never before. */
export interface TransportHandlers {
  /** The chunk is good until this returns; whoever needs its bytes for longer keeps them (see `keep`). */
  onChunk(chunk: Buffer): void;
  /** The last call: the connection is gone, with the error that ended it if there was one. */
  onClosed(error?: TransportError): void;
  /** Nothing was sent or received for the time given to `watchSilence`. */
  onSilence(): void;
}

/** A chunk that takes longer is the last one of its connection before others have a turn: libuv reads up to 32 of them. */
const TURN_MS = 1;

/** Of all servers of the process: there is one event loop. */
const newcomers = new Newcomers();

/** A connection. */
export class Transport {
  readonly #socket: Socket;
  readonly #memory: OwnMemory | undefined;
  /** `host:port` of the peer, for messages. */
  readonly remote: string;
  /** What TLS has negotiated; undefined where there is none. */
  readonly session: TlsSession | undefined;
  #error: TransportError | undefined;
  #isPaused = false;
  #isInTurn = true;

  /** @param memory what the socket is read into, if it is not Node that hands out chunks */
  constructor(socket: Socket, memory?: OwnMemory, session?: TlsSession) {
    this.#socket = socket;
    this.#memory = memory;
    this.session = session;
    socket.pause();
    this.remote = formatAddress(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0);
    socket.setNoDelay(true);
    socket.on('error', (cause) => {
      this.#error = this.#inWords(cause);
    });
    // DICOM has no half-open connections: who says no more has left, even if it never reads what we still have to say.
    socket.on('end', () => this.close());
  }

  start(handlers: TransportHandlers): void {
    const onChunk = (chunk: Buffer) => this.#take(chunk, handlers);
    if (this.#memory === undefined) this.#socket.on('data', onChunk);
    else this.#memory.onChunk = onChunk;
    this.#socket.on('timeout', () => handlers.onSilence());
    this.#socket.on('close', () => handlers.onClosed(this.#error));
    // A connection lost before `start` has had its 'close' event already.
    if (this.#socket.closed) queueMicrotask(() => handlers.onClosed(this.#error));
    this.#socket.resume();
  }

  /** Resolves when the kernel has taken the last byte. */
  write(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (cause) => (cause ? reject(this.#inWords(cause)) : resolve()));
    });
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#isInTurn) this.#socket.resume();
  }

  /** After a chunk that has kept the others waiting for long these have their turn, newcomers first. */
  #take(chunk: Buffer, handlers: TransportHandlers): void {
    const begun = performance.now();
    handlers.onChunk(chunk);
    if (performance.now() - begun < TURN_MS || !this.#isInTurn) return;
    this.#isInTurn = false;
    this.#socket.pause();
    newcomers.goFirst(() => {
      this.#isInTurn = true;
      if (!this.#isPaused) this.#socket.resume();
    });
  }

  /** Calls `onSilence` once after `ms` without a byte in either direction; 0 turns it off. Call again to go on watching. */
  watchSilence(ms: number): void {
    this.#socket.setTimeout(ms);
  }

  /** Whether what comes is read now, unless it is paused, and not when others have had their turns. */
  get isInTurn(): boolean {
    return this.#isInTurn;
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  /** Closes at once. What a peer has not taken by then it never will: waiting for it could last for ever. */
  close(): void {
    if (this.session === undefined || this.#socket.writableLength > 0) this.#socket.destroy();
    else this.#endTls();
  }

  /** RFC 8446 6.1: a peer that is not told of the end takes it for an attack. All that was written has been taken already. */
  #endTls(): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    socket.removeAllListeners('data').removeAllListeners('timeout');
    if (this.#memory !== undefined) this.#memory.onChunk = () => undefined;
    const timer = setTimeout(() => socket.destroy(), HANG_UP_MS);
    socket.once('close', () => clearTimeout(timer));
    socket.end(() => socket.destroy());
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
  /** For TCP and TLS together. */
  readonly timeoutMs: number;
  readonly tls?: RequestorTls | undefined;
  /** Longest handshake of TLS; 0 is no limit. Default 0. */
  readonly handshakeMs?: number;
  readonly signal: AbortSignal;
}

/** A socket that is being opened. */
interface Opening {
  readonly socket: Socket;
  /** The event that tells that it is ready. */
  readonly ready: 'connect' | 'secureConnect';
  session(): TlsSession | undefined;
}

type Open = (at: { readonly host: string; readonly port: number; readonly onread: OnReadOpts }) => Opening;

const openPlain: Open = (at) => ({ socket: connectTcp(at), ready: 'connect', session: () => undefined });

/** Node's TLS takes its time to load: only who uses it waits for that. */
async function opensTls(tls: RequestorTls, host: string): Promise<Open> {
  const [{ connect: connectTls }, { requestorOptions, sessionOf }] = await Promise.all([
    import('node:tls'),
    import('./tls.js'),
  ]);
  const options = requestorOptions(tls, host);
  return (at) => {
    const socket = connectTls({ ...at, ...options });
    return { socket, ready: 'secureConnect', session: () => sessionOf(socket) };
  };
}

/**
 * Opens a connection, trying each address of the host in turn.
 * @throws {TransportError} refused, unreachable, unknown host; no TLS with this peer, or a certificate that is not good
 * @throws {TimeoutError} of timer `connection`, or of `network` for the handshake of TLS
 * @throws {CertificateError | UsageError} options of TLS that cannot be used
 */
export async function connect(options: ConnectOptions): Promise<Transport> {
  const open = options.tls === undefined ? openPlain : await opensTls(options.tls, options.host);
  return await opened(open, options);
}

function opened(open: Open, { host, port, timeoutMs, handshakeMs = 0, signal }: ConnectOptions): Promise<Transport> {
  const address = formatAddress(host, port);
  return new Promise((resolve, reject) => {
    const memory = new OwnMemory();
    const { socket, ready, session } = open({ host, port, onread: memory.onread });
    const wait = new Wait(timeoutMs, onTimeout);
    const handshake = new Wait(handshakeMs, onStall);
    let isHandshaking = false;

    function settle(): void {
      wait.stop();
      handshake.stop();
      signal.removeEventListener('abort', onAbort);
      socket.off('connect', onConnect).off(ready, onReady);
    }
    function fail(error: Error): void {
      settle();
      socket.destroy();
      reject(error);
    }
    function onConnect(): void {
      isHandshaking = ready === 'secureConnect';
      if (isHandshaking) handshake.start();
    }
    function onReady(): void {
      settle();
      socket.off('error', onError);
      resolve(new Transport(socket, memory, session()));
    }
    function onError(cause: Error): void {
      const what = isHandshaking ? 'no TLS with' : 'cannot connect to';
      const why = isHandshaking ? handshakeErrorInWords(cause) : systemErrorInWords(cause);
      fail(new TransportError(`${what} ${address}: ${why}`, { cause }));
    }
    function onTimeout(): void {
      fail(new TimeoutError('connection', timeoutMs, `${isHandshaking ? 'TLS ' : ''}connection to ${address}`));
    }
    function onStall(): void {
      fail(new TimeoutError('network', handshakeMs, `end of the TLS handshake with ${address}`));
    }
    function onAbort(): void {
      fail(new TransportError(`connection to ${address} given up`));
    }

    wait.start();
    socket.on('connect', onConnect).on(ready, onReady).on('error', onError);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
  });
}

function accept(accepted: Socket): Transport {
  const memory = new OwnMemory();
  const socket = memory.takeOver(accepted);
  return socket === undefined ? new Transport(accepted) : new Transport(socket, memory);
}

/** An accepted connection until TLS protects it. */
export interface Handshake {
  /** `host:port` of the peer. */
  readonly remote: string;
  /** Rejects with a {TransportError}; undefined is a peer that has gone without a word. */
  readonly done: Promise<Transport | undefined>;
  /** Closes at once. */
  giveUp(): void;
}

function beginHandshake(accepted: Socket, security: AcceptorSecurity): Handshake {
  const remote = formatAddress(accepted.remoteAddress ?? 'unknown', accepted.remotePort ?? 0);
  const socket = security.wrap(accepted);
  const done = new Promise<Transport | undefined>((resolve, reject) => {
    const refuse = (why: string, cause?: Error) => {
      reject(new TransportError(why, { cause }));
      socket.destroy();
    };
    const onEnd = (cause?: Error) => {
      const why = cause === undefined ? HUNG_UP : handshakeErrorInWords(cause);
      if (why === HUNG_UP && accepted.bytesRead === 0) resolve(undefined);
      else refuse(why, cause);
    };
    const onClose = () => onEnd();
    socket.on('error', onEnd).on('close', onClose);
    accepted.on('error', onEnd);
    socket.once('secure', () => {
      const why = security.refusal(socket);
      if (why !== undefined) return refuse(why);
      socket.off('error', onEnd).off('close', onClose);
      resolve(new Transport(socket, undefined, security.session(socket)));
    });
  });
  return { remote, done, giveUp: () => socket.destroy() };
}

export interface ListenHandlers {
  onConnection(transport: Transport): void;
  /** A connection that TLS is to protect first. */
  onHandshake(handshake: Handshake): void;
  /** A connection could not be taken; listening goes on. */
  onAcceptError(error: Error): void;
}

export interface ListenOptions {
  readonly host?: string | undefined;
  readonly port: number;
  /** Is asked for each connection anew; undefined is plain TCP. */
  security?(): AcceptorSecurity | undefined;
}

/**
 * Listens on `port` (0: the system chooses) of one address, or of all with IPv6 and IPv4.
 * @throws {TransportError} port in use, no privilege, no such address
 */
export function listen(at: ListenOptions, handlers: ListenHandlers): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      newcomers.onTaken();
      const security = at.security?.();
      if (security === undefined) handlers.onConnection(accept(socket));
      else handlers.onHandshake(beginHandshake(socket, security));
    });
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
  EINVAL: 'invalid address (a link-local one takes its zone, such as fe80::1%eth0)',
};

/** Words for Node's system errors and those of TLS; several addresses tried in turn give the first one's. */
export function systemErrorInWords(error: Error): string {
  const first = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
  const code = 'code' in first && typeof first.code === 'string' ? first.code : undefined;
  return tlsErrorInWords(first) ?? (code === undefined ? undefined : SYSTEM_ERRORS[code]) ?? first.message;
}

/** As well, while TLS is being negotiated: who does not want to go on just hangs up. */
function handshakeErrorInWords(error: Error): string {
  const hasHungUp = 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
  return hasHungUp ? HUNG_UP : systemErrorInWords(error);
}

/** `host:port`, with brackets round an IPv6 address; an IPv4 address that came in over IPv6 is shown as IPv4. */
export function formatAddress(host: string, port: number): string {
  const plain = host.startsWith('::ffff:') ? host.slice('::ffff:'.length) : host;
  return plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`;
}
